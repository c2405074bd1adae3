"""Numbers as the compiler types them: which expressions are ints."""

from __future__ import annotations

import builtins
from dataclasses import dataclass
from functools import cached_property

import libcst as cst

from scriptify.facts.model import Attribute, Facts
from scriptify.facts.types import Type
from scriptify.transforms._infer import Inference
from scriptify.transforms._infer_known import FLOAT, INT
from scriptify.tree import Tree, assigned_names
from scriptify.tree.hoist import eager_only

MIXED = Type("Union", (FLOAT, INT))
# Above this a float no longer holds every int.
EXACT = 2**53


@dataclass(frozen=True, slots=True)
class Kept:
    """Why an expression can't be written as a float."""

    because: str


class Numbers(Inference):
    """Types of expressions within one function, with what the general rules leave open about numbers.

    An attribute that holds an int in some instances and a float in others is ``Union[float, int]``: the
    compiler types it per instance.
    """

    @cached_property
    def taken(self) -> set[str]:
        """Parameters and every name bound in the function."""
        return assigned_names(self.function)

    def builtin(self, name: str) -> bool:
        """Whether a name means Python's builtin here."""
        return name not in self.taken and self.tree.dotted(cst.Name(name)) == f"builtins.{name}"

    def type_of(self, node: cst.CSTNode | None, depth: int = 6) -> Type | None:
        """The type of an expression as the compiler sees it, or None where it is not known."""
        if isinstance(node, cst.Call) and isinstance(node.func, cst.Name):
            if node.func.value in self.taken:
                return None
            if node.func.value in ("abs", "min", "max", "round", "sum", "pow") and self.builtin(node.func.value):
                return self._of_builtin(node, node.func.value, depth)
        if isinstance(node, cst.BinaryOperation) and isinstance(node.operator, cst.Multiply | cst.Add):
            left, right = self.type_of(node.left, depth - 1), self.type_of(node.right, depth - 1)
            if (left is not None and left.name == "Tuple") or (right is not None and right.name == "Tuple"):
                return None  # a new length, not worth following
        if isinstance(node, cst.IfExp):
            read = [side for side in (node.body, node.orelse) if not eager_only(self.tree, side)]
            if len(read) == 1:  # the other is kept from the compiler
                return self.type_of(read[0], depth - 1)
            sides = [self.type_of(node.body, depth - 1), self.type_of(node.orelse, depth - 1)]
            if None in sides or sides[0] != sides[1]:
                return None
        return super().type_of(node, depth)

    def _of_builtin(self, node: cst.Call, name: str, depth: int) -> Type | None:
        types = [self.type_of(arg.value, depth - 1) for arg in node.args if arg.keyword is None and not arg.star]
        if len(types) < len(node.args) or not types or any(t is None or t not in (INT, FLOAT) for t in types):
            return None
        if name in ("round", "pow"):
            return FLOAT
        if name == "sum" or (name in ("min", "max") and len(types) < 2):
            return None
        return INT if all(t == INT for t in types) else FLOAT

    def _attribute(self, node: cst.Attribute, depth: int) -> Type | None:
        found = self.self_attribute(node)
        if found is not None:  # an instance that lacks it fails in eager too, so what the others hold counts
            number = number_of(found)
            if number is not None:
                return number
            if found.constant and isinstance(found.value, tuple):
                return _type_of_value(found.value)
        return super()._attribute(node, depth)

    def _subscript(self, node: cst.Subscript, depth: int) -> Type | None:
        known = super()._subscript(node, depth)
        index = literal_index(node)
        if known is not None or index is None:
            return known
        value = node.value
        if isinstance(value, cst.Call) and isinstance(value.func, cst.Attribute) and value.func.attr.value == "size" and not value.args:
            return INT
        base = self.type_of(value, depth - 1)
        if base is not None and base.name == "Tuple" and -len(base.args) <= index < len(base.args):
            return base.args[index]
        return None

    def fresh(self, name: str) -> str:
        """A name not used anywhere in this function."""
        used = self.taken | {node.value for node in self.tree.find(cst.Name, self.function)} | set(dir(builtins))
        base, number = name, 1
        while name in used:
            number += 1
            name = f"{base}_{number}"
        return name


def number_of(attribute: Attribute) -> Type | None:
    """INT, FLOAT or both, for an attribute that is a number in every instance; else None."""
    if attribute.origin == "live" and attribute.classes and attribute.classes <= {"int", "float"}:
        return {frozenset({"int"}): INT, frozenset({"float"}): FLOAT}.get(attribute.classes, MIXED)
    if attribute.values and not attribute.varies:
        kinds = {type(value) for value in attribute.values}
        if kinds <= {int, float}:
            return INT if kinds == {int} else FLOAT if kinds == {float} else MIXED
        return None
    return attribute.type if attribute.type in (INT, FLOAT) else None


def _type_of_value(value: tuple[object, ...]) -> Type | None:
    kinds = {int: INT, float: FLOAT}
    parts = [kinds.get(type(item)) for item in value]
    known = [part for part in parts if part is not None]
    return Type("Tuple", tuple(known)) if len(known) == len(parts) else None


def is_decimal(text: str) -> bool:
    """Whether an integer is written in plain decimal digits."""
    return text.replace("_", "").isdigit()


def is_simple(node: cst.CSTNode) -> bool:
    """Whether an expression is a name or a chain of attributes: cheap, and the same each time it is read."""
    while isinstance(node, cst.Attribute):
        node = node.value
    return isinstance(node, cst.Name)


def literal_index(node: cst.Subscript) -> int | None:
    """The one literal index of a subscript, or None."""
    if len(node.slice) != 1 or not isinstance(node.slice[0].slice, cst.Index):
        return None
    return literal_int(node.slice[0].slice.value)


def literal_int(node: cst.CSTNode) -> int | None:
    """The value of an integer literal, with a minus or without; or None."""
    if isinstance(node, cst.Integer):
        return node.evaluated_value
    if isinstance(node, cst.UnaryOperation) and isinstance(node.operator, cst.Minus) and isinstance(node.expression, cst.Integer):
        return -node.expression.evaluated_value
    return None


def home(tree: Tree, facts: Facts, node: cst.CSTNode) -> tuple[str, cst.FunctionDef] | None:
    """The function that scripting compiles in whose own code a node stands, with its qualified name; else None."""
    for above in tree.ancestors(node):
        if isinstance(above, cst.Lambda | cst.ClassDef):
            return None
        if isinstance(above, cst.FunctionDef):
            qualname = tree.qualname(above)
            current = facts.reached(tree.path, qualname) and tree.function(qualname) is above and tree.contains(above.body, node)
            return (qualname, above) if current else None
    return None
