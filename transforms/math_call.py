"""SF712: functions of ``math`` and builtins that scripting lacks, by what it has."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from scriptify.facts.model import Facts
from scriptify.transform import Declines, Edit, Fires, Focus, Ignores, Phase, Proposal, Transform
from scriptify.transforms._dicts import Plain, plain
from scriptify.transforms._expression import TENSOR, Body, NoForm, bodies, decline, only, positional, rewrite
from scriptify.transforms._math_forms import MISSING
from scriptify.transforms._number_forms import MATH, rounded
from scriptify.tree import Tree
from scriptify.tree.hoist import CannotHoist, site
from scriptify.tree.substitute import FreshNames, one_line, stable

_HEAD = """import copy
import math

import numpy as np
import torch
from torch import nn


class Net(nn.Module):
    def forward(self, x: torch.Tensor):
"""
_FLOAT = _HEAD.replace("x: torch.Tensor", "x: torch.Tensor, y: float, n: int")
_SIZES = _HEAD.replace("x: torch.Tensor", "x: torch.Tensor, sizes: list[int]")
_ENTRY = "Net(), (torch.randn(2, 4),)"


class MathCall(Transform):
    """``math.log2(n)``, ``math.prod(x.shape)``, ``torch.is_tensor(x)``, ``max(t, u)`` of tensors and others in forms that scripting has.

    Where the form gives eager code exactly what it had, it takes the call's place; where it could
    differ in the last digit, eager code keeps the call and only scripting sees the form.
    """

    code = "SF712"
    name = "math-call"
    phase = Phase.VALUES
    hints = ("math", "sym_", "round", "is_tensor", "max(", "min(", "copy", "from_numpy")
    explains = (
        *(f"built-in function {name}>" for name in ("log2", "prod", "trunc", "isclose", "from_numpy")),
        *(f"built-in function {name.partition('.')[2]}>" for name in MISSING),
        "Unknown builtin op: aten::is_tensor",
        "Unknown builtin op: aten::sym_",
        "aten::round(",
        "prim::id(",
        "copy.py",
        "prim::max",
        "prim::min",
        "has no attribute or method 'numpy'",
        "Cannot input a tensor of",
        "Expected a value of type 'Tensor' for argument 'self' but instead found type 'float'",
        "Cannot convert a Tensor",
        "The following operation failed in the TorchScript interpreter",
        "numpy",
    )
    source = "https://docs.pytorch.org/docs/stable/jit_builtin_functions.html"
    examples = (
        Fires(
            name="a logarithm",
            before=_HEAD + "        n = int(math.log2(x.size(1)))\n        return x * n\n",
            after=_HEAD
            + "        n = int((float(torch.log2(torch.tensor(float(x.size(1)), dtype=torch.float64)).item())"
            + " if x.size(1) > 0 else float(1 // 0)) if torch.jit.is_scripting() else math.log2(x.size(1)))\n        return x * n\n",
            entry=_ENTRY,
        ),
        Fires(
            name="a logarithm of what is surely more than zero",
            before=_HEAD + "        return x * math.log2(8) + math.log2(max(x.size(1), 1) + len(x.shape))\n",
            after=_HEAD
            + "        return x * (float(torch.log2(torch.tensor(float(8), dtype=torch.float64)).item())"
            + " if torch.jit.is_scripting() else math.log2(8))"
            + " + (float(torch.log2(torch.tensor(float(max(x.size(1), 1) + len(x.shape)), dtype=torch.float64)).item())"
            + " if torch.jit.is_scripting() else math.log2(max(x.size(1), 1) + len(x.shape)))\n",
            entry=_ENTRY,
        ),
        Declines(
            name="a logarithm whose argument can't be tested first",
            code=_HEAD + "        return x * math.log2(float(x.sum().item()) - 1.0)\n",
            because="not defined",
        ),
        Fires(
            name="what raises for negative and infinite numbers",
            before=_FLOAT + "        return x * math.comb(n, 2) + math.isqrt(n) + math.trunc(y) + torch.sym_sqrt(y) + math.exp2(y)\n",
            after=_FLOAT
            + "        return x * ((n * (n - 1) // 2 if n >= 0 else 1 // 0) if torch.jit.is_scripting() else math.comb(n, 2))"
            + " + ((int(math.sqrt(n)) - int(int(math.sqrt(n)) * int(math.sqrt(n)) > n) if n >= 0 else 1 // 0)"
            + " if torch.jit.is_scripting() else math.isqrt(n))"
            + " + ((math.floor(y) if y >= 0 else math.ceil(y)) if torch.jit.is_scripting() else math.trunc(y))"
            + " + ((math.sqrt(y) if not y < 0 else float(1 // 0)) if torch.jit.is_scripting() else torch.sym_sqrt(y))"
            + " + ((2.0 ** float(y) if not 1024.0 <= y < math.inf else float(1 // 0)) if torch.jit.is_scripting() else math.exp2(y))\n",
            entry="Net(), (torch.randn(2, 4), 2.5, 4)",
        ),
        Declines(
            name="a tolerance that may be negative",
            code=_FLOAT + "        return x * math.isclose(y, 1.0, abs_tol=y)\n",
            because="tolerance below zero",
        ),
        Fires(
            name="products",
            before=_HEAD
            + "        y = torch.abs(x)\n        return x * math.prod(y.shape) + math.prod([2, x.size(1) + 1]) + math.trunc(2.5)\n",
            after=_HEAD + "        y = torch.abs(x)\n        return x * y.numel() + (2 * (x.size(1) + 1)) + int(2.5)\n",
            entry=_ENTRY,
        ),
        Fires(
            name="a product of what another caller may give as floats, or as an array",
            before=_SIZES + "        return x * math.prod(sizes) * math.prod(x.shape)\n",
            after=_SIZES
            + "        return x * (int(torch.tensor(sizes).prod().item()) if torch.jit.is_scripting() else math.prod(sizes))"
            + " * (x.numel() if torch.jit.is_scripting() else math.prod(x.shape))\n",
            entry="Net(), (torch.randn(2, 4), [2, 3])",
        ),
        Fires(
            name="what is a tensor",
            before=_HEAD + "        if torch.is_tensor(x):\n            return x * 2\n        return x\n",
            after=_HEAD + "        if isinstance(x, torch.Tensor):\n            return x * 2\n        return x\n",
            entry=_ENTRY,
        ),
        Fires(
            name="digits of a literal",
            before=_HEAD + "        return x * round(1.2345, 2)\n",
            after=_HEAD + "        return x * 1.23\n",
            entry=_ENTRY,
        ),
        Fires(
            name="the greater of two tensors",
            before=_HEAD + "        return x * max(x.sum(), x.mean())\n",
            after=_HEAD
            + "        sum_result = x.sum()\n        mean_result = x.mean()\n"
            + "        return x * (mean_result if bool(mean_result > sum_result) else sum_result)\n",
            entry=_ENTRY,
        ),
        Fires(
            name="an array that becomes a tensor",
            before=_HEAD + "        return x * torch.from_numpy(np.array([1, 0.5, 2.0, 1]))\n",
            after=_HEAD
            + "        return x * (torch.tensor([1.0, 0.5, 2.0, 1.0], dtype=torch.float64)"
            + " if torch.jit.is_scripting() else torch.from_numpy(np.array([1, 0.5, 2.0, 1])))\n",
            entry=_ENTRY,
        ),
        Fires(
            name="a copy of what is annotated as a list, but may be a tuple",
            before=_SIZES + "        ns = copy.copy(sizes)\n        return x * ns[0]\n",
            after=_SIZES + "        ns = list(sizes) if torch.jit.is_scripting() else copy.copy(sizes)\n        return x * ns[0]\n",
            entry="Net(), (torch.randn(2, 4), [2, 3])",
        ),
        Fires(
            name="a copied list",
            before=_HEAD + "        xs = copy.copy([x, x])\n        return xs[0] * len(xs)\n",
            after=_HEAD + "        xs = list([x, x])\n        return xs[0] * len(xs)\n",
            entry=_ENTRY,
        ),
        Fires(
            name="a copied tensor",
            before=_HEAD + "        y = copy.deepcopy(x)\n        return y * 2\n",
            after=_HEAD
            + "        y = x.detach().clone().requires_grad_(x.requires_grad) if torch.jit.is_scripting() else copy.deepcopy(x)\n"
            + "        return y * 2\n",
            entry=_ENTRY,
        ),
        Fires(
            name="literals worked out",
            before=_HEAD + "        return x * math.comb(4, 2) + math.cbrt(8.0)\n",
            after=_HEAD
            + "        return x * (6 if torch.jit.is_scripting() else math.comb(4, 2))"
            + " + (2.0 if torch.jit.is_scripting() else math.cbrt(8.0))\n",
            entry=_ENTRY,
        ),
        Fires(
            name="whole numbers",
            before=_HEAD
            + "        n = math.isqrt(x.size(1))\n        m = math.lcm(x.size(0), 3)\n        return x.reshape(n, -1) * math.comb(m, 2)\n",
            after=_HEAD
            + "        n = int(math.sqrt(x.size(1))) - int(int(math.sqrt(x.size(1))) * int(math.sqrt(x.size(1))) > x.size(1))"
            + " if torch.jit.is_scripting() else math.isqrt(x.size(1))\n"
            + "        m = abs(x.size(0) * 3) // max(math.gcd(x.size(0), 3), 1) if torch.jit.is_scripting()"
            + " else math.lcm(x.size(0), 3)\n"
            + "        return x.reshape(n, -1) * ((m * (m - 1) // 2 if m >= 0 else 1 // 0)"
            + " if torch.jit.is_scripting() else math.comb(m, 2))\n",
            entry=_ENTRY,
        ),
        Declines(
            name="a builtin of another meaning",
            code=_HEAD + "        abs = x.abs\n        return x * math.lcm(x.size(0), 3) + abs()\n",
            because="the name abs means something else",
        ),
        Declines(name="starred", code=_HEAD + "        return x * math.dist([1, *[2]], [3, 2])\n", because="plain numbers"),
        Declines(name="no other form", code=_HEAD + "        return x * math.cbrt(x.size(1))\n", because="no form"),
        Declines(name="digits of a computed number", code=_HEAD + "        return x * round(x.size(1) / 3, 2)\n", because="digits"),
        Ignores(name="known functions", code=_HEAD + "        return x * math.sqrt(2) + max(1, x.size(0)) + round(2.5)\n"),
        Ignores(name="not compiled", code="import math\n\n\ndef f(n):\n    return math.log2(n)\n"),
    )

    def propose(self, tree: Tree, facts: Facts, focus: Focus | None = None) -> Iterator[Proposal]:
        """Every such call in compiled code."""
        for body in bodies(tree, facts):
            for call in body.find(cst.Call):
                dotted = body.dotted(call.func)
                try:
                    edits = _edits(body, call, dotted)
                except NoForm as reason:
                    yield decline(self, body, call, f"{tree.code(call.func)} can't be called like this when scripted, and {reason}")
                else:
                    if edits:
                        yield rewrite(self, body, call, f"{tree.code(call.func)} by what scripting has", edits)


def _edits(body: Body, call: cst.Call, dotted: str) -> list[Edit]:
    """The edits for one call; none where it is not of these. Raises NoForm."""
    known = MATH.get(dotted)
    if known is not None:
        text = body.builtins(known.build(body, call))
        return _plain(body, call, text) if known.same(body, call) else body.guarded(call, text)
    if dotted in MISSING:
        return body.guarded(call, body.builtins(MISSING[dotted](body, call)))
    if dotted == "torch.is_tensor":
        only(call)
        arguments = positional(call)
        body.need("isinstance")
        if len(arguments) != 1:
            raise NoForm("it has other arguments than one value")
        return [body.tree.replace(call, f"isinstance({body.tree.code(arguments[0])}, {body.spell('torch.Tensor')})")]
    if dotted == "builtins.round" and len(call.args) == 2:
        return [] if body.type_of(call.args[0].value) == TENSOR else [body.tree.replace(call, rounded(body, call))]
    if dotted in ("builtins.max", "builtins.min"):
        return _greater(body, call, ">" if dotted.endswith("max") else "<")
    if dotted in ("copy.copy", "copy.deepcopy"):
        return _copied(body, call, dotted)
    return []


def _plain(body: Body, call: cst.Call, text: str) -> list[Edit]:
    """A form in a call's place; only an operator expression needs parentheses."""
    operator = " * " in text and not text.startswith(("int(", "float("))
    return body.instead(call, text) if operator else [body.tree.replace(call, text)]


def _greater(body: Body, call: cst.Call, sign: str) -> list[Edit]:
    """Python's ``max(a, b)`` of two tensors: the second where it is greater, else the first."""
    if len(call.args) != 2 or any(arg.star or arg.keyword for arg in call.args):
        return []
    values = [arg.value for arg in call.args]
    if not all(body.surely(value) for value in values):
        return []
    names = FreshNames(body.tree, body.function)
    lines: list[str] = []
    texts: list[str] = []
    for value in values:
        text = body.tree.code(value)
        if not stable(value):
            word = value.func.attr.value if isinstance(value, cst.Call) and isinstance(value.func, cst.Attribute) else "value"
            name = names.fresh(f"{word.strip('_')}_result" if word != "value" else "value")
            lines.append(f"{name} = {one_line(body.tree, value, text)}")
            text = name
        texts.append(text)
    first, second = texts
    chosen = body.builtins(f"{second} if bool({second} {sign} {first}) else {first}")
    if not lines:
        return body.instead(call, chosen)
    try:
        return site(body.tree, call).edits(lines, chosen if body.alone(call) else f"({chosen})", names)
    except CannotHoist as reason:
        raise NoForm(f"its arguments can't be computed before the statement: {reason}") from reason


def _copied(body: Body, call: cst.Call, dotted: str) -> list[Edit]:
    only(call)
    arguments = positional(call)
    known = body.certain.type_of(arguments[0]) if len(arguments) == 1 else None
    if known is None:
        raise NoForm("what it copies is not known")
    text = body.tree.operand(arguments[0])
    if dotted == "copy.copy" and known.name in ("List", "Dict"):
        shallow = body.builtins(f"list({body.tree.code(arguments[0])})") if known.name == "List" else f"{text}.copy()"
        # What an annotation calls a list may be a tuple or of a class of its own, of which the copy is one too.
        proved = body.proved_type(arguments[0])
        display = isinstance(arguments[0], cst.List | cst.ListComp)
        same = display or (proved is not None and proved.name == "List") or plain(body, arguments[0]) is Plain.DICT
        return [body.tree.replace(call, shallow)] if same else body.guarded(call, shallow)
    if dotted == "copy.deepcopy" and known == TENSOR and stable(arguments[0]):
        return body.guarded(call, f"{text}.detach().clone().requires_grad_({text}.requires_grad)")
    raise NoForm(f"there is no form of it for {known}")
