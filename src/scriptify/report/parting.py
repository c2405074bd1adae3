"""Where two forms of a model part, for a person at a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from scriptify.oracle.parting import Parting, Row, Verdict
from scriptify.report import parting_words as words

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table

AROUND = 8
WHOLE = 30
STYLES = {Verdict.SAME: "green", Verdict.PARTS: "bold red", Verdict.UNSTEADY: "yellow", Verdict.UNSEEN: "dim"}
KEYS = 8


def parting(found: Parting, every: bool = False) -> Iterator[RenderableType]:
    """The comparison: the state first, where they part, the table of modules (``every`` row of it, or those around), what else is known."""
    from rich.text import Text

    yield Text(f"{found.entry}: {found.a} against {found.b}", style="bold")
    if not found.errors:
        for line in words.state(found):
            loud = bool(found.state.differ or found.state.modes or found.state.only_a or found.state.only_b)
            yield Text(line, style="bold yellow" if loud else "")
        yield from _keys(found)
    style = "bold red" if found.errors or found.parts else "bold yellow" if found.first is not None else "bold green"
    yield Text(words.headline(found), style=style)
    if found.rows:
        yield Text("")
        yield from _table(found, every)
    for line in words.details(found):
        yield Text(line, style="dim")


def _keys(found: Parting) -> Iterator[RenderableType]:
    from rich.text import Text

    for item in found.state.differ[1:KEYS]:
        what = item.leaf.said or (words.apart(item.leaf.gap) if item.leaf.gap else "")
        yield Text(f"  {item.key}: {what}", style="yellow", no_wrap=True)
    if len(found.state.differ) > KEYS:
        yield Text(f"  and {len(found.state.differ) - KEYS} more; --format json has them all", style="dim")


def _table(found: Parting, every: bool) -> Iterator[RenderableType]:
    from rich.table import Table
    from rich.text import Text

    several = len({(row.case, row.turn) for row in found.rows}) > 1
    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0), header_style="dim")
    if several:
        table.add_column("case", no_wrap=True)
    for name in ("module", "class"):
        table.add_column(name, overflow="fold")
    table.add_column("output", no_wrap=True)
    for name in ("max", "mean", "rel.", "alone", ""):
        table.add_column(name, justify="left" if not name else "right", no_wrap=True)
    shown = range(len(found.rows)) if every or len(found.rows) <= WHOLE else sorted(set(_near(found)))
    last = -1
    for number in shown:
        if number > last + 1:
            _skipped(table, found.rows[last + 1 : number], several)
        last = number
        table.add_row(*_cells(found, number, several), style="bold" if number == found.first else "")
    if last < len(found.rows) - 1:
        _skipped(table, found.rows[last + 1 :], several)
    yield table
    yield Text("")


def _near(found: Parting) -> Iterator[int]:
    """The rows that matter of many: around the first and the largest jump, and the model's own."""
    for centre in (found.first, found.jump):
        if centre is not None:
            yield from range(max(0, centre - AROUND), min(len(found.rows), centre + AROUND + 1))
    if found.first is None and found.jump is None:
        yield from range(AROUND)
    yield from (number for number, row in enumerate(found.rows) if not row.path)


def _skipped(table: Table, rows: Sequence[Row], several: bool) -> None:
    from rich.text import Text

    wrong = sum(row.verdict is Verdict.PARTS for row in rows)
    text = f"... {len(rows)} more calls, {f'{wrong} of them part' if wrong else 'all agree'}"
    table.add_row(*(("",) if several else ()), Text(text, style="dim"), *[""] * 7)


def _cells(found: Parting, number: int, several: bool) -> Iterator[RenderableType]:
    from rich.text import Text

    row = found.rows[number]
    worst = row.worst
    if several:
        yield f"{row.case + 1}{f'.{row.turn + 1}' if row.turn else ''}"
    yield Text(f"{row.name}{f' #{row.call}' if row.call > 1 else ''}")
    yield Text(row.cls)
    gap = worst.gap if worst else None
    where = f"{worst.where} " if worst and worst.where else ""
    yield Text(f"{where}{(worst.said or words.tensor(worst)) if worst else ''}".replace(", ", ",").replace(" [", "["))
    yield from (words.number(value) for value in (gap.largest, gap.mean, gap.relative)) if gap else ("", "", "")
    yield "parts" if row.alone_said else words.number(row.alone.largest) if row.alone else ""
    verdict = {Verdict.ONLY_A: f"only in {found.a}", Verdict.ONLY_B: f"only in {found.b}"}.get(row.verdict, row.verdict.value)
    mark = "<- first" if number == found.first else "<- largest jump" if number == found.jump and found.parts else ""
    if number == found.first and found.by_input:
        mark = "<- first, in what it is given"
    yield Text(f"{verdict} {mark}".strip(), style=STYLES.get(row.verdict, "bold red"))
