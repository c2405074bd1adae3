"""What the modules of a running model hold: every attribute of every project class, over all its instances."""

from __future__ import annotations

import copy
import inspect
import os
import sys
import types
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import nn

from scriptify.facts.live_functions import function_name
from scriptify.facts.live_types import dotted, type_of
from scriptify.facts.model import Attribute, Kind
from scriptify.facts.types import Type, join
from scriptify.oracle.protocol import LiveClass

_INTERNAL = frozenset(nn.Module().__dict__) | {"__overloads__"}
_MODULES = (
    (nn.ModuleList, Kind.MODULE_LIST),
    (nn.Sequential, Kind.SEQUENTIAL),
    (nn.ModuleDict, Kind.MODULE_DICT),
    (nn.Module, Kind.MODULE),
)
_LITERALS = (bool, int, float, str, type(None))
_LONG = 64
_MANY = 16


def is_literal(value: Any, depth: int = 0) -> bool:
    """Whether a value is a scalar or a short list, tuple or dict of such, and so can be written in source."""
    if type(value) in _LITERALS:
        return True
    if type(value) is dict and not depth:
        return len(value) <= _LONG and all(type(key) is str and is_literal(item, 1) for key, item in value.items())
    return type(value) in (list, tuple) and depth < 3 and len(value) <= _LONG and all(is_literal(item, depth + 1) for item in value)


def attributes_of(module: nn.Module) -> dict[str, Any]:
    """An instance's attributes by name: its own, its parameters, buffers and modules, and values its classes declare."""
    found: dict[str, Any] = {}
    for cls in reversed(type(module).__mro__):
        if cls.__module__.split(".")[0] in ("torch", "builtins"):
            continue
        for name, value in vars(cls).items():
            if not name.startswith("__") and not _is_code(value):
                found[name] = value
    own = {name: value for name, value in vars(module).items() if name not in _INTERNAL}
    return {**found, **own, **module._parameters, **module._buffers, **module._modules}


def _is_code(value: Any) -> bool:
    return isinstance(value, type) or callable(value) or inspect.isroutine(value) or inspect.isdatadescriptor(value)


def describe(name: str, value: Any, owner: nn.Module | None = None) -> Attribute:
    """One attribute of one instance."""
    kind = kind_of(name, value, owner)
    about = Attribute(name, frozenset({kind}), classes=frozenset({dotted(type(value))}), origin="live")
    if isinstance(value, nn.Module):
        return _container(replace(about, hooks=hooks_of(value)), value)
    if is_literal(value):
        about = replace(about, values=(copy.deepcopy(value),))
    if kind is Kind.FUNCTION:
        named = frozenset({function_name(value, owner)})
        return replace(about, text=str(getattr(value, "__qualname__", "")), functions=named)
    about = replace(about, type=type_of(value))
    if isinstance(value, (list, tuple)):
        items = tuple(dotted(type(item)) for item in value[:_LONG])
        return replace(about, lengths=frozenset({len(value)}), items=items, registered=registered_in(owner, value))
    if isinstance(value, dict):
        keys = tuple(value) if all(isinstance(key, str) for key in value) else ()
        items = tuple(dotted(type(item)) for item in list(value.values())[:_LONG])
        return replace(about, lengths=frozenset({len(value)}), keys=keys, items=items)
    return about


def registered_in(owner: nn.Module | None, items: Sequence[Any]) -> tuple[str, ...]:
    """The names by which a module has each of the items registered, or nothing where one is not."""
    names = {id(child): name for name, child in owner._modules.items() if child is not None} if owner is not None else {}
    found = [names.get(id(item), "") for item in items[:_LONG]]
    return tuple(found) if len(found) == len(items) and all(found) else ()


def hooks_of(module: nn.Module) -> frozenset[tuple[str, str]]:
    """The forward pre-hooks of a module and of torch's own modules inside it, by the classes of hook and module."""
    found = {(dotted(type(hook)), dotted(type(module))) for hook in module._forward_pre_hooks.values()}
    if type(module).__module__.split(".")[0] == "torch":
        found.update(*(hooks_of(child) for child in module._modules.values() if child is not None))
    return frozenset(found)


def kind_of(name: str, value: Any, owner: nn.Module | None) -> Kind:
    """What sort of thing an attribute holds."""
    for cls, kind in _MODULES:
        if isinstance(value, cls):
            return kind
    if value is None:
        return Kind.NONE
    if isinstance(value, nn.Parameter):
        return Kind.PARAMETER
    if isinstance(value, torch.Tensor):
        return Kind.BUFFER if owner is not None and name in owner._buffers else Kind.TENSOR
    if isinstance(value, (bool, int, float, complex, str)):
        return Kind.VALUE
    if isinstance(value, (list, tuple)):
        return Kind.LIST
    if isinstance(value, dict):
        return Kind.DICT
    return Kind.FUNCTION if callable(value) else Kind.OTHER


def _container(about: Attribute, module: nn.Module) -> Attribute:
    members = dict(module._modules)
    if isinstance(module, (nn.ParameterList, nn.ParameterDict)):
        size = len(module)
        keys = tuple(map(str, module.keys())) if isinstance(module, nn.ParameterDict) else ()
        return replace(about, lengths=frozenset({size}), keys=keys, items=("torch.nn.parameter.Parameter",) * size)
    if not isinstance(module, (nn.ModuleList, nn.Sequential, nn.ModuleDict)):
        return about
    items = tuple(dotted(type(member)) for member in members.values())
    keys = tuple(members) if isinstance(module, nn.ModuleDict) else ()
    element = None
    held = [member for member in members.values() if member is not None]
    if held and all(isinstance(member, (nn.ModuleList, nn.Sequential, nn.ModuleDict)) for member in held):
        element = merge([describe(f"{about.name}[]", member) for member in held])
    holes = any(member is None for member in members.values())
    return replace(about, lengths=frozenset({len(members)}), items=items, keys=keys, holes=holes, element=element)


def merge(seen: list[Attribute], missing: bool = False) -> Attribute:
    """One attribute over several instances: what does not hold in all of them is kept as a set or dropped."""
    first = seen[0]
    values: dict[str, Any] = {f"{type(v).__name__} {v!r}": v for a in seen for v in a.values}
    partly = any(a.values for a in seen) and not all(a.values for a in seen)
    found = [a.type for a in seen if a.type is not None]
    same = all(_shape(a) == _shape(first) for a in seen)
    elements = [a.element for a in seen if a.element is not None]
    return Attribute(
        first.name,
        frozenset().union(*(a.kinds for a in seen)),
        join(found) if found and all(a.type is not None for a in seen) else None,
        tuple(values.values())[:_MANY],
        frozenset().union(*(a.lengths for a in seen)),
        first.items if all(a.items == first.items for a in seen) else (),
        first.keys if all(a.keys == first.keys for a in seen) else (),
        frozenset().union(*(a.classes for a in seen)),
        any(a.holes for a in seen),
        missing or any(a.missing for a in seen),
        partly or len(values) > 1 or not same or any(a.varies for a in seen),
        "live",
        first.text if all(a.text == first.text for a in seen) else "",
        element=merge(elements) if elements and len(elements) == len(seen) else None,
        hooks=frozenset().union(*(a.hooks for a in seen)),
        functions=frozenset().union(*(a.functions for a in seen)),
        registered=first.registered if all(a.registered == first.registered for a in seen) else (),
        first_parameter=first.first_parameter if all(a.first_parameter == first.first_parameter for a in seen) else "",
    )


def _shape(a: Attribute) -> tuple[object, ...]:
    return (a.kinds, a.lengths, a.items, a.keys, a.classes, a.holes, a.text)


def _mark_changed(before: Attribute, after: Attribute) -> Attribute:
    """The attribute as it was before the run, marked where the run changed it; its type takes both."""
    if before.values == after.values and _shape(before) == _shape(after):
        return before
    both = [t for t in (before.type, after.type) if t is not None]
    type_: Type | None = join(both) if len(both) == 2 else before.type
    return replace(before, type=type_, varies=True)


class Instances:
    """The module instances of a model whose classes, or whose classes' bases, stand in project files."""

    def __init__(self, models: Iterable[Any], place: Callable[[type], str | None]) -> None:
        self.place = place
        self.modules: list[nn.Module] = []
        for model in models:
            if isinstance(model, nn.Module):
                self.modules += [m for m in model.modules() if not any(m is other for other in self.modules)]
        self.before = [self._seen(module) for module in self.modules]

    @staticmethod
    def _seen(module: nn.Module) -> dict[str, Attribute]:
        seen = {name: describe(name, value, module) for name, value in attributes_of(module).items()}
        first = next((path for path, _ in module.named_parameters()), "")
        name = first.partition(".")[0]
        return {**seen, name: replace(seen[name], first_parameter=first)} if name in seen else seen

    def classes(self) -> tuple[LiveClass, ...]:
        """Facts per class, to be asked after the run: values as they were before, what the run changed marked.

        An instance counts for every project class it is an instance of: code in a base class runs on it too.
        """
        grouped: dict[type, list[Mapping[str, Attribute]]] = {}
        for module, before in zip(self.modules, self.before, strict=True):
            settled = self._settled(before, self._seen(module))
            for cls in type(module).__mro__:
                if self.place(cls) is not None:
                    grouped.setdefault(cls, []).append(settled)
        return tuple(self._class(cls, seen) for cls, seen in grouped.items())

    @staticmethod
    def _settled(before: Mapping[str, Attribute], after: Mapping[str, Attribute]) -> dict[str, Attribute]:
        settled = {name: _mark_changed(a, after[name]) if name in after else replace(a, varies=True) for name, a in before.items()}
        made = {name: replace(a, missing=True, values=()) for name, a in after.items() if name not in before}
        return {**settled, **made}

    def _class(self, cls: type, seen: list[Mapping[str, Attribute]]) -> LiveClass:
        names = dict.fromkeys(name for attributes in seen for name in attributes)
        merged = {}
        for name in names:
            having = [attributes[name] for attributes in seen if name in attributes]
            merged[name] = merge(having, missing=len(having) < len(seen))
        path = self.place(cls) or ""
        return LiveClass(path, cls.__qualname__, dotted(cls), len(seen), merged)


def placer(files: Mapping[str, str]) -> Callable[[type], str | None]:
    """From a class to the project file it stands in; ``files`` maps real paths to the names the project uses."""
    known: dict[type, str | None] = {}

    def place(cls: type) -> str | None:
        if cls not in known:
            module: types.ModuleType | None = sys.modules.get(cls.__module__)
            path = getattr(module, "__file__", None)
            known[cls] = files.get(os.path.realpath(path)) if path else None
        return known[cls]

    return place
