"""SF614: a ternary that is an int on one side and a float or a Tensor on the other."""

from __future__ import annotations

import re
from collections.abc import Iterator

import libcst as cst

from scriptify.facts.model import Facts
from scriptify.transform import Declines, Edit, Fires, Focus, Ignores, Phase, Proposal, Transform
from scriptify.transforms._expression import BOOL, TENSOR, Body, NoForm, bodies, decline, near, rewrite
from scriptify.transforms._kept import steady
from scriptify.tree import Tree, stores_in
from scriptify.tree.inline import constant
from scriptify.tree.substitute import FreshNames, bound_inside, calm, free_names, one_line, source, stable, variables

_HEAD = """import torch
import torch.nn.functional as F
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.scale = 0.5

    def forward(self, x: torch.Tensor):
"""
_ENTRY = "Net(), (torch.arange(8).reshape(2, 4),)"
_SIDES = re.compile(r"if-expression's true branch has type (int|float|bool|Tensor).* but false branch has type (int|float|bool|Tensor)")
_INT_FLOAT = "if-expression's true branch has type int but false branch has type float"
_FLOAT_INT = "if-expression's true branch has type float but false branch has type int"


def _net(body: str) -> str:
    return _HEAD + "".join(f"        {line}\n" for line in body.splitlines())


class MixedNumber(Transform):
    """``k = 1 if a else 0.5`` and ``x * k`` -> ``(x * 1 if k_first else x * 0.5)``: what is done with the number moves inside.

    A value has one type to the compiler. To make the int a float would show: an int tensor times 1 keeps its dtype,
    and times 1.0 does not. What is worked out with the number has one type again, and can stand on both sides.
    """

    code = "SF614"
    name = "mixed-number"
    phase = Phase.CONTROL
    explains = ("if-expression's true branch has type",)
    hints = (" if ",)
    on_demand = True
    source = "https://docs.pytorch.org/docs/stable/jit_language_reference.html#ternary-ifs"
    examples = (
        Fires(
            _net("k = 1 if x.size(0) > 1 else 0.5\ny = x * k + k\nreturn y, k > 0.5"),
            _net("k_first = x.size(0) > 1\ny = (x * 1 + 1 if k_first else x * 0.5 + 0.5)\nreturn y, (1 > 0.5 if k_first else 0.5 > 0.5)"),
            entry=_ENTRY,
            focus=_INT_FLOAT,
            at="k = 1",
            name="under a name",
        ),
        Fires(
            _net("return x.float() + torch.clamp(x, max=self.scale if x.size(0) > 5 else 1)"),
            _net("return x.float() + (torch.clamp(x, max=self.scale) if x.size(0) > 5 else torch.clamp(x, max=1))"),
            entry=_ENTRY,
            focus=_FLOAT_INT,
            at="return",
            name="where it is used",
        ),
        Fires(
            _net("y = x * 2\nskip = y if x.size(0) > 1 else 0\nreturn x + skip"),
            _net("y = x * 2\nskip_first = x.size(0) > 1\nreturn (x + y if skip_first else x + 0)"),
            entry=_ENTRY,
            focus="if-expression's true branch has type Tensor but false branch has type int",
            at="skip =",
            name="a Tensor or a number",
        ),
        Fires(
            _net("k = 1 if x.sum() > 1 else 0.5\nx.mul_(2)\nreturn x * k + x * k"),
            _net("k_first = bool(x.sum() > 1)\nx.mul_(2)\nreturn (x * 1 if k_first else x * 0.5) + (x * 1 if k_first else x * 0.5)"),
            entry=_ENTRY,
            focus=_INT_FLOAT,
            at="k = 1",
            name="a Tensor that is asked once",
        ),
        Fires(
            _net("k = 1 if self.training and x else 0.5\nx.mul_(2)\nreturn x * k"),
            _net("k_first = bool(self.training and x)\nx.mul_(2)\nreturn (x * 1 if k_first else x * 0.5)"),
            focus=_INT_FLOAT,
            at="k = 1",
            name="one of two that is asked once",
        ),
        Fires(
            _net("k = (1 if x.size(0) >\n     1 else 0.5)\nreturn x * k"),
            _net("k_first = (x.size(0) >\n     1)\nreturn (x * 1 if k_first else x * 0.5)"),
            entry=_ENTRY,
            focus=_INT_FLOAT,
            at="k = (1",
            name="over two lines",
        ),
        Fires(
            _net("return x * (1 if (x.dim() > 1 if self.scale > 0.1 else x.dim() > 2) else 0.5)"),
            _net("return (x * 1 if (x.dim() > 1 if self.scale > 0.1 else x.dim() > 2) else x * 0.5)"),
            entry=_ENTRY,
            focus=_INT_FLOAT,
            at="return",
            name="a condition in parentheses",
        ),
        *(
            Declines(_net(code), because=because, focus=_INT_FLOAT, at=code.partition("\n")[0].strip(), name=name)
            for name, because, code in (
                ("a value that is added to", "may be set", "k = 1 if x.size(0) > 1 else self.scale\nself.scale += 1\nreturn x * k"),
                (
                    "a value that a method sets",
                    "may be set",
                    "k = 1 if x.size(0) > 1 else self.scale\nself.step()\nreturn x * k\n\ndef step(self):\n    self.scale = 3.0",
                ),
                (
                    "a value that is global",
                    "may be set",
                    "k = 1 if x.size(0) > 1 else K\nself.step()\nreturn x * k\n\ndef step(self):\n    global K\n    K = 3.0",
                ),
                ("asked after what stands before it", "another order", "return torch.add(x, self.step(x) * (1 if self.ask(x) else 0.5))"),
                ("a size that it changes", "another order", "return torch.add(x, x.size(0) * (1 if self.ask(x) else 0.5))"),
                ("a condition that binds", "binds a name", "return torch.clamp(x, max=1 if (x := x + 1).dim() else 0.5)"),
                ("a comment", "comment", "k = (1 if x.size(0) > 1  # one\n     else 0.5)\nreturn x * k"),
            )
        ),
        Declines(_net("return 1 if x.size(0) > 1 else 0.5"), because="one type", focus=_INT_FLOAT, at="return"),
        Declines(_net("k = 1 if x.size(0) > 1 else 0.5\nx *= k\nreturn x"), because="one type", focus=_INT_FLOAT, at="k = 1"),
        Ignores(_net("k = 1 if x.size(0) > 1 else 2\nreturn x * k"), focus=_INT_FLOAT, at="return"),
    )

    def propose(self, tree: Tree, facts: Facts, focus: Focus | None = None) -> Iterator[Proposal]:
        """Yield the moved number for the ternary the message is about."""
        if focus is None or not _SIDES.search(focus.message):
            return
        for body in bodies(tree, facts):
            for node in body.find(cst.IfExp):
                if not near(tree, node, focus) or not all(_plain(body, side) for side in (node.body, node.orelse)):
                    continue
                try:
                    edits = _edits(body, node)
                except NoForm as reason:
                    yield decline(self, body, node, f"a value has one type to the compiler, and this has two: {reason}")
                    continue
                yield rewrite(
                    self, body, node, "what is done with the number moves inside", edits, why="a value has one type when scripted"
                )


def _plain(body: Body, node: cst.BaseExpression) -> bool:
    """Whether a side can be written elsewhere: a literal, or a name or attribute that the function leaves alone from there on."""
    if constant(node):
        return not isinstance(node, cst.SimpleString | cst.Tuple)
    if isinstance(node, cst.Name):
        return not any(body.tree.line(by) >= body.tree.line(node) for by in stores_in(body.function.body, node.value))
    if not isinstance(node, cst.Attribute) or not isinstance(node.value, cst.Name) or node.value.value != "self":
        return False
    return not any(body.tree.code(target.target) == body.tree.code(node) for target in body.find(cst.AssignTarget))


def _edits(body: Body, node: cst.IfExp) -> list[Edit]:
    tree, above = body.tree, body.tree.parent(node)
    if not isinstance(above, cst.Assign):
        whole = _around(body, node)
        around = [found for found in tree.ancestors(node) if isinstance(found, cst.BaseExpression) and tree.contains(whole, found)]
        others = [part for found in around for part in _parts(body, found) if not tree.contains(part, node)]
        if bound_inside(node.test) & {name for part in others for name in free_names(part)}:
            raise NoForm("its condition binds a name that is read before; name it first")
        if not all(_quiet(part) and (calm(tree, node.test) or isinstance(part, cst.Name) or constant(part)) for part in others):
            raise NoForm("what it is used in would be computed in another order; name it first")
        return [tree.replace(whole, _both(body, whole, [node], source(tree, node.test), node))]
    target, sides = above.targets[0].target, (node.body, node.orelse)
    if len(above.targets) != 1 or not isinstance(target, cst.Name) or len(stores_in(body.function.body, target.value)) != 1:
        raise NoForm("its name is bound more than once")
    block = tree.parent(tree.parent(above) or above)
    first = FreshNames(tree, body.function).fresh(f"{target.value}_first")
    wholes: dict[cst.BaseExpression, list[cst.BaseExpression]] = {}
    for use in variables(body.function.body):
        if use.value != target.value or tree.contains(above, use):
            continue
        if block is None or not tree.contains(block, use) or tree.line(use) <= tree.line(above):
            raise NoForm("it is used where it may not be set")
        wholes.setdefault(_around(body, use), []).append(use)
    if not all(constant(side) or steady(tree, side, body.function.body if isinstance(side, cst.Attribute) else side) for side in sides):
        raise NoForm("one of its values may be set before it is used")
    if next(tree.find(cst.Comment, above), None) is not None:
        raise NoForm("a comment inside would be lost")
    plain = _answers(body, node.test)
    if not plain:
        body.need("bool")
    test = one_line(tree, node.test, source(tree, node.test)) if plain else f"bool({tree.code(node.test)})"
    edits = [tree.replace(above, f"{first} = {test}")]
    outer = [w for w in wholes if not any(other is not w and tree.contains(other, w) for other in wholes)]
    for whole in outer:
        uses = [use for other, found in wholes.items() if other is whole or tree.contains(whole, other) for use in found]
        edits.append(tree.replace(whole, _both(body, whole, uses, first, node)))
    return edits


def _answers(body: Body, test: cst.BaseExpression) -> bool:
    """Whether a condition is a bool in eager code too: a Tensor would be asked at each use, and could have changed by then."""
    if isinstance(test, cst.BooleanOperation):
        return _answers(body, test.left) and _answers(body, test.right)
    if isinstance(test, cst.UnaryOperation):
        return isinstance(test.operator, cst.Not)
    if isinstance(test, cst.Comparison):
        plain = all(isinstance(item.operator, cst.Is | cst.IsNot | cst.In | cst.NotIn) for item in test.comparisons)
        return plain or body.stated(test) == BOOL
    return isinstance(test, cst.Call) and body.dotted(test.func) in ("builtins.bool", "builtins.isinstance", "builtins.hasattr")


def _around(body: Body, node: cst.BaseExpression) -> cst.BaseExpression:
    """The nearest expression around a number whose type does not depend on the number's. Raises NoForm."""
    for above in body.tree.ancestors(node):
        if isinstance(above, cst.Comparison) and len(above.comparisons) == 1:
            return above
        if isinstance(above, cst.BinaryOperation | cst.Call) and body.type_of(above) == TENSOR:
            return above
        if isinstance(above, cst.Call) and body.dotted(above.func) in ("builtins.float", "builtins.int", "builtins.bool"):
            return above
        if not isinstance(above, cst.Arg | cst.BinaryOperation | cst.UnaryOperation | cst.ComparisonTarget):
            break
    raise NoForm("what is done with it does not have one type either; give both sides one type")


def _both(body: Body, whole: cst.BaseExpression, uses: list[cst.BaseExpression], test: str, node: cst.IfExp) -> str:
    """The text of an expression with each of the two numbers in place."""
    tree, (start, end) = body.tree, body.tree.span(whole)
    sides = []
    for side in (node.body, node.orelse):
        text, at = "", start
        for use in sorted(uses, key=lambda found: tree.span(found)[0]):
            first, last = tree.outer_span(use)
            text, at = text + tree.text[at:first] + tree.operand(side), last
        sides.append(text + tree.text[at:end])
    text = f"{sides[0]} if {test} else {sides[1]}"
    return text if whole.lpar else f"({text})"


def _parts(body: Body, whole: cst.BaseExpression) -> list[cst.BaseExpression]:
    """The operands and arguments of an expression."""
    if isinstance(whole, cst.Call):
        called = [whole.func.value] if isinstance(whole.func, cst.Attribute) and not body.dotted(whole.func) else []
        return [*called, *(arg.value for arg in whole.args)]
    if isinstance(whole, cst.BinaryOperation):
        return [whole.left, whole.right]
    return [whole.left, *(item.comparator for item in whole.comparisons)] if isinstance(whole, cst.Comparison) else []


def _quiet(part: cst.BaseExpression) -> bool:
    return stable(part) or constant(part)
