"""``scriptify rules``: the catalogue."""

from __future__ import annotations

from pathlib import Path

import click

from scriptify.cli import options
from scriptify.cli.output import Output


@click.command()
@options.styles("text", "json")
@options.common
def rules(style: str, config_file: Path | None, quiet: bool, no_color: bool) -> None:
    """List every transform: code, name, what it promises, what it does."""
    from scriptify.registry import all_transforms

    chosen = options.resolve(config_file, quiet, no_color)
    Output(chosen).catalogue(all_transforms(), style)
