"""Packages without their ``__init__``: upstream model files import only what they use.

basicsr, facexlib and gfpgan import their whole world (OpenCV, LMDB, downloads) when any part of them is imported. An
empty package with the same path lets Python find the one module that is wanted, unmodified, and nothing else.
"""

from __future__ import annotations

import sys
import types
from pathlib import Path
from typing import Any


def package(name: str, folder: Path, **names: Any) -> None:
    """Put an empty package in place of ``name``; ``names`` are what other modules import from it."""
    if name not in sys.modules:
        module = types.ModuleType(name)
        module.__path__ = [str(folder)]
        module.__dict__.update(names)
        sys.modules[name] = module
        above, _, last = name.rpartition(".")
        if above:
            setattr(sys.modules[above], last, module)


def stand_in(name: str, **names: Any) -> None:
    """Put an empty module in place of one that is not installed and not used by the model."""
    try:
        __import__(name)
    except ImportError:
        module = types.ModuleType(name)
        module.__dict__.update(names)
        sys.modules[name] = module
