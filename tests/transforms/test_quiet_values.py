"""Values that may be left out because working them out changes nothing else."""

from __future__ import annotations

import libcst as cst
import pytest

from scriptify.facts import static
from scriptify.transforms._expression import Body
from scriptify.transforms._quiet_values import quiet
from scriptify.tree import Tree, own_nodes

HEAD = """import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn


def helper(x: Tensor) -> Tensor:
    return x.add_(1)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = nn.Linear(4, 4)
        self.names = ["a"]

    @property
    def scale(self) -> float:
        return 2.0

    def forward(self, x: Tensor, y: Tensor, n: int, names: list[str], other: Other):
        return """


def is_quiet(expression: str) -> bool:
    text = f"{HEAD}{expression}\n"
    tree = Tree("m.py", text)
    function = tree.function("Net.forward")
    assert function is not None
    body = Body(tree, static.index({"m.py": text}), "Net.forward", function)
    returned = next(node for node in own_nodes(function.body) if isinstance(node, cst.Return))
    assert returned.value is not None
    return quiet(body, returned.value)


@pytest.mark.parametrize(
    "expression",
    [
        "x",
        "x * 2 + y[0]",
        "x.mean(0).detach()",
        "x.view(x.size(0), -1).float()",
        "torch.cat([x, y], dim=1)",
        "torch.zeros_like(x)",
        "F.softmax(x, dim=-1)",
        "F.linear(x, self.net.weight)",
        "[x.sum(), y]",
        "x.max(1)",
        "math.sqrt(n)",
        "len(names)",
        "names.index('a')",
        "x if n > 1 else y",
    ],
)
def test_quiet(expression: str) -> None:
    assert is_quiet(expression)


@pytest.mark.parametrize(
    "expression",
    [
        "x.mul_(2)",
        "x.mul_(2) + y",
        "[x, y.zero_()]",
        "torch.relu_(x)",
        "torch.add(x, 1, out=y)",
        "F.relu(x, inplace=True)",
        "F.relu(x, True)",
        "F.threshold(x, 0.0, 0.0, True)",
        "F.dropout(x, 0.5)",
        "F.batch_norm(x, y, y)",
        "F.embedding(x, y, None, 1.0)",
        "torch.instance_norm(x, None, None, y, y, True, 0.1, 1e-5, True)",
        "torch.randn(2)",
        "torch.normal(x, y)",
        "x.bernoulli()",
        "torch.multinomial(x, 1)",
        "x.backward()",
        "x.retain_grad()",
        "x.__setitem__(0, 1)",
        "self.net(x)",
        "self.scale",
        "helper(x)",
        "other.mean()",
        "names.pop()",
        "print(x)",
        "(z := x)",
        "[t.mul_(2) for t in [x]]",
    ],
)
def test_not_quiet(expression: str) -> None:
    assert not is_quiet(expression)
