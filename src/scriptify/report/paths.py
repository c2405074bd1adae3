"""Paths as a person wants to read them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from scriptify.transform import Rewrite


def shown(path: str, root: Path) -> str:
    """``path`` relative to ``root`` where it lies below it, with forward slashes."""
    for base in (root, root.resolve()):
        try:
            return Path(path).relative_to(base).as_posix()
        except ValueError:
            continue
    return path


def key(rewrite: Rewrite, root: Path) -> str:
    """The fingerprint of a rewrite by its path below ``root``: the same on another machine."""
    return replace(rewrite, path=shown(rewrite.path, root)).key


def relative(sentence: str, root: Path) -> str:
    """A sentence that names files below ``root``, with those names made relative."""
    for base in {str(root), str(root.resolve())}:
        sentence = sentence.replace(f"{base}/", "") if base != "/" else sentence
    return sentence


def work_tree(start: Path) -> Path | None:
    """The top of the git work tree around a folder: what the names in a patch are relative to."""
    return next((folder for folder in (start, *start.parents) if (folder / ".git").exists()), None)
