"""What the verbs call: the library with a progress bar around it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from scriptify.cli.options import Chosen
from scriptify.cli.progress import watching
from scriptify.result import EntryResult, RunResult

if TYPE_CHECKING:
    from scriptify.oracle.protocol import Entry


@contextmanager
def _pool(jobs: int) -> Iterator[Executor | None]:
    if jobs == 1:
        yield None
        return
    with ProcessPoolExecutor(jobs) as pool:
        yield pool


def survey(chosen: Chosen, paths: Sequence[str]) -> RunResult:
    """Findings from static facts."""
    from scriptify import api

    with _pool(chosen.jobs) as pool:
        return api.survey(chosen.paths(paths), settings=chosen.settings, executor=pool)


def migrate(
    chosen: Chosen,
    paths: Sequence[str],
    entries: Sequence[str],
    time_limit: float,
    keep_partial: bool,
    write: bool,
    save: Path | None = None,
    root: Path | None = None,
) -> RunResult:
    """A migration with a progress bar; ``save`` also writes the first entry's scripted model."""
    from scriptify import api
    from scriptify.oracle.protocol import Limits

    wanted = _entries(chosen, entries)
    if save is not None and not wanted:
        raise click.UsageError("--save needs an --entry")
    with _pool(chosen.jobs) as pool, watching(chosen) as watch:
        return api.migrate(
            chosen.paths(paths),
            wanted,
            settings=chosen.settings,
            limits=Limits(seconds=time_limit),
            keep_partial=keep_partial,
            progress=watch,
            executor=pool,
            write=write,
            save=save,
            root=root,
        )


def verify(chosen: Chosen, entries: Sequence[str], time_limit: float) -> RunResult:
    """A verdict for each entry, as a result without changes."""
    from scriptify import api
    from scriptify.oracle.protocol import Limits

    wanted = _entries(chosen, entries)
    if not wanted:
        raise click.UsageError("give an --entry, or set entries in [tool.scriptify] of pyproject.toml")
    verdicts = [(entry, api.verify(entry, limits=Limits(seconds=time_limit))) for entry in wanted]
    return RunResult(entries=tuple(EntryResult(entry, verdict, verdict) for entry, verdict in verdicts), written=True)


def _entries(chosen: Chosen, given: Sequence[str]) -> list[Entry]:
    from scriptify.oracle.protocol import Entry

    try:
        return [Entry(item, str(Path.cwd())) for item in chosen.entries(given)]
    except ValueError as error:
        raise click.UsageError(str(error)) from error
