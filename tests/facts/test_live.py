"""Live facts: what an observed run tells of functions, modules and calls."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from scriptify.facts.model import Attribute, Kind
from scriptify.oracle.protocol import Entry, LiveClass, LiveFunction, Observation
from scriptify.oracle.runner import Oracle

Observing = Callable[[str], Observation]


@pytest.fixture(scope="module")
def live_oracle() -> Iterator[Oracle]:
    with Oracle() as made:
        yield made


@pytest.fixture
def observing(live_oracle: Oracle, tmp_path: Path) -> Observing:
    def observe(source: str) -> Observation:
        path = tmp_path / "case.py"
        path.write_text("import torch\nfrom torch import nn\n" + textwrap.dedent(source))
        return live_oracle.observe(Entry(f"{path}:entry", str(tmp_path)), [path])

    return observe


def function(seen: Observation, name: str) -> LiveFunction:
    return next(f for f in seen.functions if f.qualname == name)


def klass(seen: Observation, name: str) -> LiveClass:
    return next(c for c in seen.classes if c.qualname == name)


def attribute(seen: Observation, owner: str, name: str) -> Attribute:
    return klass(seen, owner).attributes[name]


def test_types_are_joined_over_calls_and_left_out_arguments_are_told(observing: Observing) -> None:
    seen = observing(
        """
        def add(a, b=None, *, scale=2):
            if b is None:
                return a
            return a + b * scale
        class B(nn.Module):
            def forward(self, x, skip=None, n=1):
                return add(x, skip) + n
        class M(nn.Module):
            def __init__(self):
                super().__init__()
                self.b = B()
            def forward(self, x):
                return add(self.b(self.b(x), skip=x, n=2.5))
        def entry(): return M(), (torch.ones(2),)
        """
    )
    forward = function(seen, "B.forward")
    assert forward.calls == 2 and forward.line > 1
    assert (forward.parameters["skip"].observed, forward.parameters["skip"].given) == ("Optional[Tensor]", "Tensor")
    assert (forward.parameters["n"].observed, forward.parameters["n"].given) == ("float", "float")
    added = function(seen, "add")
    assert added.parameters["b"].given == "Optional[Tensor]", "the first call passed None by name"
    assert added.parameters["scale"].given == "" and added.parameters["scale"].observed == "int"
    assert added.returns == "Tensor"


def test_arguments_through_a_wrapper_are_counted(observing: Observing) -> None:
    seen = observing(
        """
        def twice(f):
            def inner(*args, **kwargs):
                return f(*args, **kwargs) * 2
            return inner
        class M(nn.Module):
            @twice
            def forward(self, x, y=None, z=None): return x
        def entry(): return M(), (torch.ones(2),), {"z": torch.ones(1)}
        """
    )
    forward = function(seen, "M.forward")
    assert {name: p.given for name, p in forward.parameters.items() if p.given and name != "self"} == {"x": "Tensor", "z": "Tensor"}


def test_locals_over_time_and_empty_lists(observing: Observing) -> None:
    seen = observing(
        """
        def f(x):
            out = None
            items = []
            never = []
            if out is None:
                out = x
            items.append(out)
            size = x.shape[1:]
            squares = [i * 2 for i in items]
            return squares, size, (1, None)
        def entry(): return f, (torch.ones(2, 0),)
        """
    )
    f = function(seen, "f")
    assert f.locals["out"] == "Optional[Tensor]"
    assert f.locals["items"] == "List[Tensor]" and f.locals["never"] == "List[?]"
    assert f.locals["size"] == "List[int]"
    assert f.returns == "Tuple[List[Tensor], List[int], Tuple[int, NoneType]]"
    assert f.parameters["x"].empty_seen


def test_generators_and_exceptions_are_no_results(observing: Observing) -> None:
    seen = observing(
        """
        def some(x):
            for i in range(3):
                yield x + i
        def fails(x):
            raise ValueError
        def f(x):
            try:
                fails(x)
            except ValueError:
                pass
            return sum(some(x))
        def entry(): return f, (torch.ones(2),)
        """
    )
    assert function(seen, "some").calls == 1 and function(seen, "some").returns == ""
    assert function(seen, "fails").returns == ""


def test_calls_have_their_place_and_skip_torch(observing: Observing, tmp_path: Path) -> None:
    seen = observing(
        """
        class B(nn.Module):
            def forward(self, x): return x
        class M(nn.Module):
            def __init__(self):
                super().__init__()
                self.b = nn.Sequential(B())
            def forward(self, x):
                '''é'''; return  self.b(x)
        def entry(): return M(), (torch.ones(2),)
        """
    )
    (call,) = (c for c in seen.calls if c.callee[1] == "B.forward")
    assert call.scope == "M.forward"
    line = (tmp_path / "case.py").read_text().splitlines()[call.line - 1]
    assert line[call.column : call.end_column] == "self.b(x)"


MODULES = """
class Base(nn.Module):
    K = 7
    def __init__(self, n, extra=None):
        super().__init__()
        self.n, self.flag, self.ks, self.pair = n, True, [1, 2], (1, 2.5)
        self.mode = 1 if n == 1 else True
        self.convs = nn.ModuleList([nn.Conv2d(1, 1, 1) for _ in range(n)])
        self.deep = nn.ModuleList([nn.ModuleList([nn.ReLU(), nn.ReLU()]) for _ in range(2)])
        self.holes = nn.ModuleList([None, nn.ReLU()])
        self.named = nn.ModuleDict({"a": nn.ReLU()})
        self.norm = extra
        self.cache = None
        self.count = 0
        self.weight = nn.Parameter(torch.ones(1))
        self.register_buffer("buf", torch.ones(1))
        self.plain, self.act, self.kind = torch.ones(1), torch.relu, torch.float32
        if n > 1:
            self.only = 1.5
    def forward(self, x):
        self.cache = x
        self.count += 1
        self.made = 3
        return x
class Sub(Base):
    pass
def entry():
    return nn.Sequential(Base(1), Sub(2, nn.BatchNorm1d(2))), (torch.ones(2),)
"""


def test_attributes_hold_for_all_instances(observing: Observing) -> None:
    seen = observing(MODULES)
    assert klass(seen, "Base").instances == 2 and klass(seen, "Sub").instances == 1
    of = klass(seen, "Base").attributes
    assert of["flag"].constant and of["flag"].value is True and of["flag"].kind is Kind.VALUE
    assert of["K"].value == 7 and of["ks"].value == [1, 2] and of["pair"].value == (1, 2.5)
    assert of["n"].values == (1, 2) and of["n"].varies and not of["n"].constant
    assert [type(v) for v in of["mode"].values] == [int, bool], "1 and True are two values"
    assert of["convs"].lengths == {1, 2} and of["convs"].kind is Kind.MODULE_LIST and of["convs"].length is None
    assert of["deep"].length == 2 and of["deep"].element is not None and of["deep"].element.length == 2
    assert of["holes"].holes and not of["deep"].holes
    assert of["named"].keys == ("a",) and of["named"].kind is Kind.MODULE_DICT
    assert of["norm"].kinds == {Kind.NONE, Kind.MODULE} and of["norm"].kind is None and of["norm"].varies and not of["norm"].constant
    assert (of["weight"].kind, of["buf"].kind, of["plain"].kind) == (Kind.PARAMETER, Kind.BUFFER, Kind.TENSOR)
    assert of["act"].kind is Kind.FUNCTION and str(of["kind"].type) == "int"
    assert of["only"].missing and not of["only"].constant
    assert attribute(seen, "Sub", "only").constant and attribute(seen, "Sub", "convs").length == 2


def test_what_a_run_changes_is_no_constant(observing: Observing) -> None:
    seen = observing(MODULES)
    cache, count, made = (attribute(seen, "Base", name) for name in ("cache", "count", "made"))
    assert cache.kind is Kind.NONE and str(cache.type) == "Optional[Tensor]" and not cache.constant
    assert count.values == (0,) and not count.constant
    assert made.missing and not made.constant


def test_an_entry_that_fails_is_told(observing: Observing) -> None:
    seen = observing("def entry(): return 1 / 0\n")
    assert "ZeroDivisionError" in seen.error and seen.error_type == "ZeroDivisionError" and not seen.functions
    seen = observing("def f(x):\n    y = x\n    raise KeyError('a')\ndef entry(): return f, (1,)\n")
    assert "the model raises KeyError" in seen.error and function(seen, "f").locals["y"] == "int"


def test_arms_of_branches_are_told_by_their_headers(observing: Observing) -> None:
    seen = observing(
        """
        class M(nn.Module):
            def forward(self, x):
                if x.dim() == 3:
                    y = x
                elif (x.dim() ==
                        4):
                    y = x + 1
                else:
                    y = x + 2
                for i in range(0):
                    y = y + i
                while y.dim() > 9: y = y[0]
                if x.dim() == 2:
                    return y
                return y * 2
        def entry(): return M(), (torch.ones(2, 2),)
        """
    )
    forward = function(seen, "M.forward")
    assert forward.arms - forward.entered == {
        ("x.dim() == 3", "body"),
        ("x.dim() == 4", "body"),
        ("i in range(0)", "body"),
        ("x.dim() == 2", "after"),
    }
