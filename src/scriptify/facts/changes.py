"""Which attributes code elsewhere may change: through another name for the object, in related classes, by a computed name.

What the class's own methods do through ``self`` is followed where the attribute is; this is about all the rest
of the project. Code outside the project is not seen.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from scriptify.facts.classes import Table
from scriptify.facts.evaluate import Evaluator
from scriptify.facts.locals import Locals, Memo
from scriptify.facts.model import REGISTRIES, Attribute, Kind
from scriptify.facts.mutate import GROWS
from scriptify.facts.scan import Assigned, Scope, self_of

_IN_PLACE = GROWS | {"__setitem__", "__delitem__", "__iadd__", "register_module"}
_PLAIN = frozenset({Kind.VALUE, Kind.LIST, Kind.DICT, Kind.FUNCTION})
_BY_KEY = frozenset({"__setitem__", "__delitem__", "pop", "setdefault"})


@dataclass(frozen=True, slots=True)
class Change:
    """One change: of ``receiver``'s attribute of that name, or (``start``) of every one whose name starts so.

    ``how``: ``direct`` shows in the text as ``self.<name>`` or the like; ``alias`` goes through a local name or an
    element; ``computed`` is by ``setattr``, ``__dict__`` or ``_modules``. ``added`` is what it puts in a list. Not ``plain``:
    what lies in ``_modules``, ``_parameters`` and ``_buffers`` alone.
    """

    receiver: ast.expr
    name: str
    how: str = "direct"
    start: bool = False
    added: ast.expr | None = None
    plain: bool = True


def mark(table: Table) -> None:
    """Set ``changed`` on the attributes that code elsewhere may change, and ``holes`` where that may put None in a list."""
    for file in table.names.files.values():
        memo: Memo = {}
        for scope in file.scopes:
            view = Locals(table, file, scope, memo)
            for change in _changes(scope):
                _apply(table, view, change)


def receiver_classes(view: Locals, receiver: ast.expr) -> frozenset[str] | None:
    """The dotted classes a receiver may be an instance of, or None where it may be anything."""
    base = view.evaluate.attribute(receiver)
    return None if Kind.OTHER in base.kinds else base.classes


def literal_start(node: ast.expr) -> str:
    """The text that a computed name starts with: of ``f"conv{i}"``, ``"conv" + s``, ``"conv%d" % i``, ``"conv{}".format(i)``."""
    if isinstance(node, ast.JoinedStr) and node.values:
        return literal_start(node.values[0])
    if isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Add, ast.Mod)):
        start = literal_start(node.left)
        return start.partition("%")[0] if isinstance(node.op, ast.Mod) else start
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "format":
        return literal_start(node.func.value).partition("{")[0]
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def brings_none(evaluate: Evaluator, added: ast.expr) -> bool:
    """Whether what is put in a list, an element or several, may be or hold None."""
    value = evaluate.attribute(added)
    return Kind.NONE in value.kinds or value.may_hold_none


def _changes(scope: Scope) -> Iterator[Change]:
    for target, _ in scope.stores:
        yield Change(target.value, target.attr)
    for target in scope.deleted:
        yield Change(target.value, target.attr)
    for item in scope.items:
        owner = _registry_owner(item.value)
        yield from _in_place(scope, item.value, None) if owner is None else [_by_key(owner, item.value, item.slice)]
    for call in scope.calls:
        yield from _called(scope, call)


def _called(scope: Scope, call: ast.Call) -> Iterator[Change]:
    func = call.func
    if (setting := _set_by_name(scope, call)) is not None:
        receiver, name = setting
        yield Change(receiver, literal_start(name), "computed", start=not isinstance(name, ast.Constant))
    elif isinstance(func, ast.Attribute) and func.attr in _IN_PLACE:
        held = func.value
        if (owner := _registry_owner(held)) is not None:
            yield _by_key(owner, held, call.args[0] if func.attr in _BY_KEY and call.args else None)
        else:
            yield from _in_place(scope, held, call.args[-1] if call.args else None)


def _set_by_name(scope: Scope, call: ast.Call) -> tuple[ast.expr, ast.expr] | None:
    """The object and the name of ``setattr(x, name, v)``, ``x.__setattr__(name, v)`` and ``object.__setattr__(x, name, v)``."""
    func, args = call.func, call.args
    if isinstance(func, ast.Name) and func.id == "setattr" and len(args) == 3:
        return args[0], args[1]
    if not isinstance(func, ast.Attribute) or func.attr != "__setattr__" or len(args) not in (2, 3):
        return None
    if len(args) == 3:
        return args[0], args[1]
    above = isinstance(func.value, ast.Call) and isinstance(func.value.func, ast.Name) and func.value.func.id == "super"
    return ast.copy_location(ast.Name(self_of(scope), ast.Load()), call) if above else func.value, args[0]


def _registry_owner(node: ast.expr) -> ast.expr | None:
    """``x`` of ``x.__dict__``, ``x._modules`` and the like, and ``vars(x)``."""
    if isinstance(node, ast.Attribute) and node.attr in REGISTRIES:
        return node.value
    whole = isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "vars" and len(node.args) == 1
    return node.args[0] if whole and isinstance(node, ast.Call) else None


def _by_key(owner: ast.expr, registry: ast.expr, key: ast.expr | None) -> Change:
    """What is put into a registry under a key, or under any (None)."""
    plain = not (isinstance(registry, ast.Attribute) and registry.attr != "__dict__")
    start = not isinstance(key, ast.Constant)
    return Change(owner, literal_start(key) if key is not None else "", "computed", start, plain=plain)


def _in_place(scope: Scope, held: ast.expr, added: ast.expr | None) -> Iterator[Change]:
    """A list changed in place, whichever attribute it is known by: also ``c = net.convs; c.append(m)``, ``net.convs[0].append(m)``."""
    inner = held
    while isinstance(inner, ast.Subscript):
        inner = inner.value
    if isinstance(inner, ast.Attribute):
        yield Change(inner.value, inner.attr, "direct" if inner is held else "alias", added=added)
    elif isinstance(inner, ast.Name):
        for binding in scope.bindings.get(inner.id, ()):
            given = binding.expr if isinstance(binding, Assigned) and binding.how == "value" else None
            if isinstance(given, ast.Attribute):
                yield Change(given.value, given.attr, "alias", added=added)


def _apply(table: Table, view: Locals, change: Change) -> None:
    own = _is_self(view, change.receiver)
    affected = _own(table, view, change) if own else _foreign(table, view, change)
    # Whatever a caller gives: ``self.__dict__.update(kwargs)``. A copy's own attributes come back as they were.
    varies = own and change.how == "computed" and change.start and change.plain and not view.scope.qualname.endswith(".__setstate__")
    holes: bool | None = None
    for key in list(affected):
        attributes = table.attributes[key]
        for name in _named(attributes, change):
            if holes is None:
                holes = change.added is not None and brings_none(view.evaluate, change.added)
            held = _marked(attributes[name], holes)
            attributes[name] = replace(held, varies=True) if varies else held


def _is_self(view: Locals, node: ast.expr) -> bool:
    return bool(view.self_name) and isinstance(node, ast.Name) and node.id == view.self_name


def _named(attributes: Mapping[str, Attribute], change: Change) -> list[str]:
    if change.start:
        named = (name for name in attributes if name.startswith(change.name))
        return [name for name in named if change.plain or not attributes[name].kinds <= _PLAIN]
    return [change.name] if change.name in attributes else []


def _own(table: Table, view: Locals, change: Change) -> Iterator[str]:
    """The classes whose instances run a method that changes ``self``, less those that see it in their own text."""
    method = view.scope.method()
    building = method is not None and method.qualname.endswith(".__init__")
    yield from table.line(view.owner)[1:]
    if not building or change.how == "computed":
        # A constructor above has run before the one below gives the attribute its last value.
        yield from table.below(view.owner)
    if change.how == "computed" or (change.how == "alias" and not building):
        yield from (key for key in (view.owner,) if key in table.attributes)


def _foreign(table: Table, view: Locals, change: Change) -> Iterator[str]:
    affected = [key for key in table.attributes if _named(table.attributes[key], change)]
    classes = receiver_classes(view, change.receiver) if affected else frozenset()
    for key in affected:
        if classes is not None:
            if not classes.isdisjoint(map(table.dotted, (key, *table.below(key)))):
                yield key
        elif not (change.start and not change.name) or _path(key) == view.file.path:
            # Any name on anything: of all such code only that in the class's own file is taken to mean it.
            yield key


def _path(key: str) -> str:
    return key.rpartition("::")[0]


def _marked(attribute: Attribute, holes: bool) -> Attribute:
    inner = attribute.element
    return replace(attribute, changed=True, holes=attribute.holes or holes, element=replace(inner, changed=True) if inner else inner)
