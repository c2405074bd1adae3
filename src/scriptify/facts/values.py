"""Abstract values: what an expression may hold, as :class:`Attribute`; joined over branches, widened over loops."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from scriptify.facts.imports import Ref
from scriptify.facts.known import value_type
from scriptify.facts.model import Attribute, Kind
from scriptify.facts.types import Type, join

Value = Attribute | Ref | tuple["Value", ...]
"""An abstract value; a Ref is a class, function or module itself; a tuple holds several side by side."""

CONTAINERS = frozenset({Kind.MODULE_LIST, Kind.SEQUENTIAL, Kind.MODULE_DICT, Kind.LIST, Kind.DICT})
UNKNOWN = Attribute("", frozenset({Kind.OTHER}), varies=True)


def literal(value: Any) -> Attribute:
    """The abstract value of a literal."""
    sequence = Kind.LIST if isinstance(value, (list, tuple)) else Kind.DICT if isinstance(value, dict) else Kind.VALUE
    kind = Kind.NONE if value is None else sequence
    lengths = frozenset({len(value)}) if isinstance(value, (list, tuple, dict)) else frozenset()
    return Attribute("", frozenset({kind}), type=value_type(value), values=(value,), lengths=lengths)


def plain(type_name: str) -> Attribute:
    """A plain value of a known type and unknown content."""
    return Attribute("", frozenset({Kind.VALUE}), type=Type(type_name), varies=True)


def of_kind(kind: Kind, *classes: str) -> Attribute:
    """A value of one kind."""
    return Attribute("", frozenset({kind}), classes=frozenset(classes))


def container(kind: Kind, elements: Iterable[Attribute] | None, element: Attribute | None = None, keys: tuple[str, ...] = ()) -> Attribute:
    """A container with known elements, or (None) with some number of ``element``."""
    classes = frozenset({f"torch.nn.{kind.value}"}) if kind.container else frozenset()
    if elements is None:
        return Attribute("", frozenset({kind}), classes=classes, element=element)
    known = list(elements)
    items = tuple(map(_item, known))
    return Attribute(
        "",
        frozenset({kind}),
        lengths=frozenset({len(known)}),
        items=items if all(items) else (),
        keys=keys,
        classes=classes,
        holes=kind.container and any(Kind.NONE in e.kinds for e in known),
        element=joined(known) if known else element,
    )


def _item(value: Attribute) -> str:
    """The one class of an element, ``NoneType`` for None, or ``""``."""
    if value.kinds == {Kind.NONE}:
        return "NoneType"
    return next(iter(value.classes)) if len(value.classes) == 1 and value.kinds.isdisjoint({Kind.NONE, Kind.OTHER}) else ""


def elements_of(value: Attribute) -> list[Attribute] | None:
    """The elements of a container one by one, or None where their number or classes are not known."""
    if value.constant and isinstance(value.value, (list, tuple)):
        return [literal(item) for item in value.value]
    if value.length is None or not value.kinds or not value.kinds <= CONTAINERS:
        return None
    if value.length == 0:
        return []
    if len(value.items) == value.length and value.element is not None:
        return [_element(value.element, item) for item in value.items]
    return [value.element] * value.length if value.element is not None else None


def _element(element: Attribute, item: str) -> Attribute:
    if item == "NoneType":
        return literal(None)
    return replace(element, kinds=element.kinds - {Kind.NONE}, values=(), classes=frozenset({item}))


def as_attribute(value: Value | None) -> Attribute:
    """The abstract value as an attribute would hold it."""
    if isinstance(value, Attribute):
        return value
    if isinstance(value, tuple):
        return container(Kind.LIST, [as_attribute(v) for v in value])
    if isinstance(value, Ref) and value.name.rpartition(".")[2].lstrip("_")[:1].islower():
        function = of_kind(Kind.FUNCTION)
        return function if value.outside else replace(function, functions=frozenset({value.key}))
    return UNKNOWN


def joined(values: Iterable[Attribute]) -> Attribute:
    """What any of several values may hold."""
    result: Attribute | None = None
    for value in values:
        result = value if result is None else both(result, value)
    return result if result is not None else UNKNOWN


def both(a: Attribute, b: Attribute) -> Attribute:
    """What either of two values may hold; ``text`` and ``line`` of the later."""
    if a == b:
        return b
    in_a, in_b = bool(a.kinds & CONTAINERS), bool(b.kinds & CONTAINERS)
    if in_a and in_b:
        lengths = a.lengths | b.lengths if a.lengths and b.lengths else frozenset()
        items, keys = (a.items if a.items == b.items else ()), (a.keys if a.keys == b.keys else ())
    else:
        lengths, items, keys = a.lengths | b.lengths, a.items or b.items, a.keys or b.keys
    values = distinct([*a.values, *b.values])
    return Attribute(
        b.name or a.name,
        a.kinds | b.kinds,
        type=join([a.type, b.type]) if a.type is not None and b.type is not None else None,
        values=values,
        lengths=lengths,
        items=items,
        keys=keys,
        classes=a.classes | b.classes,
        holes=a.holes or b.holes,
        changed=a.changed or b.changed,
        missing=a.missing or b.missing,
        varies=a.varies or b.varies or bool(a.values) != bool(b.values),
        origin="live" if "live" in (a.origin, b.origin) else "source",
        text=b.text or a.text,
        line=b.line or a.line,
        element=both(a.element, b.element) if a.element is not None and b.element is not None else a.element or b.element,
        hooks=a.hooks | b.hooks,
        functions=a.functions | b.functions,
        registered=a.registered if a.registered == b.registered else (),
        first_parameter=a.first_parameter if a.first_parameter == b.first_parameter else "",
    )


def distinct(values: Iterable[Any]) -> tuple[Any, ...]:
    """The values without repeats; True and 1 are two values, so are 0.0 and -0.0."""
    seen: dict[tuple[type, str], Any] = {}
    for value in values:
        seen.setdefault((type(value), repr(value)), value)
    return tuple(seen.values())


def unsized(value: Attribute) -> Attribute:
    """A container after a change that could not be followed."""
    if not value.kinds & CONTAINERS:
        return value
    return replace(value, lengths=frozenset(), items=(), keys=(), values=(), type=None)


def widened(before: Attribute, after: Attribute) -> Attribute:
    """What a value may hold after any number of turns of a loop, given one turn's effect."""
    value = both(before, after)
    if before.lengths != after.lengths or before.items != after.items or before.keys != after.keys:
        value = unsized(value)
    if distinct(before.values) != distinct(after.values):
        value = replace(value, varies=True)
    return value


def join_envs(envs: Iterable[Mapping[str, Value]], *, optional: bool) -> dict[str, Value]:
    """The names of several branches joined; one that some branch lacks is ``missing`` (``optional``) or dropped."""
    result: dict[str, Value] | None = None
    for env in envs:
        result = dict(env) if result is None else _join_two(result, env, optional)
    return result or {}


def _join_two(a: Mapping[str, Value], b: Mapping[str, Value], optional: bool) -> dict[str, Value]:
    result: dict[str, Value] = {}
    for name in (*a, *(name for name in b if name not in a)):
        if name in a and name in b:
            left, right = a[name], b[name]
            result[name] = left if left == right else both(as_attribute(left), as_attribute(right))
        elif optional:
            result[name] = replace(as_attribute(a.get(name, b.get(name))), missing=True)
    return result


def widen_envs(before: Mapping[str, Value], after: Mapping[str, Value], *, optional: bool) -> dict[str, Value]:
    """The names after any number of turns of a loop."""
    result = _join_two(before, after, optional)
    for name in result:
        if name in before and name in after and before[name] != after[name]:
            result[name] = widened(as_attribute(before[name]), as_attribute(after[name]))
    return result
