"""How an int is written as a float: plainly where it is one for every caller, else in a form that leaves other values alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import libcst as cst

from scriptify.facts.types import Type
from scriptify.transform import Edit, Import
from scriptify.transforms._infer_known import FLOAT, INT
from scriptify.transforms._number import EXACT, MIXED, Kept, Numbers, is_decimal, is_simple
from scriptify.transforms._proof import Proof
from scriptify.tree import Tree

_NUMBERS = (INT, FLOAT, MIXED)


@dataclass
class FloatEdits:
    """The edits within one function. ``compiled``: scripting compiles it, so that eager code can keep what it has."""

    numbers: Numbers
    compiled: bool
    wanted: list[Import] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Look at the same function as the compiler and as every caller."""
        numbers = self.numbers
        self._proof = Proof(numbers.tree, numbers.facts, numbers.qualname, numbers.function)

    @property
    def tree(self) -> Tree:
        """The file."""
        return self.numbers.tree

    def of_int(self, node: cst.BaseExpression) -> list[Edit] | Kept:
        """Edits that make a float of an expression that is an int, equal in value."""
        if isinstance(node, cst.Integer):
            return self._literal(node)
        if isinstance(node, cst.UnaryOperation) and isinstance(node.operator, cst.Minus) and isinstance(node.expression, cst.Integer):
            return self._literal(node.expression)
        if isinstance(node, cst.IfExp):
            return self._each(side for side in (node.body, node.orelse) if self.numbers.type_of(side) in (INT, MIXED))
        return self._wrapped(node)

    def of_items(self, node: cst.BaseExpression) -> list[Edit] | Kept:
        """Edits that make floats of the ints in a tuple or list."""
        if isinstance(node, cst.Tuple | cst.List):
            values = [element.value for element in node.elements]
            if any(isinstance(element, cst.StarredElement) for element in node.elements):
                return Kept("it has a starred part, whose length is not known")
            return self._each(value for value in values if self.numbers.type_of(value) in (INT, MIXED))
        if isinstance(node, cst.BinaryOperation) and isinstance(node.operator, cst.Multiply) and isinstance(node.left, cst.List):
            return self.of_items(node.left)
        type_ = self.numbers.type_of(node)
        if type_ is not None and type_.name == "Tuple" and is_simple(node):
            text = self.tree.code(node)
            parts = [f"float({text}[{i}])" for i in range(len(type_.args))]
            return self._form(node, f"({', '.join(parts)}{',' if len(parts) == 1 else ''})")
        if type_ is not None and type_.name == "List":
            name = self.numbers.fresh("value")
            return self._form(node, f"[float({name}) for {name} in {self.tree.operand(node)}]")
        return Kept("its items are not known one by one")

    def _each(self, nodes: Iterator[cst.BaseExpression]) -> list[Edit] | Kept:
        edits: list[Edit] = []
        for node in nodes:
            done = self.of_int(node)
            if isinstance(done, Kept):
                return done
            edits += done
        return edits

    def _literal(self, node: cst.Integer) -> list[Edit] | Kept:
        if abs(node.evaluated_value) > EXACT:
            return Kept(f"{node.value} has no equal float")
        return [self.tree.replace(node, f"{node.value}.0")] if is_decimal(node.value) else self._wrapped(node)

    def _wrapped(self, node: cst.BaseExpression) -> list[Edit] | Kept:
        text = self.tree.code(node)
        if self.compiled or self._proved(node):
            return self._form(node, f"float({text})")
        if not is_simple(node):
            return Kept("a caller may pass another value, which must not be made a float; give it a name")
        if not all(map(self.numbers.builtin, ("float", "int", "isinstance"))):
            return Kept("the name float, int or isinstance means something else here")
        return self._put(node, f"float({text}) if isinstance({text}, int) else {text}")

    def _form(self, node: cst.BaseExpression, text: str) -> list[Edit] | Kept:
        """``text``, for scripting alone where a caller may pass another value."""
        if not self.numbers.builtin("float"):
            return Kept("the name float means something else here")
        if self._proved(node):
            return [self.tree.replace_outer(node, text)]
        if not self.compiled:
            return Kept("a caller may pass another value, which must not be made floats")
        scripting, imports = self.tree.imports.spell("torch.jit.is_scripting")
        if scripting.partition(".")[0] in self.numbers.taken:
            return Kept(f"the name {scripting.partition('.')[0]} means something else here")
        self.wanted.extend(imports)
        return self._put(node, f"{text} if {scripting}() else {self.tree.text[slice(*self.tree.outer_span(node))]}")

    def _put(self, node: cst.BaseExpression, text: str) -> list[Edit]:
        """A conditional, in parentheses where it is a side of another."""
        return [self.tree.replace_outer(node, f"({text})" if isinstance(self.tree.parent(node), cst.IfExp) else text)]

    def _proved(self, node: cst.BaseExpression) -> bool:
        return _numeric(self._proof.type_of(node))


def _numeric(type_: Type | None) -> bool:
    """Whether a type is a number, or a tuple or list of them."""
    if type_ is None or type_ in _NUMBERS:
        return type_ is not None
    return type_.name in ("Tuple", "List") and all(map(_numeric, type_.args))
