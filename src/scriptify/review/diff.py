"""A change as rows of two columns, old and new, in hunks that know where they are. Pure."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from scriptify.diagnostics import scope_at

Spans = tuple[tuple[int, int], ...]
_TOKEN = re.compile(r"\w+|\s+|[^\w\s]")
ALIKE = 0.5
MANY = 1000
Opcode = tuple[str, int, int, int, int]


@dataclass(frozen=True, slots=True)
class Side:
    """A line on one side: its 1-based number, its text, and the stretches that differ from the line beside it.

    ``spans`` is None where there is no such line, or one with little in common: all of it differs.
    """

    number: int
    text: str
    spans: Spans | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """A row: ``old`` and ``new`` are the same line where nothing changes there, and one of them may be missing."""

    old: Side | None
    new: Side | None
    same: bool = False


@dataclass(frozen=True, slots=True)
class Hunk:
    """Rows that belong together, and the function or class they start in."""

    scope: str
    rows: tuple[Row, ...]


@lru_cache(maxsize=16)
def hunks(before: str, after: str, context: int) -> tuple[Hunk, ...]:
    """The changes between two texts with so many lines around them."""
    old, new = before.splitlines(), after.splitlines()
    found = []
    for group in _grouped(old, new, context):
        rows = [row for opcode in group for row in _rows(old, new, opcode)]
        # By the old text, which is the same for many cards, and parsed once.
        change = next(number for number, row in enumerate(rows) if not row.same)
        near = [row.old.number for row in (*rows[change:], *reversed(rows[:change])) if row.old is not None]
        found.append(Hunk(scope_at(before, near[0]) if near else "", tuple(rows)))
    return tuple(found)


def _grouped(old: Sequence[str], new: Sequence[str], context: int) -> Iterator[list[Opcode]]:
    """The changes in groups, matched only between the first and the last of them: a long file must not make anybody wait."""
    least = min(len(old), len(new))
    head = next((n for n in range(least) if old[n] != new[n]), least)
    tail = next((n for n in range(least - head) if old[-1 - n] != new[-1 - n]), least - head)
    middle = old[head : len(old) - tail], new[head : len(new) - tail]
    matcher = difflib.SequenceMatcher(None, *middle, autojunk=max(map(len, middle)) > MANY)
    codes = [(kind, a + head, b + head, c + head, d + head) for kind, a, b, c, d in matcher.get_opcodes()]
    if codes:
        yield from _groups([("equal", 0, head, 0, head), *codes, ("equal", len(old) - tail, len(old), len(new) - tail, len(new))], context)


def _groups(codes: Sequence[Opcode], context: int) -> Iterator[list[Opcode]]:
    """Changes with the lines around them; those whose surroundings touch are one group."""
    group: list[Opcode] = []
    for kind, first, last, start, end in codes:
        if kind != "equal":
            group.append((kind, first, last, start, end))
            continue
        apart = last - first > 2 * context
        if group and apart:
            yield [*group, (kind, first, first + context, start, start + context)]
            group = []
        if apart or not group:
            first, start = max(first, last - context), max(start, end - context)
        group.append((kind, first, last, start, end))
    if any(code[0] != "equal" for code in group):
        kind, first, last, start, end = group[-1]
        yield [*group[:-1], (kind, first, min(last, first + context), start, min(end, start + context))] if kind == "equal" else group


def _rows(old: Sequence[str], new: Sequence[str], opcode: Opcode) -> Iterator[Row]:
    kind, first, last, start, end = opcode
    if kind == "equal":
        for a, b in zip(range(first, last), range(start, end), strict=True):
            yield Row(Side(a + 1, old[a]), Side(b + 1, new[b]), same=True)
        return
    for above, below in _paired(old[first:last], new[start:end]):
        left = None if above is None else first + above
        right = None if below is None else start + below
        spans = _differ(old[left], new[right]) if left is not None and right is not None else (None, None)
        yield Row(
            None if left is None else Side(left + 1, old[left], spans[0]),
            None if right is None else Side(right + 1, new[right], spans[1]),
        )


def _paired(old: Sequence[str], new: Sequence[str]) -> Iterator[tuple[int | None, int | None]]:
    """Lines side by side, in order: those most alike face each other."""
    if not old or not new:
        yield from ((n, None) for n in range(len(old)))
        yield from ((None, n) for n in range(len(new)))
        return
    if len(old) == 1 and len(new) == 1:
        yield 0, 0
        return
    ratios = {(a, b): _alike(old[a], new[b]) for a in range(min(len(old), 40)) for b in range(min(len(new), 40))}
    a, b = max(ratios, key=lambda pair: (ratios[pair], -pair[0], -pair[1]))
    if ratios[a, b] < ALIKE:
        for n in range(max(len(old), len(new))):
            yield n if n < len(old) else None, n if n < len(new) else None
        return
    yield from _paired(old[:a], new[:b])
    yield a, b
    for x, y in _paired(old[a + 1 :], new[b + 1 :]):
        yield None if x is None else x + a + 1, None if y is None else y + b + 1


def _alike(a: str, b: str) -> float:
    matcher = difflib.SequenceMatcher(None, _TOKEN.findall(a.strip()), _TOKEN.findall(b.strip()), autojunk=False)
    return matcher.ratio() if matcher.quick_ratio() >= ALIKE else 0.0


def _differ(a: str, b: str) -> tuple[Spans | None, Spans | None]:
    """The stretches in which two lines differ; None where they have little in common."""
    if _alike(a, b) < ALIKE:
        return None, None
    left, right = _TOKEN.findall(a), _TOKEN.findall(b)
    matcher = difflib.SequenceMatcher(None, left, right, autojunk=False)
    gone: list[tuple[int, int]] = []
    come: list[tuple[int, int]] = []
    for kind, first, last, start, end in matcher.get_opcodes():
        if kind != "equal":
            gone.append((len("".join(left[:first])), len("".join(left[:last]))))
            come.append((len("".join(right[:start])), len("".join(right[:end]))))
    return tuple(span for span in gone if span[0] < span[1]), tuple(span for span in come if span[0] < span[1])
