"""Indices of modules that are constants in disguise, and whether an index stands in a loop."""

from __future__ import annotations

import libcst as cst

from scriptify.facts.model import Attribute
from scriptify.transform import Need
from scriptify.transforms._bounds import Bounds, Proof
from scriptify.transforms._containers import Method
from scriptify.transforms._index_select import Use
from scriptify.transforms._linear import Linear

_LOOPS = (cst.For, cst.While, cst.ListComp, cst.GeneratorExp, cst.DictComp, cst.SetComp)


def in_loop(method: Method, node: cst.CSTNode) -> bool:
    """Whether a loop or comprehension of the function stands around the node."""
    for above in method.tree.ancestors(node):
        if above is method.node:
            return False
        if isinstance(above, _LOOPS):
            return True
    return False


def constant_index(bounds: Bounds, use: Use) -> tuple[int, Proof] | None:
    """The literal an index always equals, with what proves it: ``1 + 1``, ``len(self.ms) - 1``, a constant attribute."""
    _, container, index = use
    form = bounds.linear(index)
    if form.number is not None:
        return form.number, ()
    size = bounds.length(container)
    end = form.minus(size)
    if end.number is not None and end.number < 0:
        # Before the list's first element an index counts from the end again, so the list must be long enough.
        proof = () if end.number == -1 else bounds.at_most(Linear(-end.number), size)
        return None if proof is None else (end.number, proof)
    return _constant_attribute(bounds, index)


def _constant_attribute(bounds: Bounds, index: cst.BaseExpression) -> tuple[int, Proof] | None:
    method = bounds.method
    if not isinstance(index, cst.Attribute) or not isinstance(index.value, cst.Name) or index.value.value != method.self_name:
        return None
    found = method.facts.attribute(method.tree.path, method.class_name, index.attr.value)
    if not isinstance(found, Attribute) or not found.constant or found.origin != "source" or not isinstance(found.value, int):
        return None
    # A value seen in a run alone may differ in another configuration; the loop that picks is exact for all.
    if isinstance(found.value, bool) or found.changed or method.owner is None or not method.steady(index.attr.value):
        return None
    return found.value, (Need(f"self.{index.attr.value} is {found.value} on every instance", "source"),)
