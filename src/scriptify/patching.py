"""A unified diff applied in memory: strictly, each hunk where it says it is."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

_HUNK = re.compile(r"@@ -(\d+)(?:,(\d+))? \+\d+(?:,(\d+))? @@")


class PatchError(Exception):
    """A patch that can't be read or does not fit; one sentence."""


def patched(text: str, root: Path) -> dict[Path, str]:
    """The files that a patch changes (``git diff``, ``diff -u``) as they become, by absolute path; nothing is written.

    Names are looked up from ``root``, with the leading ``a/`` or ``b/`` and without. Raises PatchError for one that does not fit.
    """
    found: dict[Path, str] = {}
    for name, hunks in _files(text):
        path = _place(name, root)
        # Bytes, so that line ends stay what they are.
        lines = found[path].splitlines(True) if path in found else path.read_bytes().decode("utf-8").splitlines(True)
        found[path] = "".join(_applied(lines, hunks, name))
    if not found:
        raise PatchError("holds no change")
    return found


def _files(text: str) -> Iterator[tuple[str, list[tuple[int, list[str]]]]]:
    name = ""
    hunks: list[tuple[int, list[str]]] = []
    old = new = 0
    for line in text.splitlines(True):
        if (old > 0 or new > 0) and line[:1] in " +-":
            # By the counts of its header: a line that is taken out may itself look like one.
            hunks[-1][1].append(line)
            old, new = old - (line[:1] != "+"), new - (line[:1] != "-")
        elif line.startswith("\\") and hunks:
            hunks[-1][1].append(line)
        elif match := _HUNK.match(line):
            hunks.append((int(match.group(1)), []))
            old, new = (int(count or 1) for count in match.groups()[1:])
        elif line.startswith("--- "):
            if hunks:
                yield name, hunks
            name, hunks = _name(line), []
        elif line.startswith("+++ ") and "/dev/null" in (name, _name(line)):
            raise PatchError(f"{name} becomes {_name(line)}: only files that are there before and after can be compared")
    if hunks:
        yield name, hunks


def _name(line: str) -> str:
    return line[4:].split("\t")[0].strip()


def _place(name: str, root: Path) -> Path:
    for candidate in (name, name.partition("/")[2]):
        if candidate and (path := root / candidate).is_file():
            return path.resolve()
    raise PatchError(f"there is no {name} under {root}")


def _applied(lines: list[str], hunks: list[tuple[int, list[str]]], name: str) -> Iterator[str]:
    at = 0
    for start, hunk in hunks:
        first = max(start - 1, 0)
        yield from lines[at:first]
        at = first
        for number, line in enumerate(hunk):
            mark, rest = line[:1], line[1:]
            bare = number + 1 < len(hunk) and hunk[number + 1].startswith("\\")
            rest = rest.rstrip("\r\n") if bare else rest
            if mark == "+":
                yield rest
            elif mark in " -":
                if at >= len(lines) or lines[at].rstrip("\r\n") != rest.rstrip("\r\n"):
                    raise PatchError(f"does not fit {name} at line {at + 1}")
                if mark == " ":
                    yield lines[at]
                at += 1
    yield from lines[at:]
