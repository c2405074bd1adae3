"""What edits would do to the text around the code that they change: comments, and f-strings that spell their fields."""

from __future__ import annotations

from collections.abc import Sequence

import libcst as cst

from scriptify.transform import Edit
from scriptify.tree.core import Tree


def unfit_edits(tree: Tree, node: cst.CSTNode, edits: Sequence[Edit]) -> str:
    """Why a node's edits can't be made where they stand, as one clause; ``""`` where they can."""
    if isinstance(node, cst.BaseExpression) and _lost_comment(tree, node, edits):
        return "a comment inside would be lost"
    inside = [(edit, field) for edit in edits for field in _fields(tree, edit)]
    if any(field.equal is not None for _, field in inside):
        return "a formatted string spells the expression as it is written"
    if any(_breaks(tree, edit, field) for edit, field in inside):
        return "it stands in a formatted string, whose quotes another form would need"
    return ""


def _lost_comment(tree: Tree, node: cst.CSTNode, edits: Sequence[Edit]) -> bool:
    """Whether a comment within an expression goes and stands nowhere in the new text."""
    first, last = tree.span(node)
    if "#" not in tree.text[first:last]:
        return False
    new = "\n".join(edit.text for edit in edits)
    inside = [(comment, *tree.span(comment)) for comment in tree.find(cst.Comment, node)]
    gone = [c for c, start, end in inside if any(edit.start <= start and end <= edit.end for edit in edits)]
    return any(comment.value not in new for comment in gone)


def _fields(tree: Tree, edit: Edit) -> list[cst.FormattedStringExpression]:
    """The fields of f-strings within which an edit stands."""
    spans = ((field, *tree.span(field)) for field in tree.find(cst.FormattedStringExpression))
    return [field for field, start, end in spans if start <= edit.start and edit.end <= end]


def _breaks(tree: Tree, edit: Edit, field: cst.FormattedStringExpression) -> bool:
    """Whether the new text has what no field can hold before Python 3.12: the quotes of its string, a backslash or a comment."""
    above = tree.parent(field)
    quote = above.end if isinstance(above, cst.FormattedString) else ""
    return bool(quote and quote in edit.text) or "\\" in edit.text or "#" in edit.text
