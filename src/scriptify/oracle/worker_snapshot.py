"""What a call gave, frozen: a tree that later calls can't change and another process can read.

User classes are kept by name only, so a snapshot taken of the original loads next to rewritten code.
"""

from __future__ import annotations

import copy
import dataclasses
import sys
import types
from collections.abc import Mapping
from typing import Any

import torch

SCALARS = (bool, int, float, complex, str, bytes, type(None))
NAMED = (torch.dtype, torch.device, torch.layout, torch.memory_format)


@dataclasses.dataclass(slots=True)
class Node:
    """One value: ``cls`` is its dotted class; what else is filled depends on ``kind``.

    ``kind``: ``tensor`` (``data``, ``grad``), ``sequence``, ``mapping`` (``names`` are the keys,
    themselves frozen), ``object`` (``names`` are fields), ``scalar`` (``data``), ``opaque``.
    """

    kind: str
    cls: str
    data: Any = None
    grad: bool = False
    names: tuple[Any, ...] = ()
    items: tuple[Node, ...] = ()


def dotted(cls: type) -> str:
    """A class's dotted name; builtins without their module."""
    return cls.__qualname__ if cls.__module__ == "builtins" else f"{cls.__module__}.{cls.__qualname__}"


def freeze(value: Any, _above: tuple[int, ...] = ()) -> Node:
    """A snapshot of ``value``; tensors are detached copies."""
    cls = dotted(type(value))
    if isinstance(value, torch.Tensor):
        return _tensor(value, cls)
    if isinstance(value, SCALARS):
        return Node("scalar", cls, _plain(value))
    if isinstance(value, NAMED):
        return Node("scalar", cls, str(value))
    if id(value) in _above:
        return Node("opaque", cls)
    above = (*_above, id(value))
    if isinstance(value, (list, tuple)):
        fields = tuple(getattr(value, "_fields", ()))
        return Node("sequence", cls, names=fields, items=tuple(freeze(item, above) for item in value))
    if isinstance(value, Mapping):
        keys = tuple(freeze(key, above) for key in value)
        return Node("mapping", cls, names=keys, items=tuple(freeze(value[key], above) for key in value))
    if isinstance(value, (set, frozenset)):
        return Node("sequence", cls, items=tuple(freeze(item, above) for item in sorted(value, key=repr)))
    if type(value).__module__ == "numpy":
        return _numpy(value, cls)
    return _object(value, cls, above)


def _plain(value: Any) -> Any:
    exact: Any = next(base for base in SCALARS if isinstance(value, base))
    return value if type(value) is exact else exact(value)


def _tensor(value: torch.Tensor, cls: str) -> Node:
    try:
        data = value.detach().clone()
        data = data.to_dense() if data.layout != torch.strided else data
        data = data.dequantize() if data.is_quantized else data
        data = data.as_subclass(torch.Tensor)
    except (RuntimeError, NotImplementedError, TypeError):
        return Node("opaque", cls)
    names = (str(value.dtype), str(value.device), tuple(value.shape), str(value.layout))
    return Node("tensor", cls, data, value.requires_grad, names)


def _numpy(value: Any, cls: str) -> Node:
    if hasattr(value, "shape") and getattr(value, "shape", ()) != ():
        try:
            return _tensor(torch.from_numpy(value), cls)
        except (TypeError, ValueError):
            return Node("scalar", cls, repr(value))
    try:
        return Node("scalar", cls, _plain(value.item()))
    except (AttributeError, ValueError):
        return Node("scalar", cls, repr(value))


def _object(value: Any, cls: str, above: tuple[int, ...]) -> Node:
    if isinstance(value, (torch.nn.Module, type, types.FunctionType, types.MethodType, types.ModuleType)):
        return Node("opaque", cls)
    if dataclasses.is_dataclass(value):
        names = tuple(f.name for f in dataclasses.fields(value) if hasattr(value, f.name))
    else:
        names = tuple(getattr(value, "__dict__", ()))
    if not names:
        return Node("opaque", cls)
    return Node("object", cls, names=names, items=tuple(freeze(getattr(value, name), above) for name in names))


def renew(value: Any, memo: dict[int, Any] | None = None) -> Any:
    """A deep copy of call inputs; tensors that are not leaves, which deepcopy refuses, become leaves."""
    memo = {} if memo is None else memo
    if id(value) in memo:
        return memo[id(value)]
    made: Any
    if isinstance(value, torch.Tensor):
        made = copy.deepcopy(value) if value.is_leaf else value.detach().clone().requires_grad_(value.requires_grad)
    elif type(value) in (list, dict) or isinstance(value, tuple):
        made = _renew_container(value, memo)
    elif type(value) is str:
        # A text that came through a file is another object than the literal it is compared with by `is`.
        made = sys.intern(value)
    elif isinstance(value, torch.Generator):
        made = value.clone_state() if hasattr(value, "clone_state") else value
    elif isinstance(value, (torch.nn.Module, types.FunctionType, type, types.ModuleType)):
        made = value
    else:
        try:
            made = copy.deepcopy(value)
        except Exception:  # a user's object may refuse in any way; then all calls share it
            made = value
    memo[id(value)] = made
    return made


def _renew_container(value: Any, memo: dict[int, Any]) -> Any:
    if type(value) is list:
        return [renew(item, memo) for item in value]
    if type(value) is dict:
        return {key: renew(item, memo) for key, item in value.items()}
    items = [renew(item, memo) for item in value]
    if isinstance(value, torch.Size):
        return value
    return type(value)(*items) if hasattr(value, "_fields") else type(value)(items) if type(value) is not tuple else tuple(items)
