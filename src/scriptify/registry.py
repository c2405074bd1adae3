"""Finds the transforms: built in (one file each) and from installed packages, in a fixed order."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Iterable, Sequence
from functools import cache
from importlib.metadata import entry_points
from typing import TypeGuard

from scriptify.transform import Settings, Transform

GROUP = "scriptify.transforms"


class RegistryError(Exception):
    """A transform that can't be loaded, or a code that does not exist, in one sentence."""


@cache
def all_transforms() -> tuple[Transform, ...]:
    """Every transform, sorted by phase and code. Raises RegistryError for a broken or doubled one."""
    found: dict[str, Transform] = {}
    for kind in [*_built_in(), *_plugged_in()]:
        _check(kind)
        if kind.code in found and type(found[kind.code]) is not kind:
            raise RegistryError(f"two transforms have the code {kind.code}: {type(found[kind.code]).__qualname__} and {kind.__qualname__}")
        found[kind.code] = kind()
    return tuple(sorted(found.values(), key=lambda t: (t.phase, t.code)))


def chosen(settings: Settings) -> tuple[Transform, ...]:
    """The transforms that ``select`` and ``ignore`` leave (codes or their prefixes, or names).

    Raises RegistryError for a choice that matches nothing.
    """
    everything = all_transforms()
    for choice in (*settings.select, *settings.ignore):
        if not any(_matches(transform, choice) for transform in everything):
            raise RegistryError(f"no transform has the code or name {choice!r}; `scriptify rules` lists them")
    kept = [t for t in everything if not settings.select or _any(t, settings.select)]
    return tuple(t for t in kept if not _any(t, settings.ignore))


def by_code(code: str) -> Transform:
    """The transform of a code or name. Raises RegistryError."""
    for transform in all_transforms():
        if code.lower() in (transform.code.lower(), transform.name):
            return transform
    raise RegistryError(f"no transform has the code or name {code!r}; `scriptify rules` lists them")


def answering(transforms: Sequence[Transform], message: str) -> list[Transform]:
    """The transforms that explain a compiler message, those of the last resort at the end."""
    return sorted((transform for transform in transforms if transform.answers(message)), key=lambda t: t.last_resort)


def in_module(name: str) -> list[type[Transform]]:
    """The transform classes a module defines itself. Raises RegistryError when it can't be imported."""
    try:
        module = importlib.import_module(name)
    except Exception as error:
        raise RegistryError(f"transform module {name} cannot be imported: {type(error).__name__}: {error}") from error
    members = [value for _, value in inspect.getmembers(module, inspect.isclass)]
    return [kind for kind in members if _is_transform(kind) and kind.__module__ == module.__name__]


def _built_in() -> Iterable[type[Transform]]:
    package = importlib.import_module("scriptify.transforms")
    for info in sorted(pkgutil.iter_modules(package.__path__), key=lambda i: i.name):
        if not info.name.startswith("_"):
            yield from in_module(f"{package.__name__}.{info.name}")


def _plugged_in() -> Iterable[type[Transform]]:
    for point in sorted(entry_points(group=GROUP), key=lambda p: p.name):
        try:
            loaded = point.load()
        except Exception as error:
            raise RegistryError(f"the transform {point.name} ({point.value}) cannot be loaded: {error}") from error
        if _is_transform(loaded):
            yield loaded
        else:
            yield from in_module(loaded.__name__)


def _is_transform(value: object) -> TypeGuard[type[Transform]]:
    return isinstance(value, type) and issubclass(value, Transform) and value is not Transform and hasattr(value, "code")


def _check(kind: type[Transform]) -> None:
    for name in ("code", "name", "phase"):
        if not hasattr(kind, name):
            raise RegistryError(f"the transform {kind.__qualname__} has no {name}")
    if not (kind.__doc__ or "").strip():
        raise RegistryError(f"the transform {kind.code} has no docstring")


def _matches(transform: Transform, choice: str) -> bool:
    return transform.code.lower().startswith(choice.lower()) or transform.name == choice


def _any(transform: Transform, choices: Iterable[str]) -> bool:
    return any(_matches(transform, choice) for choice in choices)
