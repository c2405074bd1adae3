"""What a function's body says against a type that its callers or its default suggest for a parameter."""

from __future__ import annotations

import libcst as cst

from scriptify.facts.known import literal_type
from scriptify.facts.model import Facts
from scriptify.facts.types import Type
from scriptify.transforms._none_types import among_texts, handed_to
from scriptify.transforms._none_uses import Uses
from scriptify.tree import Tree

_NUMBERS = frozenset({"int", "float", "bool", "complex"})
_RECKONING = (cst.Add, cst.Subtract, cst.Multiply, cst.Divide, cst.FloorDivide, cst.Power, cst.Modulo)
_RECKONED = (
    cst.AddAssign,
    cst.SubtractAssign,
    cst.MultiplyAssign,
    cst.DivideAssign,
)
_ORDER = (cst.LessThan, cst.LessThanEqual, cst.GreaterThan, cst.GreaterThanEqual)


def contradicted(tree: Tree, uses: Uses, type_: Type) -> str:
    """How a use contradicts a type, as a clause; ``""`` where none does."""
    if uses.stores:
        return ""  # what is used may be what was assigned
    for load in uses.others:
        at = f"line {tree.line(load)}"
        if type_.name == "bool" and _reckoned(tree, load):
            return f"{at} reckons with it"
        if type_.stripped.name in _NUMBERS | {"Tensor"} and among_texts(tree, load):
            return f"{at} compares it with a text"
        above = tree.parent(load)
        if type_.name in _NUMBERS and isinstance(above, cst.Subscript) and above.value is load:
            return f"{at} takes an item of it"
    return ""


def _reckoned(tree: Tree, load: cst.Name) -> bool:
    above = tree.parent(load)
    if isinstance(above, cst.BinaryOperation):
        return isinstance(above.operator, _RECKONING)
    if isinstance(above, cst.AugAssign):
        return isinstance(above.operator, _RECKONED)
    if isinstance(above, cst.Comparison):
        return any(isinstance(part.operator, _ORDER) for part in above.comparisons)
    return isinstance(above, cst.ComparisonTarget) and isinstance(above.operator, _ORDER)


def wants_float(tree: Tree, facts: Facts, uses: Uses) -> bool:
    """Whether a parameter is handed on to one of the project that is a float by its annotation or default."""
    return any(
        parameter.annotation == "float" if parameter.annotation else literal_type(parameter.default or "") == Type("float")
        for load in uses.others
        for _, _, parameter in handed_to(tree, facts, load)
    )
