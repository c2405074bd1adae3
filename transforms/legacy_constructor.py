"""SF704: ``torch.Tensor(...)``, ``torch.FloatTensor(...)``, ``Variable(...)`` and Python types as dtypes, in today's words."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import libcst as cst

from scriptify.facts.model import Facts
from scriptify.transform import Declines, Edit, Fires, Focus, Ignores, Phase, Proposal, Transform
from scriptify.transforms._expression import (
    INT,
    Body,
    NoForm,
    bodies,
    data_text,
    decline,
    keywords,
    listed,
    literal_data,
    method,
    only,
    positional,
    rewrite,
)
from scriptify.transforms._infer_known import VARIABLES
from scriptify.transforms._legacy import is_size, requires_grad
from scriptify.tree import Tree

_HEAD = """import torch
from torch import nn
from torch.autograd import Variable


class Net(nn.Module):
    def forward(self, x):
"""
_ENTRY = "Net(), (torch.randn(2, 4),)"
_KINDS = {
    "FloatTensor": "torch.float32",
    "DoubleTensor": "torch.float64",
    "HalfTensor": "torch.float16",
    "BFloat16Tensor": "torch.bfloat16",
    "LongTensor": "torch.int64",
    "IntTensor": "torch.int32",
    "ShortTensor": "torch.int16",
    "CharTensor": "torch.int8",
    "ByteTensor": "torch.uint8",
    "BoolTensor": "torch.bool",
}
_FLOATS = frozenset({"FloatTensor", "DoubleTensor", "HalfTensor", "BFloat16Tensor"})
_FACTORIES = frozenset(
    f"torch.{name}"
    for name in (
        "zeros ones empty full rand randn arange linspace eye zeros_like ones_like empty_like full_like rand_like randn_like"
    ).split()
)
# Methods that give a Tensor itself or a copy.
_MOVING = frozenset({"to", "cuda", "cpu", "float", "double", "half", "long"})
_PYTHON = {"builtins.float": "torch.float64", "builtins.int": "torch.int64", "builtins.bool": "torch.bool"}


class LegacyConstructor(Transform):
    """``torch.Tensor([1, 2])`` -> ``torch.tensor([1.0, 2.0])``, ``Variable(t)`` -> ``t.detach()``.

    Scripting knows neither ``torch.Tensor`` as a constructor nor ``Variable`` (which has meant "the same data,
    detached" since torch 0.4), nor Python's ``float`` as a dtype, nor ``requires_grad`` of a
    factory; and ``torch.FloatTensor(x.size())`` it takes for the numbers of a shape. What a factory has just made, or
    ``.data``, is detached already. A typed constructor stays on the CPU whatever the default device is. Known:
    ``torch.Tensor(..)`` does too, and ``torch.tensor`` and ``torch.empty`` follow ``torch.set_default_device``. Of numbers
    that a caller gives, who may give a list instead, eager code keeps the old constructor.
    """

    code = "SF704"
    name = "legacy-constructor"
    phase = Phase.VALUES
    hints = ("Tensor", "Variable", "requires_grad", "dtype=")
    explains = (
        "Unknown builtin op: aten::Tensor",
        "LegacyTypedConstructor",
        "Can't get source for <class 'torch.cuda.",
        "Class Variable does not have an __init__ function defined",
        "torch.autograd.variable.Variable",
        "Keyword argument requires_grad unknown",
        "__float__ cannot be used as a value",
        "__int__ cannot be used as a value",
        "__bool__ cannot be used as a value",
        "'torch.tensortype'",
        "expected scalar type",
    )
    source = "https://docs.pytorch.org/docs/stable/tensors.html#torch.Tensor"
    examples = (
        Fires(
            name="sizes",
            before=_HEAD + "        return x + torch.Tensor(2, 4).fill_(0) + torch.Tensor(x.size()).zero_() + torch.Tensor(4).zero_()\n",
            after=_HEAD + "        return x + torch.empty(2, 4).fill_(0) + torch.empty(x.size()).zero_()" + " + torch.empty(4).zero_()\n",
            entry=_ENTRY,
        ),
        Fires(
            name="data",
            before=_HEAD + "        return x * torch.Tensor([1, 2, 3, 4.5]) + torch.DoubleTensor([1, 2.5, 3, 4])\n",
            after=_HEAD
            + "        return x * torch.tensor([1.0, 2.0, 3.0, 4.5])"
            + " + torch.tensor([1.0, 2.5, 3.0, 4.0], dtype=torch.float64, device='cpu')\n",
            entry=_ENTRY,
        ),
        Fires(
            name="a size that scripting would take for data",
            before=_HEAD + "        return x + torch.FloatTensor(x.size()).fill_(1).sum()\n",
            after=_HEAD + "        return x + torch.empty(x.size(), dtype=torch.float32, device='cpu').fill_(1).sum()\n",
            entry=_ENTRY,
            silent=True,
        ),
        Fires(
            name="on CUDA, in a branch that the compiler reads",
            before=_HEAD + "        if x.is_cuda:\n            return x + torch.cuda.FloatTensor(2, 4)\n        return x\n",
            after=_HEAD
            + "        if x.is_cuda:\n            return x + torch.empty(2, 4, dtype=torch.float32, device='cuda')\n        return x\n",
            entry=_ENTRY,
        ),
        Fires(
            name="a variable",
            before=_HEAD
            + "        h = Variable(torch.zeros(2, 4))  # start\n        return x + h + Variable(x * 2, requires_grad=False)\n",
            after=_HEAD + "        h = torch.zeros(2, 4)  # start\n        return x + h + (x * 2).detach()\n",
            entry=_ENTRY,
        ),
        Fires(
            name="a variable of what may need a gradient",
            before=_HEAD
            + "        n = torch.ones(4)\n        return Variable(x.data) + Variable(torch.ones(4).to(x.device)) + Variable(n)\n",
            after=_HEAD + "        n = torch.ones(4)\n        return x.data + torch.ones(4).to(x.device) + n.detach()\n",
            entry=_ENTRY,
        ),
        Fires(
            name="requires_grad of a factory",
            before=_HEAD + "        w = torch.ones(4, requires_grad=True)\n        return x * w\n",
            after=_HEAD + "        w = torch.ones(4).requires_grad_(True)\n        return x * w\n",
            entry=_ENTRY,
        ),
        Fires(
            name="a Python type as dtype",
            before=_HEAD + "        return x + torch.zeros(4, dtype=float) + x.new_ones(4, dtype=int)\n",
            after=_HEAD + "        return x + torch.zeros(4, dtype=torch.float64) + x.new_ones(4, dtype=torch.int64)\n",
            entry=_ENTRY,
        ),
        Fires(
            name="cast to a typed constructor",
            before=_HEAD + "        m = (x > 0).type(torch.FloatTensor)\n        return x * m.type('torch.DoubleTensor')\n",
            after=_HEAD
            + "        m = (x > 0).to(torch.device('cpu'), torch.float32)\n"
            + "        return x * m.to(torch.device('cpu'), torch.float64)\n",
            entry=_ENTRY,
        ),
        Fires(
            name="numbers that a caller gives, who may give lists",
            before=_HEAD.replace("x):", "x, n: int = 4, start: int = 2):")
            + "        return x * torch.Tensor([n]) + torch.Tensor(n).zero_() + torch.Tensor(start, n).zero_().sum()\n",
            after=_HEAD.replace("x):", "x, n: int = 4, start: int = 2):")
            + "        return x * (torch.tensor([float(n)]) if torch.jit.is_scripting() else torch.Tensor([n]))"
            + " + (torch.empty(n) if torch.jit.is_scripting() else torch.Tensor(n)).zero_() + torch.empty(start, n).zero_().sum()\n",
            entry=_ENTRY,
        ),
        Declines(name="what it builds from is not known", code=_HEAD + "        return torch.Tensor(x.tolist())\n", because="not known"),
        Declines(name="a tensor shares its data", code=_HEAD + "        return torch.Tensor(x)\n", because="not known"),
        Ignores(name="today's words", code=_HEAD + "        return x + torch.zeros(4, dtype=torch.float64) + torch.tensor([1.0])\n"),
        Ignores(
            name="typed constructors that scripting knows",
            code=_HEAD + "        return x[:, torch.LongTensor([0, 2])] + torch.FloatTensor(2, 2).zero_()\n",
        ),
        Ignores(name="an annotation", code=_HEAD + "        y: torch.Tensor = x\n        return y\n"),
        Ignores(name="not compiled", code="import torch\n\n\ndef f(x):\n    return torch.Tensor([1])\n"),
    )

    def propose(self, tree: Tree, facts: Facts, focus: Focus | None = None) -> Iterator[Proposal]:
        """Every such call in compiled code."""
        for body in bodies(tree, facts):
            for call in body.find(cst.Call):
                form = _form(body, call)
                if form is None:
                    continue
                try:
                    edits = form(body, call)
                except NoForm as reason:
                    yield decline(self, body, call, f"{tree.code(call.func)} is not known to scripting in this form, and {reason}")
                else:
                    silent = form is _constructor and _misread(body, call)
                    yield rewrite(self, body, call, f"{tree.code(call.func)} in a form that scripting knows", edits, silent=silent)
            yield from self._dtypes(body)

    def _dtypes(self, body: Body) -> Iterator[Proposal]:
        for arg in body.find(cst.Arg):
            if arg.keyword is None or arg.keyword.value != "dtype" or body.dotted(arg.value) not in _PYTHON:
                continue
            call = body.tree.parent(arg)
            if isinstance(call, cst.Call) and (
                body.dotted(call.func).startswith("torch.")
                or (method(call) or ("", ""))[1] in ("new_ones", "new_zeros", "new_full", "new_empty", "to", "sum", "mean")
            ):
                edits = [body.tree.replace(arg.value, body.spell(_PYTHON[body.dotted(arg.value)]))]
                yield rewrite(self, body, arg, f"dtype={body.tree.code(arg.value)} by torch's own name", edits)


_Form = Callable[[Body, cst.Call], list[Edit]]


def _kind(dotted: str) -> tuple[str, str] | None:
    """The constructor's name (``FloatTensor``, or ``Tensor``) and its device (``""`` or ``cuda``)."""
    for prefix, device in (("torch.cuda.", "cuda"), ("torch.", "")):
        if dotted.startswith(prefix):
            name = dotted.removeprefix(prefix)
            return (name, device) if name in _KINDS or dotted == "torch.Tensor" else None
    return None


def _form(body: Body, call: cst.Call) -> _Form | None:
    dotted = body.dotted(call.func)
    kind = _kind(dotted)
    if kind is not None:
        return None if _accepted(body, call, *kind) else _constructor
    if dotted in VARIABLES:
        return _variable
    if dotted in _FACTORIES and "requires_grad" in keywords(call):
        return requires_grad
    split = method(call)
    if split is not None and split[1] == "type" and len(call.args) == 1 and _cast_kind(body, call.args[0].value) is not None:
        return _cast if body.tensor(split[0]) else None
    return None


def _constructor(body: Body, call: cst.Call) -> list[Edit]:
    found = _kind(body.dotted(call.func))
    assert found is not None
    name, device = found
    only(call)
    arguments = positional(call)
    extra = f", dtype={body.spell(_KINDS[name])}" if name in _KINDS else ""
    # A typed constructor gives a tensor of the CPU whatever the default device is; torch.empty follows the default.
    extra += f", device={device or 'cpu'!r}" if name in _KINDS else ""
    if not arguments or (len(arguments) == 1 and isinstance(arguments[0], cst.List) and not arguments[0].elements):
        return [body.tree.replace(call, f"{body.spell('torch.empty')}(0{extra})")]
    if (len(arguments) == 1 and is_size(arguments[0])) or all(body.type_of(argument) == INT for argument in arguments):
        sized = [body.tree.replace(call, f"{body.spell('torch.empty')}({listed(body.tree, arguments)}{extra})")]
        # One argument may be the data for another caller; several are sizes for all.
        return sized if len(arguments) > 1 or is_size(arguments[0]) else body.counting(arguments[0], call, sized)
    if len(arguments) != 1 or not literal_data(body, arguments[0]):
        raise NoForm("whether its argument is a size, numbers or a tensor is not known")
    if name in _KINDS and name not in _FLOATS and "float" in str(body.type_of(arguments[0])):
        raise NoForm("its numbers are floats and would be cut")
    data = data_text(body, arguments[0], floats=name == "Tensor")
    return body.counting(arguments[0], call, [body.tree.replace(call, f"{body.spell('torch.tensor')}({data}{extra})")])


def _misread(body: Body, call: cst.Call) -> bool:
    """Whether the compiler takes the call for something else: the numbers of a shape as data."""
    kind = _kind(body.dotted(call.func))
    return kind is not None and kind[0] in _KINDS and not kind[1] and any(is_size(arg.value) for arg in call.args)


def _accepted(body: Body, call: cst.Call, name: str, device: str) -> bool:
    """Whether the compiler takes a typed constructor as it is: ints for sizes, or numbers of one type."""
    if device or name in ("Tensor", "BFloat16Tensor") or any(arg.star or arg.keyword for arg in call.args):
        return False
    values = [arg.value for arg in call.args]
    if any(is_size(value) for value in values):
        return False
    if len(values) != 1 or not isinstance(values[0], cst.List) or not literal_data(body, values[0]):
        return True
    return data_text(body, values[0]) == body.tree.code(values[0])


def _variable(body: Body, call: cst.Call) -> list[Edit]:
    found = only(call, "requires_grad", "volatile")
    arguments = positional(call)
    if len(arguments) != 1 or not body.tensor(arguments[0]):
        raise NoForm("what it holds is not known to be a Tensor")
    flag = body.tree.code(found["requires_grad"].value) if "requires_grad" in found else "False"
    if "volatile" in found:
        raise NoForm("volatile has had no meaning since torch 0.4")
    tail = "" if flag == "False" else f".requires_grad_({flag})"
    detached = "" if _detached(body, arguments[0]) else ".detach()"
    return [body.tree.replace(call, f"{body.tree.operand(arguments[0])}{detached}{tail}")]


def _detached(body: Body, node: cst.BaseExpression) -> bool:
    """Whether an expression gives a Tensor of its own that needs no gradient: fresh from a factory, or ``.data``."""
    if isinstance(node, cst.Attribute):
        return node.attr.value == "data"
    if not isinstance(node, cst.Call):
        return False
    split = method(node)
    if split is not None and split[1] in _MOVING:
        return _detached(body, split[0])
    return (
        body.dotted(node.func) in _FACTORIES and not {"out", "requires_grad"} & keywords(node).keys() and not any(a.star for a in node.args)
    )


def _cast_kind(body: Body, node: cst.BaseExpression) -> tuple[str, str] | None:
    if isinstance(node, cst.SimpleString):
        value = node.evaluated_value
        found = _kind(value) if isinstance(value, str) else None
    else:
        found = _kind(body.dotted(node))
    return found if found is not None and found[0] in _KINDS else None


def _cast(body: Body, call: cst.Call) -> list[Edit]:
    assert isinstance(call.func, cst.Attribute)
    found = _cast_kind(body, call.args[0].value)
    assert found is not None
    if call.args[0].keyword is not None:
        raise NoForm("it has keyword arguments")
    name, device = found
    text = f"to({body.spell('torch.device')}({device or 'cpu'!r}), {body.spell(_KINDS[name])})"
    return [Edit(body.tree.path, body.tree.span(call.func.attr)[0], body.tree.span(call)[1], text)]
