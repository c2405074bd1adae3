"""Offsets into a text as lines and columns, the way editors and SARIF count: from 1, columns in UTF-16 code units.

A line ends with a line feed, with or without a carriage return before it; a byte order mark is no part of the text.
Source: SARIF 2.1.0, sections 3.14.17 (columnKind) and 3.30 (regions).
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise

from scriptify.transform import Changed, Piece


class Positions:
    """Where the offsets of one text lie."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._starts = [0, *(at + 1 for at, char in enumerate(text) if char == "\n")]

    def at(self, offset: int) -> tuple[int, int]:
        """Line and column of an offset."""
        line = bisect_right(self._starts, offset)
        return line, 1 + units(self._text[self._starts[line - 1] : offset])

    def region(self, start: int, end: int) -> dict[str, int]:
        """The characters ``start:end`` as a SARIF region; an empty one is the point between two characters."""
        (first, column), (last, end_column) = self.at(start), self.at(end)
        return {"startLine": first, "startColumn": column, "endLine": last, "endColumn": end_column}


def units(text: str) -> int:
    """The length of a text in UTF-16 code units: a character beyond the basic plane counts as two."""
    return len(text) + sum(char > "\uffff" for char in text)


def edits(change: Changed) -> Iterator[Piece]:
    """The pieces of a change as a tool that applies fixes can take them: apart, none inside a line's end or past the last line."""
    found = change.pieces or (_whole(change),)
    ready = [_inside(_whole_ends(piece, change.before), change.before) for piece in found]
    assert all(a.end < b.start or (a.end == b.start and a.start < a.end) for a, b in pairwise(ready)), change.path
    yield from ready


def _whole(change: Changed) -> Piece:
    """One piece for a change of which no more is known than the two texts."""
    before, after = change.before, change.after
    limit = min(len(before), len(after))
    start = next((i for i in range(limit) if before[i] != after[i]), limit)
    end = next((i for i in range(limit - start) if before[-1 - i] != after[-1 - i]), limit - start)
    return Piece(start, len(before) - end, after[start : len(after) - end], tuple(range(len(change.rewrites))))


def _whole_ends(piece: Piece, text: str) -> Piece:
    """The piece widened where it would part a carriage return from its line feed."""
    start, end, new = piece.start, piece.end, piece.text
    if text[start - 1 : start + 1] == "\r\n" and start:
        start, new = start - 1, "\r" + new
    if text[end - 1 : end + 1] == "\r\n" and end:
        end, new = end + 1, new + "\n"
    return replace(piece, start=start, end=end, text=new)


def _inside(piece: Piece, text: str) -> Piece:
    """The piece moved off the line that the final line end opens and no text follows: not every tool knows that line."""
    ending = "\r\n" if text.endswith("\r\n") else "\n"
    if piece.end < len(text) or not text.endswith(ending) or not piece.text.endswith(ending):
        return piece
    last = len(text) - len(ending)
    if piece.start <= last:
        return replace(piece, end=last, text=piece.text.removesuffix(ending))
    return replace(piece, start=last, end=last, text=ending + piece.text.removesuffix(ending))
