"""What the ``if`` statements around a place say of an integer name there."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import libcst as cst

from scriptify.transforms._changes import Changes
from scriptify.transforms._containers import Method
from scriptify.transforms._linear import Linear


def guarded_ends(
    method: Method, name: str, node: cst.CSTNode, inside: cst.CSTNode, linear: Callable[[cst.BaseExpression], Linear]
) -> Iterator[tuple[Linear | None, Linear | None]]:
    """The smallest and largest value (or None) that each comparison around ``node``, up to ``inside``, leaves for ``name``.

    Only comparisons that still hold at the node count: nothing in the guarded block may change what they compare with.
    """
    changes, below = Changes(method), node
    for above in method.tree.ancestors(node):
        if isinstance(above, cst.If) and below is above.body:
            for left, operator, right in _comparisons(above.test):
                if not any(changes.may(side, [above.body]) for side in (left, right)):
                    yield from _ends(name, linear(left), type(operator), linear(right))
        if above is inside:
            return
        below = above


def _comparisons(test: cst.BaseExpression) -> Iterator[tuple[cst.BaseExpression, cst.BaseCompOp, cst.BaseExpression]]:
    """The comparisons of two values that must all be true for a test to be."""
    if isinstance(test, cst.BooleanOperation) and isinstance(test.operator, cst.And):
        yield from _comparisons(test.left)
        yield from _comparisons(test.right)
    elif isinstance(test, cst.Comparison):
        left = test.left
        for target in test.comparisons:
            yield left, target.operator, target.comparator
            left = target.comparator


def _ends(name: str, left: Linear, kind: type[cst.BaseCompOp], right: Linear) -> Iterator[tuple[Linear | None, Linear | None]]:
    """What ``left < right`` (or another comparison) says of a name that stands in it once."""
    less, more, equal = (cst.LessThan, cst.LessThanEqual), (cst.GreaterThan, cst.GreaterThanEqual), cst.Equal
    strict = Linear(-1) if kind in (cst.LessThan, cst.GreaterThan) else Linear()
    # each gap is known to be 0 or more
    gaps = [right.minus(left).plus(strict)] if kind in (*less, equal) else []
    gaps += [left.minus(right).plus(strict)] if kind in (*more, equal) else []
    for gap in gaps:
        count, rest = gap.terms.get(name, 0), gap.without(name)
        if count == 1:
            yield rest.times(-1), None
        elif count == -1:
            yield None, rest
