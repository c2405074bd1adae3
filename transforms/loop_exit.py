"""SF607: ``break`` in a loop that the compiler unrolls."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from scriptify.facts.model import Facts
from scriptify.transform import Declines, Fires, Focus, Ignores, Phase, Proposal, Transform
from scriptify.transforms._patch import Patch, multiline_safe
from scriptify.transforms._spot import Spot, spot
from scriptify.tree import Tree, own_nodes, stores_in, target_names
from scriptify.tree.substitute import FreshNames

_STEM = "Because we emit iteration over modulelists or tuples as unrolled loops"
_HEAD = "import torch\nfrom torch import nn\n\n\nclass Net(nn.Module):\n    def __init__(self):\n        super().__init__()\n"
_HEAD += "        self.ms = nn.ModuleList([nn.Linear(4, 4), nn.ReLU(), nn.Linear(4, 4)])\n\n    def forward(self, x):\n"
_ENTRY = "Net(), (torch.rand(2, 4),)"
_OF_PYTHON = frozenset("enumerate len list max min range reversed sorted tuple zip".split())
_OF_MODULES = frozenset("children items keys modules named_children named_modules size unbind values".split())

_STOPPED = "\n\ndef stopped(x):\n    return bool(x.sum() > 0)\n"


def _net(body: str) -> str:
    return _HEAD + "".join(f"        {line}\n" for line in body.splitlines())


class LoopExit(Transform):
    """``for m in self.ms: x = m(x); if done(x): break`` -> the loop's body under ``if not stopped:``, and ``stopped = True``.

    A loop over a ModuleList or tuple is unrolled, and unrolled code can't be left early. The remaining rounds
    run empty instead; going through a ModuleList, ``enumerate`` or ``zip`` of them has no effect of its own. A loop
    with an ``else``, or whose variable is used afterwards, shows how far it went and is left alone.
    """

    code = "SF607"
    name = "loop-exit"
    phase = Phase.CONTROL
    explains = (_STEM,)
    hints = ("break", "continue")
    on_demand = True
    source = "https://docs.pytorch.org/docs/stable/jit_language_reference.html#for-loops-over-constant-nn-modulelist"
    examples = (
        Fires(
            _net("for m in self.ms:\n    x = m(x)\n    if bool(x.sum() > 0):\n        break\nreturn x"),
            _net(
                "stopped = False\nfor m in self.ms:\n    if not stopped:\n"
                "        x = m(x)\n        if bool(x.sum() > 0):\n            stopped = True\nreturn x"
            ),
            entry=_ENTRY,
            focus=_STEM,
            at="break",
            name="at the end",
        ),
        Fires(
            _net("for i, m in enumerate(self.ms):\n    if i == 2:\n        x = x + 1\n        break\n    x = m(x)\nreturn x"),
            _net(
                "stopped = False\nfor i, m in enumerate(self.ms):\n    if not stopped:\n        if i == 2:\n            x = x + 1\n"
                "            stopped = True\n        if not stopped:\n            x = m(x)\nreturn x"
            ),
            entry=_ENTRY,
            focus=_STEM,
            at="break",
            name="with more after it",
        ),
        Declines(
            _net("for i, m in enumerate(self.ms):\n    if i == 2:\n        break\n    x = m(x)\nreturn x * i"),
            because="used after it",
            focus=_STEM,
            at="break",
        ),
        Declines(
            _net("for m in self.ms:\n    if x.dim() == 2:\n        continue\n    x = m(x)\nreturn x"),
            because="one break",
            focus=_STEM,
            at="continue",
        ),
        Fires(
            _net("for m in self.ms:\n    x = m(x)\n    if stopped(x):\n        break\nreturn x") + _STOPPED,
            _net(
                "stopped_2 = False\nfor m in self.ms:\n    if not stopped_2:\n"
                "        x = m(x)\n        if stopped(x):\n            stopped_2 = True\nreturn x"
            )
            + _STOPPED,
            entry=_ENTRY,
            focus=_STEM,
            at="break",
            name="a function of that name",
        ),
        Declines(
            _net("for m, k in zip(self.ms, self.rates()):\n    x = m(x) * k\n    if bool(x.sum() > 0):\n        break\nreturn x"),
            because="used up",
            focus=_STEM,
            at="break",
            name="a generator",
        ),
        Declines(
            _net("for m in self.ms:\n    x = m(x)\n    if bool(x.sum() > 0):\n        break\n        x = x + 1\nreturn x"),
            because="after the break",
            focus=_STEM,
            at="break",
            name="code after the break",
        ),
        Ignores(_net("for m in self.ms:\n    x = m(x)\n    if bool(x.sum() > 0):\n        break\nreturn x")),
    )

    def propose(self, tree: Tree, facts: Facts, focus: Focus | None = None) -> Iterator[Proposal]:
        """Yield the rewrite of the loop around the focus."""
        place = spot(tree, facts, focus)
        if place is None or focus is None or not self.answers(focus.message):
            return
        statement = place.statement()
        loops = [a for a in (statement, *(tree.ancestors(statement) if statement is not None else ())) if isinstance(a, cst.For)]
        if not loops:
            return
        loop = loops[0]
        reason = _obstacle(place, loop)
        if reason:
            yield tree.decline(self, loop, reason)
            return
        exit_ = next(node for node in own_nodes(loop.body) if isinstance(node, cst.Break))
        name = FreshNames(tree, place.function).fresh("stopped")
        patch = Patch(tree)
        patch.before(loop, [f"{name} = False"])
        body = list(loop.body.body)
        index = next(i for i, part in enumerate(body) if tree.contains(part, exit_))
        patch.before(body[0], [f"if not {name}:"])
        patch.indent(body)
        if body[index + 1 :]:
            patch.before(body[index + 1], [f"if not {name}:"], steps=1)
            patch.indent(body[index + 1 :])
        patch.replace(exit_, f"{name} = True")
        why = "the compiler unrolls loops over modules and tuples, and can't leave them early; the other rounds run empty"
        yield tree.rewrite(self, loop, "run the remaining rounds empty in place of a break", patch.edits(), why=why)


def _obstacle(place: Spot, loop: cst.For) -> str:
    """Why the loop stays as it is, or ``""``."""
    tree = place.tree
    exits = [node for node in own_nodes(loop.body) if isinstance(node, cst.Break | cst.Continue)]
    line = tree.parent(exits[0]) if exits else None
    branch = tree.parent(tree.parent(line) or line) if line is not None else None
    plain = isinstance(loop.body, cst.IndentedBlock) and isinstance(branch, cst.If) and branch in loop.body.body and branch.orelse is None
    if plain and isinstance(branch, cst.If) and branch.body.body[-1] is not line:
        return "what stands after the break would run"
    if len(exits) != 1 or not isinstance(exits[0], cst.Break) or not plain or not isinstance(loop.body, cst.IndentedBlock):
        return "only a loop with one break, at the end of an if of its own, can be run to its end"
    if any(isinstance(node, cst.For | cst.While) for node in own_nodes(loop.body)):
        return "the loop holds another loop"
    if (
        not isinstance(line, cst.SimpleStatementLine)
        or len(line.body) != 1
        or not all(multiline_safe(tree, part) for part in (loop, *loop.body.body))
    ):
        return "statements share a line"
    if loop.orelse is not None:
        return "the loop has an else"
    if any(not _quiet(tree, call) for call in tree.find(cst.Call, loop.iter)):
        return "what a call gives may be used up by the remaining rounds"
    if any(True for kind in (cst.Attribute, cst.Subscript) for _ in tree.find(kind, loop.target)):
        return "the loop sets what others see, and shows how far it went"
    names = {name.value for name in target_names(loop.target)}
    inside = {id(node) for node in own_nodes(loop)}
    for node in own_nodes(place.function.body):
        if isinstance(node, cst.Name) and node.value in names and id(node) not in inside and tree.line(node) > tree.line(loop):
            return "the loop's variable is used after it, and shows how far the loop went"
    if any(isinstance(above, cst.For | cst.While) for above in tree.ancestors(loop)) or any(
        len(stores_in(place.function.body, n)) > 1 for n in names
    ):
        return "the loop stands in another loop, or its variable is assigned elsewhere"
    return ""


def _quiet(tree: Tree, call: cst.Call) -> bool:
    """Whether going through what a call gives to its end has no effect: no generator of anybody's is used up by it."""
    if isinstance(call.func, cst.Attribute) and call.func.attr.value in _OF_MODULES:
        return True
    return tree.dotted(call.func).partition("builtins.")[2] in _OF_PYTHON
