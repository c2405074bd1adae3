"""Other forms than scripting, module by module: what a whole has, its parts have; what a whole lacks is told of each part."""

from __future__ import annotations

from pathlib import Path

import pytest

from scriptify.oracle.protocol import Entry, LiveModule, State, Verdict, proved, refuted
from scriptify.oracle.runner import Oracle
from scriptify.result import EntryResult, ModuleRow

HERE = Path(__file__).resolve().parents[2] / "benchmarks" / "upstream"


def tree(oracle: Oracle, name: str, *forms: str) -> dict[str, LiveModule]:
    entry = Entry(f"{HERE / 'tutorial.py'}:{name}", str(HERE))
    return {item.path: item for item in oracle.modules(entry, proved=True, forms=forms)}


def test_a_frozen_branch_refutes_the_trace_of_the_part_and_of_what_holds_it(oracle: Oracle) -> None:
    rows = tree(oracle, "cell", "trace")
    assert {path: row.forms["trace"].state for path, row in rows.items()} == {
        "": State.REFUTED,
        "dg": State.REFUTED,
        "linear": State.PROVED,
    }
    assert "a branch is frozen: on inputs of the other sign" in rows["dg"].forms["trace"].detail
    assert rows["dg"].forms["scripts"].ok


@pytest.mark.slow
def test_a_program_of_torch_export_refuses_what_depends_on_values(oracle: Oracle) -> None:
    rows = tree(oracle, "cell", "export")
    assert "data-dependent" in rows["dg"].forms["export"].detail and not rows[""].forms["export"].ok
    assert rows["linear"].forms["export"].ok


def test_forms_that_were_asked_for_count_for_the_entry() -> None:
    good = Verdict(*[proved()] * 6)
    rows = (ModuleRow("", "Net", before={}, after={"trace": proved(), "export": refuted("no")}),)
    entry = Entry("a.py:b")
    assert EntryResult(entry, good, good, modules=rows).ok
    assert EntryResult(entry, good, good, modules=rows, forms=("trace",)).ok
    assert not EntryResult(entry, good, good, modules=rows, forms=("trace", "export")).ok
    assert not EntryResult(entry, good, good, forms=("trace",)).ok
