"""SF201: generated loops run in eager before and after give the same result or raise the same error."""

from __future__ import annotations

import itertools
from textwrap import indent

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scriptify.draft import Draft, settle
from scriptify.facts import static
from scriptify.pipeline import propose
from scriptify.transforms._item_names import singular
from scriptify.transforms.module_dict_key import ModuleDictKey
from scriptify.transforms.module_index import ModuleIndex
from scriptify.transforms.module_list_loop import ModuleListLoop

PATH = "net.py"
HEAD = """from torch import nn


class Net(nn.Module):
    def __init__(self, n, m):
        super().__init__()
        self.n = n
        self.ups = nn.ModuleList([Tag("u", k) for k in range(n)])
        self.downs = nn.ModuleList([Tag("d", k) for k in range(n)])
        self.others = nn.ModuleList([Tag("o", k) for k in range(m)])

    def forward(self, x, k=0):
"""


class Tags(list):
    """A list of callables that behaves as a ModuleList does: errors included, without torch."""

    def __getitem__(self, index):
        if isinstance(index, slice):
            return Tags(super().__getitem__(index))
        if not -len(self) <= index < len(self):
            raise IndexError(f"index {index} is out of range")
        return super().__getitem__(index)


class Tag:
    def __init__(self, name, number):
        self.name, self.number = name, number

    def __call__(self, x):
        return [*x, f"{self.name}{self.number}"]


class Nn:
    class Module:
        pass

    ModuleList = Tags


BOTH = (ModuleListLoop(), ModuleIndex())


def rewritten(text: str, transforms=BOTH) -> str:
    draft = Draft({PATH: text})
    for _ in range(12):
        now = draft.working[PATH]
        found = propose(PATH, now, static.index({PATH: now}), list(transforms))
        assert not found.failures, found.failures
        accepted, _ = settle(found.rewrites, draft.working)
        if not accepted:
            return draft.texts[PATH]
        draft = draft.adding(accepted)
    raise AssertionError(f"does not settle:\n{draft.working[PATH]}")


def run(text: str, n: int, m: int, k: int):
    space = {"nn": Nn, "Tag": Tag}
    exec(compile(text.replace("from torch import nn\n", ""), PATH, "exec"), space)
    try:
        return "value", space["Net"](n, m).forward([], k)
    except Exception as error:
        return "error", type(error), str(error) if isinstance(error, IndexError) else ""


RANGES = st.sampled_from(
    [
        "range(len(self.ups))",
        "range(self.n)",
        "range(k)",
        "range(2)",
        "range(1, len(self.ups))",
        "range(1, k)",
        "range(1, self.n)",
        "range(2, 5)",
        "range(0, len(self.ups), 2)",
        "range(1, len(self.ups), 2)",
        "range(3, len(self.ups), 2)",
        "range(0, k, 3)",
        "range(k, self.n)",
        "range(len(self.ups) - 1)",
        "range(len(self.ups) - 1, -1, -1)",
        "range(k, -1, -1)",
        "reversed(range(self.n))",
        "reversed(range(1, k))",
        "(0, 2)",
        "[1, 0]",
    ]
)
INDICES = st.sampled_from(["i", "i", "i", "i + 1", "i - 1", "-i - 1", "i // 2", "i % 2", "len(self.ups) - 1 - i", "k", "-1 - k", "i * 2"])
LISTS = st.sampled_from(["self.ups", "self.downs", "self.others"])


@st.composite
def bodies(draw):
    lines = []
    for _ in range(draw(st.integers(1, 3))):
        use = f"{draw(LISTS)}[{draw(INDICES)}]"
        lines += draw(
            st.sampled_from(
                [
                    [f"x = {use}(x)"],
                    [f"x = {use}(x) + [i]"],
                    [f"y = {use}(x)", "x = y + [0]"],
                    [f"item = {use}", "x = item(x)"],
                    ["if i > 1:", f"    x = {use}(x)"],
                    [f"x = {use}(x) if i > 0 else x"],
                    [f"for z in {use}([]):", "    x = x + [z]"],
                ]
            )
        )
    return lines


@st.composite
def loops(draw):
    kind = draw(st.sampled_from(["range", "range", "range", "modules", "counter", "list", "comprehension", "nested"]))
    body = draw(bodies())
    after = draw(st.sampled_from(["return x", "return x", "return x + [i]"]))
    if kind == "range":
        lines = [f"for i in {draw(RANGES)}:", *indented(body)]
    elif kind == "modules":
        lines = [f"for i, own in enumerate({draw(LISTS)}):", *indented([*body, "x = own(x)"])]
    elif kind == "counter":
        lines = ["i = 0", f"for own in {draw(LISTS)}:", *indented([*body, "x = own(x)", "i += 1"])]
    elif kind == "list":
        lines = ["for i, q in enumerate([5, 6]):", *indented([*body, "x = x + [q]"])]
    elif kind == "nested":
        lines = ["for q in range(2):", *indented([f"for i in {draw(RANGES)}:", *indented(body)])]
    else:
        lines = [f"x = [{draw(LISTS)}[{draw(INDICES)}](['c']) for i in {draw(RANGES)}]"]
        after = "return x"
    if draw(st.booleans()) and kind not in ("comprehension", "nested", "counter"):
        lines += ["    if i == 1:", f"        {draw(st.sampled_from(['break', 'continue', 'return x']))}", "    x = x + ['t']"]
    return [*lines, after]


def indented(lines):
    return [f"    {line}" for line in lines]


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(loops())
def test_generated_loops_do_the_same(lines):
    text = HEAD + indent("\n".join(lines), "        ") + "\n"
    after = rewritten(text)
    for n, m, k in itertools.product((0, 1, 3, 4), (0, 2, 4), (-2, 0, 1, 3, 5)):
        before, now = run(text, n, m, k), run(after, n, m, k)
        assert before[:2] == now[:2], f"n={n} m={m} k={k}: {before} became {now}\n{text}\n{after}"


@pytest.mark.parametrize(
    ("name", "expected"),
    [("convs", "conv"), ("branches", "branch"), ("entries", "entry"), ("bias", ""), ("class", ""), ("to_rgbs", "to_rgb"), ("x", "")],
)
def test_singular(name, expected):
    assert singular(name) == expected


def test_names_do_not_clash():
    body = "conv = x\n        for i in range(len(self.convs)):\n            x = self.convs[i](x)\n        return x + conv\n"
    text = (
        "from torch import nn\n\n\nclass Net(nn.Module):\n    def __init__(self):\n        super().__init__()\n"
        "        self.convs = nn.ModuleList([nn.ReLU()])\n\n    def forward(self, x):\n        " + body
    )
    after = rewritten(text)
    assert "for convs_i in self.convs:" in after
    assert "conv = x" in after


def test_strings_over_several_lines_keep_their_text():
    text = HEAD + '        for i in range(k):\n            s = """\n  two\n"""\n            x = self.ups[i](x) + [s]\n        return x\n'
    after = rewritten(text)
    assert '"""\n  two\n"""' in after
    assert run(text, 3, 0, 2) == run(after, 3, 0, 2)


def test_other_transforms_stay_quiet_on_module_lists():
    text = HEAD + "        for i in range(k):\n            x = self.ups[i](x)\n        return x\n"
    assert rewritten(text, (ModuleDictKey(), ModuleIndex())) == text


@pytest.mark.parametrize(
    "lines",
    [
        ["for i in range(len(self.ups)):", "    if i > 1:", "        x = self.others[i](x)", "return x"],
        ["for i in range(k):", "    if i == 1:", "        return x", "    x = self.ups[i](x)", "return x"],
        ["for i, own in enumerate(self.ups):", "    x = self.others[i](x) if i > 1 else own(x)", "return x"],
    ],
    ids=["used on a condition", "left before the end", "conditional expression"],
)
def test_no_error_where_there_was_none(lines):
    text = HEAD + indent("\n".join(lines), "        ") + "\n"
    after = rewritten(text)
    assert after != text
    for n, m, k in itertools.product((0, 1, 3, 4), (0, 2, 4), (0, 1, 5)):
        assert run(text, n, m, k)[:2] == run(after, n, m, k)[:2]
