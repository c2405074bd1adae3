"""Decisions in a file: kept at every key, so that nothing is lost, and readable, so that people can share them.

A decision is about a rewrite, known by a fingerprint that survives edits elsewhere in its file and holds no path
of this machine. A decision that fits no rewrite is told and kept, never dropped.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from scriptify.journal import FOLDER, ROOT_MARKS
from scriptify.review.amend import Block
from scriptify.review.state import Decided, Item, Mark
from scriptify.source import SourceError

VERSION = 1
NAME = "review.json"
WORDS = {Mark.TAKEN: "accept", Mark.REFUSED: "reject"}
MARKS = {word: mark for mark, word in WORDS.items()}


class JournalError(SourceError):
    """A file of decisions that can't be used, in one sentence."""


@dataclass(frozen=True, slots=True)
class Record:
    """One decision. ``written`` tells that the rewrite is on disk since."""

    key: str
    code: str
    path: str
    line: int
    title: str
    mark: Mark
    edit: tuple[Block, ...] = ()
    written: bool = False


@dataclass(frozen=True, slots=True)
class Fit:
    """What a file of decisions says of the rewrites at hand: the decisions, and the records that fit none of them."""

    decided: Decided
    stale: tuple[Record, ...] = ()


def home(start: Path) -> Path:
    """The folder of the project around ``start``: the nearest with a mark of one, else ``start``. Paths are kept relative to it."""
    marked = (folder for folder in (start, *start.parents) if any((folder / mark).exists() for mark in ROOT_MARKS))
    return next(marked, start)


def usual(start: Path) -> Path:
    """Where the decisions of a review are kept that names no file."""
    return home(start) / FOLDER / NAME


def load(path: Path) -> list[Record]:
    """Read decisions. Raises JournalError."""
    try:
        body = json.loads(path.read_text(encoding="utf-8", errors="surrogatepass"))
    except OSError as error:
        raise JournalError(f"{path}: the decisions can't be read: {error.strerror}") from error
    except ValueError as error:
        raise JournalError(f"{path}: is no file of decisions: {error}") from error
    if not isinstance(body, dict) or "decisions" not in body:
        raise JournalError(f"{path}: is no file of decisions")
    if body.get("version") != VERSION:
        raise JournalError(f"{path}: has version {body.get('version')!r} of decisions; this scriptify reads {VERSION}")
    try:
        return [_record(item) for item in body["decisions"]]
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise JournalError(f"{path}: holds a decision that can't be read ({type(error).__name__}: {error})") from error


def _record(item: Mapping[str, Any]) -> Record:
    if item["decision"] not in MARKS:
        raise ValueError(f"{item['decision']!r} is neither accept nor reject")
    edit = tuple(Block(str(b["path"]), int(b["line"]), str(b["old"]), str(b["new"])) for b in item.get("edit", ()))
    where = (str(item["key"]), str(item["code"]), str(item["path"]), int(item["line"]), str(item["title"]))
    return Record(*where, MARKS[item["decision"]], edit, bool(item.get("written", False)))


def save(path: Path, records: Sequence[Record]) -> None:
    """Write decisions, whole or not at all. Raises JournalError."""
    body = {"version": VERSION, "decisions": [_plain(record) for record in records]}
    try:
        if path.parent.name == FOLDER:
            path.parent.mkdir(exist_ok=True)
            (path.parent / ".gitignore").write_text("*\n", encoding="utf-8")
        temporary = path.with_name(f".{path.name}.{os.getpid()}")
        temporary.write_text(json.dumps(body, indent=1, ensure_ascii=False) + "\n", encoding="utf-8", errors="surrogatepass")
        os.replace(temporary, path)
    except OSError as error:
        with contextlib.suppress(OSError, UnboundLocalError):
            temporary.unlink()
        raise JournalError(f"{path}: the decisions can't be kept: {error.strerror}") from error


def _plain(record: Record) -> dict[str, Any]:
    body: dict[str, Any] = {"key": record.key, "code": record.code, "path": record.path, "line": record.line, "title": record.title}
    body["decision"] = WORDS[record.mark]
    if record.edit:
        body["edit"] = [{"path": b.path, "line": b.line, "old": b.old, "new": b.new} for b in record.edit]
    if record.written:
        body["written"] = True
    return body


def fit(records: Sequence[Record], keys: Sequence[str]) -> Fit:
    """Lay decisions on the rewrites that have these keys."""
    index = {key: number for number, key in enumerate(keys)}
    marks = [Mark.OPEN] * len(keys)
    edits: dict[int, tuple[Block, ...]] = {}
    stale: dict[str, Record] = {}
    for record in records:
        number = index.get(record.key)
        if number is None:
            stale[record.key] = record
            continue
        marks[number] = record.mark
        edits.pop(number, None)
        if record.edit:
            edits[number] = record.edit
    return Fit(Decided(tuple(marks), edits), tuple(stale.values()))


def records(decided: Decided, items: Sequence[Item], keys: Sequence[str], titles: Sequence[str], stale: Sequence[Record]) -> list[Record]:
    """All that is to be kept: the decisions, and those that fitted nothing."""
    found = []
    for number in decided.where(Mark.TAKEN, Mark.REFUSED):
        item, mark = items[number], decided.marks[number]
        found.append(Record(keys[number], item.code, item.path, item.line, titles[number], mark, tuple(decided.edits.get(number, ()))))
    return [*found, *stale]


def written(kept: Sequence[Record], stale: Sequence[Record]) -> list[Record]:
    """The same decisions once the accepted ones are on disk; those that fitted nothing stay as they were."""
    return [replace(r, written=r.written or (r.mark is Mark.TAKEN and r not in stale)) for r in kept]


def why_stale(record: Record, paths: Sequence[str], codes: Sequence[str]) -> str:
    """Why a decision fits nothing, in words."""
    if record.written:
        return "it is written already"
    if record.code not in codes:
        return f"there is no transform {record.code}"
    if record.path not in paths:
        return "its file is not among those under review"
    return "the code there has changed, or nothing needs it any more"
