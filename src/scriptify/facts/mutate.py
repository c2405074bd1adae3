"""The effect of one simple statement on what ``self`` and the locals hold."""

from __future__ import annotations

import ast
from dataclasses import replace
from typing import TYPE_CHECKING

from scriptify.facts.model import Attribute, Kind
from scriptify.facts.scan import arguments
from scriptify.facts.values import CONTAINERS, UNKNOWN, Value, as_attribute, both, container, elements_of, joined, of_kind, unsized

if TYPE_CHECKING:
    from scriptify.facts.construct import Env, Follower, Frame

GROWS = frozenset({"append", "extend", "insert", "add_module", "update", "pop", "clear", "remove", "reverse", "sort", "setdefault"})
_REGISTERS = {"register_buffer": Kind.BUFFER, "register_parameter": Kind.PARAMETER, "add_module": None, "register_module": None}


class Mutations:
    """Applies simple statements to one state."""

    def __init__(self, follower: Follower, env: Env, frame: Frame) -> None:
        self.follower = follower
        self.env = env
        self.frame = frame

    def simple(self, node: ast.stmt) -> None:
        """Apply a statement without a block of its own."""
        if isinstance(node, ast.Assign):
            value = self._assigned(node)
            for target in node.targets:
                self.assign(target, value, node.value)
        elif isinstance(node, ast.AnnAssign) and node.value is not None:
            self.assign(node.target, self._value(node.value), node.value)
        elif isinstance(node, ast.AugAssign):
            self._augmented(node)
        elif isinstance(node, ast.Expr):
            self._value(node.value)
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            self.env.locals[node.name] = of_kind(Kind.FUNCTION)
        elif isinstance(node, (ast.ClassDef, ast.Delete)):
            self._forget(node)

    def _assigned(self, node: ast.Assign) -> Value:
        """The value; of ``a, b = c, d`` the parts side by side."""
        target, value = node.targets[0], node.value
        displays = isinstance(target, (ast.Tuple, ast.List)) and isinstance(value, (ast.Tuple, ast.List)) and len(node.targets) == 1
        left, right = getattr(target, "elts", []), getattr(value, "elts", [])
        if not displays or len(left) != len(right) or any(isinstance(e, ast.Starred) for e in (*left, *right)):
            return self._value(value)
        return tuple(self._value(item) for item in right)

    def _value(self, node: ast.expr) -> Value:
        return self.follower.evaluator(self.env, self.frame)(node)

    def _forget(self, node: ast.ClassDef | ast.Delete) -> None:
        if isinstance(node, ast.ClassDef):
            self.env.locals.pop(node.name, None)
            return
        for target in node.targets:
            if (name := self._self_name(target)) is not None:
                self.env.attributes.pop(name, None)
            else:
                self.assign(target, UNKNOWN, None)

    def assign(self, target: ast.expr, value: Value, node: ast.expr | None) -> None:
        """Give a target its value."""
        if isinstance(target, ast.Name):
            self.env.locals[target.id] = value
            return
        if (name := self._self_name(target)) is not None:
            self.set(name, value, node, getattr(target, "lineno", 0))
        elif isinstance(target, (ast.Tuple, ast.List)):
            self._unpack(target, value, node)
        elif isinstance(target, ast.Subscript):
            self._store_item(target, value)

    def set(self, name: str, value: Value, node: ast.expr | None, line: int) -> None:
        """Give an attribute of ``self`` its value."""
        self.env.attributes[name] = _present(as_attribute(value))
        self.follower.note(name, node, self.frame, line)

    def _self_name(self, node: ast.expr) -> str | None:
        on_self = isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == self.frame.self_name
        return node.attr if on_self and isinstance(node, ast.Attribute) and self.frame.self_name else None

    def _unpack(self, target: ast.Tuple | ast.List, value: Value, node: ast.expr | None) -> None:
        parts: list[Value] = [UNKNOWN] * len(target.elts)
        if not any(isinstance(item, ast.Starred) for item in target.elts):
            if isinstance(value, tuple) and len(value) == len(target.elts):
                parts = list(value)
            elif isinstance(value, Attribute) and (elements := elements_of(value)) is not None and len(elements) == len(parts):
                parts = list(elements)
        sources = node.elts if isinstance(node, (ast.Tuple, ast.List)) and len(node.elts) == len(parts) else [None] * len(parts)
        for item, part, source in zip(target.elts, parts, sources, strict=True):
            self.assign(item.value if isinstance(item, ast.Starred) else item, part, source)

    def _store_item(self, target: ast.Subscript, value: Value) -> None:
        base = self._held(target.value)
        if base is None:
            return
        given = as_attribute(value)
        key = target.slice.value if isinstance(target.slice, ast.Constant) else None
        if isinstance(key, str) and base.kinds <= {Kind.DICT, Kind.MODULE_DICT} and key not in base.keys:
            elements = elements_of(base) if base.length and len(base.keys) == base.length else [] if base.length == 0 else None
            if elements is not None:
                self._hold(target.value, container(next(iter(base.kinds)), [*elements, given], keys=(*base.keys, key)))
                return
        self._hold(target.value, replace(unsized(base), element=both(base.element, given) if base.element is not None else given))

    def _held(self, node: ast.expr) -> Attribute | None:
        """The value of a local or an attribute of ``self``; None for anything else."""
        if isinstance(node, ast.Name):
            value = self.env.locals.get(node.id)
            return value if isinstance(value, Attribute) else None
        name = self._self_name(node)
        value = self.env.attributes.get(name) if name is not None else None
        return as_attribute(value) if value is not None else None

    def _hold(self, node: ast.expr, value: Attribute) -> None:
        """Put a changed container back; what may be the same object under another name is no longer sure."""
        old = self._held(node)
        for env in (self.env.locals, self.env.attributes):
            for other, held in env.items():
                if held is old and isinstance(held, Attribute) and held.kinds & CONTAINERS:
                    env[other] = replace(unsized(held), element=value.element)
        if isinstance(node, ast.Name):
            self.env.locals[node.id] = value
        elif (name := self._self_name(node)) is not None:
            self.env.attributes[name] = value

    def _augmented(self, node: ast.AugAssign) -> None:
        target = node.target
        if not isinstance(target, (ast.Name, ast.Attribute)):
            if isinstance(target, ast.Subscript):
                self._store_item(target, UNKNOWN)
            return
        load = ast.Name(target.id, ast.Load()) if isinstance(target, ast.Name) else ast.Attribute(target.value, target.attr, ast.Load())
        for part in (load, *((load.value,) if isinstance(load, ast.Attribute) else ())):
            ast.copy_location(part, target)
        value = self._value(ast.copy_location(ast.BinOp(load, node.op, node.value), target))
        if isinstance(target, ast.Name):
            self.env.locals[target.id] = value
        elif (name := self._self_name(target)) is not None:
            self.set(name, value, None, node.lineno)

    def call(self, node: ast.Call) -> bool:
        """Apply what a call does to containers and to ``self``; whether that is all it does."""
        func = node.func
        if isinstance(func, ast.Attribute):
            if isinstance(func.value, ast.Name) and func.value.id == self.frame.self_name and self._register(func.attr, node):
                return True
            return func.attr in GROWS and self._grow(func, node)
        if isinstance(func, ast.Name) and func.id == "setattr" and len(node.args) == 3:
            self._setattr(node)
            return True
        return False

    def escape(self, node: ast.Call) -> None:
        """A container handed to code that may change it has no known length any more."""
        for argument in [*node.args, *(keyword.value for keyword in node.keywords)]:
            held = self._held(argument)
            if held is not None and held.kinds & CONTAINERS:
                self._hold(argument, unsized(held))

    def _setattr(self, node: ast.Call) -> None:
        target, name, value = node.args
        if not (isinstance(target, ast.Name) and target.id == self.frame.self_name):
            return
        known = as_attribute(self._value(name))
        if known.constant and isinstance(known.value, str):
            self.set(known.value, self._value(value), value, node.lineno)

    def _register(self, method: str, node: ast.Call) -> bool:
        if method not in _REGISTERS or not node.args:
            return False
        key = as_attribute(self._value(node.args[0]))
        named = [k.value for k in node.keywords if k.arg in ("tensor", "param", "module")]
        given = node.args[1] if len(node.args) > 1 else named[0] if named else None
        if not key.constant or not isinstance(key.value, str) or given is None:
            return True
        value, kind = as_attribute(self._value(given)), _REGISTERS[method]
        if kind is not None and value.kinds != {Kind.NONE}:
            given_none = Kind.NONE in value.kinds or (
                isinstance(given, ast.Name) and self._is_parameter(given.id) and Kind.OTHER in value.kinds
            )
            empty = frozenset({Kind.NONE}) if given_none else frozenset()
            value = replace(of_kind(kind), kinds=frozenset({kind}) | empty)
        self.set(key.value, value, given, node.lineno)
        return True

    def _is_parameter(self, name: str) -> bool:
        """Whether a name is a parameter of the function: its caller may have given None."""
        node = self.frame.scope.function
        return node is not None and any(argument.arg == name for argument in arguments(node.args))

    def _grow(self, func: ast.Attribute, node: ast.Call) -> bool:
        base = self._held(func.value)
        if base is None or not base.kinds & CONTAINERS:
            return False
        kind = next(iter(base.kinds)) if len(base.kinds) == 1 else None
        elements = elements_of(base)
        if func.attr == "append" and len(node.args) == 1 and kind is not None and not isinstance(node.args[0], ast.Starred):
            given = self.follower.evaluator(self.env, self.frame).element(node.args[0])
            if elements is not None:
                self._hold(func.value, container(kind, [*elements, given]))
            else:
                known = base.element if base.element is not None else joined(elements_of(replace(base)) or [given])
                self._hold(func.value, replace(unsized(base), element=both(known, given)))
            return True
        if func.attr in ("extend", "add_module", "insert", "update") and node.args:
            self._extend(func, node, base, elements, kind)
            return True
        self._hold(func.value, unsized(base))
        return True

    def _extend(self, func: ast.Attribute, node: ast.Call, base: Attribute, elements: list[Attribute] | None, kind: Kind | None) -> None:
        given = as_attribute(self._value(node.args[-1]))
        if func.attr == "add_module" and elements is not None and kind is not None and len(node.args) == 2:
            self._hold(func.value, container(kind, [*elements, given]))
            return
        if func.attr == "extend":
            more = elements_of(given)
            if elements is not None and more is not None and kind is not None:
                self._hold(func.value, container(kind, [*elements, *more]))
                return
            given = given.element or UNKNOWN
        if func.attr == "update":
            given = given.element or UNKNOWN
        self._hold(func.value, replace(unsized(base), element=both(base.element, given) if base.element is not None else given))


def _present(value: Attribute) -> Attribute:
    # The same object where nothing changes: identity tells which names share one container.
    return replace(value, missing=False) if value.missing else value
