"""A rewrite as two columns, before and after, line beside line, in HTML."""

from __future__ import annotations

import difflib
import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import accumulate, pairwise, zip_longest

from markupsafe import Markup, escape
from pygments.lexers import PythonLexer
from pygments.token import Token

from scriptify.report.regions import Positions, edits
from scriptify.transform import Changed, Piece

CONTEXT = 3
ALIKE = 0.3
_WORDS = re.compile(r"\w+|\s+|.")
_HIDDEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
_COLOURS = {
    Token.Keyword: "k",
    Token.Operator.Word: "k",
    Token.Comment: "c",
    Token.Literal.String: "s",
    Token.Literal.Number: "n",
    Token.Name.Function: "f",
    Token.Name.Class: "f",
    Token.Name.Decorator: "f",
    Token.Name.Builtin.Pseudo: "b",
}

Span = tuple[int, int, str]


@dataclass(frozen=True, slots=True)
class Row:
    """One line of both columns; a side without a line has the number 0. ``changed`` marks lines that are not the same."""

    left: int
    before: Markup
    right: int
    after: Markup
    changed: bool = False


class Sides:
    """One changed file, to show its rewrites one by one."""

    def __init__(self, change: Changed) -> None:
        self._change = change
        self._pieces = list(edits(change))
        self._before = Positions(change.before)
        self._after = Positions(change.after)
        self._shown: dict[int, Markup] = {}

    def hunks(self, number: int) -> list[list[Row]]:
        """What the rewrite at this position of the file's ``rewrites`` changed, with some lines around each place."""
        mine = [piece for piece in self._pieces if number in piece.owners]
        # What it shares with others (an import) comes last.
        ordered = sorted(self._together(mine), key=lambda stretch: all(len(piece.owners) > 1 for piece in stretch[2]))
        return [list(self._rows(*stretch)) for stretch in ordered]

    def _together(self, pieces: Sequence[Piece]) -> Iterator[tuple[int, int, list[Piece]]]:
        """First line, last line and pieces of each stretch; places whose surroundings meet are one."""
        groups: list[tuple[int, int, list[Piece]]] = []
        for piece in pieces:
            first = self._before.at(piece.start)[0] - CONTEXT
            last_line, column = self._before.at(piece.end)
            last = last_line - (column == 1 and piece.end > piece.start) + CONTEXT
            if groups and first <= groups[-1][1] + 1:
                groups[-1] = (groups[-1][0], max(last, groups[-1][1]), [*groups[-1][2], piece])
            else:
                groups.append((first, last, [piece]))
        total = len(self._lines)
        yield from ((max(first, 1), min(last, total), found) for first, last, found in groups)

    @cached_property
    def _lines(self) -> list[str]:
        return _split(self._change.before)

    @cached_property
    def _starts(self) -> list[int]:
        return [0, *accumulate(len(line) for line in self._lines)]

    @cached_property
    def _spans(self) -> list[list[Span]]:
        return _coloured(self._change.before)

    def _rows(self, first: int, last: int, pieces: Sequence[Piece]) -> Iterator[Row]:
        begin, end = self._starts[first - 1], self._starts[last]
        new, at = "", begin
        for piece in pieces:
            new, at = new + self._change.before[at : piece.start] + piece.text, piece.end
        left, right = self._lines[first - 1 : last], _split(new + self._change.before[at:end])
        spans, numbers = self._spans[first - 1 : last], list(self._numbers(right, begin, pieces))
        for kind, a, b, c, d in difflib.SequenceMatcher(None, left, right, autojunk=False).get_opcodes():
            if kind == "equal":
                for i, j in zip(range(a, b), range(c, d), strict=True):
                    text = self._unchanged(first + i)
                    yield Row(first + i, text, numbers[j], text)
                continue
            for i, j in zip_longest(range(a, b), range(c, d)):
                marks = _marks(left[i], right[j]) if i is not None and j is not None else ([], [])
                yield Row(
                    first + i if i is not None else 0,
                    _painted(left[i], spans[i], marks[0]) if i is not None else Markup(""),
                    numbers[j] if j is not None else 0,
                    _painted(right[j], _alone(right[j]), marks[1]) if j is not None else Markup(""),
                    True,
                )

    def _unchanged(self, line: int) -> Markup:
        """A line that stays: the surroundings of several rewrites have it."""
        if line not in self._shown:
            self._shown[line] = _painted(self._lines[line - 1], self._spans[line - 1])
        return self._shown[line]

    def _numbers(self, lines: Sequence[str], begin: int, pieces: Sequence[Piece]) -> Iterator[int]:
        """Where these lines are in the new text: every rewrite of the file moves them, not only the one shown."""
        left, grown, offset = list(pieces), 0, 0
        for line in lines:
            # Here ``offset`` counts in the lines, and less ``grown``, from ``begin`` on, in the file as read.
            while left and left[0].start - begin + grown + len(left[0].text) <= offset:
                done = left.pop(0)
                grown += len(done.text) - (done.end - done.start)
            inside = left and left[0].start - begin + grown <= offset
            before = left[0].start if inside else begin + offset - grown
            beyond = offset - (left[0].start - begin + grown) if inside else 0
            yield self._after.at(before + self._shift(before, left[0] if inside else None) + beyond)[0]
            offset += len(line)

    def _shift(self, offset: int, upto: Piece | None) -> int:
        """How far the pieces before an offset move it; ``upto`` and what follows that do not count."""
        count = self._pieces.index(upto) if upto else bisect_right([piece.end for piece in self._pieces], offset)
        return self._grown[count]

    @cached_property
    def _grown(self) -> list[int]:
        return [0, *accumulate(len(piece.text) - (piece.end - piece.start) for piece in self._pieces)]


def _split(text: str) -> list[str]:
    return re.findall(r"[^\n]*\n|[^\n]+$", text) or [""]


@lru_cache(maxsize=4096)
def _alone(line: str) -> list[Span]:
    return _coloured(line)[0]


def _coloured(text: str) -> list[list[Span]]:
    """For each line its stretches with a colour."""
    lines: list[list[Span]] = [[]]
    column = 0
    # The lexer gives every character back, in order.
    for _, kind, value in PythonLexer(ensurenl=False, stripnl=False).get_tokens_unprocessed(text):
        name = next((_COLOURS[above] for above in reversed(kind.split()) if above in _COLOURS), "")
        for number, part in enumerate(value.split("\n")):
            if number:
                lines.append([])
                column = 0
            if name and part:
                lines[-1].append((column, column + len(part), name))
            column += len(part)
    return lines


def _marks(old: str, new: str) -> tuple[list[Span], list[Span]]:
    """The words that differ between two lines, where the lines are alike enough for that to say something."""
    a, b = _WORDS.findall(old), _WORDS.findall(new)
    matcher = difflib.SequenceMatcher(None, a, b, autojunk=False)
    if matcher.quick_ratio() < ALIKE or matcher.ratio() < ALIKE:
        return [], []
    left, right = [0, *accumulate(map(len, a))], [0, *accumulate(map(len, b))]
    found: tuple[list[Span], list[Span]] = [], []
    for kind, i, j, k, m in matcher.get_opcodes():
        if kind != "equal":
            found[0].extend([(left[i], left[j], "")] * (i < j))
            found[1].extend([(right[k], right[m], "")] * (k < m))
    return found


def _painted(line: str, spans: Sequence[Span], marks: Sequence[Span] = ()) -> Markup:
    """A line of code with its colours, and with what differs marked."""
    line = line.rstrip("\r\n")
    cuts = sorted({0, len(line), *(min(at, len(line)) for start, end, _ in (*spans, *marks) for at in (start, end))})
    out = []
    for start, end in pairwise(cuts):
        text = str(escape(visible(line[start:end])))
        name = next((name for first, last, name in spans if first <= start and end <= last), "")
        if name:
            text = f'<i class="{name}">{text}</i>'
        if any(first <= start and end <= last for first, last, _ in marks):
            text = f"<mark>{text}</mark>"
        out.append(text)
    return Markup("".join(out))  # every part was escaped


def visible(text: str) -> str:
    """Text in which what a browser would not show, or would show elsewhere (text directions), is named."""
    return _HIDDEN.sub(lambda match: f"<U+{ord(match[0]):04X}>", text)
