"""SF724: unary plus, which the compiler has no node for."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from scriptify.facts.model import Facts
from scriptify.transform import Declines, Edit, Fires, Focus, Ignores, Phase, Proposal, Transform
from scriptify.transforms._expression import BOOL, FLOAT, INT, TENSOR, Body, NoForm, bodies, decline, rewrite
from scriptify.tree import Tree
from scriptify.tree.flow import parameter_names

_HEAD = """import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.k = 2.5

    def forward(self, x: torch.Tensor):
"""
_ENTRY = "Net(), (torch.randn(2, 4),)"
_PLUS = "'UnaryOp' object has no attribute 'range'"


def _net(body: str, head: str = _HEAD) -> str:
    return head + "".join(f"        {line}\n" for line in body.splitlines())


class UnaryPlus(Transform):
    """``+n`` of a number -> ``n``; ``+x`` of a Tensor -> ``torch.positive(x)``, which is the Tensor itself as well.

    The compiler's front end takes ``-`` and ``~`` but no ``+``, and ends with an AttributeError of its own that names no
    place. ``torch.positive`` is what the operator calls. Where only the compiler takes a value for a Tensor, eager code
    goes on with ``operator.pos``, which is the operator for every type.
    """

    code = "SF724"
    name = "unary-plus"
    phase = Phase.SYNTAX
    explains = (_PLUS,)
    hints = ("+",)
    source = "https://docs.pytorch.org/docs/stable/generated/torch.positive.html"
    examples = (
        Fires(
            _net("n = x.size(0)\nreturn torch.clamp(x, -1, +1) * -(+n) + +self.k"),
            _net("n = x.size(0)\nreturn torch.clamp(x, -1, 1) * -(n) + self.k"),
            entry=_ENTRY,
            name="numbers",
        ),
        Fires(
            _net("y = x * 2\nz = + y\nz.add_(1)\nreturn y"),
            _net("y = x * 2\nz = torch.positive(y)\nz.add_(1)\nreturn y"),
            entry=_ENTRY,
            name="a tensor",
        ),
        Fires(
            _net("return +(x > 0).float() ** 2", _HEAD.replace("x: torch.Tensor", "x")),
            _net(
                "return (torch.positive((x > 0).float() ** 2) if torch.jit.is_scripting() else operator.pos((x > 0).float() ** 2))",
                _HEAD.replace("x: torch.Tensor", "x").replace("from torch import nn\n", "from torch import nn\nimport operator\n"),
            ),
            entry=_ENTRY,
            name="a tensor to the compiler",
        ),
        Fires(
            _net("b = x.dim() > 1\nreturn x * +b"),
            _net("b = x.dim() > 1\nreturn x * int(b)"),
            entry=_ENTRY,
            name="a bool",
        ),
        Fires(
            _net("return x * +n", _HEAD.replace("x: torch.Tensor", "x: torch.Tensor, n: int")),
            _net(
                "return x * (n if torch.jit.is_scripting() else operator.pos(n))",
                _HEAD.replace("x: torch.Tensor", "x: torch.Tensor, n: int").replace("import nn\n", "import nn\nimport operator\n"),
            ),
            entry="Net(), (torch.rand(2, 4) > 0.5, True)",
            name="an int, which a caller may give as a bool",
        ),
        Declines(_net("return x * +self.scale(x)"), because="number or a Tensor"),
        Ignores(_net("return x + 1")),
        Ignores("def f(x):\n    return +x\n", name="not compiled"),
    )

    def propose(self, tree: Tree, facts: Facts, focus: Focus | None = None) -> Iterator[Proposal]:
        """Every unary plus in compiled code."""
        for body in bodies(tree, facts):
            for node in body.find(cst.UnaryOperation):
                if not isinstance(node.operator, cst.Plus):
                    continue
                try:
                    edits = _edits(body, node)
                except NoForm as reason:
                    yield decline(self, body, node, f"the compiler has no unary plus: {reason}")
                    continue
                yield rewrite(self, body, node, "no unary plus", edits, why="the compiler's front end has no unary plus")


def _edits(body: Body, node: cst.UnaryOperation) -> list[Edit]:
    tree, operand = body.tree, node.expression
    text = tree.text[slice(*tree.outer_span(operand))]
    if any(isinstance(n.operator, cst.Plus) for n in tree.find(cst.UnaryOperation, operand)):
        raise NoForm("the one inside goes first")
    known = body.certain.type_of(operand)
    given = isinstance(operand, cst.Name) and operand.value in parameter_names(body.function)
    if known in (INT, FLOAT) and not given:
        return [tree.replace(node, _apart(tree, node, text))]
    inner = tree.code(operand)
    if known == BOOL:
        body.need("int")
    if known == BOOL and not given:
        return [tree.replace(node, _apart(tree, node, f"int({inner})"))]
    if body.proved(operand):
        return [tree.replace(node, _apart(tree, node, f"{body.spell('torch.positive')}({inner})"))]
    kind = known if known in (INT, FLOAT, BOOL) else body.type_of(operand)
    if kind not in (TENSOR, INT, FLOAT) and not (kind == BOOL and given):
        raise NoForm("whether its operand is a number or a Tensor is not known; leave it out where it is a number")
    scripted = f"{body.spell('torch.positive')}({inner})" if kind == TENSOR else f"int({inner})" if kind == BOOL else text
    test, eager = body.spell("torch.jit.is_scripting"), body.spell("operator.pos")
    return [
        tree.replace(
            node, f"({scripted} if {test}() else {eager}({inner}))" if not node.lpar else f"{scripted} if {test}() else {eager}({inner})"
        )
    ]


def _apart(tree: Tree, node: cst.UnaryOperation, text: str) -> str:
    """The text, kept apart from a keyword that stands right before the operator."""
    start = tree.span(node)[0]
    before = tree.text[start - 1 : start]
    return f" {text}" if before.isalnum() or before == "_" else text
