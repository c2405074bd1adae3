"""Several observed runs as one: types join, calls and instances add up."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from scriptify.facts.model import Attribute
from scriptify.facts.types import join, parse
from scriptify.facts.values import both
from scriptify.oracle.protocol import LiveClass, LiveFunction, LiveParameter, Observation


def combined(observations: Iterable[Observation]) -> Observation:
    """One observation that shows what all of them show together. An attribute that a class lacks in one is ``missing``."""
    functions: dict[tuple[str, str], LiveFunction] = {}
    classes: dict[tuple[str, str], LiveClass] = {}
    calls: dict[object, None] = {}
    seconds = 0.0
    for seen in observations:
        seconds += seen.seconds
        calls.update(dict.fromkeys(seen.calls))
        for function in seen.functions:
            key = (function.path, function.qualname)
            functions[key] = _function(functions[key], function) if key in functions else function
        for owner in seen.classes:
            key = (owner.path, owner.qualname)
            classes[key] = _class(classes[key], owner) if key in classes else owner
    return Observation(tuple(functions.values()), tuple(classes.values()), tuple(calls), seconds=seconds)  # type: ignore[arg-type]


def _function(a: LiveFunction, b: LiveFunction) -> LiveFunction:
    parameters = {name: _parameter(a.parameters.get(name), b.parameters.get(name)) for name in _names(a.parameters, b.parameters)}
    locals_ = {name: _types(a.locals.get(name, ""), b.locals.get(name, "")) for name in _names(a.locals, b.locals)}
    return replace(
        a,
        calls=a.calls + b.calls,
        parameters=parameters,
        locals=locals_,
        returns=_types(a.returns, b.returns),
        arms=a.arms | b.arms,
        entered=a.entered | b.entered,
    )


def _names(a: Mapping[str, object], b: Mapping[str, object]) -> list[str]:
    return list(dict.fromkeys((*a, *b)))


def _parameter(a: LiveParameter | None, b: LiveParameter | None) -> LiveParameter:
    if a is None or b is None:
        found = a or b
        assert found is not None
        return found
    return LiveParameter(_types(a.observed, b.observed), _types(a.given, b.given), a.empty_seen or b.empty_seen)


def _types(a: str, b: str) -> str:
    if not a or not b or a == b:
        return a or b
    try:
        return str(join([parse(a), parse(b)]))
    except (ValueError, RecursionError):
        return a


def _class(a: LiveClass, b: LiveClass) -> LiveClass:
    attributes = {name: _attribute(a.attributes.get(name), b.attributes.get(name)) for name in _names(a.attributes, b.attributes)}
    return replace(a, instances=a.instances + b.instances, attributes=attributes)


def _attribute(a: Attribute | None, b: Attribute | None) -> Attribute:
    if a is None or b is None:
        found = a or b
        assert found is not None
        return replace(found, missing=True)
    return joined(a, b)


def joined(a: Attribute, b: Attribute) -> Attribute:
    """One attribute as two sets of instances have it."""
    same = all(getattr(a, part) == getattr(b, part) for part in ("kinds", "lengths", "items", "keys", "classes", "holes"))
    value = both(a, b)
    varies = value.varies or not same or len(value.values) > 1
    return replace(value, origin="live", varies=varies)
