"""Statements put before another one wherever it stands, also in the body of a one-line ``if x: y``."""

from __future__ import annotations

from collections.abc import Sequence

import libcst as cst

from scriptify.transform import Edit
from scriptify.tree import Tree


def small_statement(tree: Tree, node: cst.CSTNode) -> cst.BaseSmallStatement | None:
    """The small statement (``y = f(x)``) a node belongs to, or None for a part of a compound statement's header."""
    for above in (node, *tree.ancestors(node)):
        if isinstance(above, cst.BaseSmallStatement):
            return above
        if isinstance(above, cst.BaseCompoundStatement):
            return None
    return None


def lines_before(tree: Tree, small: cst.BaseSmallStatement, lines: Sequence[str]) -> Edit | None:
    """The edit that runs ``lines`` before a small statement; None where it shares its line with an earlier one."""
    above = tree.parent(small)
    if isinstance(above, cst.SimpleStatementLine):
        return tree.before(above, lines) if above.body[0] is small and _starts_line(tree, above) else None
    if not isinstance(above, cst.SimpleStatementSuite) or above.body[0] is not small:
        return None
    header = tree.parent(above)
    while isinstance(header, cst.Else) or (isinstance(header, cst.If) and isinstance(tree.parent(header), cst.If)):
        header = tree.parent(header)
    if header is None:
        return None
    inner = tree.indent(header) + tree.indent_unit
    start, _ = tree.span(small)
    colon = len(tree.text[:start].rstrip(" \t"))
    return Edit(tree.path, colon, start, tree.newline + tree.block(lines, inner) + inner)


def ends_before(tree: Tree, small: cst.BaseSmallStatement) -> bool:
    """Whether the statement before a small statement ends its block in scripted code already."""
    line = tree.parent(small)
    block = tree.parent(line) if line is not None else None
    if not isinstance(block, cst.IndentedBlock) or not isinstance(line, cst.SimpleStatementLine):
        return False
    index = block.body.index(line)
    before = block.body[index - 1] if index else None
    return (
        isinstance(before, cst.If) and "is_scripting" in tree.code(before.test) and isinstance(_last(before.body), cst.Raise | cst.Return)
    )


def _last(body: cst.BaseSuite) -> cst.CSTNode:
    last = body.body[-1]
    return last.body[-1] if isinstance(last, cst.SimpleStatementLine) else last


def _starts_line(tree: Tree, statement: cst.SimpleStatementLine) -> bool:
    start, _ = tree.span(statement)
    return not tree.text[tree.line_start(tree.line(statement)) : start].strip(" \t\f")


def certain(tree: Tree, node: cst.CSTNode, top: cst.CSTNode) -> bool:
    """Whether evaluating ``top`` certainly evaluates ``node``: no ternary, short circuit, loop or lambda in between."""
    below = node
    for above in tree.ancestors(node):
        if isinstance(above, cst.IfExp) and below is not above.test:
            return False
        if isinstance(above, cst.Assert) and below is above.msg:  # worked out where the assertion fails
            return False
        if isinstance(above, cst.BooleanOperation) and below is not above.left:
            return False
        if isinstance(above, cst.Lambda | cst.BaseComp | cst.CompFor | cst.CompIf | cst.ComparisonTarget | cst.FunctionDef):
            return isinstance(above, cst.ComparisonTarget) and _first_target(tree, above) and certain(tree, above, top)
        if above is top:
            return True
        below = above
    return below is top


def _first_target(tree: Tree, target: cst.ComparisonTarget) -> bool:
    above = tree.parent(target)
    return isinstance(above, cst.Comparison) and above.comparisons[0] is target


def scripting(tree: Tree) -> str:
    """How this file spells ``torch.jit.is_scripting()``."""
    return f"{tree.imports.spell('torch.jit.is_scripting')[0]}()"
