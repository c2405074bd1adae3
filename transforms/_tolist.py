"""What ``tolist()`` of a tensor gives, as far as the source shows its dtype and dimensions, or a run what is done with it."""

from __future__ import annotations

import libcst as cst

from scriptify.facts.model import TypeFact
from scriptify.facts.types import Type
from scriptify.transforms._expression import BOOL, FLOAT, INT, Body, keywords, method
from scriptify.transforms._number import literal_int

_CASTS = {"long": INT, "int": INT, "short": INT, "float": FLOAT, "double": FLOAT, "bool": BOOL}
_KEEPING = frozenset({"cpu", "detach", "clone", "contiguous", "cuda", "abs", "flip"})
_WHOLE = frozenset({"sum", "mean", "max", "min", "prod", "argmax", "argmin"})
_DEPTH = 12


def listed_type(body: Body, call: cst.Call) -> Type | None:
    """The type of a ``tolist()`` call's value, or None."""
    assert isinstance(call.func, cst.Attribute)
    kind, dimensions = _kind(body, call.func.value), _dimensions(body, call.func.value)
    if kind is not None and dimensions is not None:
        found = kind
        for _ in range(dimensions):
            found = Type("List", (found,))
        return found
    return _by_use(body, call)


def _by_use(body: Body, call: cst.Call) -> Type | None:
    """What a run has shown of a loop's items or of what the function returns."""
    above = body.tree.parent(call)
    if isinstance(above, cst.For) and above.iter is call and isinstance(above.target, cst.Name):
        item = body.facts.local(body.tree.path, body.qualname, above.target.value)
        return Type("List", (item.type,)) if isinstance(item, TypeFact) and _of_numbers(item.type) else None
    if isinstance(above, cst.Return):
        given = body.facts.returns(body.tree.path, body.qualname)
        return given.type if isinstance(given, TypeFact) and _of_numbers(given.type) else None
    return None


def _of_numbers(type_: Type) -> bool:
    """Whether a type is a number's or that of lists of them."""
    while type_.name == "List":
        type_ = type_.args[0]
    return type_ in (INT, FLOAT, BOOL)


def _kind(body: Body, node: cst.BaseExpression, depth: int = _DEPTH) -> Type | None:
    """The type of a tensor's elements in Python."""
    if depth <= 0:
        return None
    if isinstance(node, cst.Comparison):
        return BOOL
    if isinstance(node, cst.Subscript):
        return _kind(body, node.value, depth - 1)
    if not isinstance(node, cst.Call):
        return None
    built = _built(body, node)
    if built is not None:
        return built[0]
    split = method(node)
    if split is None or body.dotted(node.func):
        return None
    value, name = split
    if name in _CASTS and not node.args:
        return _CASTS[name]
    if name in ("argmax", "argmin", "nonzero"):
        return INT
    shaped = name in ("flatten", "view", "reshape", "squeeze") and not any(body.dotted(arg.value) for arg in node.args)
    return _kind(body, value, depth - 1) if name in _KEEPING or shaped else None


def _dimensions(body: Body, node: cst.BaseExpression, depth: int = _DEPTH) -> int | None:
    """How many dimensions a tensor has."""
    if depth <= 0 or not isinstance(node, cst.Call):
        return None
    built = _built(body, node)
    if built is not None:
        return 1
    split = method(node)
    if split is None or body.dotted(node.func):
        return None
    value, name = split
    if name in _WHOLE and not node.args:
        return 0
    flat = name == "flatten" and not node.args
    one = name in ("view", "reshape") and len(node.args) == 1 and literal_int(node.args[0].value) == -1
    if flat or one:
        return 1
    return _dimensions(body, value, depth - 1) if name in _KEEPING or (name in _CASTS and not node.args) else None


def _built(body: Body, node: cst.Call) -> tuple[Type, int] | None:
    """A tensor of one dimension built of whole numbers or of floats."""
    dotted = body.dotted(node.func)
    given = [arg.value for arg in node.args if arg.keyword is None and not arg.star]
    if "dtype" in keywords(node) or any(arg.star for arg in node.args):
        return None
    if dotted in ("torch.arange", "torch.randperm") and given and all(body.certain.type_of(value) == INT for value in given):
        return INT, 1
    if dotted == "torch.linspace":
        return FLOAT, 1
    if dotted == "torch.tensor" and len(given) == 1 and isinstance(given[0], cst.List) and given[0].elements:
        kinds = {body.certain.type_of(element.value) for element in given[0].elements}
        return (INT, 1) if kinds == {INT} else (FLOAT, 1) if kinds == {FLOAT} else None
    return None
