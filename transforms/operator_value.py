"""SF902: operators whose value scripting takes differently: ``or``, bool tensors times one, a number divided by a tensor, ``is``."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator
from typing import Any

import libcst as cst

from scriptify.facts.model import Facts
from scriptify.transform import Declines, Edit, Fires, Focus, Ignores, Phase, Proposal, Transform
from scriptify.transforms._expression import FLOAT, INT, STR, TENSOR, Body, NoForm, bodies, decline, rewrite
from scriptify.transforms._quiet_values import quiet
from scriptify.tree import Tree
from scriptify.tree.substitute import calm

_HEAD = """import torch
from torch import nn


class Net(nn.Module):
    def forward(self, x: torch.Tensor):
"""
_ENTRY = "Net(), (torch.randn(2, 4),)"
_VALUES = (INT, FLOAT, STR, TENSOR)
_OPERATORS: dict[type[cst.BaseBinaryOp], Callable[[Any, Any], Any]] = {
    cst.Add: operator.add,
    cst.Subtract: operator.sub,
    cst.Multiply: operator.mul,
    cst.FloorDivide: operator.floordiv,
    cst.BitAnd: operator.and_,
    cst.BitOr: operator.or_,
    cst.BitXor: operator.xor,
    cst.LeftShift: operator.lshift,
    cst.RightShift: operator.rshift,
}
_BOOL_CALLS = frozenset({"isnan", "isinf", "isfinite", "logical_and", "logical_or", "logical_not", "eq", "ne", "lt", "le", "gt", "ge"})


class OperatorValue(Transform):
    """``n = a or 3`` -> ``n = a if a else 3``; ``mask * 1`` -> ``mask.long() * 1``; ``5 // t``, ``mode is 'a'`` and others alike.

    To scripting ``or`` and ``and`` give a bool, a multiplication by one does nothing (a bool tensor
    stays one), a number before ``//`` or ``<<`` makes a number of the tensor behind it, ``is`` between
    strings is false, and a device equals the string of its name. None of it is an error.
    """

    code = "SF902"
    name = "operator-value"
    serves = frozenset({"script", "trace"})
    phase = Phase.VALUES
    explains = ("Cannot input a tensor of", "a Tensor with", "to a scalar", "Cannot convert", "floordiv", "lshift")
    source = "https://docs.pytorch.org/docs/stable/jit_language_reference_v2.html#logical-operators"
    examples = (
        Fires(
            name="the value of or",
            before=_HEAD + "        n = x.size(0) - 2\n        m = n or 3\n        return m, x.size(1) and 2\n",
            after=_HEAD + "        n = x.size(0) - 2\n        m = n if n else 3\n        return m, (2 if x.size(1) else x.size(1))\n",
            entry=_ENTRY,
            silent=True,
        ),
        Fires(
            name="a bool tensor times one",
            before=_HEAD + "        mask = torch.abs(x) > 0\n        n = 1\n        return mask * n, 1 * mask\n",
            after=_HEAD + "        mask = torch.abs(x) > 0\n        n = 1\n        return mask.long() * n, 1 * mask.long()\n",
            entry=_ENTRY,
            silent=True,
        ),
        Fires(
            name="a bool tensor of what only the compiler takes for a tensor",
            before=_HEAD + "        return (x < 1) + 0\n",
            after=_HEAD + "        return (x < 1).long() + 0 if torch.jit.is_scripting() else (x < 1) + 0\n",
            entry=_ENTRY,
            silent=True,
        ),
        Fires(
            name="a number divided by a tensor",
            before=_HEAD + "        t = torch.arange(1, 4)\n        return 7 // t, 1 << t\n",
            after=_HEAD
            + "        t = torch.arange(1, 4)\n"
            + "        return (torch.floor_divide(torch.zeros_like(t) + 7, t) if torch.jit.is_scripting() else 7 // t),"
            + " (torch.bitwise_left_shift(1, t) if torch.jit.is_scripting() else 1 << t)\n",
            entry=_ENTRY,
            silent=True,
        ),
        Fires(
            name="a string by identity",
            before=_HEAD.replace("Tensor)", "Tensor, mode: str)") + "        return x if mode is 'a' else x + 1\n",
            after=_HEAD.replace("Tensor)", "Tensor, mode: str)")
            + "        return x if (mode == 'a' if torch.jit.is_scripting() else mode is 'a') else x + 1\n",
        ),
        Fires(
            name="a device by name",
            before=_HEAD + "        return 2 if x.device == 'cpu' else 3\n",
            after=_HEAD + "        return 2 if (False if torch.jit.is_scripting() else x.device == 'cpu') else 3\n",
            entry=_ENTRY,
            silent=True,
        ),
        Fires(
            name="a number divided by one without dimensions",
            before=_HEAD + "        t = x.sum().to(torch.int32)\n        return 7 // (t + 1)\n",
            after=_HEAD
            + "        t = x.sum().to(torch.int32)\n"
            + "        return torch.floor_divide(torch.zeros_like(t + 1) + 7, t + 1) if torch.jit.is_scripting() else 7 // (t + 1)\n",
            entry=_ENTRY,
            silent=True,
        ),
        Declines(name="computed twice", code=_HEAD + "        n = int(x.sum()) or 3\n        return n\n", because="computed twice"),
        Ignores(
            name="a condition",
            code=_HEAD + "        if x.size(0) or x.size(1):\n            return x\n        return x * (1 if x.size(0) and True else 2)\n",
        ),
        Ignores(name="booleans", code=_HEAD + "        a = x.dim() > 1\n        b = a or x.dim() == 0\n        return b\n"),
        Ignores(name="not one", code=_HEAD + "        return (x > 0) * 2, (x > 0) * x.size(0), x * 1, (x > 0) * 1.0\n"),
        Ignores(name="plain numbers", code=_HEAD + "        return x.size(0) // 2, 5 // x.size(0), x // 2, 5 % x\n"),
    )

    def propose(self, tree: Tree, facts: Facts, focus: Focus | None = None) -> Iterator[Proposal]:
        """Every such operator in compiled code."""
        for body in bodies(tree, facts):
            found: list[cst.BaseExpression] = [
                *body.find(cst.BooleanOperation),
                *body.find(cst.BinaryOperation),
                *body.find(cst.Comparison),
            ]
            for node in found:
                try:
                    edits = _edits(body, node)
                except NoForm as reason:
                    yield decline(self, body, node, f"scripting takes {tree.code(node)!r} differently, and {reason}")
                    continue
                if edits:
                    title = f"{tree.code(node)} in a form that means the same to scripting"
                    yield rewrite(self, body, node, title, edits, why="scripting takes it differently, without an error", silent=True)


def _edits(body: Body, node: cst.BaseExpression) -> list[Edit]:
    if isinstance(node, cst.BooleanOperation):
        return _chosen(body, node)
    if isinstance(node, cst.BinaryOperation):
        return _binary(body, node)
    return _compared(body, node) if isinstance(node, cst.Comparison) and len(node.comparisons) == 1 else []


def _chosen(body: Body, node: cst.BooleanOperation) -> list[Edit]:
    left, right = body.certain.type_of(node.left), body.certain.type_of(node.right)
    if left not in _VALUES or left != right or _as_condition(body.tree, node):
        return []
    if not calm(body.tree, node.left):
        raise NoForm("its left side would be computed twice")
    first, second = body.tree.operand(node.left), body.tree.operand(node.right)
    if isinstance(node.operator, cst.Or):
        return body.instead(node, f"{first} if {first} else {second}")
    return body.instead(node, f"{second} if {first} else {first}")


def _as_condition(tree: Tree, node: cst.CSTNode) -> bool:
    """Whether only the truth of an expression counts where it stands."""
    above = tree.parent(node)
    if isinstance(above, cst.If | cst.While | cst.Assert):
        return above.test is node
    if isinstance(above, cst.IfExp):
        return above.test is node
    if isinstance(above, cst.UnaryOperation):
        return isinstance(above.operator, cst.Not)
    if isinstance(above, cst.BooleanOperation):
        return True  # the whole chain is judged at its top
    if isinstance(above, cst.Arg):
        call = tree.parent(above)
        return isinstance(call, cst.Call) and isinstance(call.func, cst.Name) and call.func.value == "bool"
    return isinstance(above, cst.CompIf)


def _binary(body: Body, node: cst.BinaryOperation) -> list[Edit]:
    kind = type(node.operator)
    if kind in (cst.Multiply, cst.Add):
        unit = 1 if kind is cst.Multiply else 0
        for tensor, number in ((node.left, node.right), (node.right, node.left)):
            if _is_bool_tensor(body, tensor) and _constant(body, number) == (int, unit):
                return body.leaning(tensor, node, [body.tree.replace_outer(tensor, f"{body.tree.operand(tensor)}.long()")])
        return []
    if kind not in (cst.FloorDivide, cst.LeftShift, cst.RightShift) or not body.surely(node.right):
        return []
    number_ = body.certain.type_of(node.left)
    if number_ not in (INT, FLOAT):
        return []
    left, right = body.tree.code(node.left), body.tree.code(node.right)
    if kind is cst.FloorDivide:
        if not quiet(body, node.right):
            raise NoForm("its right side would be computed twice")
        # A number leaves the tensor's type as it is; torch.tensor(number) would widen that of one without dimensions.
        widened = f"{body.spell('torch.zeros_like')}({right}) + {body.tree.operand(node.left)}"
        return body.guarded(node, f"{body.spell('torch.floor_divide')}({widened}, {right})")
    name = "left" if kind is cst.LeftShift else "right"
    return body.guarded(node, f"{body.spell(f'torch.bitwise_{name}_shift')}({left}, {right})")


def _is_bool_tensor(body: Body, node: cst.BaseExpression, depth: int = 4) -> bool:
    """Whether an expression is certainly a tensor of booleans."""
    if depth == 0:
        return False
    if isinstance(node, cst.Comparison):
        plain = not any(isinstance(c.operator, cst.Is | cst.IsNot | cst.In | cst.NotIn) for c in node.comparisons)
        return plain and len(node.comparisons) == 1 and (body.surely(node.left) or body.surely(node.comparisons[0].comparator))
    if isinstance(node, cst.BinaryOperation) and isinstance(node.operator, cst.BitAnd | cst.BitOr | cst.BitXor):
        return _is_bool_tensor(body, node.left, depth - 1) and _is_bool_tensor(body, node.right, depth - 1)
    if isinstance(node, cst.UnaryOperation) and isinstance(node.operator, cst.BitInvert):
        return _is_bool_tensor(body, node.expression, depth - 1)
    if isinstance(node, cst.Call) and isinstance(node.func, cst.Attribute):
        return node.func.attr.value in _BOOL_CALLS and (body.dotted(node.func).startswith("torch.") or body.surely(node.func.value))
    value = body.only_value(node)
    return value is not None and _is_bool_tensor(body, value, depth - 1)


def _constant(body: Body, node: cst.BaseExpression, depth: int = 6) -> tuple[type, Any] | None:
    """The type and value of an expression of number literals and names for them, which the compiler works out; or None."""
    if depth == 0:
        return None
    if isinstance(node, cst.Integer):
        return int, node.evaluated_value
    if isinstance(node, cst.BinaryOperation) and type(node.operator) in _OPERATORS:
        left, right = _constant(body, node.left, depth - 1), _constant(body, node.right, depth - 1)
        if left is None or right is None or not (0 <= right[1] < 64):
            return None
        try:
            value = _OPERATORS[type(node.operator)](left[1], right[1])
        except ArithmeticError:
            return None
        return type(value), value
    value_node = body.only_value(node)
    return _constant(body, value_node, depth - 1) if value_node is not None else None


def _compared(body: Body, node: cst.Comparison) -> list[Edit]:
    target = node.comparisons[0]
    left, right = node.left, target.comparator
    code = body.tree.code
    if isinstance(target.operator, cst.Is | cst.IsNot) and isinstance(right, cst.SimpleString):
        if body.certain.type_of(left) != STR:
            return []
        sign = "==" if isinstance(target.operator, cst.Is) else "!="
        return body.guarded(node, f"{code(left)} {sign} {code(right)}")
    equal = isinstance(target.operator, cst.Equal | cst.NotEqual) and isinstance(right, cst.SimpleString)
    if equal and isinstance(left, cst.Attribute) and left.attr.value == "device" and body.surely(left.value):
        return body.guarded(node, "False" if isinstance(target.operator, cst.Equal) else "True")
    return []
