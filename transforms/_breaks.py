"""The ``break`` statements of one loop."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst


def own_breaks(node: cst.CSTNode) -> Iterator[cst.Break]:
    """The ``break`` statements that leave the loop whose body this is."""
    for child in node.children:
        if isinstance(child, cst.Break):
            yield child
        elif isinstance(child, cst.For | cst.While):
            if child.orelse is not None:
                yield from own_breaks(child.orelse)
        elif not isinstance(child, cst.FunctionDef | cst.ClassDef | cst.BaseExpression):
            yield from own_breaks(child)
