"""The project's classes: their bases through imports, which of them are modules, and method lookup."""

from __future__ import annotations

import ast
from collections import deque
from dataclasses import replace

from scriptify.facts.imports import Names, Ref
from scriptify.facts.model import Attribute, Kind
from scriptify.facts.scan import File, FunctionDef, Scope
from scriptify.facts.values import joined

_NOT_MODULES = ("torch.nn.utils.", "torch.nn.init.", "torch.nn.functional.", "ast.", "libcst.", "torch.nn.parameter.", "torch.nn.Parameter")
_SYNTAX_TREES = frozenset({"ast", "libcst", "gast"})


def is_outside_module(dotted: str) -> bool:
    """Whether a class of another package is certainly an ``nn.Module``: by its name, or as one of torch.nn's."""
    head, _, last = dotted.rpartition(".")
    if head.partition(".")[0] in _SYNTAX_TREES or last.endswith("DataModule"):
        return False
    if last.endswith("Module"):
        return True
    return is_torch_class(dotted)


def is_torch_class(dotted: str) -> bool:
    """Whether the name is that of a class in ``torch.nn``."""
    last = dotted.rpartition(".")[2].lstrip("_")
    if not dotted.startswith("torch.nn.") or not last[:1].isupper() or (last.isupper() and len(last) == 1):
        return False
    return not dotted.startswith(_NOT_MODULES) and not last.startswith(("Parameter", "Uninitialized", "Buffer"))


class Table:
    """All classes of the project by key ``path::qualname``."""

    def __init__(self, names: Names) -> None:
        self.names = names
        self.scopes: dict[str, tuple[File, Scope]] = {}
        for file in names.files.values():
            for qualname, scope in file.classes.items():
                self.scopes[f"{file.path}::{qualname}"] = (file, scope)
        self.bases = {key: self._bases(file, scope) for key, (file, scope) in self.scopes.items()}
        self.by_dotted = {names.dotted(self.ref(key)): key for key in self.scopes}
        self.children: dict[str, list[str]] = {}
        for key, bases in self.bases.items():
            for base in bases:
                self.children.setdefault(base, []).append(key)
        self._modules: dict[str, bool] = {}
        self._lines: dict[str, list[str]] = {}
        self.attributes: dict[str, dict[str, Attribute]] = {}
        self.present: dict[str, frozenset[str]] = {}

    def ref(self, key: str) -> Ref:
        """The reference of a class key."""
        file, scope = self.scopes[key]
        return Ref(file.path, scope.qualname)

    def dotted(self, key: str) -> str:
        """The dotted name of a class key."""
        return self.names.dotted(self.ref(key))

    def _bases(self, file: File, scope: Scope) -> tuple[str, ...]:
        node = scope.node
        result = []
        for base in node.bases if isinstance(node, ast.ClassDef) else []:
            inner = base.value if isinstance(base, ast.Subscript) else base
            ref = self.names.expression(inner, file.path, scope.parent or scope)
            if ref is not None and (ref.outside or ref.key in self.scopes):
                result.append(ref.key)
            elif isinstance(inner, (ast.Name, ast.Attribute)):
                result.append(file.lines.source(inner))
        return tuple(result)

    def line(self, key: str) -> list[str]:
        """The class and the project's classes above it, nearest first."""
        if key not in self._lines:
            result, queue = [key], deque(self.bases.get(key, ()))
            while queue:
                base = queue.popleft()
                if base in self.bases and base not in result:
                    result.append(base)
                    queue.extend(self.bases[base])
            self._lines[key] = result
        return self._lines[key]

    def below(self, key: str) -> list[str]:
        """The project's classes below it."""
        result: list[str] = []
        queue = deque(self.children.get(key, ()))
        while queue:
            child = queue.popleft()
            if child not in result and child != key:
                result.append(child)
                queue.extend(self.children.get(child, ()))
        return result

    def is_module(self, key: str) -> bool:
        """Whether the class, of the project or outside, is an ``nn.Module``."""
        if key not in self.bases:
            return is_outside_module(key)
        if key not in self._modules:
            self._modules[key] = False
            outside = [base for above in self.line(key) for base in self.bases[above] if base not in self.bases]
            self._modules[key] = any(map(is_outside_module, outside)) or (
                any(base not in _PLAIN for base in outside) and self._looks_like_module(key)
            )
        return self._modules[key]

    def _looks_like_module(self, key: str) -> bool:
        """It defines ``forward`` and initialises an unknown base: nothing but a module does both."""
        return self.own_method(key, "forward") is not None and any(
            isinstance(call.func, ast.Attribute) and call.func.attr == "__init__" and _is_super(call.func.value)
            for inner in [self.own_method(key, "__init__")]
            if inner is not None
            for call in inner.calls
        )

    def own_method(self, key: str, name: str) -> Scope | None:
        """The method of that name in the class's own body."""
        file, scope = self.scopes[key]
        found = file.functions.get(f"{scope.qualname}.{name}")
        return found if found is not None and found.owner == scope.qualname else None

    def method(self, key: str, name: str, *, after: str = "") -> tuple[str, Scope] | None:
        """The class key and scope of the method that ``name`` means on an instance; ``after`` skips to behind that class."""
        line = self.line(key)
        if after:
            line = line[line.index(after) + 1 :] if after in line else self.line(after)[1:]
        for above in line:
            found = self.own_method(above, name)
            if found is not None:
                return above, found
        return None

    def overrides(self, key: str, name: str) -> list[tuple[str, Scope]]:
        """The methods of that name in classes below."""
        found = ((child, self.own_method(child, name)) for child in self.below(key))
        return [(child, scope) for child, scope in found if scope is not None]

    def instance_classes(self, value: Attribute) -> list[str]:
        """The keys of the project classes a value may be an instance of."""
        return [self.by_dotted[name] for name in sorted(value.classes) if name in self.by_dotted]

    def instance(self, ref: Ref) -> Attribute:
        """An instance of a project class."""
        kind = self._kind(ref.key) if self.is_module(ref.key) else Kind.OTHER
        return Attribute("", frozenset({kind}), classes=frozenset({self.names.dotted(ref)}))

    def _kind(self, key: str) -> Kind:
        """Module, or the kind of container whose subclass it is."""
        outside = [base for above in self.line(key) for base in self.bases[above] if base.startswith("torch.nn.")]
        return next((_CONTAINERS[last] for base in outside if (last := base.rpartition(".")[2]) in _CONTAINERS), Kind.MODULE)

    def attribute(self, base: Attribute, name: str) -> Attribute:
        """What ``base.name`` holds, where the classes of ``base`` are known."""
        keys = self.instance_classes(base)
        found = [self.lookup(key, name) for key in keys]
        known = [value for value in found if value is not None]
        if not known or len(known) < len(base.classes) or (Kind.OTHER in base.kinds and Kind.MODULE in base.kinds):
            return replace(joined(known), kinds=joined(known).kinds | {Kind.OTHER}) if known else joined([])
        return joined(known)

    def lookup(self, key: str, name: str) -> Attribute | None:
        """The attribute of a class, own or inherited."""
        return next((self.attributes[above][name] for above in self.line(key) if name in self.attributes.get(above, {})), None)


_CONTAINERS = {"ModuleList": Kind.MODULE_LIST, "Sequential": Kind.SEQUENTIAL, "ModuleDict": Kind.MODULE_DICT}
_PLAIN = frozenset("builtins.object object abc.ABC ABC torch.autograd.Function Function torch.autograd.function.Function".split())


def _is_super(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "super"


def is_super(node: ast.expr) -> bool:
    """Whether the expression is ``super(...)``."""
    return _is_super(node)


def decorator_refs(scope: Scope, file: File, names: Names) -> tuple[str, ...]:
    """The dotted names of a function's decorators; of a decorator call, what is called."""
    node = scope.node
    result = []
    for decorator in node.decorator_list if isinstance(node, FunctionDef) else []:
        inner = decorator.func if isinstance(decorator, ast.Call) else decorator
        ref = names.expression(inner, file.path, scope.parent or scope)
        if ref is not None:
            result.append(names.dotted(ref).removeprefix("builtins."))
        elif isinstance(inner, (ast.Name, ast.Attribute)):
            result.append(file.lines.source(inner))
    return tuple(result)
