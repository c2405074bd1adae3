"""The comparison: what counts as a difference, where it is, and what is only a remark under scripting."""

from __future__ import annotations

from collections import OrderedDict, namedtuple
from dataclasses import dataclass
from typing import Any

import pytest

torch = pytest.importorskip("torch")

from scriptify.oracle.compare import Comparison, compare, difference  # noqa: E402
from scriptify.oracle.worker_snapshot import freeze, renew  # noqa: E402

Pair = namedtuple("Pair", "a b")
NAN, INF = float("nan"), float("inf")


@dataclass
class Out:
    x: Any
    y: Any = None


ONE = torch.ones(3)
DIFFERENT = [
    (ONE, ONE.double(), "output: dtype torch.float32 became torch.float64"),
    (ONE, torch.ones(3, 1), "output: shape [3] became [3, 1]"),
    (ONE, torch.ones(3, requires_grad=True), "output: requires_grad False became True"),
    (ONE, ONE + 1e-3, "output: value 1 became 1.001 at [0] (3 of 3 differ)"),
    (ONE, torch.tensor([1, NAN, 1]), "output: value 1 became nan at [1] (1 of 3 differ)"),
    (torch.tensor([INF]), torch.tensor([-INF]), "output: value inf became -inf at [0] (1 of 1 differ)"),
    (torch.tensor([1]), torch.tensor([2]), "output: value 1 became 2 at [0] (1 of 1 differ)"),
    (ONE, [ONE], "output: Tensor became list"),
    (1, True, "output: int became bool"),
    (1, 1.0, "output: int became float"),
    (None, 0, "output: None became int"),
    ("a", "b", "output: 'a' became 'b'"),
    ([1], (1,), "output: list became tuple"),
    ([1], [1, 2], "output: length 1 became 2"),
    ({"x": [1]}, {"x": [2]}, "output['x'][0]: 1 became 2"),
    ({"x": 1, "y": 2}, {"y": 2, "x": 1}, "output: keys ['x', 'y'] became ['y', 'x'] in another order"),
    (Pair(1, ONE), Pair(1, ONE * 2), "output.b: value 1 became 2 at [0] (3 of 3 differ)"),
    (Out([1]), Out([2]), "output[0][0]: 1 became 2"),
]


@pytest.mark.parametrize(("a", "b", "text"), DIFFERENT)
@pytest.mark.parametrize("scripted", [False, True])
def test_differences(a: Any, b: Any, text: str, scripted: bool) -> None:
    found = difference(a, b, scripted=scripted)
    assert str(found).replace("output.x", "output[0]") == text
    assert difference(a, a, scripted=scripted) is None and difference(b, b, scripted=scripted) is None


REMARKS = [
    ((ONE, ONE), [ONE, ONE], "output: a tuple comes back as a list"),
    (ONE.shape, [3], "output: a torch.Size comes back as a list"),
    (OrderedDict(a=1), {"a": 1}, "output: a collections.OrderedDict comes back as a dict"),
    (Pair(1, 2), (1, 2), "comes back as a tuple"),
    (Pair(1, 2), namedtuple("Pair", "a b", module="elsewhere")(1, 2), "comes back as one of the same fields"),
]


@pytest.mark.parametrize(("a", "b", "text"), REMARKS)
def test_what_scripting_can_not_avoid_is_a_remark(a: Any, b: Any, text: str) -> None:
    how = Comparison(scripted=True)
    assert compare(freeze(a), freeze(b), how) is None
    assert len(how.remarks) == 1 and text in how.remarks[0]
    assert difference(a, b, scripted=False) is not None


def test_tolerances() -> None:
    near = ONE * (1 + 5e-5)
    assert difference(ONE, near, scripted=True) is None and difference(ONE, near, scripted=False) is not None
    assert difference(ONE, ONE * (1 + 3e-7), scripted=False) is None
    nan = torch.tensor([NAN, 1.0])
    assert difference(nan, nan.clone(), scripted=False) is None and difference(NAN, NAN, scripted=False) is None
    assert difference(torch.tensor([0.0, 1e3]), torch.tensor([1e-5, 1e3]), scripted=False) is None


def test_values_can_be_left_out() -> None:
    how = Comparison(values=False)
    assert compare(freeze([ONE, 1.0]), freeze([ONE * 2, 2.0]), how) is None
    assert compare(freeze([ONE]), freeze([ONE.long()]), how) is not None


def test_a_snapshot_does_not_change_later() -> None:
    tensor = torch.ones(2)
    before = freeze([tensor])
    tensor.zero_()
    assert compare(before, freeze([torch.ones(2)]), Comparison()) is None


def test_cycles_end() -> None:
    loop: list[Any] = [1]
    loop.append(loop)
    assert difference(loop, loop, scripted=False) is None


def test_inputs_are_renewed_with_their_aliases() -> None:
    leaf = torch.ones(2, requires_grad=True)
    inner = leaf * 2
    made = renew([leaf, [leaf, inner], Pair(inner, 1)])
    assert made[0] is made[1][0] and made[0] is not leaf and made[1][1] is made[2].a
    assert made[0].requires_grad and made[2].a.requires_grad and made[2].a.is_leaf and type(made[2]) is Pair
