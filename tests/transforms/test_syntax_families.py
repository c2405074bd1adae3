"""Sets, slices, reversed items, match, chosen callables and the like beyond their examples: same values, same errors."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scriptify import examples
from scriptify.transform import Fires, Ignores
from scriptify.transforms.called_override import CalledOverride
from scriptify.transforms.chosen_callable import ChosenCallable
from scriptify.transforms.growing_list import GrowingList
from scriptify.transforms.list_slice import ListSlice
from scriptify.transforms.match_statement import MatchStatement
from scriptify.transforms.mutable_default import MutableDefault
from scriptify.transforms.quiet_finally import QuietFinally
from scriptify.transforms.repeated_annotation import RepeatedAnnotation
from scriptify.transforms.reversed_items import ReversedItems
from scriptify.transforms.set_value import SetValue

HEAD = "import torch\nfrom typing import List\nfrom torch import nn\n\n\nclass Net(nn.Module):\n    def forward(self, x{more}):\n"


def written(body, more=""):
    return HEAD.format(more=more) + "".join(f"        {line}\n" for line in body.splitlines())


def rewrite(transform, body, more="", focus="", at=""):
    text = written(body, more)
    example = Fires(text, text, focus=focus, at=at) if focus else Ignores(text)
    after, _, declines = examples.rewritten(transform, text, example)
    return text, after, declines


def run(text, *args):
    names = {}
    exec(compile(text, "case.py", "exec"), names)
    try:
        return names["Net"]().forward(*args)
    except Exception as error:  # the error is what is compared
        return type(error)


def same(transform, body, *args, more="", focus="", at=""):
    before, after, declines = rewrite(transform, body, more, focus, at)
    assert after != before, [d.because for d in declines]
    assert run(before, *args) == run(after, *args), after


@settings(max_examples=60)
@given(st.integers(-4, 6), st.integers(-4, 6), st.sampled_from([None, -3, -1, 1, 2, 3]))
def test_reversed_ranges(start, stop, step):
    for bounds in (f"{stop}", f"{start}, {stop}", f"x, {stop}", *((f"{start}, {stop}, {step}",) if step else ())):
        same(ReversedItems(), f"seen = []\nfor i in reversed(range({bounds})):\n    seen.append(i)\nreturn seen", start)


@settings(max_examples=60)
@given(st.integers(0, 6), st.one_of(st.none(), st.integers(-6, 7)), st.integers(0, 5), st.lists(st.integers(0, 9), max_size=4))
def test_slices_change_the_same_list(lower, upper, size, new):
    bound = "" if upper is None else upper
    first = f"xs = {list(range(size)) or '[0][:0]'}\nother = xs\n"
    more = ""
    for change in (f"del xs[{lower}:{bound}]", f"xs[{lower}:{bound}] = {new or [1]}"):
        text = first if size else "xs = [1]\nxs.pop()\nother = xs\n"
        same(ListSlice(), f"{text}{change}\nreturn xs, other", 0, more=more)


@settings(max_examples=60)
@given(
    st.lists(st.integers(0, 3), min_size=1, max_size=5),
    st.sampled_from(["xs.append(v)", "xs.insert(0, v)", "xs.pop(0)", "xs.remove(v)", "xs += [v]", "del xs[0]"]),
    st.integers(1, 8),
)
def test_loops_over_lists_that_change(items, change, most):
    body = f"xs = {items}\nseen = []\nfor v in xs:\n    seen.append(v)\n    if len(seen) < {most}:\n        {change}\nreturn seen, xs"
    same(GrowingList(), body, 0)


@settings(max_examples=40)
@given(st.integers(-2, 4), st.booleans())
def test_match(value, guard):
    body = (
        f"match x:\n    case -1 | 2:\n        r = 'a'\n    case 3 if {guard}:\n        r = 'b'\n    case None:\n        r = 'c'\n"
        "    case other:\n        r = other\nreturn r"
    )
    same(MatchStatement(), body, value)


@settings(max_examples=40)
@given(st.lists(st.integers(0, 4), max_size=6))
def test_sets_are_counted_and_asked(items):
    body = f"s = {{v // 2 for v in {items or '[1][:0]'}}}\nreturn len(s), 1 in s, sorted(s), 2 in {{1, 2}}"
    same(SetValue(), body if items else body.replace("[1][:0]", "[1]"), 0)


@pytest.mark.parametrize("flag", [True, False])
@pytest.mark.parametrize(
    "body",
    [
        "f = torch.abs if flag else torch.neg\nreturn float(f(f(x)))",
        "if flag:\n    f = torch.abs\nelse:\n    f = torch.neg\nflag = False\nreturn float(f(x))",
        "f = torch.abs\nfor i in range(2):\n    x = f(x)\n    f = torch.neg if flag else torch.abs\nreturn float(x)",
        "for i in range(3):\n    f = torch.abs if i == 1 else torch.neg\n    x = f(x)\nreturn float(x)",
        "d = {'a': torch.abs, 'b': torch.neg}\nkey = 'a' if flag else 'c'\nreturn float(d[key](x))",
    ],
)
def test_chosen_callables(body, flag):
    import torch

    same(ChosenCallable(), body, torch.tensor(-2.0), flag, more=", flag", focus="function cannot be used as a value", at="return")


@pytest.mark.parametrize(
    ("transform", "body", "more"),
    [
        (ReversedItems(), "return next(reversed([x]))", ""),
        (SetValue(), "s = {1, 2}\nfor v in s:\n    x = x + v\nreturn x", ""),
        (SetValue(), "s = {1, 2}\nt = s\nt.add(3)\nreturn len(s)", ""),
        (SetValue(), "return len({1.0, 2.0})", ""),
        (ListSlice(), "xs = [1, 2]\ndel xs[x:]\nreturn xs", ""),
        (MutableDefault(), "n.append(x)\nreturn len(n)", ", n: List[int] = []"),
        (MutableDefault(), "self.kept = n\nreturn x", ", n: List[int] = []"),
        (MutableDefault(), "m = n\nreturn len(m)", ", n: List[int] = [1]"),
        (MutableDefault(), "return (lambda: n)", ", n: List[int] = [1]"),
        (MatchStatement(), "match x:\n    case [a, b]:\n        return a\nreturn x", ""),
        (MatchStatement(), "match x:\n    case n if n > 1:\n        return n\n    case _:\n        return x", ""),
        (QuietFinally(), "for i in range(2):\n    try:\n        break\n    finally:\n        n = 1\nreturn x", ""),
        (QuietFinally(), "try:\n    y = x\nfinally:\n    n = self.step(x)\nreturn y", ""),
        (GrowingList(), "for v in x:\n    x.append(v)\nreturn x", ""),
        (RepeatedAnnotation(), "y: int = 1\ny: int = 2\nreturn y", ""),
        (CalledOverride(), "return x", ""),
    ],
)
def test_left_alone(transform, body, more):
    before, after, _ = rewrite(transform, body, more)
    assert after == before


@pytest.mark.parametrize(
    "body",
    [
        "f = torch.abs if x.sum() > 0 else torch.neg\nreturn helper(f)",
        "f = make() if flag else torch.neg\nreturn f(x)",
        "self.f = torch.abs\nf = self.f if flag else torch.neg\nreturn f(x)",
        "f = torch.abs if flag else torch.neg\nreturn f(lambda y: y)",
    ],
)
def test_choices_left_alone(body):
    before, after, _ = rewrite(ChosenCallable(), body, ", flag", "function cannot be used as a value", "return")
    assert after == before


def test_a_choice_that_is_not_asked_for_stays():
    text = written("f = torch.abs if flag else torch.neg\nreturn f(x)", ", flag")
    after, _, _ = examples.rewritten(ChosenCallable(), text, Ignores(text))
    assert after == text
