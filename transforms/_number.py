"""Numbers as the compiler types them: which expressions are ints, and how an int is written as a float."""

from __future__ import annotations

import builtins
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import libcst as cst

from scriptify.facts.model import Attribute, Facts
from scriptify.facts.types import Type
from scriptify.transform import Edit
from scriptify.transforms._infer import Inference
from scriptify.transforms._infer_known import FLOAT, INT
from scriptify.tree import Tree, assigned_names

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

    def float_edits(self, node: cst.BaseExpression) -> list[Edit] | Kept:
        """Edits that make a float of an expression that is an int, equal in value."""
        if isinstance(node, cst.Integer):
            return self._literal(node)
        if isinstance(node, cst.UnaryOperation) and isinstance(node.operator, cst.Minus) and isinstance(node.expression, cst.Integer):
            return self._literal(node.expression)
        if isinstance(node, cst.IfExp):
            return self._each(side for side in (node.body, node.orelse) if self.type_of(side) in (INT, MIXED))
        return self._wrapped(node)

    def floats_edits(self, node: cst.BaseExpression) -> list[Edit] | Kept:
        """Edits that make floats of the ints in a tuple or list."""
        if isinstance(node, cst.Tuple | cst.List):
            values = [element.value for element in node.elements]
            if any(isinstance(element, cst.StarredElement) for element in node.elements):
                return Kept("it has a starred part, whose length is not known")
            return self._each(value for value in values if self.type_of(value) in (INT, MIXED))
        if isinstance(node, cst.BinaryOperation) and isinstance(node.operator, cst.Multiply) and isinstance(node.left, cst.List):
            return self.floats_edits(node.left)
        type_ = self.type_of(node)
        if not self.builtin("float"):
            return Kept("the name float means something else here")
        if type_ is not None and type_.name == "Tuple" and is_simple(node):
            text = self.tree.code(node)
            parts = [f"float({text}[{i}])" for i in range(len(type_.args))]
            return [self.tree.replace_outer(node, f"({', '.join(parts)}{',' if len(parts) == 1 else ''})")]
        if type_ is not None and type_.name == "List":
            name = self.fresh("value")
            return [self.tree.replace_outer(node, f"[float({name}) for {name} in {self.tree.operand(node)}]")]
        return Kept("its items are not known one by one")

    def fresh(self, name: str) -> str:
        """A name not used anywhere in this function."""
        used = self.taken | {node.value for node in self.tree.find(cst.Name, self.function)} | set(dir(builtins))
        base, number = name, 1
        while name in used:
            number += 1
            name = f"{base}_{number}"
        return name

    def _each(self, nodes: Iterator[cst.BaseExpression]) -> list[Edit] | Kept:
        edits: list[Edit] = []
        for node in nodes:
            done = self.float_edits(node)
            if isinstance(done, Kept):
                return done
            edits += done
        return edits

    def _literal(self, node: cst.Integer) -> list[Edit] | Kept:
        if abs(node.evaluated_value) > EXACT:
            return Kept(f"{node.value} has no equal float")
        return [self.tree.replace(node, f"{node.value}.0")] if is_decimal(node.value) else self._wrapped(node)

    def _wrapped(self, node: cst.BaseExpression) -> list[Edit] | Kept:
        if not self.builtin("float"):
            return Kept("the name float means something else here")
        return [self.tree.replace_outer(node, f"float({self.tree.code(node)})")]


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
