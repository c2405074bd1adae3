"""``scriptify undo``: takes the last migration back."""

from __future__ import annotations

from pathlib import Path

import click

from scriptify.cli import options


@click.command()
@options.common
def undo(config_file: Path | None, quiet: bool, no_color: bool) -> None:
    """Put back every file of the last migration started from this folder, all or none."""
    from scriptify import journal

    chosen = options.resolve(config_file, quiet, no_color)
    restored = journal.undo(Path.cwd())
    if not chosen.quiet:
        click.echo(f"{len(restored)} file{'s' * (len(restored) != 1)} restored", err=True)
