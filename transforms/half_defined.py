"""SF605: a variable that only some branches define."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import libcst as cst

from scriptify.facts.model import Facts, TypeFact
from scriptify.facts.types import optional
from scriptify.transform import Edit, Focus, Import, Need, Phase, Proposal, Transform
from scriptify.transforms._before import certain, lines_before, scripting, small_statement
from scriptify.transforms._half_defined_examples import EXAMPLES
from scriptify.transforms._infer import Inference
from scriptify.transforms._signature import spell
from scriptify.transforms._spot import Spot, spot
from scriptify.tree import Tree, loads, own_nodes, stores_in
from scriptify.tree.flow import parameter_names

_NAMED = re.compile(r"(\w+) is not defined in the (?:true|false) branch")
_EXITS = (cst.Return, cst.Raise, cst.Break, cst.Continue, cst.Yield)


class HalfDefined(Transform):
    """``if a: y = f(x)`` ... ``return y`` -> an ``else:`` that raises when scripted; eager code is not changed.

    The compiler wants a variable defined by every branch, or by none. Where it is certainly used afterwards, a
    path that does not define it ends in an error anyway, so the scripted path ends at once. Where it is used
    on some paths only, or in a loop that may have defined it before, it starts as None when scripted, and
    each use asserts that it has a value. All that is inserted stands under ``torch.jit.is_scripting()``.
    """

    code = "SF605"
    name = "half-defined"
    phase = Phase.CONTROL
    explains = ("is not defined in the false branch", "is not defined in the true branch")
    hints = ("if",)
    on_demand = True
    examples = EXAMPLES
    source = "https://docs.pytorch.org/docs/stable/jit_language_reference.html#variable-resolution"

    def propose(self, tree: Tree, facts: Facts, focus: Focus | None = None) -> Iterator[Proposal]:
        """Yield the guard for the variable the message names."""
        place = spot(tree, facts, focus)
        match = _NAMED.search(focus.message) if focus is not None else None
        if place is None or match is None:
            return
        name = match[1]
        chain = _chain(place, name)
        if chain is None:
            return
        answer = _raising(place, chain, name) or _Optional(place, chain, name).answer()
        if isinstance(answer, str):
            yield tree.decline(self, chain, answer)
            return
        imports = (*tree.imports.spell("torch.jit.is_scripting")[1], *answer.imports)
        why = "the compiler wants a variable defined by every branch; what is inserted runs in scripted code only"
        yield tree.rewrite(self, chain, answer.title, answer.edits, imports=imports, needs=answer.needs, why=why)


@dataclass(frozen=True)
class _Answer:
    title: str
    edits: tuple[Edit, ...]
    imports: tuple[Import, ...] = ()
    needs: tuple[Need, ...] = ()


def _chain(place: Spot, name: str) -> cst.If | None:
    """The ``if`` (the first of its ``elif`` chain) around or at the place that defines the name on some branches only."""
    tree = place.tree
    start = place.statement()
    found = [start] if isinstance(start, cst.If) else []
    found += [node for node, _ in place.around() if isinstance(node, cst.If)]
    # a branch that defines the name only in part counts as one that does not: the gap is further in
    found += [node for node in own_nodes(place.function.body) if isinstance(node, cst.If) and stores_in(node, name)]
    for node in found:
        top = node
        while isinstance(above := tree.parent(top), cst.If):
            top = above
        if any(isinstance(by, cst.AnnAssign) for by in stores_in(place.function.body, name)):
            return None
        defined = [leaf is not None and bool(stores_in(leaf, name)) for leaf in _leaves(top)]
        ended = [leaf is not None and _ends(leaf) for leaf in _leaves(top)]
        if any(defined) and not all(a or b for a, b in zip(defined, ended, strict=True)):
            return top
    return None


def _leaves(top: cst.If) -> Iterator[cst.BaseSuite | None]:
    """The bodies of an ``if`` chain; None for an ``else`` that is not there."""
    yield top.body
    if isinstance(top.orelse, cst.If):
        yield from _leaves(top.orelse)
    else:
        yield top.orelse.body if top.orelse is not None else None


def _raising(place: Spot, chain: cst.If, name: str) -> _Answer | None:
    """End the branches that do not define the name, where it is certainly used next."""
    tree = place.tree
    if any(isinstance(above, cst.For | cst.While) for above in tree.ancestors(chain)) or not _used_next(place, chain, name):
        return None
    guard = [f"if {scripting(tree)}:", f'    raise UnboundLocalError("{name}")']
    edits: list[Edit] = []
    for leaf in _leaves(chain):
        if leaf is None:
            edits.append(tree.after(chain, ["else:", *(f"    {line}" for line in guard)]))
        elif not stores_in(leaf, name) and not _ends(leaf):
            if not isinstance(leaf, cst.IndentedBlock) or not tree.own_line(leaf.body[-1]):
                return None
            edits.append(tree.after(leaf.body[-1], guard))
    return _Answer(f"end the branches that do not define {name} when scripted", tuple(edits)) if edits else None


def _ends(leaf: cst.BaseSuite) -> bool:
    """Whether a body ends the function, if only in scripted code."""
    last = leaf.body[-1]
    if isinstance(last, cst.If) and last.orelse is None and isinstance(last.test, cst.Call) and isinstance(last.test.func, cst.Attribute):
        return last.test.func.attr.value == "is_scripting" and _ends(last.body)
    small = last.body[-1] if isinstance(last, cst.SimpleStatementLine) else last
    return isinstance(small, cst.Return | cst.Raise)


def _used_next(place: Spot, statement: cst.CSTNode, name: str) -> bool:
    """Whether every path from a statement on certainly reads the name, before it could be set or the function left."""
    tree = place.tree
    block = tree.parent(statement)
    if not isinstance(block, cst.IndentedBlock):
        return False
    for later in block.body[block.body.index(statement) + 1 :]:
        header = _header(later)
        if header is not None and any(certain(tree, load, header) for load in loads(header, name)):
            return True
        if stores_in(later, name) or loads(later, name) or any(isinstance(n, _EXITS) for n in own_nodes(later)):
            return False
    above = tree.parent(block)
    while isinstance(above, cst.Else) or (isinstance(above, cst.If) and isinstance(tree.parent(above), cst.If)):
        above = tree.parent(above)
    return isinstance(above, cst.If | cst.With) and _used_next(place, above, name)


def _header(statement: cst.CSTNode) -> cst.CSTNode | None:
    """What a statement evaluates first and certainly."""
    if isinstance(statement, cst.SimpleStatementLine):
        return statement.body[0] if len(statement.body) == 1 else None
    if isinstance(statement, cst.If | cst.While):
        return statement.test
    return statement.iter if isinstance(statement, cst.For) else None


class _Optional:
    """The name starts as None when scripted, and each use asserts that it is not."""

    def __init__(self, place: Spot, chain: cst.If, name: str) -> None:
        self.place, self.tree, self.chain, self.name = place, place.tree, chain, name

    def answer(self) -> _Answer | str:
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
        return _Answer(f"start {name} as None when scripted, and assert it where it is used", (start, *guards), spelled.imports, needs)

    def _type(self) -> TypeFact | None:
        """The type a run has shown, or what the assigned values plainly are."""
        fact = self.place.facts.local(self.tree.path, self.place.qualname, self.name)
        if isinstance(fact, TypeFact):
            return fact
        inferred = Inference(self.tree, self.place.facts, self.place.qualname, self.place.function).type_of(cst.Name(self.name))
        return TypeFact(inferred, "source") if inferred is not None else None

    def _top(self) -> cst.CSTNode | None:
        body = self.place.function.body
        return next((statement for statement in body.body if self.tree.contains(statement, self.chain)), None)

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
                header = _header(above)
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
        if isinstance(earlier, cst.AugAssign | cst.For | cst.CompFor | cst.NamedExpr):
            return False
        first = self._line(earlier)
        block = tree.parent(first) if first is not None else None
        if first is None or not isinstance(block, cst.IndentedBlock):
            return False
        below: cst.CSTNode | None = self._line(unit)
        while below is not None and tree.parent(below) is not block:
            below = tree.parent(below)
        return below is not None and below in block.body and block.body.index(first) < block.body.index(below)

    def _line(self, node: cst.CSTNode) -> cst.BaseStatement | None:
        for above in (node, *self.tree.ancestors(node)):
            if isinstance(above, cst.BaseStatement):
                return above
        return None
