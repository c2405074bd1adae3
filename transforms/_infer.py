"""The TorchScript type an expression certainly has, as far as source and facts show it; None where they do not."""

from __future__ import annotations

import libcst as cst

from scriptify.facts.model import Attribute, Facts, Kind, TypeFact, Unknown
from scriptify.facts.types import EMPTY, NONE, Type, join
from scriptify.transforms._infer_calls import CallTypes
from scriptify.transforms._infer_known import (
    BOOL,
    DEPTH,
    FLOAT,
    HOLDING,
    INT,
    NUMERIC,
    OPEN,
    PIECES,
    is_shape,
    literal,
    one_index,
)
from scriptify.transforms._none_uses import SOME, Uses
from scriptify.transforms._own_scope import comprehension_variable
from scriptify.transforms._signature import TENSOR, declared
from scriptify.tree import Tree
from scriptify.tree.flow import bindings
from scriptify.tree.shapes import shape_read


class Inference:
    """Types of expressions within one function; ``calls_as`` says those of its calls."""

    calls_as: type[CallTypes] = CallTypes

    def __init__(self, tree: Tree, facts: Facts, qualname: str, function: cst.FunctionDef, caller: Inference | None = None) -> None:
        """Look at one function; ``caller`` is the inference that asks what it returns."""
        self.tree, self.facts, self.qualname, self.function = tree, facts, qualname, function
        self._calls: CallTypes = self.calls_as(self, caller._calls if caller is not None else None)
        self._names: dict[str, Type | None] = {}
        self._assumed: dict[str, Type | None] = {}
        self._uses: dict[str, Uses] = {}
        self._followed = 0
        self._bound: dict[str, list[cst.CSTNode]] = {}
        for name, by in bindings(function.body):
            self._bound.setdefault(name.value, []).append(by)

    def bound_by(self, name: str) -> list[cst.CSTNode]:
        """What binds a local name in the function's body."""
        return self._bound.get(name, [])

    def type_of(self, node: cst.CSTNode | None, depth: int = DEPTH) -> Type | None:
        """The one type of an expression, or None."""
        if node is None or depth <= 0:
            return None
        if isinstance(node, cst.Name):
            return self._read(node, depth)
        if isinstance(node, cst.Integer | cst.Float | cst.SimpleString | cst.ConcatenatedString | cst.FormattedString):
            return literal(node)
        if isinstance(node, cst.Call):
            return self._calls.type_of(node, depth)
        if isinstance(node, cst.Attribute):
            return self._attribute(node, depth)
        if isinstance(node, cst.Subscript):
            return self._subscript(node, depth)
        return self._operation(node, depth) or self._display(node, depth)

    def _operation(self, node: cst.CSTNode, depth: int) -> Type | None:
        if isinstance(node, cst.BinaryOperation):
            return self._binary(node, depth)
        if isinstance(node, cst.UnaryOperation):
            inner = self.type_of(node.expression, depth - 1)
            return BOOL if isinstance(node.operator, cst.Not) else INT if inner == BOOL else inner
        if isinstance(node, cst.Comparison):
            return self._comparison(node, depth)
        if isinstance(node, cst.IfExp):
            sides = [self.type_of(node.body, depth - 1), self.type_of(node.orelse, depth - 1)]
            known = [side for side in sides if side is not None]
            return join(known) if len(known) == 2 else None
        return None

    def _comparison(self, node: cst.Comparison, depth: int) -> Type | None:
        sides = [self.type_of(side, depth - 1) for side in (node.left, *(c.comparator for c in node.comparisons))]
        if all(isinstance(c.operator, cst.Is | cst.IsNot | cst.In | cst.NotIn) for c in node.comparisons):
            return BOOL
        if not any(side is None or side == TENSOR or side.name in OPEN for side in sides):
            return BOOL
        # A chain is a Tensor in eager code and a bool in scripted code. ``tensor == None`` and ``tensor == "a"`` are False,
        # and an object of another class answers ``==`` as it likes, so what a Tensor is compared with must be known there.
        same = any(isinstance(c.operator, cst.Equal | cst.NotEqual) for c in node.comparisons)
        if len(sides) > 2 or TENSOR not in sides or not all(side in NUMERIC or (side is None and not same) for side in sides):
            return None
        return TENSOR

    def _display(self, node: cst.CSTNode, depth: int) -> Type | None:
        if isinstance(node, cst.List | cst.Tuple):
            if any(isinstance(e, cst.StarredElement) for e in node.elements):
                return None
            parts = [self.type_of(e.value, depth - 1) for e in node.elements]
            known = [part for part in parts if part is not None]
            if len(known) < len(parts):
                return None
            return Type("List", (join(known),)) if isinstance(node, cst.List) else Type("Tuple", tuple(known))
        if isinstance(node, cst.ListComp):
            return Type("List", (self.type_of(node.elt, depth - 1) or Type(EMPTY),))
        return None

    def _binary(self, node: cst.BinaryOperation, depth: int) -> Type | None:
        left, right = self.type_of(node.left, depth - 1), self.type_of(node.right, depth - 1)
        if TENSOR in (left, right):
            # ``"%d" % tensor`` is text, and a list holds or repeats what it holds.
            return TENSOR if all(side is None or side.name not in HOLDING for side in (left, right)) else None
        if isinstance(node.operator, cst.Multiply) and isinstance(node.left, cst.List):
            return left  # a list repeated
        if left is None or right is None:
            return None
        if isinstance(node.operator, cst.Add) and left.name == right.name == "List":
            return join([left, right])
        if left.name in ("int", "float") and right.name in ("int", "float"):
            return FLOAT if isinstance(node.operator, cst.Divide | cst.Power) else join([left, right])
        return None

    def _subscript(self, node: cst.Subscript, depth: int) -> Type | None:
        value = node.value
        if shape_read(value) and one_index(node):
            return INT
        base = self.type_of(value, depth - 1)
        if base == TENSOR:
            return TENSOR
        if base is not None and base.name == "List" and base.args[0].known:
            return base.args[0] if one_index(node) else base
        return None

    def _read(self, node: cst.Name, depth: int) -> Type | None:
        """The type of a name where it is read: a test or an assignment on the way there may have ruled out its None."""
        by = comprehension_variable(self.tree, node)
        if by is not None:
            return self._binding(by, depth) if isinstance(by.target, cst.Name) else None
        found = self._name(node.value, depth)
        if found is None or found.name != "Optional":
            return found
        if node.value not in self._uses:
            self._uses[node.value] = Uses(self.tree, self.function, node.value, surely=self.not_none)
        return found.stripped if self._uses[node.value].state(node) == SOME else found

    def not_none(self, value: cst.BaseExpression) -> bool:
        """Whether the type of a value rules out None; assignments that rest on each other are followed so far and no further."""
        if self._followed >= DEPTH:
            return False
        self._followed += 1
        try:
            type_ = self.type_of(value)
        finally:
            self._followed -= 1
        return type_ is not None and not type_.optional

    def _name(self, name: str, depth: int) -> Type | None:
        if name in ("True", "False"):
            return BOOL
        if name == "None":
            return Type(NONE)
        live = self._live(name)
        if live is not None:
            return live
        if name in self._assumed:
            return self._assumed[name]
        if name not in self._names or self._assumed:
            found = self._bound_type(name, depth)
            if self._assumed:
                return found  # rests on a guess about another name
            self._names[name] = found
        return self._names[name]

    def _live(self, name: str) -> Type | None:
        """The one type a run has shown of a local name."""
        live = self.facts.local(self.tree.path, self.qualname, name)
        return live.type if isinstance(live, TypeFact) and live.type.known and live.type.name != "Union" else None

    def _bound_type(self, name: str, depth: int) -> Type | None:
        """What all bindings agree on; one that rests on the name itself (``out = out.view(..)``) must confirm the others."""
        self._assumed[name] = None
        try:
            found = self._bindings(name, depth)
            known = [type_ for type_ in found if type_ is not None]
            if known and len(known) < len(found):
                self._assumed[name] = join(known)
                found = self._bindings(name, depth)
                known = [type_ for type_ in found if type_ is not None]
        finally:
            del self._assumed[name]
        joined = join(known)
        return joined if found and len(known) == len(found) and joined.name not in ("Union", EMPTY) else None

    def _bindings(self, name: str, depth: int) -> list[Type | None]:
        parameter = self.facts.parameter(self.tree.path, self.qualname, name)
        found = [self.parameter_type(name)] if parameter else []
        return [*found, *(self._binding(by, depth) for by in self._bound.get(name, ()) if not isinstance(by, cst.CompFor))]

    def _binding(self, by: cst.CSTNode, depth: int) -> Type | None:
        if isinstance(by, cst.AssignTarget) and isinstance(by.target, cst.Name):
            assign = self.tree.parent(by)
            return self.type_of(assign.value, depth - 1) if isinstance(assign, cst.Assign) else None
        if isinstance(by, cst.AssignTarget):  # b, c, h, w = x.shape
            assign = self.tree.parent(by)
            value = assign.value if isinstance(assign, cst.Assign) else None
            return INT if value is not None and is_shape(value) else None
        if isinstance(by, cst.AnnAssign):
            return declared(self.tree, by.annotation.annotation)
        if isinstance(by, cst.For | cst.CompFor) and isinstance(by.target, cst.Name):
            if isinstance(by.iter, cst.Call) and self.tree.dotted(by.iter.func) == "builtins.range":
                return INT
            if self._pieces(by.iter, depth):
                return TENSOR
            over = self.type_of(by.iter, depth - 1)
            return over.args[0] if over is not None and over.name == "List" and over.args[0].known else over if over == TENSOR else None
        if isinstance(by, cst.AugAssign):
            added = self.type_of(by.value, depth - 1)
            if added == BOOL:
                return INT
            return FLOAT if added == INT and isinstance(by.operator, cst.DivideAssign | cst.PowerAssign) else added
        return None

    def _pieces(self, node: cst.BaseExpression, depth: int) -> bool:
        """Whether an expression is a call that takes a Tensor to pieces."""
        if not isinstance(node, cst.Call) or not isinstance(node.func, cst.Attribute) or node.func.attr.value not in PIECES:
            return False
        return self.tree.dotted(node.func).rpartition(".")[0] == "torch" or self.type_of(node.func.value, depth - 1) == TENSOR

    def parameter_type(self, name: str) -> Type | None:
        """A parameter's type by annotation, run, or default; a plain unannotated one is a Tensor to the compiler."""
        parameter = self.facts.parameter(self.tree.path, self.qualname, name)
        node = next((p for p in self.function.params.params if p.name.value == name), None)
        if isinstance(parameter, Unknown):
            return None
        if node is not None and node.annotation is not None:
            return declared(self.tree, node.annotation.annotation)
        if parameter.observed is not None and parameter.observed.type.known:
            return parameter.observed.type
        if node is None or name == "self":
            return None
        return TENSOR if node.default is None else literal(node.default)

    def _attribute(self, node: cst.Attribute, depth: int) -> Type | None:
        if node.attr.value in ("data", "T", "mT", "real", "imag"):
            return TENSOR if self.type_of(node.value, depth - 1) == TENSOR else None
        if node.attr.value == "ndim" and not (isinstance(node.value, cst.Name) and node.value.value == "self"):
            return INT
        found = self.self_attribute(node)
        if found is None or found.missing:
            return None
        if found.kinds and found.kinds <= {Kind.PARAMETER, Kind.BUFFER, Kind.TENSOR}:
            return TENSOR
        return found.type if found.kind is Kind.VALUE and found.type is not None and found.type.known else None

    def self_attribute(self, node: cst.CSTNode) -> Attribute | None:
        """What is known of ``self.name``."""
        if not isinstance(node, cst.Attribute) or not isinstance(node.value, cst.Name) or node.value.value != "self":
            return None
        owner = self.facts.owner(self.tree.path, self.qualname)
        found = self.facts.attribute(self.tree.path, owner.qualname, node.attr.value) if owner else None
        return found if isinstance(found, Attribute) else None

    def within(self, qualname: str, function: cst.FunctionDef) -> Inference:
        """The inference of a function that this one calls."""
        return Inference(self.tree, self.facts, qualname, function, self)
