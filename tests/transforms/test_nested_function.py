"""SF305 beyond its examples: what is captured, how it is called, and classes that share a method's name."""

from __future__ import annotations

import pytest

from scriptify import examples
from scriptify.transform import Ignores
from scriptify.transforms.nested_function import NestedFunction

HEAD = """import torch.utils.checkpoint as cp
from torch import nn


class Net(nn.Module):
    scale = 3

    def helper(self, x):
        return x + self.scale

    def forward(self, x, flag=False):
"""


def rewrite(body, head=HEAD):
    text = head + "".join(f"        {line}\n" if line else "\n" for line in body.splitlines())
    after, _, declines = examples.rewritten(NestedFunction(), text, Ignores(text))
    return text, after, declines


def run(text, *args):
    names = {"__name__": "case"}
    exec(compile(text, "case.py", "exec"), names)
    return names["Net"]().forward(*args)


@pytest.mark.parametrize(
    "body",
    [
        "def f(t):\n    return self.helper(t) * 2\nreturn f(f(x))",
        "k = 4\ndef f(t, n=2):\n    return t * n\nreturn f(x) + f(x, 3) + f(n=5, t=k)",
        "k = 4\n\n\ndef f():\n    '''Doc\n    string.'''\n    # note\n    if k:\n        return k + x\n\n    return x\n\n\nreturn f()",
        "def f(t):\n    return t + 1\ndef g(t):\n    return f(t) * self.scale\nreturn g(x)",
        "def f(t):\n    return [t * i for i in range(3)]\nreturn list(map(f, [x, 2]))",
        "y = x * 2\ndef f(t):\n    return t + y\ny = y + 1\nreturn f(x)",
        "for i in range(3):\n    def f(t):\n        return t + x\n    x = f(i)\nreturn x",
        "def f(\n    t,  # first\n    u: int = 3,\n) -> int:  # why\n    return t + u\nreturn f(x)",
        "def f(*, t):\n    return t\nreturn f(t=x)",
        "def f(t):\n    return sum([t * x for x in (1, 2)]) + x\nreturn f(3)",
        "def f(t):\n    return sum([u * x for u in (t, 2) for x in (1, x)]) if t else x\nreturn f(0)",
        "def f(t):\n    return t - 9\ndef g(t):\n    f = abs\n    return f(t)\nreturn g(f(x))",
        "def f(t):\n    return t * x\nreturn [f(y) for y in (1, 2)]",
        "y = x\ndef f(a,):\n    return a + y\nreturn f(x,)",
    ],
)
def test_same_result_without_nested_functions(body):
    before, after, declines = rewrite(body)
    assert after != before, [d.because for d in declines]
    assert "        def " not in after
    assert run(before, 5) == run(after, 5), after


@pytest.mark.parametrize(
    ("body", "because"),
    [
        ("if flag:\n    y = 1\ndef f(t):\n    return t + y\nreturn x", "may not be set"),
        ("def f(*t):\n    return t\nreturn f(x)", "variable number"),
        ("def f(t, k=self.scale):\n    return t\nreturn f(x)", "default"),
        ("y = x\ndef f(t):\n    return t + y\nreturn list(map(f, [x]))", "handed on as a value"),
        ("def f(t):\n    yield t\nreturn list(f(x))", "yields"),
        ("if flag:\n    def f(t):\n        return t\n    x = 1\nelse:\n    f = abs\nreturn f(x)", "more than once"),
        ("def f(t):\n    return t * x\nreturn {x: f(t) for x, t in [(1, 2)]}", "x is another variable where f is called"),
        ("def f(t):\n    return t * x\nreturn list(map(lambda x: f(x), [1]))", "x is another variable where f is called"),
        ("def f(t):\n    return self.scale * t\nreturn [f(1) for self in (self, x)]", "self is another variable where f is called"),
        ("if flag:\n    y = 1\nz = [y for y in (1, 2)]\ndef f(t):\n    return t + y\nreturn f(x)", "may not be set"),
        ("flag and (y := 3)\ndef f(t):\n    return t + y\nreturn f(x)", "may not be set"),
        ("s = 1\ndef f(t):\n    return '''a\n    b''' * t\nreturn f(s)", "several lines"),
        ("def f(self):\n    return self\nreturn f(x)", "of its own"),
        ("import math\ndef f(t):\n    return math.sqrt(t)\nreturn f(x)", "math"),
        ("y = x\ndef f(t=1):\n    return t + y\nreturn f()", "defaults and captures"),
    ],
)
def test_declines(body, because):
    before, after, declines = rewrite(body)
    assert after == before
    assert any(because in d.because for d in declines), [d.because for d in declines]


def test_a_checkpoint_whose_else_differs_is_guarded_in_place():
    body = "def f(t):\n    return t\nif flag:\n    x = cp.checkpoint(f, x)\n    x = x + 1\nelse:\n    x = f(x)\nreturn x"
    _, after, _ = rewrite(body)
    assert "x = self._f(x) if torch.jit.is_scripting() else cp.checkpoint(self._f, x)" in after
    assert "if flag:" in after


def test_an_or_in_the_guard_gets_parentheses():
    body = "def f(t):\n    return t\nif flag or x:\n    x = cp.checkpoint(f, x)\nelse:\n    x = f(x)\nreturn x"
    assert "if not torch.jit.is_scripting() and (flag or x):" in rewrite(body)[1]


def test_classes_of_one_family_get_methods_of_their_own():
    text = HEAD + "        def f(t):\n            return t + 1\n        return f(x)\n"
    text += "\n\nclass Sub(Net):\n    def forward(self, x, flag=False):\n        def f(t):\n            return t * 10\n"
    text += "        return f(super().forward(x))\n"
    after, _, _ = examples.rewritten(NestedFunction(), text, Ignores(text))
    names = {}
    exec(compile(after, "case.py", "exec"), names)
    assert names["Sub"]().forward(1) == 20, after
    assert "        def " not in after
