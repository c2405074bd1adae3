"""What ``--format json`` prints is what ``schema.json`` says."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from report.results import ERROR, FULL, ROOT, SCHEMA, problems
from scriptify.oracle.protocol import Entry
from scriptify.report import github, jsonable
from scriptify.result import RunResult
from scriptify.transform import Failed


@pytest.mark.parametrize("result", [FULL, RunResult(), replace(FULL, outcomes=(), written=True)], ids=["full", "empty", "written"])
def test_a_result_fits_the_schema(result: RunResult) -> None:
    body = json.loads(json.dumps(jsonable.run(result, ROOT)))
    assert problems(body) == []
    assert "/project" not in json.dumps(body).replace(json.dumps(ERROR)[1:-1], "")


def test_a_rewrite_keeps_its_key_where_the_project_lies_elsewhere() -> None:
    found = FULL.rewrites[0]
    elsewhere = Path("/other/checkout")
    moved = replace(found, path=str(elsewhere / Path(found.path).relative_to(ROOT)))
    assert jsonable.rewrite(found, ROOT) == jsonable.rewrite(moved, elsewhere)


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
        body["version"] = 3
    return body


def test_the_schema_is_one() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    assert SCHEMA["properties"]["version"]["const"] == jsonable.VERSION


def test_a_reader_with_an_older_schema_takes_new_keys() -> None:
    body = jsonable.run(FULL, ROOT)
    body["entries"][0]["modules"][0]["new"] = body["new"] = 1
    jsonschema.Draft202012Validator(SCHEMA).validate(json.loads(json.dumps(body)))


@pytest.mark.parametrize("how", ["a key is missing", "a key is unknown", "another type", "another word", "another version"])
def test_the_check_can_fail(how: str) -> None:
    assert problems(spoiled(jsonable.run(FULL, ROOT), how))


def test_annotations_for_github_are_one_line_each() -> None:
    made = list(github.workflow_commands(replace(FULL, outcomes=(*FULL.outcomes, Failed("/project/x,y:z.py", "a\nb % c"))), ROOT))
    assert made == [
        "::warning file=net.py,line=3,title=SF201::loop over self.ms",
        "::notice file=net.py,line=5,title=SF101::nothing shows what x is",
        "::error file=net.py,line=3,title=SF201::loop over self.ms: not applied: not the same",
        "::error file=net.py,line=7,title=net.py%3Amake::does not script: "
        "Expected integer literal for index but got a variable or non-integer",
        "::error file=bad.py,line=1,title=scriptify::bad.py: does not parse",
        "::error file=x%2Cy%3Az.py,line=1,title=scriptify::a%0Ab %25 c",
    ]


def test_annotations_of_a_written_migration_are_notices() -> None:
    made = list(github.workflow_commands(replace(FULL, written=True), ROOT))
    assert made[0] == "::notice file=net.py,line=3,title=SF201::loop over self.ms"


def test_an_entry_that_stops_elsewhere_is_annotated_at_its_own_file() -> None:
    outside = replace(FULL.entries[0], outside="/usr/lib/x.py")
    dotted = replace(outside, entry=Entry("models.net:make"))
    made = list(github.workflow_commands(RunResult(entries=(outside, dotted)), ROOT))
    assert [line.partition("::does")[0] for line in made] == [
        "::error file=net.py,line=1,title=net.py%3Amake",
        "::error title=models.net%3Amake",
    ]
