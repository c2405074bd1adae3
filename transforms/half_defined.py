"""SF605: a variable that only some branches define."""

from __future__ import annotations

import re
from collections.abc import Iterator

import libcst as cst

from scriptify.facts.model import Facts
from scriptify.transform import Edit, Focus, Phase, Proposal, Transform
from scriptify.transforms._before import certain, scripting
from scriptify.transforms._half_defined_examples import EXAMPLES
from scriptify.transforms._spot import Spot, spot
from scriptify.transforms._start_as_none import Answer, StartedAsNone, bound_before, header_of, proposed
from scriptify.tree import Tree, loads, own_nodes, stores_in

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
        answer = _raising(place, chain, name) or StartedAsNone(place, chain, name).answer()
        yield proposed(self, tree, chain, answer, "the compiler wants a variable defined by every branch")


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


def _raising(place: Spot, chain: cst.If, name: str) -> Answer | None:
    """End the branches that do not define the name, where it is certainly used next."""
    tree = place.tree
    if any(isinstance(above, cst.For | cst.While) for above in tree.ancestors(chain)) or not _used_next(place, chain, name):
        return None
    if bound_before(place, chain, name):  # the value may come from there
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
    return Answer(f"end the branches that do not define {name} when scripted", tuple(edits)) if edits else None


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
        header = header_of(later)
        if header is not None and any(certain(tree, load, header) for load in loads(header, name)):
            return True
        if stores_in(later, name) or loads(later, name) or any(isinstance(n, _EXITS) for n in own_nodes(later)):
            return False
    above = tree.parent(block)
    while isinstance(above, cst.Else) or (isinstance(above, cst.If) and isinstance(tree.parent(above), cst.If)):
        above = tree.parent(above)
    return isinstance(above, cst.If | cst.With) and _used_next(place, above, name)
