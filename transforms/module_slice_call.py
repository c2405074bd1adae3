"""SF204: modules from slices, tuples and lists, called."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import libcst as cst

from scriptify.facts.model import HOOKING, Facts
from scriptify.transform import Focus, Phase, Proposal, Rewrite, Safety, Transform
from scriptify.transforms._bounds import Bounds
from scriptify.transforms._changes import Changes
from scriptify.transforms._changing_examples import SLICES
from scriptify.transforms._containers import Container, Method, reached_methods
from scriptify.transforms._flow_questions import jumps, pure, used_after
from scriptify.transforms._item_names import FreshNames
from scriptify.transforms._linear import Linear
from scriptify.transforms._module_slice_examples import EXAMPLES
from scriptify.transforms._module_values import Source, calls_of, hooked, outermost, sources, twin
from scriptify.transforms._patch import Patch
from scriptify.tree import Tree, bindings, loads, own_nodes, stores_in

CALL_STEM = "object has no attribute or method '__call__'"
_WHY = "an element of a slice or tuple of modules is a plain value to the compiler, and can't be called"


class ModuleSliceCall(Transform):
    """``for m in self.ms[1:]: x = m(x)`` -> ``for i, m in enumerate(self.ms): if i >= 1: x = m(x)``.

    A slice, a tuple or a list of modules can be walked when scripting, but its elements can't be called:
    they are values, not modules. One slice becomes a guarded loop over the whole list; where that does not fit
    (several slices in step, a tuple of modules) the call becomes ``m.forward(x) if torch.jit.is_scripting() else
    m(x)``, which keeps hooks in eager but leaves them out when scripting: where the project registers forward hooks on
    anything, that takes a run which shows that these modules have none, and a caller that registers one from outside
    must do so for eager code alone. ``reversed(self.ms)`` becomes ``self.ms[::-1]``.
    """

    code = "SF204"
    name = "module-slice-call"
    phase = Phase.CONTAINERS
    explains = (
        CALL_STEM,
        "tuple slice indices must be integer constants",
        "object is not iterable",
        "has no attribute or method 'forward'",
        "Python builtin <built-in function reversed>",
        "reversed(",
        "has no attribute or method '__add__'",
    )
    hints = ("for ",)
    source = "https://github.com/pytorch/pytorch/issues/47336"
    examples = (*EXAMPLES, *SLICES)

    def propose(self, tree: Tree, facts: Facts, focus: Focus | None = None) -> Iterator[Proposal]:
        """One rewrite for each loop over such modules whose body calls them."""
        if focus is not None and not self.answers(focus.message):
            return
        for method in reached_methods(tree, facts, focus):
            if focus is None or tree.focused(method.node, focus):
                yield from self._method(method)

    def _method(self, method: Method) -> Iterator[Proposal]:
        names, done = FreshNames(method.tree, method.node), list[cst.CSTNode]()
        for loop in own_nodes(method.node.body):
            if not isinstance(loop, cst.For | cst.CompFor) or method.dead(loop):
                continue
            place = loop if isinstance(loop, cst.For) else method.tree.parent(loop)
            inside = any(method.tree.contains(outer, loop) for outer in done)
            if place is None or inside or not method.tree.focused(method.tree.statement(place) or place, method.focus):
                continue
            for answer in self._loop(method, loop, place, names):
                if isinstance(answer, Rewrite):
                    done.append(place)
                yield answer

    def _loop(self, method: Method, loop: cst.For | cst.CompFor, place: cst.CSTNode, names: FreshNames) -> Iterator[Proposal]:
        found = sources(method, loop)
        if not found:
            return
        body = loop.body if isinstance(loop, cst.For) else place
        held = {name.value for name, _ in found}
        if isinstance(loop, cst.For) and any(stores_in(body, name) for name in held):
            return
        calls = [call for name in sorted(held) for call in calls_of(body, name) if not method.dead(call)]
        walked = [name for name in sorted(held) if self._walked(method, body, name)]
        fixes = any(self._fixed(method, source) for _, source in found)
        varying = any(not _literal_bounds(source) for _, source in found)
        if not calls and not walked and not fixes and not varying:
            return
        trouble = next((container.trouble for _, source in found for container, _ in source.containers if container.trouble), "")
        if trouble:
            yield method.tree.decline(self, loop, trouble)
            return
        guarded = self._guarded(method, loop, found, names)
        if guarded is not None:
            yield guarded
        elif varying or walked:
            reason = "the slice's bounds are not literals" if varying else f"{walked[0]} is walked or indexed inside of the loop"
            yield method.tree.decline(self, loop, f"{reason}, and the loop has no form with a guard over the whole list")
        elif not all(self._sliceable(container) for _, source in found for container, _ in source.containers):
            yield method.tree.decline(self, loop, "the list is of a class of its own, whose slices may be something else")
        elif any(hooked(method, source) for _, source in found):
            yield method.tree.decline(self, loop, "a module there has a hook that a call of its forward alone would leave out")
        else:
            yield self._twins(method, place, found, calls)

    # a guard in a loop over the whole list

    def _guarded(self, method: Method, loop: cst.CSTNode, found: list[tuple[cst.Name, Source]], names: FreshNames) -> Rewrite | None:
        if not isinstance(loop, cst.For) or not isinstance(loop.target, cst.Name) or found[0][1].node is not loop.iter:
            return None
        source = found[0][1]
        part = source.slice
        if part is None or loop.orelse is not None or loop.asynchronous is not None or any(jumps(loop)):
            return None
        if used_after(method.tree, method.node, loop, loop.target.value) or self._escaping(method, loop):
            return None
        changes, (container, node) = Changes(method), source.containers[0]
        ends = [bound for bound in (part.lower, part.upper) if bound is not None]
        if not all(pure(method.tree, bound) for bound in ends) or changes.list_itself(node, [loop.body]):
            return None
        wishes = {id(part.lower): ("start", "begin"), id(part.upper): ("stop", "end")}
        held = {bound: names.take(*wishes[id(bound)]) for bound in ends if changes.may(bound, [loop.body])}
        test = self._test(Bounds(method), part, container, method.tree.code(node), held)
        if test is None:
            return None
        patch = Patch(method.tree)
        counter = names.take("i", "j", "k", "index")
        if not test:
            patch.replace_outer(loop.iter, method.tree.code(node))
        else:
            guards = [guard.replace("$", counter) for guard in test]
            patch.replace_outer(loop.target, f"{counter}, {loop.target.value}")
            patch.replace_outer(loop.iter, f"enumerate({method.tree.code(node)})")
            patch.guard(loop, f"if {' and '.join(guards)}:")
            if held:
                patch.before(loop, [f"{name} = {method.tree.code(bound)}" for bound, name in held.items()])
        title = f"walk over all of {method.tree.code(node)} and skip what the slice leaves out"
        return method.tree.rewrite(self, loop, title, patch.edits(), why=_WHY)

    def _escaping(self, method: Method, loop: cst.For) -> bool:
        """Whether a name first bound in the loop is read after it: under a guard it would have no value."""
        start = method.tree.span(loop)[0]
        before = {n.value for n, _ in bindings(method.node.body) if method.tree.span(n)[0] < start}
        new = {name.value for name, _ in bindings(loop.body)} - before - method.parameters
        return any(used_after(method.tree, method.node, loop, name) for name in new)

    def _test(
        self, bounds: Bounds, part: cst.Slice, container: Container, code: str, held: Mapping[cst.BaseExpression, str]
    ) -> list[str] | None:
        """The guards that stand for a slice (``$`` is the position), or None where none do; ``held``: names of ends that may change."""
        step = bounds.linear(part.step).number if part.step is not None else 1
        if step is None or step < 1:
            return None
        low = self._bound(bounds, part.lower, code, held)
        high = self._bound(bounds, part.upper, code, held)
        if low is None or high is None:
            return None
        tests = []
        if low and high:
            tests.append(f"{low} <= $ < {high}")
        elif low or high:
            tests.append(f"$ >= {low}" if low else f"$ < {high}")
        if step > 1:
            start = bounds.linear(part.lower).number if part.lower is not None else 0
            if start is None or start < 0:
                return None
            tests.append(f"$ % {step} == {start % step}")
            if 0 < start < step:
                tests = tests[-1:] if not high else [f"$ < {high}", tests[-1]]
        return tests

    def _bound(self, bounds: Bounds, node: cst.BaseExpression | None, code: str, held: Mapping[cst.BaseExpression, str]) -> str | None:
        """One end of a slice as a position; ``""`` for an end left out, None for one whose sign is not known."""
        if node is None:
            return ""
        form = bounds.linear(node)
        if form.number is not None:
            return str(form.number) if form.number > 0 else (f"len({code}) - {-form.number}" if form.number else ("0"))
        low, _ = bounds.span(node)
        text = bounds.tree.code(node)
        halves = isinstance(node, cst.BinaryOperation) and isinstance(node.operator, cst.FloorDivide) and text.startswith("len(")
        never = low is not None and bounds.at_most(Linear(), low) is not None
        text = held.get(node, text)
        if never or halves:
            return text
        plain = node in held or isinstance(node, cst.Name | cst.Attribute)
        return f"({text} if {text} >= 0 else {text} + len({code}))" if plain else None

    # calls that differ when scripting

    def _twins(self, method: Method, place: cst.CSTNode, found: list[tuple[cst.Name, Source]], calls: list[cst.Call]) -> Rewrite:
        patch = Patch(method.tree)
        direct = {name.value for name, source in found if source.kind == "copy"}
        for node in dict.fromkeys(source.node for _, source in found):
            source = next(s for _, s in found if s.node is node)
            fixed = self._fixed(method, source)
            if fixed:
                patch.replace_outer(node, fixed)
        held = {name.value for name, _ in found} - direct
        wanted = [call for call in calls if isinstance(call.func, cst.Name) and call.func.value in held]
        for call in outermost(method, wanted):
            patch.replace(call, twin(method, call, held))
        imports = method.tree.imports.spell("torch.jit.is_scripting")[1] if wanted else ()
        title = "call forward when scripting" if wanted else "walk over the modules in a form the compiler takes"
        safety = Safety.OBSERVED if wanted and HOOKING in method.facts.mentions else None
        return method.tree.rewrite(self, place, title, patch.edits(), imports=imports, why=_WHY, safety=safety)

    def _fixed(self, method: Method, source: Source) -> str:
        """How the walked expression must be written, or ``""`` where it can stay."""
        tree, node = method.tree, source.node
        if source.kind == "reversed":
            return f"{tree.code(source.containers[0][1])}[::-1]"
        if source.kind == "copy":
            return tree.code(source.containers[0][1])
        if source.kind == "sum":
            return " + ".join(f"{tree.code(part)}[:]" for _, part in source.containers)
        if source.kind == "literal" and isinstance(node, cst.List):
            inner = tree.code(node)[1:-1]
            comma = "," if len(node.elements) == 1 and not inner.rstrip().endswith(",") else ""
            return f"({inner}{comma})"
        return ""

    def _walked(self, method: Method, body: cst.CSTNode, name: str) -> bool:
        """Whether a module value is itself walked or indexed: only modules, not values, can be."""
        for load in loads(body, name):
            parent = method.tree.parent(load)
            if isinstance(parent, cst.For | cst.CompFor) or (isinstance(parent, cst.Subscript) and parent.value is load):
                return True
            if isinstance(parent, cst.Arg) and method.tree.dotted(getattr(method.tree.parent(parent), "func", parent)) in (
                "builtins.enumerate",
                "builtins.zip",
            ):
                return True
        return False

    @staticmethod
    def _sliceable(container: Container) -> bool:
        """Whether slicing gives the same class: a subclass's constructor may take something else."""
        classes = container.attribute.classes if container.attribute else frozenset()
        return container.text != "self" and all(name.startswith("torch.nn.") for name in classes)


def _literal_bounds(source: Source) -> bool:
    part = source.slice
    return part is None or all(bound is None or _is_literal(bound) for bound in (part.lower, part.upper, part.step))


def _is_literal(node: cst.BaseExpression) -> bool:
    if isinstance(node, cst.UnaryOperation) and isinstance(node.operator, cst.Minus):
        node = node.expression
    return isinstance(node, cst.Integer)
