"""What is certainly a Tensor, a number or neither: a wrong proof here is a wrong rewrite elsewhere."""

from __future__ import annotations

import libcst as cst
import pytest

from scriptify.facts import static
from scriptify.transforms._infer import Inference
from scriptify.tree import Tree, own_nodes

HEAD = """import math
from typing import Optional

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn


def sometimes(x: Tensor):
    if x.dim() > 2:
        return x + 1


def always(x: Tensor):
    with torch.no_grad():
        return x + 1


def maybe(x: Tensor) -> Optional[Tensor]:
    return x


class Helper2:
    def __init__(self, x):
        self.x = x


class Helper:
    def relu(self, x):
        return [x]


ops = Helper()


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = nn.Linear(4, 4)
        self.pool = nn.MaxPool2d(2)
        self.pairs = nn.MaxPool2d(2, 2, 0, 1, True)
        self.same = nn.Identity()
        self.last = nn.Sequential(nn.Linear(4, 4), nn.LSTM(4, 4))
        self.plain = nn.Sequential(nn.Linear(4, 4), nn.ReLU())
        self.layers = nn.ModuleList([nn.Linear(4, 4)])
        self.kept = [nn.Linear(4, 4)]
        self.ops = Helper()
        self.scale = nn.Parameter(torch.ones(4))

    def forward(self, x: Tensor, other, items: list, n: int, flag: bool, np2=None):
"""


def type_of(expression: str, lines: str = "") -> str:
    """The type of an expression as text, after some statements; ``""`` where it is not known."""
    body = "".join(f"        {line}\n" for line in [*lines.splitlines(), f"return {expression}"])
    tree = Tree("m.py", HEAD + body)
    function = tree.function("Net.forward")
    assert function is not None
    inference = Inference(tree, static.index({"m.py": HEAD + body}), "Net.forward", function)
    last = [node for node in own_nodes(function.body) if isinstance(node, cst.Return)][-1]
    return str(inference.type_of(last.value) or "")


@pytest.mark.parametrize(
    "expression",
    [
        "x + n",
        "x > n",
        "x == other",
        "-x",
        "torch.relu(x)",
        "F.max_pool2d(x, 2, 2)",
        "F.max_pool2d(x, 2, return_indices=False)",
        "x.max()",
        "x.nonzero()",
        "x.type(torch.long)",
        "self.net(x)",
        "self.net(x).half()",
        "self.pool(x)",
        "self.same(x)",
        "self.plain(x)",
        "always(x)",
        "torch.where(x > 0, x, x)",
    ],
)
def test_tensors(expression: str) -> None:
    assert type_of(expression) == "Tensor"


@pytest.mark.parametrize(
    "expression",
    [
        "x == None",
        "x != 'a'",
        "'%s' % x",
        "[1, 2] + x",
        "np.sqrt(n)",
        "np.square(other)",
        "self.net.half()",
        "self.net.requires_grad_()",
        "self.pairs(x)",
        "self.same(items)",
        "self.last(x)",
        "F.max_pool2d(x, 2, 2, 0, 1, False, True)",
        "F.adaptive_max_pool2d(x, 2, True)",
        "F.max_pool2d(x, 2, **other)",
        "torch.where(x > 0)",
        "torch.where(*items)",
        "x.nonzero(as_tuple=flag)",
        "x.max(1)",
        "x.sort()",
        "x.type()",
        "x.tolist()",
        "x.item()",
        "sometimes(x)",
        "x.unbind(0)",
    ],
)
def test_no_tensors(expression: str) -> None:
    assert type_of(expression) != "Tensor"


@pytest.mark.parametrize(
    ("lines", "expression"),
    [
        ("", "other[0].half()"),
        ("", "other.data.half()"),
        ("y = other.view(4)\ny = y.half()", "y"),
        ("a, b = x.chunk(2)", "a.half()"),
        ("for y in self.unknown(x):\n    pass", "y.sigmoid()"),
        ("ys = [x, x]\nfor y in ys:\n    pass", "y.half()"),
        ("ys = []\nfor y in ys:\n    pass", "y.sigmoid()"),
        ("for k, y in self.net.named_parameters():\n    pass", "y.half()"),
        ("for layer in self.layers:\n    x = layer(x)", "layer.weight.half()"),
        ("for layer in self.layers:\n    y = layer(x)", "y.sigmoid()"),
        ("", "self.scale.half()"),
        ("", "self.unknown(x).sigmoid()"),
        ("", "(self.unknown(x) + 1).half()"),
        ("", "x < self.unknown(x)"),
        ("", "x == 1"),
    ],
)
def test_tensors_by_their_methods(lines: str, expression: str) -> None:
    assert type_of(expression, lines) == "Tensor"


@pytest.mark.parametrize(
    ("lines", "expression"),
    [
        ("for layer in self.layers:\n    pass", "layer.half()"),
        ("for i, layer in enumerate(self.layers):\n    pass", "layer.half()"),
        ("for i, layer in enumerate(self.layers):\n    pass", "i.relu()"),
        ("for a, layer in zip(self.unknown(x), self.layers[1:]):\n    pass", "layer.half()"),
        ("for layer in self.kept:\n    pass", "layer.half()"),
        ("for layer in self.children():\n    pass", "layer.half()"),
        ("for name, layer in self.net.named_modules():\n    pass", "layer.half()"),
        ("layers = list(self.layers)\nfor layer in layers:\n    pass", "layer.half()"),
        ("net = self.net", "net.half()"),
        ("net = self.net if flag else self.unknown(x)", "net.half()"),
        ("net = nn.Linear(4, 4)", "net.half()"),
        ("net: nn.Module = self.unknown(x)", "net.half()"),
        ("net = sometimes(x)", "net.half()"),
        ("", "self.layers[0].half()"),
        ("", "[l.half() for l in self.layers][0]"),
        ("", "self.net.cuda().half()"),
        ("", "nn.Linear(4, 4).half()"),
        ("", "Helper().relu(x)"),
        ("", "Helper.relu(x)"),
        ("", "ops.relu(x)"),
        ("", "self.ops.relu(x)"),
        ("helper = Helper()", "helper.relu(x)"),
        ("helper: Helper = self.unknown(x)", "helper.relu(x)"),
        ("class Local:\n    pass", "Local.relu(x)"),
        ("import library as lib", "lib.relu(x)"),
        ("from library import lib", "lib.relu(x)"),
        ("with self.unknown(x) as opened:\n    pass", "opened.flip()"),
        ("", "np.arange(4).cumsum()"),
        ("", "super().half()"),
        ("", "unbound.half()"),
        ("", "self.unknown.half()"),
        ("", "x < n < 3"),
        ("", "x == self.unknown(x)"),
        ("", "x != self.unknown(x)"),
        ("", "self.unknown(x) == self.unknown(x)"),
    ],
)
def test_no_tensors_by_their_methods(lines: str, expression: str) -> None:
    assert "Tensor" not in type_of(expression, lines)


@pytest.mark.parametrize(
    ("lines", "expression", "expected"),
    [
        ("a = n\na /= 2", "a", "float"),
        ("a = n\na += 2", "a", "int"),
        ("torch = other", "torch.zeros(2)", ""),
        ("y = Helper2(x)", "y", ""),
        ("ys = [y.a for y in items]\ny = n", "y", "int"),
        ("ys = [n.a for n in items]", "n", "int"),
        ("ys = [n for n in [x, x]]", "ys", "List[Tensor]"),
        ("y: Optional[Tensor] = None\nif y is None:\n    y = x.relu()", "y", "Tensor"),
        ("y: Optional[Tensor] = None\nif flag:\n    y = x.relu()", "y", "Optional[Tensor]"),
        ("y: Optional[Tensor] = None\ny = maybe(x)", "y", "Optional[Tensor]"),
        ("def len(y):\n    return x", "len(x)", ""),
        ("", "+flag", "int"),
        ("", "not flag", "bool"),
        ("", "x.shape[0]", "int"),
        ("", "n / 2", "float"),
        ("", "math.floor(n)", "int"),
        ("", "x is None", "bool"),
    ],
)
def test_others(lines: str, expression: str, expected: str) -> None:
    assert type_of(expression, lines) == expected
