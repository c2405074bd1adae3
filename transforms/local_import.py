"""SF725: imports inside of compiled functions."""

from __future__ import annotations

import builtins
from collections.abc import Iterator
from dataclasses import dataclass

import libcst as cst

from scriptify.facts.model import Facts
from scriptify.transform import Edit, Focus, Import, Phase, Proposal, Transform
from scriptify.transforms._expression import Body, NoForm, bodies, decline
from scriptify.transforms._kept import is_target
from scriptify.transforms._local_import_examples import EXAMPLES
from scriptify.transforms._modules import comes_with_torch, is_module, loaded, standing
from scriptify.transforms._own_scope import reads_by_name
from scriptify.tree import Tree, assigned_names, bindings, loads
from scriptify.tree.flow import parameter_names
from scriptify.tree.hoist import in_try
from scriptify.tree.substitute import bound_inside

_MESSAGE = "import statements aren't supported"


class LocalImport(Transform):
    """``import math`` in a compiled function -> at the top of the file; ``from math import sqrt`` -> ``math.sqrt``.

    The compiler has no imports. Those of torch, of the standard library and of packages that the file imports anyway
    do nothing when they run a second time, and nothing is lost if they run earlier. What comes from a module or has an
    alias is spelt in full where it is used: ``from math import sqrt as s`` and ``s(v)`` -> ``math.sqrt(v)``.
    """

    code = "SF725"
    name = "local-import"
    phase = Phase.SYNTAX
    explains = (_MESSAGE,)
    hints = ("import ",)
    source = "https://docs.pytorch.org/docs/stable/jit_language_reference_v2.html"
    examples = EXAMPLES

    def propose(self, tree: Tree, facts: Facts, focus: Focus | None = None) -> Iterator[Proposal]:
        """Every import in compiled code."""
        for body in bodies(tree, facts):
            found: list[cst.Import | cst.ImportFrom] = [*body.find(cst.Import), *body.find(cst.ImportFrom)]
            for small in found:
                yield self._answer(body, small)

    def _answer(self, body: Body, small: cst.Import | cst.ImportFrom) -> Proposal:
        tree = body.tree
        line = tree.parent(small)
        try:
            if not isinstance(line, cst.SimpleStatementLine):
                raise NoForm("it shares its line with another statement")
            if by_name := reads_by_name(tree, body.function.body):
                raise NoForm(by_name)
            edits, imports = _moved(body, small)
            edits.append(_without(tree, line, small))
        except NoForm as reason:
            return decline(self, body, small, f"an import in a compiled function is refused: import it at the top of the file ({reason})")
        return tree.rewrite(self, small, "an import moves to the top of the file", edits, imports=imports)


@dataclass(frozen=True)
class _Bound:
    """A name that an import binds: ``module`` and, of a ``from`` import, ``name``; ``alias`` where it is called otherwise."""

    local: str
    module: str
    name: str
    alias: bool

    @property
    def dotted(self) -> str:
        """What the name stands for."""
        return f"{self.module}.{self.name}" if self.name else self.module if self.alias else self.local


def _names(tree: Tree, small: cst.Import | cst.ImportFrom) -> list[_Bound]:
    """What an import binds. Raises NoForm."""
    if isinstance(small, cst.ImportFrom) and (small.relative or small.module is None):
        raise NoForm("when a module of the project is imported may matter")
    if isinstance(small.names, cst.ImportStar):
        raise NoForm("it imports everything")
    module = tree.code(small.module) if isinstance(small, cst.ImportFrom) and small.module is not None else ""
    found = []
    for item in small.names:
        name = tree.code(item.name)
        other = item.asname.name.value if item.asname is not None and isinstance(item.asname.name, cst.Name) else ""
        local = other or (name if module else name.partition(".")[0])
        found.append(_Bound(local, module or name, name if module else "", bool(other) and other != name))
    return found


def _moved(body: Body, small: cst.Import | cst.ImportFrom) -> tuple[list[Edit], list[Import]]:
    """The edits of the uses and the imports at the top. Raises NoForm."""
    tree, edits, imports = body.tree, list[Edit](), list[Import]()
    if in_try(tree, small):
        raise NoForm("it stands in a try, which the compiler does not have either")
    for bound in _names(tree, small):
        _check_harmless(tree, bound)
        _check_uses(body, small, bound)
        if _modules(tree).get(bound.local) == bound.dotted:
            if not bound.alias and not bound.name and bound.module not in loaded(tree):  # import torch.nn.functional, where torch is there
                imports.append(Import(tree.path, bound.module))
        elif not bound.alias and not bound.name and _free(tree, bound.local):
            imports.append(Import(tree.path, bound.module))
        else:
            text, wanted = tree.imports.spell(bound.dotted)
            uses = _uses(body, bound.local)
            _check_spelt(body, text, bound.dotted, uses)
            edits += [tree.replace(use, text) for use in uses]
            below = _needed(tree, bound)
            imports += [item for item in wanted if not any(module.startswith(f"{item.module}.") for module in below)]
            imports += [Import(tree.path, module) for module in below]
    return edits, imports


def _check_spelt(body: Body, text: str, dotted: str, uses: list[cst.Name]) -> None:
    """Raise NoForm where the first part of a name spelt in full is not the module it should be."""
    (root, dot, rest), tree = text.partition("."), body.tree
    local = {name.value for name, by in bindings(body.function.body) if not _imported(tree, by)} | parameter_names(body.function)
    inner = {name for function in tree.find(cst.FunctionDef, body.function.body) for name in assigned_names(function)}
    stands = f"{_modules(tree)[root]}{dot}{rest}" if root in _modules(tree) else text if _free(tree, root) else ""
    if root in local | inner | bound_inside(body.function.body) or stands != dotted:
        raise NoForm(f"{root} means something else here")
    if any(isinstance(above, cst.FormattedStringExpression) and above.equal for use in uses for above in tree.ancestors(use)):
        raise NoForm("a formatted string spells the name")


def _modules(tree: Tree) -> dict[str, str]:
    """The names that imports at the top of the file bind, with what they stand for whenever a function of it runs.

    Without those that anything else at the top, a later star import or a function with ``global`` may bind to another thing.
    """
    meant: dict[str, set[str]] = {}
    for statement in tree.module.body:
        for small in statement.body if isinstance(statement, cst.SimpleStatementLine) else ():
            if not isinstance(small, cst.Import | cst.ImportFrom):
                continue
            if isinstance(small.names, cst.ImportStar):
                for standing_for in meant.values():
                    standing_for.add("*")
                continue
            try:
                for bound in _names(tree, small):
                    meant.setdefault(bound.local, set()).add(bound.dotted)
            except NoForm:
                for item in small.names:  # of the project: which module it is depends on where the file is
                    name = item.asname.name if item.asname is not None else item.name
                    meant.setdefault(tree.code(name).partition(".")[0], set()).add(".")
    found = {name: dotted for name, (dotted, *more) in meant.items() if not more}
    for name in tree.find(cst.Name):
        if name.value in found and is_target(tree, name) and _at_top(tree, name) and not _alike(tree, name, found[name.value]):
            del found[name.value]
    return found


def _at_top(tree: Tree, name: cst.Name) -> bool:
    """Whether a binding is one of the file's own names, in its function or class by ``global``."""
    above = tree.parent(name)
    if isinstance(above, cst.NameItem):
        return isinstance(tree.parent(above), cst.Global)
    scope = tree.parent(above) if isinstance(above, cst.FunctionDef | cst.ClassDef) and above.name is name else above
    return not any(isinstance(outer, cst.FunctionDef | cst.ClassDef | cst.Lambda) for outer in (scope, *tree.ancestors(scope or name)))


def _alike(tree: Tree, name: cst.Name, dotted: str) -> bool:
    """Whether what binds a name is an import of that one thing."""
    small = next((above for above in tree.ancestors(name) if isinstance(above, cst.Import | cst.ImportFrom)), None)
    try:
        return small is not None and all(bound.dotted == dotted for bound in _names(tree, small) if bound.local == name.value)
    except NoForm:
        return False


def _needed(tree: Tree, bound: _Bound) -> list[str]:
    """The modules below a package that a name spelt in full rests on, and that nothing above loads. Raises NoForm."""
    modules = [bound.module] if "." in bound.module else []
    if bound.name and is_module(bound.module, bound.name):
        modules.append(f"{bound.module}.{bound.name}")
    return [module for module in modules if module not in loaded(tree) and not comes_with_torch(module)]


def _check_harmless(tree: Tree, bound: _Bound) -> None:
    """Raise NoForm where it may matter when a module is imported, or what is there without it."""
    if not standing(bound.module) and bound.module not in loaded(tree):
        raise NoForm(f"when {bound.module} is imported may matter, and whether it is installed")
    if not bound.name or _modules(tree).get(bound.local) == bound.dotted:
        return
    if not standing(bound.module) or (is_module(bound.module, bound.name) and not standing(bound.dotted)):
        raise NoForm(f"whether {bound.name} is a module of its own, which is not loaded yet, is not known")


def _check_uses(body: Body, small: cst.CSTNode, bound: _Bound) -> None:
    """Raise NoForm where the name is more than this import's, or is read where the import may not have run."""
    tree, name = body.tree, bound.local
    stores = [by for found, by in bindings(body.function.body) if found.value == name]
    others = [by for by in stores if not tree.contains(small, by)]
    if name in parameter_names(body.function):
        raise NoForm(f"{name} is a parameter too")
    if any(not _same(tree, by, bound) for by in others) or (others and bound.alias):
        raise NoForm(f"{name} is bound more than once")
    if not all(any(_runs_before(tree, by, use) for by in stores) for use in _uses(body, name)):
        raise NoForm(f"{name} is used before the import, or where it may not have run")
    inner = [f for f in tree.find(cst.FunctionDef, body.function.body) if name in parameter_names(f) or _binds(f, name)]
    lambdas = [node for node in tree.find(cst.Lambda, body.function.body) if name in parameter_names(node)]
    if inner or lambdas or any(item.name.value == name for n in tree.find(cst.Global) for item in n.names):
        raise NoForm(f"{name} means something else in a function inside")


def _runs_before(tree: Tree, by: cst.CSTNode, use: cst.Name) -> bool:
    """Whether an import has run wherever a name is read: it stands before it, in its block or one around."""
    small = next(above for above in (by, *tree.ancestors(by)) if isinstance(above, cst.BaseSmallStatement))
    block = tree.parent(tree.parent(small) or small)
    return block is not None and tree.contains(block, use) and tree.span(small)[0] < tree.span(use)[0]


def _uses(body: Body, name: str) -> list[cst.Name]:
    inside = (cst.Import, cst.ImportFrom)
    return [use for use in loads(body.function.body, name) if not any(isinstance(above, inside) for above in body.tree.ancestors(use))]


def _binds(function: cst.FunctionDef, name: str) -> bool:
    return any(found.value == name for found, _ in bindings(function.body))


def _same(tree: Tree, by: cst.CSTNode, bound: _Bound) -> bool:
    """Whether a binding is another import of the same thing."""
    small = next((above for above in tree.ancestors(by) if isinstance(above, cst.Import | cst.ImportFrom)), None)
    try:
        found = _names(tree, small) if small is not None else []
    except NoForm:
        return False
    return any(other.local == bound.local and other.dotted == bound.dotted for other in found)


def _imported(tree: Tree, by: cst.CSTNode) -> bool:
    return isinstance(by, cst.ImportAlias) or isinstance(tree.parent(by), cst.ImportAlias)


def _free(tree: Tree, name: str) -> bool:
    """Whether the file can have a name at its top that it has not yet: no function reads one from a star import or the builtins."""
    if any(item.name.value == name for node in tree.find(cst.Global) for item in node.names):
        return False
    if any(found.value == name for found, _ in bindings(tree.module)) or hasattr(builtins, name):
        return False
    stars = any(isinstance(node.names, cst.ImportStar) for node in tree.find(cst.ImportFrom))
    return not stars or not any(n.value == name and not _local(tree, n) for n in loads(tree.module, name))


def _local(tree: Tree, name: cst.Name) -> bool:
    """Whether a name is one of the function's own where it is read."""
    return any(isinstance(above, cst.FunctionDef) and _binds(above, name.value) for above in tree.ancestors(name))


def _without(tree: Tree, line: cst.SimpleStatementLine, small: cst.BaseSmallStatement) -> Edit:
    """The edit that takes a statement out of its line."""
    if tree.own_line(line):
        return tree.remove(line)
    smalls = list(line.body)
    at = next(i for i, found in enumerate(smalls) if found is small)
    if at + 1 < len(smalls):
        return Edit(tree.path, tree.span(small)[0], tree.span(smalls[at + 1])[0], "")
    if at == 0:
        raise NoForm("it shares its line with another statement")
    return Edit(tree.path, tree.span(smalls[at - 1])[1], tree.span(small)[1], "")
