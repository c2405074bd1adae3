"""SARIF logs: valid by the official schema, and their fixes give, byte for byte, what a migration writes."""

from __future__ import annotations

import copy
import hashlib
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from report.results import FULL
from report.sarif_check import applied, problems, replacements
from scriptify import api
from scriptify.report import sarif
from scriptify.result import RunResult
from scriptify.source import SourceFile
from scriptify.transform import Changed, Edit, Piece, Rewrite

NET = '''import torch
from torch import nn
import torch.nn.functional as F


class Net(nn.Module):
    """A net: 𝒳 -> 𝒴, with a\ttab."""

    def __init__(self):
        super().__init__()
        self.ms = nn.ModuleList(nn.Linear(4, 4) for _ in range(3)); self.名 = "😀"

    def forward(self, x, skip=None):
        for i in range(len(self.ms)):
            x = self.ms[i](x); y = "😀😀"; x = self.ms[i](F.dropout(x, p=0)) if "é" else x
        if skip is not None:
            x = x + skip
        return F.interpolate(x, scale_factor=2, mode='nearest')
'''
DRESSES = {
    "plain": lambda text: text.encode(),
    "crlf": lambda text: text.replace("\n", "\r\n").encode(),
    "byte order mark": lambda text: b"\xef\xbb\xbf" + text.encode(),
    "tabs": lambda text: text.replace("    ", "\t").encode(),
    "no final newline": lambda text: text.rstrip("\n").encode(),
    "form feed and lone returns": lambda text: text.replace("import torch\n", "import torch\n\x0c\n# a\x0bb\u2028c\n", 1).encode(),
}


def survey(here: Path, files: dict[str, bytes]) -> tuple[RunResult, dict[str, Any]]:
    """A check of these files, and its log."""
    for name, data in files.items():
        path = here / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    result = api.survey([here], root=here)
    return result, json.loads(json.dumps(sarif.log(result, here)))


def check_fixes(here: Path, result: RunResult, log: dict[str, Any]) -> None:
    """Apply every fix of a log and compare with the bytes that a migration would write."""
    made = replacements(log)
    assert set(made) == {Path(change.path).relative_to(here).as_posix() for change in result.changed}
    for name, wanted in made.items():
        file = SourceFile.read(here / name)
        (change,) = (change for change in result.changed if change.path == str(here / name))
        assert file.encode(applied(file.text, wanted)) == file.encode(change.after) != file.data


@pytest.mark.parametrize("dress", DRESSES.values(), ids=DRESSES)
def test_fixes_give_what_a_migration_writes(tmp_path: Path, dress: Any) -> None:
    result, log = survey(tmp_path, {"src/my net #1%.py": dress(NET), "b:c/net.py": dress(NET.replace("Net", "Other"))})
    assert problems(log) == []
    check_fixes(tmp_path, result, log)


def test_what_a_migration_writes_is_what_its_own_log_says(tmp_path: Path) -> None:
    (tmp_path / "net.py").write_bytes(DRESSES["byte order mark"](NET))
    before = SourceFile.read(tmp_path / "net.py")
    migrated = api.migrate([tmp_path], root=tmp_path)
    log = sarif.log(migrated, tmp_path)
    after = before.encode(applied(before.text, replacements(log)["net.py"]))
    assert after == (tmp_path / "net.py").read_bytes() != before.data
    assert log["runs"][0]["artifacts"][0]["hashes"] == {"sha-256": before.digest}


def test_a_file_is_named_below_the_base_and_escaped(tmp_path: Path) -> None:
    _, log = survey(tmp_path, {"src/my net #1%.py": NET.encode(), "b:c/é.py": NET.encode()})
    places = [item["locations"][0]["physicalLocation"]["artifactLocation"] for item in log["runs"][0]["results"]]
    assert {place["uri"] for place in places} == {"src/my%20net%20%231%25.py", "b%3Ac/%C3%A9.py"}
    assert {place["uriBaseId"] for place in places} == {"%SRCROOT%"}
    assert "file:" not in json.dumps(log)


def test_in_a_work_tree_paths_start_at_its_top(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    result, _ = survey(tmp_path / "below", {"net.py": NET.encode()})
    log = sarif.log(result, tmp_path / "below")
    assert log["runs"][0]["artifacts"][0]["location"]["uri"] == "below/net.py"


def test_the_digest_is_that_of_the_file_as_read(tmp_path: Path) -> None:
    data = DRESSES["byte order mark"](NET)
    _, log = survey(tmp_path, {"net.py": data})
    assert log["runs"][0]["artifacts"][0]["hashes"] == {"sha-256": hashlib.sha256(data).hexdigest()}


def fingerprints(log: dict[str, Any]) -> list[str]:
    return [item["partialFingerprints"]["primaryLocationLineHash"] for item in log["runs"][0]["results"]]


def test_fingerprints_survive_edits_elsewhere_and_other_machines(tmp_path: Path) -> None:
    _, log = survey(tmp_path / "a", {"net.py": NET.encode()})
    _, other = survey(tmp_path / "b", {"net.py": (b"# a line more\n\n\n" + NET.encode()).replace(b"A net", b"The net")})
    assert fingerprints(log) == fingerprints(other)
    assert len(set(fingerprints(log))) == len(fingerprints(log))


@pytest.mark.parametrize("written", [False, True])
def test_everything_a_run_can_end_with_is_valid(tmp_path: Path, written: bool) -> None:
    log = sarif.log(replace(FULL, written=written), Path("/project"))
    assert problems(log) == []
    results = log["runs"][0]["results"]
    assert [(item["ruleId"], item["level"]) for item in results] == [
        ("SF201", "none" if written else "warning"), ("SF101", "note"), ("SF201", "note"), ("entry", "error"),
    ]  # fmt: skip
    assert "does not parse" in json.dumps(log["runs"][0]["invocations"])
    assert log["runs"][0]["invocations"][0]["executionSuccessful"] is False
    assert problems(sarif.log(RunResult(), tmp_path)) == []


def test_rules_tell_what_they_do(tmp_path: Path) -> None:
    _, log = survey(tmp_path, {"net.py": NET.encode()})
    rules = log["runs"][0]["tool"]["driver"]["rules"]
    for item in log["runs"][0]["results"]:
        assert rules[item["ruleIndex"]]["id"] == item["ruleId"]
    for rule in rules:
        assert rule["help"]["text"] and rule["help"]["markdown"]
        assert len(rule["fullDescription"]["text"]) <= 1024 >= len(rule["shortDescription"]["text"])
        assert len(rule["properties"]["tags"]) <= 10


def test_code_in_a_message_is_no_link() -> None:
    rewrite = Rewrite("SF201", "call self.ms[i](x) of {0} and a[0]", "/p/a.py", 1, "", (Edit("/p/a.py", 0, 1, "y"),))
    log = sarif.log(RunResult(outcomes=(Changed("/p/a.py", "x\n", "y\n", (rewrite,)),)), Path("/p"))
    assert log["runs"][0]["results"][0]["message"]["text"] == r"Call self.ms\[i\](x) of {{0}} and a[0]."


def test_rewrites_that_share_a_place_are_one_fix(tmp_path: Path) -> None:
    first, second, third = (Rewrite("SF201", name, "/p/a.py", 1, "", ()) for name in ("one", "two", "three"))
    pieces = (Piece(0, 1, "A", (0,)), Piece(2, 3, "B", (0, 1)), Piece(4, 5, "C", (2,)))
    change = Changed("/p/a.py", "a b c\n", "A B C\n", (first, second, third), (), pieces)
    log = sarif.log(RunResult(outcomes=(change,)), Path("/p"))
    given_fixes = [len(item.get("fixes", ())) for item in log["runs"][0]["results"]]
    assert given_fixes == [1, 0, 1]
    assert log["runs"][0]["results"][1]["relatedLocations"]
    assert applied("a b c\n", replacements(log)["a.py"]) == "A B C\n"


def test_the_check_can_fail(tmp_path: Path) -> None:
    _, log = survey(tmp_path, {"net.py": NET.encode()})
    for spoil in ("startColumn", "uri", "level"):
        bad = copy.deepcopy(log)
        result = bad["runs"][0]["results"][0]
        place = result["locations"][0]["physicalLocation"]
        {"startColumn": place["region"], "uri": place["artifactLocation"], "level": result}[spoil][spoil] = {
            "startColumn": 0, "uri": "a b|c", "level": "bad",
        }[spoil]  # fmt: skip
        assert len(problems(bad)) == 1, spoil


spans = st.lists(st.tuples(st.integers(0, 30), st.integers(0, 5), st.sampled_from(["", "x", "\n", "y\n", "😀"])), max_size=6)


@given(st.text("aé😀\t\n", max_size=30), spans, st.booleans())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_pieces_can_be_applied(text: str, plan: list[tuple[int, int, str]], windows: bool) -> None:
    if windows:
        text, plan = text.replace("\n", "\r\n"), [(a, n, new.replace("\n", "\r\n")) for a, n, new in plan]
    pieces: list[Piece] = []
    for start, length, new in sorted(plan):
        start, end = min(start, len(text)), min(start + length, len(text))
        apart = not pieces or pieces[-1].end + 2 < start
        if apart and (new or start < end) and "\r\n" not in (text[start - 1 : start + 1], text[end - 1 : end + 1]):
            pieces.append(Piece(start, end, new, (0,)))
    after = text
    for piece in reversed(pieces):
        after = after[: piece.start] + piece.text + after[piece.end :]
    rewrite = Rewrite("SF201", "t", "/p/a.py", 1, "", (Edit("/p/a.py", 0, 0, ""),))
    log = sarif.log(RunResult(outcomes=(Changed("/p/a.py", text, after, (rewrite,), (), tuple(pieces)),)), Path("/p"))
    assert applied(text, replacements(log).get("a.py", [])) == after
