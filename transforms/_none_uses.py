"""How a name that may be None is used in a function: its tests, the uses a test protects, and the rest."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property

import libcst as cst

from scriptify.transforms._signature import is_none
from scriptify.tree import Tree, loads
from scriptify.tree.flow import bindings

NONE, SOME = "none", "some"


@dataclass(frozen=True, slots=True)
class Test:
    """A test of the name: ``node`` is what to replace; ``none`` tells whether it asks for None; ``truth``: it asks for truth."""

    node: cst.BaseExpression
    name: cst.Name
    none: bool
    truth: bool = False
    equality: bool = False


@dataclass
class Uses:
    """Every use of one name in one function.

    ``surely`` tells which assigned values are known not to be None; without it, any that is not the literal None.
    """

    tree: Tree
    function: cst.FunctionDef
    name: str
    tests: list[Test] = field(default_factory=list)
    others: list[cst.Name] = field(default_factory=list)
    surely: Callable[[cst.BaseExpression], bool] | None = None

    def __post_init__(self) -> None:
        """Sort the reads of the name into tests and others."""
        for load in loads(self.function.body, self.name):
            test = self._test(load)
            if test is None:
                self.others.append(load)
            else:
                self.tests.append(test)

    @cached_property
    def stores(self) -> list[cst.CSTNode]:
        """The nodes that bind the name in the body."""
        return [by for bound, by in bindings(self.function.body) if bound.value == self.name]

    @property
    def captured(self) -> bool:
        """Whether a nested function, lambda or class reads the name, or ``global``/``del`` touches it."""
        inner = (cst.FunctionDef, cst.Lambda, cst.ClassDef)
        for load in (*self.others, *(t.name for t in self.tests)):
            for above in self.tree.ancestors(load):
                if above is self.function:
                    break
                if isinstance(above, inner):
                    return True
        return any(isinstance(by, cst.Del | cst.Global | cst.Nonlocal | cst.NamedExpr) for by in self.stores)

    def _test(self, load: cst.Name) -> Test | None:
        above = self.tree.parent(load)
        if isinstance(above, cst.Comparison) and above.left is load and len(above.comparisons) == 1:
            return _comparison(above, load, above.comparisons[0].comparator, above.comparisons[0].operator)
        if isinstance(above, cst.ComparisonTarget) and is_none(found := self.tree.parent(above).left):  # type: ignore[union-attr]
            comparison = self.tree.parent(above)
            if isinstance(comparison, cst.Comparison) and len(comparison.comparisons) == 1:
                return _comparison(comparison, load, found, above.operator)
        if isinstance(above, cst.UnaryOperation) and isinstance(above.operator, cst.Not):
            return Test(above, load, none=True, truth=True)
        return Test(load, load, none=False, truth=True) if self._boolean(load) else None

    def _boolean(self, node: cst.CSTNode) -> bool:
        """Whether only the truth of an expression matters where it stands."""
        above = self.tree.parent(node)
        if isinstance(above, cst.If | cst.While | cst.IfExp | cst.Assert | cst.CompIf):
            return above.test is node
        if isinstance(above, cst.BooleanOperation):
            return self._boolean(above)
        return isinstance(above, cst.UnaryOperation) and isinstance(above.operator, cst.Not)

    # what a condition says about the name

    def says(self, test: cst.CSTNode, outcome: bool) -> str:
        """What the name is where ``test`` came out as ``outcome``: ``none``, ``some`` or ``""`` for not known."""
        for known in self.tests:
            if known.node is test:
                if known.truth:
                    return SOME if outcome != known.none else ""
                return NONE if outcome == known.none else SOME
        if isinstance(test, cst.UnaryOperation) and isinstance(test.operator, cst.Not):
            return self.says(test.expression, not outcome)
        if isinstance(test, cst.BooleanOperation):
            left, right = self.says(test.left, outcome), self.says(test.right, outcome)
            if isinstance(test.operator, cst.And) == outcome:
                return left or right
            return left if left == right else ""
        return self._isinstance(test) if outcome else ""

    def _isinstance(self, test: cst.CSTNode) -> str:
        if isinstance(test, cst.Call) and self.tree.dotted(test.func) == "builtins.isinstance" and test.args:
            value = test.args[0].value
            return SOME if isinstance(value, cst.Name) and value.value == self.name else ""
        return ""

    def state(self, load: cst.CSTNode) -> str:
        """What the name is at a place in the body, by the tests and assignments that lead there."""
        node: cst.CSTNode = load
        for above in self.tree.ancestors(load):
            found = self._from_above(above, node)
            if found:
                return found
            if above is self.function or (isinstance(above, cst.For | cst.While) and self._assigns(above.body)):
                return ""  # what an earlier turn of the loop left is not known
            node = above
        return ""

    def _from_above(self, above: cst.CSTNode, node: cst.CSTNode) -> str:
        if isinstance(above, cst.If | cst.IfExp) and node is not above.test:
            return self.says(above.test, node is above.body)
        if isinstance(above, cst.While) and node is above.body:
            return self.says(above.test, True)
        if isinstance(above, cst.BooleanOperation) and node is above.right:
            return self.says(above.left, isinstance(above.operator, cst.And))
        if isinstance(above, cst.IndentedBlock):
            return self._from_earlier(above, node)
        return ""

    def _from_earlier(self, block: cst.IndentedBlock, node: cst.CSTNode) -> str:
        for statement in reversed(block.body[: list(block.body).index(node)]):  # type: ignore[arg-type]
            found = self.after(statement)
            if found != "?":
                return found
        return ""

    def after(self, statement: cst.CSTNode) -> str:
        """What the name is after a statement: ``none``, ``some``, ``""`` (either), or ``?`` where the statement says nothing."""
        if isinstance(statement, cst.SimpleStatementLine):
            for small in reversed(statement.body):
                if isinstance(small, cst.Assert) and self.says(small.test, True):
                    return self.says(small.test, True)
                if self._assigns(small):
                    return self._stored(small)
            return "?"
        if isinstance(statement, cst.If):
            return self._after_if(statement)
        return "" if self._assigns(statement) else "?"

    def _stored(self, small: cst.CSTNode) -> str:
        """What the name is after a statement that binds it."""
        value = getattr(small, "value", None)
        if is_none(value):
            return NONE
        if self.surely is None:
            return SOME
        whole = not isinstance(small, cst.Assign) or all(isinstance(t.target, cst.Name) for t in small.targets)
        return SOME if whole and isinstance(value, cst.BaseExpression) and self.surely(value) else ""

    def _after_if(self, statement: cst.If) -> str:
        ends: set[str] = set()
        node: cst.If | cst.Else | None = statement
        ahead: list[cst.If] = []
        while isinstance(node, cst.If):
            ends.add(self._branch_end(node.body, self.says(node.test, True)))
            ahead.append(node)
            node = node.orelse
        known = self.says(ahead[-1].test, False) or next((s for s in (self.says(i.test, False) for i in ahead) if s), "")
        ends.add(self._branch_end(node.body, known) if isinstance(node, cst.Else) else known or "?")
        ends.discard("ends")
        if ends == {"?"}:
            return "?"
        return ends.pop() if len(ends) == 1 else ""

    def _branch_end(self, body: cst.BaseSuite, start: str) -> str:
        statements = list(body.body)
        if statements and ends_flow(statements[-1]):
            return "ends"
        for statement in reversed(statements):
            small = not isinstance(statement, cst.BaseStatement)
            found = self.after(statement) if not small else self._stored(statement) if self._assigns(statement) else "?"
            if found != "?":
                return found
        return start or "?"

    def _assigns(self, node: cst.CSTNode) -> bool:
        return any(self.tree.contains(node, by) for by in self.stores)


def _comparison(node: cst.Comparison, load: cst.Name, other: cst.CSTNode, operator: cst.BaseCompOp) -> Test | None:
    if not is_none(other):
        return None
    if isinstance(operator, cst.Is | cst.IsNot):
        return Test(node, load, none=isinstance(operator, cst.Is))
    if isinstance(operator, cst.Equal | cst.NotEqual):
        return Test(node, load, none=isinstance(operator, cst.Equal), equality=True)
    return None


def ends_flow(statement: cst.CSTNode) -> bool:
    """Whether a statement never falls through to the next."""
    if isinstance(statement, cst.SimpleStatementLine):
        return isinstance(statement.body[-1], cst.Return | cst.Raise | cst.Continue | cst.Break)
    if isinstance(statement, cst.If):
        rest = statement.orelse
        last = rest.body.body[-1] if isinstance(rest, cst.Else) else rest
        return last is not None and ends_flow(statement.body.body[-1]) and ends_flow(last)
    return isinstance(statement, cst.Return | cst.Raise | cst.Continue | cst.Break)
