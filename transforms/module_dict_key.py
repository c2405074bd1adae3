"""SF203: modules picked from a ModuleDict by a computed key."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from scriptify.facts.model import Facts, Kind
from scriptify.transform import Decline, Focus, Phase, Proposal, Rewrite, Transform
from scriptify.transforms._asked_elements import asked_lists, list_name
from scriptify.transforms._bounds import Bounds, Proof
from scriptify.transforms._changes import Changes
from scriptify.transforms._changing_examples import KEYS
from scriptify.transforms._containers import Container, Method, reached_methods
from scriptify.transforms._flow_questions import jumps, names_in
from scriptify.transforms._index_select import Selector
from scriptify.transforms._item_names import FreshNames
from scriptify.transforms._kept import is_target
from scriptify.transforms._linear import Linear
from scriptify.transforms._module_dict_examples import EXAMPLES
from scriptify.transforms._name_loops import NameLoops, depends
from scriptify.transforms._name_values import Access, Names, quoted
from scriptify.transforms._own_walking_examples import DICTS
from scriptify.transforms._patch import Patch
from scriptify.transforms._picks import Test, Use
from scriptify.tree import Tree, own_nodes, stores_in

_STEM = "Unable to extract string literal index"


class KeySelector(Selector):
    """Picks the module of a key in a loop over the ModuleDict's items."""

    plain = (*Selector.plain, cst.FormattedString)
    shares = False

    def _inside(self, container: Container, known: tuple[Linear | None, Linear | None]) -> Proof | None:
        return None

    def _test(
        self, container: Container, known: tuple[Linear | None, Linear | None], index: cst.BaseExpression, text: str, length: str
    ) -> Test:
        return Test(text, f"{text} not in {length.removeprefix('len(')[:-1]}", ())

    def _counter(self) -> str:
        return self.names.take("key", "module_key")

    def _loop_line(self, counter: str, item: str, code: str) -> str:
        return f"for {counter}, {item} in {code}.items():"

    def _error(self, text: str) -> str:
        return f"raise KeyError({text})"


class ModuleDictKey(Transform):
    """``self.heads[name](x)`` -> ``for key, head in self.heads.items(): if key == name: x = head(x)``.

    The compiler takes string literals as a key of a ModuleDict, nothing else. A loop over the dict's keys
    becomes one over its items, keys made up from known values are written out, any other key (an attribute too that
    a caller may set anew) picks its module in a loop; a key that is not there still raises KeyError.
    """

    code = "SF203"
    name = "module-dict-key"
    phase = Phase.CONTAINERS
    explains = (_STEM,)
    hints = ("[",)
    source = "https://docs.pytorch.org/docs/stable/jit_language_reference.html#iterables"
    examples = (*EXAMPLES, *KEYS, *DICTS)

    def propose(self, tree: Tree, facts: Facts, focus: Focus | None = None) -> Iterator[Proposal]:
        """One rewrite for each loop over keys, and for each key outside of one."""
        if focus is not None and not self.answers(focus.message):
            return
        for method in reached_methods(tree, facts, focus):
            if focus is None or tree.focused(method.node, focus):
                yield from self._method(method)

    def _method(self, method: Method) -> Iterator[Proposal]:
        tree, uses = method.tree, list(_uses(method))
        names, done = FreshNames(tree, method.node), list[cst.CSTNode]()
        select = KeySelector(self, method, Bounds(method), names)
        for use in uses:
            statement = tree.statement(use[0])
            if statement is None or any(tree.contains(outer, use[0]) for outer in done):
                continue
            reader = Names(method)
            constant = reader.value(use[2], {})
            answer: Rewrite | Decline | None = None
            if is_target(tree, use[0]):
                answer = tree.decline(self, use[0], "a module is put in the dict or taken out there, which no scripted code can do")
            elif isinstance(constant, str) and not reader.checks:
                edit = tree.replace_outer(use[2], quoted(constant))
                answer = tree.rewrite(self, use[0], f"write the key out: {constant}", [edit], needs=reader.needs)
            answer = answer or self._looped(method, use, uses, names, done)
            if answer is None:
                done.append(tree.parent(statement) or statement)
                answer = select.rewrite(use, uses)
            if tree.focused(statement, method.focus) or (isinstance(answer, Rewrite) and done and tree.focused(done[-1], method.focus)):
                yield answer

    def _looped(self, method: Method, use: Use, uses: list[Use], names: FreshNames, done: list[cst.CSTNode]) -> Rewrite | Decline | None:
        """The loop around a use that gives it its key, rewritten; None where there is no such loop."""
        tree, (node, container, key) = method.tree, use
        for above in tree.ancestors(node):
            if above is method.node:
                return None
            loop = above if isinstance(above, cst.For) else getattr(above, "for_in", None)
            if not isinstance(loop, cst.For | cst.CompFor) or tree.contains(loop.iter, node):
                continue
            variables = {n.value for n in (loop.target, *own_nodes(loop.target)) if isinstance(n, cst.Name)}
            if not names_in(key) & variables:
                continue
            answer: Rewrite | Decline | None = self._items(method, loop, above, container, uses, names)
            if answer is None:
                found = [Access(n, tree.code(n.value), k, item=True) for n, _, k in uses if tree.contains(above, n)]
                answer = NameLoops(self, method, names).rewrite(loop, above, [a for a in found if depends(a, variables)])
            if isinstance(answer, Rewrite):
                done.append(above)
                return answer
            return None
        return None

    def _items(
        self, method: Method, loop: cst.For | cst.CompFor, above: cst.CSTNode, container: Container, uses: list[Use], names: FreshNames
    ) -> Rewrite | None:
        """``for name in self.heads: self.heads[name](x)`` as a loop over the items."""
        tree, target = method.tree, loop.target
        text = "".join(tree.code(loop.iter).split())
        if text not in (container.text, f"{container.text}.keys()") or not isinstance(target, cst.Name):
            return None
        if isinstance(loop, cst.For) and (loop.orelse is not None or any(jumps(loop)) or stores_in(loop.body, target.value)):
            return None
        same = [n for n, c, k in uses if tree.contains(above, n) and c.text == container.text and tree.code(k) == target.value]
        if not same or container.trouble or Changes(method).list_itself(same[0].value, [loop if isinstance(loop, cst.For) else above]):
            return None  # items() hands out what was there when the turn began
        patch, item = Patch(tree), names.item(container.text)
        base = tree.code(same[0].value)
        for node in same:
            patch.replace_outer(node, item)
        patch.replace_outer(target, f"{target.value}, {item}")
        patch.replace_outer(loop.iter, f"{base}.items()")
        why = "the compiler takes string literals only as a key of a ModuleDict; it unrolls a loop over its items"
        return tree.rewrite(self, above, f"walk over the items of {base}", patch.edits(), why=why)


def _uses(method: Method) -> Iterator[Use]:
    """Every ``dict[key]`` with a key that is no literal, where the dict is a ModuleDict."""
    tree, focus = method.tree, method.focus
    for node in own_nodes(method.node.body):
        if not isinstance(node, cst.Subscript) or len(node.slice) != 1 or method.dead(node):
            continue
        part = node.slice[0].slice
        if not isinstance(part, cst.Index) or isinstance(part.value, cst.SimpleString) or method.constant(part.value):
            continue
        known = method.attribute(node.value)
        named = focus is not None and _STEM in focus.message and focus.covers(tree.path, *tree.lines(node)) and bool(focus.line)
        text = "".join(tree.code(node.value).split())
        asked = list_name(node.value) in asked_lists(tree)
        if known is not None and known.kinds == {Kind.MODULE_DICT}:
            yield node, Container(text, known, asked, method.own_walking(node.value, known)), part.value
        elif known is None and named and isinstance(node.value, cst.Attribute):
            yield node, Container(text, None, asked), part.value
