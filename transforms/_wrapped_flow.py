"""Where in a file a wrapped model goes once a function has returned or passed it on, and what reads its ``module`` there."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from scriptify.facts.model import Facts
from scriptify.transform import Edit
from scriptify.transforms import _wrappers
from scriptify.transforms._wrappers import Scope
from scriptify.tree import Tree, loads, stores_in
from scriptify.tree.flow import all_parameters

Place = tuple[cst.FunctionDef, str]


class Flow:
    """The variables and parameters of a file's functions that hold models which the file wraps."""

    def __init__(self, tree: Tree, facts: Facts, scopes: list[Scope]) -> None:
        self.tree, self.facts = tree, facts
        self.holders: list[Place] = []
        self._makers: list[cst.FunctionDef] = []
        self._calls = [wrap.call for scope in scopes for wrap in scope.wraps if not wrap.bare]
        for scope in scopes:
            if isinstance(scope.node, cst.FunctionDef):
                for name in scope.targets:
                    self._hold(scope.node, name)
        for _ in range(20):
            before = len(self.holders), len(self._makers)
            self._step()
            if before == (len(self.holders), len(self._makers)):
                break

    def _hold(self, function: cst.FunctionDef, name: str) -> None:
        if not any(known is function and name == held for known, held in self.holders):
            self.holders.append((function, name))

    def holds(self, function: cst.FunctionDef, node: cst.BaseExpression) -> bool:
        """Whether an expression is such a model: a name of one, or a call of a function that returns one."""
        if isinstance(node, cst.Name):
            return any(known is function and node.value == held for known, held in self.holders)
        if isinstance(node, cst.Call):
            if any(node is call for call in self._calls):
                return True
            if isinstance(node.func, cst.Name):
                called = self.tree.function(node.func.value)
                return called is not None and any(called is maker for maker in self._makers)
            if isinstance(node.func, cst.Attribute) and node.func.attr.value in (*_wrappers.PLACING, "train", "eval"):
                return self.holds(function, node.func.value)
        return False

    def _step(self) -> None:
        for _, function in self.tree.functions():
            for node in self.tree.find(cst.Assign, function.body):
                target = node.targets[0].target
                if len(node.targets) == 1 and isinstance(target, cst.Name) and self.holds(function, node.value):
                    self._hold(function, target.value)
            for returned in self.tree.find(cst.Return, function.body):
                value = returned.value
                if value is not None and self.holds(function, value) and not any(function is maker for maker in self._makers):
                    self._makers.append(function)
            for call in self.tree.find(cst.Call, function.body):
                self._passed(function, call)

    def _passed(self, function: cst.FunctionDef, call: cst.Call) -> None:
        called = self.tree.function(call.func.value) if isinstance(call.func, cst.Name) else None
        if called is None:
            return
        parameters = [param.name.value for param in all_parameters(called.params)]
        for position, arg in enumerate(call.args):
            name = arg.keyword.value if arg.keyword is not None else parameters[position] if position < len(parameters) else ""
            if name in parameters and not arg.star and self.holds(function, arg.value):
                self._hold(called, name)

    def reads(self) -> Iterator[tuple[cst.FunctionDef, cst.Attribute]]:
        """Every ``model.module`` of these that no test for the wrapper guards."""
        for function, name in self.holders:
            for node in self.tree.find(cst.Attribute, function.body):
                own = isinstance(node.value, cst.Name) and node.value.value == name and node.attr.value == "module"
                if own and not self._tested(node):
                    yield function, node

    def edits(self) -> list[Edit] | str:
        """``model.module`` -> ``model`` in the functions that get the models; a sentence where others give them theirs."""
        edits: list[Edit] = []
        for function, node in self.reads():
            name = self.tree.code(node.value)
            if not self._only_these(function, name):
                return f"{function.name.value} reads {name}.module of models that it may get from elsewhere; let it take the model itself"
            edits.append(Edit(self.tree.path, self.tree.outer_span(node.value)[1], self.tree.span(node)[1], ""))
        return edits

    def _only_these(self, function: cst.FunctionDef, name: str) -> bool:
        """Whether every call of the function in the project gives it one of these models."""
        parameters = [param.name.value for param in all_parameters(function.params)]
        if name not in parameters:
            return len(stores_in(function.body, name)) == 1
        sites = self.facts.callers(self.tree.path, self.tree.qualname(function))
        calls = [call for call in self.tree.find(cst.Call) if isinstance(call.func, cst.Name) and call.func.value == function.name.value]
        named = loads(self.tree.module, function.name.value)
        if not calls or len(calls) != len(sites) or len(named) != len(calls):
            return False
        for call in calls:
            place = parameters.index(name)
            given = next((a.value for a in call.args if a.keyword is not None and a.keyword.value == name), None)
            given = given or (call.args[place].value if place < len(call.args) and not call.args[place].keyword else None)
            caller = self.tree.enclosing(call, cst.FunctionDef)
            if given is None or caller is None or not self.holds(caller, given):
                return False
        return True

    def _tested(self, node: cst.Attribute) -> bool:
        targets = {self.tree.code(node.value)}
        tests = (above.test for above in self.tree.ancestors(node) if isinstance(above, cst.If | cst.IfExp))
        return any(_wrappers.test_of(self.tree, test, targets) is not None for test in tests)
