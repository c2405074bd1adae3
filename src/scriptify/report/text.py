"""Results for a person at a terminal: short, in the order of interest, nothing silent."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from scriptify.oracle.protocol import State, Verdict
from scriptify.report import patch
from scriptify.report.paths import shown
from scriptify.result import EntryResult, RunResult

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table
    from rich.text import Text

    from scriptify.advice import Advice

WORDS = {
    "imports": "runs",
    "eager_same": "eager same",
    "keys_same": "keys same",
    "scripts": "scripts",
    "scripted_same": "scripted = eager",
    "reloads": "saved = loaded",
}
STATES = {State.PROVED: ("yes", "green"), State.REFUTED: ("NO", "bold red"), State.NOT_TRIED: ("-", "dim")}


def findings(result: RunResult, root: Path) -> Iterator[Text]:
    """``path:line: CODE what would change`` for each rewrite, and each decline with its reason."""
    from rich.text import Text

    rows = [(r.path, r.line, r.code, r.title, "") for r in result.rewrites]
    rows += [(d.path, d.line, d.code, d.because, "left alone: ") for d in result.declines]
    for path, line, code, words, prefix in sorted(rows):
        yield Text.assemble((f"{shown(path, root)}:{line}: ", "bold"), (f"{code} ", "yellow" if prefix else "cyan"), prefix, words)
    for failed in result.failed:
        yield Text.assemble((f"{shown(failed.path, root)}: ", "bold"), ("failed ", "red"), failed.error)


def survey_summary(result: RunResult) -> list[Text]:
    """One line that counts."""
    from rich.text import Text

    files = sum(1 for _ in result.outcomes)
    words = f"{_count(len(result.rewrites), 'rewrite')} in {_count(len(result.changed), 'file')} of {files}"
    words += f", {len(result.declines)} left alone with a reason" * bool(result.declines)
    words += f", {_count(len(result.failed), 'file')} failed" * bool(result.failed)
    return [Text(words, style="bold")]


def troubles(result: RunResult) -> Iterator[str]:
    """What failed, a sentence each."""
    for failed in result.failed:
        yield failed.error if failed.error.startswith(failed.path) else f"{failed.path}: {failed.error}"
    named = {failed.path for failed in result.failed}
    for key, why in sorted(result.failures.items()):
        if key not in named:
            yield why
    yield from result.problems


def migration(result: RunResult, root: Path) -> Iterator[RenderableType]:
    """The report of a migration: entries, what was rewritten, what is left and why."""
    from rich.text import Text

    if result.entries:
        yield entry_table(result)
        for item in result.entries:
            yield from _remaining(item, root)
    if result.rewrites:
        yield Text("")
        for rewrite in result.rewrites:
            yield Text.assemble((f"{rewrite.code} ", "cyan"), f"{shown(rewrite.path, root)}:{rewrite.line} {rewrite.title}")
    for refusal in result.refusals:
        where = f"{shown(refusal.rewrite.path, root)}:{refusal.rewrite.line}"
        yield Text.assemble((f"{refusal.rewrite.code} ", "red"), f"{where} not applied: {refusal.reason}")
    reasons = Counter((d.code, d.because) for d in result.declines)
    for (code, because), number in reasons.most_common(12):
        yield Text.assemble((f"{code} ", "yellow"), f"left alone ({number}): {because}")
    if len(reasons) > 12:
        yield Text(f"... and {len(reasons) - 12} more reasons; --format json has them all", style="dim")
    yield Text("")
    yield from _closing(result, root)


def _closing(result: RunResult, root: Path) -> Iterator[Text]:
    from rich.text import Text

    verb = "written" if result.written else "not written (--dry-run)"
    counted = f"{_count(len(result.rewrites), 'rewrite')} in {_count(len(result.changed), 'file')}"
    yield Text(f"{counted} {verb}" if result.changed else "nothing changed", style="bold")
    if not result.entries and result.changed:
        problems = sum(len(lines) for lines in result.frontend.values())
        yield Text("Without an entry only this was proved: the files parse, compile and pass the scripting front end")
        if problems:
            yield Text(f"  ... but for {_count(problems, 'place')}:")
            for path, lines in result.frontend.items():
                for line in lines:
                    yield Text(f"  {shown(path, root)}: {line}")
    if result.written and result.changed:
        yield Text("`scriptify undo` takes it back", style="dim")


def verdicts(result: RunResult, root: Path) -> Iterator[RenderableType]:
    """The verdict on each entry."""
    yield entry_table(result, before=False)
    for item in result.entries:
        yield from _remaining(item, root)


def entry_table(result: RunResult, before: bool = True) -> Table:
    """Entries by level, with what was proved before and after."""
    from rich.table import Table

    made = Table(box=None, pad_edge=False)
    made.add_column("entry", overflow="fold")
    for word in WORDS.values():
        made.add_column(word, justify="center")
    for item in result.entries:
        if before and item.before != item.after:
            made.add_row(f"{item.entry.target} before", *_cells(item.before), style="dim")
        made.add_row(item.entry.target, *_cells(item.after))
    return made


def _cells(verdict: Verdict) -> list[Text]:
    from rich.text import Text

    cells = []
    for _, level in verdict.levels():
        word, style = STATES[level.state]
        cells.append(Text(word + "*" * bool(level.remarks), style=style))
    return cells


def _remaining(item: EntryResult, root: Path) -> Iterator[Text]:
    from rich.text import Text

    for name, level in item.after.levels():
        for remark in level.remarks:
            yield Text(f"* {item.entry.target}: {WORDS[name]}: {remark}", style="dim")
    failure = item.after.first_failure
    if failure is None:
        return
    name, level = failure
    yield Text("")
    if item.remaining is None:
        yield Text.assemble((f"{item.entry.target}: ", "bold"), f"{WORDS[name]}: {level.detail}")
        return
    where = item.remaining.place
    at = f" at {shown(where.path, root)}:{where.line}" if where else ""
    yield Text.assemble((f"{item.entry.target}: ", "bold"), f"{WORDS[name]}: {item.remaining.headline}{at}")
    if where and where.text:
        yield Text(f"    {where.text}", style="dim")
    for caller in item.remaining.callers[:3]:
        yield Text(f"    called from {shown(caller.path, root)}:{caller.line}  {caller.text}", style="dim")
    if item.outside:
        yield Text("    this lies outside the project, in code that is not rewritten", style="dim")
    if item.advice:
        yield Text(f"    {item.advice}")


def coloured_diff_line(line: str) -> Text:
    """A line of a patch in the usual colours."""
    from rich.text import Text

    if line.startswith(("+++", "---", "diff ")):
        return Text(line, style="bold")
    styles = {"+": "green", "-": "red", "@": "cyan"}
    return Text(line, style=styles.get(line[:1], ""))


def advice(found: Advice) -> Iterator[Text]:
    """What a pasted error means and what to do."""
    from rich.text import Text

    yield Text(found.diagnostic.headline, style="bold")
    for place in (*found.diagnostic.places[:2], *found.diagnostic.callers[:3]):
        yield Text(f"  {place.path}:{place.line}  {place.text}", style="dim")
    if found.cause:
        yield Text(f"Cause: {found.cause}")
    if found.by_hand:
        yield Text(f"By hand: {found.by_hand}")
    for transform in found.transforms:
        yield Text.assemble("Answered by ", (f"{transform.code} {transform.name}", "cyan"), f" (`scriptify explain {transform.code}`)")
    if not found.transforms:
        yield Text("No transform answers this message.")


def demonstration(result: RunResult) -> Iterator[RenderableType]:
    """The demo's story: what the compiler said, what was changed, what is proved now."""
    from rich.text import Text

    first = result.entries[0]
    root = Path(result.changed[0].path).parent if result.changed else Path.cwd()
    yield Text("torch.jit.script refuses this model:", style="bold")
    lines = [line for line in first.before.error.strip().splitlines() if line.strip()]
    for line in lines[:6]:
        yield Text(f"    {line}".replace(str(root) + "/", ""), style="red")
    yield Text("\nscriptify rewrites it:", style="bold")
    for line in patch.unified(result.changed, root):
        yield coloured_diff_line(line.rstrip("\n"))
    yield Text("\nand proves the result:", style="bold")
    yield entry_table(result)
    for rewrite in result.rewrites:
        yield Text.assemble((f"{rewrite.code} ", "cyan"), f"line {rewrite.line}: {rewrite.title}")
    yield Text("")
    yield Text("Next: scriptify migrate your_model.py --entry your_model.py:entry", style="bold")


def _count(number: int, word: str) -> str:
    return f"{number} {word}{'s' * (number != 1)}"
