"""None defaults: which groups take the sentinel, what stays Optional, and that eager code computes the same."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
import torch

from scriptify import examples
from scriptify.draft import Draft, settle
from scriptify.facts import static
from scriptify.pipeline import propose
from scriptify.registry import by_code
from scriptify.transform import Ignores, Settings

HEAD = "import torch\nfrom torch import nn\nfrom torch.nn import functional as F\nfrom typing import Optional\n\n\n"
BLOCK = """class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(4, 4)

    def forward(self, x, p=None):
        x = self.fc(x)
        if p is not None:
            x = x + p.relu()
        return x
"""
SF101 = by_code("SF101")


def rewritten(text: str, none_default: str = "auto") -> tuple[str, list[str]]:
    """The text after the transform, and the reasons it gave for what it left."""
    example = Ignores(text, settings=Settings(unsafe=True, none_default=none_default))
    after, _, declines = examples.rewritten(SF101, text, example)
    return after, [d.because for d in declines]


def forward(body: str, parameters: str = "self, x, p=None") -> str:
    """A module whose forward has this body."""
    lines = "".join(f"        {line}\n" for line in body.splitlines())
    return f"{HEAD}class Net(nn.Module):\n    def forward({parameters}):\n{lines}"


def made(text: str) -> Any:
    """The Net of a text, in eager mode."""
    space: dict[str, Any] = {}
    exec(compile(text, "net.py", "exec", dont_inherit=True), space)
    return space["Net"]()


def outcome(net: Any, *args: Any) -> Any:
    torch.manual_seed(0)
    try:
        return net(*args)
    except Exception as error:
        return type(error)


SOFT = [
    "if p is not None:\n    x = x + p\nreturn x",
    "if p != None:\n    p = F.relu(p) * 2\n    x = x * p\nreturn x",
    "if p is None:\n    p = torch.ones_like(x)\nx = x - p\nreturn x",
    "if p is None:\n    b, c = x.shape\n    p = x.new_empty(b, c).normal_()\nx = x + p * 0.5\nreturn x",
    "y = x + p if p is not None else x\nreturn y * 2",
    "if p is not None and x.shape[1] == 3:\n    x.add_(p)\nreturn x",
]
HARD = [
    "if p is not None:\n    x = torch.cat([x, p])\nreturn x",
    "if p is not None:\n    return p.unsqueeze(0)\nreturn x",
    "if p is not None:\n    x = x @ p.t()\nreturn x",
    "if p is None:\n    return x * 2\nx = x + p.relu()\nreturn x",
    "if p is not None:\n    x = x + p.unsqueeze(0)\nelse:\n    x = x * 3\nreturn x",
    "if p is not None:\n    x = x + p.relu()\n    x = torch.stack([x, x])\nreturn x",
    "if p is not None:\n    x = x + torch.relu(p) + torch.rand(1)\nreturn x",
    "if p is None:\n    p = torch.zeros(1)\nf = lambda t: t + p\nreturn f(x)",
    "if p is not None and p.dim() == 5:\n    p = None\nreturn x if p is None else x + p",
]


def wide(body: str) -> str:
    """The body in a module that makes its input a tensor of three columns."""
    text = forward(f"x = F.relu(self.fc(x))\n{body}")
    init = "    def __init__(self):\n        super().__init__()\n        torch.manual_seed(0)\n        self.fc = nn.Linear(3, 3)\n\n"
    return text.replace("    def forward", f"{init}    def forward")


EMPTY = [(0,), (0, 3), (1, 0), (0, 1), (0, 1, 1), (2, 0, 3), (0, 0, 3)]


@pytest.mark.parametrize("body", SOFT)
def test_takes_the_sentinel_where_it_is_the_same_for_every_caller(body):
    before = wide(body)
    after, _ = rewritten(before)
    assert "p: torch.Tensor = torch.empty(0)" in after
    old, new = made(before), made(after)
    for rows, given in itertools.product((2, 1, 0), ("omitted", None, "tensor", *EMPTY)):
        x = torch.arange(3.0 * rows).reshape(rows, 3)
        p = torch.empty(given) if isinstance(given, tuple) else torch.full((rows, 3), 0.5) if given == "tensor" else None
        args = [] if given == "omitted" else [p]
        expected = outcome(old, x.clone(), *args)
        if isinstance(expected, type):
            continue  # an error, and stays outside the promise
        torch.testing.assert_close(expected, outcome(new, x.clone(), *args))


@pytest.mark.parametrize("body", SOFT)
def test_stays_optional_where_the_other_operand_may_have_one_column(body):
    after, _ = rewritten(forward(body))
    assert "p: Optional[torch.Tensor] = None" in after
    assert "empty(0)" not in after


@pytest.mark.parametrize(
    ("line", "known"),
    [
        ("x = self.fc(x)", True),
        ("x = self.fc(x)\nx = torch.relu(x) * 2", True),
        ("x = F.interpolate(x, scale_factor=2)", True),
        ("x = self.conv(F.interpolate(x, None, 2.0))", True),
        ("x = self.conv(x)", False),
        ("x = self.one(x)", False),
        ("x = self.either(x)", False),
        ("x = self.shrink(F.interpolate(x, scale_factor=2))", False),
        ("x = self.fc(x); x = x.sum(1)", False),
        ("x = self.fc(x)\nif x.shape[0] > 2:\n    x = x.mean(-1, True)", False),
        ("x = self.fc(x)\nfor x in x:\n    pass", False),
        ("x = self.fc(x)\nfor _ in range(2):\n    x = x.mean(-1, True)", False),
        ("x = F.interpolate(x, scale_factor=1)", False),
    ],
)
def test_what_is_known_of_the_last_dimension(line, known):
    text = forward(f"{line}\nif p is not None:\n    x = x + p\nreturn x").replace(
        "    def forward",
        "    def __init__(self, wide=True):\n        super().__init__()\n"
        "        self.fc = nn.Linear(4, 4)\n        self.one = nn.Linear(4, 1)\n        self.conv = nn.Conv2d(4, 4, 3, 1, 1)\n"
        "        self.shrink = nn.Conv2d(4, 4, 3)\n        self.either = nn.Linear(4, 4)\n"
        "        if not wide:\n            self.either = nn.Linear(4, 1)\n\n    def forward",
    )
    assert ("empty(0)" in rewritten(text)[0]) is known


@pytest.mark.parametrize("body", HARD)
def test_stays_optional_where_an_empty_tensor_could_mean_something(body):
    after, declines = rewritten(forward(body))
    assert "p: Optional[torch.Tensor] = None" in after or declines
    assert "empty(0)" not in after


def test_a_second_run_proposes_nothing():
    for text in (*map(forward, (*SOFT, *HARD)), *map(wide, SOFT)):
        once, _ = rewritten(text)
        assert rewritten(once)[0] == once


def test_the_group_does_not_depend_on_the_order_of_functions():
    block = f"{BLOCK}\n\n"
    net = (
        "class Net(nn.Module):\n    def __init__(self):\n        super().__init__()\n        self.block = Block()\n\n"
        "    def forward(self, x, p=None):\n        x = self.block(x, None)\n        return self.block(x, p)\n\n\n"
    )
    for text in (HEAD + block + net, HEAD + net + block):
        after, _ = rewritten(text)
        assert after.count("p: torch.Tensor = torch.empty(0)") == 2
        assert "self.block(x, torch.empty(0))" in after


def test_a_valid_optional_in_the_chain_keeps_the_chain_optional():
    text = HEAD + (
        "def add(x, p: Optional[torch.Tensor] = None):\n    return x if p is None else x + p\n\n\n"
        "class Net(nn.Module):\n    def forward(self, x, p=None):\n        return add(x, p)\n"
    )
    after, _ = rewritten(text)
    assert after.count("Optional[torch.Tensor] = None") == 2
    assert "empty(0)" not in after
    assert rewritten(text, "sentinel")[0].count("p: torch.Tensor = torch.empty(0)") == 2


def test_a_value_that_may_be_none_keeps_the_parameter_optional():
    text = HEAD + (
        "def add(x, p=None):\n    if p is not None:\n        x = x + p.relu()\n    return x\n\n\n"
        "class Net(nn.Module):\n    def __init__(self):\n        super().__init__()\n        self.mask = None\n\n"
        "    def forward(self, x):\n        return add(x, self.mask)\n"
    )
    assert "p: Optional[torch.Tensor] = None" in rewritten(text)[0]


@pytest.mark.parametrize(
    "parameters",
    ["self, x, *, p=None", "self, x, p: Optional[torch.Tensor] = None", "self, x, p: 'Optional[torch.Tensor]' = None"],
)
def test_leaves_alone(parameters):
    text = forward("if p is not None:\n    x = x + p\nreturn x", parameters)
    assert rewritten(text)[0] == text


def test_a_type_comment_states_the_signature():
    text = forward("# type: (torch.Tensor, Optional[torch.Tensor]) -> torch.Tensor\nif p is not None:\n    x = x + p\nreturn x")
    assert rewritten(text)[0] == text


def test_a_call_in_another_file_passes_the_sentinel_too():
    texts = {
        "block.py": HEAD + BLOCK,
        "net.py": "from torch import nn\nfrom block import Block\n\n\n"
        "class Net(nn.Module):\n    def __init__(self):\n        super().__init__()\n"
        "        self.block = Block()\n\n    def forward(self, x):\n        return self.block(x, p=None)\n",
    }
    found = propose("block.py", texts["block.py"], static.index(texts, Settings()), [SF101])
    accepted, _ = settle(found.rewrites, texts)
    after = Draft(texts).adding(accepted).texts
    assert "p: torch.Tensor = torch.empty(0)" in after["block.py"]
    assert "self.block(x, p=torch.empty(0))" in after["net.py"]
    assert "import torch\n" in after["net.py"]


def test_truth_keeps_its_meaning():
    before = forward("if not p:\n    return x\nreturn x + p", "self, x, p: Optional[torch.Tensor] = None")
    for mode in ("auto", "sentinel"):
        after, _ = rewritten(before, mode)
        assert after != before
        for p in (None, torch.zeros(1), torch.ones(1), torch.ones(2)):
            left, right = (outcome(made(text), torch.ones(2), p) for text in (before, after))
            assert left is right if isinstance(left, type) else torch.equal(left, right)


@pytest.mark.parametrize("type_", ["bool", "int", "float", "str", "List[int]", "Tuple[int, int]", "torch.Tensor"])
@pytest.mark.parametrize("test", ["p", "not p", "p is not None and p", "p is None or not p", "p and x.dim() == 1"])
def test_truth_is_said_once_and_asks_the_same_of_every_value(type_, test):
    before = forward(f"if {test}:\n    return x\nreturn x + 1", f"self, x, p: Optional[{type_}] = None")
    before = before.replace("import Optional", "import List, Optional, Tuple")
    after, _ = rewritten(before)
    assert rewritten(after)[0] == after
    for p in (None, 0, 1.5, "", "a", [], [0], (), torch.zeros(1), torch.ones(2)):
        left, right = (outcome(made(text), torch.ones(2), p) for text in (before, after))
        assert left is right if isinstance(left, type) else torch.equal(left, right)
