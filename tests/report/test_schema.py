"""What ``--format json`` prints is what ``schema.json`` says."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import scriptify.report
from report.schema_check import problems
from scriptify.diagnostics import parse
from scriptify.oracle.protocol import Entry, Verdict, proved
from scriptify.report import github, jsonable
from scriptify.result import EntryResult, Refusal, RunResult
from scriptify.transform import Changed, Clean, Decline, Edit, Failed, Need, Rewrite, Skipped

SCHEMA = json.loads((Path(scriptify.report.__file__).parent / "schema.json").read_text())
ROOT = Path("/project")
PATH = "/project/net.py"

REWRITE = Rewrite("SF201", "loop over self.ms", PATH, 3, "Net.forward", (Edit(PATH, 0, 1, "y"),), needs=(Need("3 items", "live"),))
DECLINE = Decline("SF101", PATH, 5, "Net.forward", "nothing shows what x is")
ERROR = """
Expected integer literal for index but got a variable or non-integer:
  File "/project/net.py", line 7
    x = self.ms[i](x)
        ~~~~~~~~~~ <--- HERE
'Net.inner' is being compiled since it was called from 'Net.forward'
  File "/project/net.py", line 9
    return self.inner(x)
           ~~~~~~~~~~ <--- HERE
"""
FAILING = replace(Verdict(imports=proved()), eager_same=proved("a tuple comes back as a list"), keys_same=proved(), cases=2)
FAILING = FAILING.stopped("scripts", "Expected integer literal", ERROR, "RuntimeError")
FULL = RunResult(
    outcomes=(
        Changed(PATH, "x\n", "y\n", (REWRITE,), (DECLINE,)),
        Clean("/project/other.py"),
        Failed("/project/bad.py", "/project/bad.py: does not parse"),
        Skipped("/project/data", "/project/data: no Python files here"),
    ),
    entries=(EntryResult(Entry("net.py:make"), Verdict(), FAILING, parse(ERROR, "RuntimeError"), "by hand", "", 4, 1.25),),
    refusals=(Refusal(REWRITE, "not the same"),),
    dropped=(REWRITE,),
    failures={f"{PATH}#SF201": f"{PATH}: SF201 failed"},
    problems=("/project/net.py: is read-only; nothing was written",),
    frontend={PATH: (f"{PATH}:3: no",)},
    seconds=2.0,
)


@pytest.mark.parametrize("result", [FULL, RunResult(), replace(FULL, outcomes=(), written=True)], ids=["full", "empty", "written"])
def test_a_result_fits_the_schema(result: RunResult) -> None:
    body = json.loads(json.dumps(jsonable.run(result, ROOT)))
    assert list(problems(body, SCHEMA, SCHEMA)) == []
    assert "/project" not in json.dumps(body).replace(json.dumps(ERROR)[1:-1], "")


def spoiled(body: dict[str, Any], how: str) -> dict[str, Any]:
    if how == "a key is missing":
        del body["entries"][0]["after"]["scripts"]
    elif how == "a key is unknown":
        body["rewrites"][0]["extra"] = 1
    elif how == "another type":
        body["declines"][0]["line"] = "5"
    elif how == "another word":
        body["files"][0]["state"] = "fine"
    else:
        body["version"] = 2
    return body


@pytest.mark.parametrize("how", ["a key is missing", "a key is unknown", "another type", "another word", "another version"])
def test_the_check_can_fail(how: str) -> None:
    assert list(problems(spoiled(jsonable.run(FULL, ROOT), how), SCHEMA, SCHEMA))


def test_annotations_for_github_are_one_line_each() -> None:
    made = list(github.workflow_commands(replace(FULL, outcomes=(*FULL.outcomes, Failed("/project/x,y:z.py", "a\nb % c"))), ROOT))
    assert made == [
        "::warning file=net.py,line=3,title=SF201::loop over self.ms",
        "::notice file=net.py,line=5,title=SF101::nothing shows what x is",
        "::error file=bad.py,line=1,title=scriptify::bad.py: does not parse",
        "::error file=x%2Cy%3Az.py,line=1,title=scriptify::a%0Ab %25 c",
    ]
