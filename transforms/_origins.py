"""Where the values of a function's names come from: whether two names may stand for one list."""

from __future__ import annotations

from collections.abc import Iterable

import libcst as cst

from scriptify.transforms._containers import Method
from scriptify.transforms._reads import chain

_ANY = "any"
_OWN = "what a method of self gives"
_ATTRIBUTE = "attribute "
_VIA = "by way of "
_FRESH = (cst.List, cst.ListComp, cst.Dict, cst.DictComp, cst.Set, cst.SetComp, cst.GeneratorExp, cst.FormattedString, cst.SimpleString)
_NUMBERS = (cst.Integer, cst.Float, cst.Comparison, cst.UnaryOperation)
_MAKERS = frozenset(f"builtins.{name}" for name in ("list", "dict", "set", "sorted", "tuple", "range", "str", "int", "float", "len"))


def same_object(method: Method, one: cst.BaseExpression, other: cst.BaseExpression, certainly: bool = False) -> bool:
    """Whether two expressions may be one object; of what is only known from outside (parameters, results) any two may be.

    An attribute of self is taken to be what the function itself, or a method of self, hands out under another name.

    ``certainly``: only where both are known to come from one place.
    """
    if (found := chain(one)) is not None and found == chain(other):
        return True
    first, second = origins(method, one), origins(method, other)
    if first & second - {_ANY, _OWN}:
        return True
    if certainly:
        return False
    if {found.removeprefix(_VIA) for found in first} & {found.removeprefix(_VIA) for found in second} - {_ANY, _OWN}:
        return True
    return (_ANY in first and _ANY in second) or (_OWN in first and _of_self(second)) or (_OWN in second and _of_self(first))


def _of_self(found: frozenset[str]) -> bool:
    return any(origin.startswith(_ATTRIBUTE) for origin in found)


def origins(method: Method, node: cst.CSTNode, seen: frozenset[str] = frozenset()) -> frozenset[str]:
    """What an expression's value may be: a thing made at one place of the function, an attribute of self, or anything."""
    tree = method.tree
    if isinstance(node, _FRESH) or (isinstance(node, cst.Call) and tree.dotted(node.func) in _MAKERS):
        return frozenset({f"made at {tree.span(node)[0]}"})
    if isinstance(node, _NUMBERS):
        return frozenset()
    if isinstance(node, cst.BinaryOperation):
        return frozenset({f"made at {tree.span(node)[0]}"})
    if isinstance(node, cst.IfExp):
        return origins(method, node.body, seen) | origins(method, node.orelse, seen)
    if isinstance(node, cst.Name):
        return _of_name(method, node.value, seen)
    found = chain(node)
    if found is not None and found[0] == method.self_name and len(found[1]) == 1:
        return _of_attribute(method, found[1][0], seen)
    named = chain(node.func) if isinstance(node, cst.Call) else None
    methods = {*method.owner.methods, *method.owner.properties} if method.owner is not None else set()
    own = named is not None and named[0] == method.self_name and len(named[1]) == 1 and named[1][0] in methods
    inner = [node.value] if isinstance(node, cst.Subscript | cst.Attribute) else []
    inner += [argument.value for argument in node.args] if isinstance(node, cst.Call) else []
    through = [origin for part in inner if chain(part) is not None for origin in origins(method, part, seen)]
    return _given(method, node) | _by_way(through) | ({_OWN} if own else set())


def _given(method: Method, node: cst.CSTNode) -> frozenset[str]:
    """What comes from elsewhere at one place: anything, but the same thing for all that holds it."""
    return frozenset({_ANY, f"given at {method.tree.span(node)[0]}"})


def _by_way(found: Iterable[str]) -> frozenset[str]:
    """What may come out of a call or a list that was given something: that, or a part of it."""
    return frozenset(_VIA + origin.removeprefix(_VIA) for origin in found if origin not in (_ANY, _OWN))


def _of_name(method: Method, name: str, seen: frozenset[str]) -> frozenset[str]:
    if name in seen:
        return frozenset()
    found: frozenset[str] = frozenset()
    bound = method.bound(name)
    for by in bound:
        assign = method.tree.parent(by)
        if isinstance(by, cst.AssignTarget) and isinstance(by.target, cst.Name) and isinstance(assign, cst.Assign):
            found |= origins(method, assign.value, seen | {name})
        elif isinstance(by, cst.AnnAssign) and by.value is not None:
            found |= origins(method, by.value, seen | {name})
        elif not isinstance(by, cst.AugAssign):
            walked = by.iter if isinstance(by, cst.For | cst.CompFor) else None
            through = origins(method, walked, seen | {name}) if walked is not None else frozenset()
            found |= {_ANY, f"{name} of the caller"} if by is method.node else _given(method, by) | _by_way(through)
    return found if bound else frozenset({_ANY})


def _of_attribute(method: Method, name: str, seen: frozenset[str]) -> frozenset[str]:
    """An attribute of self, and what the function itself has put there."""
    found = frozenset({f"{_ATTRIBUTE}{name}"})
    key = f"{method.self_name}.{name}"
    if key in seen:
        return found
    for assign in method.tree.find(cst.Assign, method.node):
        if any(chain(target.target) == (method.self_name, (name,)) for target in assign.targets):
            found |= origins(method, assign.value, seen | {key})
    return found
