"""Finds the transforms: built in (one file each) and from installed packages, in a fixed order."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
from collections.abc import Iterable, Sequence
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import TypeGuard

from scriptify.transform import Declines, Fires, Ignores, Phase, Safety, Settings, Transform

GROUP = "scriptify.transforms"


class RegistryError(Exception):
    """A transform that can't be loaded, or a code that does not exist, in one sentence."""


@cache
def all_transforms() -> tuple[Transform, ...]:
    """Every transform, sorted by phase and code; of other distributions those that are sound (see :func:`problems`).

    Raises RegistryError for a broken or doubled one of our own.
    """
    return _collected()[0]


@cache
def problems() -> tuple[str, ...]:
    """A sentence for each transform of another distribution that is left out, and why: one bad package must not cost all the others."""
    return _collected()[1]


@cache
def _collected() -> tuple[tuple[Transform, ...], tuple[str, ...]]:
    found: dict[str, Transform] = {}
    for kind in _built_in():
        _add(found, kind)
    told: list[str] = []
    for point in sorted(entry_points(group=GROUP), key=lambda p: (p.name, p.value)):
        try:
            for kind in _plugged_in(point):
                _add(found, kind)
        except RegistryError as error:
            told.append(f"the transform {point.name} ({point.value}) is left out: {error}")
    return tuple(sorted(found.values(), key=lambda t: (t.phase, t.code))), tuple(told)


def _add(found: dict[str, Transform], kind: type[Transform]) -> None:
    check(kind)
    other = next((t for t in found.values() if kind.code == t.code or kind.name == t.name), None)
    if other is not None and type(other) is not kind:
        raise RegistryError(
            f"{kind.__qualname__} has the code or name of {type(other).__module__}.{type(other).__qualname__} ({other.code})"
        )
    found[kind.code] = kind()


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
    except (Exception, SystemExit) as error:
        raise RegistryError(f"transform module {name} cannot be imported: {type(error).__name__}: {error}") from error
    members = [value for _, value in inspect.getmembers(module, inspect.isclass)]
    return [kind for kind in members if _is_transform(kind) and kind.__module__ == module.__name__]


def _built_in() -> Iterable[type[Transform]]:
    package = importlib.import_module("scriptify.transforms")
    for info in sorted(pkgutil.iter_modules(package.__path__), key=lambda i: i.name):
        if not info.name.startswith("_"):
            yield from in_module(f"{package.__name__}.{info.name}")


def _plugged_in(point: EntryPoint) -> list[type[Transform]]:
    try:
        loaded = point.load()
    except (Exception, SystemExit) as error:
        raise RegistryError(f"it cannot be loaded: {type(error).__name__}: {error}") from error
    if _is_transform(loaded):
        return [loaded]
    if not inspect.ismodule(loaded):
        raise RegistryError(f"it is a {type(loaded).__name__}, neither a Transform nor a module of some")
    kinds = in_module(loaded.__name__)
    if not kinds:
        raise RegistryError("the module defines no Transform")
    return kinds


def _is_transform(value: object) -> TypeGuard[type[Transform]]:
    return isinstance(value, type) and issubclass(value, Transform) and value is not Transform and not inspect.isabstract(value)


def check(kind: type[Transform]) -> None:
    """Raise RegistryError for a transform class that lacks what every transform has, or has it in another form."""
    named = kind.__qualname__
    for name, wanted in (("code", str), ("name", str), ("phase", Phase), ("safety", Safety)):
        if not isinstance(getattr(kind, name, None), wanted):
            raise RegistryError(f"{named} has no {name}" if not hasattr(kind, name) else f"{named}: {name} is no {wanted.__name__}")
    if not re.fullmatch(r"[A-Z]{2,}[0-9]{3,}", kind.code):
        raise RegistryError(f"{named}: the code {kind.code!r} is not some capital letters and three digits or more, as XY101 is")
    if not (kind.__doc__ or "").strip():
        raise RegistryError(f"the transform {kind.code} has no docstring")
    for name in ("explains", "hints"):
        value = getattr(kind, name)
        if not isinstance(value, tuple) or not all(isinstance(item, str) for item in value):
            raise RegistryError(f"{named}: {name} is no tuple of texts")
    if not isinstance(kind.examples, tuple) or not all(isinstance(item, Fires | Declines | Ignores) for item in kind.examples):
        raise RegistryError(f"{named}: examples is no tuple of Fires, Declines and Ignores")
    try:
        kind.interested(""), kind.answers(""), kind()
    except Exception as error:
        raise RegistryError(f"{named} does not work: {type(error).__name__}: {error}") from error


def _matches(transform: Transform, choice: str) -> bool:
    return transform.code.lower().startswith(choice.lower()) or transform.name == choice


def _any(transform: Transform, choices: Iterable[str]) -> bool:
    return any(_matches(transform, choice) for choice in choices)
