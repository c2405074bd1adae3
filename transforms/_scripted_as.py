"""A decorator that has scripting compile another function in place of the decorated one."""

from __future__ import annotations

import libcst as cst

from scriptify.transform import Edit
from scriptify.tree import Tree

HELPER = "_scripted_as"


class Obstacle(Exception):
    """Why a signature stays as it is."""


def helper(tree: Tree) -> Edit:
    """The decorator's definition, after the file's imports. Raises Obstacle."""
    lines = [
        "",
        "",
        f"def {HELPER}(twin):",
        '    """Make TorchScript compile ``twin`` in place of the decorated function; eager calls stay what they are."""',
        "",
        "    def decorate(function):",
        "        function.__wrapped__ = twin",
        "        return function",
        "",
        "    return decorate",
    ]
    last: cst.CSTNode | None = None
    for statement in tree.module.body:
        if isinstance(statement, cst.ClassDef | cst.FunctionDef):
            break
        if isinstance(statement, cst.SimpleStatementLine) and isinstance(statement.body[0], cst.Import | cst.ImportFrom):
            last = statement
    if last is None:
        raise Obstacle("the file imports nothing before its first class or function")
    return tree.insert(tree.line_end(tree.last_line(last)), tree.block(lines, ""))
