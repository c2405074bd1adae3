"""Comprehensions as loops: their clauses, and the lines they become."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import libcst as cst

from scriptify.tree.core import Tree
from scriptify.tree.flow import target_names
from scriptify.tree.inline import CannotInline, kept_late
from scriptify.tree.substitute import one_line, source, substituted

Node = cst.BaseExpression | str


@dataclass(frozen=True)
class LoopText:
    """Expressions as text with loop variables renamed."""

    tree: Tree

    def of(self, node: Node, names: Mapping[str, str]) -> str:
        """The text of an expression. Raises CannotInline where renaming could capture a name."""
        if isinstance(node, str):
            return node
        wanted = {old: new for old, new in names.items() if old != new}
        text = substituted(self.tree, node, wanted) if wanted else source(self.tree, node)
        if text is None:
            raise CannotInline("something inside it binds a name that is needed")
        return one_line(self.tree, node, text)


@dataclass(frozen=True)
class Clause:
    """A comprehension: its loops (target, iterable, conditions) and what each turn adds.

    ``key`` is the key of a dict comprehension; ``bound`` are the names its loops bind; ``targets`` are
    the targets with their iterables as nodes, where they are nodes.
    """

    loops: list[tuple[Node, Node, list[Node]]]
    item: Node
    key: Node | None = None
    bound: Mapping[str, str] = field(default_factory=dict)
    first: cst.BaseExpression | None = None
    targets: list[tuple[cst.BaseExpression, cst.BaseExpression]] = field(default_factory=list)

    def lines(self, into: str, names: Mapping[str, str], text: LoopText) -> list[str]:
        """The loop's lines, adding to the list or dict ``into``."""
        lines: list[str] = []
        depth = 0
        for number, (target, iterable, conditions) in enumerate(self.loops):
            over = text.of(iterable, names if number else {})
            lines.append(f"{'    ' * depth}for {text.of(target, names)} in {over}:")
            depth += 1
            for condition in conditions:
                lines.append(f"{'    ' * depth}if {text.of(condition, names)}:")
                depth += 1
        item = text.of(self.item, names)
        if self.key is not None:
            return [*lines, f"{'    ' * depth}{into}[{text.of(self.key, names)}] = {item}"]
        if isinstance(self.item, cst.Tuple) and not self.item.lpar:
            item = f"({item})"
        return [*lines, f"{'    ' * depth}{into}.append({item})"]


def clauses(tree: Tree, node: cst.ListComp | cst.GeneratorExp | cst.DictComp) -> Clause:
    """The clauses of a comprehension. Raises CannotInline for asynchronous ones and those that assign."""
    loops: list[tuple[Node, Node, list[Node]]] = []
    bound: dict[str, str] = {}
    targets: list[tuple[cst.BaseExpression, cst.BaseExpression]] = []
    part: cst.CompFor | None = node.for_in
    while part is not None:
        if part.asynchronous is not None:
            raise CannotInline("it is asynchronous")
        again = {name.value for name in target_names(part.target)}
        if again & set(bound) or not all(isinstance(t, cst.Name | cst.Tuple | cst.List) for t in (part.target,)):
            raise CannotInline("its loops bind a name twice")
        bound.update({name: name for name in again})
        loops.append((part.target, part.iter, [condition.test for condition in part.ifs]))
        targets.append((part.target, part.iter))
        part = part.inner_for_in
    if next(tree.find(cst.NamedExpr, node), None) is not None or next(tree.find(cst.Yield, node), None) is not None:
        raise CannotInline("it assigns a name with := inside")
    made = [node.key, node.value] if isinstance(node, cst.DictComp) else [node.elt]
    made += [test for _, _, tests in loops for test in tests if isinstance(test, cst.BaseExpression)]
    if any(kept_late(tree, expression, name) for expression in made for name in bound):
        raise CannotInline("a function inside it keeps an item, which a loop that runs again would change")
    if isinstance(node, cst.DictComp):
        return Clause(loops, node.value, node.key, bound, node.for_in.iter, targets)
    return Clause(loops, node.elt, None, bound, node.for_in.iter, targets)
