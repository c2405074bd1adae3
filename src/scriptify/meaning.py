"""What the names that a rewrite writes mean where it writes them: a builtin or an import may be something else there.

Asked once for all transforms, of the text that they propose and of the imports that it needs: what the file calls by
the name of such an import elsewhere would hide it, or be hidden. A name that stands in the replaced text already was
there to be read, and is not asked about.
"""

from __future__ import annotations

import builtins
import re
from collections.abc import Iterator
from functools import lru_cache

import libcst as cst

from scriptify.transform import Edit, Rewrite
from scriptify.tree import Tree
from scriptify.tree.flow import bindings, parameter_names

# A call of a name, or the first name of a dotted one.
_HEADS = re.compile(r"(?<![\w.])([A-Za-z_]\w*)(?=[.(])")
# Modules that hand out Python's own builtins under their names.
_SAME = ("builtins.", "six.moves.", "past.builtins.", "future.builtins.", "future.moves.builtins.")


def other_meaning(tree: Tree, rewrite: Rewrite) -> str:
    """The first builtin or import that a rewrite writes where the file or a function gives its name another meaning, or ``""``.

    Python looks a name up in the function, then in the functions around it, in the module and last among the builtins
    (https://docs.python.org/3/reference/executionmodel.html#resolution-of-names).
    """
    for item in rewrite.imports:
        if item.path == tree.path and tree.imports.taken(item):
            return item.name or item.module.partition(".")[0]
    known: set[str] = set(_HEADS.findall(rewrite.before))
    for edit in rewrite.edits:
        if edit.path != tree.path:
            continue
        names: set[str] = {name for name in _HEADS.findall(edit.text) if name not in known}
        for name in sorted(names):
            full = tree.dotted(cst.Name(name))
            if (hasattr(builtins, name) and not _builtin(full, name)) or (full and _hidden(tree, edit, name)):
                return name
    return ""


def _builtin(full: str, name: str) -> bool:
    return full in {f"{module}{name}" for module in _SAME}


def _hidden(tree: Tree, edit: Edit, name: str) -> bool:
    """Whether a function around an edit binds a name by anything but an import of its own."""
    return name in _bound_anywhere(tree) and any(
        name in parameter_names(function) or name in _bound(tree, function) for function in _around(tree, edit)
    )


@lru_cache(maxsize=4)
def _bound_anywhere(tree: Tree) -> frozenset[str]:
    functions = list(tree.find(cst.FunctionDef))
    return frozenset(name for function in functions for name in parameter_names(function) | _bound(tree, function))


def _around(tree: Tree, edit: Edit) -> Iterator[cst.FunctionDef]:
    for function in tree.find(cst.FunctionDef):
        start, end = tree.span(function.body)
        if start <= edit.start <= end:
            yield function


def _bound(tree: Tree, function: cst.FunctionDef) -> set[str]:
    return {bound.value for bound, by in bindings(function.body) if not isinstance(by, cst.ImportAlias) and not _imported(tree, by)}


def _imported(tree: Tree, by: cst.CSTNode) -> bool:
    return isinstance(by, cst.AsName) and isinstance(tree.parent(by), cst.ImportAlias)
