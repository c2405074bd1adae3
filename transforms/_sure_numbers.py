"""Numbers that are an int or a float in eager code whoever calls: read off the expression, not off an annotation or a run."""

from __future__ import annotations

import libcst as cst

from scriptify.facts.types import Type
from scriptify.transforms._expression import FLOAT, INT, Body
from scriptify.transforms._infer_known import of_math
from scriptify.transforms._legacy import shape_of
from scriptify.transforms._own_methods import may_be_own
from scriptify.transforms._own_scope import comprehension_variable

_DEPTH = 6
_CALLS = {"builtins.len": INT, "builtins.int": INT, "builtins.float": FLOAT}
_ARITHMETIC = (cst.Add, cst.Subtract, cst.Multiply, cst.FloorDivide, cst.Modulo)
_SIZES = frozenset({"size", "dim", "numel"})


def sure_number(body: Body, node: cst.BaseExpression, depth: int = _DEPTH) -> Type | None:
    """INT or FLOAT where the value is just that in eager code too; a parameter or attribute may be anything that a caller gives."""
    if depth <= 0:
        return None
    if isinstance(node, cst.Integer | cst.Float):
        return INT if isinstance(node, cst.Integer) else FLOAT
    if isinstance(node, cst.UnaryOperation) and isinstance(node.operator, cst.Minus | cst.Plus):
        return sure_number(body, node.expression, depth - 1)
    if isinstance(node, cst.BinaryOperation):
        return _reckoned(body, node, depth)
    if isinstance(node, cst.Call):
        return _called(body, node)
    if isinstance(node, cst.Subscript):
        return INT if _side(body, node) else None
    return _named(body, node, depth) if isinstance(node, cst.Name) else None


def sure_numbers(body: Body, node: cst.BaseExpression) -> bool:
    """Whether a list of numbers is written out here, and each is in eager code what the compiler takes it for."""
    if isinstance(node, cst.List):
        return all(sure_numbers(body, e.value) or _as_typed(body, e.value) for e in node.elements)
    return isinstance(node, cst.ListComp) and _as_typed(body, node.elt)


def sure_size(body: Body, node: cst.BaseExpression) -> bool:
    """Whether a shape, or a slice of one, is a torch.Size: that of an array is a tuple, which a constructor takes for data."""
    if isinstance(node, cst.Subscript):
        return sure_size(body, node.value)
    if isinstance(node, cst.Call):
        return not may_be_own(body, node.func)
    return isinstance(node, cst.Attribute) and body.proved(node.value)


def _as_typed(body: Body, node: cst.BaseExpression) -> bool:
    sure = sure_number(body, node)
    return sure is not None and body.type_of(node) == sure


def _reckoned(body: Body, node: cst.BinaryOperation, depth: int) -> Type | None:
    sides = {sure_number(body, side, depth - 1) for side in (node.left, node.right)}
    if None in sides:
        return None
    if isinstance(node.operator, cst.Divide):
        return FLOAT
    if not isinstance(node.operator, _ARITHMETIC):
        return None  # a power may be complex, or a float of two ints
    return FLOAT if FLOAT in sides else INT


def _called(body: Body, node: cst.Call) -> Type | None:
    dotted = body.dotted(node.func)
    if dotted in _CALLS:
        return _CALLS[dotted]
    if dotted.startswith("math."):
        found = of_math(dotted.removeprefix("math."))
        return found if found in (INT, FLOAT) else None
    func = node.func
    asked = isinstance(func, cst.Attribute) and func.attr.value in _SIZES and (bool(node.args) or func.attr.value != "size")
    tensor = isinstance(func, cst.Attribute) and body.tensor(func.value)
    return INT if asked and tensor and not may_be_own(body, func) else None


def _side(body: Body, node: cst.Subscript) -> bool:
    """``x.shape[0]``, ``x.size()[-1]``."""
    on = shape_of(node.value)
    one = len(node.slice) == 1 and isinstance(node.slice[0].slice, cst.Index)
    return on is not None and one and body.tensor(on) and body.type_of(node) == INT


def _named(body: Body, node: cst.Name, depth: int) -> Type | None:
    clause = comprehension_variable(body.tree, node)
    if clause is not None:
        counted = isinstance(clause.iter, cst.Call) and body.dotted(clause.iter.func) == "builtins.range"
        return INT if counted and isinstance(clause.target, cst.Name) else None
    kinds = {sure_number(body, value, depth - 1) for value in body.assigned(node)}
    return kinds.pop() if len(kinds) == 1 else None
