"""SF303 beyond its examples: the same values, the same effects in the same order, the same laziness."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scriptify import examples
from scriptify.transform import Ignores
from scriptify.transforms.map_filter import MapFilter

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


def rewrite(body):
    text = HEAD + "".join(f"        {line}\n" for line in body.splitlines())
    after, _, declines = examples.rewritten(MapFilter(), text, Ignores(text))
    return text, after, declines


def run(text, *args):
    names = {"__name__": "case"}
    exec(compile(text, "case.py", "exec"), names)
    net = names["Net"]()
    try:
        return net.forward(*args), net.log
    except Exception as error:  # the error is what is compared
        return type(error), net.log


@pytest.mark.parametrize(
    "body",
    [
        "return list(map(self.note, xs))",
        "a, b = map(lambda t: self.note(t), [x, 2])\nreturn a, b",
        "for t in map(self.note, xs):\n    self.note(-t)\nreturn x",
        "return any(map(lambda t: self.note(t) > 1, xs)), all(map(self.note, xs))",
        "return [self.note(1), sum(map(lambda a, b: a * b, xs, map(abs, xs))), self.note(2)]",
        "return list(enumerate(map(self.note, xs)))",
        "return tuple(map(lambda t: t + 1, (x, 2, x * 3)))",
        "return self.note(0), list(filter(lambda t: self.note(t) % 2, xs)), self.note(9)",
        "return self.note(7) + len([t for t in xs if self.note(t) > 1])",
        "ys = [t for t in xs if t if t > 1]\nreturn ys",
        "xs = [x for x in xs if x > 1]\nreturn xs, x",
        "t = 3\nys = [t for t in xs if t > 1]\nreturn ys, t",
        "return {t: self.note(t) for t in xs if t > 1}",
        "return [(a, b) for a in xs for b in range(a) if a != b]",
        "return sum(t for t in xs if t > 1) + max([0, *xs])",
        "return '-'.join(str(t) for t in xs if t > 1)",
        "return list(t for t in xs if t > 1)",
        "# note\nys = [\n    t  # one\n    for t in xs\n    if t\n]  # end\nreturn ys",
        "try:\n    xs = [1 // t for t in xs if t < 9]\nexcept ZeroDivisionError:\n    pass\nreturn xs",
        "return sorted(t for t in xs if t), list(map(str, [t for t in xs if t]))",
        "return list(map(lambda t: (t, 1), xs))",
        "if [t for t in xs if t]:\n    return 1\nreturn 2",
        "return any(self.note(t) for t in xs if self.note(t))",
        "return all(self.note(t) > 1 for t in xs if t)",
        "return list(filter(None, xs))",
        "return max(*map(abs, [4, *xs]), self.note(x))",
        "t = 2\nfor u in filter(lambda v: v > t, xs):\n    t = u\nreturn t",
        "t = 2\nfor t in filter(lambda v: v > t, xs):\n    x = x + t\nreturn x, t",
        "return [t for t in filter(lambda v: v > 1, xs)]",
        "t = 1\nfor t in (u * t for u in xs if u > t):\n    x = x + t\nreturn x, t",
    ],
)
def test_same_values_and_effects(body):
    before, after, declines = rewrite(body)
    assert after != before, [d.because for d in declines]
    for args in ((1, [1, 2, 3]), (0, []), (5, [0, 4])):
        assert run(before, *args) == run(after, *args), after
    for comment in ("# note", "# one", "# end"):
        assert (comment in body) == (comment in after)


@pytest.mark.parametrize(
    ("body", "because"),
    [
        ("return tuple(map(abs, xs))", "tuple"),
        ("return tuple(map(lambda t: t + self.note(t), (self.note(1), self.note(2))))", "another order"),
        ("ys = map(abs, xs)\nreturn next(ys)", "lazy value"),
        ("return list(map(self.pick(), xs))", "itself computed"),
        ("return list(map(lambda a, b=1: a, xs))", "another number"),
        ("return x if xs else [t for t in xs if t]", "one branch"),
        ("return [[t for t in y if t] for y in [xs]]", "once per item"),
        ("return {self.note(t): t for t in xs if t}", "keys are computed"),
        ("return [y for t in xs if (y := t)]", "assigns"),
        ("t = 2\nreturn [t for t in filter(lambda v: v > t, xs)]", "outer name"),
        ("zip = self.note\nreturn list(map(max, xs, xs)), zip(1)", "the name zip"),
        ("sum = self.note\nreturn sum(t for t in xs if t)", "lazy"),
        ("any = self.note\nreturn any(t for t in xs if t)", "lazy"),
        ("while [t for t in xs if t]:\n    xs = []\nreturn xs", "while"),
    ],
)
def test_declines(body, because):
    before, after, declines = rewrite(body)
    assert after == before
    assert any(because in d.because for d in declines), [d.because for d in declines]


def test_a_local_called_map_is_not_the_builtin():
    before, after, declines = rewrite("map = self.note\nreturn map(x)")
    assert after == before and not declines


@settings(max_examples=40)
@given(
    st.sampled_from(["a", "a + k", "self.note(a)", "(a, b)", "[a for a in xs][0]"]),
    st.sampled_from(
        ["for a in xs for b in ys", "for b in ys for a in range(b)", "for a, b in zip(xs, ys) if a", "for b, a in enumerate(xs) if b"]
    ),
    st.sampled_from(["", "if a > b", "if self.note(b)"]),
    st.sampled_from(["z = {0}", "xs = {0}", "return {0}, x", "z = self.note(x), {0}", "a = {0}", "k = [k, *{0}]"]),
    st.lists(st.integers(0, 3), max_size=4),
)
def test_generated_comprehensions(item, loops, condition, statement, items):
    body = f"k = 2\nz = a = 0\nys = [1, 2]\n{statement.format(f'[{item} {loops} {condition}]')}\nreturn x, k, xs, ys, z, a"
    before, after, declines = rewrite(body)
    assert after != before or declines
    assert run(before, 1, items) == run(after, 1, items), after
