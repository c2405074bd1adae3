"""What reads the shape of a Tensor."""

from __future__ import annotations

from typing import TypeGuard

import libcst as cst


def shape_read(node: cst.CSTNode | None) -> TypeGuard[cst.Attribute]:
    """Whether an expression is ``x.shape`` of what may be a Tensor; ``self.shape`` is an attribute that a module has made itself."""
    if not isinstance(node, cst.Attribute) or node.attr.value != "shape":
        return False
    return not (isinstance(node.value, cst.Name) and node.value.value == "self")
