"""Methods that objects of an unrelated class may have too: ``forward = Net.forward`` in another class, ``model.forward = Net.forward``."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from scriptify.facts.classes import Table
from scriptify.facts.scan import File, Scope

Key = tuple[str, str]


def lent(table: Table) -> frozenset[Key]:
    """The keys ``(path, qualname)`` of methods that are named through their class, other than to call them on such an object."""
    methods = {
        qualname.rpartition(".")[2] for file in table.names.files.values() for qualname, scope in file.functions.items() if scope.owner
    }
    return frozenset(key for file in table.names.files.values() for scope in file.scopes for key in _lent_in(table, file, scope, methods))


def _lent_in(table: Table, file: File, scope: Scope, methods: set[str]) -> Iterator[Key]:
    called = {id(call.func) for call in scope.calls}
    for load in scope.loads:
        if load.attr not in methods or not isinstance(load.value, (ast.Name, ast.Attribute)):
            continue
        holder = table.names.expression(load.value, file.path, scope)
        if holder is None or holder.key not in table.scopes:
            continue
        found = table.method(holder.key, load.attr)
        inside = _inside(file, scope)
        related = inside in table.scopes and (holder.key in table.line(inside) or inside in table.line(holder.key))
        # A call from outside of all classes hands over an instance; one from another class its own self.
        harmless = (related or inside not in table.scopes) if id(load) in called else related and scope.kind == "class"
        if found is not None and not harmless:
            yield table.scopes[found[0]][0].path, found[1].qualname


def _inside(file: File, scope: Scope) -> str:
    """The key of the class that code stands in, or ``""``."""
    method = scope if scope.kind == "class" else scope.method()
    if method is None:
        return ""
    return f"{file.path}::{method.qualname if method.kind == 'class' else method.owner}"
