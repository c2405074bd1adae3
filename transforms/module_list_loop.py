"""SF201: modules picked from a ModuleList or Sequential by a computed index."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from scriptify.facts.model import Facts
from scriptify.transform import Decline, Focus, Phase, Proposal, Transform
from scriptify.transforms._bounds import Bounds
from scriptify.transforms._changing_examples import LOOPS
from scriptify.transforms._constant_index import constant_index, in_loop
from scriptify.transforms._containers import INDEX_STEM, Method, reached_methods
from scriptify.transforms._index_comprehension import ComprehensionRewriter
from scriptify.transforms._index_header import HeaderRewriter
from scriptify.transforms._index_select import Selector
from scriptify.transforms._item_names import FreshNames
from scriptify.transforms._module_list_examples import EXAMPLES
from scriptify.transforms._module_list_proof_examples import PROOFS
from scriptify.transforms._own_walking_examples import LISTS
from scriptify.transforms._picks import Use
from scriptify.tree import Tree, own_nodes


class ModuleListLoop(Transform):
    """``for i in range(len(self.ms)): x = self.ms[i](x)`` -> ``for m in self.ms: x = m(x)``.

    The compiler takes integer literals as an index of a ModuleList or Sequential, nothing else; a loop
    over the list itself it unrolls. Where the loop runs over the same positions, its header hands the module
    out (``enumerate``, ``zip``); a range that may be shorter gets an ``if``, one that runs past the list keeps
    its IndexError. Any other index picks its element in a loop of its own. What the body may change is
    held in a name before. A list that may hold None is left alone, since the compiler drops None, and so is one whose
    class walks or indexes in a way of its own. What the constructor proves of lengths holds as long as no code of
    the project changes them elsewhere; code outside the project is not seen.
    """

    code = "SF201"
    name = "module-list-loop"
    phase = Phase.CONTAINERS
    explains = (INDEX_STEM, "range cannot be used as a value")
    hints = ("[",)
    examples = (*EXAMPLES, *PROOFS, *LOOPS, *LISTS)
    source = "https://docs.pytorch.org/docs/stable/jit_language_reference.html#iterables"

    def propose(self, tree: Tree, facts: Facts, focus: Focus | None = None) -> Iterator[Proposal]:
        """Loops first, then the indices no loop could hand out."""
        if focus is not None and not self.answers(focus.message):
            return
        for method in reached_methods(tree, facts, focus):
            if focus is None or tree.focused(method.node, focus):
                yield from self._method(method)

    def _method(self, method: Method) -> Iterator[Proposal]:
        bounds, names = Bounds(method), FreshNames(method.tree, method.node)
        found = list(method.index_uses(method.node.body))
        uses = [use for use in found if in_loop(method, use[0]) and constant_index(bounds, use) is None]
        if not uses:
            return
        header = HeaderRewriter(self, method, bounds, names)
        done: list[cst.CSTNode] = []
        for loop in own_nodes(method.node.body):
            if not isinstance(loop, cst.For) or _within(method, loop, done) or not any(method.tree.contains(loop, u[0]) for u in uses):
                continue
            rewrite = header.rewrite(loop)
            if rewrite is not None:
                done.append(loop)
                if method.tree.focused(loop, method.focus):
                    yield rewrite
        comprehension = ComprehensionRewriter(self, method, bounds, names)
        select = Selector(self, method, bounds, names)
        for use in uses:
            if _within(method, use[0], done) or not method.tree.focused(method.tree.statement(use[0]) or use[0], method.focus):
                continue
            answer = comprehension.rewrite(use) or select.rewrite(use, uses)
            if not isinstance(answer, Decline):
                done.append(_region(method, use))
            yield answer


def _within(method: Method, node: cst.CSTNode, done: list[cst.CSTNode]) -> bool:
    return any(method.tree.contains(outer, node) for outer in done)


def _region(method: Method, use: Use) -> cst.CSTNode:
    """The block whose statements one rewrite may have moved: nothing else in it is proposed in the same pass."""
    statement = method.tree.statement(use[0])
    above = method.tree.parent(statement) if statement is not None else None
    return above if above is not None else use[0]
