"""SF302 beyond its examples: local lambdas written into their calls keep values, order and effects; attributes stay callable."""

from __future__ import annotations

import pickle

import pytest

from scriptify import examples
from scriptify.facts import static
from scriptify.pipeline import propose
from scriptify.transform import Ignores
from scriptify.transforms.lambda_helper import LambdaHelper

HEAD = """from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.log = []

    def note(self, value):
        self.log.append(value)
        return value

    def forward(self, x, xs):
"""


def rewrite(text):
    after, _, declines = examples.rewritten(LambdaHelper(), text, Ignores(text))
    return after, declines


def run(text, *args):
    names = {"__name__": "case"}
    exec(compile(text, "case.py", "exec"), names)
    net = names["Net"]()
    return net.forward(*args), net.log


def body(text):
    return HEAD + "".join(f"        {line}\n" for line in text.splitlines())


@pytest.mark.parametrize(
    "code",
    [
        "f = lambda t: t + 1\nreturn f(x) * f(2)",
        "f = lambda t: t - 1\nreturn 2 - f(self.note(x))",
        "f = lambda a, b=2: a - b\nreturn f(x), f(b=x, a=1), f(x, 5)",
        "k = 1\nf = lambda t: t + k\nk = 5\nreturn f(x)",
        "f = lambda t: [t * i for i in xs]\nreturn f(x)",
        "f = lambda: self.note(x)\nreturn f() + f()",
        "f = lambda t: t if t > 1 else -t\nreturn [f(y) for y in xs]",
        "f = lambda t: t * 2\nreturn list(map(f, xs))",
        "f = lambda t: self.note(t)\nreturn x or f(self.note(3))",
        "f = lambda t: t\nreturn x",
        "f = lambda t, k: abs(t) * k\nreturn f(x, x + 1)",
        "f = lambda k: [t * k for t in xs]\nreturn f(self.training)",
        "f = lambda t, u: t + u\nreturn f(self.note(x), len(xs) + 1)",
        "f = lambda t, u: u.append(1) or t\nreturn f(x, xs)",
        "f = lambda t: sum(i + t for i in xs)\nreturn f(x)",
        "f = lambda t, u: t if x else u\nreturn f(x + 1, 2)",
        "if x:\n    f = lambda t: t + 1\n    x = f(x)\nreturn x",
    ],
)
def test_local_lambdas(code):
    before = body(code)
    after, declines = rewrite(before)
    assert after != before, [d.because for d in declines]
    assert "f = lambda" not in after
    for args in ((3, [1, 2]), (0, [])):
        assert run(before, *args) == run(after, *args), after


@pytest.mark.parametrize(
    ("code", "because"),
    [
        ("f = lambda t: t\nf = lambda t: -t\nreturn f(x)", "more than once"),
        ("if x:\n    f = lambda t: t\nreturn f(x)", "may not be set"),
        ("f = lambda t: t + t\nreturn f(self.note(x))", "more or less than once"),
        ("f = lambda t: 1\nreturn f(self.note(x))", "more or less than once"),
        ("f = lambda a, b: b - a\nreturn f(self.note(x), self.note(2))", "another order"),
        ("f = lambda t: self.note(1) + t\nreturn f(self.note(x))", "before its body"),
        ("f = lambda a, b: b + a\nreturn f(len(xs) * 2, self.note(x))", "another order"),
        ("f = lambda t, u: u.append(1) or t\nreturn f(len(xs) + 1, xs)", "before its body"),
        ("f = lambda t: xs.pop() + t\nreturn f(xs[-1] * 2) if xs else 0", "before its body"),
        ("f = lambda t: [t for i in xs]\nreturn f(x + 1)", "once per item"),
        ("f = lambda t: [self.note(i) + t for i in xs]\nreturn f(self.log)", "once per item"),
        ("f = lambda t: (lambda: t)\ng = f(x)\nx = 9\nreturn g()", "keeps an argument"),
        ("f = lambda t: (i + t for i in xs)\ng = f(x)\nx = 9\nreturn list(g)", "keeps an argument"),
        ("f = lambda t: t\nreturn f((x := x + 1)) + x", ":="),
        ("f = lambda t: (yield t)\nreturn list(f(x))", "yields"),
        ("def up():\n    nonlocal x\n    x += 1\n    return 0\nf = lambda t: up() + t\nreturn f(x)", "before its body"),
        ("i = 3\nf = lambda t: t + i\nreturn [f(i) for i in xs]", "comprehension around"),
        ("f = lambda t: [i for i in t]\nreturn [f(i) for i in [xs]]", "binds a name"),
        ("f = lambda *t: t\nreturn f(x)", "starred"),
        ("f = lambda t: t\nreturn f(f(self.note(x)))", "argument of another"),
        ("f = lambda t: t\nreturn f", "other than by calling"),
        ("f = lambda t: t\nreturn f(*xs)", "do not match"),
        ("f = (lambda t: t) if x else abs\nreturn f(x)", "condition"),
        ("f = lambda t: t; return f(x)", "shares its line"),
        ("if self.note(x): f = lambda t: t\nreturn f(x)", "shares its line"),
    ],
)
def test_local_lambdas_that_stay(code, because):
    before = body(code)
    after, declines = rewrite(before)
    assert after == before
    assert any(because in d.because for d in declines), [d.because for d in declines]


NET = """from functools import partial
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self, k=2, flag=False):
        super().__init__()
        self.k = k
        {init}

    def forward(self, x):
        return self.f(x)


class Sub(Net):
    pass
"""


def build(text, monkeypatch, **kwargs):
    import sys
    import types

    module = types.ModuleType("lambda_case")
    monkeypatch.setitem(sys.modules, "lambda_case", module)
    exec(compile(text, "lambda_case.py", "exec"), module.__dict__)
    return module.Sub(**kwargs)


@pytest.mark.parametrize(
    "init",
    [
        "self.f = lambda t, s=3: t * s",
        "self.f = (lambda t: t) if flag else (lambda t: -t)",
        "self.f = lambda t: t * k",
        "self.f = lambda t: t * self.k",
        "if flag:\n            self.f = lambda t: t\n        else:\n            self.f = lambda t: t + 1",
        "self.f = partial(torch.add, 3)",
    ],
)
@pytest.mark.parametrize("flag", [True, False])
def test_attributes_stay_callable_and_can_be_pickled(init, flag, monkeypatch):
    before = NET.format(init=init)
    after, declines = rewrite(before)
    assert "lambda t" not in after and "partial(torch" not in after, [d.because for d in declines]
    import torch

    value = torch.ones(2)
    old = build(before, monkeypatch, flag=flag)
    new = build(after, monkeypatch, flag=flag)
    assert torch.equal(old(value), new(value)) and torch.equal(new.f(value), old.f(value))
    assert list(old.state_dict()) == list(new.state_dict())
    assert torch.equal(pickle.loads(pickle.dumps(new))(value), new(value))


@pytest.mark.parametrize(
    ("init", "because"),
    [
        ("k = k + 1\n        self.f = lambda t: t * k", "uses k"),
        ("self.k = 3\n        self.f = lambda t: t * k", "uses k"),
        ("self.f = lambda t: t * self.k if flag else t", "uses flag"),
        ("self.f = (lambda t: t * self.k) if flag else abs", "under a condition"),
        ("self.f = lambda t: t * self.__k", "private"),
        ("self.f = partial(torch.add, k)", "literal"),
        ("self.f = partial(nn.Linear, 3)", "not known to be a function"),
        ("self.f = partial(torch.add, 3)\n        self.g = self.f", "other than by calling"),
    ],
)
def test_attributes_that_stay(init, because):
    before = NET.format(init=init)
    after, declines = rewrite(before)
    assert after == before
    assert any(because in d.because for d in declines), [d.because for d in declines]


def test_a_method_in_place_of_a_lambda_needs_a_run_where_the_project_copies():
    text = NET.format(init="self.f = lambda t: t * self.k")
    assert [r.title for r in propose("m.py", text, static.index({"m.py": text}), [LambdaHelper()]).rewrites] == ["self.f becomes a method"]
    text = "import copy\n" + text + "\n\ntwin = copy.deepcopy(Net())\n"
    found = propose("m.py", text, static.index({"m.py": text}), [LambdaHelper()])
    assert not found.rewrites
    assert ["only a run can show" in d.because for d in found.declines] == [True]
