"""Items of a defaultdict or Counter as questions that a plain dict answers too."""

from __future__ import annotations

import libcst as cst

from scriptify.facts.types import Type
from scriptify.transform import Edit
from scriptify.transforms._expression import BOOL, FLOAT, INT, Body, NoForm
from scriptify.tree import Tree
from scriptify.tree.substitute import calm, source

_OPERATORS = {cst.AddAssign: "+", cst.SubtractAssign: "-", cst.MultiplyAssign: "*"}


def asked(body: Body, item: cst.Subscript, name: str, ask: str, default: str, type_: Type) -> list[Edit]:
    """The edits for one ``d[k]``."""
    tree, wanted = body.tree, key(item)
    above = tree.parent(item)
    if isinstance(above, cst.Del) or _stored(body, item) is not None:
        return []
    read = f"{name}.{ask}({source(tree, wanted)}, {default})"
    if not isinstance(above, cst.AugAssign) or above.target is not item:
        return [tree.replace(item, read)]
    if any(True for _ in tree.find(cst.Comment, above)):
        raise NoForm("a comment inside would be lost")
    if type_.args[1].name == "List" and isinstance(above.operator, cst.AddAssign):
        return [tree.replace(above, f"{read}.extend({_iterable(body, above.value)})")]
    sign = _OPERATORS.get(type(above.operator))
    if sign is None or type_.args[1] not in (INT, FLOAT) or not calm(tree, wanted):
        raise NoForm(f"{tree.code(above)[:40]} changes what it holds in place")
    value = tree.operand(above.value)
    return [tree.replace(above, f"{name}[{source(tree, wanted)}] = {read} {sign} {value}")]


def _iterable(body: Body, value: cst.BaseExpression) -> str:
    """What a list is lengthened by, as a list where it is a display of a tuple."""
    if not isinstance(value, cst.Tuple):
        return source(body.tree, value)
    if any(not isinstance(element, cst.Element) for element in value.elements):
        raise NoForm("a tuple with expanded items is added to what it holds")
    return f"[{', '.join(source(body.tree, element.value) for element in value.elements)}]"


def _stored(body: Body, item: cst.Subscript) -> cst.CSTNode | None:
    """What stores into ``d[k]``: an assignment, also one of several targets, a loop; None where it is read."""
    inner: cst.CSTNode = item
    for above in body.tree.ancestors(item):
        if isinstance(above, cst.AssignTarget | cst.AnnAssign | cst.For | cst.CompFor | cst.NamedExpr):
            return above if above.target is inner else None
        if isinstance(above, cst.AsName):
            return above
        if not isinstance(above, cst.Element | cst.StarredElement | cst.Tuple | cst.List):
            return None
        inner = above
    return None


def numbers_alone(body: Body, name: str, uses: list[cst.Name], items: list[cst.Subscript], type_: Type) -> None:
    """Raise NoForm unless the source shows that nothing but numbers comes in where ``+=`` is written out: on a Tensor it is in place."""
    tree, value = body.tree, type_.args[1]
    if value not in (INT, FLOAT) or not any(isinstance(tree.parent(item), cst.AugAssign) for item in items):
        return
    put: list[cst.BaseExpression | None] = []
    for item in items:
        above = tree.parent(item)
        by = tree.parent(above) if isinstance(above, cst.AssignTarget) else above
        if isinstance(by, cst.AugAssign) and by.target is item:
            if body.stated(by.value) not in ((INT, BOOL) if value == INT else (INT, BOOL, FLOAT)):
                raise NoForm(f"the source does not show that {tree.code(by.value)[:40]} is a number of its kind")
        elif _stored(body, item) is not None:
            put.append(by.value if isinstance(by, cst.Assign) else None)
    for use in uses:
        called = method(tree, use)
        if called is not None and called[1].value == "setdefault":
            put.append(called[0].args[-1].value if len(called[0].args) == 2 else None)
    if any(given is None or body.stated(given) != value for given in put):
        raise NoForm(f"the source does not show that all that {name} is given are numbers of its kind")


def key(item: cst.Subscript) -> cst.BaseExpression:
    """The key of ``d[k]``. Raises NoForm for slices and several."""
    part = item.slice[0].slice
    if len(item.slice) != 1 or not isinstance(part, cst.Index) or part.star:
        raise NoForm("its keys are no numbers or texts")
    return part.value


def method(tree: Tree, use: cst.Name) -> tuple[cst.Call, cst.Name] | None:
    """The method call on a name, with the method's name; or None."""
    attribute = tree.parent(use)
    if not isinstance(attribute, cst.Attribute) or attribute.value is not use:
        return None
    call = tree.parent(attribute)
    if not isinstance(call, cst.Call) or call.func is not attribute or any(arg.star or arg.keyword for arg in call.args):
        return None
    return call, attribute.attr
