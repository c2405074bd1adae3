"""Branches an instance never takes (SF601, SF602, SF603, SF605, SF608): shapes the examples don't show, and eager code that stays."""

from __future__ import annotations

import itertools

import pytest

from scriptify.examples import rewritten
from scriptify.facts import merge, static
from scriptify.facts.model import Attribute, Kind, Observed
from scriptify.transform import Fires, Focus, Rewrite, Transform
from scriptify.transforms.absent_attribute import AbsentAttribute
from scriptify.transforms.half_defined import HalfDefined
from scriptify.transforms.static_flag import StaticFlag
from scriptify.tree import Tree

HEAD = "import torch\nfrom torch import nn\n\n\n"
FLAG = Observed(attributes={"Net": {"use": Attribute("use", frozenset({Kind.VALUE}), values=(False,))}})
LACKS = Observed(instances={"Net": 1})
ABSENT = "Module 'Net' has no attribute 'conv'"


def after(transform: Transform, text: str, focus: str, at: str, observed: Observed) -> str:
    return rewritten(transform, text, Fires("", "", focus=focus, at=at, observed=observed))[0]


def net(body: str, bases: str = "nn.Module", first: str = "", above: str = "") -> str:
    lines = "".join(f"        {line}\n" for line in body.splitlines())
    init = "    def __init__(self):\n        super().__init__()\n        self.use = False\n\n"
    return f"{HEAD}{above}class Net({bases}):\n{first}{init}    def forward(self, x):\n{lines}"


IF = "if self.use:\n    x = self.conv(x)\nreturn x"


@pytest.mark.parametrize(
    ("bases", "above", "expected"),
    [
        ("nn.Module", "", '["use"]'),
        ("nn.Sequential", "", '["use"]'),
        ("nn.Conv2d", "", '[*nn.Conv2d.__constants__, "use"]'),
        ("Base", "class Base(nn.Module):\n    pass\n\n\n", '["use"]'),
        ("Base", "class Base(nn.Module):\n    __constants__ = ['k']\n    k = 1\n\n\n", '[*Base.__constants__, "use"]'),
        ("Base", "class Base(nn.Linear):\n    pass\n\n\n", '[*Base.__constants__, "use"]'),
        ("Other, nn.Module", "from elsewhere import Other\n\n\n", '[*getattr(Other, "__constants__", ()), "use"]'),
    ],
)
def test_constants_of_a_base_are_kept(bases, above, expected):
    got = after(StaticFlag(), net(IF, bases, above=above), ABSENT, "x = self.conv", FLAG)
    assert f"    __constants__ = {expected}\n" in got
    compile(got, "m.py", "exec")


def test_a_subclass_with_constants_of_its_own_gets_the_flag_too():
    below = "\n\nclass Below(Net):\n    __constants__ = ['k']\n    k = 1\n"
    got = after(StaticFlag(), net(IF) + below, ABSENT, "x = self.conv", FLAG)
    assert "__constants__ = ['k', \"use\"]" in got


def test_a_flag_on_a_multi_line_list():
    got = after(
        StaticFlag(), net(IF, first="    __constants__ = [\n        'a',\n        'b',  # why\n    ]\n"), ABSENT, "x = self.conv", FLAG
    )
    assert "        'b', \"use\",  # why\n" in got
    compile(got, "m.py", "exec")


@pytest.mark.parametrize(
    "body",
    [
        "if self.mode == 'a': return self.conv(x)\nreturn x",
        "if self.mode == 'a':\n    # a note\n    x = self.conv(x)  # another\nreturn x",
        "for i in range(2):\n    if i > self.n:\n        x = self.conv(x)\nreturn x",
        "y = self.conv(x) if self.mode == 'a' else x\nreturn y",
        "if x.dim() == 3:\n    y = x\nelif self.mode == 'a':\n    y = self.conv(x)\nelse: y = x\nreturn y",
    ],
)
def test_eager_code_is_the_same_with_and_without_the_part(body):
    torch = pytest.importorskip("torch")
    text = (
        net(body).replace("self.use = False", "self.mode, self.n = 'b', 5").replace("def __init__(self)", "def __init__(self, part=False)")
    )
    got = after(AbsentAttribute(), text, ABSENT, "self.conv(x)", LACKS)
    assert "is_scripting" in got
    for part, mode in itertools.product((False, True), "ab"):
        results = []
        for source in (text, got):
            names: dict[str, object] = {}
            exec(compile(source, "m.py", "exec"), names)
            model = names["Net"]()
            model.mode, model.n = mode, 0 if mode == "a" else 5
            if part:
                model.conv = torch.neg
            try:
                results.append(model(torch.ones(2, 2)).tolist())
            except AttributeError as error:
                results.append(str(error))
        assert results[0] == results[1]


@pytest.mark.parametrize(
    "missing", ["if k == 0:\n    y = x\nelif k == 1:\n    y = x + 1", "if k == 0:\n    y = x\nelse:\n    print(end='')"]
)
@pytest.mark.parametrize(
    "use", ["return y", "z = x\nreturn y + z", "if k < 2:\n    return y\nreturn x", "for _ in range(k):\n    x = x + y\nreturn x"]
)
def test_a_half_defined_name_stays_an_error_in_eager_code(missing, use):
    torch = pytest.importorskip("torch")
    text = f"{HEAD}class Net(nn.Module):\n    def forward(self, x, k: int = 0):\n" + "".join(
        f"        {n}\n" for n in f"{missing}\n{use}".splitlines()
    )
    seen = Observed(locals={"Net.forward": {"y": "Tensor"}})
    got = after(HalfDefined(), text, "y is not defined in the false branch", "if k == 0", seen)
    assert "is_scripting" in got
    for k in range(4):
        results = []
        for source in (text, got):
            names: dict[str, object] = {}
            exec(compile(source, "m.py", "exec"), names)
            try:
                results.append(names["Net"]()(torch.ones(2), k).tolist())
            except UnboundLocalError as error:
                results.append(str(error))
        assert results[0] == results[1]


def test_a_name_defined_in_an_earlier_round_of_a_loop_is_not_an_error():
    text = net("for i in range(3):\n    if i % 2 == 0:\n        y = x + i\n    x = x + y\nreturn x")
    seen = Observed(locals={"Net.forward": {"y": "Tensor"}})
    got = after(HalfDefined(), text, "y is not defined in the false branch", "if i % 2", seen)
    assert "raise" not in got
    assert "y: Optional[torch.Tensor] = None" in got


def test_a_name_read_in_a_lambda_is_left_alone():
    text = net("if x.dim() == 2:\n    y = x\nf = lambda t: t + y\nreturn f(x)")
    seen = Observed(locals={"Net.forward": {"y": "Tensor"}})
    assert after(HalfDefined(), text, "y is not defined in the false branch", "if x.dim", seen) == text


def test_a_flag_around_the_call_that_led_to_the_place_is_made_constant():
    text = net("if self.use:\n    x = self.extra(x, ['a'])\nreturn x") + (
        "\n    def extra(self, x, names):\n        for name in names:\n            x = getattr(self, name)(x)\n        return x\n"
    )
    lines = text.splitlines()
    inside, call = (next(n for n, line in enumerate(lines, 1) if part in line) for part in ("getattr", "self.extra(x"))
    tree, facts = Tree("net.py", text), merge.observed(static.index({"net.py": text}), FLAG)
    focus = Focus("net.py", inside, "<--- HERE", callers=(("net.py", call),))
    (made,) = StaticFlag().propose(tree, facts, focus)
    assert isinstance(made, Rewrite) and "make use constant" in made.title
    assert list(StaticFlag().propose(tree, facts, Focus("net.py", inside, "<--- HERE"))) == []
