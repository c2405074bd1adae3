"""SF304 beyond its examples: the same order for equal keys, the same errors, the same effects."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scriptify import examples
from scriptify.transform import Ignores
from scriptify.transforms.sort_key import SortKey

HEAD = """import operator
from typing import List
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.log = []

    def note(self, value):
        self.log.append(value)
        return value

    def forward(self, x: int, xs: List[int]):
"""


def rewrite(body):
    text = HEAD + "".join(f"        {line}\n" for line in body.splitlines())
    after, _, declines = examples.rewritten(SortKey(), text, Ignores(text))
    return text, after, declines


def run(text, *args):
    names = {"__name__": "case"}
    exec(compile(text, "case.py", "exec"), names)
    net = names["Net"]()
    try:
        return net.forward(*args), args, net.log
    except Exception as error:  # the error is what is compared
        return type(error), args, net.log


@settings(max_examples=40)
@given(
    st.sampled_from(
        [
            "return sorted(xs, key=lambda t: t % 3{0})",
            "return [self.note(1), sorted(xs, key=lambda t: int(self.note(t) / 2){0}), self.note(2)]",
            "ys = list(xs)\nys.sort(key=lambda v: v > 1{0})\nreturn ys",
            "xs.sort(key=abs{0})  # in place\nreturn x",
            "pairs = [(n, -n) for n in xs]\nreturn sorted(pairs, key=operator.itemgetter(1){0})",
            "return sorted([str(n) for n in xs], key=len{0})",
            "return sorted(xs{0}, key=lambda n: n * 0.5 - x)",
            "k = 2\nreturn sorted((k, x, 7), key=lambda n: n % k{0})",
        ]
    ),
    st.sampled_from(["", ", reverse=True", ", reverse=False"]),
    st.lists(st.integers(-4, 4), max_size=6),
)
def test_sorting(body, order, items):
    before, after, declines = rewrite(body.format(order))
    assert after != before or declines
    if "(k, x, 7)" not in body:
        assert after != before, [d.because for d in declines]
    assert run(before, 3, list(items)) == run(after, 3, list(items)), after


@settings(max_examples=40)
@given(
    st.sampled_from(
        [
            "return {0}(xs, key=lambda t: t % 3)",
            "return {0}(xs[1:], key=self.note), self.note(0)",
            "return {0}([(n, str(n)) for n in xs], key=lambda t: abs(t[0]))",
            "return {0}(x, 4, key=lambda t: -t)",
        ]
    ),
    st.sampled_from(["max", "min"]),
    st.lists(st.integers(-4, 4), max_size=6),
)
def test_choosing(body, which, items):
    before, after, declines = rewrite(body.format(which))
    assert after != before, [d.because for d in declines]
    assert run(before, 3, items) == run(after, 3, items), after


@pytest.mark.parametrize(
    ("body", "because"),
    [
        ("return sorted(xs, key=self.note)", "type of its key"),
        ("return sorted(xs, key=None)", "computed"),
        ("return sorted(xs, key=lambda t: -t, reverse=x > 1)", "run time"),
        ("return max(xs, key=lambda t: -t, default=0)", "default"),
        ("return max(self.note(xs), key=lambda t: -t)", "list or tuple"),
        ("return x and sorted(xs, key=lambda t: -t)", "and/or"),
        ("return sorted(self.note(xs), reverse=True)", "type of its items"),
        ("return xs.sort(key=abs)", "shares its line"),
        ("return max(*xs, key=abs)", "starred"),
    ],
)
def test_declines(body, because):
    before, after, declines = rewrite(body)
    assert after == before
    assert any(because in d.because for d in declines), [d.because for d in declines]
