"""SF301 beyond its examples: evaluation order, names, errors, and generated chains run before and after."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scriptify import examples
from scriptify.transform import Ignores
from scriptify.transforms.reduce_chain import ReduceChain

HEAD = """import operator
import functools
from functools import reduce
from torch import nn


class Net(nn.Module):
    def __init__(self, features=()):
        super().__init__()
        self.features = features
        self.log = []

    def note(self, value):
        self.log.append(value)
        return value

    def forward(self, x, xs):
"""


def rewrite(body):
    text = HEAD + "".join(f"        {line}\n" for line in body.splitlines())
    after, _, declines = examples.rewritten(ReduceChain(), text, Ignores(text))
    return text, after, declines


def run(text, *args):
    names = {"__name__": "case"}
    exec(compile(text, "case.py", "exec"), names)
    net = names["Net"]()
    try:
        return net.forward(*args), net.log
    except Exception as error:  # the error is what is compared
        return type(error), net.log


def same(body, *calls):
    before, after, declines = rewrite(body)
    assert after != before, [d.because for d in declines]
    assert "reduce(" not in after.split("def forward")[1].replace('"reduce()', "")
    for call in calls:
        assert run(before, *call) == run(after, *call), after
    return after


@pytest.mark.parametrize(
    "body",
    [
        "return functools.reduce(lambda a, b: a - b, [1, x, 3], 10)",
        "return reduce(operator.sub, [self.note(1), self.note(x)], self.note(5))",
        "return (self.note(1), reduce(lambda a, b: self.note(a - b), [self.note(x), 4, self.note(2)]), self.note(9))",
        "return self.note(reduce(lambda a, b, k=3: a * k + b, [x, x + 1], 2)) + self.note(1)",
        "a = 5\nb = 7\nx = reduce(lambda a, b: a + (b if b > 1 else -b), [a, b, x], x)\nreturn a, b, x",
        "x = reduce(lambda a, b: a * x + b, [x, x + 1, x + 2], 1)\nreturn x",
        "x += reduce(operator.add, [x, self.note(x)], 0)\nreturn x",
        "return reduce(lambda a, b: a + [b], [self.note(i) for i in range(3)], [])",
        "return reduce(max, [x], 2)",
        "return reduce(lambda a, b: b, [x])",
        "n = 2\nreturn reduce(lambda a, i: a * 2 + i, range(n, n + 3), x), n",
        "return reduce(lambda a, i: a * 2 + i, range(4, -3, -2), x)",
        "return reduce(lambda a, i: reduce(lambda c, d: c * d + i, [a, i], 1), [1, 2], x)",
        "if reduce(lambda a, b: a + b, [x, 1], 0) > 3:\n    return 1\nreturn 2",
        "for i in [reduce(lambda a, b: a + b, [x, 1], 0)]:\n    x = x + i\nreturn x",
        "return reduce(lambda a, b: a + b, (x, 1), (\n    x\n    + 2\n))",
        "return reduce(lambda a, b: a + b, (i for i in xs), (x, 2)[0])",
        "return reduce(lambda a, b: a + (b,), list((x, (x, 2))), (self.note(x),))",
        "return reduce(lambda a, b: (a, b), (self.note((i, i))\n    for i in xs), (x,))",
        "# keep me\nreturn reduce(\n    lambda a, b: a + b,  # the sum\n    [x, 1],\n    0,\n)",
    ],
)
def test_same_value_order_and_log(body):
    after = same(body, (3, []), (0, []))
    for comment in ("# keep me", "# the sum"):
        assert (comment in body) == (comment in after)


@pytest.mark.parametrize("items", [[], [4], [4, 5, 6], (1, 2), ()])
def test_a_list_without_a_start_keeps_its_error(items):
    after = same("ys = list(xs)\nreturn reduce(lambda a, b: a * 2 + b, ys)", (1, items))
    assert "raise TypeError" in after


@pytest.mark.parametrize(
    ("body", "because"),
    [
        ("return x and reduce(operator.add, [x])", "and/or"),
        ("return [reduce(operator.add, [x, i], 0) for i in xs]", "once per item"),
        ("while reduce(operator.add, [x], 0) > 0:\n    x = x - 1\nreturn x", "while"),
        ("if x:\n    return 1\nelif reduce(operator.add, [x], 0):\n    return 2\nreturn 3", "elif"),
        ("if x: return reduce(operator.add, [x], 0)\nreturn 3", "shares its line"),
        ("return reduce(operator.add, *xs)", "not written out"),
        ("return reduce(self.pick(x), [x], 0)", "itself computed"),
        ("return reduce(lambda *ab: ab[0], [x], 0)", "exactly two"),
        ("return reduce(lambda a, b: [a for a in b], [xs], 0)", "binds the lambda's own parameter"),
        ("return reduce(operator.add, xs)", "not known to be a list"),
        ("return reduce(operator.add, xs, 0)", "start from a tensor"),
        ("return reduce(lambda a, b: (y := a) + b, [x], 0)", "assigns"),
        ("return reduce(operator.itemgetter, [x], 0)", "no operator"),
    ],
)
def test_declines(body, because):
    before, after, declines = rewrite(body)
    assert after == before
    assert any(because in d.because for d in declines), [d.because for d in declines]


def test_in_a_try_the_target_is_only_assigned_at_the_end():
    body = "try:\n    x = reduce(lambda a, b: a // b, [x, 0], 5)\nexcept ZeroDivisionError:\n    pass\nreturn x"
    same(body, (3, []), (1, []))


def test_a_shadowed_reduce_is_not_ours():
    before, after, declines = rewrite("reduce = self.note\nreturn reduce(x)")
    assert after == before and not declines


OPERATORS = ["a + b", "a * 2 - b", "b - a", "(a, b)[b % 2]", "a if a > b else b", "a + k * b"]


@settings(max_examples=40)
@given(
    st.sampled_from(OPERATORS),
    st.lists(st.integers(-3, 3), min_size=0, max_size=5),
    st.sampled_from(["", ", 1", ", x", ", self.note(x)", ", k"]),
    st.sampled_from(["ys", "[{items}]", "({items},)", "list(range(n))", "ys[1:]", "[self.note(y) for y in ys]"]),
    st.sampled_from(["x = {0}", "k = {0}", "z = {0}", "x = self.note(x) + {0}", "return {0}", "ys = [{0}, k]"]),
)
def test_generated_chains(step, items, start, iterable, statement):
    iterable = iterable.format(items=", ".join(map(str, items or [7])))
    call = f"reduce(lambda a, b: {step}, {iterable}{start})"
    body = f"k = 3\nn = len(xs)\nys = list(xs)\nz = 0\n{statement.format(call)}\nreturn x, k, n, ys, z"
    before, after, _ = rewrite(body)
    assert run(before, 2, items) == run(after, 2, items), after
