"""Which None defaults can become empty-tensor sentinels together, and the edits that do it.

A parameter whose default is None, the parameters it is handed on to, those handed to it, and the locals
that are first None and then handed to it, change as one group: a sentinel means None to all of them or to
none. Only what this file shows entirely can join.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import libcst as cst

from scriptify.facts.model import Argument, CallSite, Facts, Function, Parameter
from scriptify.transform import Edit, Import
from scriptify.transforms._calls import bound, calls
from scriptify.transforms._infer import Inference
from scriptify.transforms._none_types import given_type
from scriptify.transforms._none_uses import SOME, Test, Uses
from scriptify.transforms._optional_truth import wrapped
from scriptify.transforms._own_scope import reads_by_name
from scriptify.transforms._signature import (
    TENSOR,
    annotate,
    declared,
    has_parameter,
    is_none,
    own_parameters,
    spell,
    type_commented,
)
from scriptify.tree import Tree

Place = tuple[str, str]
"""A function's qualified name and the name of one of its parameters or locals."""


class NotSentinel(Exception):
    """Why a group can't take the sentinel, in words."""


@dataclass
class Group:
    """The places that change together, their uses, and the calls whose None becomes the sentinel."""

    tree: Tree
    facts: Facts
    uses: dict[Place, Uses] = field(default_factory=dict)
    passed: list[Argument] = field(default_factory=list)
    sites: list[CallSite] = field(default_factory=list)
    types: dict[Place, str] = field(default_factory=dict)

    def add(self, start: Place) -> None:
        """Take in a place and all that must change with it. Raises NotSentinel."""
        todo = [start]
        while todo:
            place = todo.pop()
            if place in self.uses:
                continue
            function = self.tree.function(place[0])
            if function is None:
                raise NotSentinel(f"{place[0]} is defined elsewhere")
            uses = Uses(self.tree, function, place[1])
            self.uses[place] = uses
            if has_parameter(function, place[1]):
                self._check_parameter(place, function, uses)
                todo += self._callers(place, function)
            todo += self._check_uses(place, uses)

    # a member by itself

    def _check_parameter(self, place: Place, function: cst.FunctionDef, uses: Uses) -> None:
        param = next((p for p in own_parameters(self.tree, function) if p.name.value == place[1]), None)
        fact = self.facts.parameter(self.tree.path, *place)
        if param is None or not is_none(param.default) or not isinstance(fact, Parameter) or fact.kind != "positional":
            raise NotSentinel(f"{place[1]} of {place[0]} has no None default")
        if type_commented(self.tree, function):
            raise NotSentinel(f"a type comment states the signature of {place[0]}")
        stated = declared(self.tree, param.annotation.annotation) if param.annotation is not None else None
        if stated is not None and stated.optional and self.facts.settings.none_default != "sentinel":
            raise NotSentinel(f"{place[1]} of {place[0]} is a valid Optional")
        given = given_type(self.tree, self.facts, place[0], function, param, uses)
        if given is None or given.type != TENSOR:
            raise NotSentinel(f"{place[1]} of {place[0]} is not known to be a Tensor")
        self.types[place] = given.what

    def _check_uses(self, place: Place, uses: Uses) -> list[Place]:
        if uses.captured:
            raise NotSentinel(f"a nested function or lambda uses {place[1]}")
        if by_name := reads_by_name(self.tree, uses.function.body):
            raise NotSentinel(by_name)
        inference = Inference(self.tree, self.facts, place[0], uses.function)
        is_parameter = has_parameter(uses.function, place[1])
        for by in uses.stores:
            assign = self.tree.parent(by)
            value = assign.value if isinstance(assign, cst.Assign) else None
            if isinstance(by, cst.AugAssign):
                continue
            if not isinstance(by, cst.AssignTarget) or not isinstance(by.target, cst.Name):
                raise NotSentinel(f"{place[1]} is bound in a way that can't be followed")
            if is_none(value):
                if is_parameter:
                    raise NotSentinel(f"{place[1]} is set to None in {place[0]}")
            elif value is None or inference.type_of(value) != TENSOR:
                raise NotSentinel(f"{place[1]} is assigned something not known to be a Tensor in {place[0]}")
        found: list[Place] = []
        for load in uses.others:
            if uses.state(load) != SOME:
                found += self._handed_on(place, load)
        return found

    def _handed_on(self, place: Place, load: cst.Name) -> list[Place]:
        """The parameters a value that may still be None is handed to; anything else but a call can't take a sentinel."""
        argument = self.tree.parent(load)
        call = self.tree.parent(argument) if isinstance(argument, cst.Arg) and not argument.star else None
        site = calls(self.facts).by_span.get((self.tree.path, *self.tree.span(call))) if isinstance(call, cst.Call) else None
        if site is None or not site.certain or site.starred:
            raise NotSentinel(f"line {self.tree.line(load)} uses {place[1]} where it may be None")
        found: list[Place] = []
        for path, qualname in site.callees:
            name = self._receiver(site, (path, qualname), load)
            if path != self.tree.path or not name:
                raise NotSentinel(f"{place[1]} is handed on to {qualname}, which can't be followed")
            if not self._is_sentinel(qualname, name):
                found.append((qualname, name))
        return found

    def _receiver(self, site: CallSite, key: Place, load: cst.Name) -> str:
        function = self.facts.function(*key)
        span = self.tree.span(load)
        for parameter in function.parameters if function is not None else ():
            given = bound(function, site, parameter.name)  # type: ignore[arg-type]
            if isinstance(given, Argument) and (given.start, given.end) == span:
                return parameter.name
        return ""

    def _is_sentinel(self, qualname: str, name: str) -> bool:
        """Whether a parameter has been given its sentinel already."""
        fact = self.facts.parameter(self.tree.path, qualname, name)
        return isinstance(fact, Parameter) and (fact.default or "").endswith("empty(0)")

    # its callers

    def _callers(self, place: Place, function: cst.FunctionDef) -> list[Place]:
        found: list[Place] = []
        callee = self.facts.function(self.tree.path, place[0])
        for site in calls(self.facts).by_callee.get((self.tree.path, place[0]), ()):
            given = bound(callee, site, place[1]) if callee is not None else None
            if not isinstance(given, Argument):
                continue
            if given.text == "None":
                found += self._passes_none(place, site, given)
            elif self.facts.reached(site.path, site.scope):
                found += self._passes_value(place, site, given)
        return found

    def _passes_none(self, place: Place, site: CallSite, given: Argument) -> list[Place]:
        if not site.certain:
            if self.facts.reached(site.path, site.scope):
                raise NotSentinel(f"line {site.line} passes None and may call something else than {place[0]}")
            return []
        if given not in self.passed:
            self.passed.append(given)
            self.sites.append(site)
        others: list[Place] = []
        for path, qualname in site.callees:
            if path != self.tree.path:
                raise NotSentinel(f"line {site.line} passes None to {qualname} in another file as well")
            other = self.facts.function(path, qualname)
            for parameter in other.parameters if other is not None else ():
                if bound(other, site, parameter.name) == given and not self._is_sentinel(qualname, parameter.name):  # type: ignore[arg-type]
                    others.append((qualname, parameter.name))
        return others

    def _passes_value(self, place: Place, site: CallSite, given: Argument) -> list[Place]:
        caller = self.tree.function(site.scope) if site.path == self.tree.path else None
        if caller is None:
            return self._passes_from_afar(place, site, given)
        node = next((n for n in self.tree.find(cst.BaseExpression, caller.body) if self._at(n, given)), None)  # type: ignore[type-abstract]
        if isinstance(node, cst.Name):
            uses = Uses(self.tree, caller, node.value)
            if uses.state(node) == SOME:
                return []
            if has_parameter(caller, node.value):
                param = next((p for p in own_parameters(self.tree, caller) if p.name.value == node.value), None)
                if param is not None and is_none(param.default):
                    return [(site.scope, node.value)]
            elif any(isinstance(a := self.tree.parent(by), cst.Assign) and is_none(a.value) for by in uses.stores):
                return [(site.scope, node.value)]
        if node is None or Inference(self.tree, self.facts, site.scope, caller).type_of(node) != TENSOR:
            raise NotSentinel(f"line {site.line} may pass None to {place[0]} ({given.text})")
        return []

    def _passes_from_afar(self, place: Place, site: CallSite, given: Argument) -> list[Place]:
        caller: Function | None = self.facts.function(site.path, site.scope)
        fact = caller.parameter(given.text) if caller is not None else None
        live = caller.locals.get(given.text) if caller is not None else None
        if fact is not None and fact.default is None and fact.annotation is None and live is None:
            return []  # a plain parameter: the compiler takes it for a Tensor
        if live is not None and live.type == TENSOR and (fact is None or fact.default != "None"):
            return []
        raise NotSentinel(f"{site.path}, line {site.line}, may pass None to {place[0]} ({given.text})")

    def _at(self, node: cst.CSTNode, given: Argument) -> bool:
        return self.tree.span(node) == (given.start, given.end)

    # the rewrite

    def edits(self) -> tuple[list[Edit], list[Import]]:
        """The edits that turn the group into sentinels. Raises NotSentinel where a signature can't be edited."""
        empty, imports = self.tree.imports.spell("torch.empty")
        tensor = spell(self.tree, TENSOR)
        if tensor is None:
            raise NotSentinel("Tensor can't be spelt here")
        wanted = [*imports, *tensor.imports]
        any_empty = self.facts.settings.none_default == "sentinel"
        edits: list[Edit] = []
        for (_, name), uses in self.uses.items():
            param = next((p for p in own_parameters(self.tree, uses.function) if p.name.value == name), None)
            if param is not None:
                edit = annotate(self.tree, param, tensor.text, f"{empty}(0)")
                if edit is None:
                    raise NotSentinel(f"the signature of {uses.function.name.value} holds a comment there")
                edits.append(edit)
            for by in uses.stores:
                assign = self.tree.parent(by)
                if isinstance(assign, cst.Assign) and is_none(assign.value):
                    edits.append(self.tree.replace(assign.value, f"{empty}(0)"))
            edits += [self.tree.replace(test.node, sentinel_test(self.tree, test, tensor.text, any_empty)) for test in uses.tests]
        for given, site in zip(self.passed, self.sites, strict=True):
            edits.append(Edit(site.path, given.start, given.end, f"{empty if site.path == self.tree.path else 'torch.empty'}(0)"))
            if site.path != self.tree.path:
                wanted.append(Import(site.path, "torch"))
        return sorted(set(edits)), wanted


def sentinel_test(tree: Tree, test: Test, tensor: str, any_empty: bool) -> str:
    """The test that takes the sentinel for None as well; eager callers may still pass None, or a number where one will do.

    ``any_empty``: any empty tensor is taken for None, as the user has asked; else an empty vector alone.
    """
    name = test.name.value
    empty = f"isinstance({name}, {tensor}) and {name}.numel() == 0" + ("" if any_empty else f" and {name}.dim() == 1")
    if test.truth:
        text = f"{name} is not None and not ({empty}) and bool({name})"
        return f"not ({text})" if test.none else wrapped(tree, test, text, cst.And)
    if test.none:
        return wrapped(tree, test, f"{name} is None or ({empty})", cst.Or)
    return wrapped(tree, test, f"{name} is not None and not ({empty})", cst.And)
