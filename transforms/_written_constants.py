"""Constants that can be written out where they are read: literals of the file that nothing in it gives another value."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

import libcst as cst

from scriptify.transforms._kept import is_target, set_by_name
from scriptify.tree import Tree
from scriptify.tree.flow import bindings, scope_names
from scriptify.tree.hoist import eager_only
from scriptify.tree.substitute import COMPREHENSIONS, variables

_ENOUGH = 32
_QUERIES = frozenset({"index", "count", "get", "items", "keys", "values", "copy"})
_NESTED = (cst.List, cst.Dict)
_SCOPES = (cst.FunctionDef, cst.Lambda, *COMPREHENSIONS)
# builtins and methods whose result goes through the elements themselves
_LAZY = frozenset({"builtins.enumerate", "builtins.zip", "builtins.reversed"})
_SETTING = frozenset({"builtins.setattr", "builtins.delattr", "builtins.vars", "builtins.globals"})


def of_module(tree: Tree, name: str) -> str:
    """The source of a list or dict of constants that nothing in the file changes, or ``""``."""
    bound = [by for found, by in bindings(tree.module) if found.value == name]
    declared: list[cst.Global | cst.Nonlocal] = [*tree.find(cst.Global), *tree.find(cst.Nonlocal)]
    if len(bound) != 1 or any(item.name.value == name for by in declared for item in by.names):
        return ""
    value = _value(tree, bound[0], name)
    if value is None or not constant(value) or any(tree.dotted(call.func) == "builtins.globals" for call in tree.find(cst.Call)):
        return ""
    uses = [found for found in variables(tree.module) if found.value == name and not _hidden(tree, found)]
    nested = _nested(value)
    if not all(left_alone(tree, use, nested) for use in uses if tree.parent(use) not in (bound[0],)):
        return ""
    return text(tree, value)


def of_class(tree: Tree, node: cst.BaseExpression, type_: str) -> str:
    """The literal that ``Class.name`` stands for, where the class body of this file gives it once and nothing changes it."""
    if not isinstance(node, cst.Attribute) or not isinstance(node.value, cst.Name):
        return ""
    owner, name = tree.class_(node.value.value), node.attr.value
    if owner is None or not isinstance(tree.parent(owner), cst.Module) or not _plain_class(tree, owner):
        return ""
    bound = [by for found, by in bindings(owner.body) if found.value == name]
    value = _value(tree, bound[0], name) if len(bound) == 1 else None
    line = tree.parent(tree.parent(value) or owner) if value is not None else None
    if value is None or line is None or tree.parent(line) is not owner.body or not constant(value):
        return ""
    written = text(tree, value)
    # An Enum or a field makes something else of it.
    if type(ast.literal_eval(written)).__name__ != type_:
        return ""
    changed = any(_sets(tree, call, owner, name) for call in tree.find(cst.Call))
    uses = [found for found in tree.find(cst.Attribute) if found.attr.value == name]
    mutable, nested = isinstance(value, _NESTED), _nested(value)
    for use in uses:
        changed = changed or is_target(tree, use) or (mutable and not left_alone(tree, use, nested))
    return "" if changed else written


def constant(node: cst.BaseExpression | None) -> bool:
    """Whether an expression is a literal: numbers and texts, and lists, tuples and dicts of them, not many."""
    if isinstance(node, cst.List | cst.Tuple):
        return 0 < len(node.elements) <= _ENOUGH and all(isinstance(e, cst.Element) and constant(e.value) for e in node.elements)
    if isinstance(node, cst.Dict):
        return 0 < len(node.elements) <= _ENOUGH and all(
            isinstance(e, cst.DictElement) and constant(e.key) and constant(e.value) for e in node.elements
        )
    if isinstance(node, cst.UnaryOperation) and isinstance(node.operator, cst.Minus):
        return isinstance(node.expression, cst.Integer | cst.Float)
    if isinstance(node, cst.SimpleString):
        return "\n" not in node.value and "\r" not in node.value
    return isinstance(node, cst.Integer | cst.Float) or (isinstance(node, cst.Name) and node.value in ("True", "False"))


def text(tree: Tree, node: cst.BaseExpression) -> str:
    """A constant on one line, without the comments in it; what the texts in it say stays as it is."""
    if isinstance(node, cst.Dict):
        pairs = [f"{text(tree, e.key)}: {text(tree, e.value)}" for e in node.elements if isinstance(e, cst.DictElement)]
        return f"{{{', '.join(pairs)}}}"
    if isinstance(node, cst.List | cst.Tuple):
        items = ", ".join(text(tree, element.value) for element in node.elements)
        return f"[{items}]" if isinstance(node, cst.List) else f"({items},)" if len(node.elements) == 1 else f"({items})"
    return "".join(tree.code(node).split()) if isinstance(node, cst.UnaryOperation) else tree.code(node)


def _value(tree: Tree, by: cst.CSTNode, name: str) -> cst.BaseExpression | None:
    """The value that a binding gives to one name alone."""
    assign = tree.parent(by) if isinstance(by, cst.AssignTarget) else by
    if isinstance(assign, cst.Assign):
        target = assign.targets[0].target if len(assign.targets) == 1 else None
    else:
        target = assign.target if isinstance(assign, cst.AnnAssign) else None
    if not isinstance(assign, cst.Assign | cst.AnnAssign) or not isinstance(target, cst.Name) or target.value != name:
        return None
    return assign.value


def _nested(value: cst.BaseExpression) -> bool:
    """Whether a list or dict holds others, which may be changed by themselves."""
    if isinstance(value, cst.Dict):
        parts = [element.value for element in value.elements]
    else:
        parts = [element.value for element in value.elements] if isinstance(value, cst.List | cst.Tuple) else []
    return any(isinstance(part, _NESTED) or _nested(part) for part in parts)


def _hidden(tree: Tree, name: cst.Name) -> bool:
    """Whether a function or comprehension around a name has a meaning of its own for it."""
    return any(isinstance(above, _SCOPES) and name.value in scope_names(above) for above in tree.ancestors(name))


def _plain_class(tree: Tree, owner: cst.ClassDef) -> bool:
    """Whether the name of a class stands for what its body says."""
    decorators = [d.decorator.func if isinstance(d.decorator, cst.Call) else d.decorator for d in owner.decorators]
    if owner.keywords or any(tree.dotted(node) != "dataclasses.dataclass" for node in decorators):
        return False
    return sum(name.value == owner.name.value for name, _ in bindings(tree.module)) == 1


def _sets(tree: Tree, call: cst.Call, owner: cst.ClassDef, name: str) -> bool:
    """Whether a call may set that attribute of the class: ``setattr(Config, key, value)``, not one of another class's ``self``."""
    if tree.dotted(call.func) not in _SETTING or not call.args:
        return False
    first, method = call.args[0].value, tree.enclosing(call, cst.FunctionDef)
    own = method.params.params[0].name.value if method is not None and method.params.params else ""
    if isinstance(first, cst.Name) and first.value == own and tree.enclosing(call, cst.ClassDef) not in (None, owner):
        return False
    return tree.dotted(call.func) == "builtins.vars" or set_by_name(tree, call, frozenset({name}))


def left_alone(tree: Tree, node: cst.BaseExpression, nested: bool = False) -> bool:
    """Whether what is done with a list or dict where it is named leaves it as it is, and gives it no other name."""
    child, above = _taken(tree, node)
    if isinstance(above, cst.Subscript) and above.value is child:
        return not is_target(tree, above) and (not nested or left_alone(tree, above, nested))
    if isinstance(above, cst.Attribute):
        call = tree.parent(above)
        asked = isinstance(call, cst.Call) and call.func is above and above.attr.value in _QUERIES
        return asked and (not nested or (isinstance(call, cst.Call) and left_alone(tree, call, nested)))
    if isinstance(above, cst.For | cst.CompFor):
        return above.iter is child and (not nested or all(left_alone(tree, use, nested) for use in _elements(tree, above)))
    if isinstance(above, cst.Arg):
        call = tree.parent(above)
        return isinstance(call, cst.Call) and _only_reads(tree, call, nested)
    if isinstance(above, cst.If | cst.While | cst.IfExp | cst.Assert):
        return above.test is child
    number = isinstance(above, cst.ComparisonTarget | cst.Comparison | cst.FormattedStringExpression | cst.Expr | cst.UnaryOperation)
    return number or (isinstance(above, cst.BinaryOperation) and not nested)


def _taken(tree: Tree, node: cst.CSTNode) -> tuple[cst.CSTNode, cst.CSTNode | None]:
    """An expression, or the choice for eager code that it stands in, and what takes it."""
    above = tree.parent(node)
    while isinstance(above, cst.IfExp) and above.orelse is node and eager_only(tree, node):
        node, above = above, tree.parent(above)
    return node, above


def _only_reads(tree: Tree, call: cst.Call, nested: bool) -> bool:
    """Whether a call only looks at the list or dict that it is given."""
    dotted = tree.dotted(call.func)
    if dotted.startswith("torch."):
        return not dotted.endswith("_")
    if not dotted.startswith("builtins.") or dotted.count(".") > 1 or dotted in _SETTING:
        return False
    return left_alone(tree, call, nested) if nested and dotted in _LAZY else True


def _elements(tree: Tree, loop: cst.For | cst.CompFor) -> Iterator[cst.Name]:
    """The uses of the names that a loop gives to the elements, in the function or comprehension it stands in."""
    names = {name.value for name in variables(loop.target)}
    within = next((above for above in tree.ancestors(loop) if isinstance(above, (*_SCOPES, cst.Module))), tree.module)
    targets: Iterable[cst.Name] = variables(loop.target)
    yield from (name for name in variables(within) if name.value in names and not any(name is target for target in targets))
