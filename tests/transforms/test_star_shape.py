"""SF404 on what its examples don't show: layouts, receivers, lists that change, bounds."""

from __future__ import annotations

import pytest

from scriptify.examples import rewritten
from scriptify.transform import Fires
from scriptify.transforms.star_shape import StarShape

HEAD = """import torch
import numpy as np
from torch import nn


def two(a, b):
    return a + b


def some(a, b=1):
    return a + b


"""


def net(body: str) -> str:
    return f"{HEAD}class Net(nn.Module):\n    def forward(self, x, sizes: 'List[int]', pair: 'Tuple[int, int]'):\n        {body}\n"


def after(body: str) -> str:
    return rewritten(StarShape(), net(body), Fires("", ""))[0].removeprefix(net("").removesuffix("\n")).rstrip("\n")


@pytest.mark.parametrize(
    ("before", "expected"),
    [
        ("return x.view(*sizes)", "return x.view(list(sizes))"),
        ("return x.view(*sizes,)", "return x.view(list(sizes),)"),
        ("return x.view(1, 2, *sizes, 3, 4)", "return x.view([1, 2] + list(sizes) + [3, 4])"),
        ("return x.view(*sizes, *sizes)", "return x.view(list(sizes) + list(sizes))"),
        ("return x.new_zeros(3, *x.shape[1:], dtype=x.dtype)", "return x.new_zeros([3] + list(x.shape[1:]), dtype=x.dtype)"),
        ("return x.view((*sizes, -1)).sum()", "return x.view(list(sizes) + [-1]).sum()"),
        ("y = [*sizes, 1]", "y = list(sizes) + [1]"),
        ("y = [*sizes, 1][0]", "y = (list(sizes) + [1])[0]"),
        ("y = [*sizes,]", "y = list(sizes)"),
        (
            "y = [\n            1,  # one\n            *sizes,\n        ]",
            "y = (\n            [1] +  # one\n            list(sizes)\n        )",
        ),
        ("return two(*x.shape[-2:])", "return two(x.shape[-2], x.shape[-1])"),
    ],
)
def test_layouts(before, expected):
    assert after(before) == expected


@pytest.mark.parametrize(
    "body",
    [
        "return x.view(*pair)",
        "return self.view(*sizes)",
        "return np.zeros(*sizes)",
        "return x.squeeze(*sizes)",
        "return x.view(*unknown)",
        "return some(*x.shape[:2])",
        "return two(*x.shape[1:])",
        "return two(*x.shape[1:-1])",
        "xs = [x, x]\n        xs[0] = xs\n        two(xs, 1)\n        return two(*xs)",
        "list = 1\n        return x.view(*sizes)",
        "return {**x}",
        "a, *b = sizes",
    ],
)
def test_left_alone(body):
    assert after(body) == body


@pytest.mark.parametrize(
    "body", ["x.permute(0, *range(1, 3))", "x.view(*x.shape[:1], -1)", "x.expand(5, *x.shape)", "x.repeat(*[2] * 3)", "x.flip(*[0, 1])"]
)
def test_the_same_in_eager(body):
    torch = pytest.importorskip("torch")
    names = {"x": torch.arange(24).reshape(2, 3, 4)}
    changed = after(f"return {body}").removeprefix("return ")
    assert changed != body
    assert torch.equal(eval(body, names), eval(changed, names))
