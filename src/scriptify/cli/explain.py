"""``scriptify explain``: a transform in full, or a pasted torch.jit error answered."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from scriptify.cli import options
from scriptify.cli.output import Output


@click.command()
@click.argument("code")
@options.common
def explain(code: str, config_file: Path | None, quiet: bool, no_color: bool) -> None:
    """Explain the transform CODE; with `-`, read a torch.jit error and tell what it means and how to fix it."""
    from scriptify import advice, registry

    chosen = options.resolve(config_file, quiet, no_color)
    output = Output(chosen)
    if code != "-":
        output.transform(registry.by_code(code))
        return
    text = sys.stdin.read()
    if not text.strip():
        raise click.UsageError("paste the error on standard input, for example: python export.py 2>&1 | scriptify explain -")
    output.advice(advice.about(text))
