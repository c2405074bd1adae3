"""The error along the network as a plot: where each point, band and label stands."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby

from scriptify.oracle.parting import Parting, Row, Verdict
from scriptify.report.parting_words import number

WIDTH, HEIGHT = 1000, 260
LEFT, RIGHT, TOP, BOTTOM = 56, 12, 14, 34
FLOOR, HIGHEST = -9, 30
LETTER = 7


@dataclass(frozen=True, slots=True)
class Point:
    """One call: accumulated error or error by itself."""

    x: float
    y: float
    title: str
    kind: str


@dataclass(frozen=True, slots=True)
class Band:
    """The calls within one child of the model, side by side."""

    x: float
    width: float
    label: str


@dataclass(frozen=True, slots=True)
class Plot:
    """One call of the model: relative error (logarithmic, zero at the bottom) over the calls of its modules in time."""

    caption: str
    bands: list[Band] = field(default_factory=list)
    ticks: list[tuple[float, str]] = field(default_factory=list)
    line: str = ""
    points: list[Point] = field(default_factory=list)
    first: float | None = None
    label: str = ""
    anchor: str = "start"


def plots(found: Parting) -> Iterator[Plot]:
    """A plot for each call of the model with more than one row of numbers."""
    numbered = list(enumerate(found.rows))
    calls = [list(group) for _, group in groupby(numbered, key=lambda pair: (pair[1].case, pair[1].turn))]
    for call in calls:
        rows = [(index, row) for index, row in call if any(leaf.gap or leaf.said for leaf in row.outputs) or row.verdict in _ONLY]
        if len(rows) > 1:
            yield _plot(found, rows, several=len(calls) > 1)


_ONLY = (Verdict.ONLY_A, Verdict.ONLY_B)


def _plot(found: Parting, rows: Sequence[tuple[int, Row]], several: bool) -> Plot:
    top = max((math.log10(row.error) for _, row in rows if 0 < row.error < math.inf), default=FLOOR + 3)
    ceiling = min(max(math.ceil(top), -3), HIGHEST)
    step = (WIDTH - LEFT - RIGHT) / len(rows)

    def x(place: int) -> float:
        return round(LEFT + (place + 0.5) * step, 1)

    def y(error: float) -> float:
        level = FLOOR if error <= 10.0**FLOOR else min(math.log10(error), ceiling)
        return round(TOP + (ceiling - level) / (ceiling - FLOOR) * (HEIGHT - TOP - BOTTOM), 1)

    case = rows[0][1]
    caption = f"Case {case.case + 1}{f', call {case.turn + 1}' if case.turn else ''}" if several else ""
    points, path = [], []
    first, label, anchor = None, "", "start"
    for place, (index, row) in enumerate(rows):
        # A difference in words (a shape, a kind) has no size: it stands at the top.
        told = any(leaf.said for leaf in row.outputs) or row.verdict in _ONLY
        error = math.inf if told else row.error
        path.append(f"{x(place)},{y(error)}")
        if row.alone is not None and not row.alone_said:
            points.append(Point(x(place), y(row.alone.relative), f"{row.name} by itself: {number(row.alone.relative)}", "alone"))
        points.append(Point(x(place), y(error), _title(row, error), "no" if row.verdict is not Verdict.SAME else "yes"))
        if index == found.first:
            first, label, anchor = x(place), row.name, "end" if place > len(rows) / 2 else "start"
    ticks = [
        (y(10.0**level), "0" if level == FLOOR else f"1e{level}")
        for level in range(FLOOR, ceiling + 1, 2 if ceiling - FLOOR <= 6 else 3 * math.ceil((ceiling - FLOOR) / 18))
    ]
    return Plot(caption, list(_bands([row for _, row in rows], step)), ticks, " ".join(path), points, first, label, anchor)


def _title(row: Row, error: float) -> str:
    call = f" (call {row.call})" if row.call > 1 else ""
    what = number(error) if error < math.inf else next((leaf.said for leaf in row.outputs if leaf.said), row.verdict.value)
    return f"{row.name}{call} {row.cls}: {what}"


def _bands(rows: Sequence[Row], step: float) -> Iterator[Band]:
    at = 0
    for name, group in groupby(row.path.split(".")[0] for row in rows):
        count = len(list(group))
        wide = count * step
        label = name if len(name) * LETTER < wide else name[: max(0, int(wide / LETTER) - 1)] + "…" if wide > 4 * LETTER else ""
        yield Band(round(LEFT + at * step, 1), round(wide, 1), label)
        at += count
