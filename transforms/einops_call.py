"""SF731: einops patterns as the reshapes and permutations they stand for."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib.util import find_spec

import libcst as cst

from scriptify.facts.model import Facts
from scriptify.transform import Declines, Edit, Fires, Focus, Ignores, Phase, Proposal, Transform
from scriptify.transforms._expression import Body, NoForm, bodies, decline, keywords, rewrite
from scriptify.tree import Tree
from scriptify.tree.hoist import CannotHoist, site
from scriptify.tree.substitute import FreshNames, calm, stable

_HEAD = """import torch
from einops import rearrange, reduce, repeat
from torch import nn


class Net(nn.Module):
    def forward(self, x):
"""
# einops is no dependency: where it is missing the examples are checked as text only
_ENTRY = "Net(), (torch.randn(2, 4, 6),)" if find_spec("einops") else ""
_NAMES = frozenset({"rearrange", "reduce", "repeat"})
_REDUCTIONS = {"mean": "mean", "sum": "sum", "max": "amax", "min": "amin", "prod": ""}
_TOKEN = re.compile(r"\(|\)|[A-Za-z_]\w*|1|\S")


class EinopsCall(Transform):
    """``rearrange(x, 'b n (h d) -> b h n d', h=4)`` -> the same as reshape and permute, for scripting only.

    einops' functions take any keywords, which the compiler refuses. A literal pattern says which
    reshape, permutation and reshape it is; eager code keeps the call and its checks.
    """

    code = "SF731"
    name = "einops-call"
    phase = Phase.VALUES
    hints = ("einops",)
    explains = ("Compiled functions can't take variable number of arguments", "einops")
    source = "https://docs.pytorch.org/docs/stable/generated/torch.permute.html"
    examples = (
        Fires(
            name="merged",
            before=_HEAD + "        return rearrange(x, 'b c n -> b (n c)')\n",
            after=_HEAD
            + "        return x.permute(0, 2, 1).reshape(x.shape[0], x.shape[2] * x.shape[1])"
            + " if torch.jit.is_scripting() else rearrange(x, 'b c n -> b (n c)')\n",
            entry=_ENTRY,
        ),
        Fires(
            name="split",
            before=_HEAD + "        return rearrange(x, 'b n (h d) -> b h n d', h=2) * 2\n",
            after=_HEAD
            + "        return (x.reshape(x.shape[0], x.shape[1], 2, x.shape[2] // 2).permute(0, 2, 1, 3)"
            + " if torch.jit.is_scripting() else rearrange(x, 'b n (h d) -> b h n d', h=2)) * 2\n",
            entry=_ENTRY,
        ),
        Fires(
            name="repeated",
            before=_HEAD + "        return repeat(x, 'b c n -> b (c r) n k', r=2, k=3)\n",
            after=_HEAD
            + "        return x.unsqueeze(2).unsqueeze(4).expand(x.shape[0], x.shape[1], 2, x.shape[2], 3)"
            + ".reshape(x.shape[0], x.shape[1] * 2, x.shape[2], 3)"
            + " if torch.jit.is_scripting() else repeat(x, 'b c n -> b (c r) n k', r=2, k=3)\n",
            entry=_ENTRY,
        ),
        Fires(
            name="reduced",
            before=_HEAD + "        return reduce(x, 'b c n -> b n', 'mean')\n",
            after=_HEAD + "        return x.mean([1]) if torch.jit.is_scripting() else reduce(x, 'b c n -> b n', 'mean')\n",
            entry=_ENTRY,
        ),
        Fires(
            name="of a computed value",
            before=_HEAD + "        return rearrange(x * 2, 'b c n -> b n c')\n",
            after=_HEAD
            + "        value = x * 2\n"
            + "        return value.permute(0, 2, 1) if torch.jit.is_scripting() else rearrange(value, 'b c n -> b n c')\n",
            entry=_ENTRY,
        ),
        Fires(
            name="an axis of one",
            before=_HEAD + "        return rearrange(x, 'b c n -> b () c n') + rearrange(x, 'b c n -> b 1 c n')\n",
            after=_HEAD
            + "        return (x.reshape(x.shape[0], 1, x.shape[1], x.shape[2])"
            + " if torch.jit.is_scripting() else rearrange(x, 'b c n -> b () c n'))"
            + " + (x.reshape(x.shape[0], 1, x.shape[1], x.shape[2])"
            + " if torch.jit.is_scripting() else rearrange(x, 'b c n -> b 1 c n'))\n",
            entry=_ENTRY,
        ),
        Declines(name="an ellipsis", code=_HEAD + "        return rearrange(x, 'b ... -> ... b')\n", because="pattern"),
        Declines(
            name="a computed pattern", code=_HEAD + "        p = 'b c n -> b n c'\n        return rearrange(x, p)\n", because="literal"
        ),
        Ignores(name="not compiled", code="from einops import rearrange\n\n\ndef f(x):\n    return rearrange(x, 'a b -> b a')\n"),
        Ignores(name="another function", code=_HEAD + "        return x.repeat(1, 2, 1)\n"),
    )

    def propose(self, tree: Tree, facts: Facts, focus: Focus | None = None) -> Iterator[Proposal]:
        """Every call of rearrange, reduce and repeat in compiled code."""
        for body in bodies(tree, facts):
            for call in body.find(cst.Call):
                dotted = body.dotted(call.func)
                name = dotted.rpartition(".")[2]
                if not dotted.startswith("einops.") or name not in _NAMES:
                    continue
                try:
                    edits = _edits(body, call, name)
                except (NoForm, CannotHoist) as reason:
                    yield decline(self, body, call, f"scripting can't call einops.{name}, and {reason}")
                else:
                    yield rewrite(self, body, call, f"einops.{name} as torch's own operations for scripting", edits)


def _edits(body: Body, call: cst.Call, name: str) -> list[Edit]:
    tree = body.tree
    values = [arg.value for arg in call.args if arg.keyword is None and not arg.star]
    if len(values) != (3 if name == "reduce" else 2) or any(arg.star for arg in call.args):
        raise NoForm("its arguments are not a tensor and a pattern")
    if not isinstance(values[1], cst.SimpleString) or not isinstance(values[1].evaluated_value, str):
        raise NoForm("its pattern is not a literal")
    given: dict[str, str] = {}
    for key, arg in keywords(call).items():
        if not calm(tree, arg.value):
            raise NoForm(f"the size {key} is computed")
        given[key] = tree.operand(arg.value)
    plan = _Plan(*_parse(values[1].evaluated_value), given)
    reduction = _reduction(values[2]) if name == "reduce" else ""
    if stable(values[0]):
        return body.guarded(call, plan.text(tree.operand(values[0]), name, reduction))
    names = FreshNames(tree, body.function)
    local = names.fresh("value")
    test = body.spell("torch.jit.is_scripting")
    start, end = tree.span(call)
    first, last = tree.outer_span(values[0])
    kept = tree.text[start:first] + local + tree.text[last:end]
    text = f"{plan.text(local, name, reduction)} if {test}() else {kept}"
    inner = tree.text[first:last]
    line = f"{local} = {inner if chr(10) not in inner else f'({inner})'}"
    return site(tree, call).edits([line], text if body.alone(call) and "\n" not in text else f"({text})", names)


def _reduction(node: cst.BaseExpression) -> str:
    method = _REDUCTIONS.get(str(node.evaluated_value), "") if isinstance(node, cst.SimpleString) else ""
    if not method:
        raise NoForm("its reduction is not a literal that torch has for several axes")
    return method


Groups = list[list[str]]


def _parse(pattern: str) -> tuple[Groups, Groups]:
    """The axes of both sides, each position a list: one axis, a product of several, or none for an axis of one."""
    left, arrow, right = pattern.partition("->")
    if not arrow:
        raise NoForm("its pattern has no arrow")
    return _side(left), _side(right)


def _side(text: str) -> Groups:
    groups: Groups = []
    inside: list[str] | None = None
    for token in _TOKEN.findall(text):
        if token == "(" and inside is None:
            inside = []
        elif token == ")" and inside is not None:
            groups.append(inside)
            inside = None
        elif token == "1":
            groups.append([]) if inside is None else None
        elif token.isidentifier() and token != "_":
            groups.append([token]) if inside is None else inside.append(token)
        else:
            raise NoForm("its pattern has parts other than plain axes")
    names = [name for group in groups for name in group]
    if inside is not None or len(set(names)) < len(names):
        raise NoForm("its pattern has parts other than plain axes")
    return groups


@dataclass
class _Plan:
    """A pattern as a chain of operations."""

    left: Groups
    right: Groups
    given: dict[str, str]
    sizes: dict[str, str] = field(default_factory=dict)

    def text(self, on: str, kind: str, reduction: str) -> str:
        """The chain for a tensor of that name. Raises NoForm."""
        before = [name for group in self.left for name in group]
        after = [name for group in self.right for name in group]
        new, gone = [n for n in after if n not in before], [n for n in before if n not in after]
        if (new and kind != "repeat") or (gone and kind != "reduce"):
            raise NoForm("its pattern does not fit the function")
        self._measure(on, new)
        text = on
        if any(len(group) != 1 for group in self.left):
            text += f".reshape({', '.join(self.sizes[name] for name in before)})"
        if gone:
            text += f".{reduction}([{', '.join(str(before.index(name)) for name in gone)}])"
            before = [name for name in before if name in after]
        kept = [name for name in after if name in before]
        if kept != before:
            text += f".permute({', '.join(str(before.index(name)) for name in kept)})"
        if new:
            text += "".join(f".unsqueeze({after.index(name)})" for name in new)
            text += f".expand({', '.join(self.sizes[name] for name in after)})"
        if any(len(group) != 1 for group in self.right):
            text += f".reshape({', '.join(self._product(group) for group in self.right)})"
        return text

    def _product(self, group: list[str]) -> str:
        if len(group) == 1:
            return self.sizes[group[0]]
        return " * ".join(f"({s})" if " // " in s else s for s in (self.sizes[name] for name in group)) or "1"

    def _measure(self, on: str, new: list[str]) -> None:
        """Work out each axis' size as text."""
        for position, group in enumerate(self.left):
            whole = f"{on}.shape[{position}]"
            unknown = [name for name in group if name not in self.given]
            if len(unknown) > 1 and len(group) > 1:
                raise NoForm("the sizes of a product of axes are not given")
            known = [self.given[name] for name in group if name in self.given]
            for name in group:
                if name in self.given:
                    self.sizes[name] = self.given[name]
                elif known:
                    self.sizes[name] = f"{whole} // {known[0] if len(known) == 1 else '(' + ' * '.join(known) + ')'}"
                else:
                    self.sizes[name] = whole
        for name in new:
            if name not in self.given:
                raise NoForm(f"the size of the new axis {name} is not given")
            self.sizes[name] = self.given[name]
