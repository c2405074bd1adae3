"""SF607: ``break`` in a loop that the compiler unrolls."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from scriptify.facts.model import Facts
from scriptify.transform import Declines, Fires, Focus, Ignores, Phase, Proposal, Transform
from scriptify.transforms._patch import Patch, multiline_safe
from scriptify.transforms._spot import Spot, spot
from scriptify.tree import Tree, assigned_names, own_nodes, stores_in, target_names

_STEM = "Because we emit iteration over modulelists or tuples as unrolled loops"
_HEAD = "import torch\nfrom torch import nn\n\n\nclass Net(nn.Module):\n    def __init__(self):\n        super().__init__()\n"
_HEAD += "        self.ms = nn.ModuleList([nn.Linear(4, 4), nn.ReLU(), nn.Linear(4, 4)])\n\n    def forward(self, x):\n"
_ENTRY = "Net(), (torch.rand(2, 4),)"


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
        name, number = "stopped", 2
        while name in assigned_names(place.function):
            name, number = f"stopped_{number}", number + 1
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
