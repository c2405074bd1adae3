"""``scriptify rules``: the catalogue, and the trial of a module's own transforms."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from scriptify.cli import options
from scriptify.cli.output import Output

if TYPE_CHECKING:
    from scriptify.trials import Trial


@click.command()
@click.option("--test", "target", metavar="MODULE", help="Check the transforms of a module (or .py file) by their own examples.")
@options.styles("text", "json")
@options.common
def rules(target: str | None, style: str, config_file: Path | None, quiet: bool, no_color: bool) -> None:
    """List every transform: code, name, what it promises, what it does.

    With --test, run the checks that follow from the examples of a module's transforms, yours before you install them:
    fires to exactly its result, proposes nothing on it, the same with other line ends, tabs and comments; and, where torch is
    installed, refused before, proved after. Exit code 1 if one fails.
    """
    chosen = options.resolve(config_file, quiet, no_color)
    if target is None:
        from scriptify.registry import all_transforms

        Output(chosen).catalogue(all_transforms(), style)
        return
    found = _trials(chosen, target)
    Output(chosen).trials(found, style)
    sys.exit(any(not trial.ok for trial in found))


def _trials(chosen: options.Chosen, target: str) -> list[Trial]:
    import tempfile

    from scriptify import judging, trials
    from scriptify.behaviour import Judge
    from scriptify.cli.progress import watching
    from scriptify.events import Event
    from scriptify.oracle.protocol import Limits
    from scriptify.oracle.runner import OracleError

    kinds = trials.kinds_of(target, Path.cwd())
    count = sum(len(getattr(kind, "examples", ())) + 1 for kind in kinds)
    with tempfile.TemporaryDirectory(prefix="scriptify-") as place, watching(chosen, "checking") as watch:

        def collect(judge: Judge | None, why_not: str = "") -> list[Trial]:
            found = []
            for trial in trials.trials(kinds, judge, Path(place).resolve(), why_not):
                found.append(trial)
                if watch is not None:
                    watch(Event("check", trial.code, len(found) - 1, count))
            return found

        try:
            with judging.oracle(Path(place), Limits()) as judge:
                return collect(judge)
        except OracleError:  # no torch here: the textual checks stand on their own
            return collect(None, "no torch")
