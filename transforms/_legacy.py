"""What the legacy method and constructor rules share: sizes told from data, and ``requires_grad`` as a call."""

from __future__ import annotations

import libcst as cst

from scriptify.transform import Edit
from scriptify.transforms._expression import Body, NoForm, keywords, method
from scriptify.tree.shapes import shape_read


def requires_grad(body: Body, call: cst.Call) -> list[Edit]:
    """A factory's ``requires_grad=`` argument as a call on its result. Raises NoForm."""
    tree = body.tree
    argument = keywords(call)["requires_grad"]
    if argument is not call.args[-1] or len(call.args) < 2:
        raise NoForm("requires_grad is not its last argument")
    flag = tree.code(argument.value)
    before = tree.outer_span(call.args[-2].value)[1]
    after = tree.outer_span(argument.value)[1]
    if flag == "False":
        return [Edit(tree.path, before, after, "")]
    if flag == "True":
        return [Edit(tree.path, before, after, ""), tree.insert(tree.span(call)[1], ".requires_grad_(True)")]
    # None, which a factory takes for False, the method does not take.
    start, end = tree.span(call)
    return body.guarded(call, f"{tree.text[start:before]}{tree.text[after:end]}.requires_grad_({flag})")


def shape_of(node: cst.BaseExpression) -> cst.BaseExpression | None:
    """``x`` of ``x.shape`` and ``x.size()``."""
    if shape_read(node):
        return node.value
    split = method(node) if isinstance(node, cst.Call) and not node.args else None
    return split[0] if split is not None and split[1] == "size" else None


def is_size(node: cst.BaseExpression) -> bool:
    """``x.size()``, ``x.shape`` and slices of them: a torch.Size, which is no data."""
    if isinstance(node, cst.Subscript) and len(node.slice) == 1 and isinstance(node.slice[0].slice, cst.Slice):
        return is_size(node.value)
    return shape_of(node) is not None
