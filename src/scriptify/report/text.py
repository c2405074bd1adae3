"""Findings and problems for a person at a terminal: a line each, nothing silent."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from scriptify.report.paths import relative, shown
from scriptify.result import RunResult
from scriptify.transform import Skipped

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.text import Text


def findings(result: RunResult, root: Path) -> Iterator[Text]:
    """``path:line: CODE what would change`` for each rewrite, and each decline with its reason."""
    from rich.text import Text

    rows = [(r.path, r.line, r.code, r.title, "") for r in result.rewrites]
    rows += [(d.path, d.line, d.code, d.because, "left alone: ") for d in result.declines]
    for path, line, code, words, prefix in sorted(rows):
        place = f"{shown(path, root)}:{line}: "
        yield Text.assemble((place, "bold"), (f"{code} ", "yellow" if prefix else "cyan"), (prefix, "dim"), words)


def survey_summary(result: RunResult) -> str:
    """One line that counts."""
    files = sum(1 for outcome in result.outcomes if not isinstance(outcome, Skipped))
    if not result.rewrites and not result.failed:
        words = f"Nothing to rewrite in {counted(files, 'file')}"
    else:
        words = f"{counted(len(result.rewrites), 'rewrite')} in {counted(len(result.changed), 'file')} of {files}"
    words += f", {counted(len(result.declines), 'place')} left alone with a reason" * bool(result.declines)
    words += f", {counted(len(result.failed), 'file')} failed" * bool(result.failed)
    return f"{words}."


def troubles(result: RunResult, root: Path) -> Iterator[str]:
    """What failed or was passed by, a sentence each."""
    for failed in result.failed:
        told = failed.error.startswith((failed.path, shown(failed.path, root)))
        yield relative(failed.error if told else f"{failed.path}: {failed.error}", root)
    named = {failed.path for failed in result.failed}
    for key, why in sorted(result.failures.items()):
        if key not in named:
            yield relative(why, root)
    for outcome in result.outcomes:
        if isinstance(outcome, Skipped):
            yield relative(outcome.reason, root)
    for problem in result.problems:
        yield relative(problem, root)


def coloured_diff_line(line: str) -> Text:
    """A line of a patch in the usual colours."""
    from rich.text import Text

    styles = {"+": "green", "-": "red", "@": "cyan"}
    style = "bold" if line.startswith(("+++", "---", "diff ")) else styles.get(line[:1], "")
    return Text(line, style=style, no_wrap=True, overflow="ignore")


def counted(number: int, word: str, several: str = "") -> str:
    """``1 file``, ``2 files``; ``several`` where more than an s is added."""
    return f"{number} {word if number == 1 else several or word + 's'}"


def indented(by: int, words: str) -> RenderableType:
    """Words with a margin, folded inside it."""
    from rich.padding import Padding
    from rich.text import Text

    return Padding(Text(words), (0, 0, 0, by), expand=False)
