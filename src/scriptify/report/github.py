"""Findings as GitHub workflow annotations. Source: https://docs.github.com/actions (workflow commands)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from scriptify.report.paths import relative, shown
from scriptify.result import RunResult


def workflow_commands(result: RunResult, root: Path) -> Iterator[str]:
    """One line per rewrite (warning), decline (notice) and failure (error)."""
    for rewrite in result.rewrites:
        yield _line("warning", shown(rewrite.path, root), rewrite.line, rewrite.code, rewrite.title)
    for decline in result.declines:
        yield _line("notice", shown(decline.path, root), decline.line, decline.code, decline.because)
    for failed in result.failed:
        yield _line("error", shown(failed.path, root), 1, "scriptify", relative(failed.error, root))


def _line(level: str, path: str, line: int, title: str, message: str) -> str:
    return f"::{level} file={_property(path)},line={line},title={_property(title)}::{_data(message)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
