"""The undo journal: the bytes of every file as they were before the last migration wrote them.

Lives in ``.scriptify/`` beside the project (with its own .gitignore) and is written before the files are.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import time
from dataclasses import dataclass
from pathlib import Path

from scriptify.source import SourceError, write_all

FOLDER = ".scriptify"
NAME = "undo.json"


@dataclass(frozen=True, slots=True)
class Entry:
    """One file: its path, its bytes before, and the SHA-256 of what was written."""

    path: Path
    before: bytes
    after_digest: str


def record(root: Path, changes: dict[Path, tuple[bytes, bytes]]) -> None:
    """Keep what ``changes`` (path to bytes before and after) is about to overwrite. Raises SourceError."""
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
        temporary = folder / f"{NAME}.{os.getpid()}"
        temporary.write_text(json.dumps(body), encoding="utf-8")
        os.replace(temporary, folder / NAME)
    except OSError as error:
        raise SourceError(f"{folder}: the undo journal can't be written ({error.strerror}); nothing was changed") from error


def load(root: Path) -> list[Entry]:
    """The last journal. Raises SourceError when there is none or it can't be read."""
    path = root / FOLDER / NAME
    try:
        body = json.loads(path.read_text(encoding="utf-8"))
        return [Entry(root / f["path"], base64.b64decode(f["before"]), f["after"]) for f in body["files"]]
    except FileNotFoundError:
        raise SourceError(f"{path}: there is no migration to undo here") from None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SourceError(f"{path}: the undo journal can't be read ({error})") from error


def undo(root: Path) -> list[Path]:
    """Put back every file of the last migration, all or none; returns their paths.

    Raises SourceError when one was changed since, so that nobody's later work is lost.
    """
    entries = load(root)
    changes: dict[Path, tuple[bytes, bytes]] = {}
    for entry in entries:
        try:
            now = entry.path.read_bytes()
        except OSError as error:
            raise SourceError(f"{entry.path}: {error.strerror}; nothing was undone") from error
        if hashlib.sha256(now).hexdigest() != entry.after_digest:
            raise SourceError(f"{entry.path}: changed since the migration; nothing was undone")
        changes[entry.path] = (now, entry.before)
    write_all(changes)
    (root / FOLDER / NAME).unlink(missing_ok=True)
    return [entry.path for entry in entries]
