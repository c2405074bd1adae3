"""Results with one of everything, and the check of what is printed of them against the shipped schema."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema

import scriptify.report
from scriptify.diagnostics import parse
from scriptify.oracle.protocol import Entry, Verdict, not_tried, proved, refuted
from scriptify.result import EntryResult, ModuleRow, Refusal, RunResult
from scriptify.transform import Changed, Clean, Decline, Edit, Failed, Need, Rewrite, Skipped

SCHEMA = json.loads((Path(scriptify.report.__file__).parent / "schema.json").read_text())


def closed(schema: Any) -> Any:
    """The schema without room for keys it does not name: what is printed must be described."""
    if isinstance(schema, list):
        return [closed(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    inner = {key: closed(value) for key, value in schema.items()}
    return {"additionalProperties": False, **inner} if isinstance(schema.get("properties"), dict) else inner


def problems(body: Any) -> list[str]:
    """What the shipped schema, closed, finds wrong."""
    return [f"{error.json_path}: {error.message}" for error in jsonschema.Draft202012Validator(closed(SCHEMA)).iter_errors(body)]


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
MODULES = (
    ModuleRow("", "Net", PATH, 3, 12, {"scripts": refuted("no"), "scripted_same": not_tried("scripts was refuted")}, {"scripts": proved()}),
    ModuleRow("ms.0", "Linear", "", 0, 12, {"scripts": proved("a remark")}, {}, 1),
)
FULL = RunResult(
    outcomes=(
        Changed(PATH, "x\n", "y\n", (REWRITE,), (DECLINE,)),
        Clean("/project/other.py"),
        Failed("/project/bad.py", "/project/bad.py: does not parse"),
        Skipped("/project/data", "/project/data: no Python files here"),
    ),
    entries=(EntryResult(Entry("net.py:make"), Verdict(), FAILING, parse(ERROR, "RuntimeError"), "by hand", "", 4, 1.25, MODULES),),
    refusals=(Refusal(REWRITE, "not the same"),),
    dropped=(REWRITE,),
    failures={f"{PATH}#SF201": f"{PATH}: SF201 failed"},
    problems=("/project/net.py: is read-only; nothing was written",),
    frontend={PATH: (f"{PATH}:3: no",)},
    seconds=2.0,
)
