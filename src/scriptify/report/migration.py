"""What a migration did and what an entry's verdict is, for a person at a terminal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

from scriptify import advice
from scriptify.oracle.protocol import State, Verdict
from scriptify.report import patch
from scriptify.report.paths import relative, shown
from scriptify.report.text import coloured_diff_line, counted
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
REASONS = 12


def migration(result: RunResult, root: Path, dry_run: bool = False) -> Iterator[RenderableType]:
    """The report of a migration: what was rewritten, what was not and why, the verdict on each entry."""
    from rich.text import Text

    yield from _rewrites(result, root)
    yield from _refusals(result, root)
    yield from _declines(result, root)
    if result.entries:
        yield from verdicts(result, root, before=True)
    yield from _eager_only(result, root)
    yield from _frontend(result, root)
    yield Text(_closing(result, dry_run), style="bold")
    if result.written and result.changed:
        yield Text("`scriptify undo` takes it back.", style="dim")


def _rewrites(result: RunResult, root: Path) -> Iterator[RenderableType]:
    from rich.text import Text

    for path, rewrites in groupby(result.rewrites, key=lambda r: r.path):
        yield Text(shown(path, root), style="bold")
        table = _columns()
        for rewrite in rewrites:
            table.add_row(str(rewrite.line), rewrite.code, Text(rewrite.title))
        yield table
        yield Text("")


def _refusals(result: RunResult, root: Path) -> Iterator[RenderableType]:
    from rich.text import Text

    if not result.refusals:
        return
    yield Text("Not applied", style="bold red")
    table = _columns()
    for refusal in result.refusals:
        place = f"{shown(refusal.rewrite.path, root)}:{refusal.rewrite.line}"
        table.add_row("", refusal.rewrite.code, Text(f"{place} {refusal.rewrite.title}: {refusal.reason}"))
    yield table
    yield Text("")


def _declines(result: RunResult, root: Path) -> Iterator[RenderableType]:
    from rich.text import Text

    if not result.declines:
        return
    yield Text("Left alone", style="bold yellow")
    table = _columns()
    places: dict[tuple[str, str], str] = {}
    for decline in result.declines:
        places.setdefault((decline.code, decline.because), f"{shown(decline.path, root)}:{decline.line}")
    reasons = Counter((d.code, d.because) for d in result.declines)
    for (code, because), number in reasons.most_common(REASONS):
        more = f" and {counted(number - 1, 'more place')}" if number > 1 else ""
        table.add_row("", code, Text(f"{places[code, because]}{more}: {because}"))
    yield table
    if len(reasons) > REASONS:
        yield Text(f"  and {counted(len(reasons) - REASONS, 'more reason')}; --format json has them all", style="dim")
    yield Text("")


def _eager_only(result: RunResult, root: Path) -> Iterator[RenderableType]:
    from rich.text import Text

    raising = [rewrite for rewrite in result.rewrites if rewrite.raises]
    if not raising:
        return
    yield Text("Eager mode only", style="bold yellow")
    yield _indented(
        2, "Scripted code raises an error, and says so in it, where eager code goes on. An entry that goes there shows what it takes."
    )
    table = _columns()
    for rewrite in raising:
        table.add_row("", rewrite.code, Text(f"{shown(rewrite.path, root)}:{rewrite.line} {rewrite.scope}: {rewrite.title}"))
    yield table
    yield Text("")


def _columns() -> Table:
    from rich.table import Table

    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column(justify="right", style="dim", min_width=6)
    table.add_column(style="cyan", no_wrap=True)
    table.add_column(overflow="fold")
    return table


def _frontend(result: RunResult, root: Path) -> Iterator[RenderableType]:
    from rich.text import Text

    if result.entries or not result.changed:
        return
    problems = [line for lines in result.frontend.values() for line in lines]
    proved = "they parse, compile and pass the front end of the scripting compiler"
    if not result.frontend:
        yield Text("No entry was given, and no torch is installed here: of the changed files only this was proved: they parse and compile.")
        return
    if not problems:
        yield Text(f"No entry was given, so of the changed files only this was proved: {proved}.")
        return
    yield Text(
        "No entry was given, so no more could be proved than that the changed files parse and compile. "
        f"The front end of the scripting compiler still refuses {counted(len(problems), 'place')}:"
    )
    for line in problems:
        yield _indented(2, relative(line, root))


def _closing(result: RunResult, dry_run: bool) -> str:
    if not result.changed:
        return "Nothing was changed."
    words = f"{counted(len(result.rewrites), 'rewrite')} in {counted(len(result.changed), 'file')}"
    if result.written:
        return f"{words}, written."
    return f"{words}, not written{' (--dry-run)' * dry_run}."


def verdicts(result: RunResult, root: Path, before: bool = False) -> Iterator[RenderableType]:
    """The verdict on each entry, and what stands in its way."""
    from rich.text import Text

    for item in result.entries:
        style = "bold green" if item.ok else "bold red"
        yield Text.assemble((relative(item.entry.target, root), style), (_effort(item), "dim"))
        if item.after.imports.ok:
            yield table_of(item, before)
            yield from _remarks(item)
        yield from _remaining(item, root)
        yield Text("")


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


def _cells(verdict: Verdict) -> list[Text]:
    from rich.text import Text

    cells = []
    for _, level in verdict.levels():
        word, style = STATES[level.state]
        cells.append(Text(word + "*" * bool(level.remarks), style=style))
    return cells


def _indented(by: int, words: str) -> RenderableType:
    from rich.padding import Padding
    from rich.text import Text

    return Padding(Text(words), (0, 0, 0, by), expand=False)


def _remarks(item: EntryResult) -> Iterator[RenderableType]:
    for name, level in item.after.levels():
        for remark in level.remarks:
            yield _indented(2, f"* {HEADINGS[name]}: {remark}")
    if item.after.unsteady:
        yield _indented(2, "* the model differs from itself under one seed, so values were not compared, only structure")


def _remaining(item: EntryResult, root: Path) -> Iterator[RenderableType]:
    failure = item.after.first_failure
    if failure is None:
        return
    name, level = failure
    words = FAILINGS[name] if level.state is State.REFUTED else f"was not tried ({HEADINGS[name]})"
    if name == "eager_same" and not item.before.eager_same.ok:
        words = "does not run as it is"
    headline = item.remaining.headline if item.remaining and name == "scripts" else level.detail.removeprefix(f"entry {item.entry.target}")
    yield _indented(2, f"It {words}: {relative(_short(headline), root)}")
    if item.remaining is not None:
        yield from _places(item, root)
    if item.outside:
        yield _indented(4, f"This lies outside the project ({item.outside}), in code that is not rewritten.")
    if item.advice:
        yield _indented(4, _sentence(item.advice))
    by_hand = advice.index(item.after.error).by_hand if name in ("scripts", "scripted_same") else ""
    if by_hand:
        yield _indented(4, f"By hand: {by_hand}")


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


def demonstration(result: RunResult, folder: Path, kept: bool) -> Iterator[RenderableType]:
    """The demo's story: what the compiler said, what was changed, what is proved now."""
    from rich.text import Text

    first = result.entries[0]
    yield Text("1. torch.jit.script refuses this model:", style="bold")
    yield Text("")
    lines = [line for line in first.before.error.strip().splitlines() if line.strip()]
    for line in lines[:8]:
        yield Text(f"    {relative(line, folder)}", style="red", no_wrap=True, overflow="ignore")
    yield Text("")
    yield Text("2. scriptify rewrites it:", style="bold")
    yield Text("")
    for line in patch.unified(result.changed, folder):
        yield coloured_diff_line(line.rstrip("\n"))
    yield Text("")
    yield from _rewrites(result, folder)
    yield Text("3. and proves the result:", style="bold")
    yield Text("")
    yield from verdicts(result, folder, before=True)
    if kept:
        yield Text(f"The model is in {folder}; `scriptify undo` there takes the rewrites back.")
    yield Text("Your own: scriptify migrate models.py --entry models.py:make_model", style="bold")
    yield Text("where make_model() returns (model, example_args).")
