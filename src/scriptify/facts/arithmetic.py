"""What operators make of what two expressions may hold: lists joined and repeated, numbers."""

from __future__ import annotations

import ast

from scriptify.facts.model import Attribute, Kind
from scriptify.facts.values import UNKNOWN, Value, container, elements_of, joined, literal, plain

_BIG = 10**9


def arithmetic(op: ast.operator, a: Attribute, b: Attribute) -> Value:
    """What an operator gives for two values; UNKNOWN where nothing can be said."""
    if isinstance(op, ast.Add) and a.kinds == b.kinds == {Kind.LIST}:
        left, right = elements_of(a), elements_of(b)
        if left is None or right is None:
            return container(Kind.LIST, None, joined([e for e in (a.element, b.element) if e is not None]))
        return container(Kind.LIST, [*left, *right])
    if isinstance(op, ast.Mult) and a.kinds == {Kind.LIST} and b.constant and type(b.value) is int:
        elements = elements_of(a)
        known = elements is not None and 0 <= b.value < 1000
        return container(Kind.LIST, elements * b.value if known and elements is not None else None, _repeated(a))
    if isinstance(op, ast.Mult) and a.kinds == {Kind.LIST} and b.kinds <= {Kind.VALUE, Kind.OTHER} and a.may_hold_none:
        return container(Kind.LIST, None, _repeated(a))
    if not a.kinds == b.kinds == {Kind.VALUE}:
        return UNKNOWN
    if a.constant and b.constant and type(a.value) is int and type(b.value) is int and max(abs(a.value), abs(b.value)) < _BIG:
        return _integers(op, a.value, b.value)
    names = {str(a.type), str(b.type)}
    if isinstance(op, ast.Div) and names <= {"int", "float"}:
        return plain("float")
    if names <= {"int", "float"} and "float" in names:
        return plain("float")
    if names == {"int"} and isinstance(op, (ast.Add, ast.Sub, ast.Mult, ast.FloorDiv, ast.Mod)):
        return plain("int")
    return UNKNOWN


def _repeated(of: Attribute) -> Attribute | None:
    """One element of a list that is repeated."""
    elements = elements_of(of)
    return of.element if of.element is not None or not elements else joined(elements)


def _integers(op: ast.operator, a: int, b: int) -> Value:
    if isinstance(op, ast.Add):
        return literal(a + b)
    if isinstance(op, ast.Sub):
        return literal(a - b)
    if isinstance(op, ast.Mult):
        return literal(a * b)
    if isinstance(op, ast.FloorDiv) and b:
        return literal(a // b)
    if isinstance(op, ast.Mod) and b:
        return literal(a % b)
    if isinstance(op, ast.Div) and b:
        return literal(a / b)
    return plain("int") if not isinstance(op, (ast.Div, ast.Pow)) else UNKNOWN
