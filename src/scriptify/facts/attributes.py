"""What the attributes of each class hold: class body, ``__init__`` followed, and every other place that assigns them."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import replace

from scriptify.facts import changes
from scriptify.facts.classes import Table
from scriptify.facts.construct import Follower
from scriptify.facts.evaluate import Evaluator
from scriptify.facts.known import usable
from scriptify.facts.locals import Locals, Memo
from scriptify.facts.model import Attribute, Kind
from scriptify.facts.mutate import GROWS
from scriptify.facts.scan import File, Scope, self_of
from scriptify.facts.values import UNKNOWN, Value, as_attribute, both, of_kind, unsized


def fill(table: Table) -> None:
    """Put the attributes of every class into the table."""
    foreign = _foreign(table)
    for key in table.scopes:
        # A base's attributes are asked for while its subclasses are followed only through the walk itself.
        try:
            table.attributes[key] = _of_class(table, key)
        except RecursionError:
            table.attributes[key], table.present[key] = {}, frozenset()
    alone = {key: dict(attributes) for key, attributes in table.attributes.items()}
    for key, attributes in table.attributes.items():
        for name in attributes:
            # The base's methods run on instances of the classes below, with what those put there.
            for below in table.below(key):
                if name in alone[below]:
                    attributes[name] = _common(attributes[name], alone[below][name])
                if name not in table.present[below]:
                    attributes[name] = replace(attributes[name], missing=True)
            for classes, value in foreign.get(name, ()):
                if classes is None or not classes.isdisjoint(map(table.dotted, (key, *table.below(key)))):
                    gone = attributes[name].missing or value.missing
                    attributes[name] = replace(_common(attributes[name], value), missing=gone)
    changes.mark(table)


def declared(file: File, scope: Scope) -> tuple[dict[str, str], tuple[str, ...]]:
    """The annotations of a class body, and what its ``__constants__`` lists."""
    annotations: dict[str, str] = {}
    constants: tuple[str, ...] = ()
    for node in scope.node.body if isinstance(scope.node, ast.ClassDef) else []:
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            annotations[node.target.id] = file.lines.source(node.annotation)
        elif isinstance(node, ast.Assign) and any(isinstance(t, ast.Name) and t.id == "__constants__" for t in node.targets):
            items = node.value.elts if isinstance(node.value, (ast.List, ast.Tuple, ast.Set)) else []
            constants = tuple(item.value for item in items if isinstance(item, ast.Constant) and isinstance(item.value, str))
    return annotations, constants


def _of_class(table: Table, key: str) -> dict[str, Attribute]:
    start: dict[str, Value] = {}
    for above in reversed(table.line(key)):
        start.update(_class_level(table, above))
    own = _class_level(table, key)
    follower = Follower(table, key)
    values = {name: as_attribute(value) for name, value in follower.run(start).items()}
    places = {name: (attribute.line, attribute.text) for name, attribute in own.items()} | follower.places
    _elsewhere(table, key, follower, values, places)
    table.present[key] = frozenset(values)
    file, scope = table.scopes[key]
    annotations, _ = declared(file, scope)
    return {name: _finished(name, values[name], places[name], annotations.get(name)) for name in places if name in values}


def _finished(name: str, value: Attribute, place: tuple[int, str], annotation: str | None) -> Attribute:
    type_ = usable(annotation) or value.type
    return replace(value, name=name, line=place[0], text=place[1], type=type_)


def _class_level(table: Table, key: str) -> dict[str, Attribute]:
    """The values that a class body gives."""
    file, scope = table.scopes[key]
    found: dict[str, Attribute] = {}
    evaluate = _evaluator(table, file, scope, "", {})
    for node in scope.node.body if isinstance(scope.node, ast.ClassDef) else []:
        targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) and node.value else []
        value = node.value if isinstance(node, (ast.Assign, ast.AnnAssign)) else None
        for target in targets:
            if isinstance(target, ast.Name) and value is not None and not target.id.startswith("__"):
                held = _method_alias(file, scope, value) or evaluate.attribute(value)
                found[target.id] = replace(held, name=target.id, line=node.lineno, text=file.lines.source(value))
    return found


def _method_alias(file: File, scope: Scope, value: ast.expr) -> Attribute | None:
    is_method = isinstance(value, ast.Name) and f"{scope.qualname}.{value.id}" in file.functions
    return of_kind(Kind.FUNCTION) if is_method else None


def _elsewhere(table: Table, key: str, follower: Follower, values: dict[str, Attribute], places: dict[str, tuple[int, str]]) -> None:
    """Join in what methods that ``__init__`` does not call do to the attributes, at any later time."""
    file, scope = table.scopes[key]
    for method, self_name in methods(file, scope):
        if (file.path, method.qualname) in follower.followed:
            continue
        evaluate = _evaluator(table, file, method, self_name, values)
        for target, expr in method.stores:
            if _is_self(target.value, self_name):
                value = evaluate.attribute(expr) if expr is not None else UNKNOWN
                old = values.get(target.attr)
                values[target.attr] = _common(old, value) if old is not None else replace(value, missing=True)
                places.setdefault(target.attr, (target.lineno, file.lines.source(expr) if isinstance(expr, ast.expr) else ""))
        for target in method.deleted:
            if _is_self(target.value, self_name) and target.attr in values:
                values[target.attr] = replace(values[target.attr], missing=True)
        for name, added in _changed_containers(method, self_name):
            if name in values:
                grown = unsized(values[name])
                holes = added is not None and changes.brings_none(evaluate, added)
                values[name] = replace(grown, holes=grown.holes or holes)


def methods(file: File, scope: Scope) -> Iterator[tuple[Scope, str]]:
    """The functions in a class body and those nested in them, with the name ``self`` has there."""
    for inner in file.functions.values():
        method = inner.method()
        if method is not None and method.owner == scope.qualname:
            yield inner, self_of(method)


def _changed_containers(method: Scope, self_name: str) -> Iterator[tuple[str, ast.expr | None]]:
    """The containers that a method changes, each with what it puts in where that is written there."""
    for call in method.calls:
        changed = call.func.value if isinstance(call.func, ast.Attribute) and call.func.attr in GROWS else None
        if isinstance(changed, ast.Attribute) and _is_self(changed.value, self_name):
            yield changed.attr, call.args[-1] if call.args else None
    for base in (item.value for item in method.items):
        if isinstance(base, ast.Attribute) and _is_self(base.value, self_name):
            yield base.attr, None


def _foreign(table: Table) -> dict[str, list[tuple[frozenset[str] | None, Attribute]]]:
    """What code outside a class assigns to attributes by name (``net.flag = True``), with the classes it may do so to."""
    found: dict[str, list[tuple[frozenset[str] | None, Attribute]]] = {}
    for file in table.names.files.values():
        memo: Memo = {}
        for scope in file.scopes:
            if not scope.stores and not scope.deleted:
                continue
            view = Locals(table, file, scope, memo)
            stored = [(target, view.evaluate.attribute(expr) if expr is not None else UNKNOWN) for target, expr in scope.stores]
            for target, value in stored + [(target, replace(UNKNOWN, missing=True)) for target in scope.deleted]:
                if not _is_self(target.value, view.self_name):
                    found.setdefault(target.attr, []).append((changes.receiver_classes(view, target.value), value))
    return found


def _common(held: Attribute, other: Attribute) -> Attribute:
    """Two assignments of which either may be in force; place and presence are the first one's."""
    value = both(held, other)
    differs = len(value.values) != len(held.values)
    return replace(value, name=held.name, text=held.text, line=held.line, missing=held.missing, varies=value.varies or differs)


def _is_self(node: ast.expr, self_name: str) -> bool:
    return bool(self_name) and isinstance(node, ast.Name) and node.id == self_name


def _evaluator(table: Table, file: File, scope: Scope, self_name: str, values: Mapping[str, Attribute]) -> Evaluator:
    return Evaluator(table, file.path, scope, lambda name: None, self_name, values.get, lambda call, target: None)
