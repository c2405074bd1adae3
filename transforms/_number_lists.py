"""Lists of numbers as data: the elements of a Tensor, ints and floats apart."""

from __future__ import annotations

import libcst as cst

from scriptify.facts.types import Type
from scriptify.transforms._expression import FLOAT, INT, Body, NoForm


def literal_data(body: Body, node: cst.BaseExpression) -> bool:
    """Whether an expression is a list of numbers: a display of them, or known by type."""
    if isinstance(node, cst.List):
        values = [element.value for element in node.elements if isinstance(element, cst.Element)]
        return len(values) == len(node.elements) > 0 and all(body.number(v) or literal_data(body, v) for v in values)
    known = body.type_of(node)
    return known is not None and str(known) in ("List[int]", "List[float]") and not isinstance(node, cst.Attribute)


def data_text(body: Body, node: cst.BaseExpression, floats: bool = False) -> str:
    """A list of numbers as text in which ints and floats are not mixed (all floats, where asked). Raises NoForm."""
    kinds = _kinds(body, node)
    if not floats and len(kinds) < 2:
        return body.tree.code(node)
    return body.tree.code(node) if kinds == {FLOAT} else _as_floats(body, node)


def _kinds(body: Body, node: cst.BaseExpression) -> set[Type | None]:
    if isinstance(node, cst.List):
        return {kind for element in node.elements for kind in _kinds(body, element.value)}
    known = body.type_of(node)
    return {known.args[0] if known is not None and known.name == "List" else known}


def _as_floats(body: Body, node: cst.BaseExpression) -> str:
    if isinstance(node, cst.List):
        return f"[{', '.join(_as_floats(body, element.value) for element in node.elements)}]"
    if isinstance(node, cst.UnaryOperation) and isinstance(node.operator, cst.Minus) and isinstance(node.expression, cst.Integer):
        return f"-{_as_floats(body, node.expression)}"
    if isinstance(node, cst.Integer) and node.value.isdigit() and len(node.value) < 16:
        return f"{node.value}.0"
    known = body.type_of(node)
    if known == FLOAT:
        return body.tree.code(node)
    if known == INT and body.builtin("float"):
        return f"float({body.tree.code(node)})"
    raise NoForm("its ints can't be written as floats")
