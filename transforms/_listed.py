"""Iterables as lists: what is known to give its items without doing anything else."""

from __future__ import annotations

import libcst as cst

from scriptify.facts.model import Kind
from scriptify.transforms._expression import TENSOR, Body, NoForm, method
from scriptify.tree.shapes import shape_read
from scriptify.tree.substitute import source

_SPLITTERS = frozenset("unbind chunk split tensor_split unsafe_chunk unsafe_split split_with_sizes hsplit vsplit dsplit".split())
CHANGERS = frozenset("append extend insert pop remove clear sort reverse".split())
_LAZY = frozenset(f"builtins.{name}" for name in ("range", "zip", "enumerate"))
_LISTS = frozenset(f"builtins.{name}" for name in ("list", "sorted"))


def pieces(body: Body, node: cst.BaseExpression, depth: int = 3) -> bool:
    """Whether these are the pieces of a Tensor: a tuple of them, or a list when scripted."""
    if isinstance(node, cst.Call):
        parts = method(node)
        dotted = body.dotted(node.func)
        if dotted.startswith("torch."):
            return dotted.removeprefix("torch.") in _SPLITTERS
        return parts is not None and parts[1] in _SPLITTERS and body.tensor(parts[0])
    values = body.assigned(node) if depth else ()
    return bool(values) and all(pieces(body, value, depth - 1) for value in values)


def listed(body: Body, node: cst.BaseExpression) -> str:
    """The items of an iterable as a list that both eager code and scripting have. Raises NoForm where it is not known to have any."""
    tree = body.tree
    body.need("list")
    if isinstance(node, cst.List | cst.ListComp):
        return tree.operand(node)
    if isinstance(node, cst.Tuple) and all(isinstance(element, cst.Element) for element in node.elements):
        return f"[{', '.join(source(tree, element.value) for element in node.elements)}]"
    dotted = body.dotted(node.func) if isinstance(node, cst.Call) else ""
    if dotted in _LISTS:
        return tree.code(node)
    whole = f"list({source(tree, node)})"
    if dotted in _LAZY or pieces(body, node) or _dict_view(node):
        return whole
    attribute = body.types.self_attribute(node)
    if attribute is not None and any(kind.container or kind is Kind.MODULE for kind in attribute.kinds):
        raise NoForm("it goes through modules; a loop for each of them is what the compiler takes")
    if attribute is not None and attribute.kinds == {Kind.LIST} and attribute.type is not None and attribute.type.name == "List":
        return whole
    known = body.certain.type_of(node)
    if known is not None and (known.name in ("List", "Tuple") or known == TENSOR):
        return whole
    if known is not None and known.name == "Dict" and isinstance(node, cst.Name | cst.Attribute):
        return f"list({tree.code(node)}.keys())"
    if isinstance(node, cst.Name) and _display(body, node):
        return whole
    if shape_read(node):
        return whole
    if isinstance(node, cst.Subscript) and all(isinstance(part.slice, cst.Slice) for part in node.slice):
        listed(body, node.value)
        return whole
    raise NoForm(f"whether {tree.code(node)[:40]} is a list or a tuple is not known; give an entry: its run shows it")


def _dict_view(node: cst.BaseExpression) -> bool:
    parts = method(node) if isinstance(node, cst.Call) and not node.args else None
    return parts is not None and parts[1] in ("items", "values", "keys")


def _display(body: Body, node: cst.Name) -> bool:
    """Whether a local name is only ever assigned lists and tuples that are written out."""
    values = body.assigned(node)
    return bool(values) and all(isinstance(value, cst.List | cst.ListComp | cst.Tuple) for value in values)
