"""``scriptify explain``: a transform in full, or a pasted torch.jit error answered."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from scriptify.cli import options
from scriptify.cli.output import Output

HOW = "pipe the error in, for example: python export.py 2>&1 | scriptify explain -"


@click.command()
@click.argument("code")
@options.common
def explain(code: str, config_file: Path | None, quiet: bool, no_color: bool) -> None:
    """Explain the transform CODE (or its name); with `-`, read an error of torch.jit and tell its cause and cure."""
    chosen = options.resolve(config_file, quiet, no_color)
    output = Output(chosen)
    if code != "-":
        from scriptify import registry

        output.transform(registry.by_code(code))
        return
    from scriptify import advice

    if sys.stdin.isatty():
        click.echo("Paste the error and end with Ctrl-D.", err=True)
    text = sys.stdin.buffer.read().decode("utf-8", "replace")
    if not text.strip():
        raise click.UsageError(HOW)
    found = advice.about(text)
    output.advice(found)
    sys.exit(0 if found.known else 1)
