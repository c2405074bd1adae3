"""SF205: loops over modules in step with a list or a tensor."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import libcst as cst

from scriptify.facts.known import documented, usable
from scriptify.facts.model import Attribute, Facts, Kind, Parameter
from scriptify.facts.types import Type, parse
from scriptify.transform import Decline, Focus, Need, Phase, Proposal, Rewrite, Safety, Transform
from scriptify.transforms._before import scripting
from scriptify.transforms._bounds import Bounds, lives
from scriptify.transforms._changes import Changes
from scriptify.transforms._changing_examples import ZIPS
from scriptify.transforms._containers import Container, Method, builtin_call, reached_methods
from scriptify.transforms._flow_questions import jumps, pure, used_after
from scriptify.transforms._index_comprehension import ComprehensionRewriter
from scriptify.transforms._item_names import FreshNames
from scriptify.transforms._linear import Linear
from scriptify.transforms._module_values import source_of
from scriptify.transforms._module_zip_examples import EXAMPLES
from scriptify.transforms._patch import Patch
from scriptify.tree import Tree, bindings, own_nodes

_SEQUENCES = frozenset({"List", "Tensor"})
_SPLITTERS = frozenset({"chunk", "split", "unbind", "tensor_split", "hsplit", "vsplit", "tolist"})


@dataclass
class Parts:
    """What a zip walks over: the modules, and what is walked in step with them."""

    modules: list[tuple[cst.BaseExpression, cst.BaseExpression]] = field(default_factory=list)
    others: list[tuple[cst.BaseExpression, cst.BaseExpression]] = field(default_factory=list)
    counter: str = ""


class ModuleZip(Transform):
    """``for m, y in zip(self.ms, ys)`` -> ``for i, m in enumerate(self.ms): if i < len(ys): y = ys[i]``.

    A loop over modules is unrolled, so everything it walks in step must have a length the compiler knows: a
    list, a range or a tensor has none. It is indexed by the loop's position instead; zip stops at the shortest,
    so a guard on its length stands in front unless the length is known.
    """

    code = "SF205"
    name = "module-zip"
    phase = Phase.CONTAINERS
    explains = ("Can not iterate over a module list or tuple with a value that does not have a statically determinable length",)
    hints = ("zip(",)
    source = "https://docs.pytorch.org/docs/stable/jit_language_reference.html#iterables"
    examples = (*EXAMPLES, *ZIPS)

    def propose(self, tree: Tree, facts: Facts, focus: Focus | None = None) -> Iterator[Proposal]:
        """One rewrite for each zip of modules and something else."""
        if focus is not None and not self.answers(focus.message):
            return
        for method in reached_methods(tree, facts, focus):
            if focus is not None and not tree.focused(method.node, focus):
                continue
            names, done = FreshNames(tree, method.node), list[cst.CSTNode]()
            for loop in own_nodes(method.node.body):
                if not isinstance(loop, cst.For | cst.CompFor) or any(tree.contains(outer, loop) for outer in done):
                    continue
                if method.dead(loop) or not tree.focused(tree.statement(loop) or loop, focus):
                    continue
                parts = self._parts(method, loop)
                if parts is not None:
                    done.append(loop)
                    yield self._answer(method, loop, parts, names)

    def _parts(self, method: Method, loop: cst.For | cst.CompFor) -> Parts | None:
        """The parts of a zip that walks modules and something else in step; None for other loops."""
        tree, parts = method.tree, Parts()
        target, walked = loop.target, loop.iter
        called = builtin_call(tree, walked)
        if called and called[0] == "enumerate" and len(called[1]) == 1 and isinstance(target, cst.Tuple) and len(target.elements) == 2:
            counter = target.elements[0].value
            if not isinstance(counter, cst.Name):
                return None
            parts.counter = counter.value
            inner = target.elements[1].value
            called = builtin_call(tree, called[1][0])
        else:
            inner = target
        if not called or called[0] != "zip" or not isinstance(inner, cst.Tuple) or len(inner.elements) != len(called[1]):
            return None
        for element, argument in zip(inner.elements, called[1], strict=True):
            static = method.container(argument) is not None or source_of(method, argument) is not None
            (parts.modules if static else parts.others).append((element.value, argument))
        kinds = [self._shape(method, argument) for _, argument in parts.others]
        return parts if parts.modules and any(kind != "tuple" for kind in kinds) else None

    # what is walked in step

    def _shape(self, method: Method, node: cst.BaseExpression, depth: int = 0) -> str:
        """``sequence`` for what can be indexed and has a length, ``range``, ``tuple``, ``other``, or ``""`` when not known."""
        tree = method.tree
        if isinstance(node, cst.Tuple):
            return "tuple"
        if isinstance(node, cst.List | cst.ListComp):
            return "sequence"
        if isinstance(node, cst.Subscript) and len(node.slice) == 1 and isinstance(node.slice[0].slice, cst.Slice):
            return "sequence"
        called = builtin_call(tree, node)
        if called and called[0] in ("range", "list", "sorted"):
            return "range" if called[0] == "range" else "sequence"
        if isinstance(node, cst.Call):
            last = node.func.attr.value if isinstance(node.func, cst.Attribute) else ""
            return "sequence" if last in _SPLITTERS else "other" if last in ("items", "keys", "values") or called else ""
        if isinstance(node, cst.Attribute):
            return _attribute_shape(method.attribute(node))
        if isinstance(node, cst.Name) and depth < 3:
            return self._name_shape(method, node.value, depth)
        return ""

    def _name_shape(self, method: Method, name: str, depth: int) -> str:
        tree, facts = method.tree, method.facts
        parameter = facts.parameter(tree.path, method.qualname, name)
        if isinstance(parameter, Parameter):
            if parameter.annotation:
                try:
                    return _type_shape(parse(parameter.annotation))
                except ValueError:
                    return ""
            return _type_shape(parameter.observed.type) if parameter.observed else ""
        local = facts.local(tree.path, method.qualname, name)
        if local:
            shape = _type_shape(getattr(local, "type", Type("?")))
            if shape:
                return shape
        shapes = set()
        for by in method.bound(name):
            assign = tree.parent(by)
            if isinstance(by, cst.AssignTarget) and isinstance(assign, cst.Assign) and by.target is not None:
                shapes.add(self._shape(method, assign.value, depth + 1) if isinstance(by.target, cst.Name) else "")
            else:
                shapes.add("")
        return shapes.pop() if len(shapes) == 1 else ""

    # the answer

    def _answer(self, method: Method, loop: cst.For | cst.CompFor, parts: Parts, names: FreshNames) -> Rewrite | Decline:
        tree = method.tree
        for _, argument in parts.others:
            shape = self._shape(method, argument)
            if shape in ("", "other"):
                known = (
                    "is walked, but can't be indexed"
                    if shape
                    else "may be anything that can be walked; give an entry: its run shows the type"
                )
                return tree.decline(self, loop, f"{tree.code(argument)} {known}")
            if isinstance(loop, cst.CompFor) and self._only_told(method, loop, argument):
                because = "may be anything that can be walked, whatever the docstring says; write the comprehension as a loop"
                return tree.decline(self, loop, f"{tree.code(argument)} {because}")
        if isinstance(loop, cst.CompFor):
            statement, comp = tree.statement(loop), tree.parent(loop)
            answer = None
            if statement is not None and isinstance(comp, cst.ListComp) and not loop.ifs and loop.inner_for_in is None:
                answer = ComprehensionRewriter(self, method, Bounds(method), names).as_loop(comp, statement)
            return answer or tree.decline(self, loop, "the comprehension can't be written as a loop before its statement")
        if loop.orelse is not None or loop.asynchronous is not None or any(jumps(loop)):
            return tree.decline(self, loop, "a loop over modules is unrolled and can have no break, continue or else")
        walked = [method.container(argument) for _, argument in parts.modules]
        trouble = next((container.trouble for container in walked if container is not None and container.trouble), "")
        if trouble:
            return tree.decline(self, loop, trouble)
        return self._rewritten(method, loop, parts, names)

    def _rewritten(self, method: Method, loop: cst.For, parts: Parts, names: FreshNames) -> Rewrite | Decline:
        tree, bounds = method.tree, Bounds(method)
        patch, hoisted, lines, limits = Patch(tree), list[str](), list[str](), list[str]()
        needs: list[Need] = []
        counter = parts.counter or self._range_counter(method, parts) or names.take("i", "j", "k", "index")
        for target, argument in parts.others:
            value, length, size = self._other(method, loop, target, argument, parts.modules[0][1], counter, names, hoisted)
            if tree.code(target) != value:
                lines.append(f"{tree.code(target)} = {value}")
            proof = self._long_enough(method, bounds, parts, size)
            if proof is None:
                limits.append(length)
            else:
                needs += [need for need in proof if need not in needs]
        if limits:
            held = [name for target, _ in parts.modules for name in _names(target)]
            seen = [name for name in [*held, *([parts.counter] if parts.counter else [])] if used_after(tree, method.node, loop, name)]
            if seen or self._escaping(method, loop):
                return tree.decline(self, loop, "zip may stop early, and what the loop leaves behind is read after it")
        shown = ", ".join(_nested(tree, t) for t, _ in parts.modules)
        walked = ", ".join(tree.code(a) for _, a in parts.modules)
        many = len(parts.modules) > 1
        patch.replace_outer(loop.target, f"{counter}, ({shown})" if many else f"{counter}, {shown}")
        patch.replace_outer(loop.iter, f"enumerate(zip({walked}))" if many else f"enumerate({walked})")
        if hoisted:
            patch.before(loop, hoisted)
        self._body(method, loop, patch, lines, limits, counter)
        safety = Safety.OBSERVED if lives(tuple(needs)) else None
        why = "a loop over modules is unrolled, so what it walks in step must have a length known to the compiler"
        title = f"index {' and '.join(tree.code(a) for _, a in parts.others)} by the position of the modules"
        imports = tree.imports.spell("torch.jit.is_scripting")[1] if any(scripting(tree) in line for line in hoisted) else ()
        return tree.rewrite(self, loop, title, patch.edits(), imports=imports, needs=needs, why=why, safety=safety)

    def _body(self, method: Method, loop: cst.For, patch: Patch, lines: list[str], limits: list[str], counter: str) -> None:
        tree = method.tree
        test = f"if {counter} < {limits[0] if len(limits) == 1 else 'min(' + ', '.join(limits) + ')'}:"
        if isinstance(loop.body, cst.IndentedBlock):
            first = loop.body.body[0]
            if limits:
                patch.before(first, [test])
                patch.before(first, lines, steps=1)
                patch.indent(loop.body.body)
            else:
                patch.before(first, lines)
            return
        start = tree.span(loop.body.body[0])[0]
        opened = tree.text.rfind(":", 0, start) + 1
        indent = tree.newline + tree.indent(loop) + tree.indent_unit
        head = f"{indent}{test}" if limits else ""
        deeper = indent + (tree.indent_unit if limits else "")
        patch.replace_span(opened, start, head + "".join(f"{deeper}{line}" for line in lines) + deeper)

    def _other(
        self,
        method: Method,
        loop: cst.For,
        target: cst.BaseExpression,
        argument: cst.BaseExpression,
        modules: cst.BaseExpression,
        counter: str,
        names: FreshNames,
        hoisted: list[str],
    ) -> tuple[str, str, Linear | None]:
        """What a target is in one turn, the text of the length, and the length as a form where it is known."""
        tree, text = method.tree, method.tree.code(argument)
        called = builtin_call(tree, argument)
        changed = Changes(method).may(called[1][0] if called and called[1] else argument, [loop.body])
        if called and called[0] == "range" and len(called[1]) == 1:
            return counter, self._end(method, called[1][0], changed, names, hoisted), Bounds(method).linear(called[1][0])
        plain = isinstance(argument, cst.Name | cst.Attribute)
        if self._only_told(method, loop, argument):
            name = names.take(f"{target.value if isinstance(target, cst.Name) else text}_items", f"{text}_list")
            walked = f"[item for item, _ in zip({text}, {tree.code(modules)})]"
            hoisted.append(f"{name} = {text} if {scripting(tree)} else {walked}")
            return f"{name}[{counter}]", f"len({name})", None
        if not plain or changed:
            stem = target.value if isinstance(target, cst.Name) else "items"
            name = names.take(f"{stem}s", f"{stem}_list")
            hoisted.append(f"{name} = {text if not (called and called[0] == 'range') else f'list({text})'}")
            text = name
        size = Linear(len(argument.elements)) if isinstance(argument, cst.List) and not _starred(argument) else None
        return f"{text}[{counter}]", f"len({text})", size

    def _end(self, method: Method, stop: cst.BaseExpression, changed: bool, names: FreshNames, hoisted: list[str]) -> str:
        """The end of a range, in a name of its own where the loop's body may change what it reads or it calls something."""
        if not changed and pure(method.tree, stop):
            return method.tree.operand(stop)
        name = names.take("stop", "end")
        hoisted.append(f"{name} = {method.tree.code(stop)}")
        return name

    def _only_told(self, method: Method, loop: cst.For | cst.CompFor, argument: cst.BaseExpression) -> bool:
        """Whether that a parameter can be indexed is only what the docstring says: what eager callers pass may just be walked."""
        if not isinstance(argument, cst.Name) or method.bound(argument.value) != [method.node]:
            return False
        parameter = method.facts.parameter(method.tree.path, method.qualname, argument.value)
        if not isinstance(parameter, Parameter) or not parameter.documented or not parameter.annotation:
            return False
        return documented(parameter.documented) == usable(parameter.annotation) and not _indexed_before(method, loop, argument.value)

    def _range_counter(self, method: Method, parts: Parts) -> str:
        """The target of a ``range(n)`` in the zip, which can count the loop itself."""
        for target, argument in parts.others:
            called = builtin_call(method.tree, argument)
            if called and called[0] == "range" and len(called[1]) == 1 and isinstance(target, cst.Name):
                return target.value
        return ""

    def _long_enough(self, method: Method, bounds: Bounds, parts: Parts, size: Linear | None) -> tuple[Need, ...] | None:
        """What proves that one of the module lists ends first (or at the same time)."""
        for _, argument in parts.modules:
            container: Container | None = method.container(argument)
            if container is not None and size is not None:
                proof = bounds.covers(size, bounds.length(container))
                if proof is not None:
                    return proof
        return None

    def _escaping(self, method: Method, loop: cst.For) -> bool:
        start = method.tree.span(loop)[0]
        before = {n.value for n, _ in bindings(method.node.body) if method.tree.span(n)[0] < start}
        new = {name.value for name, _ in bindings(loop.body)} | set(_names(loop.target))
        return any(used_after(method.tree, method.node, loop, name) for name in new - before - method.parameters)


def _indexed_before(method: Method, loop: cst.CSTNode, name: str) -> bool:
    """Whether a statement that always runs before the loop takes an item or a slice of what a name holds."""
    tree = method.tree
    for statement in method.node.body.body:
        if tree.contains(statement, loop):
            return False
        if isinstance(statement, cst.SimpleStatementLine):
            for node in own_nodes(statement):
                above = tree.parent(node)
                if isinstance(node, cst.Name) and node.value == name and isinstance(above, cst.Subscript) and above.value is node:
                    return True
    return False


def _names(node: cst.CSTNode) -> list[str]:
    return [n.value for n in (node, *own_nodes(node)) if isinstance(n, cst.Name)]


def _nested(tree: Tree, target: cst.BaseExpression) -> str:
    """A target as a part of a larger one: a tuple keeps, or gets, its parentheses."""
    whole = tree.text[slice(*tree.outer_span(target))]
    return f"({whole})" if isinstance(target, cst.Tuple) and not target.lpar else whole


def _starred(node: cst.List) -> bool:
    return any(isinstance(element, cst.StarredElement) for element in node.elements)


def _type_shape(type_: Type) -> str:
    if type_.name in _SEQUENCES:
        return "sequence"
    return {"Tuple": "tuple", "Dict": "other"}.get(type_.name, "")


def _attribute_shape(attribute: Attribute | None) -> str:
    if attribute is None or len(attribute.kinds) != 1:
        return ""
    if attribute.kinds <= {Kind.LIST, Kind.TENSOR, Kind.BUFFER, Kind.PARAMETER}:
        return "tuple" if attribute.constant and isinstance(attribute.value, tuple) else "sequence"
    if attribute.constant and isinstance(attribute.value, list | tuple):
        return "sequence" if isinstance(attribute.value, list) else "tuple"
    return "other" if attribute.kinds <= {Kind.DICT, Kind.NONE} else ""
