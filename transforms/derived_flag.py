"""SF603: a test of what the instance holds that decides which code is compiled."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator
from typing import Any

import libcst as cst

from scriptify.facts.model import Facts, Kind
from scriptify.transform import Edit, Focus, Need, Phase, Proposal, Safety, Transform
from scriptify.transforms._before import scripting
from scriptify.transforms._constants import constants_edits
from scriptify.transforms._derived_flag_examples import EXAMPLES
from scriptify.transforms._init_end import open_end, stored_elsewhere
from scriptify.transforms._spot import Spot, spot
from scriptify.tree import Tree, own_nodes
from scriptify.tree.flow import all_parameters
from scriptify.tree.member_names import member_name, words

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
    """``if self.n > 1:`` -> ``if self.n > 1 and (not torch.jit.is_scripting() or self._case_n):`` with the outcome kept as a constant.

    A conditional expression is rewritten alike. Of what an instance holds the compiler knows beforehand only
    constants that are bools, so it compiles a branch that ``self.mode == "conv"`` rules out for good. ``__init__``
    notes the outcome in an attribute that ``__constants__`` names; scripted code asks that as well, and the dead
    branch is left out. Eager code goes by the test alone, as before. The last resort, for branches nothing else
    answers; only for attributes that nothing but the class's own ``__init__`` assigns.
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
            init = tree.function(f"{place.owner_qualname}.__init__")
            if reason or init is None or not open_end(tree, init):
                yield tree.decline(self, node, reason or f"{place.owner_qualname} has no __init__ that could note the outcome")
                return
            yield from self._rewrite(place, node, wanted, names, init)
            return

    def _rewrite(self, place: Spot, node: cst.If | cst.IfExp, wanted: bool, names: list[str], init: cst.FunctionDef) -> Iterator[Proposal]:
        tree, owner = place.tree, place.owner
        assert owner is not None
        mine = all_parameters(init.params)[0].name.value
        test = tree.code(node.test)
        noted = _noted(tree, node.test) if mine == place.self_name else None
        known = _already(tree, init, noted)
        flag = known or member_name(tree, place.facts, place.known_class, f"_case_{names[0].strip('_')}", words(tree))
        constants = [] if known else constants_edits(tree, place.facts, owner, [flag])
        if isinstance(constants, str):
            yield tree.decline(self, node, constants)
            return
        if noted is None:
            yield tree.decline(self, node, f"{test} can't be worked out in __init__ for every instance")
            return
        asked = f"{place.self_name}.{flag}"
        text = (
            f"{_joined(tree, node.test)} and (not {scripting(tree)} or {asked})"
            if wanted
            else (f"{_joined(tree, node.test)} or ({scripting(tree)} and {asked})")
        )
        note = [] if known else [tree.after(init.body.body[-1], [f"{mine}.{flag} = {noted}"])]
        edits: list[Edit] = [tree.replace(node.test, text), *note, *constants]
        needs = [Need(f"self.{name} is assigned only in __init__ of {owner.name.value}", "source") for name in names]
        imports = tree.imports.spell("torch.jit.is_scripting")[1]
        why = "the compiler leaves a branch out only where a bool constant rules it out; eager code goes by the test alone"
        yield tree.rewrite(self, node, f"note in __init__ whether {test}", edits, imports=imports, needs=needs, why=why)


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
    """Why the outcome can't be noted for good, or ``""``."""
    attribute = place.attribute(name)
    if attribute is None or not attribute.kinds <= {Kind.VALUE, Kind.NONE} or (attribute.varies and len(attribute.values) < 2):
        return f"self.{name} holds no plain value that stays as it is"
    return stored_elsewhere(place, name)


def _noted(tree: Tree, test: cst.BaseExpression) -> str | None:
    """The test as a bool that no value of the attribute makes fail; None where there is none."""
    if isinstance(test, cst.Comparison):
        if isinstance(test.comparisons[0].operator, _ORDERS):
            return f"isinstance({tree.code(test.left)}, (int, float)) and {tree.code(test)}"
        return tree.code(test)
    if isinstance(test, cst.UnaryOperation):
        return f"not {tree.operand(test.expression)}" if _noted(tree, test.expression) == tree.code(test.expression) else None
    if isinstance(test, cst.BooleanOperation):
        sides = (_noted(tree, test.left), _noted(tree, test.right))
        return f"bool({tree.code(test)})" if sides == (tree.code(test.left), tree.code(test.right)) else None
    return f"bool({tree.code(test)})"


def _already(tree: Tree, init: cst.FunctionDef, noted: str | None) -> str:
    """The attribute in which ``__init__`` notes this outcome already, or ``""``."""
    for node in own_nodes(init.body):
        if isinstance(node, cst.Assign) and noted is not None and tree.code(node.value) == noted:
            target = node.targets[0].target
            if isinstance(target, cst.Attribute) and target.attr.value.startswith("_case_"):
                return target.attr.value
    return ""


def _joined(tree: Tree, test: cst.BaseExpression) -> str:
    return tree.operand(test) if isinstance(test, cst.BooleanOperation | cst.IfExp | cst.Lambda | cst.NamedExpr) else tree.code(test)
