"""Which expressions are dicts, of which types, and whether eager code surely has a plain one."""

from __future__ import annotations

import enum

import libcst as cst

from scriptify.facts.types import EMPTY, Type, join
from scriptify.transforms._expression import Body
from scriptify.tree.flow import bindings

_MADE = {"builtins.dict": "dict", "collections.OrderedDict": "ordered", "collections.defaultdict": "default"}
_UNKNOWN = Type(EMPTY)


class Plain(enum.Enum):
    """What is known of a dict's class in eager code."""

    DICT = "dict"
    SUBCLASS = "one of the standard library's that update in place like dict"
    UNKNOWN = "nothing"


PLAIN = Plain.DICT


def type_of(body: Body, node: cst.BaseExpression) -> Type | None:
    """``Dict[K, V]`` where an expression is certainly a dict (a part that is not known is ``?``); None for all else."""
    known = body.certain.type_of(node)
    if known is not None:
        return known if known.name == "Dict" else None
    if isinstance(node, cst.Dict):
        return _display(body, node)
    if isinstance(node, cst.DictComp) or (isinstance(node, cst.Call) and body.dotted(node.func) in _MADE):
        return Type("Dict", (_UNKNOWN, _UNKNOWN))
    if isinstance(node, cst.BinaryOperation) and isinstance(node.operator, cst.BitOr):
        left, right = type_of(body, node.left), type_of(body, node.right)
        return left if left is not None and right is not None else None
    if isinstance(node, cst.Name):
        values = values_of(body, node.value)
        found = [type_of(body, value) for value in values or ()]
        kept = [type_ for type_ in found if type_ is not None]
        return join(kept) if kept and len(kept) == len(found) else None
    return None


def _display(body: Body, node: cst.Dict) -> Type:
    pairs = [(body.certain.type_of(e.key), body.certain.type_of(e.value)) for e in node.elements if isinstance(e, cst.DictElement)]
    if not pairs or len(pairs) < len(node.elements):
        return Type("Dict", (_UNKNOWN, _UNKNOWN))
    keys, values = ([pair[at] for pair in pairs] for at in (0, 1))
    return Type("Dict", (_one(keys), _one(values)))


def _one(types: list[Type | None]) -> Type:
    known = [type_ for type_ in types if type_ is not None]
    return join(known) if len(known) == len(types) else _UNKNOWN


def values_of(body: Body, name: str, *, augmented: bool = True) -> list[cst.BaseExpression] | None:
    """All values that a local name is bound to, by plain assignments; None where something else binds it.

    What ``|=`` and ``+=`` make of them is left out, or counts as something else where ``augmented`` is False.
    """
    if body.facts.parameter(body.tree.path, body.qualname, name):
        return None
    found: list[cst.BaseExpression] = []
    for bound, by in bindings(body.function.body):
        if bound.value != name or (augmented and isinstance(by, cst.AugAssign)):
            continue
        assign = body.tree.parent(by) if isinstance(by, cst.AssignTarget) and isinstance(by.target, cst.Name) else by
        if not isinstance(assign, cst.Assign | cst.AnnAssign) or assign.value is None:
            return None
        if isinstance(assign.value, cst.Name) and assign.value.value == name:
            return None
        found.append(assign.value)
    return found or None


def plain(body: Body, node: cst.BaseExpression, depth: int = 4) -> Plain:
    """What class of dict the source shows an expression to be."""
    if isinstance(node, cst.Dict | cst.DictComp):
        return Plain.DICT
    if isinstance(node, cst.Call):
        made = _MADE.get(body.dotted(node.func))
        return Plain.UNKNOWN if made is None else Plain.DICT if made == "dict" else Plain.SUBCLASS
    if isinstance(node, cst.BinaryOperation) and isinstance(node.operator, cst.BitOr) and depth:
        return _worst([plain(body, node.left, depth - 1), plain(body, node.right, depth - 1)])
    if isinstance(node, cst.Name) and depth:
        values = values_of(body, node.value)
        return _worst([plain(body, value, depth - 1) for value in values]) if values else Plain.UNKNOWN
    return Plain.UNKNOWN


def _worst(found: list[Plain]) -> Plain:
    return Plain.UNKNOWN if Plain.UNKNOWN in found else Plain.SUBCLASS if Plain.SUBCLASS in found else Plain.DICT
