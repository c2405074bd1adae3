"""SF202: attributes whose name is computed."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from scriptify.facts.model import Facts
from scriptify.transform import Decline, Edit, Focus, Import, Need, Phase, Proposal, Rewrite, Safety, Transform
from scriptify.transforms._bounds import lives
from scriptify.transforms._containers import LISTS, Method, builtin_call, reached_methods
from scriptify.transforms._dynamic_change_examples import CHANGED
from scriptify.transforms._dynamic_examples import EXAMPLES
from scriptify.transforms._item_names import FreshNames
from scriptify.transforms._kept import is_target
from scriptify.transforms._name_loops import WHY, NameLoops, depends
from scriptify.transforms._name_values import Access, Names, mangled
from scriptify.transforms._named_choice import chosen
from scriptify.transforms._property_module import named
from scriptify.transforms._registered_buffers import in_order
from scriptify.transforms._registered_once import registered_once
from scriptify.transforms._split import split
from scriptify.tree import Tree, own_nodes


class DynamicAttribute(Transform):
    """``for i in range(1, 3): x = getattr(self, f"layer{i}")(x)`` -> a loop over ``(self.layer1, self.layer2)``.

    The compiler takes a string literal as getattr's name, nothing else, and knows no ``_modules``. A name that is
    one constant is written out; one that an attribute holds (which any caller may set anew) chooses among the modules
    it may name, or is asserted, when scripting. Names made up by a loop over known values become a tuple of the
    attributes, whose elements are called through forward when scripting (hooks stay in eager; where the project
    registers forward hooks on anything, that takes a run). Buffers registered in order (``noise0``, ``noise1``, ...)
    become ``named_buffers()``; ``_modules.items()`` becomes ``named_children()``.
    """

    code = "SF202"
    name = "dynamic-attribute"
    phase = Phase.CONTAINERS
    explains = ("getattr's second argument must be a string literal", "has no attribute '_modules'", "'__getattr__'")
    hints = ("getattr(", "_modules", "__getattr__(")
    source = "https://docs.pytorch.org/docs/stable/jit_unsupported.html"
    examples = (*EXAMPLES, *CHANGED)

    def propose(self, tree: Tree, facts: Facts, focus: Focus | None = None) -> Iterator[Proposal]:
        """Constant names first, then loops that make names up, then what can only be declined."""
        if focus is not None and not self.answers(focus.message):
            return
        for method in reached_methods(tree, facts, focus):
            if focus is None or tree.focused(method.node, focus):
                yield from self._method(method)

    def _method(self, method: Method) -> Iterator[Proposal]:
        tree, found = method.tree, list(accesses(method))
        if found and named(tree, method.facts, method.class_name, method.node.name.value) is not None:
            return  # the module is named in place of the property
        found = [
            access for access in found if tree.focused(tree.statement(access.node) or access.node, method.focus) or _in_loop(tree, access)
        ]
        names, done = FreshNames(tree, method.node), list[cst.CSTNode]()
        for access in found:
            if any(tree.contains(outer, access.node) for outer in done):
                continue
            constant = self._constant(method, access)
            if constant is not None:
                yield constant
                continue
            comprehension = in_order(self, method, access)
            if comprehension is not None:
                done.append(tree.parent(access.node) or access.node)
                yield comprehension
                continue
            yield from self._looped(method, access, found, names, done)
        yield from self._modules(method)

    def _constant(self, method: Method, access: Access) -> Rewrite | None:
        reader = Names(method)
        spelt = access.spelt(reader.value(access.name, {}))
        if spelt is None:
            return None
        tree, title = method.tree, f"write the name out: {spelt}"
        edits = [tree.replace_outer(access.node, spelt)]
        if not reader.checks:
            return tree.rewrite(self, access.node, title, edits, needs=reader.needs, why=WHY)
        if (choice := chosen(self, method, access)) is not None:
            return choice
        # The attribute may be set anew, or be another one on an instance that no run has built: eager code keeps asking for it.
        safety = Safety.OBSERVED if lives(tuple(reader.needs)) else None
        done = split(tree, access.node, edits, [*reader.checks.values()]) or (self._called(tree, access, spelt) if safety else None)
        if done is None:
            return None
        return tree.rewrite(self, access.node, title, done[0], imports=done[1], needs=reader.needs, why=WHY, safety=safety)

    def _called(self, tree: Tree, access: Access, spelt: str) -> tuple[list[Edit], tuple[Import, ...]] | None:
        """The call by its name when scripting, and as it is in eager code."""
        call = tree.parent(access.node)
        if not isinstance(call, cst.Call) or call.func is not access.node or any(tree.find(cst.Lambda, call)):
            return None
        scripting, imports = tree.imports.spell("torch.jit.is_scripting")
        whole = f"{spelt}{tree.text[tree.outer_span(access.node)[1] : tree.span(call)[1]]} if {scripting}() else {tree.code(call)}"
        return [tree.replace(call, whole if call.lpar else f"({whole})")], imports

    def _looped(
        self, method: Method, access: Access, found: list[Access], names: FreshNames, done: list[cst.CSTNode]
    ) -> Iterator[Proposal]:
        tree = method.tree
        for above in tree.ancestors(access.node):
            if above is method.node:
                break
            loop = above if isinstance(above, cst.For) else getattr(above, "for_in", None)
            if not isinstance(loop, cst.For | cst.CompFor) or tree.contains(loop.iter, access.node):
                continue
            variables = {n.value for n in (loop.target, *own_nodes(loop.target)) if isinstance(n, cst.Name)}
            if depends(access, variables):
                inside = [
                    a for a in found if tree.contains(above, a.node) and not tree.contains(loop.iter, a.node) and depends(a, variables)
                ]
                answer = NameLoops(self, method, names).rewrite(loop, above, inside)
                choice = chosen(self, method, access) if isinstance(answer, Decline) else None
                if choice is None:
                    done.append(above)
                yield choice or answer
                return
        if (choice := chosen(self, method, access)) is not None:
            yield choice
            return
        text, value = tree.code(access.name), Names(method).value(access.name, {})
        if isinstance(value, str) and mangled(value):
            reason = f"within a class Python takes {value} for another name; give the attribute one that it keeps"
            yield tree.decline(self, access.node, reason)
            return
        reason = f"the name {text} is not one constant on all instances; give an entry, or use a ModuleList or ModuleDict"
        yield tree.decline(self, access.node, reason)

    def _modules(self, method: Method) -> Iterator[Proposal]:
        """``_modules.items()`` and ``.values()`` as what the compiler walks over."""
        tree = method.tree
        for node in own_nodes(method.node.body):
            if not isinstance(node, cst.Call) or node.args or not isinstance(node.func, cst.Attribute) or method.dead(node):
                continue
            inner, kind = node.func.value, node.func.attr.value
            if not isinstance(inner, cst.Attribute) or inner.attr.value != "_modules" or kind not in ("items", "values"):
                continue
            if not tree.focused(tree.statement(node) or node, method.focus):
                continue
            base = tree.code(inner.value)
            known = method.attribute(inner.value)
            own = method.own_walking(inner.value, known, besides=False) if known is not None else ""
            if own:
                yield tree.decline(self, node, own)
            elif kind == "values" and known is not None and known.kinds <= LISTS:
                yield tree.rewrite(self, node, f"walk over {base} itself", [tree.replace(node, base)], why=WHY)
            elif not _walked_once(tree, node):
                yield tree.decline(self, node, f"{tree.code(node)} is not just walked over, and named_children() can be walked over once")
            elif tree.code(inner.value) == method.self_name and registered_once(method):
                text = f"{base}.{'named_children' if kind == 'items' else 'children'}()"
                need = Need(f"every child of {base} is registered once", "source")
                yield tree.rewrite(self, node, f"walk over {text}", [tree.replace(node, text)], needs=[need], why=WHY)
            else:
                yield tree.decline(self, node, f"a module registered twice in {base} would be walked once by named_children()")


def accesses(method: Method) -> Iterator[Access]:
    """The computed attributes of a method: getattr without a default, ``_modules[...]`` and ``__getattr__``."""
    tree = method.tree
    for node in own_nodes(method.node.body):
        if method.dead(node):
            continue
        called = builtin_call(tree, node)
        if called and called[0] == "getattr" and len(called[1]) == 2 and not isinstance(called[1][1], cst.SimpleString):
            if isinstance(called[1][0], cst.Name | cst.Attribute) and isinstance(node, cst.BaseExpression):
                yield Access(node, tree.code(called[1][0]), called[1][1])
        elif isinstance(node, cst.Subscript) and isinstance(node.value, cst.Attribute) and node.value.attr.value == "_modules":
            if is_target(tree, node):
                continue
            part = node.slice[0].slice
            if len(node.slice) == 1 and isinstance(part, cst.Index):
                yield Access(node, tree.code(node.value.value), part.value)
        elif isinstance(node, cst.Call) and isinstance(node.func, cst.Attribute) and node.func.attr.value == "__getattr__":
            argument = node.args[0] if len(node.args) == 1 else None
            plain = argument is not None and not argument.keyword and not argument.star
            yield from [Access(node, tree.code(node.func.value), argument.value)] if argument and plain else []


def _in_loop(tree: Tree, access: Access) -> bool:
    return tree.enclosing(access.node, cst.For) is not None


def _walked_once(tree: Tree, node: cst.Call) -> bool:
    """Whether a view of a dict is gone through there, from its start and once: a generator does for that."""
    above = tree.parent(node)
    if isinstance(above, cst.For | cst.CompFor):
        return above.iter is node
    call = tree.parent(above) if isinstance(above, cst.Arg) else None
    called = builtin_call(tree, call) if call is not None else None
    return called is not None and called[0] in ("list", "tuple", "dict", "enumerate", "zip", "sorted")
