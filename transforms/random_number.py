"""SF307: numbers from Python's and NumPy's generators come from torch's own when scripted."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import libcst as cst

from scriptify.facts.model import Facts
from scriptify.transform import Declines, Fires, Focus, Ignores, Import, Phase, Proposal, Transform
from scriptify.tree import Tree, assigned_names
from scriptify.tree.fold import literal_int
from scriptify.tree.hoist import eager_only, reached_functions
from scriptify.tree.substitute import calm, source, variables

_HEAD = """import random

import numpy as np
import torch
from torch import nn


class Net(nn.Module):
    def forward(self, x):
"""
_ENTRY = "Net(), (torch.randn(2, 4),)"
_UNIT = "float({torch.rand}(1).item())"
_NORMAL = "float({torch.randn}(1).item())"


class RandomNumber(Transform):
    """``k = random.randint(1, 4)`` -> ``k = int(torch.randint(1, 5, (1,)).item()) if torch.jit.is_scripting() else random.randint(1, 4)``.

    The compiler can call neither ``random`` nor ``numpy.random``. Eager code keeps drawing from the
    generator it drew from, in the same order; only scripted code draws from torch's.
    """

    code = "SF307"
    name = "random-number"
    phase = Phase.SYNTAX
    hints = ("random",)
    explains = (
        "of Random object",
        "bound method Random",
        "RandomState.",
        "Random.",
        "numpy.random",
    )
    source = "https://docs.pytorch.org/docs/stable/jit_language_reference.html#is-scripting"
    examples = (
        Fires(
            name="a number from a range",
            before=_HEAD + "        k = random.randint(1, 3)\n        return x[:, :k] * 0 if k > 5 else x\n",
            after=_HEAD
            + "        k = int(torch.randint(1, 4, (1,)).item()) if torch.jit.is_scripting() else random.randint(1, 3)\n"
            + "        return x[:, :k] * 0 if k > 5 else x\n",
            entry=_ENTRY,
        ),
        Fires(
            name="a bound that is computed",
            before=_HEAD + "        k = random.randint(0, x.size(1) - 1)\n        return x * (k * 0)\n",
            after=_HEAD
            + "        k = int(torch.randint(0, x.size(1), (1,)).item()) if torch.jit.is_scripting()"
            + " else random.randint(0, x.size(1) - 1)\n"
            + "        return x * (k * 0)\n",
            entry=_ENTRY,
        ),
        Fires(
            name="in a condition",
            before=_HEAD + "        if x.dim() > 1 and random.random() < 1.5:\n            return x\n        return x + 1\n",
            after=_HEAD
            + "        if x.dim() > 1 and (float(torch.rand(1).item()) if torch.jit.is_scripting() else random.random()) < 1.5:\n"
            + "            return x\n        return x + 1\n",
            entry=_ENTRY,
        ),
        Fires(
            name="from an interval",
            before=_HEAD + "        return x * 0 * random.uniform(1, 2.5)\n",
            after=_HEAD
            + "        return x * 0 * (1 + 1.5 * float(torch.rand(1).item())"
            + " if torch.jit.is_scripting() else random.uniform(1, 2.5))\n",
            entry=_ENTRY,
        ),
        Fires(
            name="from the unit interval, and one whose ends are computed",
            before=_HEAD + "        n = x.size(0)\n        return x * 0 * random.uniform(0, 1) * random.uniform(-n, n)\n",
            after=_HEAD
            + "        n = x.size(0)\n        return x * 0"
            + " * (float(torch.rand(1).item()) if torch.jit.is_scripting() else random.uniform(0, 1))"
            + " * ((-n) + (n - (-n)) * float(torch.rand(1).item()) if torch.jit.is_scripting() else random.uniform(-n, n))\n",
            entry=_ENTRY,
        ),
        Fires(
            name="one of a list",
            before=_HEAD + "        sizes = [2, 2]\n        return x * random.choice(sizes) + random.choice((1, 1))\n",
            after=_HEAD
            + "        sizes = [2, 2]\n"
            + "        return x * (sizes[int(torch.randint(0, len(sizes), (1,)).item())]"
            + " if torch.jit.is_scripting() else random.choice(sizes))"
            + " + ([1, 1][int(torch.randint(0, 2, (1,)).item())] if torch.jit.is_scripting() else random.choice((1, 1)))\n",
            entry=_ENTRY,
        ),
        Fires(
            name="NumPy",
            before=_HEAD
            + "        k = np.random.randint(2, 3)\n"
            + "        p = np.random.rand()\n"
            + "        return x * k * (p + 1 if p > 2 else 1.0)\n",
            after=_HEAD
            + "        k = int(torch.randint(2, 3, (1,)).item()) if torch.jit.is_scripting() else np.random.randint(2, 3)\n"
            + "        p = float(torch.rand(1).item()) if torch.jit.is_scripting() else np.random.rand()\n"
            + "        return x * k * (p + 1 if p > 2 else 1.0)\n",
            entry=_ENTRY,
        ),
        Declines(name="an array", code=_HEAD + "        return x + np.random.rand(2, 4).sum()\n", because="array"),
        Declines(
            name="in place",
            code=_HEAD + "        ks = [1, 2]\n        random.shuffle(ks)\n        return x * ks[0]\n",
            because="no form",
        ),
        Declines(name="computed twice", code=_HEAD + "        return x * random.uniform(self.low(), 2)\n", because="more than once"),
        Ignores(
            name="already guarded",
            code=_HEAD
            + "        if torch.jit.is_scripting():\n            return x\n        else:\n            return x * random.random()\n",
        ),
        Ignores(name="not compiled", code="import random\n\n\ndef f(x):\n    return x * random.random()\n"),
        Ignores(name="torch's own", code=_HEAD + "        return x * torch.rand(1)\n"),
    )

    def propose(self, tree: Tree, facts: Facts, focus: Focus | None = None) -> Iterator[Proposal]:
        """Every call of ``random`` and ``numpy.random`` in compiled code that the compiler would reach."""
        for _, function in reached_functions(tree, facts):
            hidden = assigned_names(function)
            for call in tree.find(cst.Call, function.body):
                dotted = tree.dotted(call.func)
                if not dotted.startswith(("random.", "numpy.random.")) or {n.value for n in variables(call.func)} & hidden:
                    continue
                if not eager_only(tree, call):
                    yield self._guarded(tree, call, dotted)

    def _guarded(self, tree: Tree, call: cst.Call, dotted: str) -> Proposal:
        imports: list[Import] = []
        try:
            text = scripted(tree, call, dotted, imports)
        except NoForm as reason:
            return tree.decline(self, call, f"{dotted} can't be called when scripted, and {reason}")
        test, wanted = tree.imports.spell("torch.jit.is_scripting")
        guarded = f"{text} if {test}() else {tree.code(call)}"
        if not _whole(tree, call) or ("\n" in guarded and not call.lpar):
            guarded = f"({guarded})"
        why = "scripted code can only draw from torch's generator; eager code draws as before"
        title = f"{dotted} is drawn from torch when scripted"
        return tree.rewrite(self, call, title, [tree.replace(call, guarded)], imports=[*imports, *wanted], why=why)


class NoForm(Exception):
    """Why a call has no scripted form (one clause)."""


def _whole(tree: Tree, call: cst.Call) -> bool:
    """Whether the call is the whole of an assigned value, a returned value or an argument, so that no parentheses are needed."""
    above = tree.parent(call)
    return bool(call.lpar) or isinstance(above, cst.Assign | cst.Return | cst.AnnAssign) or (isinstance(above, cst.Arg) and not above.star)


def scripted(tree: Tree, call: cst.Call, dotted: str, imports: list[Import]) -> str:
    """The torch expression that draws the same kind of number. Raises NoForm."""
    build = _FORMS.get(dotted.removeprefix("numpy."))
    if dotted.startswith("numpy.") and (build is None or dotted in _ONLY_PYTHON):
        build = _NUMPY.get(dotted)
    if build is None:
        raise NoForm("there is no form of it in torch that changes nothing else")
    if any(arg.star or arg.keyword for arg in call.args):
        raise NoForm("its arguments are not plain positional ones")
    text = build(tree, [arg.value for arg in call.args])
    for name in ("torch.randint", "torch.randn", "torch.rand"):
        if f"{{{name}}}" in text:
            spelling, wanted = tree.imports.spell(name)
            imports.extend(wanted)
            text = text.replace(f"{{{name}}}", spelling)
    return text


_Arguments = list[cst.BaseExpression]
_Form = Callable[[Tree, _Arguments], str]


def _count(arguments: _Arguments, *allowed: int) -> None:
    if len(arguments) not in allowed:
        raise NoForm("with these arguments it gives an array or is not a plain draw")


def _unit(tree: Tree, arguments: _Arguments) -> str:
    _count(arguments, 0)
    return _UNIT


def _standard(tree: Tree, arguments: _Arguments) -> str:
    _count(arguments, 0)
    return _NORMAL


def _uniform(tree: Tree, arguments: _Arguments) -> str:
    _count(arguments, 0, 2)
    if not arguments:
        return _UNIT
    if not calm(tree, arguments[0]):
        raise NoForm("its lower bound would be computed more than once")
    low, high = map(tree.operand, arguments)
    start, end = map(_literal, arguments)
    if start is None or end is None or not math.isfinite(end - start):
        return f"{low} + ({high} - {low}) * {_UNIT}"
    drawn = _UNIT if end - start == 1 else f"{end - start!r} * {_UNIT}"
    return drawn if start == 0 else f"{low} + {drawn}"


def _literal(node: cst.BaseExpression) -> int | float | None:
    """The value of a number literal, with a minus or without; or None."""
    whole = literal_int(node)
    negative = isinstance(node, cst.UnaryOperation) and isinstance(node.operator, cst.Minus)
    number = node.expression if isinstance(node, cst.UnaryOperation) and negative else node
    if whole is not None or not isinstance(number, cst.Float):
        return whole
    return -number.evaluated_value if negative else number.evaluated_value


def _gauss(tree: Tree, arguments: _Arguments) -> str:
    _count(arguments, 0, 2)
    if not arguments:
        return _NORMAL
    return f"{tree.operand(arguments[0])} + {tree.operand(arguments[1])} * {_NORMAL}"


def _one_more(tree: Tree, node: cst.BaseExpression) -> str:
    """``n`` for ``n - 1``, else ``(n) + 1``."""
    last = node.right if isinstance(node, cst.BinaryOperation) and isinstance(node.operator, cst.Subtract) else None
    if isinstance(node, cst.BinaryOperation) and isinstance(last, cst.Integer) and last.evaluated_value == 1:
        return tree.code(node.left) if not node.left.lpar else f"({tree.code(node.left)})"
    return f"{tree.operand(node)} + 1"


def _randint(tree: Tree, arguments: _Arguments) -> str:
    _count(arguments, 2)
    last = literal_int(arguments[1])
    high = _one_more(tree, arguments[1]) if last is None else str(last + 1)
    return _integer(source(tree, arguments[0]), high)


def _randrange(tree: Tree, arguments: _Arguments) -> str:
    _count(arguments, 1, 2)
    texts = [source(tree, argument) for argument in arguments]
    return _integer(*texts) if len(texts) == 2 else _integer("0", texts[0])


def _integer(low: str, high: str) -> str:
    return f"int({{torch.randint}}({low}, {high}, (1,)).item())"


def _choice(tree: Tree, arguments: _Arguments) -> str:
    _count(arguments, 1)
    items = arguments[0]
    if isinstance(items, cst.List | cst.Tuple) and items.elements and all(isinstance(e, cst.Element) for e in items.elements):
        if not calm(tree, items):
            raise NoForm("its list is computed")
        listed = ", ".join(source(tree, element.value) for element in items.elements)
        return f"[{listed}][{_integer('0', str(len(items.elements)))}]"
    if isinstance(items, cst.Call) and tree.dotted(items.func) == "builtins.range" and not any(a.star for a in items.args):
        return _randrange(tree, [arg.value for arg in items.args])
    if not isinstance(items, cst.Name | cst.Attribute) or not calm(tree, items):
        raise NoForm("what it chooses from would be computed more than once")
    text = tree.code(items)
    return f"{text}[{_integer('0', f'len({text})')}]"


_FORMS: dict[str, _Form] = {
    "random.random": _unit,
    "random.uniform": _uniform,
    "random.gauss": _gauss,
    "random.normalvariate": _gauss,
    "random.randint": _randint,
    "random.randrange": _randrange,
    "random.choice": _choice,
}
_ONLY_PYTHON = ("numpy.random.randint", "numpy.random.choice", "numpy.random.gauss", "numpy.random.randrange")
_NUMPY: dict[str, _Form] = {
    "numpy.random.rand": _unit,
    "numpy.random.random_sample": _unit,
    "numpy.random.ranf": _unit,
    "numpy.random.randn": _standard,
    "numpy.random.standard_normal": _standard,
    "numpy.random.normal": _gauss,
    "numpy.random.randint": _randrange,
}
