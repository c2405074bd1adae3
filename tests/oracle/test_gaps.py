"""Numbers of a difference, and which values belong together."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from scriptify.oracle.worker_capture import Value, values
from scriptify.oracle.worker_gaps import gap, leaf, leaves

FLOATS = st.lists(st.floats(-1e6, 1e6, width=32), min_size=1, max_size=20)


@given(FLOATS, st.data())
def test_the_numbers_of_a_gap(first: list[float], data: st.DataObject) -> None:
    second = data.draw(st.lists(st.floats(-1e6, 1e6, width=32), min_size=len(first), max_size=len(first)))
    found = gap(torch.tensor(first), torch.tensor(second), 1e-4)
    apart = [abs(x - y) for x, y in zip(first, second, strict=True)]
    assert found.largest == max(apart) and math.isclose(found.mean, sum(apart) / len(apart), rel_tol=1e-9)
    assert found.beyond == sum(d > 1e-4 + 1e-4 * abs(x) for d, x in zip(apart, first, strict=True))
    if found.largest:
        assert abs(found.before - found.after) == found.largest == apart[found.at[0]]


@given(FLOATS)
def test_a_tensor_is_as_far_from_itself_as_nothing(numbers: list[float]) -> None:
    found = gap(torch.tensor(numbers), torch.tensor(numbers), None)
    assert (found.largest, found.mean, found.relative, found.beyond) == (0.0, 0.0, 0.0, 0)


def test_what_is_not_finite() -> None:
    nan, inf = math.nan, math.inf
    assert gap(torch.tensor([nan, inf]), torch.tensor([nan, inf]), None).beyond == 0
    found = gap(torch.tensor([1.0, nan, inf]), torch.tensor([1.0, 2.0, -inf]), None)
    assert (found.beyond, found.largest) == (2, inf)


@pytest.mark.parametrize(
    ("a", "b", "said"),
    [
        (torch.ones(2), torch.ones(3), "shape [2] became [3]"),
        (torch.ones(2), torch.ones(2, dtype=torch.float64), "dtype float32 became float64"),
        (torch.ones(2), None, "a tensor became None"),
        (3, 4, "3 became 4"),
        (1.0, 1.0 + 1e-9, ""),
        (1, True, "1 became True"),
    ],
)
def test_differences_in_words(a: object, b: object, said: str) -> None:
    assert leaf(Value("", a), Value("", b), None).said == said


def test_integers_are_compared_exactly() -> None:
    assert leaf(Value("", torch.tensor([100000])), Value("", torch.tensor([100001])), None).parts


def test_values_keep_their_places() -> None:
    found = list(values({"a": [torch.ones(1), None], "b": (2, "x")}, torch.clone))
    assert [value.where for value in found] == ["['a'][0]", "['a'][1]", "['b'][0]", "['b'][1]"]


def test_a_form_without_structure_is_matched_by_shape_and_nearness() -> None:
    a = [Value("[0]", torch.zeros(2)), Value("[1]", None), Value("[2]", torch.ones(2))]
    found = leaves(a, [Value("", torch.ones(2))], True, None)
    assert [(item.where, item.parts) for item in found] == [("[2]", False)]
    assert leaves(a, [Value("", torch.ones(2))], False, None)[0].said == "2 tensors and 1 other values became 1 tensor"
