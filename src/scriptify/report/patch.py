"""Changes as a unified diff that ``git apply`` takes: exact bytes, newlines and no-newline marks, a/ and b/ paths."""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from scriptify.report.paths import shown, work_tree
from scriptify.source import SourceError, SourceFile
from scriptify.transform import Changed

NO_NEWLINE = "\\ No newline at end of file\n"


def root_of(changes: Iterable[Changed], here: Path) -> Path:
    """What the names in a patch are relative to.

    The work tree of git where ``here`` is in one (``git apply`` counts from its top, wherever it is run),
    else ``here``; a folder above all files where one of them lies outside.
    """
    paths = [Path(change.path) for change in changes]
    for base in (work_tree(here), here):
        if base is not None and all(path.is_relative_to(base) for path in paths):
            return base
    return Path(os.path.commonpath([path.parent for path in paths]))


def as_bytes(changes: Sequence[Changed], root: Path) -> bytes:
    """One patch over all changed files, each part in its file's own encoding, a byte order mark included."""
    return b"".join(_encoded(change, root) for change in changes)


def _encoded(change: Changed, root: Path) -> bytes:
    try:
        file = SourceFile.read(Path(change.path))
    except SourceError:
        file = SourceFile.from_bytes(Path(change.path), b"")
    # Inside the lines, where decoding took it off: git compares bytes.
    marked = bool(file.bom) and file.text == change.before
    mark = "\ufeff" if marked else ""
    head, *lines = _file(change.path, mark + change.before, mark + change.after, root, 3)
    encoding = file.encoding if file.text == change.before else "utf-8"
    return head.encode("ascii") + b"".join(line.encode(encoding, "surrogateescape") for line in lines)


def unified(changes: Iterable[Changed], root: Path, context: int = 3) -> list[str]:
    """The lines of one patch over all changed files, each with its line ending."""
    return [line for change in changes for line in _file(change.path, change.before, change.after, root, context)]


def _file(path: str, before: str, after: str, root: Path, context: int) -> Iterator[str]:
    name = shown(path, root)
    old, new = _quoted(f"a/{name}"), _quoted(f"b/{name}")
    yield f"diff --git {old} {new}\n"
    # As git does: a tab ends a name that holds a space, where the name alone would not show its end.
    end = "\t" if " " in name and not old.startswith('"') else ""
    for number, line in enumerate(difflib.unified_diff(_lines(before), _lines(after), n=context)):
        if number < 2:
            yield f"{'+++ ' + new if number else '--- ' + old}{end}\n"
        elif line.endswith("\n"):
            yield line
        else:
            yield f"{line}\n"
            yield NO_NEWLINE


def _lines(text: str) -> list[str]:
    """Lines as git counts them: only a line feed ends one."""
    parts = text.split("\n")
    return [f"{part}\n" for part in parts[:-1]] + ([parts[-1]] if parts[-1] else [])


def _quoted(name: str) -> str:
    """A name as git writes it: quoted with octal escapes where it has unusual characters."""
    data = name.encode("utf-8", "surrogateescape")
    if all(32 <= byte < 127 and byte not in b'"\\' for byte in data):
        return name
    inner = "".join(f"\\{byte:03o}" if not 32 <= byte < 127 else (f"\\{chr(byte)}" if byte in b'"\\' else chr(byte)) for byte in data)
    return f'"{inner}"'
