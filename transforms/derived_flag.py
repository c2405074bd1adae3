"""SF603: a test of what the instance holds that decides which code is compiled."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator
from typing import Any

import libcst as cst

from scriptify.facts.model import Facts, Kind
from scriptify.transform import Edit, Focus, Need, Phase, Proposal, Safety, Transform
from scriptify.transforms._asked import asked
from scriptify.transforms._before import scripting
from scriptify.transforms._containers import stored_attribute
from scriptify.transforms._derived_flag_examples import EXAMPLES
from scriptify.transforms._spot import Spot, spot
from scriptify.tree import Tree, own_nodes
from scriptify.tree.member_names import family, member_name, words
from scriptify.tree.substitute import one_line, source

_OPERATORS: dict[type[cst.BaseCompOp], Callable[[Any, Any], Any]] = {
    cst.Equal: operator.eq,
    cst.NotEqual: operator.ne,
    cst.LessThan: operator.lt,
    cst.GreaterThan: operator.gt,
    cst.LessThanEqual: operator.le,
    cst.GreaterThanEqual: operator.ge,
    cst.In: lambda a, b: a in b,
    cst.NotIn: lambda a, b: a not in b,
}
_ORDERS = (cst.LessThan, cst.GreaterThan, cst.LessThanEqual, cst.GreaterThanEqual)


_LEFT_BEHIND = ("is not defined in the", "Previous return statement", "Type mismatch:", "previously had type")


class DerivedFlag(Transform):
    """``if self.n > 1:`` -> ``if self.n > 1 and (not torch.jit.is_scripting() or self._case_n):`` with the outcome as a constant.

    A conditional expression is rewritten alike. Of what an instance holds the compiler knows beforehand only
    constants that are bools, so it compiles a branch that ``self.mode == "conv"`` rules out for good. A property works
    the outcome out, and ``__constants__`` names it: the compiler reads it from the instance when it compiles, whatever has set
    the attribute by then, and leaves the dead branch out. Eager code goes by the test alone, as before. The last resort, for
    branches nothing else answers; only for attributes that no compiled code assigns.
    """

    code = "SF603"
    name = "derived-flag"
    phase = Phase.VALUES
    safety = Safety.OBSERVED
    explains = ("<--- HERE", 'File "')
    hints = ("if",)
    on_demand = True
    examples = EXAMPLES
    source = "https://docs.pytorch.org/docs/stable/jit_language_reference.html#module-attributes"

    def propose(self, tree: Tree, facts: Facts, focus: Focus | None = None) -> Iterator[Proposal]:
        """Yield the rewrite of the nearest test around the place that rules it out."""
        place = spot(tree, facts, focus)
        if place is None or place.owner is None or not place.self_name or not facts.live:
            return
        for node, wanted in _candidates(place):
            if "is_scripting" in tree.code(node.test):
                continue
            names = _held(place, node.test)
            outcomes = _outcomes(place, node.test) if names is not None else set()
            if names is None or (not wanted) not in outcomes:
                continue
            reason = next((r for r in (_obstacle(place, name) for name in names) if r), "")
            if reason:
                yield tree.decline(self, node, reason)
                return
            yield from self._rewrite(place, node, wanted, names)
            return

    def _rewrite(self, place: Spot, node: cst.If | cst.IfExp, wanted: bool, names: list[str]) -> Iterator[Proposal]:
        tree, owner = place.tree, place.owner
        assert owner is not None
        test = tree.code(node.test)
        outcome = _outcome(place, node.test, wanted)
        known = _already(tree, owner, outcome)
        flag = known or member_name(tree, place.facts, place.known_class, f"_case_{names[0].strip('_')}", words(tree))
        constant = ([], []) if known else asked(place, {flag: outcome})
        if isinstance(constant, str):
            yield tree.decline(self, node, constant)
            return
        told = f"{place.self_name}.{flag}"
        text = (
            f"{_joined(tree, node.test)} and (not {scripting(tree)} or {told})"
            if wanted
            else (f"{_joined(tree, node.test)} or ({scripting(tree)} and {told})")
        )
        edits: list[Edit] = [tree.replace(node.test, text), *constant[0]]
        needs = [Need(f"self.{name} is assigned by no compiled code", "source") for name in names]
        imports = (*constant[1], *tree.imports.spell("torch.jit.is_scripting")[1], *tree.imports.spell("torch.Tensor")[1])
        why = "the compiler leaves a branch out only where a bool constant rules it out; eager code goes by the test alone"
        yield tree.rewrite(self, node, f"tell the compiler beforehand whether {test}", edits, imports=imports, needs=needs, why=why)


def _candidates(place: Spot) -> Iterator[tuple[cst.If | cst.IfExp, bool]]:
    """The branches the place lies in; then, where the message is about what branches leave behind, those before and beside it."""
    if "if-expression's true branch has type" in place.focus.message:
        for mixed in place.nodes():
            if isinstance(mixed, cst.IfExp):
                yield mixed, True
                yield mixed, False
    yield from place.around()
    if any(stem in place.focus.message for stem in _LEFT_BEHIND):
        beside = [node for node, _ in place.around()]
        for node in (*beside, *reversed(list(place.earlier()))):
            yield node, True
            yield node, False


def _held(place: Spot, test: cst.BaseExpression) -> list[str] | None:
    """The attributes a test compares with literals, or None for a test of anything else."""
    if isinstance(test, cst.BooleanOperation):
        left, right = _held(place, test.left), _held(place, test.right)
        return None if left is None or right is None else list(dict.fromkeys((*left, *right)))
    if isinstance(test, cst.UnaryOperation) and isinstance(test.operator, cst.Not):
        return _held(place, test.expression)
    if isinstance(test, cst.Comparison) and len(test.comparisons) == 1:
        target = test.comparisons[0]
        name = place.self_attribute(test.left)
        fits = type(target.operator) in _OPERATORS and _literal(target.comparator) is not None
        return [name] if name and fits else None
    name = place.self_attribute(test)
    return [name] if name and name != "training" else None


def _literal(node: cst.BaseExpression) -> list[Any] | None:
    """A literal's value in a list, or None for what is none."""
    if isinstance(node, cst.SimpleString):
        return [node.evaluated_value]
    if isinstance(node, cst.Integer | cst.Float):
        return [node.evaluated_value]
    if (
        isinstance(node, cst.UnaryOperation)
        and isinstance(node.operator, cst.Minus)
        and isinstance(node.expression, cst.Integer | cst.Float)
    ):
        return [-node.expression.evaluated_value]
    if isinstance(node, cst.Name) and node.value in ("True", "False"):
        return [node.value == "True"]
    if isinstance(node, cst.List | cst.Tuple):
        parts = [_literal(element.value) for element in node.elements]
        return [[part[0] for part in parts if part is not None]] if None not in parts else None
    return None


def _outcomes(place: Spot, test: cst.BaseExpression) -> set[bool]:
    """The outcomes of a test over the instances seen, where each attribute alone tells."""
    if isinstance(test, cst.UnaryOperation):
        return {not outcome for outcome in _outcomes(place, test.expression)}
    if isinstance(test, cst.BooleanOperation):
        join = any if isinstance(test.operator, cst.Or) else all
        return {join((a, b)) for a in _outcomes(place, test.left) for b in _outcomes(place, test.right)}
    name = place.self_attribute(test.left if isinstance(test, cst.Comparison) else test)
    attribute = place.attribute(name)
    if attribute is None or attribute.origin != "live" or not attribute.values or attribute.missing:
        return set()
    try:
        if not isinstance(test, cst.Comparison):
            return {bool(value) for value in attribute.values}
        compare, literal = _OPERATORS[type(test.comparisons[0].operator)], _literal(test.comparisons[0].comparator)
        return {bool(compare(value, literal[0])) for value in attribute.values} if literal is not None else set()
    except TypeError:
        return set()


def _obstacle(place: Spot, name: str) -> str:
    """Why the outcome may be another one while the model runs, or ``""``."""
    attribute, known, tree = place.attribute(name), place.known_class, place.tree
    if attribute is None or not attribute.kinds <= {Kind.VALUE, Kind.NONE} or (attribute.varies and len(attribute.values) < 2):
        return f"self.{name} holds no plain value that stays as it is"
    others = family(place.facts, known) if known is not None else ()
    if attribute.changed or any(name in c.attributes and c.path != tree.path for c in others):
        return f"self.{name} is set by code elsewhere too, which may be compiled"
    for node in tree.find(cst.Attribute):
        if node.attr.value == name and stored_attribute(tree, node) and place.facts.reached(tree.path, scope := tree.scope(node)):
            return f"self.{name} is assigned in {scope}, which is compiled, so the outcome may not last"
    return ""


def _outcome(place: Spot, test: cst.BaseExpression, most: bool) -> str:
    """The test as a bool: True unless it is certainly false (``most``), or False unless it is certainly true.

    A Tensor may change after the compiler has read it, and a value of another kind than the literal's may not compare.
    """
    tree = place.tree
    if isinstance(test, cst.UnaryOperation):
        return f"not {_bracketed(place, test.expression, not most)}"
    if isinstance(test, cst.BooleanOperation):
        word = "and" if isinstance(test.operator, cst.And) else "or"
        return f"{_bracketed(place, test.left, most)} {word} {_bracketed(place, test.right, most)}"
    if not isinstance(test, cst.Comparison):
        tensor, text = tree.imports.spell("torch.Tensor")[0], tree.code(test)
        return f"isinstance({text}, {tensor}) or bool({text})" if most else f"not isinstance({text}, {tensor}) and bool({text})"
    target, code = test.comparisons[0], one_line(tree, test, source(tree, test))
    inside = isinstance(target.operator, cst.In | cst.NotIn) and isinstance(target.comparator, cst.SimpleString)
    kinds = "(int, float)" if isinstance(target.operator, _ORDERS) else "str" if inside else ""
    held = f"isinstance({tree.code(test.left)}, {kinds})"
    return code if not kinds else f"not {held} or {code}" if most else f"{held} and {code}"


def _bracketed(place: Spot, test: cst.BaseExpression, most: bool) -> str:
    text = _outcome(place, test, most)
    return text if isinstance(test, cst.Comparison) and text == source(place.tree, test) else f"({text})"


def _already(tree: Tree, owner: cst.ClassDef, outcome: str) -> str:
    """The property that tells this outcome already, or ``""``."""
    for function in owner.body.body:
        if isinstance(function, cst.FunctionDef) and function.name.value.startswith("_") and "_case_" in function.name.value:
            returned = next((node.value for node in own_nodes(function.body) if isinstance(node, cst.Return)), None)
            if returned is not None and source(tree, returned) == outcome:
                return function.name.value
    return ""


def _joined(tree: Tree, test: cst.BaseExpression) -> str:
    return tree.operand(test) if isinstance(test, cst.BooleanOperation | cst.IfExp | cst.Lambda | cst.NamedExpr) else tree.code(test)
