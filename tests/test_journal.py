"""Undoing: the last migration, all or none, never over later work."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from scriptify import journal, project
from scriptify.source import SourceError, WriteError


def migrate(root: Path, **texts: str) -> None:
    found = project.read([root], root)
    found.write({str((root / f"{name}.py").resolve()): text for name, text in texts.items()})


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "a.py").write_bytes(b"a = 1\r\n")
    (tmp_path / "b.py").write_bytes("# coding: latin-1\nb = 'ä'".encode("latin-1"))
    return tmp_path


def test_undo_restores_every_byte(root: Path) -> None:
    before = {p.name: p.read_bytes() for p in root.glob("*.py")}
    migrate(root, a="a = 2\r\n", b="# coding: latin-1\nb = 'ö'")
    assert (root / "b.py").read_bytes() == "# coding: latin-1\nb = 'ö'".encode("latin-1")
    assert sorted(p.name for p in journal.undo(root)) == ["a.py", "b.py"]
    assert {p.name: p.read_bytes() for p in root.glob("*.py")} == before


def test_two_migrations_are_undone_one_by_one(root: Path) -> None:
    migrate(root, a="a = 2\n")
    migrate(root, a="a = 3\n")
    journal.undo(root)
    assert (root / "a.py").read_text() == "a = 2\n"
    journal.undo(root)
    assert (root / "a.py").read_bytes() == b"a = 1\r\n"
    with pytest.raises(SourceError, match="no migration to undo"):
        journal.undo(root)


def test_later_work_is_not_lost(root: Path) -> None:
    migrate(root, a="a = 2\n", b="b = 2\n")
    (root / "a.py").write_text("a = 'mine'\n")
    with pytest.raises(WriteError, match=r"a\.py: changed since the migration; nothing was undone"):
        journal.undo(root)
    assert (root / "a.py").read_text() == "a = 'mine'\n"
    assert (root / "b.py").read_text() == "b = 2\n"


def test_a_file_that_is_gone_is_one_sentence(root: Path) -> None:
    migrate(root, a="a = 2\n")
    (root / "a.py").unlink()
    with pytest.raises(WriteError, match="nothing was undone"):
        journal.undo(root)


def test_a_write_that_fails_leaves_the_older_journal(root: Path) -> None:
    migrate(root, a="a = 2\n")
    (root / "b.py").chmod(0o444)
    with pytest.raises(WriteError, match="read-only"):
        migrate(root, a="a = 3\n", b="b = 3\n")
    assert (root / "a.py").read_text() == "a = 2\n"
    journal.undo(root)
    assert (root / "a.py").read_bytes() == b"a = 1\r\n"


def test_a_damaged_journal_is_one_sentence(root: Path) -> None:
    migrate(root, a="a = 2\n")
    (made,) = (root / journal.FOLDER).glob("*.json")
    for body in ("{", json.dumps({"files": [{}]}), json.dumps([1])):
        made.write_text(body)
        with pytest.raises(SourceError, match="can't be read"):
            journal.undo(root)


def test_a_journal_that_cannot_be_written_stops_the_migration(root: Path) -> None:
    (root / journal.FOLDER).write_text("a file in the way")
    with pytest.raises(WriteError, match="nothing was written"):
        migrate(root, a="a = 2\n")
    assert (root / "a.py").read_bytes() == b"a = 1\r\n"


def test_the_journal_is_found_from_below_and_kept_out_of_git(root: Path) -> None:
    migrate(root, a="a = 2\n")
    below = root / "deep" / "er"
    below.mkdir(parents=True)
    (root / "pyproject.toml").write_text("")
    assert journal.home(below) == root
    assert (root / journal.FOLDER / ".gitignore").read_text() == "*\n"
    with pytest.raises(SourceError, match="no migration to undo"):
        journal.home(Path("/"))


@pytest.mark.parametrize("marked", [True, False])
def test_what_lies_above_the_project_is_somebody_elses(root: Path, marked: bool) -> None:
    migrate(root, a="a = 2\n")
    below = root / "project"
    below.mkdir()
    if marked:
        (below / ".git").mkdir()
    with pytest.raises(SourceError, match="no migration to undo"):
        journal.home(below)


def test_old_journals_are_let_go(root: Path) -> None:
    for number in range(journal.KEPT + 3):
        migrate(root, a=f"a = 'x{number}'\n")
    assert len(list((root / journal.FOLDER).glob("*.json"))) == journal.KEPT
    for _ in range(journal.KEPT):
        journal.undo(root)
    assert (root / "a.py").read_text() == "a = 'x2'\n"
