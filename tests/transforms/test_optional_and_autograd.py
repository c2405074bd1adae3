"""SF108, SF112, SF113, SF732 and SF741 on what their examples don't show: eager equality, gradients, refusals."""

from __future__ import annotations

import importlib.util
import itertools
import math
from pathlib import Path
from typing import Any

import pytest
import torch

from scriptify import examples
from scriptify.facts.model import Observed
from scriptify.registry import by_code
from scriptify.transform import Ignores

HEAD = "import torch\nfrom torch import nn\nfrom typing import Optional\n\n\n"
_NUMBERS = itertools.count()


def rewritten(code: str, text: str, observed: Observed | None = None, focus: str = "", at: str = "") -> tuple[str, list[str]]:
    after, _, declines = examples.rewritten(by_code(code), text, Ignores(text, observed=observed, focus=focus, at=at))
    return after, [d.because for d in declines]


def loaded(text: str, folder: Path) -> Any:
    """A module made of a text, in a file of its own so that scripting finds its source."""
    name = f"case_{next(_NUMBERS)}"
    path = folder / f"{name}.py"
    path.write_text(text, encoding="utf-8")
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


# SF108

TESTS = ["p == 1.0", "1.0 != p", "p in (1.0, 2.0)", "p not in [1.0, 2.0]", "not p == 1.0", "p == 1.0 and x > 2 or p != 2.0"]


@pytest.mark.parametrize("test", TESTS)
def test_tests_of_an_optional_mean_what_they_meant(test, tmp_path):
    text = f"{HEAD}def chosen(p: Optional[float], x: int = 3):\n    return {test}\n\n\n"
    text += "class Net(nn.Module):\n    def forward(self, x, p: Optional[float] = None):\n        return x if chosen(p) else x + 1\n"
    focus = "aten::eq aten::__contains__ instead found type 'Optional[float]'"
    after, _ = rewritten("SF108", text, focus=focus, at="return " + test)
    assert after != text
    before, now = loaded(text, tmp_path).chosen, loaded(after, tmp_path)
    for p in (None, 0.0, 1.0, 2.0, math.nan):
        assert bool(before(p)) == bool(now.chosen(p))
        assert torch.equal(torch.jit.script(now.Net())(torch.zeros(1), p), now.Net()(torch.zeros(1), p))


def test_an_order_is_no_test_for_none():
    text = HEAD + "class Net(nn.Module):\n    def forward(self, x, p: Optional[float] = None):\n        return x if p < 1.0 else x + 1\n"
    assert rewritten("SF108", text, focus="instead found type 'Optional[float]'", at="p < 1.0")[0] == text


def test_the_truth_of_an_attribute_stays_pythons_own_for_eager_code(tmp_path):
    text = HEAD + (
        "class Net(nn.Module):\n    def __init__(self, size):\n        super().__init__()\n        self.size = size\n\n"
        "    def forward(self, x):\n        return x if self.size else x + 1\n"
    )
    after, _ = rewritten("SF108", text, focus="Could not cast value of type Tuple[int, int] to bool", at="self.size else")
    made = loaded(after, tmp_path).Net
    for size in ((1, 2), None, 0, 3, ()):
        assert made(size)(torch.zeros(1)).item() == (0 if size else 1)
    for size in ((1, 2), None):
        assert torch.jit.script(made(size))(torch.zeros(1)).item() == (0 if size else 1)


# SF112


def test_a_value_that_is_none_raises_when_scripted(tmp_path):
    text = HEAD + (
        "class Net(nn.Module):\n    def forward(self, x, n: int, s: Optional[torch.Tensor] = None):\n"
        "        for i in range(n):\n            s = x\n        return torch.sigmoid(s)\n"
    )
    after, _ = rewritten("SF112", text, focus="but instead found type 'Optional[Tensor]'", at="sigmoid")
    made = loaded(after, tmp_path).Net()
    scripted = torch.jit.script(made)
    assert torch.equal(scripted(torch.ones(2), 1), made(torch.ones(2), 1))
    with pytest.raises(TypeError):
        made(torch.ones(2), 0)
    with pytest.raises(RuntimeError):
        scripted(torch.ones(2), 0)


# SF113


def test_a_static_forward_is_still_one(tmp_path):
    text = HEAD + "class Net(nn.Module):\n    @staticmethod\n    def forward(x, k: int = 2):\n        return x * k\n"
    made = loaded(rewritten("SF113", text)[0], tmp_path).Net
    assert (
        made.forward(torch.ones(1), 3).item() == made()(torch.ones(1), 3).item() == torch.jit.script(made())(torch.ones(1), 3).item() == 3
    )


# SF732

STRAIGHT = """class Straight(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, bound=0.5):
        ctx.save_for_backward(x)
        ctx.bound = bound
        return (x > bound).float()

    @staticmethod
    def backward(ctx, g):
        return g, None


class Net(nn.Module):
    def forward(self, x):
        return Straight.apply(x) * 2
"""
SEEN = Observed(parameters={"Straight.forward": {"x": "Tensor", "bound": "float"}}, returns={"Straight.forward": "Tensor"})


def test_a_backward_of_its_own_is_never_replaced_without_a_word(tmp_path):
    after, _ = rewritten("SF732", HEAD + STRAIGHT, SEEN)
    made = loaded(after, tmp_path).Net()
    scripted = torch.jit.script(made)
    for _ in range(4):
        x = torch.rand(5, requires_grad=True)
        eager, y = made(x), scripted(x)
        assert torch.equal(eager, y) and y.requires_grad and eager.requires_grad
        with pytest.raises(RuntimeError, match="heaviside is not implemented"):
            y.sum().backward()
        eager.sum().backward()
        assert x.grad is not None and torch.equal(x.grad, torch.full((5,), 2.0))
        with torch.no_grad():
            assert not scripted(x).requires_grad
        assert not scripted(x.detach()).requires_grad


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, -0.0, 1e-45, 3.5])
def test_the_mark_keeps_every_value(value, tmp_path):
    mark = loaded(rewritten("SF732", HEAD + STRAIGHT, SEEN)[0], tmp_path)._without_backward
    for dtype in (torch.float32, torch.float64, torch.float16, torch.bfloat16):
        y = torch.full((2, 3), value, dtype=dtype).t()
        out = mark(y, True).detach()
        assert str(out.tolist()) == str(y.tolist())
        assert out.dtype == dtype and out.stride() == y.stride()
    assert mark(torch.ones(2, dtype=torch.int64), True).requires_grad is False


def test_without_a_run_nothing_is_known_of_the_function():
    after, declines = rewritten("SF732", HEAD + STRAIGHT)
    assert after == HEAD + STRAIGHT
    assert "give an entry" in declines[0]


def test_a_call_that_eager_code_alone_reaches_is_left():
    guarded = STRAIGHT.replace(
        "        return Straight", "        if torch.jit.is_scripting():\n            return x\n        else:\n            return Straight"
    )
    assert rewritten("SF732", HEAD + guarded, SEEN)[0] == HEAD + guarded


# SF741


def test_a_subclass_is_an_instance_too(tmp_path):
    text = HEAD + (
        "class A(nn.Module):\n    def forward(self, x):\n        return x + 1\n\n\nclass B(A):\n    pass\n\n\n"
        "class C(nn.Module):\n    def forward(self, x):\n        return x\n\n\n"
        "class Net(nn.Module):\n    def __init__(self):\n        super().__init__()\n        self.ms = nn.ModuleList([A(), B(), C()])\n\n"
        "    def forward(self, x):\n        n = 0\n        for m in self.ms:\n            if isinstance(m, A):\n                n += 1\n"
        "            x = m(x)\n        return x, n\n"
    )
    after, _ = rewritten("SF741", text, focus="Unknown type name 'A'", at="isinstance")
    made = loaded(after, tmp_path).Net()
    assert made(torch.zeros(1)) == torch.jit.script(made)(torch.zeros(1)) == (torch.full((1,), 2.0), 2)
