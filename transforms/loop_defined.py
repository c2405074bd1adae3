"""SF613: a variable that only the rounds of a loop define, read after it."""

from __future__ import annotations

import re
from collections.abc import Iterator

import libcst as cst

from scriptify.facts.model import Facts, Observed
from scriptify.transform import Declines, Fires, Focus, Ignores, Phase, Proposal, Transform
from scriptify.transforms._spot import Spot, spot
from scriptify.transforms._start_as_none import StartedAsNone, proposed
from scriptify.tree import Tree, loads, stores_in
from scriptify.tree.flow import parameter_names

_HEAD = (
    "import torch\nfrom torch import nn\nfrom typing import Optional\n\n\nclass Net(nn.Module):\n    def forward(self, x: torch.Tensor):\n"
)
_ENTRY = "Net(), (torch.rand(2, 4),)"
_NAMED = re.compile(r"undefined value (\w+)")
_START = "if torch.jit.is_scripting():\n    {}: Optional[{}] = None\n"
_ASSERT = "if torch.jit.is_scripting():\n    assert {} is not None\n"


def _net(body: str) -> str:
    return _HEAD + "".join(f"        {line}\n" for line in body.splitlines())


class LoopDefined(Transform):
    """``for i in range(n): y = x * i`` ... ``return y`` -> y starts as None when scripted, and is asserted to have a value.

    To the compiler a loop may run no round at all, so what is first defined in one (the loop's own variable as well) is
    not defined after it, nor in the rounds that come later. Eager code is not changed: without a round it ends in the
    error it ended in before, and scripted code in the one of the assertion.
    """

    code = "SF613"
    name = "loop-defined"
    phase = Phase.CONTROL
    explains = ("undefined value ",)
    hints = ("for ", "while ")
    on_demand = True
    source = "https://docs.pytorch.org/docs/stable/jit_language_reference.html#variable-resolution"
    examples = (
        Fires(
            _net("for i in range(3):\n    y = x * i\nreturn y"),
            _net(_START.format("y", "torch.Tensor") + "for i in range(3):\n    y = x * i\n" + _ASSERT.format("y") + "return y"),
            entry=_ENTRY,
            focus="undefined value y",
            at="return y",
            name="defined in the rounds",
        ),
        Fires(
            _net("for i in range(3):\n    x = x + i\nreturn x * i"),
            _net(_START.format("i", "int") + "for i in range(3):\n    x = x + i\n" + _ASSERT.format("i") + "return x * i"),
            entry=_ENTRY,
            focus="undefined value i",
            at="return x",
            name="the loop's variable",
        ),
        Fires(
            _net("for i in range(3):\n    if i == 0:\n        h = x\n    else:\n        h = h * 2\n    x = h + 1\nreturn x"),
            _net(
                _START.format("h", "torch.Tensor")
                + "for i in range(3):\n    if i == 0:\n        h = x\n    else:\n        if torch.jit.is_scripting():\n"
                "            assert h is not None\n        h = h * 2\n    if torch.jit.is_scripting():\n"
                "        assert h is not None\n    x = h + 1\nreturn x"
            ),
            entry=_ENTRY,
            observed=Observed(locals={"Net.forward": {"h": "Tensor"}}),
            focus="undefined value h",
            at="h = h * 2",
            name="carried from round to round",
        ),
        Declines(
            _net("for i in range(3):\n    y = self.step(x)\nreturn y"),
            because="its type is not known",
            focus="undefined value y",
            at="return y",
        ),
        Ignores(_net("y = [i for i in range(3)]\nreturn x * i"), focus="undefined value i", at="return x", name="a comprehension's own"),
        Ignores(_net("return x * scale"), focus="undefined value scale", at="return x", name="not the function's"),
    )

    def propose(self, tree: Tree, facts: Facts, focus: Focus | None = None) -> Iterator[Proposal]:
        """Yield the start and the assertions for the variable the message names."""
        place = spot(tree, facts, focus)
        match = _NAMED.search(focus.message) if focus is not None else None
        if place is None or match is None:
            return
        name = match[1]
        loop = _loop(place, name)
        if loop is None:
            return
        yield proposed(self, tree, loop, StartedAsNone(place, loop, name).answer(), "to the compiler a loop may run no round")


def _loop(place: Spot, name: str) -> cst.For | cst.While | None:
    """The outermost loop around the first binding of a name, where nothing outside of loops binds it."""
    tree, function = place.tree, place.function
    stores = [by for by in stores_in(function.body, name) if not isinstance(by, cst.CompFor)]
    if not stores or name in parameter_names(function) or any(isinstance(by, cst.AnnAssign | cst.Global | cst.Del) for by in stores):
        return None
    found: list[cst.For | cst.While] = []
    for by in stores:
        around = [node for node in (by, *tree.ancestors(by)) if isinstance(node, cst.For | cst.While) and tree.contains(function, node)]
        if not around:
            return None
        found.append(around[-1])
    first = min(found, key=tree.line)
    return first if all(tree.line(load) >= tree.line(first) for load in loads(function.body, name)) else None
