"""``scriptify demo``: the main job on a small model that ships inside."""

from __future__ import annotations

import shutil
import sys
import tempfile
from importlib.resources import files
from pathlib import Path

import click

from scriptify.cli import options, running
from scriptify.cli.output import Output


@click.command()
@click.option("--keep", type=click.Path(path_type=Path, file_okay=False), help="Put the demo here instead of a temporary folder.")
@options.common
def demo(keep: Path | None, config_file: Path | None, quiet: bool, no_color: bool) -> None:
    """Take a small model from refused to scripted: the error, the diff, the proof. Needs nothing."""
    chosen = options.resolve(config_file, quiet, no_color)
    folder = keep or Path(tempfile.mkdtemp(prefix="scriptify-demo-"))
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / "matting.py"
    if target.exists():
        raise click.UsageError(f"{target} exists already; choose another folder")
    try:
        target.write_bytes((files("scriptify.demo") / "matting.py").read_bytes())
        result = running.migrate(chosen, (str(target),), (f"{target}:entry",), 300.0, False, write=True, root=folder)
        output = Output(chosen)
        output.demonstration(result)
    finally:
        if keep is None:
            shutil.rmtree(folder, ignore_errors=True)
    sys.exit(result.exit_code)
