"""SF206: one module picked from a ModuleList or Sequential outside of any loop over it."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from scriptify.facts.model import Attribute, Facts
from scriptify.transform import Decline, Focus, Need, Phase, Proposal, Rewrite, Transform
from scriptify.transforms._bounds import Bounds, Proof
from scriptify.transforms._containers import INDEX_STEM, Method, reached_methods
from scriptify.transforms._index_select import Selector, Use
from scriptify.transforms._item_names import FreshNames
from scriptify.transforms._linear import Linear
from scriptify.transforms._module_index_examples import EXAMPLES
from scriptify.tree import Tree

_LOOPS = (cst.For, cst.While, cst.ListComp, cst.GeneratorExp, cst.DictComp, cst.SetComp)


def in_loop(method: Method, node: cst.CSTNode) -> bool:
    """Whether a loop or comprehension of the function stands around the node."""
    for above in method.tree.ancestors(node):
        if above is method.node:
            return False
        if isinstance(above, _LOOPS):
            return True
    return False


def constant_index(bounds: Bounds, use: Use) -> tuple[int, Proof] | None:
    """The literal an index always equals, with what proves it: ``1 + 1``, ``len(self.ms) - 1``, a constant attribute."""
    _, container, index = use
    form = bounds.linear(index)
    if form.number is not None:
        return form.number, ()
    size = bounds.length(container)
    end = form.minus(size)
    if end.number is not None and end.number < 0:
        # Before the list's first element an index counts from the end again, so the list must be long enough.
        proof = () if end.number == -1 else bounds.at_most(Linear(-end.number), size)
        return None if proof is None else (end.number, proof)
    return _constant_attribute(bounds, index)


def _constant_attribute(bounds: Bounds, index: cst.BaseExpression) -> tuple[int, Proof] | None:
    method = bounds.method
    if not isinstance(index, cst.Attribute) or not isinstance(index.value, cst.Name) or index.value.value != method.self_name:
        return None
    found = method.facts.attribute(method.tree.path, method.class_name, index.attr.value)
    if not isinstance(found, Attribute) or not found.constant or found.origin != "source" or not isinstance(found.value, int):
        return None
    # A value seen in a run alone may differ in another configuration; the loop that picks is exact for all.
    if isinstance(found.value, bool) or method.owner is None or not method.steady(index.attr.value):
        return None
    return found.value, (Need(f"self.{index.attr.value} is {found.value} on every instance", "source"),)


class ModuleIndex(Transform):
    """``self.ms[len(self.ms) - 1](x)`` -> ``self.ms[-1](x)``; ``self.ms[k](x)`` -> a loop that picks the k-th.

    The compiler takes integer literals as an index of a ModuleList or Sequential, nothing else: not ``1 + 1``,
    not an attribute. What is a constant is written as one; any other index picks its element in a loop over
    the list, and raises IndexError where it did.
    """

    code = "SF206"
    name = "module-index"
    phase = Phase.CONTAINERS
    explains = (INDEX_STEM,)
    hints = ("[",)
    source = "https://docs.pytorch.org/docs/stable/jit_language_reference.html#iterables"
    examples = EXAMPLES

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
            if known is not None:
                yield self._literal(method, use, *known)
            elif not in_loop(method, use[0]):
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
