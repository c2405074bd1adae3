"""The edits that take models out of their wrappers, all of a scope together."""

from __future__ import annotations

import libcst as cst

from scriptify.transform import Edit
from scriptify.transforms import _wrappers
from scriptify.transforms._wrappers import Scope, Wrap
from scriptify.tree import Tree

_STRIPS = 'key[7:] if key.startswith("module.") else key'


def given_state(call: cst.Call) -> cst.Arg | None:
    """The argument of ``load_state_dict`` that is the state dict, or None where it can't be told."""
    if any(arg.star for arg in call.args):
        return None
    named = [arg for arg in call.args if arg.keyword is not None and arg.keyword.value == "state_dict"]
    placed = [arg for arg in call.args if arg.keyword is None]
    return next(iter(placed + named), None)


class Plan:
    """Everything in a scope that goes with the wrappers, as edits."""

    def __init__(self, tree: Tree, scope: Scope) -> None:
        self.tree, self.scope = tree, scope
        self.gone: list[cst.CSTNode] = []
        self._edits: list[Edit] = []

    def edits(self) -> list[Edit]:
        """The edits; none lies inside another."""
        for wrap in self.scope.wraps:
            self._wrap(wrap)
        self._tests()
        self._uses()
        removed = self._removals()
        kept: list[Edit] = []
        # Longest first: what lies inside a place that is replaced as a whole is asked for again in the next pass.
        for edit in sorted(self._edits, key=lambda e: e.start - e.end):
            if not any(r.start <= edit.start and edit.end <= r.end for r in removed) and not any(edit.overlaps(other) for other in kept):
                kept.append(edit)
        return removed + kept

    def _wrap(self, wrap: Wrap) -> None:
        tree = self.tree
        text = tree.code(wrap.model)
        statement = tree.parent(wrap.assign) if wrap.assign is not None else None
        if wrap.assign is not None and wrap.assign.value is wrap.call and text == wrap.target and self._alone(statement):
            self.gone.append(statement or wrap.assign)
            return
        above = tree.parent(wrap.call)
        chained = isinstance(above, cst.Attribute)
        node: cst.BaseExpression = wrap.call
        if isinstance(above, cst.Attribute) and above.attr.value == "module":
            node, chained = above, isinstance(tree.parent(above), cst.Attribute)
        self._edits.append(tree.replace(node, tree.operand(wrap.model) if chained else text))

    def _alone(self, statement: cst.CSTNode | None) -> bool:
        if isinstance(statement, cst.SimpleStatementSuite):
            return len(statement.body) == 1
        return statement is not None and self.tree.own_line(statement)

    def _tests(self) -> None:
        """``x.module if isinstance(x, DataParallel) else x`` -> ``x``; an ``if`` without ``else`` goes."""
        tree, targets = self.tree, self.scope.targets
        for node in tree.find(cst.IfExp, self.scope.node):
            wrapped = _wrappers.test_of(tree, node.test, targets)
            if wrapped is not None:
                chosen = node.orelse if wrapped else node.body
                self._edits.append(tree.replace(node, tree.operand(chosen) if node.lpar else tree.code(chosen)))
        for block in tree.find(cst.If, self.scope.node):
            if _wrappers.test_of(tree, block.test, targets) and block.orelse is None and not isinstance(tree.parent(block), cst.If):
                self.gone.append(block)

    def _uses(self) -> None:
        tree = self.tree
        for use in _wrappers.uses(tree, self.scope):
            above = tree.parent(use)
            if self._under_test(use):
                continue
            if use.attr.value == "module":
                self._module(use, above)
            elif use.attr.value == "load_state_dict" and isinstance(above, cst.Call) and above.func is use:
                self._load(above, use)

    def _under_test(self, node: cst.CSTNode) -> bool:
        """Whether a test for the wrapper decides about a node: what it guards is right as it is."""
        tests = (above for above in self.tree.ancestors(node) if isinstance(above, cst.If | cst.IfExp))
        return any(_wrappers.test_of(self.tree, above.test, self.scope.targets) is not None for above in tests)

    def _module(self, use: cst.Attribute, above: cst.CSTNode | None) -> None:
        tree = self.tree
        if isinstance(above, cst.Assign) and above.value is use and len(above.targets) == 1:
            statement = tree.parent(above)
            if tree.code(above.targets[0].target) == tree.code(use.value) and self._alone(statement):
                self.gone.append(statement or above)
                return
        self._edits.append(Edit(tree.path, tree.outer_span(use.value)[1], tree.span(use)[1], ""))

    def _load(self, call: cst.Call, use: cst.Attribute) -> None:
        """A checkpoint of the wrapped model has the prefix; one of the model itself has not: both load."""
        tree = self.tree
        first = given_state(call)
        name = tree.code(use.value)
        wraps = [wrap for wrap in self.scope.wraps if wrap.target == name]
        after = "." in name or any(tree.line(use) > tree.line(wrap.call) for wrap in wraps)
        if first is None or not after or _STRIPS in tree.code(first.value):
            return
        start, end = tree.outer_span(first.value)
        bare = not first.value.lpar and tree.operand(first.value) != tree.code(first.value)
        head = "{" + _STRIPS + ": value for key, value in " + "(" * bare
        self._edits += [tree.insert(start, head), tree.insert(end, ")" * bare + ".items()}")]

    def _removals(self) -> list[Edit]:
        """Statements that go: with the block around them where it then only talks, or ``pass`` where it would be empty."""
        gone = list(self.gone)
        for statement in self.gone:
            block = self._emptied(statement, gone)
            if block is not None and block not in gone:
                gone.append(block)
        outermost = [n for n in gone if not any(other is not n and self.tree.contains(other, n) for other in gone)]
        edits: list[Edit] = []
        passed: set[int] = set()
        for statement in outermost:
            above = self.tree.parent(statement)
            body = above.body if isinstance(above, cst.IndentedBlock | cst.SimpleStatementSuite) else ()
            empty = bool(body) and all(any(each is n for n in outermost) for each in body)
            otherwise = self.tree.parent(above) if above is not None else None
            if empty and isinstance(otherwise, cst.Else) and isinstance(above, cst.IndentedBlock):
                if id(above) not in passed:
                    passed.add(id(above))
                    edits.append(Edit(self.tree.path, *self.tree.statement_span(otherwise), ""))
            elif isinstance(statement, cst.SimpleStatementSuite) or (empty and id(above) not in passed):
                passed.add(id(above))
                node = statement.body[0] if isinstance(statement, cst.SimpleStatementSuite) else statement
                edits.append(self.tree.replace(node, "pass"))
            else:
                edits.append(Edit(self.tree.path, *self.tree.statement_span(statement), ""))
        return edits

    def _emptied(self, statement: cst.CSTNode, gone: list[cst.CSTNode]) -> cst.If | None:
        """The ``if`` around a statement that has nothing left to do without it."""
        tree = self.tree
        block = statement if isinstance(statement, cst.SimpleStatementSuite) else tree.parent(statement)
        above = tree.parent(block) if block is not None else None
        if not isinstance(above, cst.If) or above.body is not block or above.orelse is not None or isinstance(tree.parent(above), cst.If):
            return None
        rest = [] if block is statement else [s for s in above.body.body if not any(s is n for n in gone)]
        return above if all(_wrappers.is_talk(tree, s) for s in rest) and _wrappers.is_quiet(tree, above.test) else None
