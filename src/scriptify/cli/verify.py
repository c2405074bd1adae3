"""``scriptify verify``: judges what is on disk."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from scriptify.cli import options, running
from scriptify.cli.output import Output


@click.command()
@options.entry
@click.option("--trace", is_flag=True, help="Name the first module and output where scripted parts from eager.")
@options.styles("text", "json", "sarif", "github")
@options.page
@options.oracle
@options.common
def verify(
    entries: tuple[str, ...],
    time_limit: float,
    trace: bool,
    style: str,
    html: Path | None,
    modules: bool,
    forms: tuple[str, ...],
    config_file: Path | None,
    quiet: bool,
    no_color: bool,
) -> None:
    """Judge what is on disk: does it script, compute the same as eager, and do so after save and load?"""
    chosen = options.resolve(config_file, quiet, no_color)
    output = Output(chosen, html)
    result = running.verify(chosen, entries, time_limit, modules=modules or html is not None, forms=forms)
    output.verdicts(result, style, running.traced(chosen, result, time_limit) if trace else None)
    sys.exit(result.exit_code)
