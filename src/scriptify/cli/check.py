"""``scriptify check``: lists findings, writes nothing."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from scriptify.cli import options, running
from scriptify.cli.output import Output


@click.command()
@click.argument("paths", nargs=-1, metavar="PATH...", type=click.Path())
@options.styles("text", "json", "sarif", "github")
@options.selection
def check(paths: tuple[str, ...], style: str, config_file: Path | None, quiet: bool, no_color: bool, **choices: Any) -> None:
    """List what scripting would refuse, by file and line, with the transform that answers it; writes nothing."""
    chosen = options.resolve(config_file, quiet, no_color, **choices)
    result = running.survey(chosen, paths)
    Output(chosen).findings(result, style)
    sys.exit(result.exit_code)
