"""Whether a sentinel is the same as None to every caller, eager ones that pass an empty tensor of their own included.

The test takes nothing but an empty vector, ``torch.empty(0)``, for None. A caller's own empty vector is told from None by nobody
where the function raises for it: where the name, once known not to be None, only meets tensors element by element
(``out = out + skip``) whose last dimension is surely not 1. Met by one whose last dimension is 1 it makes an empty result.
"""

from __future__ import annotations

import libcst as cst

from scriptify.transforms._last_dimension import ELEMENTWISE, SAME_LAST, wide
from scriptify.transforms._none_uses import Uses
from scriptify.transforms._signature import has_parameter, is_none
from scriptify.tree import Tree, loads, own_nodes

ADDING = (cst.AddAssign, cst.SubtractAssign, cst.MultiplyAssign, cst.DivideAssign)
# functions and methods that leave an empty vector's last dimension empty, or raise
KEEPING = SAME_LAST | {"interpolate", "upsample", "dropout2d"}
COMBINING = frozenset({"add", "sub", "mul", "add_", "sub_", "mul_"})
QUERIES = frozenset({"ndim", "dim", "dtype", "device"})


def soft(tree: Tree, uses: Uses) -> bool:
    """Whether every use of a name is of that kind."""
    if not uses.tests and not has_parameter(uses.function, uses.name):
        return True  # a local holds the sentinel only where it is handed on, and what takes it is judged by itself
    accounted: set[cst.Name] = {test.name for test in uses.tests}
    for test in uses.tests:
        if test.truth or not _soft_test(tree, uses, test.node, test.none):
            return False
    rest = [load for load in uses.others if load not in accounted]
    return all(_soft_use(tree, uses, load) for load in rest)


def _soft_test(tree: Tree, uses: Uses, node: cst.CSTNode, none: bool) -> bool:
    """A test without an ``else`` of its own: ``if p is not None: out = out + p``, or ``if p is None: p = ...``."""
    above = tree.parent(node)
    while isinstance(above, cst.BooleanOperation) and isinstance(above.operator, cst.And) and not none:
        above = tree.parent(above)
    if isinstance(above, cst.IfExp) and not none:
        return isinstance(above.orelse, cst.Name) and _combines(tree, above.body, above.orelse.value, uses.name)
    if not isinstance(above, cst.If) or above.orelse is not None or _is_elif(tree, above):
        return False
    return _fills(tree, above, uses) if none else _soft_block(tree, above.body, uses.name)


def _is_elif(tree: Tree, node: cst.If) -> bool:
    return isinstance(tree.parent(node), cst.If)


def _fills(tree: Tree, node: cst.If, uses: Uses) -> bool:
    """Whether a block only works out a value for the name, with nothing else to be seen of it, and the name is surely used after it."""
    name, block = uses.name, tree.parent(node)
    statements = [tree.statement(load) for load in uses.others]
    if not any(found is not None and tree.parent(found) is block and tree.span(found) > tree.span(node) for found in statements):
        return False
    last = node.body.body[-1]
    small = last.body[-1] if isinstance(last, cst.SimpleStatementLine) else last
    return isinstance(small, cst.Assign) and _target(small) == name and not is_none(small.value) and not loads(node.body, name)


def _soft_block(tree: Tree, body: cst.BaseSuite, name: str) -> bool:
    """Whether a block does nothing but combine the name into other tensors."""
    for statement in body.body:
        if isinstance(statement, cst.If):
            if statement.orelse is not None and not isinstance(statement.orelse, cst.Else):
                return False
            blocks = [statement.body, *([statement.orelse.body] if isinstance(statement.orelse, cst.Else) else [])]
            if not _harmless(statement.test, name) or not all(_soft_block(tree, block, name) for block in blocks):
                return False
        elif isinstance(statement, cst.SimpleStatementLine):
            if not all(_soft_small(tree, small, name) for small in statement.body):
                return False
        elif isinstance(body, cst.SimpleStatementSuite):
            if not _soft_small(tree, statement, name):
                return False
        else:
            return False
    return True


def _harmless(test: cst.CSTNode, name: str) -> bool:
    return not any(isinstance(n, cst.Call) for n in own_nodes(test)) and not isinstance(test, cst.Call) and not loads(test, name)


def _soft_small(tree: Tree, small: cst.CSTNode, name: str) -> bool:
    if isinstance(small, cst.Pass):
        return True
    if isinstance(small, cst.AugAssign):
        return isinstance(small.target, cst.Name) and isinstance(small.operator, ADDING) and _meets(tree, small.target, small.value, name)
    if isinstance(small, cst.Assign):
        target = _target(small)
        return _flows(small.value, name) if target == name else bool(target) and _combines(tree, small.value, target, name)
    return isinstance(small, cst.Expr) and _combining_call(tree, small.value, "", name)


def _target(assign: cst.Assign) -> str:
    target = assign.targets[0].target
    return target.value if len(assign.targets) == 1 and isinstance(target, cst.Name) else ""


def _flows(node: cst.BaseExpression, name: str) -> bool:
    """Whether the last dimension of an expression is empty when the name is an empty vector, or working it out raises."""
    if isinstance(node, cst.Name):
        return node.value == name
    if isinstance(node, cst.UnaryOperation) and isinstance(node.operator, cst.Minus):
        return _flows(node.expression, name)
    if isinstance(node, cst.BinaryOperation) and isinstance(node.operator, ELEMENTWISE):
        return _flows(node.left, name) or _flows(node.right, name)
    if isinstance(node, cst.Call) and isinstance(node.func, cst.Attribute) and node.func.attr.value in KEEPING:
        if _flows(node.func.value, name):
            return True
        return bool(node.args) and node.args[0].keyword is None and _flows(node.args[0].value, name)
    return False


def _combines(tree: Tree, node: cst.BaseExpression, target: str, name: str) -> bool:
    """Whether an expression is ``target`` met element by element by something that flows from the name."""
    if _combining_call(tree, node, target, name):
        return True
    if not isinstance(node, cst.BinaryOperation) or not isinstance(node.operator, ELEMENTWISE):
        return False
    leaves = list(_leaves(node))
    plain = [leaf for leaf in leaves if isinstance(leaf, cst.Name) and leaf.value == target]
    flowing = [leaf for leaf in leaves if _flows(leaf, name)]
    others = [leaf for leaf in leaves if leaf not in flowing]
    if any(isinstance(n, cst.Call | cst.NamedExpr) for leaf in others for n in (leaf, *own_nodes(leaf))):
        return False  # skipping the statement would skip a call
    return len(plain) == 1 and bool(flowing) and wide(tree, plain[0])


def _leaves(node: cst.BaseExpression) -> list[cst.BaseExpression]:
    if isinstance(node, cst.BinaryOperation) and isinstance(node.operator, ELEMENTWISE):
        return [*_leaves(node.left), *_leaves(node.right)]
    return [node]


def _combining_call(tree: Tree, node: cst.BaseExpression, target: str, name: str) -> bool:
    """``target.add(p)``, ``torch.mul(target, p)``, and for a statement of its own ``out.add_(p)``."""
    if not isinstance(node, cst.Call) or not isinstance(node.func, cst.Attribute) or node.func.attr.value not in COMBINING:
        return False
    values = [arg.value for arg in node.args if arg.keyword is None and not arg.star]
    base = node.func.value
    if len(values) == 1:
        right_base = isinstance(base, cst.Name) and (base.value == target if target else node.func.attr.value.endswith("_"))
        return right_base and _meets(tree, base, values[0], name)
    first = values[0] if values else None
    if first is None or not target or not isinstance(first, cst.Name) or first.value != target or len(values) != 2:
        return False
    return _meets(tree, first, values[1], name)


def _meets(tree: Tree, target: cst.BaseExpression, value: cst.BaseExpression, name: str) -> bool:
    """Whether a value that flows from the name meets a tensor that takes no empty vector."""
    return _flows(value, name) and wide(tree, target)


def _soft_use(tree: Tree, uses: Uses, load: cst.Name) -> bool:
    """A use outside the tests' own blocks: part of such a combination, or handed on (the callee is judged by itself)."""
    node: cst.CSTNode = load
    for above in tree.ancestors(load):
        if above is uses.function:
            return False
        if isinstance(above, cst.Attribute) and above.attr.value in QUERIES and isinstance(tree.parent(above), cst.Comparison):
            return True
        if isinstance(above, cst.Arg) and above.value is load and uses.state(load) == "":
            return True  # may be None here, so the parameter it is handed to is of the group
        if isinstance(above, cst.IfExp) and above.test is not node:
            return _soft_ternary(tree, above, uses)
        if isinstance(above, cst.BaseSmallStatement):
            return _soft_small(tree, above, uses.name)
        node = above
    return False


def _soft_ternary(tree: Tree, node: cst.IfExp, uses: Uses) -> bool:
    return isinstance(node.orelse, cst.Name) and _combines(tree, node.body, node.orelse.value, uses.name)
