"""``scriptify migrate``: rewrite, prove, write, report."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from scriptify.cli import options, running
from scriptify.cli.output import Output


@click.command()
@click.argument("paths", nargs=-1, metavar="PATH...", type=click.Path())
@options.entry
@click.option("--dry-run", is_flag=True, help="Do everything but write.")
@click.option("--keep-partial", is_flag=True, help="Write rewrites even where an entry does not script in the end.")
@click.option(
    "--entry-limit",
    type=click.FloatRange(min=0),
    default=1800.0,
    show_default=True,
    metavar="SECONDS",
    help="For the repair of one entry; 0 for none.",
)
@click.option("--save", type=click.Path(path_type=Path), metavar="FILE", help="Save the first entry's scripted model here (.pt).")
@click.option("-v", "--verbose", is_flag=True, help="List every rewrite, reason and entry, however many.")
@options.styles("text", "json", "sarif", "github")
@options.page
@options.oracle
@options.selection
def migrate(
    paths: tuple[str, ...],
    entries: tuple[str, ...],
    dry_run: bool,
    keep_partial: bool,
    entry_limit: float,
    save: Path | None,
    time_limit: float,
    style: str,
    verbose: bool,
    html: Path | None,
    modules: bool,
    forms: tuple[str, ...],
    config_file: Path | None,
    quiet: bool,
    no_color: bool,
    **choices: Any,
) -> None:
    """Rewrite files until the entries script and compute the same, write them, and report.

    An entry's FUNC takes nothing and returns (model, args) or (model, args, kwargs); a generator of such
    tuples gives several cases. Without an entry only static facts decide, and less is proved.
    """
    chosen = options.resolve(config_file, quiet, no_color, **choices)
    output = Output(chosen, html)
    result = running.migrate(
        chosen,
        paths,
        entries,
        time_limit,
        keep_partial,
        entry_limit=entry_limit,
        write=not dry_run,
        save=save,
        modules=modules or html is not None,
        forms=forms,
    )
    output.migration(result, style, dry_run, verbose)
    sys.exit(result.exit_code)
