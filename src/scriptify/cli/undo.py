"""``scriptify undo``: takes the last migration back."""

from __future__ import annotations

from pathlib import Path

import click

from scriptify.cli import options


@click.command()
@options.common
def undo(config_file: Path | None, quiet: bool, no_color: bool) -> None:
    """Put back every file of the last migration started here (or above, in the same project), all or none; again for the one before."""
    from scriptify import journal
    from scriptify.report.paths import shown

    here = Path.cwd()
    options.resolve(config_file, quiet, no_color)
    restored = journal.undo(journal.home(here))
    if not quiet:
        for path in restored:
            click.echo(f"restored {shown(str(path), here)}", err=True)
