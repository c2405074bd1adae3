"""Changes as a unified diff that ``git apply`` takes: exact newlines, no-newline marks, a/ and b/ paths."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator
from pathlib import Path

from scriptify.report.paths import shown
from scriptify.transform import Changed

NO_NEWLINE = "\\ No newline at end of file\n"


def unified(changes: Iterable[Changed], root: Path, context: int = 3) -> list[str]:
    """The lines of one patch over all changed files, each with its line ending."""
    return [line for change in changes for line in _file(change, root, context)]


def _file(change: Changed, root: Path, context: int) -> Iterator[str]:
    name = shown(change.path, root)
    before, after = _lines(change.before), _lines(change.after)
    quoted = _quoted(name)
    yield f"diff --git {_quoted('a/' + name)} {_quoted('b/' + name)}\n" if quoted != name else f"diff --git a/{name} b/{name}\n"
    for line in difflib.unified_diff(before, after, _quoted(f"a/{name}"), _quoted(f"b/{name}"), n=context):
        if line.startswith(("--- ", "+++ ", "@@ ")) or line.endswith("\n"):
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
