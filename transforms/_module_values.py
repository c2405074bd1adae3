"""Modules that are plain values to the compiler: elements of slices, tuples and lists. It can't call those."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import libcst as cst

from scriptify.transforms._containers import Container, Method, builtin_call
from scriptify.transforms._own_walking import MODULES
from scriptify.tree import own_nodes
from scriptify.tree.substitute import fitted


@dataclass(frozen=True)
class Source:
    """Where a loop variable's modules come from: ``kind`` is slice, reversed, copy, literal or sum."""

    kind: str
    node: cst.BaseExpression
    containers: tuple[tuple[Container, cst.BaseExpression], ...] = ()

    @property
    def slice(self) -> cst.Slice | None:
        """The slice of a slice."""
        part = self.node.slice[0].slice if isinstance(self.node, cst.Subscript) else None
        return part if isinstance(part, cst.Slice) else None


def sources(method: Method, loop: cst.For | cst.CompFor) -> list[tuple[cst.Name, Source]] | None:
    """The loop variables that hold such modules, with their source; None where something else is walked alongside."""
    found: list[tuple[cst.Name, Source]] = []
    return found if _walk(method, loop.target, loop.iter, found) else None


def _walk(method: Method, target: cst.BaseExpression, walked: cst.BaseExpression, found: list[tuple[cst.Name, Source]]) -> bool:
    """Collect; whether the compiler could unroll the loop once each source is put right."""
    called = builtin_call(method.tree, walked)
    parts = [e.value for e in target.elements] if isinstance(target, cst.Tuple | cst.List) else []
    if called and called[0] == "enumerate" and len(parts) == 2 and len(called[1]) == 1:
        return _walk(method, parts[1], called[1][0], found)
    if called and called[0] == "zip" and len(parts) == len(called[1]):
        good = True
        for part, inner in zip(parts, called[1], strict=True):
            good = _walk(method, part, inner, found) and good
        return good
    if isinstance(target, cst.Name):
        source = source_of(method, walked)
        if source is not None:
            found.append((target, source))
            return True
        return method.container(walked) is not None
    rows = _rows(walked)
    if rows and parts and all(isinstance(row, cst.Tuple | cst.List) and len(row.elements) == len(parts) for row in rows):
        for position, part in enumerate(parts):
            column = [row.elements[position].value for row in rows if isinstance(row, cst.Tuple | cst.List)]
            if isinstance(part, cst.Name) and all(is_module(method, value) for value in column):
                found.append((part, Source("literal", walked)))
        return True
    return False


def _rows(node: cst.BaseExpression) -> list[cst.BaseExpression]:
    if isinstance(node, cst.Tuple | cst.List) and not any(isinstance(e, cst.StarredElement) for e in node.elements):
        return [element.value for element in node.elements]
    return []


def source_of(method: Method, node: cst.BaseExpression) -> Source | None:
    """The source an expression is, or None for anything else."""
    rows = _rows(node)
    if rows:
        return Source("literal", node) if all(is_module(method, row) for row in rows) else None
    if isinstance(node, cst.Subscript) and len(node.slice) == 1 and isinstance(node.slice[0].slice, cst.Slice):
        container = method.container(node.value)
        return Source("slice", node, ((container, node.value),)) if container else None
    called = builtin_call(method.tree, node)
    if called and called[0] in ("reversed", "list", "tuple") and len(called[1]) == 1:
        container = method.container(called[1][0])
        kind = "reversed" if called[0] == "reversed" else "copy"
        return Source(kind, node, ((container, called[1][0]),)) if container else None
    if isinstance(node, cst.BinaryOperation) and isinstance(node.operator, cst.Add):
        left, right = method.container(node.left), method.container(node.right)
        return Source("sum", node, ((left, node.left), (right, node.right))) if left and right else None
    return None


def is_module(method: Method, node: cst.BaseExpression) -> bool:
    """Whether an expression names a module, as far as facts tell."""
    found = method.attribute(node)
    return found is not None and bool(found.kinds) and found.kinds <= MODULES and not found.missing


def hooked(method: Method, source: Source) -> bool:
    """Whether a run has shown a hook on one of the source's modules, which calling ``forward`` would leave out."""
    held = [container.attribute for container, _ in source.containers] + [method.attribute(row) for row in _rows(source.node)]
    return any(attribute is not None and attribute.hooks for attribute in held)


def calls_of(within: cst.CSTNode, name: str) -> Iterator[cst.Call]:
    """The calls of a name below a node."""
    for node in own_nodes(within):
        if isinstance(node, cst.Call) and isinstance(node.func, cst.Name) and node.func.value == name:
            yield node


def twin(method: Method, call: cst.Call, names: set[str]) -> str:
    """``m.forward(x) if torch.jit.is_scripting() else m(x)``: a call of a module value, the same in eager with its hooks."""
    tree = method.tree
    start, _ = tree.span(call)
    text = tree.code(call)
    inner = [n for n in (call, *own_nodes(call)) if isinstance(n, cst.Call) and isinstance(n.func, cst.Name) and n.func.value in names]
    ends = sorted((tree.span(node.func)[1] - start for node in inner), reverse=True)
    scripted = text
    for end in ends:
        scripted = f"{scripted[:end]}.forward{scripted[end:]}"
    spelt, _ = tree.imports.spell("torch.jit.is_scripting")
    return fitted(tree, call, f"{scripted} if {spelt}() else {text}")


def outermost(method: Method, calls: list[cst.Call]) -> list[cst.Call]:
    """The calls that stand in no other of them."""
    return [c for c in calls if not any(o is not c and method.tree.contains(o, c) for o in calls)]
