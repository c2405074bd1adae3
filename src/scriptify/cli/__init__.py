"""The command line. One file a verb; a verb's module is imported only when it is asked for."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from typing import Any

import click
from click.shell_completion import CompletionItem

from scriptify import __version__
from scriptify.cli.faults import left_out, told

VERBS = {
    "check": "List what scripting would refuse; writes nothing.",
    "diff": "Print a patch that `git apply` takes.",
    "migrate": "Rewrite, prove, write, report.",
    "review": "The same, asking about each rewrite.",
    "verify": "Judge what is on disk: does it script, compute the same, reload?",
    "compare": "Run two forms of a model side by side; name the first module where they part.",
    "export": "Write a model as TorchScript, ONNX or a program of torch.export, proved.",
    "checkpoint": "Look into a checkpoint, strip prefixes off its keys, verify that it loads, convert it.",
    "rules": "List the transforms.",
    "explain": "Explain a transform, or an error of torch.jit that is piped in.",
    "undo": "Take the last migration back.",
    "demo": "Migrate a small model that ships inside; needs nothing.",
    "completion": "Print the script that completes this command in a shell.",
}


class Verbs(click.Group):
    """A group that knows its verbs without importing them, and tells every expected error in one sentence."""

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

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """The verbs that a word could become, from the table, so that completing imports nothing; options as ever."""
        found = [CompletionItem(name, help=words) for name, words in VERBS.items() if name.startswith(incomplete)]
        return found + click.Command.shell_complete(self, ctx, incomplete)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the verbs from the table above, so that help imports nothing."""
        with formatter.section("Commands"):
            formatter.write_dl(list(VERBS.items()))

    def main(self, args: Sequence[str] | None = None, prog_name: str | None = None, *_: Any, **extra: Any) -> Any:
        """Run the command line; always ends with SystemExit."""
        with told(), left_out():
            super().main(args, prog_name or "scriptify", **{**extra, "standalone_mode": False})


@click.group(cls=Verbs, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="scriptify")
def main() -> None:
    """Rewrite PyTorch model code until torch.jit.script accepts it, and prove every rewrite.

    \b
    Exit codes: 0 nothing left to do, 1 findings or entries remain,
    2 usage, 3 the oracle refused something, 4 a file failed.
    """
