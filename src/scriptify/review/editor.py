"""A text in the person's own editor, opened where it changes."""

from __future__ import annotations

import os
import shlex
import shutil
import tempfile
from pathlib import Path

import click

# Editors that open a file at a line when told so.
AT_LINE = ("vi", "vim", "nvim", "view", "nano", "pico", "emacs", "emacsclient", "micro", "joe", "kak", "mg", "ne")


def edited(path: str, text: str, line: int) -> str | None:
    """The text after a person was at it, in a file named like ``path``; None where the editor can't be run, or fails."""
    folder = Path(tempfile.mkdtemp(prefix="scriptify-edit-"))
    file = folder / Path(path).name
    try:
        file.write_bytes(text.encode("utf-8", "surrogatepass"))
        click.edit(filename=str(file), editor=_editor(line))
        return file.read_bytes().decode("utf-8", "surrogatepass")
    except (click.ClickException, OSError, ValueError):
        return None
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _editor(line: int) -> str | None:
    """What the person has chosen, with the line to open at where it is one that can; None leaves the choice to click."""
    chosen = os.environ.get("VISUAL") or os.environ.get("EDITOR")
    if not chosen:
        return None
    name = Path(shlex.split(chosen)[0]).name
    return f"{chosen} +{line}" if name in AT_LINE else chosen


def first_change(before: str, after: str) -> int:
    """The first line, 1-based, in which two texts differ."""
    old, new = before.splitlines(), after.splitlines()
    same = next((n for n, (a, b) in enumerate(zip(old, new, strict=False)) if a != b), min(len(old), len(new)))
    return same + 1
