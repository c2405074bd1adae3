"""Which project functions each call may reach, and with what arguments."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from scriptify.facts.classes import Table, is_super
from scriptify.facts.imports import Ref
from scriptify.facts.locals import Locals, Memo
from scriptify.facts.model import Argument, Attribute, CallSite, Kind
from scriptify.facts.positions import Lines
from scriptify.facts.scan import File, Scope, arguments, self_of
from scriptify.facts.values import as_attribute

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
    memo: Memo = {}
    for scope in file.scopes:
        if scope.calls:
            resolver = _Resolver(index, file, scope, memo)
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
    """Resolves the calls of one scope."""

    def __init__(self, index: Index, file: File, scope: Scope, memo: Memo) -> None:
        self.index, self.table, self.file, self.scope = index, index.table, file, scope
        view = Locals(index.table, file, scope, memo)
        self.self_name, self.owner, self.evaluate = view.self_name, view.owner, view.evaluate

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
        """``value(...)``: a function it may be, the forward of each class; of a Sequential, that of its first item."""
        keys = self.table.instance_classes(value)
        if Kind.SEQUENTIAL in value.kinds and value.items and value.items[0] in self.table.by_dotted:
            keys.append(self.table.by_dotted[value.items[0]])
        callees = [(path, name) for path, _, name in (function.partition("::") for function in sorted(value.functions)) if name]
        for key in keys:
            name = "forward" if self.table.is_module(key) else "__call__"
            found = self.table.method(key, name)
            if found is not None:
                callees.append(self._key(*found))
        return callees, Kind.OTHER not in value.kinds
