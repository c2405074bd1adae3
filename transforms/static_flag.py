"""SF601: a flag of the instance that decides which code is compiled."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import libcst as cst

from scriptify.facts.model import Facts, Kind
from scriptify.transform import Focus, Need, Phase, Proposal, Transform
from scriptify.transforms._constants import constants_edits
from scriptify.transforms._spot import Spot, operands, spot
from scriptify.transforms._static_flag_examples import EXAMPLES
from scriptify.tree import Tree, own_nodes


class StaticFlag(Transform):
    """``if self.use_norm: x = self.norm(x)`` with ``__constants__ = ["use_norm"]``.

    The compiler compiles both sides of an ``if``, unless it knows the outcome: a bool attribute named in
    ``__constants__`` it reads from the instance when it compiles, and leaves the dead side out. Eager code
    does not see the list. Asked for only where the compiler stopped inside such a branch or in what it calls, or at what the
    branches leave behind (a name one of them defines, two kinds of results). A flag that ``forward``
    itself sets, or ``training``, is never made constant.
    """

    code = "SF601"
    name = "static-flag"
    phase = Phase.CONTROL
    explains = ("<--- HERE", 'File "')
    hints = ("if",)
    on_demand = True
    examples = EXAMPLES
    source = "https://docs.pytorch.org/docs/stable/jit_language_reference.html#module-attributes"

    def propose(self, tree: Tree, facts: Facts, focus: Focus | None = None) -> Iterator[Proposal]:
        """Yield one rewrite that makes the flags around the place constant."""
        for place, caller in _spots(tree, facts, focus):
            if place is None or place.owner is None or not place.self_name:
                continue
            flags = list(dict.fromkeys(_enclosing_flags(place)))
            if not flags and not caller:
                flags = list(dict.fromkeys(_other_flags(place)))
            if flags:
                yield from self._constant(place, flags, facts)
                return

    def _constant(self, place: Spot, flags: list[str], facts: Facts) -> Iterator[Proposal]:
        tree, owner = place.tree, place.owner
        assert owner is not None
        good = [flag for flag in flags if not _obstacle(place, flag)]
        for flag in flags:
            reason = _obstacle(place, flag)
            if reason and not good:
                yield tree.decline(self, place.statement() or place.function, reason)
        if not good:
            return
        edits = constants_edits(tree, facts, owner, good)
        if isinstance(edits, str):
            yield tree.decline(self, owner, edits)
            return
        names = ", ".join(good)
        needs = [Need(f"self.{flag} is a bool on every instance seen", "live" if facts.live else "source") for flag in good]
        why = "the compiler leaves out branches that a constant of the instance rules out; eager code does not see __constants__"
        yield tree.rewrite(self, owner, f"make {names} constant for the compiler", edits, needs=needs, why=why)


def _spots(tree: Tree, facts: Facts, focus: Focus | None) -> Iterator[tuple[Spot | None, bool]]:
    """The place, then the calls in this file that led to it: a branch that is left out compiles no call in it."""
    yield spot(tree, facts, focus), False
    for path, line in focus.callers if focus is not None else ():
        if focus is not None and path == tree.path:
            yield spot(tree, facts, replace(focus, line=line, text="", scope="", callers=())), True


def _enclosing_flags(place: Spot) -> Iterator[str]:
    """Flags that may rule out a branch the place lies in."""
    for node, outcome in place.around():
        if _outcome(place, node.test) is not outcome:
            yield from _flags(place, node.test)


def _other_flags(place: Spot) -> Iterator[str]:
    """Flags of the branches before the place and beside it: they may return, or define what is missing."""
    for node in place.earlier():
        yield from _flags(place, node.test)
    for around, _ in place.around():
        yield from _flags(place, around.test)


def _flags(place: Spot, test: cst.BaseExpression) -> Iterator[str]:
    for operand in operands(test):
        name = place.self_attribute(operand)
        if name and _bools(place, name) is not None:
            yield name


def _bools(place: Spot, name: str) -> set[bool] | None:
    """The values of a bool attribute, or None for anything else (a bool in most instances counts)."""
    attribute = place.attribute(name)
    if name == "training" or attribute is None or attribute.kinds != {Kind.VALUE} or not attribute.values:
        return None
    return set(attribute.values) if all(type(value) is bool for value in attribute.values) else None


def _outcome(place: Spot, test: cst.BaseExpression) -> bool | None:
    """What a test comes to on every instance seen, as far as bool attributes tell."""
    if isinstance(test, cst.UnaryOperation) and isinstance(test.operator, cst.Not):
        inner = _outcome(place, test.expression)
        return None if inner is None else not inner
    if isinstance(test, cst.BooleanOperation):
        sides = (_outcome(place, test.left), _outcome(place, test.right))
        deciding = isinstance(test.operator, cst.Or)
        if deciding in sides:
            return deciding
        return None if None in sides else not deciding
    values = _bools(place, name) if (name := place.self_attribute(test)) else None
    return next(iter(values)) if values is not None and len(values) == 1 else None


def _obstacle(place: Spot, name: str) -> str:
    """Why an attribute can't be a constant, or ``""``."""
    attribute = place.attribute(name)
    known = place.known_class
    if attribute is None or known is None or (attribute.varies and len(attribute.values) < 2):
        return f"self.{name} changes while the model runs, so it is no constant"
    if name in known.constants:
        return f"self.{name} is a constant already"
    for qualname, function in place.tree.functions():
        if qualname.startswith(f"{known.qualname}.") and place.facts.reached(place.tree.path, qualname):
            for node in own_nodes(function.body):
                if isinstance(node, cst.AssignTarget | cst.AugAssign | cst.AnnAssign) and place.self_attribute(node.target) == name:
                    return f"self.{name} is assigned in {qualname}, which is compiled, so it is no constant"
    return ""
