"""``scriptify review``: a migration that asks about each rewrite before anything is written."""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from scriptify.cli import options, running
from scriptify.cli.faults import INTERRUPTED
from scriptify.cli.output import Output

if TYPE_CHECKING:
    from scriptify.cli.options import Chosen
    from scriptify.result import RunResult
    from scriptify.review.conduct import Conductor
    from scriptify.review.replay import Replay

REMAINS = 1
HUNG_UP = 129


@click.command()
@click.argument("paths", nargs=-1, metavar="PATH...", type=click.Path())
@options.entry
@click.option("--resume", is_flag=True, help="Go on with the last review of this project.")
@click.option(
    "--decisions",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Keep the decisions here, and start from those that are here; without a terminal, carry them out.",
)
@click.option("--by-file", is_flag=True, help="Start with all rewrites of a file at once; s splits them.")
@click.option("--keep-partial", is_flag=True, help="Offer rewrites even where an entry does not script in the end.")
@options.styles("text", "json")
@options.page
@options.selection
def review(
    paths: tuple[str, ...],
    entries: tuple[str, ...],
    resume: bool,
    decisions: Path | None,
    by_file: bool,
    keep_partial: bool,
    time_limit: float,
    style: str,
    html: Path | None,
    modules: bool,
    config_file: Path | None,
    quiet: bool,
    no_color: bool,
    **choices: Any,
) -> None:
    """Migrate, asking about each rewrite: its reason, its diff, its proof; judge what was accepted, and write that.

    Nothing is written before the accepted set is judged again. Decisions are kept at every key, in .scriptify/
    or in the file of --decisions: leave at any time, and go on with --resume.
    """
    chosen = options.resolve(config_file, quiet, no_color, **choices)
    chosen.paths(paths)
    asking = _asking(chosen, resume, decisions, by_file, keep_partial)
    output = Output(chosen, html)
    result = _run(chosen, asking, paths, entries, time_limit, keep_partial, modules or html is not None)
    _tell_stale(asking)
    if result.written:
        asking.decisions.written()
    output.migration(result, style, dry_run=False)
    sys.exit(result.exit_code)


def _asking(chosen: Chosen, resume: bool, given: Path | None, by_file: bool, keep_partial: bool) -> Conductor | Replay:
    """Who decides: a person at the terminal, or decisions from a file."""
    from scriptify.review import journal
    from scriptify.review.decisions import Decisions

    if resume and given is not None:
        raise click.UsageError("--resume goes on with the last review here; --decisions FILE with that of the file: give one of them")
    here = Path.cwd().resolve()
    path = given or journal.usual(here)
    if resume and not path.is_file():
        raise click.UsageError(f"there is no review to resume here ({path} is missing)")
    from scriptify.review.terminal import Terminal

    if not Terminal.there():
        if given is None and not resume:
            raise click.UsageError("review asks questions and needs a terminal; --decisions FILE carries out decisions without one")
        if not path.is_file():
            raise click.UsageError(f"{path}: there are no decisions here, and no terminal to ask for them")
        from scriptify.review.replay import Replay

        return Replay(Decisions(path, journal.home(here), replay=True), keep_partial)
    replay = resume or given is not None or _goes_on(path)
    from scriptify.review.conduct import Conductor

    return Conductor(Terminal(chosen.color), Decisions(path, journal.home(here), replay), by_file)


def _goes_on(path: Path) -> bool:
    """Whether to go on with an unfinished review; else it is put aside, for nothing that was decided is thrown away."""
    from scriptify.review import journal

    unfinished = [record for record in journal.load(path) if not record.written] if path.is_file() else []
    if not unfinished:
        return False
    count = f"{len(unfinished)} decision{'s' * (len(unfinished) != 1)}"
    if click.confirm(f"An unfinished review with {count} is here. Go on with it?", default=True, err=True):
        return True
    old = path.with_name("review-before.json")
    path.replace(old)
    click.echo(f"It is kept in {old}.", err=True)
    return False


def _run(
    chosen: Chosen,
    asking: Conductor | Replay,
    paths: tuple[str, ...],
    entries: tuple[str, ...],
    time_limit: float,
    keep_partial: bool,
    modules: bool,
) -> RunResult:
    from scriptify.choosing import Withdrawn

    try:
        return running.migrate(chosen, paths, entries, time_limit, keep_partial, write=True, modules=modules, asking=asking)
    except Withdrawn:
        _tell_stale(asking)
        for line in asking.parting():
            click.echo(f"scriptify: {line}", err=True)
        sys.exit(REMAINS)
    except KeyboardInterrupt as error:
        if asking.deck is None:
            raise
        lost = type(error) is not KeyboardInterrupt
        with contextlib.suppress(OSError):  # where the terminal is gone there is nobody to tell
            _tell_stale(asking)
            for line in asking.parting():
                click.echo(f"scriptify: {line}", err=True)
        sys.exit(HUNG_UP if lost else INTERRUPTED)


def _tell_stale(asking: Conductor | Replay) -> None:
    if asking.deck is not None:
        for line in asking.decisions.told(asking.deck):
            click.echo(f"scriptify: {line}", err=True)
