"""What a person changed by hand: blocks of lines with some lines around them, found again where the file has moved.

Pure texts. A block says what stood there and what shall; it is the form in which an edit is kept, shared and
replayed. Where other rewrites change the same file, both are merged line by line; where they change the same
lines, nothing is guessed.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from scriptify.transform import Edit

AROUND = 2


@dataclass(frozen=True, slots=True)
class Block:
    """Lines of ``path`` (as it is shown, relative to the root) from 1-based ``line`` on: ``old`` becomes ``new``."""

    path: str
    line: int
    old: str
    new: str


class Clash(Exception):
    """A change that no longer fits; one sentence."""


def blocks(path: str, before: str, after: str) -> tuple[Block, ...]:
    """The changes between two texts, each with the lines around it."""
    old, new = _lines(before), _lines(after)
    matcher = difflib.SequenceMatcher(None, old, new, autojunk=False)
    found = []
    for group in matcher.get_grouped_opcodes(AROUND):
        (_, first, _, start, _), (_, _, last, _, end) = group[0], group[-1]
        found.append(Block(path, first + 1, "".join(old[first:last]), "".join(new[start:end])))
    return tuple(found)


def applied(text: str, changes: Iterable[Block]) -> str:
    """A text with the blocks in it, each at its old lines, nearest to where they stood. Raises Clash."""
    lines = _lines(text)
    for block in sorted(changes, key=lambda b: -b.line):
        old = _lines(block.old)
        places = [n for n in range(len(lines) - len(old) + 1) if lines[n : n + len(old)] == old]
        if not places:
            raise Clash(f"{block.path}:{block.line}: the lines that were edited by hand are not there any more")
        at = min(places, key=lambda n: abs(n + 1 - block.line))
        lines[at : at + len(old)] = _lines(block.new)
    return "".join(lines)


def merged(base: str, mine: str, theirs: str, path: str = "") -> str:
    """``theirs`` with what ``mine`` changed of ``base``. Raises Clash where both changed the same lines."""
    ours, other = _lines(base), _lines(theirs)
    same = difflib.SequenceMatcher(None, ours, other, autojunk=False).get_matching_blocks()
    result = list(other)
    for first, last, new in reversed(list(_changes(ours, _lines(mine)))):
        home = next((m for m in same if m.a <= first and last <= m.a + m.size and (m.size or first == last)), None)
        if home is None:
            raise Clash(f"{path}:{first + 1}: what was edited by hand lies on lines that another rewrite changes as well")
        at = home.b + first - home.a
        result[at : at + last - first] = new
    return "".join(result)


def edits(path: str, before: str, after: str) -> tuple[Edit, ...]:
    """What turns one text into another, as edits of whole lines."""
    old = _lines(before)
    starts = [0]
    for line in old:
        starts.append(starts[-1] + len(line))
    return tuple(Edit(path, starts[first], starts[last], "".join(new)) for first, last, new in _changes(old, _lines(after)))


def _changes(old: Sequence[str], new: Sequence[str]) -> Iterator[tuple[int, int, list[str]]]:
    matcher = difflib.SequenceMatcher(None, old, new, autojunk=False)
    for kind, first, last, start, end in matcher.get_opcodes():
        if kind != "equal":
            yield first, last, list(new[start:end])


def _lines(text: str) -> list[str]:
    return text.splitlines(keepends=True)
