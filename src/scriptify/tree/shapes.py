"""What reads the shape of a Tensor."""

from __future__ import annotations

from typing import TypeGuard

import libcst as cst


def shape_read(node: cst.CSTNode | None) -> TypeGuard[cst.Attribute]:
    """Whether an expression is ``x.shape`` of what may be a Tensor; ``self.shape`` is an attribute that a module has made itself."""
    if not isinstance(node, cst.Attribute) or node.attr.value != "shape":
        return False
    return not _is_self(node.value)


def size_read(node: cst.CSTNode | None) -> bool:
    """Whether an expression is ``x.size()`` of what may be a Tensor; ``self.size()`` is a method of the module's own."""
    if not isinstance(node, cst.Call) or node.args or not isinstance(node.func, cst.Attribute) or node.func.attr.value != "size":
        return False
    return not _is_self(node.func.value)


def _is_self(node: cst.BaseExpression) -> bool:
    return isinstance(node, cst.Name) and node.value == "self"
