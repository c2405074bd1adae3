"""Proofs about indices: how large a range is against a list, and between which ends an index lies."""

from __future__ import annotations

from collections.abc import Iterable

import libcst as cst

from scriptify.facts.model import Attribute
from scriptify.transform import Need
from scriptify.transforms._containers import Container, Method, builtin_call
from scriptify.transforms._counts import Counts
from scriptify.transforms._guards import guarded_ends
from scriptify.transforms._linear import Linear, atom, never_negative, turns

Proof = tuple[Need, ...]
Ends = tuple[Linear | None, Linear | None]


class Bounds:
    """Integer expressions of one method and what is known of them."""

    def __init__(self, method: Method) -> None:
        self.method = method
        self.tree = method.tree
        self.counts = Counts(method.tree, method.facts, method.class_name)
        self._known: dict[str, Attribute] = {}

    def length(self, container: Container) -> Linear:
        """The length of a container, as an atom that proofs can look into."""
        if container.attribute is not None:
            self._known.setdefault(container.text, container.attribute)
        return atom(f"len({container.text})")

    def linear(self, node: cst.BaseExpression, depth: int = 0) -> Linear:
        """The expression as a linear form; what is not sums and literals becomes an atom."""
        if isinstance(node, cst.Integer):
            return Linear(node.evaluated_value)
        if isinstance(node, cst.UnaryOperation) and isinstance(node.operator, cst.Minus):
            return self.linear(node.expression, depth).times(-1)
        if isinstance(node, cst.BinaryOperation):
            left, right = self.linear(node.left, depth), self.linear(node.right, depth)
            if isinstance(node.operator, cst.Add):
                return left.plus(right)
            if isinstance(node.operator, cst.Subtract):
                return left.minus(right)
            if isinstance(node.operator, cst.Multiply) and (left.number is not None or right.number is not None):
                return left.times(right.const) if right.number is not None else right.times(left.const)
        called = builtin_call(self.tree, node)
        if called and called[0] == "len" and len(called[1]) == 1:
            container = self.method.container(called[1][0])
            if container is not None:
                return self.length(container)
        if isinstance(node, cst.Name) and depth < 4:
            value = self._constant_local(node.value)
            if value is not None:
                return self.linear(value, depth + 1)
        text = self.tree.code(node)
        return atom(f"({text})" if isinstance(node, cst.BinaryOperation | cst.IfExp | cst.BooleanOperation | cst.Comparison) else text)

    def _constant_local(self, name: str) -> cst.BaseExpression | None:
        """What a local stands for where it is assigned once, at the function's own level, from lengths and attributes."""
        by = self.method.bound(name)
        assign = self.tree.parent(by[0]) if len(by) == 1 and isinstance(by[0], cst.AssignTarget) else None
        if not isinstance(assign, cst.Assign) or len(assign.targets) != 1 or not isinstance(assign.targets[0].target, cst.Name):
            return None
        line = self.tree.parent(assign)
        if line is None or self.tree.parent(line) is not self.method.node.body:
            return None
        form = self.linear(assign.value, 4)
        steady = all(name.startswith((f"{self.method.self_name}.", f"len({self.method.self_name}.")) for name in form.terms)
        return assign.value if steady else None

    def at_most(self, small: Linear, large: Linear) -> Proof | None:
        """The facts that prove ``small <= large``, or None where nothing does."""
        gap = large.minus(small)
        if never_negative(gap):
            return ()
        built = self.expanded(gap)
        if never_negative(built):
            return self._by_constructor(gap.terms)
        return self._by_values(gap)

    def covers(self, stop: Linear, length: Linear) -> Proof | None:
        """The facts that prove that ``range(stop)`` turns at least ``length`` times, or None where nothing does."""
        plain = self.at_most(length, stop)
        if plain is not None:
            return plain
        gap = turns(self.expanded(stop)).minus(self.expanded(length))
        return self._by_constructor({*stop.terms, *length.terms}) if never_negative(gap) else None

    def _by_constructor(self, names: Iterable[str]) -> Proof:
        return tuple(Need(f"the constructor of {self.method.class_name} gives {a}", "source") for a in sorted(names))

    def equal(self, one: Linear, other: Linear) -> Proof | None:
        """The facts that prove equality."""
        if one.minus(other).number == 0:
            return ()
        below, above = self.at_most(one, other), self.at_most(other, one)
        return None if below is None or above is None else tuple(sorted({*below, *above}, key=lambda need: need.what))

    def expanded(self, form: Linear) -> Linear:
        """The form with lengths and attributes replaced by what the constructor makes of them."""
        done = Linear(form.const)
        prefix = f"{self.method.self_name}."
        for name, count in form.terms.items():
            value: Linear | None = None
            if name.startswith(f"len({prefix}") and name[len(prefix) + 4 : -1].isidentifier():
                value = self.counts.length(name[len(prefix) + 4 : -1])
                alias = self.counts.alias(name[len(prefix) + 4 : -1]) if value is None else ""
                value = atom(f"len({alias})") if alias else value
            elif name.startswith(prefix) and name[len(prefix) :].isidentifier():
                value = self.counts.value(name[len(prefix) :])
            done = done.plus(value if value is not None else atom(name.replace(prefix, "self.", 1)), count)
        return done

    def _by_values(self, gap: Linear) -> Proof | None:
        """A proof from lengths and values that are the same on every instance."""
        left = Linear(gap.const)
        needs: list[Need] = []
        for name, count in gap.terms.items():
            found = self._value(name)
            if found is None:
                return None
            value, origin = found
            left = left.plus(Linear(value), count)
            needs.append(Need(f"{name} is {value} on every instance", origin))
        return tuple(needs) if left.const >= 0 else None

    def _value(self, name: str) -> tuple[int, str] | None:
        inner = name[4:-1] if name.startswith("len(") else name
        attribute = self._known.get(inner) if inner != name else None
        prefix = f"{self.method.self_name}."
        if attribute is None and inner.startswith(prefix) and inner[len(prefix) :].isidentifier():
            found = self.method.facts.attribute(self.tree.path, self.method.class_name, inner[len(prefix) :])
            attribute = found if isinstance(found, Attribute) else None
        if attribute is None or not of_source(attribute):
            # Instances that a run never built may have another length or value: without a proof from the source, guards stay.
            return None
        if inner != name:
            return (attribute.length, attribute.origin) if attribute.length is not None else None
        value = attribute.value if attribute.constant else None
        return (value, attribute.origin) if isinstance(value, int) and not isinstance(value, bool) else None

    # what an index can be

    def span(self, node: cst.BaseExpression) -> Ends:
        """The smallest and largest value of an index expression, as far as the loops around it tell."""
        if isinstance(node, cst.BinaryOperation) and isinstance(node.operator, cst.FloorDivide | cst.Modulo):
            return self._divided(node)
        form = self.linear(node)
        low: Linear | None = form
        high: Linear | None = form
        for name, count in form.terms.items():
            ends = self._loop_ends(name, node)
            if ends is None:
                continue
            first, last = ends if count > 0 else (ends[1], ends[0])
            low = low.minus(atom(name).times(count)).plus(first, count) if low is not None and first is not None else None
            high = high.minus(atom(name).times(count)).plus(last, count) if high is not None and last is not None else None
        return self._open(low, form, sign=True), self._open(high, form)

    def _open(self, end: Linear | None, form: Linear, sign: bool = False) -> Linear | None:
        """An end with the attributes struck out that a caller may set anew, so that nothing is proved from their value.

        An attribute that stands in the index itself (``form``) picks an element; one in a loop's header counts the
        turns, and is what the constructor makes it. Whether an end is negative (``sign``) rests on no attribute that
        the constructor sets to a number.
        """
        if end is None:
            return None
        done = Linear(end.const)
        for name, count in end.terms.items():
            struck = self._plain_number(name) and (sign or name in form.terms)
            done = done.plus(atom(f"any {name}" if struck else name), count)
        return done

    def _plain_number(self, name: str) -> bool:
        """Whether an atom is an attribute that holds a number and that the class does not declare constant."""
        inner = name.removeprefix(f"{self.method.self_name}.")
        if inner == name or not inner.isidentifier() or self.method.declared(inner):
            return False
        made = self.counts.value(inner)
        return made is None or made.number is not None

    def _divided(self, node: cst.BinaryOperation) -> Ends:
        by = self._open(self.linear(node.right), Linear(), sign=True) or Linear()
        low, high = self.span(node.left)
        if by.number is not None and by.number <= 0:
            return None, None
        if isinstance(node.operator, cst.Modulo):
            positive = by.number is not None or self.at_most(Linear(1), by) is not None or all(a.startswith("len(") for a in by.terms)
            return (Linear(), by.plus(Linear(-1))) if positive else (None, None)
        if by.number is None or low is None or self.at_most(Linear(), low) is None:
            return None, None
        if high is not None and high.number is not None:
            return Linear(), Linear(high.number // by.number)
        return Linear(), high

    def _body(self, loop: cst.For | cst.CompFor) -> cst.CSTNode:
        return loop.body if isinstance(loop, cst.For) else self.tree.parent(loop) or loop

    def _loop_ends(self, name: str, node: cst.CSTNode) -> Ends | None:
        """The ends of a loop variable, where nothing but loops binds it, and one loop around the node."""
        by = self.method.bound(name)
        loops = [loop for loop in by if isinstance(loop, cst.For | cst.CompFor)]
        around = [loop for loop in loops if self.tree.contains(self._body(loop), node)]
        if len(loops) != len(by) or len(around) != 1:
            return (Linear(), None) if self._counts_up(by) else None
        loop = around[0]
        if any(other is not loop and self.tree.contains(self._body(loop), other) for other in loops):
            return None  # bound again inside
        ends = self._header_ends(name, loop)
        for guard in guarded_ends(self.method, name, node, self._body(loop), self.linear):
            ends = self._tighter(ends or (None, None), guard)
        return ends

    def _tighter(self, ends: Ends, guard: Ends) -> Ends:
        """Of two smallest and two largest values the ones that say more, where that can be told."""
        low, high = ends
        if guard[0] is not None and (low is None or self.at_most(low, guard[0]) is not None):
            low = guard[0]
        if guard[1] is not None and (high is None or self.at_most(guard[1], high) is not None):
            high = guard[1]
        return low, high

    def _header_ends(self, name: str, loop: cst.For | cst.CompFor) -> Ends | None:
        """What the header of a loop says of its variable."""
        called = builtin_call(self.tree, loop.iter)
        if called and called[0] == "range" and isinstance(loop.target, cst.Name):
            return self._range_ends(called[1])
        if isinstance(loop.iter, cst.Tuple | cst.List) and isinstance(loop.target, cst.Name):
            values = [self.linear(e.value).number for e in loop.iter.elements]
            known = [value for value in values if value is not None]
            return (Linear(min(known)), Linear(max(known))) if known and len(known) == len(values) else None
        parts = [e.value for e in loop.target.elements] if isinstance(loop.target, cst.Tuple) else []
        if called and called[0] == "enumerate" and len(called[1]) == 1 and parts and self.tree.code(parts[0]) == name:
            walked, inner = self.method.walked(loop), called[1][0]
            if isinstance(inner, cst.Tuple | cst.List) and not any(isinstance(e, cst.StarredElement) for e in inner.elements):
                return Linear(), Linear(len(inner.elements) - 1)
            return Linear(), (self.length(walked[0][1]).plus(Linear(-1)) if walked else None)
        return None

    def _counts_up(self, by: list[cst.CSTNode]) -> bool:
        """Whether all that binds a name starts it at, or adds to it, a literal that is not negative."""
        for node in by:
            value: cst.BaseExpression | None = None
            if isinstance(node, cst.AugAssign) and isinstance(node.operator, cst.AddAssign):
                value = node.value
            elif isinstance(node, cst.AssignTarget) and isinstance(node.target, cst.Name):
                assign = self.tree.parent(node)
                value = assign.value if isinstance(assign, cst.Assign) else None
            if not isinstance(value, cst.Integer):
                return False
        return bool(by)

    def _range_ends(self, arguments: list[cst.BaseExpression]) -> Ends | None:
        ends = [self.linear(argument) for argument in arguments]
        if len(ends) == 1:
            return Linear(), ends[0].plus(Linear(-1))
        step = ends[2].number if len(ends) == 3 else 1
        if len(ends) < 2 or not step:
            return None
        if step > 0:
            return ends[0], ends[1].plus(Linear(-1))
        return ends[1].plus(Linear(1)), ends[0]


def of_source(attribute: Attribute) -> bool:
    """Whether the value or length is the same for every instance there can be, not only for those a run has built."""
    if attribute.changed:
        return False
    if attribute.origin == "source":
        return True
    return attribute.constant and attribute.text == repr(attribute.value)


def lives(proof: Proof) -> bool:
    """Whether a proof rests on a live run."""
    return any(need.origin == "live" for need in proof)
