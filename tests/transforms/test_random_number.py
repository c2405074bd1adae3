"""SF307 beyond its examples: eager code draws what it drew, and every form gives the scripted side the same range."""

from __future__ import annotations

import random

import pytest
import torch

from scriptify import examples
from scriptify.transform import Ignores
from scriptify.transforms.random_number import RandomNumber

HEAD = """import random
import random as rnd
from random import choice, uniform as between
import numpy as np
import torch
from torch import nn


class Net(nn.Module):
    def forward(self, x, xs):
        {body}
"""


def rewrite(body):
    text = HEAD.format(body=body)
    after, _, declines = examples.rewritten(RandomNumber(), text, Ignores(text))
    return text, after, declines


def draws(text, count, scripting):
    names = {}
    exec(compile(text.replace("torch.jit.is_scripting()", "SCRIPTING"), "case.py", "exec"), names)
    names["SCRIPTING"] = scripting
    random.seed(3)
    names["np"].random.seed(3)
    torch.manual_seed(3)
    return [names["Net"]().forward(2, [5, 6, 7]) for _ in range(count)]


CALLS = [
    ("random.random()", 0, 1),
    ("rnd.randint(x, 4)", 2, 4),
    ("random.randrange(3)", 0, 2),
    ("random.randrange(x, x + 2)", 2, 3),
    ("between(-1, x)", -1, 2),
    ("choice(xs)", 5, 7),
    ("choice([1, x])", 1, 2),
    ("choice(range(4))", 0, 3),
    ("np.random.rand()", 0, 1),
    ("np.random.uniform(3, 4)", 3, 4),
    ("np.random.randint(4)", 0, 3),
    ("np.random.randint(1, 3)", 1, 2),
    ("random.randint(1, random.randint(1, 3))", 1, 3),
]


@pytest.mark.parametrize(("call", "low", "high"), CALLS)
@pytest.mark.parametrize("use", ["return {0}", "return 2 * {0} - {0} * 2 + {0}", "return max({0}, {0})", "return [{0} for _ in xs][0]"])
def test_eager_draws_the_same_and_scripted_the_same_range(call, low, high, use):
    before, after, declines = rewrite(use.format(call))
    assert after != before, declines
    assert draws(before, 20, False) == draws(after, 20, False)
    if "2 *" not in use:
        seen = draws(after, 60, True)
        assert min(seen) >= low and max(seen) <= high
        if isinstance(seen[0], int) and use == "return {0}" and "random.randint(1, random" not in call:
            assert set(seen) == set(draws(before, 200, False))


@pytest.mark.parametrize(
    ("body", "because"),
    [
        ("return random.sample(xs, 2)", "no form"),
        ("return np.random.rand(2, 3)", "array"),
        ("return np.random.randint(0, 4, size=3)", "positional"),
        ("return random.choice(self.pick())", "more than once"),
        ("return random.choice(*xs)", "positional"),
        ("return random.randrange(0, 10, 2)", "array or is not a plain draw"),
    ],
)
def test_declines(body, because):
    before, after, declines = rewrite(body)
    assert after == before
    assert any(because in d.because for d in declines), [d.because for d in declines]


def test_a_local_called_random_is_not_the_module():
    before, after, declines = rewrite("random = self.source; return random.random()")
    assert after == before and not declines
