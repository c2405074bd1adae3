"""SF306 beyond its examples: the same values and the same errors as before, for every length of what is unpacked."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scriptify import examples
from scriptify.transform import Ignores
from scriptify.transforms.unpack_target import UnpackTarget

HEAD = """from torch import nn


class Net(nn.Module):
    def forward(self, x, xs):
"""


def rewrite(body):
    text = HEAD + "".join(f"        {line}\n" for line in body.splitlines())
    after, _, declines = examples.rewritten(UnpackTarget(), text, Ignores(text))
    return text, after, declines


def run(text, *args):
    names = {}
    exec(compile(text, "case.py", "exec"), names)
    try:
        return names["Net"]().forward(*args)
    except Exception as error:  # the error is what is compared
        return type(error)


@settings(max_examples=40)
@given(st.integers(0, 3), st.integers(0, 3), st.booleans(), st.lists(st.integers(), max_size=8), st.sampled_from(["list(xs)", "ys"]))
def test_stars_keep_values_and_errors(ahead, behind, read, items, value):
    names = [*(f"a{i}" for i in range(ahead)), "*rest", *(f"b{i}" for i in range(behind))]
    others = "".join(f"{name}, " for name in names if name != "*rest")
    body = f"ys = list(xs)\n{', '.join(names)}{',' if len(names) == 1 else ''} = {value}\nreturn ({others}{'rest, ' if read else ''}ys)"
    before, after, declines = rewrite(body)
    assert after != before, [d.because for d in declines]
    assert "*rest" not in after
    assert run(before, 1, items) == run(after, 1, items), after


@pytest.mark.parametrize(
    "body",
    [
        "xs, *rest = list(xs)\nreturn xs, rest",
        "[a, *b] = list(xs)\nreturn a, b",
        "[a, [b, c]] = [1, [2, 3]]\nreturn a, b, c",
        "(a, [b]), [[c]] = (1, [2]), [[3]]\nreturn a, b, c",
        "for [a, b] in zip(xs, xs):\n    x = x + a * b\nreturn x, a",
        "return self.y(n := 3, n) if False else x",
        "z = (n := x + 1) * n\nreturn z, n",
        "return (x, (n := x * 2), n)",
        "print((n := 3))\nreturn n",
    ],
)
def test_same_result(body):
    before, after, _ = rewrite(body)
    for items in ([], [4], [4, 5], [4, 5, 6]):
        assert run(before, 2, items) == run(after, 2, items), after


@pytest.mark.parametrize(
    ("body", "because"),
    [
        ("return [n for x in xs if (n := x)]", "once per item"),
        ("while (n := len(xs)) > 3:\n    pass\nreturn n", "while"),
        ("n = 1\nreturn n + (n := 2)", "read before"),
        ("return x if xs else (n := 2)", "one branch"),
        ("*a, = xs\nreturn a", "not known to be a list"),
        ("a = 1; b, *c = list(xs)\nreturn a, b, c", "shares its line"),
        ("x.a, *c = list(xs)\nreturn c", "plain names"),
    ],
)
def test_declines(body, because):
    before, after, declines = rewrite(body)
    assert after == before
    assert any(because in d.because for d in declines), [d.because for d in declines]


def test_a_star_over_something_unknown_is_not_certain_to_be_refused():
    before, after, declines = rewrite("a, *b = xs\nreturn a, b")
    assert after == before and not declines
