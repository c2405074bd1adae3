"""The TorchScript type of a live value, in the compiler's own words where it has any."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch

from scriptify.facts.types import EMPTY, NONE, Type, join, parse

_SCALARS = {bool: "bool", int: "int", float: "float", complex: "complex", str: "str", type(None): NONE, torch.device: "Device"}
# Elements of a long container are looked at up to here; more of them have never had another type in practice.
_SAMPLE = 512
_DEEP = 12


def dotted(cls: type) -> str:
    """A class's dotted name."""
    return cls.__qualname__ if cls.__module__ == "builtins" else f"{cls.__module__}.{cls.__qualname__}"


def type_of(value: Any, depth: int = 0) -> Type:
    """The type of ``value``: containers by their elements joined, an empty list ``List[?]``, a module by its class.

    What the compiler can't type is named by its dotted class, which no annotation is ever made of.
    """
    known = _SCALARS.get(type(value))
    if known is not None:
        return Type(known)
    if isinstance(value, torch.Tensor):
        return Type("Tensor")
    if depth > _DEEP:
        return Type(dotted(type(value)))
    if isinstance(value, torch.Size):
        return Type("List", (Type("int"),))
    if type(value) is list:
        return Type("List", (_joined(value, depth),))
    if type(value) is tuple:
        return Type("Tuple", tuple(type_of(item, depth + 1) for item in value))
    if type(value) is dict or (isinstance(value, dict) and dotted(type(value)) in ("collections.OrderedDict", "collections.defaultdict")):
        return Type("Dict", (_joined(value, depth), _joined(value.values(), depth)))
    return _other(value)


def _joined(items: Iterable[Any], depth: int) -> Type:
    seen: dict[Type, None] = {}
    for number, item in enumerate(items):
        if number >= _SAMPLE:
            break
        seen[type_of(item, depth + 1)] = None
    return join(seen) if seen else Type(EMPTY)


def _other(value: Any) -> Type:
    if isinstance(value, (torch.dtype, torch.layout, torch.memory_format)):
        return Type("int")
    if isinstance(value, (torch.ScriptObject, torch.Generator)) and not isinstance(value, torch.nn.Module):
        try:
            inferred = torch._C._jit_try_infer_type(value)
            if inferred.success():
                return parse(str(inferred.type()))
        except (RuntimeError, ValueError):
            pass
    return Type(dotted(type(value)))


def joined(seen: Iterable[Type]) -> str:
    """Several observations as one type text."""
    return str(join(seen))
