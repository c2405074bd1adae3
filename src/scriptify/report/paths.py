"""Paths as a person wants to read them."""

from __future__ import annotations

from pathlib import Path


def shown(path: str, root: Path) -> str:
    """``path`` relative to ``root`` where it lies below it, with forward slashes."""
    try:
        return Path(path).resolve().relative_to(root.resolve()).as_posix()
    except ValueError:
        return path
