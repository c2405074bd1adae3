"""Rows of a diff as lines for a terminal: syntax colours that read on dark and light, side by side or one below the other."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache

from rich.style import Style
from rich.syntax import ANSISyntaxTheme, Syntax
from rich.text import Text

from scriptify.review.diff import Hunk, Row, Side

# Sixteen colours of the terminal's own, so that they fit its background; none that is hard to read on either.
THEME = ANSISyntaxTheme(
    {
        ("Comment",): Style(dim=True, italic=True),
        ("Keyword",): Style(color="magenta"),
        ("Operator", "Word"): Style(color="magenta"),
        ("Name", "Function"): Style(bold=True),
        ("Name", "Class"): Style(bold=True),
        ("Name", "Decorator"): Style(color="magenta"),
        ("Name", "Builtin", "Pseudo"): Style(italic=True),
        ("Literal", "String"): Style(color="cyan"),
        ("Literal", "Number"): Style(color="cyan"),
    }
)
# What a text must not do to a terminal: control characters are shown, not obeyed.
PICTURES = {n: chr(0x2400 + n) for n in range(32) if n not in (9, 10)} | dict.fromkeys((127, *range(128, 160)), "\ufffd")
# Where colouring starts: a function, a class, a decorator; at most so many lines above.
HEADS = re.compile(r"\s*(?:def|class|async def|@)\b")
FAR = 400
GONE, COME = Style(color="red"), Style(color="green")


def plain(text: str) -> str:
    """A text that is safe to show: control characters as pictures, tabs as spaces."""
    return text.translate(PICTURES).expandtabs(4)


class Coloured:
    """The lines of a Python text with syntax colours, each hunk from the function on in which it lies: lexing a whole file takes long."""

    def __init__(self, text: str) -> None:
        self._lines = text.splitlines()
        self._done: dict[int, Text] = {}

    def line(self, number: int) -> Text:
        """The line of a 1-based number. ``reach`` must have come there."""
        return self._done.get(number) or Text(plain(self._lines[number - 1]))

    def reach(self, first: int, last: int) -> None:
        """Colour these lines, 1-based."""
        start = next((n for n in range(first, max(first - FAR, 1), -1) if HEADS.match(self._lines[n - 1])), max(first - FAR, 1))
        coloured = highlighted("\n".join(plain(line) for line in self._lines[start - 1 : last]))
        self._done.update(zip(range(start, last + 1), coloured, strict=False))


@lru_cache(maxsize=64)
def highlighted(text: str) -> tuple[Text, ...]:
    """The lines of a safe text with syntax colours."""
    done = Syntax("", "python", theme=THEME, background_color="default").highlight(text)
    return tuple(done.split("\n", allow_blank=True))


@lru_cache(maxsize=8)
def coloured(text: str) -> Coloured:
    """A text ready to be coloured, kept for the next page."""
    return Coloured(text)


def _line(side: Side, colours: Coloured, style: Style | None) -> Text:
    """One side of a row, what differs marked."""
    coloured = colours.line(side.number).copy()
    coloured.rstrip()
    if style is None:
        return coloured
    if side.spans is None:
        coloured.stylize(style)
        return coloured
    for start, end in side.spans:
        # Tabs and pictures move what stands behind them.
        first = len(plain(side.text[:start]))
        coloured.stylize(style + Style(bold=True, underline=True), first, len(plain(side.text[:end])))
    return coloured


def unified(hunk: Hunk, old: Coloured, new: Coloured, width: int, rule: str) -> Iterator[Text]:
    """A hunk one below the other: two line numbers, a mark, the line."""
    digits = _digits(hunk)
    _reach(hunk, old, new)
    for row in _ordered(hunk.rows):
        style = None if row.same else GONE if row.new is None else COME
        mark = " " if row.same else "-" if row.new is None else "+"
        left, right = _number(row.old, digits), _number(row.new, digits)
        gutter = Text.assemble((f" {left} {right} ", "dim"), (f"{mark} ", style or ""))
        side = row.new or row.old
        assert side is not None
        yield from _wrapped(gutter, _line(side, new if row.new else old, style), width)


def _ordered(rows: Iterable[Row]) -> Iterator[Row]:
    """What goes before what comes, as in a unified diff."""
    come: list[Row] = []
    for row in rows:
        if row.same:
            yield from come
            come = []
            yield row
            continue
        if row.old is not None:
            yield Row(row.old, None)
        if row.new is not None:
            come.append(Row(None, row.new))
    yield from come


def beside(hunk: Hunk, old: Coloured, new: Coloured, width: int, rule: str) -> Iterator[Text]:
    """A hunk side by side."""
    digits = _digits(hunk)
    _reach(hunk, old, new)
    left_width = (width - 1) // 2
    for row in hunk.rows:
        left = _half(row.old, old, row.same, GONE, "-", digits, left_width)
        right = _half(row.new, new, row.same, COME, "+", digits, width - 1 - left_width)
        for number in range(max(len(left), len(right))):
            one = left[number] if number < len(left) else Text("")
            two = right[number] if number < len(right) else Text("")
            one.pad_right(left_width - one.cell_len)
            yield Text.assemble(one, (rule, "dim"), two)


def _reach(hunk: Hunk, old: Coloured, new: Coloured) -> None:
    for colours, numbers in (
        (old, [row.old.number for row in hunk.rows if row.old is not None]),
        (new, [row.new.number for row in hunk.rows if row.new is not None]),
    ):
        if numbers:
            colours.reach(numbers[0], numbers[-1])


def _half(side: Side | None, colours: Coloured, same: bool, style: Style, mark: str, digits: int, width: int) -> list[Text]:
    if side is None:
        return [Text("")]
    gutter = Text.assemble((f" {_number(side, digits)} ", "dim"), (" " if same else mark, "" if same else style), " ")
    return list(_wrapped(gutter, _line(side, colours, None if same else style), width))


def _wrapped(gutter: Text, text: Text, width: int) -> Iterator[Text]:
    """A line that is too long goes on below, under its own beginning: nothing is cut off."""
    room = max(width - gutter.cell_len, 8)
    for number, part in enumerate(_pieces(text, room)):
        yield Text.assemble(gutter if not number else Text(" " * gutter.cell_len), part)


def _pieces(text: Text, room: int) -> list[Text]:
    if text.cell_len <= room:
        return [text]
    cuts, used = [], 0
    for at, character in enumerate(text.plain):
        cells = Text(character).cell_len
        if used + cells > room:
            cuts.append(at)
            used = 0
        used += cells
    return list(text.divide(cuts))


def _digits(hunk: Hunk) -> int:
    return max((len(str(side.number)) for row in hunk.rows for side in (row.old, row.new) if side is not None), default=1)


def _number(side: Side | None, digits: int) -> str:
    return str(side.number).rjust(digits) if side is not None else " " * digits


__all__ = ["beside", "coloured", "highlighted", "plain", "unified"]
