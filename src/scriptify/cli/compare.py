"""``scriptify compare``: two forms of a model side by side, until it is known where they part."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from scriptify.cli import options, running
from scriptify.cli.output import Output

HELP = """Run two forms of a model side by side and name the first module and output where they part.

A and B are each [FORM@]WHAT. FORM is eager, script, trace, export, onnx or onnx-legacy. WHAT is one of

\b
  original      the files as they were before the last migration
  rewritten     the files as they are (the default)
  FOLDER        another copy of the files
  FILE.patch    the files with a patch applied
  FILE.py:FUNC  another entry
  FILE.pt, .pt2, .onnx   a saved model (no FORM)

\b
scriptify compare eager script --entry model.py:entry
scriptify compare original script@rewritten --entry model.py:entry
scriptify compare old.py:entry new.py:entry --same-weights
scriptify compare eager model.onnx --entry model.py:entry

Exit codes: 0 the outputs are the same, 1 they part, 3 one of the two could not be had.
"""


@click.command(help=HELP)
@click.argument("a", metavar="A")
@click.argument("b", metavar="B")
@options.entry
@click.option("--same-weights", is_flag=True, help="Load A's parameters and buffers into B; always so for forms of one entry.")
@click.option("--calls", type=click.IntRange(min=1), default=1, show_default=True, metavar="N", help="Call each case N times in a row.")
@click.option("--tolerance", type=click.FloatRange(min=0), metavar="X", help="Absolute and relative; by dtype without it.")
@click.option("--all", "every", is_flag=True, help="Show every call of every module.")
@click.option("--html", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE", help="Also write a page with plots and pictures.")
@options.styles("text", "json")
@options.common
def compare(
    a: str,
    b: str,
    entries: tuple[str, ...],
    time_limit: float,
    same_weights: bool,
    calls: int,
    tolerance: float | None,
    every: bool,
    html: Path | None,
    style: str,
    config_file: Path | None,
    quiet: bool,
    no_color: bool,
) -> None:
    chosen = options.resolve(config_file, quiet, no_color)
    options.place_for(html)
    found = running.compare(chosen, (a, b), entries, time_limit, same_weights, calls, tolerance)
    Output(chosen).partings(found, style, every, html)
    sys.exit(max(item.exit_code for item in found))
