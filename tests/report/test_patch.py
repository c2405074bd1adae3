"""A patch is taken by ``git apply`` and gives exactly the bytes that a migration would write."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scriptify.report import patch
from scriptify.source import SourceFile
from scriptify.transform import Changed

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")


def git(folder: Path, *args: str, given: bytes = b"") -> None:
    done = subprocess.run(["git", *args], cwd=folder, input=given, capture_output=True)
    assert done.returncode == 0, (done.stderr.decode("utf-8", "replace"), given)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    folder = tmp_path / "tree"
    folder.mkdir()
    git(folder, "init", "-q")
    git(folder, "config", "core.autocrlf", "false")
    return folder


def applied(tree: Path, changes: Mapping[str, tuple[bytes, str]], here: Path | None = None) -> None:
    """Write the files, make the patch, apply it with git, and compare with what a write would give."""
    made, wanted = [], {}
    for name, (data, after) in changes.items():
        path = tree / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        file = SourceFile.from_bytes(path, data)
        made.append(Changed(str(path), file.text, after, ()))
        wanted[path] = file.encode(after)
    here = here or tree
    git(here, "apply", "--whitespace=nowarn", "-", given=patch.as_bytes(made, patch.root_of(made, here)))
    assert {path: path.read_bytes() for path in wanted} == wanted


LATIN = "# -*- coding: latin-1 -*-\nname = 'ä'\nx = 1\n"

CASES = {
    "plain": ("a.py", b"x = 1\ny = 2\n", "x = 2\ny = 2\n"),
    "crlf": ("a.py", b"x = 1\r\ny = 2\r\nz = 3\r\n", "x = 1\r\ny = 5\r\nz = 3\r\n"),
    "mixed newlines": ("a.py", b"x = 1\r\ny = 2\nz = 3\r\n", "x = 1\r\ny = 5\nz = 3\r\n"),
    "lone carriage return": ("a.py", b"x = 1\ry = 2\nz = 3\n", "x = 1\ry = 2\nz = 4\n"),
    "no final newline": ("a.py", b"x = 1\ny = 2", "x = 1\ny = 3"),
    "final newline comes": ("a.py", b"x = 1\ny = 2", "x = 1\ny = 2\n"),
    "final newline goes": ("a.py", b"x = 1\ny = 2\n", "x = 1\ny = 2"),
    "far from the end": ("a.py", b"x = 1\n" * 20 + b"end", "x = 2\n" + "x = 1\n" * 19 + "end"),
    "form feed and tabs": ("a.py", b"x = 1\n\x0c\nif x:\n\ty = 1\n", "x = 1\n\x0c\nif x:\n\ty = 2\n"),
    "unicode separators": ("a.py", "x = '\u2028'\ny = '\x85\x1c'\n".encode(), "x = '\u2028'\ny = '\x85\x1c!'\n"),
    "byte order mark": ("a.py", b"\xef\xbb\xbfx = 1\ny = 2\n", "x = 3\ny = 2\n"),
    "byte order mark in context": ("a.py", b"\xef\xbb\xbfx = 1\ny = 2\n", "x = 1\ny = 3\n"),
    "latin-1": ("a.py", LATIN.encode("latin-1"), LATIN.replace("ä", "ö").replace("x = 1", "x = 2")),
    "lines that look like a patch": ("a.py", b"x = 1\n--- a\n+++ b\n@@ -1 +1 @@\n", "x = 1\n--- c\n+++ b\n@@ -1 +1 @@\n"),
    "lines that grow dashes": ("a.py", b"x = 1\n-- a\n++ b\n", "x = 1\n-- c\n++ d\n"),
    "empty before": ("a.py", b"", "x = 1\n"),
    "empty after": ("a.py", b"x = 1\n", ""),
    "space in the name": ("my models/a b.py", b"x = 1\n", "x = 2\n"),
    "name beyond ascii": ("modèles/模型.py", b"x = 1\n", "x = 2\n"),
    "name with quotes": ('a"b\\c.py', b"x = 1\n", "x = 2\n"),
    "name with a tab": ("a\tb.py", b"x = 1\n", "x = 2\n"),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_git_takes_it_byte_for_byte(tree: Path, case: tuple[str, bytes, str]) -> None:
    name, before, after = case
    applied(tree, {name: (before, after)})


def test_several_files_in_one_patch(tree: Path) -> None:
    changes = {f"{number}/{name}": (before, after) for number, (name, before, after) in enumerate(CASES.values())}
    applied(tree, changes)


def test_in_a_folder_below_the_top(tree: Path) -> None:
    below = tree / "src"
    below.mkdir()
    applied(tree, {"src/a.py": (b"x = 1\n", "x = 2\n")}, here=below)


def test_a_file_outside_gives_names_from_a_common_folder(tmp_path: Path) -> None:
    here = tmp_path / "here"
    here.mkdir()
    change = Changed(str(tmp_path / "there" / "a.py"), "x = 1\n", "x = 2\n", ())
    assert patch.root_of([change], here) == tmp_path / "there"
    assert patch.root_of([change, Changed(str(here / "b.py"), "", "x\n", ())], here) == tmp_path


lines = st.sampled_from(["x = 1", "y = 2", "", "\ty", "-- z", "++ w", "\x0c", "é"])
texts = st.tuples(st.lists(lines, max_size=12), st.sampled_from(["\n", "\r\n"]), st.booleans()).map(
    lambda made: made[1].join(made[0]) + (made[1] if made[2] and made[0] else "")
)


@given(texts, texts)
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_two_texts(tree: Path, before: str, after: str) -> None:
    if before != after:
        applied(tree, {"a.py": (before.encode(), after)})
