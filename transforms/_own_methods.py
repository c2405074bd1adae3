"""Whether a method call may go to a class of the project, which has a method of that name with a meaning of its own."""

from __future__ import annotations

import libcst as cst

from scriptify.transforms._expression import Body
from scriptify.transforms._number import is_simple

_FOREIGN = frozenset({"Tensor", "List", "Dict", "Tuple", "Set", "str", "int", "float", "bool"})


def may_be_own(body: Body, func: cst.BaseExpression) -> bool:
    """Whether a class of the project has this method, and the source does not show that the receiver is of another type."""
    if not isinstance(func, cst.Attribute) or (is_simple(func.value) and body.tree.dotted(func).startswith("torch.")):
        return False
    if not any(func.attr.value in known.methods for known in body.facts.classes.values()):
        return False
    known = body.stated(func.value)
    return known is None or known.name not in _FOREIGN


def own_because(func: cst.BaseExpression) -> str:
    """The clause that says so."""
    name = func.attr.value if isinstance(func, cst.Attribute) else ""
    return f"a class of the project has a method {name} of its own, and the receiver is not known to be something else"
