"""``scriptify demo``: the main job on a small model that ships inside."""

from __future__ import annotations

import shutil
import sys
import tempfile
from dataclasses import replace
from importlib.resources import files
from pathlib import Path

import click

from scriptify.cli import options, running
from scriptify.cli.output import Output
from scriptify.config import Config
from scriptify.transform import Settings

MODEL = "matting.py"


@click.command()
@click.option("--keep", type=click.Path(path_type=Path, file_okay=False), metavar="FOLDER", help="Put the model here and leave it there.")
@options.common
def demo(keep: Path | None, config_file: Path | None, quiet: bool, no_color: bool) -> None:
    """Take a small model from refused to scripted: the error, the patch, the proof. Needs nothing."""
    chosen = options.resolve(config_file, quiet, no_color)
    folder = keep or Path(tempfile.mkdtemp(prefix="scriptify-demo-"))
    # The demo is about its own model alone: a project's settings do not reach into it.
    chosen = replace(chosen, config=Config(folder), settings=Settings())
    try:
        target = _unpacked(folder)
        result = running.migrate(chosen, (str(target),), (f"{target.resolve()}:entry",), 300.0, False, write=True, root=folder)
        Output(chosen).demonstration(result, folder, kept=keep is not None)
    finally:
        if keep is None:
            shutil.rmtree(folder, ignore_errors=True)
    sys.exit(result.exit_code)


def _unpacked(folder: Path) -> Path:
    target = folder / MODEL
    if target.exists():
        raise click.UsageError(f"{target} exists already; choose another folder")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        target.write_bytes((files("scriptify.demo") / MODEL).read_bytes())
    except OSError as error:
        raise click.UsageError(f"{folder}: {error.strerror or error}") from error
    return target
