"""The undo journal: the bytes of every file as they were before a migration wrote them.

Lives in ``.scriptify/`` in the folder the migration was started from (with a .gitignore of its own), one file
a migration, and is written before the project's files are. Undoing takes the last one back and off the pile.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from scriptify.source import SourceError, SourceFile, WriteError, write_all

FOLDER = ".scriptify"
KEPT = 20
ROOT_MARKS = (".git", ".hg", "pyproject.toml", "setup.py", "setup.cfg")


@dataclass(frozen=True, slots=True)
class Entry:
    """One file: its path, its bytes before, and the SHA-256 of what was written."""

    path: Path
    before: bytes
    after_digest: str


def record(root: Path, changes: Mapping[Path, tuple[bytes, bytes]]) -> Path:
    """Keep what ``changes`` (path to bytes before and after) is about to overwrite; gives the journal's file. Raises WriteError."""
    folder = root / FOLDER
    body = {
        "version": 1,
        "time": time.strftime("%Y-%m-%dT%H:%M:%S"),
        "files": [
            {
                "path": os.path.relpath(path.resolve(), root.resolve()),
                "before": base64.b64encode(before).decode(),
                "after": hashlib.sha256(after).hexdigest(),
            }
            for path, (before, after) in changes.items()
        ],
    }
    try:
        folder.mkdir(exist_ok=True)
        (folder / ".gitignore").write_text("*\n", encoding="utf-8")
        pile = _pile(folder)
        number = int(pile[-1].stem.partition("-")[2]) + 1 if pile else 1
        made = folder / f"undo-{number:06}.json"
        temporary = folder / f"{made.name}.{os.getpid()}"
        temporary.write_text(json.dumps(body), encoding="utf-8")
        os.replace(temporary, made)
        for old in pile[: max(0, len(pile) + 1 - KEPT)]:
            old.unlink(missing_ok=True)
    except OSError as error:
        raise WriteError(f"{folder}: the undo journal can't be written ({error.strerror}); nothing was written") from error
    return made


def _pile(folder: Path) -> list[Path]:
    return sorted(path for path in folder.glob("undo-*.json") if path.stem.partition("-")[2].isdigit())


def home(start: Path) -> Path:
    """The nearest folder with something to undo, from ``start`` up to its project's root and no further. Raises SourceError.

    What lies above the project, or above ``start`` where no project is marked, is somebody else's migration.
    """
    for folder in _within_project(start):
        if _pile(folder / FOLDER):
            return folder
    raise SourceError(f"{start}: there is no migration to undo here; it is taken back in the folder where it was started")


def _within_project(start: Path) -> list[Path]:
    folders = [start, *start.parents]
    for index, folder in enumerate(folders):
        if any((folder / mark).exists() for mark in ROOT_MARKS):
            return folders[: index + 1]
    return [start]


def load(path: Path, root: Path) -> list[Entry]:
    """Read one journal. Raises SourceError when it can't be read."""
    try:
        body = json.loads(path.read_text(encoding="utf-8"))
        return [Entry(root / f["path"], base64.b64decode(f["before"]), f["after"]) for f in body["files"]]
    except (OSError, ValueError, KeyError, TypeError) as error:
        why = getattr(error, "strerror", None) or "it is damaged"
        raise WriteError(f"{path}: the undo journal can't be read ({why}); nothing was undone") from error


def before_last(start: Path) -> dict[str, str]:
    """The texts, by absolute path, that the last migration found, from ``start`` up as :func:`home` looks. Raises SourceError."""
    root = home(start)
    entries = load(_pile(root / FOLDER)[-1], root)
    return {str(entry.path.resolve()): SourceFile.from_bytes(entry.path, entry.before).text for entry in entries}


def undo(root: Path) -> list[Path]:
    """Put back every file of the last migration started in ``root``, all or none; returns their paths.

    Raises SourceError when there is none or when a file was changed since, so that nobody's later work is lost.
    """
    pile = _pile(root / FOLDER)
    if not pile:
        raise SourceError(f"{root}: there is no migration to undo here; it is taken back in the folder where it was started")
    entries = load(pile[-1], root)
    changes: dict[Path, tuple[bytes, bytes]] = {}
    for entry in entries:
        try:
            now = entry.path.read_bytes()
        except OSError as error:
            raise WriteError(f"{entry.path}: {error.strerror}; nothing was undone") from error
        if hashlib.sha256(now).hexdigest() != entry.after_digest:
            raise WriteError(f"{entry.path}: changed since the migration; nothing was undone")
        changes[entry.path] = (now, entry.before)
    write_all(changes)
    pile[-1].unlink(missing_ok=True)
    return [entry.path for entry in entries]
