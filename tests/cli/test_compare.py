"""``scriptify compare`` and ``verify --trace`` as a person uses them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from cli.conftest import Run
from scriptify import journal
from scriptify.report import parting_json

SCHEMA = json.loads((Path(parting_json.__file__).parent / "parting.schema.json").read_text())
GOOD = """import torch
from torch import nn


class Wrap(nn.Module):
    def forward(self, x):
        return x.clone() % 0.7


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 3, 3)
        self.wrap = Wrap()

    def forward(self, x):
        return self.wrap(self.conv(x))


def entry():
    return Net().eval(), (torch.rand(1, 3, 12, 12),)
"""
BAD = GOOD.replace("        return x.clone() % 0.7", "        y = x.clone()\n        y %= 0.7\n        return y")


def problems(text: str) -> tuple[dict[str, Any], list[str]]:
    body = json.loads(text)
    return body, [error.message for error in jsonschema.Draft202012Validator(SCHEMA).iter_errors(body)]


def test_the_schema_is_one() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


def test_where_scripted_parts(here: Path, run: Run) -> None:
    (here / "bad.py").write_text(BAD)
    done = run("compare", "eager", "script", "--entry", "bad.py:entry", "--html", "page.html")
    assert (done.code, done.out) == (1, "")
    assert "identical, bit by bit" in done.err.splitlines()[2]
    assert "eager and script part: first in wrap (Wrap)" in " ".join(done.err.split()) and "<- first" in done.err
    page = (here / "page.html").read_text()
    # A row of three pictures for the module, and one for the model.
    assert page.count("data:image/png;base64,") == 6 and "<polyline" in page and "<script" not in page
    machine = run("compare", "eager", "script", "--entry", "bad.py:entry", "--format", "json", "-q")
    body, wrong = problems(machine.out)
    assert (machine.code, wrong, body["comparisons"][0]["module"]) == (1, [], "wrap")


def test_verify_with_trace(here: Path, run: Run) -> None:
    (here / "bad.py").write_text(BAD)
    done = run("verify", "--trace", "--entry", "bad.py:entry", "--format", "json")
    body = json.loads(done.out)
    assert problems(json.dumps({"version": 1, "comparisons": body["partings"]}))[1] == []
    assert (done.code, body["partings"][0]["module"]) == (1, "wrap")
    assert "partings" not in json.loads(run("verify", "--entry", "bad.py:entry", "--format", "json").out)


def test_original_against_rewritten_from_the_journal(here: Path, run: Run) -> None:
    path = here / "net.py"
    path.write_text(GOOD)
    journal.record(here, {path: (BAD.encode(), GOOD.encode())})
    same = run("compare", "original", "script@rewritten", "--entry", "net.py:entry")
    assert same.code == 0 and "original and script@rewritten compute the same" in " ".join(same.err.split())
    parts = run("compare", "script@original", "rewritten", "--entry", "net.py:entry", "--format", "json")
    assert json.loads(parts.out)["comparisons"][0]["module"] == "wrap"


def test_folders_patches_and_other_entries(here: Path, run: Run) -> None:
    (here / "net.py").write_text(GOOD)
    (here / "new").mkdir()
    (here / "new" / "net.py").write_text(GOOD.replace("% 0.7", "% 0.6"))
    lines = ("-        return x.clone() % 0.7", "+        return x.clone() % 0.5")
    (here / "fix.patch").write_text("\n".join(["--- a/net.py", "+++ b/net.py", "@@ -7 +7 @@", *lines, ""]))
    for other in ("new", "fix.patch"):
        done = run("compare", "eager", other, "--entry", "net.py:entry", "--format", "json")
        body, wrong = problems(done.out)
        assert (done.code, wrong, body["comparisons"][0]["module"]) == (1, [], "wrap"), other
    assert run("compare", "net.py:entry", "new/net.py:entry").code == 1


@pytest.mark.parametrize(
    ("sides", "said"),
    [
        (("eager", "script"), "--entry FILE_OR_MODULE:FUNC"),
        (("eager", "scripted", "--entry", "net.py:entry"), "there are eager, script, trace"),
        (("eager", "gone.pt", "--entry", "net.py:entry"), "there is no such file"),
        (("eager", "gone.patch", "--entry", "net.py:entry"), "No such file"),
        (("eager", "torn.patch", "--entry", "net.py:entry"), "does not fit"),
        (("eager", "original", "--entry", "net.py:entry"), "there is no migration to undo here"),
        (("eager", "empty", "--entry", "net.py:entry"), "there is no net.py in that folder"),
        (("eager", "script@new.pt", "--entry", "net.py:entry"), "name the file alone"),
        (("eager", "script", "--entry", "net.py:entry", "--html", "gone/page.html"), "there is no folder gone"),
    ],
)
def test_what_cannot_be_compared_is_one_sentence(here: Path, run: Run, sides: tuple[str, ...], said: str) -> None:
    (here / "net.py").write_text(GOOD)
    (here / "empty").mkdir()
    (here / "torn.patch").write_text("--- a/net.py\n+++ b/net.py\n@@ -7 +7 @@\n-        return x\n+        return x + 1\n")
    done = run("compare", *sides)
    assert (done.code, done.out, len(done.err.strip().splitlines())) == (2, "", 1) and said in done.err
