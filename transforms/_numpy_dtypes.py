"""Where NumPy's own number types show: a tensor made of a ``np.float64`` is of float64, one made of a float of the default type."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from scriptify.transforms._expression import FLOAT, INT, Body, NoForm, keywords
from scriptify.transforms._signature import declared
from scriptify.tree import stores_in
from scriptify.tree.flow import all_parameters, children, own_nodes, target_names

TENSORS = ("torch.tensor", "torch.as_tensor", "torch.asarray", "torch.from_numpy")
_PLAIN = frozenset(f"builtins.{name}" for name in ("int", "float", "bool", "str", "len"))
_KNOWN = ("torch.", "builtins.", "math.", "numpy.", "random.", "typing.")
_GROWS = frozenset({"append", "extend", "insert"})


def no_dtype_of_its_own(body: Body, call: cst.Call) -> None:
    """Follow the number that a call of NumPy gives. Raises NoForm where its type could show in a tensor made of it."""
    names = _reached(body, call)
    for made in body.find(cst.Call):
        if made is call:
            continue
        given = [arg for arg in made.args if _holds(body, arg.value, call, names)]
        if not given:
            continue
        if _makes_tensor(body, made):
            dtype = keywords(made).get("dtype")
            if dtype is None or not says_dtype(body, dtype.value):
                raise NoForm(f"{body.tree.code(made)} would have another dtype; say which")
        elif not _known(body, made):
            raise NoForm(f"what {body.tree.code(made.func)} makes of it, and of which dtype, is not known")


def says_dtype(body: Body, node: cst.BaseExpression, depth: int = 4, *, annotated: bool = True) -> bool:
    """Whether an expression is surely a dtype and not None, by what a name is bound to.

    ``annotated``: the annotation of a parameter is enough, as it is for scripted code; eager callers may give None all the same.
    """
    if isinstance(node, cst.Attribute):
        return body.dotted(node).startswith("torch.") or (node.attr.value == "dtype" and body.surely(node.value))
    if not isinstance(node, cst.Name) or depth <= 0:
        return False
    if body.dotted(node).startswith("torch."):
        return True
    parameter = next((p for p in all_parameters(body.function.params) if p.name.value == node.value), None)
    if parameter is not None and not annotated:
        return False
    if parameter is not None:
        stated = declared(body.tree, parameter.annotation.annotation) if parameter.annotation is not None else None
        given = stated is not None and stated.name == "dtype" and parameter.default is None
        return given and not stores_in(body.function.body, node.value)
    values = body.assigned(node)
    return bool(values) and all(says_dtype(body, value, depth - 1, annotated=annotated) for value in values)


def only_given(body: Body, node: cst.BaseExpression) -> bool:
    """Whether a number, or the one name it has, only goes to tensors and functions: what it is reckoned with shows its precision."""
    above = body.tree.parent(node)
    if isinstance(above, cst.BinaryOperation):
        return body.surely(above.right if above.left is node else above.left)
    if isinstance(above, cst.AugAssign):
        return above.value is node and body.surely(above.target)
    if isinstance(above, cst.Arg):
        made = body.tree.parent(above)
        if not isinstance(made, cst.Call):
            return False
        tensor = isinstance(made.func, cst.Attribute) and body.surely(made.func.value)
        return tensor or body.dotted(made.func).startswith("torch.") or body.dotted(made.func) in _PLAIN
    if not isinstance(above, cst.Assign) or len(above.targets) != 1 or not isinstance(above.targets[0].target, cst.Name):
        return False
    name = above.targets[0].target
    uses = [use for use in body.tree.find(cst.Name, body.function.body) if use.value == name.value and use is not name]
    return len(stores_in(body.function.body, name.value)) == 1 and all(only_given(body, use) for use in uses)


def _makes_tensor(body: Body, made: cst.Call) -> bool:
    func = made.func
    if isinstance(func, cst.Attribute) and func.attr.value == "new_tensor":
        return True
    if isinstance(func, cst.Name) and func.value in body.hidden:
        return any(body.dotted(value) in TENSORS for value in body.assigned(func))
    return body.dotted(func) in TENSORS


def _known(body: Body, made: cst.Call) -> bool:
    """Whether a call takes a number as a number: one of torch or Python, or a method of a tensor or list."""
    if body.dotted(made.func).startswith(_KNOWN):
        return True
    return isinstance(made.func, cst.Attribute) and (made.func.attr.value in _GROWS or body.surely(made.func.value))


def _reached(body: Body, call: cst.Call) -> set[str]:
    """The names that hold what a call gives, or what is reckoned from it."""
    names: set[str] = set()
    while True:
        found = set(names)
        for node in own_nodes(body.function.body):
            value, targets = _bound(node)
            if value is not None and _holds(body, value, call, names):
                found |= {name for target in targets for name in _names(target)}
        if found == names:
            return names
        names = found


def _bound(node: cst.CSTNode) -> tuple[cst.BaseExpression | None, list[cst.BaseExpression]]:
    """A value and the targets it goes to; a list that it is appended to is one."""
    if isinstance(node, cst.Assign):
        return node.value, [target.target for target in node.targets]
    if isinstance(node, cst.For | cst.CompFor):
        return node.iter, [node.target]
    if isinstance(node, cst.AnnAssign | cst.AugAssign | cst.NamedExpr):
        return node.value, [node.target]
    if isinstance(node, cst.Call) and isinstance(node.func, cst.Attribute) and node.func.attr.value in _GROWS and node.args:
        return node.args[-1].value, [node.func.value]
    return None, []


def _names(target: cst.BaseExpression) -> Iterator[str]:
    """The names that a target binds or changes."""
    yield from (name.value for name in target_names(target))
    for node in [target, *own_nodes(target)]:
        if isinstance(node, cst.Attribute | cst.Subscript):
            while isinstance(node, cst.Attribute | cst.Subscript):
                node = node.value
            if isinstance(node, cst.Name):
                yield node.value


def _holds(body: Body, node: cst.BaseExpression, call: cst.Call, names: set[str]) -> bool:
    """Whether a value is what the call gives, or holds it, or is reckoned from it and so of NumPy's type too."""
    if not any(inner is call or (isinstance(inner, cst.Name) and inner.value in names) for inner in [node, *own_nodes(node)]):
        return False
    stack: list[cst.CSTNode] = [node]
    while stack:
        current = stack.pop()
        if current is call or (isinstance(current, cst.Name) and current.value in names):
            return True
        if isinstance(current, cst.Call) and body.dotted(current.func) in _PLAIN:
            continue  # a number of Python's own
        if isinstance(current, cst.BaseExpression) and body.surely(current):
            continue
        below = children(current)
        if isinstance(current, cst.Attribute | cst.Arg):
            below = (current.value,)
        elif isinstance(current, cst.Comparison):
            below = ()
        elif isinstance(current, cst.IfExp):
            below = (current.body, current.orelse)
        stack.extend(below)
    return False


def asked_of(body: Body, node: cst.BaseExpression) -> bool:
    """Whether a method or attribute is asked of a number, of the one name it has, or of what is reckoned with it."""
    above = body.tree.parent(node)
    if isinstance(above, cst.Attribute):
        return True
    if isinstance(above, cst.BinaryOperation | cst.UnaryOperation | cst.IfExp):
        return body.type_of(above) in (INT, FLOAT, None) and asked_of(body, above)
    target = above.targets[0].target if isinstance(above, cst.Assign) and len(above.targets) == 1 else None
    if not isinstance(target, cst.Name):
        return False
    uses = [name for name in body.tree.find(cst.Name, body.function.body) if name.value == target.value and name is not target]
    return any(asked_of(body, use) for use in uses if isinstance(body.tree.parent(use), cst.Attribute))
