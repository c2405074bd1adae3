"""SF206: one module picked from a ModuleList or Sequential outside of any loop over it."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from scriptify.facts.model import Facts
from scriptify.transform import Decline, Focus, Phase, Proposal, Rewrite, Transform
from scriptify.transforms._bounds import Bounds, Proof
from scriptify.transforms._changing_examples import PICKS
from scriptify.transforms._constant_index import constant_index, in_loop
from scriptify.transforms._containers import INDEX_STEM, Method, reached_methods
from scriptify.transforms._index_select import Selector
from scriptify.transforms._item_names import FreshNames
from scriptify.transforms._module_index_examples import EXAMPLES
from scriptify.transforms._picks import Use
from scriptify.tree import Tree


class ModuleIndex(Transform):
    """``self.ms[len(self.ms) - 1](x)`` -> ``self.ms[-1](x)``; ``self.ms[k](x)`` -> a loop that picks the k-th.

    The compiler takes integer literals as an index of a ModuleList or Sequential, nothing else: not ``1 + 1``,
    not an attribute. What is a constant is written as one; any other index, an attribute too that a caller may set
    anew, picks its element in a loop over the list, and raises IndexError where it did.
    """

    code = "SF206"
    name = "module-index"
    phase = Phase.CONTAINERS
    explains = (INDEX_STEM,)
    hints = ("[",)
    source = "https://docs.pytorch.org/docs/stable/jit_language_reference.html#iterables"
    examples = (*EXAMPLES, *PICKS)

    def propose(self, tree: Tree, facts: Facts, focus: Focus | None = None) -> Iterator[Proposal]:
        """One rewrite for each index outside of loops, and for each constant one."""
        if focus is not None and not self.answers(focus.message):
            return
        for method in reached_methods(tree, facts, focus):
            if focus is None or tree.focused(method.node, focus):
                yield from self._method(method)

    def _method(self, method: Method) -> Iterator[Proposal]:
        bounds, names = Bounds(method), FreshNames(method.tree, method.node)
        select = Selector(self, method, bounds, names)
        uses = list(method.index_uses(method.node.body))
        blocks: list[cst.CSTNode] = []
        for use in uses:
            known = constant_index(bounds, use)
            statement = method.tree.statement(use[0])
            if statement is None or not method.tree.focused(statement, method.focus):
                continue
            if known is not None and not use[1].trouble:
                yield self._literal(method, use, *known)
            elif known is not None or not in_loop(method, use[0]):
                block = method.tree.parent(statement)
                if block in blocks:
                    continue
                answer = select.rewrite(use, uses)
                if not isinstance(answer, Decline) and block is not None:
                    blocks.append(block)
                yield answer

    def _literal(self, method: Method, use: Use, value: int, proof: Proof) -> Rewrite:
        tree, (node, _, index) = method.tree, use
        title = f"index {tree.code(node.value)} with the literal {value}"
        why = "the compiler indexes a ModuleList with integer literals only"
        return tree.rewrite(self, node, title, [tree.replace_outer(index, str(value))], needs=proof, why=why)
