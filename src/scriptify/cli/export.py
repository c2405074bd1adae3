"""``scriptify export``: a file of a model, proved before it is written."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from scriptify.cli import options, running
from scriptify.cli.output import Output


@click.command()
@options.entry
@click.option("-o", "--output", type=click.Path(path_type=Path), metavar="FILE", required=True, help="The file to write.")
@click.option("--format", "form", type=click.Choice(["torchscript", "onnx", "export"]), help="By default by the suffix: .pt, .onnx, .pt2.")
@click.option(
    "--how",
    type=click.Choice(["auto", "script", "trace", "mixed", "dynamo", "torchscript"]),
    default="auto",
    show_default=True,
    help="TorchScript by scripting, by tracing, or both, decided for each module; ONNX by one of the two exporters.",
)
@click.option("--freeze", is_flag=True, help="Parameters become constants (torch.jit.freeze).")
@click.option("--optimize", is_flag=True, help="Frozen, and made faster by what a file can hold of torch.jit.optimize_for_inference.")
@click.option("--dynamic", type=int, multiple=True, metavar="DIM", help="A dimension of every input that may vary; repeat for several.")
@click.option("--cpp", "project", type=click.Path(path_type=Path), metavar="DIR", help="A CMake project that runs the file from C++.")
@click.option("--migrate", "paths", multiple=True, metavar="PATH", help="Rewrite these files first, in memory only.")
@click.option("--json", "as_json", is_flag=True, help="Tell the result as JSON on stdout.")
@options.common
def export(
    entries: tuple[str, ...],
    output: Path,
    form: str | None,
    how: str,
    freeze: bool,
    optimize: bool,
    dynamic: tuple[int, ...],
    project: Path | None,
    paths: tuple[str, ...],
    as_json: bool,
    time_limit: float,
    config_file: Path | None,
    quiet: bool,
    no_color: bool,
) -> None:
    """Write an entry's first model as TorchScript, ONNX or a program of torch.export, proved to compute what the eager model does.

    The file is loaded back and compared on every case of the entry; nothing is written that differs.
    """
    chosen = options.resolve(config_file, quiet, no_color)
    result = running.export(
        chosen,
        entries,
        output,
        time_limit,
        form=form or "",
        how=how,
        freeze=freeze,
        optimize=optimize,
        dynamic=dynamic,
        project=project,
        migrate_paths=paths,
    )
    Output(chosen).export(result, as_json, project)
    sys.exit(result.exit_code)
