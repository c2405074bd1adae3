"""``scriptify completion``: the script that teaches a shell to complete this command."""

from __future__ import annotations

import os
from pathlib import Path

import click
from click.shell_completion import get_completion_class

SHELLS = ("bash", "zsh", "fish")


@click.command()
@click.argument("shell", required=False, type=click.Choice(SHELLS), metavar="[SHELL]")
@click.pass_context
def completion(context: click.Context, shell: str | None) -> None:
    """Print the script that completes this command in a shell: by default that of $SHELL.

    \b
    bash: echo 'eval "$(scriptify completion bash)"' >> ~/.bashrc
    zsh:  echo 'eval "$(scriptify completion zsh)"' >> ~/.zshrc
    fish: scriptify completion fish > ~/.config/fish/completions/scriptify.fish
    """
    wanted = shell or Path(os.environ.get("SHELL", "")).name
    if wanted not in SHELLS:
        raise click.UsageError(f"say which shell: {', '.join(SHELLS)}")
    kind = get_completion_class(wanted)
    assert kind is not None, wanted
    top = context.find_root()
    click.echo(kind(top.command, {}, "scriptify", "_SCRIPTIFY_COMPLETE").source())
