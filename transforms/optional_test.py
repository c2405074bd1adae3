"""SF108: tests of what may be None, or is a tuple, in words the compiler has."""

from __future__ import annotations

import re
from collections.abc import Iterator

import libcst as cst

from scriptify.facts.model import Facts
from scriptify.facts.types import Type, parse
from scriptify.transform import Focus, Import, Phase, Proposal, Transform
from scriptify.transforms._before import scripting
from scriptify.transforms._none_uses import SOME, Uses
from scriptify.transforms._optional_test_examples import EXAMPLES
from scriptify.transforms._optional_truth import SIZED, asks_truth, has_items
from scriptify.transforms._refine import optionals
from scriptify.transforms._signature import declared, is_none
from scriptify.transforms._spot import Spot, spot
from scriptify.tree import Tree, own_nodes
from scriptify.tree.flow import all_parameters

_TRUTH = re.compile(r"Could not cast value of type (.+?) to bool")
_PLAIN = frozenset({"int", "float", "bool", "str", "complex"})
_NUMBERS = frozenset({"int", "float", "bool", "complex", "Tensor"})


class OptionalTest(Transform):
    """``if p == 0.0:`` where ``p`` is an ``Optional[float]`` -> ``if (p is not None and p == 0.0):``.

    The compiler has no comparison of an Optional with a value, no truth of one, and none of a tuple. None equals
    no number and no text and is false, so the test for None can be said. ``x in (None, "a")`` becomes
    ``(x is None or x in ("a",))``, for a display of None and texts has no type. The truth of a tuple is whether
    it has items. What has a length may be annotated wrongly, so eager code keeps its own test of it.
    """

    code = "SF108"
    name = "optional-test"
    phase = Phase.SIGNATURES
    on_demand = True
    explains = (
        "instead found type 'Optional[",
        "Could not cast value of type",
        "but instead found type 'Tuple[NoneType",
        "aten::__contains__",
    )
    examples = EXAMPLES
    source = "https://docs.pytorch.org/docs/stable/jit_language_reference.html#optional-type-refinement"

    def propose(self, tree: Tree, facts: Facts, focus: Focus | None = None) -> Iterator[Proposal]:
        """Yield one rewrite for each such test at the focus."""
        place = spot(tree, facts, focus)
        if place is None or focus is None or not self.answers(focus.message):
            return
        if match := _TRUTH.search(focus.message):
            yield from self._truths(place, match[1])
            return
        types = dict(optionals(tree, place.function))
        for node in _on_line(place):
            if isinstance(node, cst.Comparison) and len(node.comparisons) == 1:
                yield from self._comparison(place, node, types)

    def _comparison(self, place: Spot, node: cst.Comparison, types: dict[str, Type]) -> Iterator[Proposal]:
        tree, target = place.tree, node.comparisons[0]
        negative = isinstance(target.operator, cst.NotEqual | cst.NotIn)
        if isinstance(target.operator, cst.In | cst.NotIn) and isinstance(node.left, cst.Name):
            rest = _without_none(tree, target.comparator)
            if rest is not None:
                yield from self._member(place, node, node.left, rest, negative)
                return
        if not isinstance(target.operator, cst.Equal | cst.NotEqual | cst.In | cst.NotIn):
            return
        turned = isinstance(target.operator, cst.Equal | cst.NotEqual) and _constant(node.left)
        name, other = (target.comparator, node.left) if turned else (node.left, target.comparator)
        if not isinstance(name, cst.Name) or not _constant(other):
            return
        type_ = types.get(name.value)
        if type_ is None or not type_.optional or type_.stripped.name not in _PLAIN:
            return
        if Uses(tree, place.function, name.value).state(name) == SOME:
            return
        text = f"{name.value} is None or {tree.code(node)}" if negative else f"{name.value} is not None and {tree.code(node)}"
        edit = tree.replace(node, text if node.lpar else f"({text})")
        why = "the compiler compares no Optional with a value; None equals none"
        yield tree.rewrite(self, node, f"{name.value} may be None", [edit], why=why)

    def _member(self, place: Spot, node: cst.Comparison, name: cst.Name, rest: str, negative: bool) -> Iterator[Proposal]:
        """``x in (None, "a")``; by the annotation where there is one, else for scripting only."""
        tree = place.tree
        stated = _stated(place, name.value)
        word = "not in" if negative else "in"
        some = f"{name.value} {word} {rest}" if rest else str(negative)
        text = f"{name.value} is not None and {some}" if negative else f"{name.value} is None or {some}"
        imports: tuple[Import, ...] = ()
        if stated is None or stated.stripped.name not in _PLAIN:
            imports = tree.imports.spell("torch.jit.is_scripting")[1]
            text = f"({text}) if {scripting(tree)} else {tree.code(node)}"
        above = tree.parent(node)
        if isinstance(above, cst.IfExp) and above.orelse is node:
            return  # what is left of an earlier rewrite
        edit = tree.replace(node, text if node.lpar else f"({text})")
        why = "the compiler has no type for None among texts; the test for None is said by itself"
        yield tree.rewrite(self, node, f"whether {name.value} is None or one of the others", [edit], imports=imports, why=why)

    def _truths(self, place: Spot, text: str) -> Iterator[Proposal]:
        tree = place.tree
        try:
            type_ = parse(text.replace(" (inferred)", ""))
        except ValueError:
            return
        named = [node for node in _on_line(place) if isinstance(node, cst.Name | cst.Attribute)]
        for node in [node for node in place.nodes() or named if asks_truth(tree, node)][:1]:
            if not isinstance(node, cst.Name) and not place.self_attribute(node):
                yield tree.decline(self, node, f"the truth of {tree.code(node)} is asked, which would be worked out twice; give it a name")
                return
            stated = _stated(place, node.value) if isinstance(node, cst.Name) else None
            yield from self._truth(place, node, type_, stated is not None and stated.stripped.name == type_.stripped.name)

    def _truth(self, place: Spot, node: cst.BaseExpression, type_: Type, proved: bool) -> Iterator[Proposal]:
        tree, name = place.tree, place.tree.code(node)
        inner = type_.stripped
        imports: tuple[Import, ...] = ()
        if type_.name == "Optional":
            if not isinstance(node, cst.Name):
                yield tree.decline(
                    self, node, f"{name} is an attribute that may be None, which no test rules out; put it into a local first"
                )
                return
            some = f"bool({name})" if inner.name in _NUMBERS else f"len({name}) > 0" if inner.name in SIZED else ""
            if not some:
                return
            if proved and inner.name in SIZED:
                some, imports = has_items(tree, name)
            text = f"{name} is not None and {some}"
        elif type_.name == "Tuple":
            proved = False  # a number may be given for it all the same, and has no length
            text = f"len({name}) > 0" if isinstance(node, cst.Name) else f"len({name}) > 0 if {name} is not None else False"
        else:
            return
        if not proved:
            imports = tree.imports.spell("torch.jit.is_scripting")[1]
            text = f"({text}) if {scripting(tree)} else {name}"
        why = "the compiler knows the truth of numbers, texts, lists and tensors only"
        yield tree.rewrite(self, node, f"the truth of {name}", [tree.replace(node, f"({text})")], imports=imports, why=why)


def _on_line(place: Spot) -> Iterator[cst.CSTNode]:
    """The expressions on the focused line."""
    for node in own_nodes(place.function.body):
        if isinstance(node, cst.BaseExpression) and place.tree.lines(node)[0] <= place.focus.line <= place.tree.lines(node)[1]:
            yield node


def _stated(place: Spot, name: str) -> Type | None:
    """The type that a parameter's annotation states."""
    for param in all_parameters(place.function.params):
        if param.name.value == name and param.annotation is not None:
            return declared(place.tree, param.annotation.annotation)
    return None


def _constant(node: cst.BaseExpression) -> bool:
    """A number, a text or a display of them."""
    if isinstance(node, cst.SimpleString | cst.Integer | cst.Float):
        return True
    if isinstance(node, cst.UnaryOperation):
        return isinstance(node.operator, cst.Minus) and isinstance(node.expression, cst.Integer | cst.Float)
    if isinstance(node, cst.Name):
        return node.value in ("True", "False")
    return isinstance(node, cst.List | cst.Tuple) and bool(node.elements) and all(_constant(e.value) for e in node.elements)


def _without_none(tree: Tree, node: cst.BaseExpression) -> str | None:
    """The display without its None; ``""`` where nothing is left, None where there was none or more than constants."""
    if not isinstance(node, cst.List | cst.Tuple | cst.Set):
        return None
    rest = [e.value for e in node.elements if not is_none(e.value)]
    if len(rest) == len(node.elements) or not all(_constant(value) for value in rest):
        return None
    return f"[{', '.join(tree.code(value) for value in rest)}]" if rest else ""
