"""Whether a name or an attribute still means at one place what it meant at another: where it is bound anew."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from scriptify.tree import Tree, assigned_names

_TARGETS = (cst.AssignTarget, cst.AnnAssign, cst.AugAssign, cst.For, cst.CompFor, cst.NamedExpr, cst.Del)
_NAMED = (cst.AsName, cst.FunctionDef, cst.ClassDef, cst.NameItem, cst.MatchAs, cst.MatchStar)
_LAZY = frozenset(f"builtins.{name}" for name in ("zip", "enumerate", "map", "filter"))
_WHOLE = frozenset(f"builtins.{name}" for name in ("list", "tuple", "set", "dict", "sum", "max", "min", "sorted", "any", "all"))
_SETTERS = frozenset("add_module register_module register_buffer register_parameter __setattr__ __delattr__".split())


def is_target(tree: Tree, node: cst.CSTNode) -> bool:
    """Whether a name, an attribute or an item (``xs[0]``) is bound, added to or deleted where it stands.

    Assignments of every kind, loops, comprehensions, ``with`` and ``except``, walruses, ``del``, imports, definitions, patterns,
    and ``global`` and ``nonlocal``, which let what stands elsewhere bind it. Parameters are none: they are names of another scope.
    """
    child, above = node, tree.parent(node)
    while isinstance(above, cst.Element | cst.StarredElement | cst.Tuple | cst.List):
        child, above = above, tree.parent(above)
    if isinstance(above, _TARGETS):
        return above.target is child
    if isinstance(above, _NAMED):
        return above.name is child
    return (isinstance(above, cst.MatchMapping) and above.rest is child) or _imported(tree, node)


def _imported(tree: Tree, node: cst.CSTNode) -> bool:
    """Whether an import binds a name: the first of ``import a.b``, and ``c`` of ``from a import c``."""
    child, above = node, tree.parent(node)
    while isinstance(above, cst.Attribute) and above.value is child:
        child, above = above, tree.parent(above)
    return isinstance(node, cst.Name) and isinstance(above, cst.ImportAlias) and above.name is child and above.asname is None


def bound_in(tree: Tree, node: cst.BaseExpression, within: cst.CSTNode) -> bool:
    """Whether a name or a dotted attribute, or what it is an attribute of, is bound anew by what stands ``within`` a node.

    Attributes go by their names, on whatever object: two names may stand for one object. Nested functions count: they may be called.
    """
    root, attributes = _parts(node)
    if any(name.value == root and is_target(tree, name) for name in tree.find(cst.Name, within)):
        return True
    return any(_may_be(tree, found, node, attributes) and is_target(tree, found) for found in tree.find(cst.Attribute, within))


def steady(tree: Tree, node: cst.BaseExpression, loop: cst.CSTNode) -> bool:
    """Whether a name or a dotted attribute can be read anew at any point of ``loop`` (any node that runs) and is always the same.

    Not where ``loop`` binds it, nor where something that ``loop`` may call could: a function with ``global`` or ``nonlocal``, or
    code outside of ``__init__`` that sets an attribute of that name; nor a property, which is computed at each reading. False for
    any other expression.
    """
    root, attributes = _parts(node)
    if not root or bound_in(tree, node, loop):
        return False
    declared: list[cst.Global | cst.Nonlocal] = [*tree.find(cst.Global), *tree.find(cst.Nonlocal)]
    if any(item.name.value == root for by in declared for item in by.names):
        return False
    if not attributes:
        return True
    own = not _of_import(tree, node)
    if own and any(function.name.value in attributes and _computed(tree, function) for function in tree.find(cst.FunctionDef)):
        return False
    return not any(_set_in_use(tree, node, attributes, own))


def _set_in_use(tree: Tree, node: cst.BaseExpression, attributes: frozenset[str], own: bool) -> Iterator[bool]:
    """Whether each place that may set the attribute does so at another time than when its object is made."""
    for found in tree.find(cst.Attribute):
        if _may_be(tree, found, node, attributes) and is_target(tree, found):
            yield not _when_made(tree, found)
    for call in tree.find(cst.Call) if own else ():
        if set_by_name(tree, call, attributes):
            yield not _when_made(tree, call)


def used_within(tree: Tree, node: cst.BaseExpression, function: cst.FunctionDef) -> cst.CSTNode:
    """What runs while a lazy value (``map(f, xs)``) is gone through: a loop, or the call or display that takes all of it.

    The whole function's body where that is not known: the value may be kept.
    """
    above = tree.parent(node)
    if isinstance(above, cst.Arg):
        user = tree.parent(above)
        if not isinstance(user, cst.Call):
            return function.body
        dotted = tree.dotted(user.func) if _parts(user.func)[0] not in assigned_names(function) else ""
        if dotted in _LAZY or dotted.startswith("itertools."):
            return used_within(tree, user, function)
        joined = isinstance(user.func, cst.Attribute) and user.func.attr.value in ("join", "extend")
        return user if joined or dotted in _WHOLE or dotted.startswith("torch.") else function.body
    if isinstance(above, cst.For) and above.iter is node:
        return above
    if isinstance(above, cst.CompFor) and above.iter is node:
        whole = next(found for found in tree.ancestors(above) if not isinstance(found, cst.CompFor))
        return used_within(tree, whole, function) if isinstance(whole, cst.GeneratorExp) else whole
    if isinstance(above, cst.StarredElement):
        return tree.parent(above) or function.body
    unpacked = isinstance(above, cst.Assign) and isinstance(above.targets[0].target, cst.Tuple | cst.List)
    return node if unpacked else function.body


def set_by_name(tree: Tree, call: cst.Call, names: frozenset[str]) -> bool:
    """Whether a call is a ``setattr``, ``register_buffer`` or the like of one of the names, or of one that is not written there."""
    at = 1 if tree.dotted(call.func) in ("builtins.setattr", "builtins.delattr") else 0
    if not at and not (isinstance(call.func, cst.Attribute) and call.func.attr.value in _SETTERS):
        return False
    given = [arg.value for arg in call.args if arg.keyword is not None and arg.keyword.value == "name"]
    given += [arg.value for arg in call.args[at : at + 1] if arg.keyword is None and not arg.star]
    value = given[0] if given else None
    return not isinstance(value, cst.SimpleString) or value.evaluated_value in names


def _parts(node: cst.BaseExpression) -> tuple[str, frozenset[str]]:
    """The name at the start of a dotted attribute and the names after it; ``""`` for another expression."""
    attributes: set[str] = set()
    inner: cst.BaseExpression = node
    while isinstance(inner, cst.Attribute):
        attributes.add(inner.attr.value)
        inner = inner.value
    return (inner.value if isinstance(inner, cst.Name) else ""), frozenset(attributes)


def _may_be(tree: Tree, found: cst.Attribute, node: cst.BaseExpression, attributes: frozenset[str]) -> bool:
    """Whether an attribute may be one of those of ``node``. That of a module is set under that module's name only."""
    if found.attr.value not in attributes:
        return False
    if not _of_import(tree, node) or not _of_import(tree, found):
        return not _of_import(tree, node)
    return f"{tree.dotted(node)}.".startswith(f"{tree.dotted(found)}.")


def _of_import(tree: Tree, node: cst.BaseExpression) -> bool:
    """Whether a dotted name starts with an imported one that its function does not bind itself."""
    function = tree.enclosing(node, cst.FunctionDef)
    return tree.dotted(node) != "" and (function is None or _parts(node)[0] not in assigned_names(function))


def _when_made(tree: Tree, node: cst.CSTNode) -> bool:
    """Whether a statement runs while an object is made, or the file is read."""
    inner = next((above for above in tree.ancestors(node) if isinstance(above, cst.FunctionDef | cst.Lambda)), None)
    return inner is None or (isinstance(inner, cst.FunctionDef) and inner.name.value == "__init__")


def _computed(tree: Tree, function: cst.FunctionDef) -> bool:
    """Whether a method is a property of any kind."""
    return any(tree.code(by.decorator).rpartition(".")[2] in ("setter", "getter") or "property" in tree.code(by.decorator)
               for by in function.decorators)  # fmt: skip
