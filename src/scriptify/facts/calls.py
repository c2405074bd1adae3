"""Which project functions each call may reach, and with what arguments."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from scriptify.facts.attributes import self_of
from scriptify.facts.classes import Table, is_super
from scriptify.facts.evaluate import Evaluator
from scriptify.facts.imports import Ref
from scriptify.facts.model import Argument, Attribute, CallSite, Kind
from scriptify.facts.positions import Lines
from scriptify.facts.scan import Assigned, File, Scope, arguments
from scriptify.facts.values import UNKNOWN, Value, as_attribute, joined

Key = tuple[str, str]
_BY_NAME_LIMIT = 60


class Index:
    """The project's methods by name, for calls whose object is not known."""

    def __init__(self, table: Table) -> None:
        self.table = table
        self.methods: dict[str, list[tuple[Key, Scope]]] = {}
        for file in table.names.files.values():
            for qualname, scope in file.functions.items():
                if scope.owner and not qualname.endswith("__"):
                    name = qualname.rpartition(".")[2]
                    self.methods.setdefault(name, []).append(((file.path, qualname), scope))

    def guesses(self, name: str, call: ast.Call) -> list[Key]:
        """The methods of that name that the call's arguments fit."""
        found = [key for key, scope in self.methods.get(name, ()) if _fits(scope, call)]
        return found if len(found) <= _BY_NAME_LIMIT else []


def _fits(scope: Scope, call: ast.Call) -> bool:
    node = scope.function
    if node is None or any(isinstance(a, ast.Starred) for a in call.args) or any(k.arg is None for k in call.keywords):
        return True
    names = {arg.arg for arg in arguments(node.args)}
    if not node.args.kwarg and any(keyword.arg not in names for keyword in call.keywords):
        return False
    return bool(node.args.vararg) or len(call.args) <= len(node.args.posonlyargs) + len(node.args.args)


def call_sites(index: Index, file: File) -> Iterator[CallSite]:
    """The calls in one file that reach, or may reach, the project's own functions."""
    values: dict[tuple[str, str], Value] = {}
    for scope in file.scopes:
        if scope.calls:
            resolver = _Resolver(index, file, scope, values)
            for call in scope.calls:
                site = resolver.site(call)
                if site is not None:
                    yield site


def site_of(
    call: ast.Call, lines: Lines, path: str, scope: str, callees: tuple[Key, ...], *, certain: bool, unbound: bool = False
) -> CallSite:
    """The record of one call."""
    given: list[Argument] = []
    for argument in call.args:
        start, end = lines.span(argument)
        given.append(Argument(None, start, end, lines.text[start:end]))
    starred = any(isinstance(argument, ast.Starred) for argument in call.args)
    for keyword in call.keywords:
        start, end = lines.span(keyword.value if keyword.arg is not None else keyword)
        given.append(Argument(keyword.arg, start, end, lines.text[start:end]))
        starred = starred or keyword.arg is None
    start, end = lines.span(call)
    return CallSite(path, scope, start, end, call.lineno, callees, tuple(given), starred, certain, unbound)


class _Resolver:
    """Resolves the calls of one scope; locals are judged by all their assignments at once."""

    def __init__(self, index: Index, file: File, scope: Scope, values: dict[tuple[str, str], Value]) -> None:
        self.index, self.table, self.file, self.scope, self.values = index, index.table, file, scope, values
        method = scope.method()
        self.self_name = self_of(method) if method is not None else ""
        self.owner = f"{file.path}::{method.owner}" if method is not None else ""
        self.evaluate = self._evaluator(scope)

    def _evaluator(self, scope: Scope) -> Evaluator:
        return Evaluator(
            self.table, self.file.path, scope, self._local, self.self_name, self._attribute_of_self, lambda call, target: None
        )

    def _attribute_of_self(self, name: str) -> Attribute | None:
        return self.table.lookup(self.owner, name) if self.owner else None

    def _local(self, name: str) -> Value | None:
        here: Scope | None = self.scope
        while here is not None and here.kind != "module":
            if here.kind == "function" and name in here.bindings and name not in here.outer:
                break
            here = here.parent
        if here is None:
            return None
        if here.kind == "module" and (here.parent is not None or not self._instance_global(here, name)):
            return None
        key = (here.qualname, name)
        if key not in self.values:
            # What depends on itself (x = f(x)) is not known.
            self.values[key] = UNKNOWN
            bindings = [b for b in here.bindings[name] if isinstance(b, Assigned)]
            if not bindings or len(bindings) < len(here.bindings[name]):
                value = self.table.names.name(name, self.file.path, here)
                self.values[key] = value if value is not None and not bindings else UNKNOWN
            else:
                found = [self._assigned(b, here, name) for b in bindings]
                self.values[key] = found[0] if len(found) == 1 else joined([as_attribute(v) for v in found])
        return self.values[key]

    @staticmethod
    def _instance_global(module: Scope, name: str) -> bool:
        """Whether a module-level name is a value made by a call (``net = Net()``), which an import can't explain."""
        bindings = module.bindings.get(name, [])
        return len(bindings) == 1 and isinstance(bindings[0], Assigned) and isinstance(bindings[0].expr, ast.Call)

    def _assigned(self, binding: Assigned, scope: Scope, name: str) -> Value:
        if binding.how == "opaque" or binding.expr is None:
            return self._parameter(scope, name)
        value = self.evaluate.loop(binding.expr) if binding.how == "iter" else self.evaluate(binding.expr)
        for place in binding.path:
            value = value[place] if isinstance(value, tuple) and place < len(value) else UNKNOWN
        return value

    def _parameter(self, scope: Scope, name: str) -> Value:
        """A parameter annotated with a project class may be one of its instances; nothing makes sure."""
        node = scope.function
        annotation = next((a.annotation for a in arguments(node.args) if a.arg == name), None) if node is not None else None
        ref = self.table.names.expression(annotation, self.file.path, scope.parent or scope) if annotation is not None else None
        if ref is None or ref.outside or ref.key not in self.table.scopes:
            return UNKNOWN
        return joined([UNKNOWN, *(self.table.instance(self.table.ref(key)) for key in (ref.key, *self.table.below(ref.key)))])

    def site(self, call: ast.Call) -> CallSite | None:
        """The record of a call, or None where it certainly leaves the project."""
        try:
            callees, certain, unbound = self._callees(call)
        except RecursionError:
            return None
        if not callees:
            return None
        return site_of(
            call, self.file.lines, self.file.path, self.scope.qualname, tuple(dict.fromkeys(callees)), certain=certain, unbound=unbound
        )

    def _callees(self, call: ast.Call) -> tuple[list[Key], bool, bool]:
        func = call.func
        if isinstance(func, ast.Attribute):
            if isinstance(func.value, ast.Name) and func.value.id == self.self_name and self.owner:
                found = self._on_self(func.attr)
                if found:
                    return found, True, False
            elif is_super(func.value) and self.owner:
                above = self.table.method(self.owner, func.attr, after=self.owner)
                return ([self._key(*above)] if above is not None else []), True, False
        value = self.evaluate(func)
        if isinstance(value, Ref):
            return self._of_ref(value)
        if isinstance(func, ast.Attribute) and not (isinstance(func.value, ast.Name) and func.value.id == self.self_name):
            return self._of_method(func, call)
        return (*self._of_instance(as_attribute(value)), False)

    def _key(self, owner: str, scope: Scope) -> Key:
        return self.table.scopes[owner][0].path, scope.qualname

    def _on_self(self, name: str) -> list[Key]:
        own = self.table.method(self.owner, name)
        return [self._key(*found) for found in ([own] if own is not None else []) + self.table.overrides(self.owner, name)]

    def _of_ref(self, ref: Ref) -> tuple[list[Key], bool, bool]:
        if ref.outside or not ref.name:
            return [], False, False
        if ref.key in self.table.scopes:
            made = self.table.method(ref.key, "__init__")
            return ([self._key(*made)] if made is not None else []), True, False
        scope = self.table.names.files[ref.path].functions.get(ref.name)
        if scope is None:
            return [], False, False
        return [(ref.path, ref.name)], True, bool(scope.owner and self_of(scope))

    def _of_method(self, func: ast.Attribute, call: ast.Call) -> tuple[list[Key], bool, bool]:
        """``x.name(...)``: by the classes of ``x``, else by the name alone."""
        base = self.evaluate(func.value)
        if isinstance(base, Ref):
            if base.key in self.table.scopes and (found := self.table.method(base.key, func.attr)) is not None:
                return [self._key(*found)], True, bool(self_of(found[1]))
            return [], False, False
        value = as_attribute(base)
        callees = [self._key(*m) for key in self.table.instance_classes(value) if (m := self.table.method(key, func.attr)) is not None]
        held = [self.table.lookup(key, func.attr) for key in self.table.instance_classes(value)]
        for attribute in held:
            if attribute is not None:
                callees.extend(self._of_instance(attribute)[0])
        if callees:
            return callees, Kind.OTHER not in value.kinds, False
        if Kind.OTHER not in value.kinds or value.classes:
            return [], False, False
        return self.index.guesses(func.attr, call), False, False

    def _of_instance(self, value: Attribute) -> tuple[list[Key], bool]:
        """``value(...)``: the forward of each class it may be; of a Sequential, that of its first item."""
        if Kind.SEQUENTIAL in value.kinds and value.items:
            first = self.table.by_dotted.get(value.items[0])
            keys = [first] if first is not None and value.length else []
        elif Kind.SEQUENTIAL in value.kinds:
            keys = []
        else:
            keys = self.table.instance_classes(value)
        callees = []
        for key in keys:
            name = "forward" if self.table.is_module(key) else "__call__"
            found = self.table.method(key, name)
            if found is not None:
                callees.append(self._key(*found))
        return callees, Kind.OTHER not in value.kinds
