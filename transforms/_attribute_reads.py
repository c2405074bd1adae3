"""Reads of an attribute that do not show as ``self.name`` in compiled code, and yet are answered by what compiled code has set."""

from __future__ import annotations

import libcst as cst

from scriptify.transforms._spot import Spot
from scriptify.tree import Tree
from scriptify.tree.hoist import eager_only

_IGNORED = ("torch.jit.ignore", "torch.jit._drop")
_BY_NAME = frozenset({"getattr", "hasattr", "attrgetter", "__getattr__", "__getattribute__", "get_buffer", "get_parameter"})
_ALL = frozenset({"builtins.vars", "builtins.dir"})
_REGISTERED = frozenset({"register_buffer", "register_parameter"})


def read_elsewhere(place: Spot, name: str) -> str:
    """How an attribute of that name is read where no ``self.name`` of compiled code shows it, as a clause; ``""`` where it is not."""
    tree = place.tree
    if any(_registers(tree, call, name) for call in tree.find(cst.Call)):
        return "is a registered buffer or parameter, which state_dict() reads"
    for qualname, function in tree.functions():
        ignored = _ignored(tree, function)
        if not ignored and not place.facts.reached(tree.path, qualname) and not _inside_reached(place, function):
            continue
        if any(_by_name(tree, call, name) and not eager_only(tree, call) for call in tree.find(cst.Call, function.body)):
            return "is read by its name"
        for node in tree.find(cst.Attribute, function.body):
            if node.attr.value == "__dict__" and not eager_only(tree, node):
                return "is read through __dict__"
            if node.attr.value == name and ignored:
                return "is read in a method that scripted code calls in Python"
            if node.attr.value == name and _closed(tree, node, function):
                return "is read in a function inside another"
    return ""


def _registers(tree: Tree, call: cst.Call, name: str) -> bool:
    """Whether a call registers the attribute as a buffer or parameter that is saved."""
    if not isinstance(call.func, cst.Attribute) or call.func.attr.value not in _REGISTERED:
        return False
    kept = {arg.keyword.value: arg.value for arg in call.args if arg.keyword is not None}
    persistent = kept.get("persistent", call.args[2].value if len(call.args) > 2 and call.args[2].keyword is None else None)
    if isinstance(persistent, cst.Name) and persistent.value == "False":
        return False
    given = kept.get("name", call.args[0].value if call.args and call.args[0].keyword is None else None)
    return isinstance(given, cst.SimpleString) and given.evaluated_value == name


def _ignored(tree: Tree, function: cst.FunctionDef) -> bool:
    """Whether scripted code runs a function as Python does, on the scripted module."""
    for decorator in function.decorators:
        node = decorator.decorator
        if tree.dotted(node.func if isinstance(node, cst.Call) else node) in _IGNORED:
            return True
    return False


def _inside_reached(place: Spot, function: cst.FunctionDef) -> bool:
    """Whether a function stands in one that is compiled."""
    tree = place.tree
    above = [a for a in tree.ancestors(function) if isinstance(a, cst.FunctionDef)]
    return any(place.facts.reached(tree.path, tree.qualname(outer)) for outer in above)


def _by_name(tree: Tree, call: cst.Call, name: str) -> bool:
    """Whether a call reads an attribute by that name, by one that is not written there, or all of them."""
    func = call.func
    if tree.dotted(func) in _ALL:
        return True
    last = func.attr.value if isinstance(func, cst.Attribute) else func.value if isinstance(func, cst.Name) else ""
    if last not in _BY_NAME:
        return False
    if last in ("getattr", "hasattr") and call.args and tree.dotted(call.args[0].value):
        return False  # of a library or class
    method = isinstance(func, cst.Attribute) and last not in ("attrgetter", "getattr", "hasattr")
    given = call.args if method or last == "attrgetter" else call.args[1:2]
    texts = [arg.value.evaluated_value if isinstance(arg.value, cst.SimpleString) else None for arg in given]
    return not texts or any(not isinstance(text, str) or name in text.split(".") for text in texts)


def _closed(tree: Tree, node: cst.Attribute, function: cst.FunctionDef) -> bool:
    """Whether a node of a function stands in a lambda or function inside it."""
    inner = next((a for a in tree.ancestors(node) if isinstance(a, cst.FunctionDef | cst.Lambda | cst.ClassDef)), None)
    return inner is not function and not eager_only(tree, node)
