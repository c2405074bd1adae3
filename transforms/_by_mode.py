"""An augmented assignment in two forms: what scripted code computes, and for eager code the statement itself."""

from __future__ import annotations

import libcst as cst

from scriptify.transform import Edit, Import
from scriptify.tree import Tree


def by_mode(tree: Tree, node: cst.AugAssign, scripted: str, function: str) -> tuple[list[Edit], tuple[Import, ...]]:
    """The assignment of what scripted code computes or, by a function of ``operator`` that does the same, of what the statement does."""
    target, value = tree.code(node.target), tree.text[slice(*tree.outer_span(node.value))]
    scripting, first = tree.imports.spell("torch.jit.is_scripting")
    eager, second = tree.imports.spell(function)
    text = f"{scripted} if {scripting}() else {eager}({target}, {value})"
    start, end = tree.outer_span(node.target)[1], tree.outer_span(node.value)[1]
    return [Edit(tree.path, start, end, f" = ({text})" if "\n" in value else f" = {text}")], (*first, *second)


def tight(tree: Tree, node: cst.BaseExpression) -> str:
    """A value as an operand, in parentheses of its own or others where it needs them."""
    return tree.text[slice(*tree.outer_span(node))] if node.lpar else tree.operand(node)
