"""Whether the last dimension of a tensor is surely not 1: then it takes no empty vector, neither added nor multiplied."""

from __future__ import annotations

import libcst as cst

from scriptify.transforms._own_scope import comprehension_variable
from scriptify.tree import Tree
from scriptify.tree.flow import bindings

ELEMENTWISE = (cst.Add, cst.Subtract, cst.Multiply, cst.Divide)
# functions and methods whose result has the last dimension of what they are given
SAME_LAST = frozenset(
    """
    relu leaky_relu gelu silu elu sigmoid tanh softplus softmax log_softmax dropout hardtanh
    to float half double type type_as contiguous clone detach exp abs neg clamp
    """.split()
)
_RESIZING = frozenset({"torch.nn.functional.interpolate", "torch.nn.functional.upsample"})
_DEPTH = 8


def wide(tree: Tree, node: cst.CSTNode, depth: int = _DEPTH) -> bool:
    """Whether the source shows that the last dimension of a tensor is not 1 at this place."""
    if depth <= 0:
        return False
    if isinstance(node, cst.Name):
        value = _last_value(tree, node)
        return value is not None and wide(tree, value, depth - 1)
    if isinstance(node, cst.BinaryOperation) and isinstance(node.operator, ELEMENTWISE):
        return wide(tree, node.left, depth - 1) or wide(tree, node.right, depth - 1)
    return isinstance(node, cst.Call) and _wide_call(tree, node, depth)


def _wide_call(tree: Tree, node: cst.Call, depth: int) -> bool:
    dotted, first = tree.dotted(node.func), _first(node)
    head, _, last = dotted.rpartition(".")
    if dotted in _RESIZING:
        return _at_least(tree, _argument(node, 2, "scale_factor"), 2)
    if head in ("torch", "torch.nn.functional") and last in SAME_LAST:
        return first is not None and wide(tree, first, depth - 1)
    if not isinstance(node.func, cst.Attribute) or dotted:
        return False
    if isinstance(node.func.value, cst.Name) and node.func.value.value == "self":
        made = _made(tree, node, node.func.attr.value)
        return bool(made) and all(_wide_module(tree, call, first, depth) for call in made)
    return node.func.attr.value in SAME_LAST and wide(tree, node.func.value, depth - 1)


def _wide_module(tree: Tree, made: cst.BaseExpression, given: cst.BaseExpression | None, depth: int) -> bool:
    """Whether a module that is made so gives a wide tensor: one with so many features, or one that keeps the size it is given."""
    if not isinstance(made, cst.Call) or any(arg.star for arg in made.args):
        return False
    name = tree.dotted(made.func).removeprefix("torch.nn.")
    if name == "Linear":
        return _at_least(tree, _argument(made, 1, "out_features"), 2)
    if given is None or not wide(tree, given, depth - 1):
        return False
    if name in ("ReLU", "LeakyReLU", "GELU", "SiLU", "Sigmoid", "Tanh", "BatchNorm1d", "BatchNorm2d", "LayerNorm", "Dropout"):
        return True
    if name not in ("Conv1d", "Conv2d"):
        return False
    size, padding = _number(tree, _argument(made, 2, "kernel_size")), _number(tree, _argument(made, 4, "padding")) or 0
    step, spread = _argument(made, 3, "stride"), _argument(made, 5, "dilation")
    plain = all(part is None or _number(tree, part) == 1 for part in (step, spread))
    return plain and size is not None and size == 2 * padding + 1


def _made(tree: Tree, node: cst.CSTNode, name: str) -> list[cst.BaseExpression]:
    """What the file assigns to an attribute of that name, in this class and any other; nothing where some of it can't be seen."""
    found: list[cst.BaseExpression] = []
    owner, own = tree.enclosing(node, cst.ClassDef), False
    for target in tree.find(cst.Attribute, tree.module):
        above = tree.parent(target)
        if target.attr.value != name or not isinstance(above, cst.AssignTarget | cst.AnnAssign | cst.AugAssign | cst.Element | cst.Del):
            continue
        assign = tree.parent(above)
        if isinstance(above, cst.Element) and not isinstance(tree.parent(assign), cst.AssignTarget | cst.Del):  # type: ignore[arg-type]
            continue
        if not isinstance(above, cst.AssignTarget) or not isinstance(assign, cst.Assign):
            return []
        found.append(assign.value)
        own = own or (owner is not None and tree.contains(owner, target))
    return found if own else []


def _last_value(tree: Tree, name: cst.Name) -> cst.BaseExpression | None:
    """What a name was surely assigned last on the way to a place; None where a branch, a loop or a ``try`` may have assigned it."""
    function = tree.enclosing(name, cst.FunctionDef)
    if function is None or comprehension_variable(tree, name) is not None:
        return None
    stores = [by for bound, by in bindings(function.body) if bound.value == name.value]
    if any(isinstance(by, cst.NamedExpr | cst.Global | cst.Nonlocal) for by in stores):
        return None
    below: cst.CSTNode = name
    for above in tree.ancestors(name):
        if above is function or isinstance(above, cst.Lambda):
            return None
        if isinstance(above, cst.IndentedBlock | cst.SimpleStatementLine | cst.SimpleStatementSuite):
            for statement in reversed(above.body[: list(above.body).index(below)]):
                found = [by for by in stores if tree.contains(statement, by)]
                if found:
                    return _assigned(tree, found[0]) if len(found) == 1 and _straight(tree, found[0], statement) else None
        if isinstance(above, cst.For | cst.While | cst.Try) and any(tree.contains(above, by) for by in stores):
            return None  # by an earlier turn, or by the part that failed
        below = above
    return None


def _straight(tree: Tree, by: cst.CSTNode, statement: cst.CSTNode) -> bool:
    """Whether a binding stands on the line of a statement itself, not in a block below it."""
    assign = tree.parent(by)
    if assign is None or isinstance(by, cst.BaseStatement):
        return False
    return assign is statement or (isinstance(statement, cst.SimpleStatementLine) and tree.parent(assign) is statement)


def _assigned(tree: Tree, by: cst.CSTNode) -> cst.BaseExpression | None:
    assign = tree.parent(by)
    whole = isinstance(by, cst.AssignTarget) and isinstance(by.target, cst.Name)
    return assign.value if whole and isinstance(assign, cst.Assign) else None


def _first(node: cst.Call) -> cst.BaseExpression | None:
    arg = node.args[0] if node.args else None
    return arg.value if arg is not None and not arg.star and arg.keyword is None else None


def _argument(node: cst.Call, at: int, name: str) -> cst.BaseExpression | None:
    if any(arg.star for arg in node.args):
        return None
    by_name = next((arg.value for arg in node.args if arg.keyword is not None and arg.keyword.value == name), None)
    placed = [arg.value for arg in node.args if arg.keyword is None]
    return by_name if by_name is not None else placed[at] if at < len(placed) else None


def _at_least(tree: Tree, node: cst.BaseExpression | None, least: int) -> bool:
    value = _number(tree, node)
    return value is not None and value >= least


def _number(tree: Tree, node: cst.BaseExpression | None) -> float | None:
    decimal = isinstance(node, cst.Integer) and node.value.replace("_", "").isdecimal()
    return float(tree.code(node).replace("_", "")) if node is not None and (decimal or isinstance(node, cst.Float)) else None
