"""A script or notebook as a module of definitions: nothing of it runs again but imports, functions and classes.

Running a training script a second time to get at its classes would train a second time. What its other
statements bound is taken over as a value.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator, Sequence

VALUE = "__scriptify_value__"
Definition = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
Importing = (ast.Import, ast.ImportFrom)


def reduced(text: str, before: str, roots: Collection[str], values: Collection[str]) -> ast.Module:
    """The statements of ``text`` that ``roots`` need, line numbers kept; other statements give way to ``values``.

    A statement that is not in ``before`` came with a rewrite and stays. Raises SyntaxError.
    """
    tree = ast.parse(text)
    old = {ast.dump(statement) for statement in _flat(ast.parse(before).body)}
    needed = needs(tree, roots)
    tree.body = _Reduced(needed, values, old).block(tree.body)
    return ast.fix_missing_locations(tree)


def needs(tree: ast.Module, roots: Collection[str]) -> set[str]:
    """The names of a module that definitions under ``roots`` read, directly or through others."""
    binding: dict[str, list[ast.stmt]] = {}
    for statement in _flat(tree.body):
        for name in bound(statement):
            binding.setdefault(name, []).append(statement)
    needed: set[str] = set()
    waiting = list(roots)
    while waiting:
        name = waiting.pop()
        if name in needed:
            continue
        needed.add(name)
        for statement in binding.get(name, ()):
            if isinstance(statement, Definition):
                waiting += [node.id for node in ast.walk(statement) if isinstance(node, ast.Name)]
                waiting += [word for node in ast.walk(statement) for word in _quoted(node)]
    return needed


def values_wanted(text: str, roots: Collection[str]) -> set[str]:
    """The names whose values must come along: needed, and bound by other statements than definitions and imports, or nowhere here."""
    tree = ast.parse(text)
    flat = list(_flat(tree.body))
    defined = {name for s in flat if isinstance(s, (*Definition, *Importing)) for name in bound(s)}
    assigned = {name for s in flat if not isinstance(s, (*Definition, *Importing)) for name in bound(s)}
    return needs(tree, roots) - (defined - assigned)


def bound_in(text: str) -> set[str]:
    """Every name that a module's source binds at its top level."""
    return {name for statement in _flat(ast.parse(text).body) for name in bound(statement)}


def _quoted(node: ast.AST) -> list[str]:
    """Names in a text, which may be an annotation."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str) and len(node.value) < 200:
        try:
            return [inner.id for inner in ast.walk(ast.parse(node.value, mode="eval")) if isinstance(inner, ast.Name)]
        except (SyntaxError, ValueError):
            return []
    return []


def _flat(body: Sequence[ast.stmt]) -> Iterator[ast.stmt]:
    """The statements of a module, those of its blocks in place of the blocks that define or import something."""
    for statement in body:
        if _holds_definitions(statement):
            for block in _blocks(statement):
                yield from _flat(block)
        else:
            yield statement


def _blocks(statement: ast.stmt) -> list[list[ast.stmt]]:
    blocks = [getattr(statement, name, []) for name in ("body", "orelse", "finalbody")]
    return [*blocks, *(handler.body for handler in getattr(statement, "handlers", ()))]


def _holds_definitions(statement: ast.stmt) -> bool:
    if not isinstance(statement, (ast.If, ast.Try, ast.With)):
        return False
    return any(isinstance(inner, (*Definition, *Importing)) or _holds_definitions(inner) for block in _blocks(statement) for inner in block)


def bound(statement: ast.stmt) -> set[str]:
    """The names that a statement binds in its module."""
    if isinstance(statement, Definition):
        return {statement.name}
    if isinstance(statement, Importing):
        return {(alias.asname or alias.name).partition(".")[0] for alias in statement.names}
    return {node.id for node in ast.walk(statement) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}


class _Reduced:
    def __init__(self, needed: Collection[str], values: Collection[str], old: Collection[str]) -> None:
        self.needed, self.values, self.old = needed, values, old

    def block(self, body: Sequence[ast.stmt]) -> list[ast.stmt]:
        return [kept for statement in body for kept in self._one(statement)]

    def _one(self, statement: ast.stmt) -> list[ast.stmt]:
        if _holds_definitions(statement):
            return self._blocks(statement)
        names = bound(statement)
        if isinstance(statement, (*Definition, *Importing)):
            future = isinstance(statement, ast.ImportFrom) and statement.module == "__future__"
            return [statement] if future or "*" in names or names & set(self.needed) else []
        if ast.dump(statement) not in self.old or self._patches(statement):
            return [statement]
        wanted = sorted(names & set(self.needed) & set(self.values))
        return [ast.copy_location(_value(name), statement) for name in wanted]

    def _patches(self, statement: ast.stmt) -> bool:
        """Whether it sets an attribute of something that is needed, as ``Net.forward = patched`` does."""
        if not isinstance(statement, ast.Assign):
            return False
        owners = [target.value for target in statement.targets if isinstance(target, ast.Attribute)]
        return any(isinstance(owner, ast.Name) and owner.id in self.needed for owner in owners)

    def _blocks(self, statement: ast.stmt) -> list[ast.stmt]:
        if isinstance(statement, ast.With):
            return self.block(statement.body)
        for name in ("body", "orelse", "finalbody"):
            if hasattr(statement, name):
                setattr(statement, name, self.block(getattr(statement, name)))
        for handler in getattr(statement, "handlers", ()):
            handler.body = self.block(handler.body) or [ast.Pass()]
        if isinstance(statement, (ast.If, ast.Try)) and not statement.body:
            statement.body = [ast.Pass()]
        return [statement]


def _value(name: str) -> ast.stmt:
    call = ast.Call(ast.Name(VALUE, ast.Load()), [ast.Constant(name)], [])
    return ast.Assign([ast.Name(name, ast.Store())], call)
