"""Which lists the code asks whether an element of theirs is None, or there at all: such a list may hold None."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

import libcst as cst

from scriptify.tree import Tree, bindings

_EQUAL = (cst.Is, cst.IsNot, cst.Equal, cst.NotEqual)
_WRAPPERS = ("builtins.reversed", "builtins.list", "builtins.tuple", "builtins.iter")


@lru_cache(maxsize=4)
def asked_lists(tree: Tree) -> frozenset[str]:
    """The lists by the last name they go by (``blocks`` of ``self.stage.blocks``, ``blocks[]`` of its elements)."""
    return frozenset(name for asked in _asked(tree) for name in _lists_of(tree, asked) if name)


def list_name(node: cst.BaseExpression) -> str:
    """The last name of a list, with ``[]`` for each index behind it; ``""`` for what has no name."""
    if isinstance(node, cst.Subscript):
        inner = list_name(node.value)
        return f"{inner}[]" if inner and not isinstance(node.slice[0].slice, cst.Slice) else inner
    if isinstance(node, cst.Attribute):
        return node.attr.value
    return node.value if isinstance(node, cst.Name) else ""


def _asked(tree: Tree) -> Iterator[cst.BaseExpression]:
    """The expressions that are compared with None or stand as a condition."""
    for comparison in tree.find(cst.Comparison):
        target = comparison.comparisons[0]
        none = isinstance(target.comparator, cst.Name) and target.comparator.value == "None"
        if none and isinstance(target.operator, _EQUAL) and len(comparison.comparisons) == 1:
            yield comparison.left
    yield from (node.test for node in tree.find(cst.If))
    yield from (node.test for node in tree.find(cst.IfExp))
    yield from (node.test for node in tree.find(cst.While))
    yield from (node.expression for node in tree.find(cst.UnaryOperation) if isinstance(node.operator, cst.Not))
    for operation in tree.find(cst.BooleanOperation):
        yield from (operation.left, operation.right)


def _lists_of(tree: Tree, asked: cst.BaseExpression) -> Iterator[str]:
    """The lists that an asked expression is an element of: by index, or by a name that a loop or assignment gave it."""
    if isinstance(asked, cst.Subscript) and not isinstance(asked.slice[0].slice, cst.Slice):
        yield list_name(asked.value)
    function = tree.enclosing(asked, cst.FunctionDef)
    if isinstance(asked, cst.Name) and function is not None:
        for name, by in bindings(function.body):
            if name.value == asked.value:
                yield from _given_by(tree, name, by)


def _given_by(tree: Tree, name: cst.Name, by: cst.CSTNode) -> Iterator[str]:
    if isinstance(by, cst.For | cst.CompFor):
        yield from (list_name(walked) for walked in _walked(tree, by.target, by.iter, name))
    assign = tree.parent(by)
    value = assign.value if isinstance(assign, cst.Assign) and isinstance(by, cst.AssignTarget) and by.target is name else None
    if isinstance(value, cst.Subscript):
        yield list_name(value.value)


def _walked(tree: Tree, target: cst.BaseExpression, walked: cst.BaseExpression, name: cst.Name) -> Iterator[cst.BaseExpression]:
    """What a loop takes the name's value from, behind ``enumerate``, ``zip``, ``reversed`` and the like."""
    called = tree.dotted(walked.func) if isinstance(walked, cst.Call) else ""
    given = [argument.value for argument in walked.args] if isinstance(walked, cst.Call) else []
    parts = [e.value for e in target.elements] if isinstance(target, cst.Tuple | cst.List) else []
    if called == "builtins.enumerate" and len(parts) == 2 and given:
        yield from _walked(tree, parts[1], given[0], name)
    elif called == "builtins.zip" and len(parts) == len(given):
        for part, inner in zip(parts, given, strict=True):
            yield from _walked(tree, part, inner, name)
    elif called in _WRAPPERS and given:
        yield from _walked(tree, target, given[0], name)
    elif isinstance(walked, cst.Call) and isinstance(walked.func, cst.Attribute) and walked.func.attr.value in ("values", "children"):
        yield from _walked(tree, target, walked.func.value, name)
    elif isinstance(walked, cst.Call) and isinstance(walked.func, cst.Attribute) and walked.func.attr.value == "items" and len(parts) == 2:
        yield from _walked(tree, parts[1], walked.func.value, name)
    elif target is name:
        yield walked
