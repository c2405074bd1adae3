"""SF612: a test whose later part only holds where a flag of the instance says so."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from scriptify.facts.model import Attribute, Facts, Kind, Observed
from scriptify.transform import Declines, Fires, Focus, Ignores, Need, Phase, Proposal, Transform
from scriptify.transforms._constants import constants_edits
from scriptify.transforms._spot import Spot, spot
from scriptify.tree import Tree

_HEAD = """import torch
from torch import nn


class Net(nn.Module):
{first}    def __init__(self, use=False):
        super().__init__()
        self.use = use
        self.norm = nn.LayerNorm(4) if use else None

    def forward(self, x):
        {test}
            x = x * 2
        return x
"""
_SEEN = Observed(attributes={"Net": {"use": Attribute("use", frozenset({Kind.VALUE}), values=(False,), origin="live")}})
_MESSAGE = "'NoneType' object has no attribute or method 'training'"
_PURE = (
    cst.Name,
    cst.Attribute,
    cst.Integer,
    cst.Float,
    cst.SimpleString,
    cst.Comparison,
    cst.ComparisonTarget,
    cst.BinaryOperation,
    cst.BooleanOperation,
    cst.UnaryOperation,
    cst.Subscript,
    cst.SubscriptElement,
    cst.Index,
)


def _net(test: str, first: str = "") -> str:
    return _HEAD.format(test=test, first=first)


class FlagFirst(Transform):
    """``if n > 1 and self.use and self.norm.training:`` -> the test, and False where ``self.use`` is a constant that says so.

    The compiler takes a constant that is False for the outcome of a whole test only in a conditional expression. Eager code
    reads the test as before; scripted code on an instance where the flag is False reads none of it.
    """

    code = "SF612"
    name = "flag-first"
    phase = Phase.CONTROL
    explains = ("'NoneType' object has no attribute or method", "has no attribute '", "Unsupported value kind")
    hints = (" and ",)
    on_demand = True
    source = "https://docs.pytorch.org/docs/stable/jit_language_reference.html#module-attributes"
    examples = (
        Fires(
            _net("if x.dim > 1 and self.use and not self.norm.training:".replace("x.dim", "x.ndim")),
            _net(
                "if (x.ndim > 1 and self.use and not self.norm.training) if not torch.jit.is_scripting() or self.use else False:",
                '    __constants__ = ["use"]\n\n',
            ),
            entry="Net(), (torch.rand(2, 4),)",
            observed=_SEEN,
            focus=_MESSAGE,
            at="self.norm.training",
        ),
        Fires(
            _net("x = x + 1 if x.ndim > 1 and self.use and not self.norm.training else x\n        if x.ndim > 1:"),
            _net(
                "x = x + 1 if ((x.ndim > 1 and self.use and not self.norm.training) "
                "if not torch.jit.is_scripting() or self.use else False) else x\n        if x.ndim > 1:",
                '    __constants__ = ["use"]\n\n',
            ),
            entry="Net(), (torch.rand(2, 4),)",
            observed=_SEEN,
            focus=_MESSAGE,
            at="self.norm.training",
            name="the test of a conditional expression",
        ),
        Declines(
            _net("if x.sum() > 1 and self.use and not self.norm.training:"),
            because="may do something",
            observed=_SEEN,
            focus=_MESSAGE,
            at="self.norm.training",
        ),
        Ignores(_net("if x.ndim > 1 and not self.norm.training:"), observed=_SEEN, focus=_MESSAGE, at="self.norm.training", name="no flag"),
    )

    def propose(self, tree: Tree, facts: Facts, focus: Focus | None = None) -> Iterator[Proposal]:
        """Yield one rewrite for a test that holds the place behind a flag."""
        place = spot(tree, facts, focus)
        owner = place.owner if place is not None else None
        if place is None or owner is None or not place.self_name:
            return
        for node in place.nodes() or _on_the_line(place):
            chain = _chain(tree, node)
            before = [operand for operand in _operands(chain) if tree.span(operand)[1] <= tree.span(node)[0]] if chain else []
            flags = [n for n, operand in enumerate(before) if n and _flag(place, operand)]
            if chain is None or not flags:
                continue
            name = place.self_attribute(before[flags[0]])
            if not all(_pure(operand) for operand in before[: flags[0]]):
                yield tree.decline(self, chain, f"what comes before self.{name} in the test may do something, so it stays first")
                return
            edits = constants_edits(tree, facts, owner, [name])
            if isinstance(edits, str):
                yield tree.decline(self, owner, edits)
                return
            spelt, imports = tree.imports.spell("torch.jit.is_scripting")
            asked = f"if not {spelt}() or {place.self_name}.{name} else False"
            text = f"({tree.code(chain)}) {asked}"
            edits = [*edits, tree.replace(chain, f"({text})" if isinstance(tree.parent(chain), cst.IfExp) else text)]
            needs = [Need(f"self.{name} is a bool on every instance seen", "live" if facts.live else "source")]
            why = "a constant in the middle of a test does not keep the compiler from the rest of it"
            yield tree.rewrite(self, chain, f"scripting asks self.{name} first", edits, imports=imports, needs=needs, why=why)
            return


def _on_the_line(place: Spot) -> list[cst.BaseExpression]:
    """Without the text that the compiler underlined: any attribute on its line may be meant."""
    found: list[cst.BaseExpression] = [*place.tree.find(cst.Attribute, place.function.body)]
    return [node for node in found if place.tree.line(node) == place.focus.line][::-1]


def _chain(tree: Tree, node: cst.CSTNode) -> cst.BooleanOperation | None:
    """The ``and`` that is the whole test of a branch, and that the node is an operand of, or a part of one."""
    below = node
    for above in tree.ancestors(node):
        if isinstance(above, cst.If | cst.IfExp):
            whole = below is above.test and isinstance(below, cst.BooleanOperation) and isinstance(below.operator, cst.And)
            return below if whole and isinstance(below, cst.BooleanOperation) and not below.lpar else None
        if not isinstance(above, cst.BaseExpression | cst.Arg | cst.ComparisonTarget) or isinstance(above, cst.Lambda):
            return None
        below = above
    return None


def _operands(node: cst.BaseExpression | None) -> list[cst.BaseExpression]:
    if isinstance(node, cst.BooleanOperation) and isinstance(node.operator, cst.And):
        return [*_operands(node.left), *_operands(node.right)]
    return [node] if node is not None else []


def _flag(place: Spot, operand: cst.BaseExpression) -> bool:
    """Whether an operand is a bool of the instance that is False on some, and never changes."""
    name = place.self_attribute(operand)
    held = place.attribute(name) if name and name != "training" else None
    if held is None or held.kinds != {Kind.VALUE} or not held.values or not all(type(value) is bool for value in held.values):
        return False
    return False in held.values and not (held.varies and len(held.values) < 2)


def _pure(operand: cst.BaseExpression) -> bool:
    """Whether leaving an operand out can't be told from reading it, but for an error it may raise."""
    if isinstance(operand, cst.Call):
        plain = isinstance(operand.func, cst.Name) and operand.func.value == "len"
        return plain and all(_pure(arg.value) for arg in operand.args)
    if not isinstance(operand, _PURE):
        return False
    children = [child for child in operand.children if isinstance(child, cst.BaseExpression | cst.ComparisonTarget | cst.SubscriptElement)]
    return all(_pure_part(child) for child in children)


def _pure_part(node: cst.CSTNode) -> bool:
    if isinstance(node, cst.BaseExpression):
        return _pure(node)
    return all(_pure_part(child) for child in node.children if isinstance(child, cst.BaseExpression | cst.Index | cst.ComparisonTarget))
