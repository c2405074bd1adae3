"""``scriptify diff``: prints a patch that ``git apply`` takes."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from scriptify.cli import options, running
from scriptify.cli.output import Output


@click.command()
@click.argument("paths", nargs=-1, metavar="PATH...", type=click.Path())
@options.selection
def diff(paths: tuple[str, ...], config_file: Path | None, quiet: bool, no_color: bool, **choices: Any) -> None:
    """Print what migrate would change from source alone, as a patch that `git apply` takes; writes nothing."""
    chosen = options.resolve(config_file, quiet, no_color, **choices)
    result = running.survey(chosen, paths)
    Output(chosen).patch(result)
    sys.exit(result.exit_code)
