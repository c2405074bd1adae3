"""Every example of every transform, checked as text: a transform's examples are its tests."""

from __future__ import annotations

import pytest

from scriptify import examples
from scriptify.registry import all_transforms

CASES = [
    pytest.param(transform, index, id=f"{transform.code}-{examples.label(transform, index)}")
    for transform in all_transforms()
    for index in range(len(transform.examples))
]


@pytest.mark.parametrize(("transform", "index"), CASES)
def test_example(transform, index):
    problems = list(examples.check_example(transform, index))
    assert not problems, "\n".join(map(str, problems))


@pytest.mark.parametrize("transform", all_transforms(), ids=lambda t: t.code)
def test_transform_has_examples_of_both_kinds(transform):
    kinds = {type(example).__name__ for example in transform.examples}
    assert "Fires" in kinds, f"{transform.code} shows nothing that it rewrites"
    assert kinds - {"Fires"}, f"{transform.code} shows nothing that it leaves alone"
