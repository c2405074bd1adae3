"""Names for functions that instances hold: what source could call them by."""

from __future__ import annotations

import inspect
import sys
import types
from functools import cache
from typing import Any

import torch
import torch.nn.functional
from torch import nn

_ROOMS = (("torch.nn.functional", torch.nn.functional), ("torch", torch))


def function_name(value: Any, owner: nn.Module | None) -> str:
    """``torch.nn.functional.relu``, ``self.method``, ``module::name`` for a function of any other module's top level; else ``""``."""
    name = getattr(value, "__name__", "")
    if not isinstance(name, str) or not name.isidentifier():
        return ""
    known = _known().get(id(value))
    if known is not None:
        return known
    method = inspect.getattr_static(type(owner), name, None) if owner is not None else None
    if isinstance(method, (types.FunctionType, staticmethod)) and name not in vars(owner):
        return f"self.{name}" if getattr(owner, name) == value else ""
    module = sys.modules.get(getattr(value, "__module__", None) or "")
    if inspect.isfunction(value) and getattr(module, name, None) is value:
        return f"{value.__module__}::{name}"
    return ""


@cache
def _known() -> dict[int, str]:
    """By identity, the names of the functions of torch."""
    found: dict[int, str] = {}
    for prefix, module in _ROOMS:
        for name, value in vars(module).items():
            if not name.startswith("_") and callable(value) and not isinstance(value, type):
                found.setdefault(id(value), f"{prefix}.{name}")
    return found
