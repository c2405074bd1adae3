"""Indices of modules that are constants in disguise, and whether an index stands in a loop."""

from __future__ import annotations

import libcst as cst

from scriptify.transforms._bounds import Bounds, Proof
from scriptify.transforms._containers import Method
from scriptify.transforms._linear import Linear
from scriptify.transforms._picks import Use

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
    """The literal an index always equals, with what proves it: ``1 + 1``, ``len(self.ms) - 1``.

    An attribute is none: whoever holds the module may set it anew, and the loop that picks is exact for every value.
    """
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
    return None
