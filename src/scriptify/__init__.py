"""Rewrites eager PyTorch model code until ``torch.jit.script`` accepts it, and proves every rewrite.

The public names resolve on first use, so that ``import scriptify`` loads neither torch nor libcst.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from scriptify import checkpoint
    from scriptify.api import migrate, rewrite, verify
    from scriptify.events import Event
    from scriptify.oracle.protocol import Entry, Verdict
    from scriptify.scripting import Proof, proof, script
    from scriptify.scripting.errors import ScriptifyError
    from scriptify.transform import Decline, Declines, Edit, Fires, Ignores, Phase, Rewrite, Safety, Settings, Transform

__version__ = "0.1.0"

__all__ = [
    "Decline",
    "Declines",
    "Edit",
    "Entry",
    "Event",
    "Fires",
    "Ignores",
    "Phase",
    "Proof",
    "Rewrite",
    "Safety",
    "ScriptifyError",
    "Settings",
    "Transform",
    "Verdict",
    "__version__",
    "checkpoint",
    "migrate",
    "proof",
    "rewrite",
    "script",
    "verify",
]

_HOMES = {
    "scriptify.api": ("migrate", "rewrite", "verify"),
    "scriptify.events": ("Event",),
    "scriptify.oracle.protocol": ("Entry", "Verdict"),
    "scriptify.scripting": ("Proof", "proof", "script"),
    "scriptify.scripting.errors": ("ScriptifyError",),
    "scriptify.transform": (
        "Decline",
        "Declines",
        "Edit",
        "Fires",
        "Ignores",
        "Phase",
        "Rewrite",
        "Safety",
        "Settings",
        "Transform",
    ),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> Any:
    """The public name ``name`` from the module it lives in. Raises AttributeError for any other name."""
    if name == "checkpoint":  # a package of its own, with names of its own
        return importlib.import_module(f"{__name__}.checkpoint")
    home = _HOME_OF.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(home), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """The public names, loaded or not."""
    return sorted({*globals(), *__all__})
