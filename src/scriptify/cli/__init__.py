"""The command line. One file a verb; a verb's module is imported only when it is asked for."""

from __future__ import annotations

import importlib
import os
import sys

import click

from scriptify import __version__
from scriptify.cli.faults import told

VERBS = {
    "check": "List what scripting would refuse; writes nothing.",
    "diff": "Print a patch that `git apply` takes.",
    "migrate": "Rewrite, prove, write, report.",
    "verify": "Judge what is on disk: scripts, same, reloads the same?",
    "rules": "The catalogue of transforms.",
    "explain": "Explain a transform, or a torch.jit error pasted on standard input.",
    "undo": "Take the last migration back.",
    "demo": "Show the main job on a small model that ships inside.",
}


class Verbs(click.Group):
    """A group that knows its verbs without importing them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The verbs in the order a reader meets them."""
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The verb's command, imported now."""
        if cmd_name not in VERBS:
            return None
        command = getattr(importlib.import_module(f"scriptify.cli.{cmd_name}"), cmd_name)
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the verbs from the table above, so that help imports nothing."""
        with formatter.section("Commands"):
            formatter.write_dl(list(VERBS.items()))


@click.group(cls=Verbs, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="scriptify")
def scriptify() -> None:
    """Rewrite PyTorch model code until torch.jit.script accepts it, and prove every rewrite.

    Exit codes: 0 nothing left to do, 1 findings or entries remain, 2 usage, 3 the oracle refused
    something, 4 a file failed.
    """


def main() -> None:
    """Run the command line; every expected error is one sentence on stderr."""
    with told():
        try:
            scriptify(prog_name="scriptify")
        except BrokenPipeError:
            # The reader (a pager, head) went away: end quietly, and keep the interpreter's own flush quiet too.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            sys.exit(1)
