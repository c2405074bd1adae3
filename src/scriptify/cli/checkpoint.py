"""``scriptify checkpoint``: what a checkpoint holds, its keys without wrappers' prefixes, whether it loads, another form."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from scriptify.cli import options
from scriptify.cli.output import Output

F = TypeVar("F", bound=Callable[..., Any])


def _trust(command: F) -> F:
    """``--allow-pickle`` and ``--allow-global``."""
    pickle = "Run whatever the file says, in a child process. Only for files you trust: a pickle is a program."
    named = "Let the file build this class or function too, by its dotted name; repeat for several."
    command = click.option("--allow-global", "allow_globals", multiple=True, metavar="NAME", help=named)(command)
    return click.option("--allow-pickle", is_flag=True, help=pickle)(command)


def _key(command: F) -> F:
    text = "Which state dict of the file, as in --key params_ema."
    return click.option("--key", default="", metavar="KEY", help=text)(command)


def _file(command: F) -> F:
    return click.argument("file", metavar="FILE")(command)


@click.group()
def checkpoint() -> None:
    """Look into a checkpoint, take wrappers' prefixes off its keys, verify that it loads, convert it.

    Takes .pt, .pth, .bin and .safetensors files. What the file says is not run unless --allow-pickle is given, files
    are memory-mapped, and a file is replaced only when the new one is complete.
    """


@checkpoint.command()
@_file
@_key
@click.option("--all", "everything", is_flag=True, help="All tensors and entries, not the first of them.")
@_trust
@options.styles("text", "json")
@options.common
def inspect(file: str, key: str, everything: bool, style: str, config_file: Path | None, quiet: bool, no_color: bool, **trust: Any) -> None:
    """Tell what a checkpoint holds and what it takes to load it.

    Exit code 1 where only --allow-pickle or --allow-global can tell.
    """
    from scriptify import checkpoint as library
    from scriptify.report import checkpoint as report

    chosen = options.resolve(config_file, quiet, no_color)
    result = library.inspect(file, key=key, **trust)
    Output(chosen).asked(report.as_json(result), report.inspection(result, everything), style)
    sys.exit(1 if result.refused else 0)


@checkpoint.command()
@_file
@click.option("-o", "--output", default="", metavar="FILE", help="Write the result there.")
@click.option("--write", "--in-place", "write", is_flag=True, help="Replace a file that is there: FILE itself without -o.")
@_key
@click.option("--prefix", "prefixes", multiple=True, metavar="PREFIX", help="Take this off, and not module. and _orig_mod.; repeatable.")
@click.option("--inner", is_flag=True, help="Take module. off after a submodule's name too, where nothing stands beside it.")
@_trust
@options.styles("text", "json")
@options.common
def strip(file: str, style: str, config_file: Path | None, quiet: bool, no_color: bool, **order: Any) -> None:
    """Take DataParallel's module. and torch.compile's _orig_mod. off the keys.

    Without -o or --write it only tells what would change, and ends with exit code 1 if anything would. Everything
    else in the file stays: order, dtypes, shared storage, versions, other entries, containers. Two keys that would
    become one are an error.
    """
    from scriptify import checkpoint as library
    from scriptify.report import checkpoint as report

    chosen = options.resolve(config_file, quiet, no_color)
    result = library.strip(file, **order)
    Output(chosen).told(report.as_json(result), report.stripping(result), style)
    sys.exit(1 if result.changes and not result.written else 0)


@checkpoint.command()
@_file
@click.option("--entry", required=True, metavar="FILE_OR_MODULE:FUNC", help="What returns the model and its inputs.")
@_key
@click.option(
    "-o", "--output", default="", metavar="FILE", help="Where names differ: write the checkpoint there, with the names suggested."
)
@click.option("--write", is_flag=True, help="Let -o replace a file that is there.")
@click.option(
    "--time-limit",
    type=click.FloatRange(min=0, min_open=True),
    default=1800.0,
    show_default=True,
    metavar="SECONDS",
    help="For the child process.",
)
@_trust
@options.styles("text", "json")
@options.common
def verify(file: str, style: str, config_file: Path | None, quiet: bool, no_color: bool, time_limit: float, **order: Any) -> None:
    """Load a checkpoint into an entry's model and count what came from it.

    Exit code 1 unless every key of the model was loaded and every key of the file was used.
    """
    from scriptify import checkpoint as library
    from scriptify.report import checkpoint as report

    chosen = options.resolve(config_file, quiet, no_color)
    try:
        result = library.verify(file, seconds=time_limit, **order)
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    Output(chosen).told(report.as_json(result), report.verification(result), style)
    sys.exit(0 if result.ok else 1)


@checkpoint.command()
@_file
@click.argument("output", metavar="OUTPUT")
@_key
@click.option("--write", is_flag=True, help="Replace OUTPUT if it is there.")
@_trust
@options.styles("text", "json")
@options.common
def convert(file: str, output: str, style: str, config_file: Path | None, quiet: bool, no_color: bool, **order: Any) -> None:
    """Write a checkpoint as safetensors, or as torch.save does: the end of OUTPUT says which.

    Safetensors holds one state dict and text: what has no place in it is refused, unless --key leaves it behind.
    """
    from scriptify import checkpoint as library
    from scriptify.report import checkpoint as report

    chosen = options.resolve(config_file, quiet, no_color)
    result = library.convert(file, output, **order)
    Output(chosen).told(report.as_json(result), report.conversion(result), style)
