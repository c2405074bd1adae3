"""The oracle sees every difference that scripting introduces without an error: one test per row of that list."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from scriptify.oracle.protocol import Verdict

Judging = Callable[..., Verdict]

TRAPS = {
    "none default is typed Tensor, its test folds to False": """
        class M(nn.Module):
            def forward(self, x, p=None):
                if p is None:
                    return x * 2
                return x + p
        def entry(): return M(), (torch.ones(2),)
        """,
    "functools.wraps is dropped": """
        def double(f):
            @functools.wraps(f)
            def inner(*args): return f(*args) * 2
            return inner
        class M(nn.Module):
            @double
            def forward(self, x): return x + 1
        def entry(): return M(), (torch.ones(2),)
        """,
    "no_grad as a decorator is dropped": """
        class M(nn.Module):
            def __init__(self):
                super().__init__()
                self.l = nn.Linear(2, 2)
            @torch.no_grad()
            def forward(self, x): return self.l(x)
        def entry(): return M(), (torch.ones(2),)
        """,
    "%= becomes fmod": """
        def f(y: Tensor):
            y %= 3
            return y
        def entry(): return f, (torch.tensor([-1.0, 4.0]),)
        """,
    "%= on ints gives a float": """
        def f(x: Tensor, n: int):
            n %= 3
            return x, n
        def entry(): return f, (torch.ones(1), 7)
        """,
    "is compares texts by value": """
        def f(x: Tensor, mode: str):
            if mode is "mean":
                return x
            return x + 1
        def entry(): return f, (torch.ones(2), "mean")
        """,
    "**= is not in place": """
        def f(x: Tensor):
            y = x.clone()
            z = y
            y **= 2
            return z
        def entry(): return f, (torch.tensor([3.0]),)
        """,
    "**= on an int gives a float": """
        def f(x: Tensor, n: int):
            n **= 2
            return x, n
        def entry(): return f, (torch.ones(1), 7)
        """,
    "or as a value is a bool": """
        def f(x: Tensor, a: int, b: int): return x, a or b
        def entry(): return f, (torch.ones(1), 0, 7)
        """,
    "int ** int is a float": """
        def f(x: Tensor, n: int): return x, 2 ** n
        def entry(): return f, (torch.ones(1), 3)
        """,
    "round gives a float": """
        def f(x: Tensor, v: float): return x, round(v)
        def entry(): return f, (torch.ones(1), 3.7)
        """,
    "max of int and float": """
        def f(x: Tensor, n: int, v: float): return x, max(n, v)
        def entry(): return f, (torch.ones(1), 7, 3.5)
        """,
    "isinstance of a subclassed submodule": """
        class Sub(nn.Conv2d): pass
        class M(nn.Module):
            def __init__(self):
                super().__init__()
                self.a, self.m = nn.Conv2d(1, 1, 1), Sub(1, 1, 1)
            def forward(self, x):
                x = self.a(x)
                if isinstance(self.m, nn.Conv2d):
                    return x * 2
                return x
        def entry(): return M(), (torch.ones(1, 1, 2, 2),)
        """,
    "float accumulator swallows the tensor": """
        class M(nn.Module):
            def forward(self, xs: List[Tensor]):
                loss = 0.0
                for x in xs:
                    loss += x.mean()
                return loss
        def entry(): return M(), ([torch.ones(2), torch.ones(3)],)
        """,
    "bool tensor times one": """
        def f(x: Tensor): return (x > 0) * 1
        def entry(): return f, (torch.ones(2),)
        """,
    "overridden __call__": """
        class M(nn.Module):
            def __call__(self, x): return super().__call__(x) + 1
            def forward(self, x): return x * 2
        def entry(): return M(), (torch.ones(2),)
        """,
    "grad is None": """
        def f(x: Tensor):
            if x.grad is None:
                return x * 2
            return x
        def entry(): return f, (torch.ones(2, requires_grad=True),)
        """,
    "str.format with a specification": """
        def f(x: Tensor, v: float): return x, "{:.2f}".format(v)
        def entry(): return f, (torch.ones(1), 1.2345)
        """,
    "str of a float": """
        def f(x: Tensor, v: float): return x, str(v)
        def entry(): return f, (torch.ones(1), 1e-7)
        """,
    "f-string of a shape": """
        def f(x: Tensor): return x, f"{x.shape}"
        def entry(): return f, (torch.ones(1, 2),)
        """,
    "torch.full with a bool": """
        def f(x: Tensor): return torch.full(x.shape, True)
        def entry(): return f, (torch.ones(2),)
        """,
    "a list argument is changed": """
        def f(x: Tensor, seen: List[Tensor]):
            seen.append(x)
            return x
        def entry(): return f, (torch.ones(2), [torch.ones(1)])
        """,
    "a wrong return annotation": """
        class M(nn.Module):
            def forward(self, x) -> int: return x.sum()
        def entry(): return M(), (torch.tensor([0.5, 0.25], requires_grad=True),)
        """,
    "a list that grows while it is iterated": """
        def f(x: Tensor):
            todo = [1, 2]
            total = 0
            for n in todo:
                total += n
                if n < 3:
                    todo.append(n + 2)
            return x, total
        def entry(): return f, (torch.ones(1),)
        """,
}


@pytest.mark.parametrize("name", TRAPS)
def test_a_silent_difference_is_refuted(judging: Judging, name: str) -> None:
    verdict = judging(TRAPS[name])
    assert verdict.harmless and verdict.scripts.ok, verdict
    assert verdict.first_failure is not None and verdict.first_failure[0] in ("scripted_same", "reloads"), verdict
    assert verdict.first_failure[1].detail.startswith(("scripted ", "after save and load "))


def test_an_unused_none_default_can_not_be_saved(judging: Judging) -> None:
    verdict = judging(
        """
        class M(nn.Module):
            def forward(self, x, p=None): return x * 2
        def entry(): return M(), (torch.ones(2),)
        """
    )
    assert verdict.depth == 5 and "saved" in verdict.reloads.detail, verdict


def test_a_tuple_from_chunk_is_a_remark(judging: Judging) -> None:
    verdict = judging(
        """
        def f(x: Tensor): return x.chunk(2)
        def entry(): return f, (torch.ones(4),)
        """
    )
    assert verdict.ok
    assert verdict.scripted_same.remarks == ("output: a tuple comes back as a list",)


def test_another_exception_class_is_a_remark(judging: Judging) -> None:
    verdict = judging(
        """
        def f(x: Tensor, n: int):
            if n > 3:
                raise ValueError("too many")
            return x * n
        def entry(): return [(f, (torch.ones(2), 1)), (f, (torch.ones(2), 5))]
        """
    )
    assert verdict.ok and verdict.cases == 2
    assert "eager raises ValueError" in verdict.scripted_same.remarks[0]


def test_a_saved_function_loses_its_defaults(judging: Judging) -> None:
    verdict = judging(
        """
        def f(x: Tensor, n: int = 3): return x * n
        def entry(): return f, (torch.ones(2),)
        """
    )
    assert verdict.ok
    assert "loses its default arguments: pass n" in verdict.reloads.remarks[0]
