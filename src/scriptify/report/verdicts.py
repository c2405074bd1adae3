"""The verdict on entries for a person at a terminal: before and after, what stands in the way, and what is left to do by hand."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from scriptify import advice
from scriptify.oracle.protocol import Level, State, Verdict
from scriptify.report.paths import relative, shown
from scriptify.report.text import counted, indented
from scriptify.result import EntryResult, RunResult

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table
    from rich.text import Text

HEADINGS = {
    "imports": "runs",
    "eager_same": "same eager",
    "keys_same": "same keys",
    "scripts": "scripts",
    "scripted_same": "scripted = eager",
    "reloads": "reloads",
}
FAILINGS = {
    "imports": "can't be run",
    "eager_same": "does not compute the same",
    "keys_same": "has another state_dict",
    "scripts": "does not script",
    "scripted_same": "computes something else once scripted",
    "reloads": "is not the same after save and load",
}
STATES = {State.PROVED: ("yes", "green"), State.REFUTED: ("NO", "bold red"), State.NOT_TRIED: ("-", "dim")}
FEW = 3
ROWS = 8
TOLD = 3


def verdicts(result: RunResult, root: Path, before: bool = False, everything: bool = False) -> Iterator[RenderableType]:
    """The verdict on each entry, and what stands in its way: level by level for a few, else a line each and the rest to do by hand."""
    from rich.text import Text

    if len(result.entries) > FEW and not everything:
        yield from _many(result.entries, root, before)
        return
    for item in result.entries:
        style = "bold green" if item.ok else "bold red"
        yield Text.assemble((relative(item.entry.target, root), style), (_effort(item), "dim"))
        if item.after.imports.ok:
            yield table_of(item, before)
            yield from _remarks(item)
        if item.others:
            yield _forms_table(item, before)
        yield from _remaining(item, root)
        yield from _other_forms(item, root)
        yield Text("")


def _other_forms(item: EntryResult, root: Path) -> Iterator[RenderableType]:
    """What is to be said of the forms asked for besides scripting."""
    for form, (_, level) in item.others.items():
        if not level.ok:
            words = "can't be had or is not the same" if level.state is State.REFUTED else "was not tried"
            yield indented(2, f"The form {form} {words}: {relative(level.detail, root)}")
        for remark in level.remarks:
            yield indented(2, f"* {form}: {relative(remark, root)}")


def _effort(item: EntryResult) -> str:
    cases = f"{counted(item.after.cases, 'case')}, " if item.after.cases > 1 else ""
    return f"  ({cases}{counted(item.attempts, 'attempt')}, {item.seconds:.1f} s)"


def table_of(item: EntryResult, before: bool) -> Table:
    """One entry by level: what was proved, before and after."""
    from rich.table import Table

    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column("", min_width=8)
    for heading in HEADINGS.values():
        table.add_column(heading, no_wrap=True)
    if before:
        table.add_row("  before", *_cells(item.before))
        table.add_row("  after", *_cells(item.after))
    else:
        table.add_row("", *_cells(item.after))
    return table


def _forms_table(item: EntryResult, before: bool) -> Table:
    """The forms asked for besides scripting, each made and compared with eager."""
    from rich.table import Table

    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column("", min_width=8)
    for form in item.others:
        table.add_column(f"{form} = eager", no_wrap=True)
    for side, name in enumerate(("  before", "  after") if before else ("", "")):
        if before or side:
            table.add_row(name, *(_cell(pair[side]) for pair in item.others.values()))
    return table


def _cells(verdict: Verdict) -> list[Text]:
    return [_cell(level) for _, level in verdict.levels()]


def _cell(level: Level) -> Text:
    from rich.text import Text

    word, style = STATES[level.state]
    return Text(word + "*" * bool(level.remarks), style=style)


def _remarks(item: EntryResult) -> Iterator[RenderableType]:
    for name, level in item.after.levels():
        for remark in level.remarks:
            yield indented(2, f"* {HEADINGS[name]}: {remark}")
    if item.after.unsteady:
        yield indented(2, "* the model differs from itself under one seed, so values were not compared, only structure")


def _remaining(item: EntryResult, root: Path) -> Iterator[RenderableType]:
    failure = item.after.first_failure
    if failure is None:
        return
    name, level = failure
    words = FAILINGS[name] if level.state is State.REFUTED else f"was not tried ({HEADINGS[name]})"
    if name == "eager_same" and not item.before.eager_same.ok:
        words = "does not run as it is"
    headline = item.remaining.headline if item.remaining and name == "scripts" else level.detail.removeprefix(f"entry {item.entry.target}")
    yield indented(2, f"It {words}: {relative(_short(headline), root)}")
    if item.remaining is not None:
        yield from _places(item, root)
    if item.outside:
        yield indented(4, f"This lies outside the project ({item.outside}), in code that is not rewritten.")
    if item.advice:
        yield indented(4, _sentence(item.advice))
    by_hand = advice.index(item.after.error).by_hand if name in ("scripts", "scripted_same") else ""
    if by_hand:
        yield indented(4, f"By hand: {by_hand}")


def _short(headline: str) -> str:
    """The first sentences of a long message: some of the compiler's end in a page of advice."""
    words = headline.strip().removeprefix(":").strip()
    while len(words) > 160 and ". " in words[40:-1]:
        words = words[: words.rindex(". ", 40)]
    return words


def _places(item: EntryResult, root: Path) -> Iterator[Text]:
    from rich.text import Text

    assert item.remaining is not None
    where = item.remaining.place
    if where is not None:
        yield Text.assemble("    at ", (f"{shown(where.path, root)}:{where.line}", "bold"), f"  {where.text}")
    for caller in item.remaining.callers[:3]:
        yield Text(f"    called from {shown(caller.path, root)}:{caller.line}  {caller.text}", style="dim")


def _sentence(words: str) -> str:
    return words[:1].upper() + words[1:] + "." * (not words.endswith((".", "?", "!")))


def _many(entries: Sequence[EntryResult], root: Path, before: bool) -> Iterator[RenderableType]:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    for heading in ("entry", *(["before"] if before else []), "after" if before else "verdict"):
        table.add_column(heading, overflow="fold")
    # Those that are not proved first: of many, they must not be the ones that are left out.
    ordered = sorted(entries, key=lambda item: item.ok)
    for item in ordered[:ROWS]:
        cells = [_word(item.before)] if before else []
        table.add_row(Text(relative(item.entry.target, root)), *cells, _word(item.after))
    yield table
    if len(ordered) > ROWS:
        proved = sum(item.ok for item in ordered[ROWS:])
        which = "all" if proved == len(ordered) - ROWS else f"{proved} of them"
        yield Text(f"and {len(ordered) - ROWS} more, {which} proved", style="dim")
    yield Text("")
    open_ones = [item for item in entries if not item.ok]
    if not open_ones:
        return
    yield Text("Left to do by hand", style="bold yellow")
    for item in open_ones[:TOLD]:
        yield Text(f"  {relative(item.entry.target, root)}", style="bold")
        yield from _remaining(item, root)
    if len(open_ones) > TOLD:
        yield Text(f"  and {counted(len(open_ones) - TOLD, 'more entry', 'more entries')}; --verbose tells all", style="dim")
    yield Text("")


def _word(verdict: Verdict) -> Text:
    from rich.text import Text

    failure = verdict.first_failure
    if failure is None:
        remarks = any(level.remarks for _, level in verdict.levels())
        return Text(f"proved{'*' * remarks}", style="green")
    name, level = failure
    return Text(FAILINGS[name], style="red") if level.state is State.REFUTED else Text(f"{HEADINGS[name]}: not tried", style="dim")
