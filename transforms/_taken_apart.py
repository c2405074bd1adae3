"""Whether a tuple is taken apart where it is made: what becomes of its items alone does not show whether it was a tuple or a list."""

from __future__ import annotations

import libcst as cst

from scriptify.transforms._expression import INT, Body
from scriptify.tree import stores_in

_JOINED = frozenset(f"torch.{name}" for name in ("stack", "cat", "concat", "hstack", "vstack"))


def taken_apart(body: Body, node: cst.BaseExpression) -> bool:
    """Whether a value, or the one name it is given, is only unpacked, indexed with numbers, looped over, counted or joined to a tensor."""
    tree, above = body.tree, body.tree.parent(node)
    if isinstance(above, cst.For | cst.CompFor):
        return above.iter is node
    if isinstance(above, cst.Subscript):
        return above.value is node and _one_item(body, above)
    if isinstance(above, cst.Arg):
        return _walked(body, node, above)
    if not isinstance(above, cst.Assign) or len(above.targets) != 1:
        return False
    target = above.targets[0].target
    if isinstance(target, cst.Tuple | cst.List):
        return not any(isinstance(element, cst.StarredElement) for element in target.elements)
    if not isinstance(target, cst.Name) or len(stores_in(body.function.body, target.value)) != 1:
        return False
    uses = [name for name in tree.find(cst.Name, body.function.body) if name.value == target.value and name is not target]
    return all(_other(body, use) or taken_apart(body, use) for use in uses)


def _one_item(body: Body, node: cst.Subscript) -> bool:
    index = node.slice[0].slice
    stored = isinstance(body.tree.parent(node), cst.AssignTarget | cst.AugAssign | cst.Del)
    return not stored and len(node.slice) == 1 and isinstance(index, cst.Index) and body.certain.type_of(index.value) == INT


def _walked(body: Body, node: cst.BaseExpression, arg: cst.Arg) -> bool:
    caller = body.tree.parent(arg)
    if not isinstance(caller, cst.Call) or arg.star or arg.keyword is not None:
        return False
    dotted = body.dotted(caller.func)
    if dotted in _JOINED:
        return caller.args[0] is arg
    if dotted in ("builtins.enumerate", "builtins.zip"):
        above = body.tree.parent(caller)
        return isinstance(above, cst.For | cst.CompFor) and above.iter is caller
    return dotted == "builtins.len"


def _other(body: Body, use: cst.Name) -> bool:
    """Whether a name only spells an attribute or a keyword here."""
    above = body.tree.parent(use)
    return (isinstance(above, cst.Attribute) and above.attr is use) or (isinstance(above, cst.Arg) and above.keyword is use)
