"""Numbers whose sign is known whatever the input: what a logarithm or a root can be taken of."""

from __future__ import annotations

import libcst as cst

from scriptify.transforms._expression import FLOAT, INT, Body
from scriptify.transforms._infer_known import one_index
from scriptify.tree.shapes import shape_read

_SIZES = frozenset({"size", "dim", "numel", "ndimension", "nelement", "element_size"})
_DEPTH = 8


def nonnegative(body: Body, node: cst.BaseExpression) -> bool:
    """Whether a number is surely zero or more (and no NaN)."""
    return _at_least(body, node, strict=False, depth=_DEPTH)


def positive(body: Body, node: cst.BaseExpression) -> bool:
    """Whether a number is surely more than zero."""
    return _at_least(body, node, strict=True, depth=_DEPTH)


def finite(body: Body, node: cst.BaseExpression, depth: int = 4) -> bool:
    """Whether a number is surely neither infinite nor a NaN: a whole one, a literal, or reckoned from such without a division by zero."""
    if isinstance(node, cst.Float) or body.certain.type_of(node) == INT:
        return True
    if not isinstance(node, cst.BinaryOperation) or depth <= 0:
        return False
    plain = isinstance(node.operator, cst.Add | cst.Subtract | cst.Multiply)
    divided = isinstance(node.operator, cst.Divide) and isinstance(node.right, cst.Integer | cst.Float) and positive(body, node.right)
    return (plain or divided) and all(finite(body, side, depth - 1) for side in (node.left, node.right))


def _at_least(body: Body, node: cst.BaseExpression, strict: bool, depth: int) -> bool:
    if depth <= 0:
        return False
    if isinstance(node, cst.Integer | cst.Float):
        return bool(node.evaluated_value > 0 if strict else node.evaluated_value >= 0)
    if isinstance(node, cst.BinaryOperation):
        return _operation(body, node, strict, depth - 1)
    if isinstance(node, cst.IfExp):
        return all(_at_least(body, side, strict, depth - 1) for side in (node.body, node.orelse))
    if isinstance(node, cst.Call):
        return _call(body, node, strict, depth - 1)
    if isinstance(node, cst.Attribute):
        name = body.dotted(node)
        return name in ("math.pi", "math.e", "math.tau") or (not strict and node.attr.value == "ndim" and body.surely(node.value))
    if isinstance(node, cst.Subscript) and not strict:
        value = node.value
        shape = shape_read(value) and body.surely(value.value)
        return shape and one_index(node)
    return False


def _operation(body: Body, node: cst.BinaryOperation, strict: bool, depth: int) -> bool:
    """Sums, products and quotients of what is zero or more; a sum is positive where one part is, a product where both are."""
    sides, operator = (node.left, node.right), node.operator
    if any(body.certain.type_of(side) not in (INT, FLOAT) for side in sides):
        return False
    if isinstance(operator, cst.Add):
        both = all(_at_least(body, side, False, depth) for side in sides)
        return both and (not strict or any(_at_least(body, side, True, depth) for side in sides))
    if isinstance(operator, cst.Multiply):
        # A float times itself may come to zero, and infinity times zero is no number.
        whole = all(body.certain.type_of(side) == INT for side in sides)
        return (whole or not strict) and all(_at_least(body, side, strict or not whole, depth) for side in sides)
    if isinstance(operator, cst.Divide):
        # Of whole numbers, whose quotient no float rounds to zero.
        whole = all(body.certain.type_of(side) == INT for side in sides)
        return whole and _at_least(body, node.left, strict, depth) and _at_least(body, node.right, True, depth)
    if isinstance(operator, cst.FloorDivide | cst.Modulo) and not strict:
        whole = all(body.certain.type_of(side) == INT for side in sides)
        return whole and _at_least(body, node.left, False, depth) and _at_least(body, node.right, True, depth)
    if isinstance(operator, cst.Power) and isinstance(node.right, cst.Integer) and body.certain.type_of(node.left) == INT:
        even = node.right.evaluated_value % 2 == 0 and not strict
        return even or _at_least(body, node.left, strict, depth)
    return False


def _call(body: Body, node: cst.Call, strict: bool, depth: int) -> bool:
    dotted = body.dotted(node.func)
    given = [arg.value for arg in node.args if not arg.star and arg.keyword is None]
    if len(given) < len(node.args):
        return False
    if dotted == "builtins.len":
        return not strict
    if dotted == "builtins.abs" and len(given) == 1:
        return not strict and body.certain.type_of(given[0]) == INT
    if dotted == "builtins.float" and len(given) == 1 and body.certain.type_of(given[0]) in (INT, FLOAT):
        return _at_least(body, given[0], strict, depth)
    if dotted == "builtins.int" and len(given) == 1 and body.certain.type_of(given[0]) == INT:
        return _at_least(body, given[0], strict, depth)
    if dotted in ("builtins.max", "builtins.min") and len(given) > 1:
        # A NaN is neither greater nor less: only among whole numbers is one enough.
        if any(body.certain.type_of(value) != INT for value in given):
            return False
        enough = any if dotted.endswith("max") else all
        return enough(_at_least(body, value, strict, depth) for value in given)
    func = node.func
    size = isinstance(func, cst.Attribute) and func.attr.value in _SIZES and body.surely(func.value)
    return size and not strict and body.certain.type_of(node) == INT
