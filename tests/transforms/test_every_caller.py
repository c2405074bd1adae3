"""SF301 to SF310 for callers that no example shows: order of effects, names that others keep, iterables that are no lists."""

from __future__ import annotations

import pytest

from scriptify import examples
from scriptify.registry import all_transforms
from scriptify.transform import Ignores

HEAD = """import operator
from functools import partial, reduce
from operator import mul
from typing import List

import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.n = 0

    def count(self, a, b):
        self.n += 1
        return a + b

    def setting(self, x):
        self.n = 5
        return [x, 1]

    def first(self, x):
        self.n = 2
        return x

    def change(self, xs):
        xs[0] = 7
        return 0

    @property
    def op(self):
        self.n += 1
        n = self.n
        return lambda *given: sum(given) * n

"""
TRANSFORMS = {transform.code: transform for transform in all_transforms()}


def source(parameters, code):
    return HEAD + f"    def forward(self, {parameters}):\n" + "".join(f"        {line}\n" for line in code.splitlines())


def rewritten(transform, text):
    after, _, declines = examples.rewritten(TRANSFORMS[transform], text, Ignores(text))
    return after, [decline.because for decline in declines]


def run(text, arguments):
    names = {"__name__": "case"}
    exec(compile(text, "case.py", "exec"), names)
    try:
        return names["Net"]().forward(*arguments())
    except Exception as error:
        return type(error)


SAME = [
    ("SF301", "x, xs", "f = lambda t: t + x\nx = reduce(lambda a, b: f(a) * b, xs, x)\nreturn x", lambda: (2, [1, 3])),
    ("SF301", "x, xs", "g = (t * x for t in xs)\nx = reduce(lambda a, b: a + b, g, x)\nreturn x", lambda: (2, [1, 3])),
    ("SF301", "x, xs", "out = [1, 2]\nout[0] += reduce(lambda a, b: a * b, xs, x)\nreturn out", lambda: (2, [1, 3])),
    ("SF301", "x, xs", "log = []\nd = {}\nd[reduce(lambda a, b: a + len(log), xs, x)] = log.append(1)\nreturn d", lambda: (2, [1, 3])),
    ("SF301", "x, mul", "return reduce(mul, [x, 3], 1)", lambda: (2, operator_sub)),
    ("SF301", "x", "return reduce(lambda a, b: a + b, self.setting(x), self.n)", lambda: (2,)),
    ("SF301", "x", "self.n = 3\nreturn reduce(lambda a, b: a + b, range(self.n), self.first(x))", lambda: (2,)),
    ("SF301", "x, xs", "return self.n, reduce(lambda a, b: self.count(a, b), xs, x)", lambda: (2, [1, 3])),
    ("SF301", "x, xs: List[int]", "return reduce(max, xs)", lambda: (2, iter([1, 3]))),
    ("SF301", "x, xs", "fs = [(lambda x=x: x)() for _ in xs]\nreturn reduce(lambda a, b: a + b, xs, x), fs", lambda: (2, [1, 3])),
    ("SF303", "x, xs", "f = lambda t: t + len(ys)\nys = [x]\nys = [f(t) for t in xs if t]\nreturn ys", lambda: (2, [1, 3])),
    ("SF303", "xs", "fs = []\nfor y in filter(None, xs):\n    fs.append(lambda: y)\nreturn [f() for f in fs]", lambda: ([1, 3, 0],)),
    ("SF303", "x, xs", "return list(map(abs, xs if x else [x]))", lambda: (2, [1, 3])),
    ("SF304", "xs: List[int]", "return sorted(xs, key=lambda v: -v)", lambda: (iter([1, 3, 2]),)),
    ("SF304", "xs: List[int]", "return max(xs, key=lambda v: -v)", lambda: (iter([1, 3, 2]),)),
    ("SF304", "xs: List[float]", "return [repr(y) for y in sorted(xs, reverse=True)]", lambda: ([3.0, float("nan"), 1.0, 1],)),
    ("SF306", "xs: List[int]", "a, *rest = xs\nreturn a, rest", lambda: (iter([1, 3, 2]),)),
    ("SF306", "x", "return self.n + (k := self.first(x)) + k", lambda: (2,)),
    ("SF308", "xs: List[int]", "return [y for y in reversed(xs)]", lambda: ({1: 2, 3: 4}.values(),)),
    ("SF309", "x", "return 1 if x in {4, 8} else 0", lambda: ([4],)),
    (
        "SF310",
        "x",
        "match x:\n    case 1 if (x := 5) < 3:\n        s = 1\n    case 5:\n        s = 5\n    case _:\n        s = 2\nreturn s, x",
        lambda: (1,),
    ),
]

LEFT = [
    ("SF301", "x, xs", "return reduce(lambda f, g: lambda t: g(f(t)), xs, abs)(x)", "keeps what it is given"),
    ("SF301", "x, xs", "return reduce(self.op, xs, x)", "bound anew"),
    ("SF301", "x, xs", "self.n += reduce(lambda a, b: self.count(a, b), xs, x)\nreturn self.n", "adds to"),
    ("SF302", "x", "f = lambda n: 1 if n < 1 else f(n - 1) * n\nreturn f(x)", "calls itself"),
    ("SF302", "x", "y = 1\nf = lambda t: (y := t) + y\nreturn f(x), y", ":="),
    ("SF303", "x, xs", "return [f(x) for f in list(map(lambda i: lambda t: t * i, xs))]", "keeps an argument"),
    ("SF303", "xs", "return list(map(lambda it: next(it), xs))", "end of an iterator"),
    ("SF303", "xs", "return {len(xs): xs.pop() for _ in range(2) if True}", "after their values"),
    ("SF304", "x", "return max([x, 1], key=self.op)", "bound anew"),
    ("SF305", "x", "def f(t):\n    return t\nf.calls = 1\nreturn f(x)", "attribute of it"),
    ("SF305", "x", "T = int\ndef f(t: T):\n    return t\nreturn f(x)", "annotation"),
    (
        "SF305",
        "x",
        "n = 0\ndef f(t):\n    def g():\n        nonlocal n\n        n = t\n    g()\n    return t\ny = f(x)\nreturn y, n",
        "rebinds",
    ),
    ("SF306", "x", "n = 1\nd = {}\nd[(n := 5)] = n\nreturn d", "read before"),
    ("SF308", "x", "xs = [1, 2, 3]\nfor i, y in enumerate(reversed(xs)):\n    xs[i] = y\nreturn xs", "changes"),
    ("SF308", "x", "xs = [1, 2, 3]\nreturn [y + self.change(xs) for y in reversed(xs)]", "changes"),
    ("SF309", "x", "s = {1, 2}\nreturn 1 in s, locals()", "by name"),
    ("SF310", "x", "match x:\n    case 1:\n        s = '''a\n            b'''\n    case _:\n        s = ''\nreturn s", "several lines"),
]


def operator_sub(a, b):
    return a - b


@pytest.mark.parametrize(("transform", "parameters", "code", "arguments"), SAME)
def test_the_same_for_every_caller(transform, parameters, code, arguments):
    before = source(parameters, code)
    after, declines = rewritten(transform, before)
    assert after != before, declines
    assert run(before, arguments) == run(after, arguments), after


@pytest.mark.parametrize(("transform", "parameters", "code", "because"), LEFT)
def test_left_alone(transform, parameters, code, because):
    before = source(parameters, code)
    after, declines = rewritten(transform, before)
    assert after == before
    assert any(because in decline for decline in declines), declines
