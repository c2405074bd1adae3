"""A run as GitHub workflow annotations. Source: https://docs.github.com/actions (workflow commands)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from scriptify.oracle.protocol import State
from scriptify.report.paths import relative, shown
from scriptify.report.verdicts import FAILINGS
from scriptify.result import EntryResult, RunResult


def workflow_commands(result: RunResult, root: Path) -> Iterator[str]:
    """One line per rewrite (a warning; a notice once it is written), decline (notice), and what failed or was refused (error)."""
    level = "notice" if result.written else "warning"
    for rewrite in result.rewrites:
        yield _line(level, shown(rewrite.path, root), rewrite.line, rewrite.code, rewrite.title)
    for decline in result.declines:
        yield _line("notice", shown(decline.path, root), decline.line, decline.code, decline.because)
    for refusal in result.refusals:
        rewrite = refusal.rewrite
        words = f"{rewrite.title}: not applied: {relative(refusal.reason, root)}"
        yield _line("notice" if refusal.by_choice else "error", shown(rewrite.path, root), rewrite.line, rewrite.code, words)
    for entry in result.entries:
        if not entry.ok:
            yield _entry(entry, root)
    for failed in result.failed:
        yield _line("error", shown(failed.path, root), 1, "scriptify", relative(failed.error, root))


def _entry(item: EntryResult, root: Path) -> str:
    name, level = item.after.first_failure or ("scripts", item.after.scripts)
    words = item.remaining.headline if item.remaining and name == "scripts" else relative(level.detail, root)
    failing = FAILINGS[name] if level.state is State.REFUTED else f"was not tried ({name.replace('_', ' ')})"
    where = item.remaining.place if item.remaining and not item.outside else None
    target = relative(item.entry.target, root)
    if where is not None:
        return _line("error", shown(where.path, root), where.line, target, f"{failing}: {words}")
    file = shown(str(Path(item.entry.root or root, item.entry.where)), root) if item.entry.is_file else ""
    return _line("error", file, 1 if file else 0, target, f"{failing}: {words}")


def _line(level: str, path: str, line: int, title: str, message: str) -> str:
    place = f"file={_property(path)},line={line}," if path else ""
    return f"::{level} {place}title={_property(title)}::{_data(message)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
