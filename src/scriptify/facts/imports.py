"""What a name means: module layout from the paths, imports between files, names of other packages.

A file's place in its package is read from the ``__init__.py`` files next to it. Nothing is imported
and ``sys.path`` plays no part, so the answer is the same on every machine.
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

from scriptify.facts.scan import Assigned, Binding, Defined, File, Imported, Scope

_DEPTH = 40


@dataclass(frozen=True, slots=True)
class Ref:
    """What a name stands for: something of the project (``path`` and qualname, ``""`` for the module) or an outside dotted name."""

    path: str
    name: str

    @property
    def outside(self) -> bool:
        """Whether it is not of the project."""
        return not self.path

    @property
    def key(self) -> str:
        """``path::qualname``, or the dotted name."""
        return f"{self.path}::{self.name}" if self.path else self.name


class Layout:
    """Which file a module name means, seen from another file; and each file's own module name."""

    def __init__(self, paths: Iterable[str]) -> None:
        self._by_posix = {_posix(path): path for path in sorted(paths)}
        self._packages = {str(PurePosixPath(p).parent) for p in self._by_posix if PurePosixPath(p).name == "__init__.py"}
        self._roots = sorted({self._root(posix) for posix in self._by_posix})
        self.names = self._names()
        self._found: dict[tuple[str, str], str | None] = {}

    def _root(self, posix: str) -> str:
        """The directory that must be on the search path for the file's package; its own where it is in none."""
        place = PurePosixPath(posix).parent
        while str(place) in self._packages and place != place.parent:
            place = place.parent
        return str(place)

    def _names(self) -> dict[str, str]:
        names: dict[str, str] = {}
        taken: dict[str, list[str]] = {}
        for posix, path in self._by_posix.items():
            parts = PurePosixPath(posix).relative_to(self._root(posix)).with_suffix("").parts
            names[path] = ".".join(parts[:-1] if parts[-1] == "__init__" and len(parts) > 1 else parts)
            taken.setdefault(names[path], []).append(path)
        for same in taken.values():
            if len(same) > 1:
                # Two scripts of one name in different directories: a longer name keeps their classes apart.
                for path in same:
                    names[path] = ".".join(PurePosixPath(_posix(path)).with_suffix("").parts).lstrip("/.")
        return names

    def module(self, dotted: str, seen_from: str) -> str | None:
        """The project file that ``import dotted`` means in the file ``seen_from``, or None."""
        posix = _posix(seen_from)
        place = self._root(posix)
        key = (dotted, place)
        if key not in self._found:
            steps = PurePosixPath(place)
            roots = [str(steps), *map(str, steps.parents), *self._roots]
            hits = (self._at(root, dotted) for root in roots)
            self._found[key] = next((hit for hit in hits if hit is not None), None)
        return self._found[key]

    def relative(self, level: int, dotted: str, seen_from: str) -> str | None:
        """The project file of ``from .dotted import``, or None."""
        place = PurePosixPath(_posix(seen_from)).parent
        for _ in range(level - 1):
            place = place.parent
        return self._at(str(place), dotted)

    def absolute(self, level: int, dotted: str, seen_from: str) -> str:
        """The dotted name that a relative import means, for a module that is not in the project."""
        parts = self.names[seen_from].split(".")
        if not _posix(seen_from).endswith("__init__.py"):
            parts = parts[:-1]
        return ".".join([*parts[: max(len(parts) - level + 1, 0)], *filter(None, [dotted])])

    def _at(self, root: str, dotted: str) -> str | None:
        base = str(PurePosixPath(root, *filter(None, dotted.split("."))))
        return self._by_posix.get(f"{base}/__init__.py".removeprefix("./")) or (self._by_posix.get(f"{base}.py") if dotted else None)


def _posix(path: str) -> str:
    return str(PurePosixPath(path.replace("\\", "/")))


class Names:
    """Resolves names of the project's files."""

    def __init__(self, files: dict[str, File], layout: Layout) -> None:
        self.files = files
        self.layout = layout
        self._symbols: dict[tuple[str, str], Ref | None] = {}

    def dotted(self, ref: Ref) -> str:
        """The dotted name of a class or function, as Python itself would show it."""
        return ".".join(filter(None, (self.layout.names[ref.path], ref.name))) if ref.path else ref.name

    def expression(self, node: ast.expr, path: str, scope: Scope) -> Ref | None:
        """What ``a.b.c`` means in a scope; None for a local value, an unknown name, or no dotted name at all."""
        attributes: list[str] = []
        while isinstance(node, ast.Attribute) and len(attributes) < _DEPTH:
            attributes.append(node.attr)
            node = node.value
        if not isinstance(node, ast.Name):
            return None
        ref = self.name(node.id, path, scope)
        for attribute in reversed(attributes):
            if ref is None:
                return None
            ref = self.attribute(ref, attribute, path)
        return ref

    def name(self, name: str, path: str, scope: Scope) -> Ref | None:
        """What a bare name means in a scope."""
        first = scope
        here: Scope | None = scope
        while here is not None:
            if here.kind == "module":
                return self.symbol(path, name) or _builtin(name)
            # A class body's names are not seen from the functions in it.
            if (here.kind == "function" or here is first) and name in here.bindings and name not in here.outer:
                return self._bound(here.bindings[name], path, here, 0)
            here = here.parent
        return None

    def is_local(self, name: str, scope: Scope) -> bool:
        """Whether a function's own code gives the name its value."""
        here: Scope | None = scope
        while here is not None and here.kind != "module":
            if here.kind == "function" and name in here.bindings and name not in here.outer:
                return True
            here = here.parent
        return False

    def attribute(self, ref: Ref, name: str, seen_from: str) -> Ref | None:
        """What ``ref.name`` means."""
        if ref.outside:
            dotted = f"{ref.name}.{name}"
            found = self.layout.module(dotted, seen_from) if seen_from in self.layout.names else None
            return Ref(found, "") if found in self.files else Ref("", dotted)
        if not ref.name:
            return self.symbol(ref.path, name) or self._submodule(ref.path, name)
        inner = f"{ref.name}.{name}"
        file = self.files[ref.path]
        return Ref(ref.path, inner) if inner in file.functions or inner in file.classes else None

    def symbol(self, path: str, name: str, depth: int = 0) -> Ref | None:
        """What a module's name means, followed through imports and star imports of project files."""
        key = (path, name)
        if key not in self._symbols:
            self._symbols[key] = None
            self._symbols[key] = self._symbol(path, name, depth)
        return self._symbols[key]

    def _symbol(self, path: str, name: str, depth: int) -> Ref | None:
        file = self.files.get(path)
        if file is None or depth > _DEPTH:
            return None
        if name in file.module.bindings:
            return self._bound(file.module.bindings[name], path, file.module, depth)
        for star in file.module.stars:
            target = self._module(star, path)
            if target is not None and (found := self.symbol(target, name, depth + 1)) is not None:
                return found
        return None

    def _bound(self, bindings: list[Binding], path: str, scope: Scope, depth: int) -> Ref | None:
        """The first binding that says something: ``try: import`` with a fallback means the import."""
        for binding in bindings:
            if isinstance(binding, Defined):
                return Ref(path, binding.qualname)
            if isinstance(binding, Imported):
                return self._imported(binding, path, depth)
            if len(bindings) == 1 and scope.kind == "module" and (alias := self._alias(binding, path, scope, depth)):
                return alias
        return None

    def _alias(self, binding: Assigned, path: str, scope: Scope, depth: int) -> Ref | None:
        if binding.expr is not None and _is_own_module(binding.expr):
            return Ref(path, "")
        if binding.how != "value" or binding.path or not isinstance(binding.expr, (ast.Name, ast.Attribute)) or depth > _DEPTH:
            return None
        return self.expression(binding.expr, path, scope)

    def _imported(self, binding: Imported, path: str, depth: int) -> Ref | None:
        target = self._module(binding, path)
        if not binding.name:
            return Ref(target, "") if target is not None else Ref("", binding.module)
        if target is not None:
            return self.symbol(target, binding.name, depth + 1) or self._submodule(target, binding.name)
        dotted = binding.module if not binding.level else self.layout.absolute(binding.level, binding.module, path)
        inner = ".".join(filter(None, (dotted, binding.name)))
        if binding.level:
            below = self.layout.relative(binding.level, ".".join(filter(None, (binding.module, binding.name))), path)
        else:
            below = self.layout.module(inner, path)
        return Ref(below, "") if below in self.files else Ref("", inner)

    def _module(self, binding: Imported, path: str) -> str | None:
        if binding.level:
            found = self.layout.relative(binding.level, binding.module, path)
        else:
            found = self.layout.module(binding.module, path)
        return found if found in self.files else None

    def _submodule(self, path: str, name: str) -> Ref | None:
        if PurePosixPath(_posix(path)).name != "__init__.py":
            return None
        found = self.layout.relative(1, name, path)
        return Ref(found, "") if found in self.files else None


def _is_own_module(node: ast.expr) -> bool:
    """``sys.modules[__name__]``."""
    return (
        isinstance(node, ast.Subscript)
        and isinstance(node.slice, ast.Name)
        and node.slice.id == "__name__"
        and isinstance(node.value, ast.Attribute)
        and node.value.attr == "modules"
    )


def _builtin(name: str) -> Ref | None:
    return Ref("", f"builtins.{name}") if hasattr(builtins, name) else None


def names_in(node: ast.expr) -> Iterator[str]:
    """The bare names an expression reads."""
    return (child.id for child in ast.walk(node) if isinstance(child, ast.Name))
