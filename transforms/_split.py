"""One statement for scripting, the original for eager: for rewrites that hold only for instances a run has seen."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import libcst as cst

from scriptify.transform import Edit, Import
from scriptify.tree import Tree

SIMPLE = (cst.Assign, cst.AnnAssign, cst.AugAssign, cst.Expr, cst.Return)


def split(tree: Tree, node: cst.CSTNode, edits: Iterable[Edit], checks: Sequence[str]) -> tuple[list[Edit], tuple[Import, ...]] | None:
    """The statement around ``node``, edited, under ``if torch.jit.is_scripting():`` and as it was under ``else:``.

    ``checks`` are conditions that a scripted module asserts first. None where the statement can't be
    written twice: others on its line, a string over several lines, edits outside of it.
    """
    statement = tree.statement(node)
    if statement is None or not tree.own_line(statement):
        return None
    if isinstance(statement, cst.SimpleStatementLine):
        if not isinstance(statement.body[0], SIMPLE):
            return None
    elif not isinstance(statement, cst.For):
        return None
    start, end = tree.statement_span(statement)
    inner = sorted(edits)
    if any(e.path != tree.path or e.start < start or e.end > end for e in inner) or _long_string(tree, statement):
        return None
    before = tree.text[start:end]
    after, at = "", start
    for edit in inner:
        after, at = after + tree.text[at : edit.start] + edit.text, edit.end
    after += tree.text[at:end]
    spelt, imports = tree.imports.spell("torch.jit.is_scripting")
    indent = tree.indent(statement)
    asserts = [f"    assert {check}" for check in checks]
    text = tree.block([f"if {spelt}():", *asserts], indent) + _deeper(tree, after)
    text += tree.block(["else:"], indent) + _deeper(tree, before)
    if end == len(tree.text) and not tree.text.endswith(("\n", "\r")):
        text = text.removesuffix(tree.newline)
    return [Edit(tree.path, start, end, text)], imports


def _deeper(tree: Tree, text: str) -> str:
    lines = text.splitlines(keepends=True)
    if lines and not lines[-1].endswith(("\n", "\r")):
        lines[-1] += tree.newline
    return "".join(tree.indent_unit + line if line.strip() else line for line in lines)


def _long_string(tree: Tree, statement: cst.CSTNode) -> bool:
    strings = [*tree.find(cst.SimpleString, statement), *tree.find(cst.FormattedString, statement)]
    return any(first != last for first, last in map(tree.lines, strings))
