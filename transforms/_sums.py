"""``sum`` over a list of Tensors as a loop before the statement that takes it."""

from __future__ import annotations

from dataclasses import dataclass

import libcst as cst

from scriptify.facts.types import Type
from scriptify.transform import Edit
from scriptify.transforms._number import Numbers
from scriptify.transforms._signature import TENSOR
from scriptify.tree import Tree
from scriptify.tree.flow import target_names
from scriptify.tree.hoist import CannotHoist, site
from scriptify.tree.substitute import FreshNames


@dataclass(frozen=True, slots=True)
class Loop:
    """A loop's target, what it goes over, and the term it adds, as source texts."""

    target: str
    over: str
    term: str


def loop_of(tree: Tree, numbers: Numbers, value: cst.BaseExpression, asked: bool) -> Loop | None:
    """The loop that adds what ``sum(value)`` adds, or None where its items are not known to be Tensors."""
    if isinstance(value, cst.GeneratorExp | cst.ListComp):
        inner = value.for_in
        names = list(target_names(inner.target))
        plain = (
            isinstance(inner.target, cst.Name | cst.Tuple) and not inner.ifs and inner.inner_for_in is None and inner.asynchronous is None
        )
        if (
            not plain
            or not (asked or numbers.type_of(value.elt) == TENSOR)
            or any(_used_elsewhere(tree, numbers, value, name.value) for name in names)
        ):
            return None
        return Loop(tree.code(inner.target), tree.code(inner.iter), tree.operand(value.elt))
    if asked or numbers.type_of(value) == Type("List", (TENSOR,)):
        name = numbers.fresh("term")
        return Loop(name, tree.code(value), name)
    return None


def _used_elsewhere(tree: Tree, numbers: Numbers, value: cst.CSTNode, name: str) -> bool:
    """Whether a comprehension's own name means something else in the function: a loop would overwrite it."""
    return any(node.value == name and not tree.contains(value, node) for node in tree.find(cst.Name, numbers.function))


def hoisted(tree: Tree, numbers: Numbers, call: cst.Call, loop: Loop, start: str, *, named: bool = False) -> list[Edit]:
    """The loop before the statement and its result in place of the call; ``named``: what it goes over is computed before ``start``.

    Raises CannotHoist where the call may run never or often.
    """
    place = site(tree, call)
    if "\n" in loop.over + loop.term:
        raise CannotHoist("it is written over several lines")
    total = numbers.fresh("total")
    over = numbers.fresh("terms") if named else loop.over
    first = [f"{over} = {loop.over}"] if named else []
    lines = [*first, f"{total} = {start}", f"for {loop.target} in {over}:", f"    {total} = {total} + {loop.term}"]
    return place.edits(lines, total, FreshNames(tree, numbers.function))
