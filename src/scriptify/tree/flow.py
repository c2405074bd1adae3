"""Small questions about names: which are bound, where, and which are read, within one function."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import TypeVar

import libcst as cst

N = TypeVar("N", bound=cst.CSTNode)

WHITESPACE = (cst.SimpleWhitespace, cst.ParenthesizedWhitespace, cst.TrailingWhitespace, cst.EmptyLine, cst.Newline, cst.Comment)
# Exact types, not isinstance: libcst's classes are abstract bases, whose instance checks cost more than the walk itself.
_WHITESPACE = frozenset(WHITESPACE)
_CLOSED = frozenset({cst.FunctionDef, cst.ClassDef, cst.Lambda})
_BINDERS: frozenset[type[cst.CSTNode]] = frozenset(
    {
        cst.AssignTarget,
        cst.For,
        cst.CompFor,
        cst.NamedExpr,
        cst.AnnAssign,
        cst.AugAssign,
        cst.AsName,
        cst.ImportAlias,
        cst.FunctionDef,
        cst.ClassDef,
        cst.Del,
        cst.Global,
        cst.Nonlocal,
    }
)
SCOPES = (cst.FunctionDef, cst.ClassDef, cst.Lambda, cst.GeneratorExp, cst.ListComp, cst.SetComp, cst.DictComp)


@lru_cache(maxsize=1 << 17)
def children(node: cst.CSTNode) -> tuple[cst.CSTNode, ...]:
    """A node's children in document order, less whitespace, worked out once: libcst makes a visitor for every answer."""
    return tuple(child for child in node.children if type(child) not in _WHITESPACE)


def own_nodes(node: cst.CSTNode) -> Iterator[cst.CSTNode]:
    """Nodes below ``node`` in document order, without the insides of nested functions, lambdas and classes.

    Comprehensions are walked: the compiler treats them as part of the function.
    """
    return iter(_own(node) if type(node) in _LARGE else _walked(node))


_LARGE = frozenset({cst.Module, cst.FunctionDef, cst.IndentedBlock})
"""What many transforms walk; smaller nodes are walked faster than they are kept."""


@lru_cache(maxsize=1 << 12)
def _own(node: cst.CSTNode) -> tuple[cst.CSTNode, ...]:
    return tuple(_walked(node))


@lru_cache(maxsize=1 << 13)
def own_of(node: cst.CSTNode, kind: type[N]) -> tuple[N, ...]:
    """The nodes of a kind among ``own_nodes``."""
    return tuple(found for found in own_nodes(node) if isinstance(found, kind))


def _walked(node: cst.CSTNode) -> Iterator[cst.CSTNode]:
    stack = list(reversed(children(node)))
    while stack:
        current = stack.pop()
        yield current
        if type(current) not in _CLOSED:
            stack.extend(reversed(children(current)))


def target_names(target: cst.CSTNode) -> Iterator[cst.Name]:
    """The plain names an assignment target binds (tuples, lists and starred parts included)."""
    if isinstance(target, cst.Name):
        yield target
    elif isinstance(target, cst.Tuple | cst.List):
        for element in target.elements:
            yield from target_names(element.value)
    elif isinstance(target, cst.StarredElement):
        yield from target_names(target.value)


def bindings(node: cst.CSTNode) -> Iterator[tuple[cst.Name, cst.CSTNode]]:
    """Every plain name bound below ``node`` with the binding node: assignments, loops, with, imports, del, walrus."""
    return iter(_bindings(node))


@lru_cache(maxsize=1 << 12)
def _bindings(node: cst.CSTNode) -> tuple[tuple[cst.Name, cst.CSTNode], ...]:
    return tuple((name, current) for current in own_nodes(node) if type(current) in _BINDERS for name in _bound_by(current))


def _bound_by(node: cst.CSTNode) -> Iterator[cst.Name]:
    if isinstance(node, cst.AssignTarget | cst.For | cst.CompFor | cst.NamedExpr | cst.AnnAssign | cst.AugAssign):
        yield from target_names(node.target)
    elif isinstance(node, cst.AsName):
        yield from target_names(node.name)
    elif isinstance(node, cst.ImportAlias) and node.asname is None:
        first = node.name
        while isinstance(first, cst.Attribute):
            first = first.value  # type: ignore[assignment]
        if isinstance(first, cst.Name):
            yield first
    elif isinstance(node, cst.FunctionDef | cst.ClassDef):
        yield node.name
    elif isinstance(node, cst.Del):
        yield from target_names(node.target)
    elif isinstance(node, cst.Global | cst.Nonlocal):
        for item in node.names:
            yield item.name


def stores_in(node: cst.CSTNode, name: str) -> list[cst.CSTNode]:
    """The binding nodes of one name below ``node``."""
    return [by for bound, by in bindings(node) if bound.value == name]


def assigned_names(function: cst.FunctionDef) -> set[str]:
    """Parameters and every name bound in a function."""
    return {bound.value for bound, _ in bindings(function.body)} | parameter_names(function)


def parameter_names(function: cst.FunctionDef | cst.Lambda) -> set[str]:
    """The names of all parameters."""
    return {param.name.value for param in all_parameters(function.params)}


def scope_names(node: cst.CSTNode) -> set[str]:
    """What a function, lambda, class or comprehension binds in a scope of its own; nothing for any other node."""
    if isinstance(node, cst.Lambda):
        return parameter_names(node)
    if isinstance(node, cst.FunctionDef | cst.ClassDef):
        bound = {name.value for name, by in bindings(node.body) if not isinstance(by, cst.CompFor)}
        return bound | parameter_names(node) if isinstance(node, cst.FunctionDef) else bound
    names: set[str] = set()
    part = node.for_in if isinstance(node, cst.ListComp | cst.SetComp | cst.DictComp | cst.GeneratorExp) else None
    while part is not None:
        names |= {name.value for name in target_names(part.target)}
        part = part.inner_for_in
    return names


def all_parameters(params: cst.Parameters) -> list[cst.Param]:
    """Parameters in order, starred ones included."""
    starred = [p for p in (params.star_arg,) if isinstance(p, cst.Param)]
    last = [params.star_kwarg] if params.star_kwarg else []
    return [*params.posonly_params, *params.params, *starred, *params.kwonly_params, *last]


def loads(node: cst.CSTNode, name: str) -> list[cst.Name]:
    """Where a name is read below ``node``, nested functions and lambdas included."""
    found: list[cst.Name] = []
    _collect(node, name, found)
    return found


def _collect(node: cst.CSTNode, name: str, found: list[cst.Name]) -> None:
    if isinstance(node, cst.Name):
        if node.value == name:
            found.append(node)
        return
    for child in _read_children(node):
        _collect(child, name, found)


def _read_children(node: cst.CSTNode) -> list[cst.CSTNode]:
    """Children in which names are read: no attribute names, keywords, binding targets or parameter names."""
    if isinstance(node, cst.Attribute):
        return [node.value]
    if isinstance(node, cst.Arg):
        return [node.value]
    if isinstance(node, cst.AssignTarget | cst.NamedExpr) and isinstance(node.target, cst.Name):
        return [node.value] if isinstance(node, cst.NamedExpr) else []
    if isinstance(node, cst.AnnAssign) and isinstance(node.target, cst.Name):
        return [child for child in (node.annotation, node.value) if child is not None]
    if isinstance(node, cst.For | cst.CompFor):
        return [child for child in children(node) if child is not node.target]
    if isinstance(node, cst.Param):
        return [child for child in (node.annotation, node.default) if child is not None]
    if isinstance(node, cst.AssignTarget) and isinstance(node.target, cst.Tuple | cst.List):
        return [e.value for e in node.target.elements if not isinstance(e.value, cst.Name | cst.Tuple | cst.List)]
    if isinstance(node, cst.FunctionDef | cst.ClassDef):
        return [child for child in children(node) if child is not node.name]
    return list(children(node))


def kept_by_others(function: cst.FunctionDef, name: str, but: cst.CSTNode) -> bool:
    """Whether a function, lambda or generator in a function reads one of its names, at any time: those in ``but`` left out.

    One that binds the name itself reads its own.
    """
    stack: list[tuple[cst.CSTNode, bool]] = [(function.body, False)]
    while stack:
        node, inside = stack.pop()
        if node is but:
            continue
        if isinstance(node, cst.FunctionDef | cst.Lambda | cst.GeneratorExp):
            if name in scope_names(node) and not _outer(node, name):
                continue
            inside = True
        if isinstance(node, cst.Name) and node.value == name and inside:
            return True
        stack.extend((child, inside) for child in _read_children(node))
    return False


def _outer(node: cst.CSTNode, name: str) -> bool:
    """Whether a function says that a name which it binds is that of the function around it."""
    return isinstance(node, cst.FunctionDef) and any(
        item.name.value == name for inner in own_nodes(node.body) if isinstance(inner, cst.Nonlocal) for item in inner.names
    )
