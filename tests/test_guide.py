"""The pages of the guide do what they say: their files are written, their commands and programs run, their output compared.

A block is what the comment above it says: ``<!-- file: NAME -->`` is written, ``<!-- same as: PATH -->`` is that file of the
repository, ``<!-- exit: N -->`` is the exit code of the commands below. A ``text`` block after a command is its output.
``SCRIPTIFY_GUIDE=write`` writes output and copied files into the pages instead of comparing them.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

import scriptify

ROOT = Path(__file__).resolve().parents[1]
GUIDE = ROOT / "docs" / "guide"
PAGES = ("first-ten-minutes", "migrating-a-codebase", "embedding", "where-results-part", "writing-a-transform")
BLOCK = re.compile(r"(?:^<!-- (?P<note>[\w ]+): (?P<value>.*?) -->\n)?^```(?P<kind>\w+)\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL)
WRITE = os.environ.get("SCRIPTIFY_GUIDE") == "write"


@dataclass
class Block:
    note: str
    value: str
    kind: str
    body: str
    start: int
    end: int


def blocks(text: str) -> Iterator[Block]:
    for found in BLOCK.finditer(text):
        yield Block(found["note"] or "", found["value"] or "", found["kind"], found["body"], *found.span("body"))


def steady(text: str) -> str:
    """Output without what is another at each run."""
    text = re.sub(r"\d+(\.\d+)? ?(ms|s|seconds?)\b", "0.0 s", re.sub(r"\b\d+ attempts?", "1 attempt", text))
    return "\n".join(line.rstrip() for line in text.replace("\t", " ").strip("\n").splitlines()) + "\n"


class Place:
    """A temporary project in which a page is followed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "project"
        self.original = self.folder / "original"
        (folder / "bin").mkdir()
        self.original.mkdir(parents=True)
        for name, module in (("scriptify", "-m scriptify"), ("python", "")):
            path = folder / "bin" / name
            path.write_text(f'#!/bin/sh\nexec {sys.executable} -W ignore {module} "$@"\n')
            path.chmod(0o755)
        paths = [str(Path(scriptify.__file__).parents[1]), str(self.folder), str(ROOT / "examples" / "third_party")]
        self.env = {**os.environ, "PATH": f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}", "PYTHONPATH": os.pathsep.join(paths)}
        self.env |= {"COLUMNS": "110", "NO_COLOR": "1", "PYTHONDONTWRITEBYTECODE": "1"}

    def file(self, name: str, body: str) -> None:
        for folder in (self.folder, self.original):
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(body)

    def run(self, block: Block) -> str:
        body = block.body if block.kind == "sh" else f"python - <<'END_OF_BLOCK'\n{block.body}END_OF_BLOCK\n"
        if block.kind == "python":  # a model's classes need a file
            (self.folder / "program.py").write_text(block.body)
            body = "python program.py"
        command = ["sh", "-c", f"exec 2>&1\n{body}"]
        done = subprocess.run(command, cwd=self.folder, env=self.env, capture_output=True, text=True, timeout=300)
        wanted = int(block.value) if block.note == "exit" else 0
        assert done.returncode == wanted, f"{block.body}\nexit code {done.returncode}\n{done.stdout}{done.stderr}"
        return done.stdout.replace(str(self.folder), ".")


@pytest.mark.parametrize("page", PAGES)
def test_the_page_does_what_it_says(page: str, tmp_path: Path) -> None:
    path = GUIDE / f"{page}.md"
    text = path.read_text()
    place = Place(tmp_path)
    made: list[tuple[Block, str]] = []
    output: str | None = None
    for block in blocks(text):
        if block.note == "file":
            place.file(block.value, block.body)
        elif block.note == "same as":
            made.append((block, (ROOT / block.value).read_text()))
        elif block.kind in ("sh", "python"):
            output = place.run(block)
        elif block.kind == "text":
            assert output is not None, f"{page}: output without a command: {block.body}"
            made.append((block, output))
            output = None
        elif block.kind == "yaml":
            yaml.safe_load(block.body)  # for a machine elsewhere; that it can be read is all that shows here
        else:
            pytest.fail(f"{page}: a {block.kind} block says nothing of what it is: {block.body[:80]}")
    if WRITE:
        for block, body in reversed(made):
            if steady(block.body) == steady(body):
                continue  # times alone are no change
            text = text[: block.start] + body.strip("\n") + "\n" + text[block.end :]
        path.write_text(text)
        return
    for block, body in made:
        assert steady(block.body) == steady(body), f"{page}: `make docs` brings the page up to date"


def test_every_link_of_the_documentation_leads_somewhere() -> None:
    pages = [*GUIDE.glob("*.md"), ROOT / "docs" / "README.md", ROOT / "README.md", ROOT / "CONTRIBUTING.md"]
    dead = []
    for path in pages:
        for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", re.sub(r"```.*?```|`[^`]*`", "", path.read_text(), flags=re.DOTALL)):
            if not re.match(r"[a-z]+:", target) and not (path.parent / target).exists():
                dead.append(f"{path.relative_to(ROOT)}: {target}")
    assert dead == []
