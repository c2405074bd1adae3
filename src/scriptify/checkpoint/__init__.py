"""Checkpoints: what is in them, without the wrappers' prefixes, against a model, in another form.

The public names resolve on first use, so that importing this package loads no torch.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from scriptify.checkpoint.api import convert, inspect, load, strip, stripped, verify
    from scriptify.checkpoint.model import (
        CheckpointError,
        ChoiceError,
        ConvertResult,
        Inspection,
        StripResult,
        UnsafeError,
        VerifyResult,
    )

__all__ = [
    "CheckpointError",
    "ChoiceError",
    "ConvertResult",
    "Inspection",
    "StripResult",
    "UnsafeError",
    "VerifyResult",
    "convert",
    "inspect",
    "load",
    "strip",
    "stripped",
    "verify",
]


def __getattr__(name: str) -> Any:
    """The public name ``name`` from the module it lives in. Raises AttributeError for any other name."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    home = "api" if name.islower() else "model"
    value = getattr(importlib.import_module(f"{__name__}.{home}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """The public names, loaded or not."""
    return sorted({*globals(), *__all__})
