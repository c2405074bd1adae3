"""SF726: the ``else`` of a loop that ``break`` may leave."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from scriptify.facts.model import Facts
from scriptify.transform import Edit, Fires, Focus, Ignores, Phase, Proposal, Transform
from scriptify.transforms._before import lines_before
from scriptify.transforms._breaks import own_breaks
from scriptify.transforms._expression import Body, NoForm, bodies, decline, rewrite
from scriptify.tree import Tree
from scriptify.tree.substitute import FreshNames

_HEAD = "import torch\nfrom torch import nn\n\n\nclass Net(nn.Module):\n    def forward(self, x: torch.Tensor):\n"
_ENTRY = "Net(), (torch.randn(2, 4),)"
_Loop = cst.For | cst.While


def _net(body: str) -> str:
    return _HEAD + "".join(f"        {line}\n" for line in body.splitlines())


class LoopElse(Transform):
    """``for i in xs: if f(i): break`` with an ``else:`` -> a flag that says whether the loop was left, and ``if not left:``.

    The compiler's loops have no ``else``. What stands in it runs where no ``break`` was met, which a flag set before
    each ``break`` of that loop can tell as well.
    """

    code = "SF726"
    name = "loop-else"
    phase = Phase.SYNTAX
    explains = ("else branches of for loops", "incompatible constructor arguments")
    hints = ("else:",)
    source = "https://docs.pytorch.org/docs/stable/jit_language_reference_v2.html"
    examples = (
        Fires(
            _net("for i in range(3):\n    if i == x.size(0):\n        break\nelse:  # none\n    x = x * 2\nreturn x"),
            _net(
                "left = False\nfor i in range(3):\n    if i == x.size(0):\n        left = True\n        break\n"
                "if not left:  # none\n    x = x * 2\nreturn x"
            ),
            entry=_ENTRY,
            name="for",
        ),
        Fires(
            _net(
                "i = 0\nwhile i < 4:\n    i += 1\n    for j in range(2):\n        if j > i:\n            break\n"
                "    if i == 2: break\nelse:\n    x = x + 1\nreturn x * i"
            ),
            _net(
                "i = 0\nleft = False\nwhile i < 4:\n    i += 1\n    for j in range(2):\n        if j > i:\n            break\n"
                "    if i == 2:\n        left = True\n        break\nif not left:\n    x = x + 1\nreturn x * i"
            ),
            entry=_ENTRY,
            name="while, with a loop inside",
        ),
        Ignores(_net("for i in range(3):\n    x = x + i\nelse:\n    x = x * 2\nreturn x"), name="without break"),
        Ignores("def f(xs):\n    for x in xs:\n        if x:\n            break\n    else:\n        return 1\n", name="not compiled"),
    )

    def propose(self, tree: Tree, facts: Facts, focus: Focus | None = None) -> Iterator[Proposal]:
        """Every such loop in compiled code."""
        for body in bodies(tree, facts):
            loops: list[_Loop] = [*body.find(cst.For), *body.find(cst.While)]
            for loop in loops:
                breaks = list(own_breaks(loop.body)) if loop.orelse is not None else []
                if not breaks:
                    continue
                try:
                    edits = _edits(body, loop, breaks)
                except NoForm as reason:
                    yield decline(self, body, loop, f"the else of a loop is refused, and {reason}; put what break skips under a flag")
                    continue
                yield rewrite(self, body, loop, "a flag tells whether the loop was left", edits, why="the compiler's loops have no else")


def _edits(body: Body, loop: _Loop, breaks: list[cst.Break]) -> list[Edit]:
    tree, orelse = body.tree, loop.orelse
    if orelse is None or not tree.own_line(loop) or not isinstance(orelse.body, cst.IndentedBlock):
        raise NoForm("it stands on one line")
    inner: list[_Loop] = [*tree.find(cst.For, loop), *tree.find(cst.While, loop)]
    if any(node is not loop and node.orelse is not None and any(own_breaks(node.body)) for node in inner):
        raise NoForm("one inside goes first")
    left = FreshNames(tree, body.function).fresh("left")
    edits = [tree.before(loop, [f"{left} = False"])]
    for small in breaks:
        edit = lines_before(tree, small, [f"{left} = True"])
        if edit is None:
            raise NoForm("a break shares its line with other statements")
        edits.append(edit)
    start = tree.span(orelse)[0]
    if tree.text[start : start + 4] != "else":
        raise NoForm("its lines can't be told apart")
    return [*edits, Edit(tree.path, start, start + 4, f"if not {left}")]
