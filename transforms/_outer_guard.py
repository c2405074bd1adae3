"""The statement before which a guard for a missing part can stand: the outermost that cannot do without the part."""

from __future__ import annotations

import libcst as cst

from scriptify.transforms._before import certain
from scriptify.tree import Tree, own_nodes


def outermost(tree: Tree, node: cst.BaseExpression) -> cst.CSTNode | None:
    """The statement to put the guard before, or None where the part may never be asked for.

    From the statement that reads ``node`` it goes up through every ``if`` whose other branches read the same.
    """
    text = tree.code(node)
    found = _whole(tree, tree.statement(node))
    if found is None or not _reads(tree, found, text) or not tree.own_line(found):
        return None
    while True:
        block = tree.parent(found)
        above = tree.parent(block) if isinstance(block, cst.IndentedBlock) else None
        if isinstance(above, cst.Else):
            above = tree.parent(above)
        above = _whole(tree, above)
        if not isinstance(above, cst.If) or not _reads(tree, above, text) or not tree.own_line(above):
            return found
        found = above


def _whole(tree: Tree, statement: cst.CSTNode | None) -> cst.CSTNode | None:
    """The ``if`` that an ``elif`` is a branch of: before the ``elif`` no line can stand."""
    while isinstance(statement, cst.If) and isinstance(above := tree.parent(statement), cst.If):
        statement = above
    return statement


def _reads(tree: Tree, statement: cst.CSTNode, text: str) -> bool:
    """Whether running a statement certainly reads the part."""
    if isinstance(statement, cst.SimpleStatementLine):
        return _evaluates(tree, statement, statement, text)
    if isinstance(statement, cst.For):
        return _evaluates(tree, statement.iter, statement.iter, text)
    if not isinstance(statement, cst.If):
        return False
    if _evaluates(tree, statement.test, statement.test, text):
        return True
    other = statement.orelse
    if other is None:
        return False
    if not _block(tree, statement.body, text):
        return False
    return _reads(tree, other, text) if isinstance(other, cst.If) else _block(tree, other.body, text)


def _block(tree: Tree, body: cst.BaseSuite, text: str) -> bool:
    if not isinstance(body, cst.IndentedBlock):
        return False
    for statement in body.body:
        if _reads(tree, statement, text):
            return True
        if any(isinstance(node, cst.Return | cst.Raise | cst.Break | cst.Continue) for node in (statement, *own_nodes(statement))):
            return False
    return False


def _evaluates(tree: Tree, within: cst.CSTNode, top: cst.CSTNode, text: str) -> bool:
    """Whether evaluating a node certainly reads an attribute of that text."""
    for node in (within, *own_nodes(within)):
        if isinstance(node, cst.Attribute) and tree.code(node) == text and (node is top or certain(tree, node, top)):
            return True
    return False
