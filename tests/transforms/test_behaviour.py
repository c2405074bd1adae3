"""Every example with an entry, run: refused before, proved after, by the oracle that judges users' code."""

from __future__ import annotations

import pytest

from scriptify import behaviour, examples
from scriptify.oracle.protocol import Limits
from scriptify.oracle.runner import Oracle
from scriptify.registry import all_transforms
from scriptify.transform import Fires

CASES = [
    pytest.param(transform, index, id=f"{transform.code}-{examples.label(transform, index)}")
    for transform in all_transforms()
    for index, example in enumerate(transform.examples)
    if isinstance(example, Fires) and example.entry
]


@pytest.fixture(scope="session")
def judge(tmp_path_factory):
    with Oracle(root=tmp_path_factory.mktemp("examples"), limits=Limits(seconds=60)) as oracle:
        yield oracle.judge


@pytest.mark.parametrize(("transform", "index"), CASES)
def test_example(transform, index, judge, tmp_path):
    problems = list(behaviour.check_example(transform, index, judge, tmp_path))
    assert not problems, "\n".join(map(str, problems))
