"""Where a diagnostic points, as syntax: the compiled function, the nodes on the line, the branches around them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import libcst as cst

from scriptify.facts.model import Attribute, Class, Facts
from scriptify.transform import Focus
from scriptify.tree import Tree, own_nodes
from scriptify.tree.flow import all_parameters

Branching = cst.If | cst.IfExp


@dataclass(frozen=True)
class Spot:
    """A focus inside a compiled function; ``owner`` is the class whose method it is, with ``self_name`` its first parameter."""

    tree: Tree
    facts: Facts
    focus: Focus
    function: cst.FunctionDef
    qualname: str
    owner: cst.ClassDef | None
    self_name: str

    @property
    def owner_qualname(self) -> str:
        """The qualified name of the class, or ``""``."""
        return self.tree.qualname(self.owner) if self.owner is not None else ""

    @property
    def known_class(self) -> Class | None:
        """What the facts say of the class."""
        return self.facts.classes.get(f"{self.tree.path}::{self.owner_qualname}")

    def nodes(self) -> list[cst.BaseExpression]:
        """Expressions that start on the focused line and read as the underlined text, outermost first."""
        found = []
        for node in own_nodes(self.function.body):
            if isinstance(node, cst.BaseExpression) and self.tree.line(node) == self.focus.line and self.tree.code(node) == self.focus.text:
                found.append(node)
        return found

    def statement(self) -> cst.CSTNode | None:
        """The innermost statement whose own lines (a compound statement's header) hold the focused line."""
        best: cst.CSTNode | None = None
        for node in own_nodes(self.function.body):
            if isinstance(node, cst.SimpleStatementLine | cst.BaseCompoundStatement):
                first, last = self.tree.line(node), self.tree.last_line(node)
                if first <= self.focus.line <= last:
                    best = node
        return best

    def around(self) -> Iterator[tuple[Branching, bool]]:
        """The branches the place lies in, nearest first: the node that decides, and which outcome leads to the place."""
        places = self.nodes()
        start: cst.CSTNode | None = places[0] if places else self.statement()
        if start is None:
            return
        if not places:  # no telling which part of the line it was, so each ternary on it may decide
            for node in own_nodes(start):
                if isinstance(node, cst.IfExp) and self.tree.line(node) <= self.focus.line <= self.tree.lines(node)[1]:
                    yield node, True
                    yield node, False
        yield from branches(self.tree, start, self.function)

    def earlier(self) -> Iterator[cst.If]:
        """The ``if`` statements of the function that start at or before the place and do not hold it in a branch."""
        inside = {id(node) for node, _ in self.around()}
        for node in own_nodes(self.function.body):
            if isinstance(node, cst.If) and id(node) not in inside and self.tree.line(node) <= max(self.focus.line, 1):
                yield node

    def self_attribute(self, node: cst.CSTNode) -> str:
        """The name of ``self.name``, or ``""`` for anything else."""
        if isinstance(node, cst.Attribute) and isinstance(node.value, cst.Name) and self.self_name and node.value.value == self.self_name:
            return node.attr.value
        return ""

    def attribute(self, name: str) -> Attribute | None:
        """What is known of an attribute of the class."""
        if self.owner is None:
            return None
        found = self.facts.attribute(self.tree.path, self.owner_qualname, name)
        return found if isinstance(found, Attribute) else None


def spot(tree: Tree, facts: Facts, focus: Focus | None) -> Spot | None:
    """The spot a focus names, or None where it names no line of a compiled function of this file."""
    if focus is None or focus.path != tree.path or not focus.line:
        return None
    scope = focus.scope or _scope_at(tree, focus.line)
    function = tree.function(scope)
    if function is None or not facts.reached(tree.path, scope):
        return None
    above = next((a for a in tree.ancestors(function) if isinstance(a, cst.FunctionDef | cst.ClassDef)), None)
    owner = above if isinstance(above, cst.ClassDef) else None
    parameters = all_parameters(function.params)
    static = any(isinstance(d.decorator, cst.Name) and d.decorator.value in ("staticmethod", "classmethod") for d in function.decorators)
    self_name = parameters[0].name.value if owner is not None and parameters and not static else ""
    return Spot(tree, facts, focus, function, scope, owner, self_name)


def _scope_at(tree: Tree, line: int) -> str:
    best = ""
    for qualname, node in tree.functions():
        if tree.line(node) <= line <= tree.last_line(node):
            best = qualname
    return best


def branches(tree: Tree, start: cst.CSTNode, function: cst.CSTNode) -> Iterator[tuple[Branching, bool]]:
    """The conditions above a node up to its function, nearest first, with the outcome that leads to the node."""
    below = start
    for above in tree.ancestors(start):
        if above is function:
            return
        if isinstance(above, cst.If | cst.IfExp) and below is not above.test:
            yield above, below is above.body
        below = above


def operands(test: cst.BaseExpression) -> Iterator[cst.BaseExpression]:
    """The parts of a test that ``not``, ``and`` and ``or`` join."""
    if isinstance(test, cst.UnaryOperation) and isinstance(test.operator, cst.Not):
        yield from operands(test.expression)
    elif isinstance(test, cst.BooleanOperation):
        yield from operands(test.left)
        yield from operands(test.right)
    else:
        yield test
