"""What an expression reads: names and attributes, and how far it looks into what they hold."""

from __future__ import annotations

import enum
from collections.abc import Iterator
from dataclasses import dataclass

import libcst as cst

from scriptify.tree import Tree

SIZE_ATTRIBUTES = frozenset({"shape", "ndim"})
SIZE_METHODS = frozenset({"size", "dim", "numel"})


class Depth(enum.Enum):
    """How far a read looks: at the value itself, its length, its elements, its attributes, or the sizes of a Tensor."""

    VALUE = "value"
    LENGTH = "length"
    ITEMS = "items"
    PARTS = "attributes"
    SIZE = "size"


@dataclass(frozen=True)
class Read:
    """One read: the name it starts at, the attributes after it, and how far it looks into what it finds there."""

    root: str
    path: tuple[str, ...]
    depth: Depth

    @property
    def inside(self) -> bool:
        """Whether it sees a list or an object change that stays the same one."""
        return self.depth in (Depth.LENGTH, Depth.ITEMS, Depth.PARTS)


def chain(node: cst.CSTNode) -> tuple[str, tuple[str, ...]] | None:
    """The name and the attributes after it of ``self.body.layers``; None for anything else."""
    if isinstance(node, cst.Name):
        return node.value, ()
    above = chain(node.value) if isinstance(node, cst.Attribute) else None
    return (above[0], (*above[1], node.attr.value)) if above is not None and isinstance(node, cst.Attribute) else None


def reads(tree: Tree, node: cst.CSTNode, self_name: str, depth: Depth = Depth.VALUE) -> Iterator[Read]:
    """Every read of an expression."""
    if isinstance(node, cst.Name):
        yield Read(node.value, (), depth)
    elif isinstance(node, cst.Attribute):
        yield from _of_attribute(tree, node, self_name, depth)
    elif isinstance(node, cst.Subscript):
        yield from reads(tree, node.value, self_name, Depth.ITEMS)
        for part in node.slice:
            yield from reads(tree, part.slice, self_name)
    elif isinstance(node, cst.Call):
        yield from _of_call(tree, node, self_name)
    elif not isinstance(node, cst.Integer | cst.Float | cst.SimpleString):
        for child in node.children:
            yield from reads(tree, child, self_name, depth if isinstance(node, cst.IfExp) else Depth.VALUE)


def _of_attribute(tree: Tree, node: cst.Attribute, self_name: str, depth: Depth) -> Iterator[Read]:
    if node.attr.value in SIZE_ATTRIBUTES:
        yield from reads(tree, node.value, self_name, Depth.SIZE)
        return
    found = chain(node)
    if found is not None:
        yield Read(*found, depth)
    if not (isinstance(node.value, cst.Name) and node.value.value == self_name):
        yield from reads(tree, node.value, self_name, Depth.PARTS)


def _of_call(tree: Tree, node: cst.Call, self_name: str) -> Iterator[Read]:
    length = tree.dotted(node.func) == "builtins.len"
    if isinstance(node.func, cst.Attribute):
        sizes = node.func.attr.value in SIZE_METHODS
        yield from reads(tree, node.func.value, self_name, Depth.SIZE if sizes else Depth.ITEMS)
    for argument in node.args:
        yield from reads(tree, argument.value, self_name, Depth.LENGTH if length else Depth.VALUE)


def literal_start(node: cst.CSTNode | None) -> str:
    """The text that a computed name starts with: of ``f"conv{i}"``, ``"conv" + s``, ``"conv%d" % i``, ``"conv{}".format(i)``."""
    if isinstance(node, cst.FormattedString):
        first = node.parts[0] if node.parts else None
        return first.value if isinstance(first, cst.FormattedStringText) and "\\" not in first.value else ""
    if isinstance(node, cst.BinaryOperation):
        start = literal_start(node.left)
        return start.partition("%")[0] if isinstance(node.operator, cst.Modulo) else start
    if isinstance(node, cst.Call) and isinstance(node.func, cst.Attribute) and node.func.attr.value == "format":
        return literal_start(node.func.value).partition("{")[0]
    value = node.evaluated_value if isinstance(node, cst.SimpleString) else None
    return value if isinstance(value, str) else ""
