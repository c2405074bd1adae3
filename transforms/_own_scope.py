"""What belongs to a function's own scope: comprehensions' variables do not, and some calls read the others by name."""

from __future__ import annotations

import libcst as cst

from scriptify.tree import Tree
from scriptify.tree.flow import target_names
from scriptify.tree.substitute import COMPREHENSIONS

_READERS = frozenset({"builtins.eval", "builtins.exec", "sys._getframe", "inspect.currentframe", "inspect.stack"})
_BARE_READERS = frozenset({"builtins.locals", "builtins.vars", "builtins.dir"})  # with an argument they read something else


def comprehension_variable(tree: Tree, node: cst.Name) -> cst.CompFor | None:
    """The ``for`` of a comprehension that binds a name where it is read; None where the name is the function's."""
    below: cst.CSTNode = node
    for above in tree.ancestors(node):
        if isinstance(above, cst.CompFor) and below is not above.iter and _binds(above, node.value):
            return above
        if isinstance(above, COMPREHENSIONS) and below is not above.for_in:
            for clause in reversed(_clauses(above.for_in)):
                if _binds(clause, node.value):
                    return clause
        if isinstance(above, cst.FunctionDef | cst.ClassDef):
            return None
        below = above
    return None


def reads_by_name(tree: Tree, node: cst.CSTNode) -> str:
    """The clause that says which call reads a function's parameters and variables by name, so that none may go or be renamed; or ``""``."""
    for call in tree.find(cst.Call, node):
        dotted = tree.dotted(call.func)
        if dotted in _READERS or (dotted in _BARE_READERS and not call.args):
            return f"{tree.code(call.func)}() may read it by name"
    return ""


def _clauses(first: cst.CompFor) -> list[cst.CompFor]:
    found = [first]
    while (inner := found[-1].inner_for_in) is not None:
        found.append(inner)
    return found


def _binds(clause: cst.CompFor, name: str) -> bool:
    return any(bound.value == name for bound in target_names(clause.target))
