"""Where functions that several rewrites of a file share are put: after its imports."""

from __future__ import annotations

from collections.abc import Sequence

import libcst as cst

from scriptify.transform import Edit
from scriptify.tree import Tree


def above_definitions(tree: Tree, lines: Sequence[str]) -> Edit:
    """The edit that puts top-level lines after the imports that stand above the first class or function."""
    last: cst.CSTNode | None = None
    for statement in tree.module.body:
        if isinstance(statement, cst.ClassDef | cst.FunctionDef):
            break  # what is defined at once may need the helper
        if isinstance(statement, cst.SimpleStatementLine) and isinstance(statement.body[0], cst.Import | cst.ImportFrom):
            last = statement
    if last is not None:
        return tree.insert(tree.line_end(tree.last_line(last)), tree.block(["", "", *lines], ""))
    first = tree.module.body[0]
    docstring = isinstance(first, cst.SimpleStatementLine) and isinstance(first.body[0], cst.Expr)
    at = tree.line_end(tree.last_line(first)) if docstring else 0
    return tree.insert(at, tree.block(["", *lines, ""], "") if docstring else tree.block([*lines, "", ""], ""))
