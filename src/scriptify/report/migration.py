"""What a migration did and what an entry's verdict is, for a person at a terminal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

from scriptify.report import patch
from scriptify.report.paths import relative, shown
from scriptify.report.text import coloured_diff_line, counted, indented
from scriptify.report.verdicts import verdicts
from scriptify.result import RunResult

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table

FEW = 12
ROWS = 10
REASONS = 5


def migration(result: RunResult, root: Path, dry_run: bool = False, everything: bool = False) -> Iterator[RenderableType]:
    """The report of a migration: what was rewritten, what was not and why, the verdict on each entry.

    It fits a screen: of what is more than a few it gives the counts, unless ``everything`` is asked for.
    """
    from rich.text import Text

    few = everything or len(result.rewrites) <= FEW
    yield from (_rewrites if few else _counts)(result, root)
    yield from _refusals(result, root, everything)
    yield from _declines(result, root, everything)
    if result.entries:
        yield from verdicts(result, root, before=True, everything=everything)
    yield from _eager_only(result, root, everything)
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


def _counts(result: RunResult, root: Path) -> Iterator[RenderableType]:
    from rich.text import Text

    from scriptify.registry import all_transforms

    names = {transform.code: transform.name for transform in all_transforms()}
    files = {code: len({r.path for r in result.rewrites if r.code == code}) for code in result.counts}
    yield Text("Rewrites", style="bold")
    table = _columns()
    ordered = result.counts.most_common()
    for code, number in ordered[:ROWS]:
        where = f" in {counted(files[code], 'file')}" if len(result.changed) > 1 else ""
        table.add_row(str(number), code, Text.assemble(names.get(code, ""), (where, "dim")))
    yield table
    if len(ordered) > ROWS:
        rest = sum(number for _, number in ordered[ROWS:])
        yield Text(f"       and {rest} more by {counted(len(ordered) - ROWS, 'other transform')}", style="dim")
    yield Text("       --verbose lists each, --html FILE shows them", style="dim")
    yield Text("")


def _more(number: int, limit: int, words: str) -> Iterator[RenderableType]:
    from rich.text import Text

    if number > limit:
        yield Text(f"       and {counted(number - limit, words)}; --verbose has all", style="dim")


def _refusals(result: RunResult, root: Path, everything: bool) -> Iterator[RenderableType]:
    from rich.text import Text

    if not result.refusals:
        return
    yield Text("Not applied", style="bold red")
    table = _columns()
    limit = len(result.refusals) if everything else REASONS
    for refusal in result.refusals[:limit]:
        place = f"{shown(refusal.rewrite.path, root)}:{refusal.rewrite.line}"
        table.add_row("", refusal.rewrite.code, Text(f"{place} {refusal.rewrite.title}: {refusal.reason}"))
    yield table
    yield from _more(len(result.refusals), limit, "more rewrite")
    yield Text("")


def _declines(result: RunResult, root: Path, everything: bool) -> Iterator[RenderableType]:
    from rich.text import Text

    if not result.declines:
        return
    yield Text("Left alone", style="bold yellow")
    table = _columns()
    places: dict[tuple[str, str], str] = {}
    for decline in result.declines:
        places.setdefault((decline.code, decline.because), f"{shown(decline.path, root)}:{decline.line}")
    reasons = Counter((d.code, d.because) for d in result.declines)
    limit = len(reasons) if everything else REASONS
    for (code, because), number in reasons.most_common(limit):
        more = f" and {counted(number - 1, 'more place')}" if number > 1 else ""
        table.add_row(str(number) if number > 1 else "", code, Text(f"{places[code, because]}{more}: {because}"))
    yield table
    yield from _more(len(reasons), limit, "more reason")
    yield Text("")


def _eager_only(result: RunResult, root: Path, everything: bool) -> Iterator[RenderableType]:
    from rich.text import Text

    raising = [rewrite for rewrite in result.rewrites if rewrite.raises]
    if not raising:
        return
    yield Text("Eager mode only", style="bold yellow")
    yield indented(
        2, "Scripted code raises an error, and says so in it, where eager code goes on. An entry that goes there shows what it takes."
    )
    table = _columns()
    limit = len(raising) if everything else REASONS
    for rewrite in raising[:limit]:
        table.add_row("", rewrite.code, Text(f"{shown(rewrite.path, root)}:{rewrite.line} {rewrite.scope}: {rewrite.title}"))
    yield table
    yield from _more(len(raising), limit, "more place")
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
        yield indented(2, relative(line, root))


def _closing(result: RunResult, dry_run: bool) -> str:
    if not result.changed:
        return "Nothing was changed."
    words = f"{counted(len(result.rewrites), 'rewrite')} in {counted(len(result.changed), 'file')}"
    if result.written:
        return f"{words}, written."
    return f"{words}, not written{' (--dry-run)' * dry_run}."


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
