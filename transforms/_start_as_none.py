"""A variable that starts as None when scripted, and is asserted to have a value where it is used."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import libcst as cst

from scriptify.facts.model import TypeFact
from scriptify.facts.types import optional
from scriptify.transform import Edit, Import, Need, Proposal, Transform
from scriptify.transforms._before import certain, lines_before, scripting, small_statement
from scriptify.transforms._infer import Inference
from scriptify.transforms._signature import spell
from scriptify.transforms._spot import Spot
from scriptify.tree import Tree, loads, stores_in, target_names
from scriptify.tree.flow import parameter_names


@dataclass(frozen=True)
class Answer:
    """The edits, and what they rest on."""

    title: str
    edits: tuple[Edit, ...]
    imports: tuple[Import, ...] = ()
    needs: tuple[Need, ...] = ()


def proposed(by: Transform, tree: Tree, node: cst.CSTNode, answer: Answer | str, reason: str) -> Proposal:
    """The rewrite an answer makes, for the reason given; a decline where it says why not."""
    if isinstance(answer, str):
        return tree.decline(by, node, answer)
    imports = (*tree.imports.spell("torch.jit.is_scripting")[1], *answer.imports)
    why = f"{reason}; what is inserted runs in scripted code only"
    return tree.rewrite(by, node, answer.title, answer.edits, imports=imports, needs=answer.needs, why=why)


def header_of(statement: cst.CSTNode) -> cst.CSTNode | None:
    """What a statement evaluates first and certainly."""
    if isinstance(statement, cst.SimpleStatementLine):
        return statement.body[0] if len(statement.body) == 1 else None
    if isinstance(statement, cst.If | cst.While):
        return statement.test
    return statement.iter if isinstance(statement, cst.For) else None


def bound_before(place: Spot, statement: cst.CSTNode, name: str) -> list[cst.CSTNode]:
    """What may have given a name a value before a statement: a branch, a loop."""
    tree = place.tree
    stores = [by for by in stores_in(place.function.body, name) if not isinstance(by, cst.CompFor)]
    return [by for by in stores if tree.number(by) < tree.number(statement)]


class StartedAsNone:
    """The name starts as None when scripted, and each use asserts that it is not."""

    def __init__(self, place: Spot, chain: cst.CSTNode, name: str) -> None:
        self.place, self.tree, self.chain, self.name = place, place.tree, chain, name

    def answer(self) -> Answer | str:
        """The edits, or why not."""
        tree, name = self.tree, self.name
        fact = self._type()
        if fact is None:
            return f"{name} is not defined on every path, and its type is not known: give an entry whose run defines it"
        spelled = None if fact.type.optional else spell(tree, optional(fact.type))
        if spelled is None or name in parameter_names(self.place.function):
            return f"{name} is not defined on every path, and its type {fact.type} can't be made optional"
        top = self._top()
        if top is None or not tree.own_line(top):
            return f"{name} is not defined on every path, and there is no line to start it on"
        guards = self._guards()
        if isinstance(guards, str):
            return guards
        start = tree.before(top, [f"if {scripting(tree)}:", f"    {name}: {spelled.text} = None"])
        needs = (Need(f"{name} is {fact.type}", fact.origin),)
        return Answer(f"start {name} as None when scripted, and assert it where it is used", (start, *guards), spelled.imports, needs)

    def _type(self) -> TypeFact | None:
        """The type a run has shown, or what the assigned values plainly are."""
        fact = self.place.facts.local(self.tree.path, self.place.qualname, self.name)
        if isinstance(fact, TypeFact):
            return fact
        inferred = Inference(self.tree, self.place.facts, self.place.qualname, self.place.function).type_of(cst.Name(self.name))
        return TypeFact(inferred, "source") if inferred is not None else None

    def _top(self) -> cst.CSTNode | None:
        """The first statement that may give the name a value: what starts later would take that away."""
        body = self.place.function.body
        places = [self.chain, *bound_before(self.place, self.chain, self.name)]
        return next((statement for statement in body.body if any(self.tree.contains(statement, place) for place in places)), None)

    def _guards(self) -> list[Edit] | str:
        tree, name = self.tree, self.name
        assertion = [f"if {scripting(tree)}:", f"    assert {name} is not None"]
        edits: dict[int, Edit] = {}
        settled: list[cst.CSTNode] = []
        for load in loads(self.place.function.body, name):
            unit = self._unit(load)
            if unit is None:
                return f"{name} is used where no assertion can be put before it (line {tree.line(load)})"
            if any(self._follows(unit, earlier) for earlier in (*settled, *stores_in(self.place.function.body, name))):
                continue
            edit = lines_before(tree, unit, assertion) if isinstance(unit, cst.BaseSmallStatement) else self._before(unit, assertion)
            if edit is None:
                return f"{name} is used where no assertion can be put before it (line {tree.line(load)})"
            edits[edit.start] = edit
            settled.append(unit)
        return list(edits.values())

    def _before(self, statement: cst.CSTNode, lines: list[str]) -> Edit | None:
        return self.tree.before(statement, lines) if self.tree.own_line(statement) else None

    def _unit(self, load: cst.Name) -> cst.CSTNode | None:
        """The statement that certainly evaluates a load, before which a line can stand."""
        tree = self.tree
        if any(isinstance(above, cst.Lambda | cst.FunctionDef) and above is not self.place.function for above in self._inner(load)):
            return None
        small = small_statement(tree, load)
        if small is not None:
            return small if certain(tree, load, small) else None
        for above in tree.ancestors(load):
            if isinstance(above, cst.BaseCompoundStatement):
                header = header_of(above)
                plain = isinstance(above, cst.If | cst.For) and not isinstance(tree.parent(above), cst.If)
                good = plain and header is not None and tree.contains(header, load) and certain(tree, load, header)
                return above if good else None
        return None

    def _inner(self, load: cst.Name) -> Iterator[cst.CSTNode]:
        for above in self.tree.ancestors(load):
            if above is self.place.function:
                return
            yield above

    def _follows(self, unit: cst.CSTNode, earlier: cst.CSTNode) -> bool:
        """Whether ``earlier`` (an assignment, or a statement with an assertion) runs before ``unit``, in its block or one around."""
        tree = self.tree
        if isinstance(earlier, cst.For) and tree.contains(earlier.body, unit):
            return self._whole_target(earlier)
        if isinstance(earlier, cst.AugAssign | cst.For | cst.CompFor | cst.NamedExpr):
            return False
        small = small_statement(tree, earlier)
        beside = tree.parent(small) if small is not None else None
        if isinstance(beside, cst.SimpleStatementLine | cst.SimpleStatementSuite) and tree.contains(beside, unit):
            mine = next(found for found in beside.body if tree.contains(found, unit))
            return small in beside.body[: beside.body.index(mine)]
        if isinstance(beside, cst.SimpleStatementSuite):  # ``if a: y = x`` runs for some only, though it is one statement
            return False
        first = self._line(earlier)
        block = tree.parent(first) if first is not None else None
        if first is None or not isinstance(block, cst.IndentedBlock):
            return False
        below: cst.CSTNode | None = self._line(unit)
        while below is not None and tree.parent(below) is not block:
            below = tree.parent(below)
        return below is not None and below in block.body and block.body.index(first) < block.body.index(below)

    def _whole_target(self, loop: cst.For) -> bool:
        """Whether a loop gives the name a value in each round."""
        return any(found.value == self.name for found in target_names(loop.target))

    def _line(self, node: cst.CSTNode) -> cst.BaseStatement | None:
        for above in (node, *self.tree.ancestors(node)):
            if isinstance(above, cst.BaseStatement):
                return above
        return None
