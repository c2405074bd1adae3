"""A file's imports: what a name stands for, how to spell a name here, and the edits that add an import."""

from __future__ import annotations

import builtins
import re
import sys
from collections.abc import Iterable
from functools import cached_property
from typing import TYPE_CHECKING

import libcst as cst
from libcst.helpers import get_full_name_for_node

from scriptify.transform import Edit, Import
from scriptify.tree.flow import bindings
from scriptify.tree.positions import ParseError

if TYPE_CHECKING:
    from scriptify.tree.core import Tree


_BODY = re.compile(r"^(?:class|def|async def|@)", re.MULTILINE)


# What these modules export under the names of builtins, as ``from module import *`` binds it.
_STARS = {
    "torch": "abs all any bool complex float int max min pow range round sum compile",
    "numpy": "abs all any bool divmod max min pow round sum",
    "matplotlib.pylab": "all any divmod sum",
    "pylab": "all any divmod sum",
    "math": "pow",
    "operator": "abs pow",
    "os": "open",
}
_BY_REWRITES = sys.stdlib_module_names | {"torch", "numpy"}
"""Modules that rewrites may import: all that they spell is of these."""


class Imports:
    """Names at the module's top level and what they stand for."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree

    @cached_property
    def _known(self) -> dict[str, str]:
        known: dict[str, str] = {}
        local: list[cst.Import | cst.ImportFrom] = []
        for node in self._all:
            statement = self._tree.parent(node)
            if self._tree.enclosing(node, cst.FunctionDef) is not None:
                local.append(node)
            elif statement is not None and self._tree.parent(statement) is self._tree.module:
                known |= self._named([node])  # functions see the last of several
            elif isinstance(node, cst.Import):
                known |= self._named([node])
            else:
                known = self._named([node]) | known  # what is tried first is what usually is there
        return self._named(local) | known

    @cached_property
    def _all(self) -> list[cst.Import | cst.ImportFrom]:
        return sorted([*self._tree.find(cst.Import), *self._tree.find(cst.ImportFrom)], key=self._tree.number)

    @cached_property
    def _local(self) -> dict[str, set[str]]:
        """Names that functions import as something else than the module does."""
        found: dict[str, set[str]] = {}
        for node in self._all:
            if self._tree.enclosing(node, cst.FunctionDef) is not None:
                for name, full in self._named([node]).items():
                    if self._known.get(name, full) != full:
                        found.setdefault(name, set()).add(full)
        return found

    @cached_property
    def _leading(self) -> list[cst.CSTNode]:
        """The top-level statements before the first class or function: an import below it may come too late for a signature."""
        body = self._tree.module.body
        first = next((n for n, statement in enumerate(body) if isinstance(statement, cst.ClassDef | cst.FunctionDef)), len(body))
        return list(body[:first])

    @cached_property
    def _early(self) -> dict[str, str]:
        """The imported names that everything in the file can use."""
        found: list[cst.Import | cst.ImportFrom] = []
        for statement in self._leading:
            found += [*self._tree.find(cst.Import, statement), *self._tree.find(cst.ImportFrom, statement)]
        return self._named([node for node in found if not self._for_checkers(node)])

    def _for_checkers(self, node: cst.CSTNode) -> bool:
        """Whether an import stands under ``if TYPE_CHECKING:``, so that it never runs."""
        below = node
        for above in self._tree.ancestors(node):
            if isinstance(above, cst.If) and below is above.body and _name(above.test).rpartition(".")[2] == "TYPE_CHECKING":
                return True
            below = above
        return False

    def _named(self, found: list[cst.Import | cst.ImportFrom]) -> dict[str, str]:
        known: dict[str, str] = {}
        for node in sorted(found, key=self._tree.number):
            if isinstance(node, cst.Import):
                for alias in node.names:
                    full = _name(alias.name)
                    known[_asname(alias) or full.partition(".")[0]] = full if alias.asname else full.partition(".")[0]
            elif not isinstance(node.names, cst.ImportStar):
                base = "." * len(node.relative) + (_name(node.module) if node.module else "")
                for alias in node.names:
                    name = _name(alias.name)
                    known.setdefault(_asname(alias) or name, f"{base}{'' if base.endswith('.') else '.'}{name}")
        return known

    @cached_property
    def _others(self) -> set[str]:
        """Names bound at the top level by anything but an import."""
        bound = {name.value for name, by in bindings(self._tree.module) if not isinstance(by, cst.ImportAlias | cst.AsName)}
        return self._set_inside | bound - set(self._known) | (bound & set(self._known) & self._rebound) | (self._starred - set(self._known))

    @cached_property
    def _set_inside(self) -> set[str]:
        """Names of the module that a function gives another meaning, by ``global``."""
        found: set[str] = set()
        for node in self._tree.find(cst.Global):
            function, names = self._tree.enclosing(node, cst.FunctionDef), {item.name.value for item in node.names}
            if function is not None:
                stores = [
                    name.value for name, by in bindings(function.body) if not isinstance(by, cst.Global | cst.ImportAlias | cst.AsName)
                ]
                found |= names.intersection(stores)
        return found

    @cached_property
    def _starred(self) -> set[str]:
        """The builtins whose names an ``import *`` takes."""
        stars = [node for node in self._tree.find(cst.ImportFrom) if isinstance(node.names, cst.ImportStar) and not node.relative]
        return {name for node in stars if node.module for name in _STARS.get(_name(node.module), "").split()}

    @cached_property
    def _rebound(self) -> set[str]:
        """Imported names that may be something else when code runs: an import that comes later, above all code, wins."""
        module_level: set[str] = set()
        for statement in self._tree.module.body:
            if isinstance(statement, cst.ClassDef | cst.FunctionDef):
                module_level.add(statement.name.value)
            elif isinstance(statement, cst.SimpleStatementLine):
                for small in statement.body:
                    if isinstance(small, cst.Assign):
                        module_level |= {name.value for name, _ in bindings(small)}
                    elif isinstance(small, cst.Import | cst.ImportFrom) and statement in self._leading:
                        module_level -= set(self._named([small]))
        return module_level

    @cached_property
    def _lasting(self) -> dict[str, set[str]]:
        """All that each name imported outside functions may stand for."""
        found: dict[str, set[str]] = {}
        for node in self._all:
            if self._tree.enclosing(node, cst.FunctionDef) is None:
                for name, full in self._named([node]).items():
                    found.setdefault(name, set()).add(full)
        return found

    def taken(self, item: Import) -> bool:
        """Whether the name that an import would bind stands for something else in the module, before or after that line."""
        name = item.name or item.module.partition(".")[0]
        full = f"{item.module}.{item.name}" if item.name else name
        return name in self._others or bool(self._lasting.get(name, set()) - {full})

    def dotted(self, node: cst.CSTNode) -> str:
        """``torch.nn.functional.interpolate`` for ``F.interpolate``; ``builtins.len`` for ``len``; ``""`` if not known.

        A name bound at the module's top level by anything but an import is not resolved; whether a local
        variable hides the name is for the caller to ask.
        """
        full = get_full_name_for_node(node)
        if not full or not isinstance(node, cst.Name | cst.Attribute):
            return ""
        first, dot, rest = full.partition(".")
        if first in self._others:
            return ""
        if first in self._local and self._imported_around(node, first):
            return f"{self._imported_around(node, first)}{dot}{rest}"
        if first in self._known:
            return f"{self._known[first]}{dot}{rest}"
        if hasattr(builtins, first):
            return f"builtins.{full}"
        # Between passes the imports that rewrites need are not in the text yet: an unbound torch is one of theirs.
        return full if first in _BY_REWRITES else ""

    def _imported_around(self, node: cst.CSTNode, name: str) -> str:
        """What the innermost function around a node that imports a name imports by it, or ``""``."""
        for above in self._tree.ancestors(node):
            if isinstance(above, cst.FunctionDef):
                inside = [one for one in self._all if self._tree.enclosing(one, cst.FunctionDef) is above]
                if name in (found := self._named(inside)):
                    return found[name]
        return ""

    def spell(self, dotted: str) -> tuple[str, tuple[Import, ...]]:
        """How to write a dotted name (``typing.Optional``, ``torch.empty``) in this file, and the import that needs.

        Uses what is imported already, else ``from typing import X`` for typing and ``import torch`` for
        the rest; a name taken by something else is spelt in full.
        """
        module, _, name = dotted.rpartition(".")
        for local, full in sorted(self._early.items(), key=lambda item: -len(item[1])):  # F before torch
            if local in self._others or full.startswith(".") or self._lasting.get(local, set()) - {full}:
                continue  # a function sees what the module binds last
            if full == dotted:
                return local, ()
            if dotted.startswith(f"{full}.") and full != "typing":
                return f"{local}{dotted[len(full) :]}", ()
        root = dotted.partition(".")[0]
        if module == "typing" and name not in self._others and self._known.get(name, dotted) == dotted:
            return name, (Import(self._tree.path, module, name),)
        if root in self._others or self._known.get(root, root) != root:
            return dotted, (Import(self._tree.path, root),)
        return dotted, () if root in self._early else (Import(self._tree.path, root),)

    def edits(self, wanted: Iterable[Import]) -> list[Edit]:
        """Edits that add imports, one line or one name each, after the last import before the first class or function."""
        edits: list[Edit] = []
        lines: list[str] = []
        extend: dict[str, list[str]] = {}
        for item in sorted(set(wanted)):
            if item.name and self._early.get(item.name) != f"{item.module}.{item.name}":
                extend.setdefault(item.module, []).append(item.name)
            elif not item.name and item.module not in self._early:
                lines.append(f"import {item.module}")
        for module, names in extend.items():
            place = self._extendable(module)
            if place is None:
                lines.append(f"from {module} import {', '.join(names)}")
            else:
                edits.append(self._tree.insert(place, "".join(f", {name}" for name in names)))
        if lines:
            at, gap = self._place()
            newline = self._tree.newline
            edits.append(self._tree.insert(at, "".join(line + newline for line in lines) + gap))
        return edits

    def _extendable(self, module: str) -> int | None:
        """The offset after the last name of a top-level ``from module import a, b`` on one line."""
        for statement in self._leading:
            if not isinstance(statement, cst.SimpleStatementLine):
                continue
            for small in statement.body:
                if isinstance(small, cst.ImportFrom) and not small.relative and small.module and _name(small.module) == module:
                    if isinstance(small.names, cst.ImportStar) or small.names[-1].comma is not cst.MaybeSentinel.DEFAULT:
                        continue
                    return self._tree.span(small.names[-1])[1]
        return None

    def _place(self) -> tuple[int, str]:
        """Where new import lines go, and the blank line to put after them where there is none."""
        tree = self._tree
        last: cst.CSTNode | None = None
        for statement in self._leading:
            if _is_import(statement):
                last = statement
        if last is not None:
            return tree.line_end(tree.last_line(last)), ""
        body = tree.module.body
        if body and _is_docstring(body[0]):
            return tree.line_end(tree.last_line(body[0])), ""
        if not body:
            return len(tree.text), ""
        first = body[0]
        leading = getattr(first, "leading_lines", ())
        decorators = getattr(first, "decorators", ())
        line = min([tree.line(first), *(tree.line(d) for d in decorators)]) - len(leading) * bool(leading)
        return tree.line_start(max(1, line)), tree.newline


def import_edits(path: str, text: str, wanted: Iterable[Import]) -> list[Edit]:
    """The edits that add imports to a text. Only what stands above its first class or function is parsed, where that will do."""
    from scriptify.tree.core import parsed

    match = _BODY.search(text)
    if match is not None and match.start():
        try:
            head = parsed(path, text[: match.start()])
            if any(_is_import(statement) for statement in head.module.body):
                return head.imports.edits(wanted)
        except ParseError:
            pass  # the line was inside a string: then the whole text has to be read
    return parsed(path, text).imports.edits(wanted)


def _name(node: cst.CSTNode) -> str:
    return get_full_name_for_node(node) or ""


def _asname(alias: cst.ImportAlias) -> str:
    return alias.asname.name.value if alias.asname and isinstance(alias.asname.name, cst.Name) else ""


def _is_import(statement: cst.CSTNode) -> bool:
    return isinstance(statement, cst.SimpleStatementLine) and isinstance(statement.body[0], cst.Import | cst.ImportFrom)


def _is_docstring(statement: cst.CSTNode) -> bool:
    if not isinstance(statement, cst.SimpleStatementLine) or not isinstance(statement.body[0], cst.Expr):
        return False
    return isinstance(statement.body[0].value, cst.SimpleString | cst.ConcatenatedString)
