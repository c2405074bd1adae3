"""SF904: functions kept from the compiler that scripted code calls all the same."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from scriptify.facts.model import Facts
from scriptify.transform import Declines, Edit, Fires, Focus, Ignores, Phase, Proposal, Transform
from scriptify.tree import Tree
from scriptify.tree.hoist import eager_only

_NAMES = ("torch.jit.ignore", "torch.jit.unused", "torch.jit.export.ignore")
_STEMS = ("This Python function is annotated to be ignored and cannot be run", "Could not export Python function call")


def _net(decorator: str, call: str = "return self.h(x)") -> str:
    text = f"import torch\nfrom torch import nn\n\n\nclass Net(nn.Module):\n    def forward(self, x):\n        {call}\n\n"
    return f"{text}{decorator}    def h(self, x):\n        return x + 1\n"


class IgnoredHelper(Transform):
    """``@torch.jit.unused def h(self, x): ...`` that ``forward`` calls -> without the decorator.

    A function marked so is not compiled: scripted code that reaches it stops (``unused``), or runs it in Python and can't
    be saved (``ignore``). Eager code does not see the mark. What it does may be nothing for the compiler; then it stays.
    """

    code = "SF904"
    name = "ignored-helper"
    phase = Phase.DEPLOY
    on_demand = False
    explains = _STEMS
    hints = ("ignore", "unused")
    source = "https://docs.pytorch.org/docs/stable/generated/torch.jit.ignore.html"
    examples = (
        Fires(_net("    @torch.jit.unused\n"), _net(""), entry="Net(), (torch.randn(2, 3),)", focus=_STEMS[0], name="unused", silent=True),
        Fires(_net("    @torch.jit.ignore\n"), _net(""), entry="Net(), (torch.randn(2, 3),)", focus=_STEMS[1], name="ignore", silent=True),
        Declines(_net("    @torch.jit.ignore\n"), because="can't be saved"),
        Declines(_net("    @torch.jit.unused\n"), because="stops"),
        Ignores(_net("    @torch.jit.unused\n", "return x if torch.jit.is_scripting() else self.h(x)")),
        Ignores(_net("")),
    )

    def propose(self, tree: Tree, facts: Facts, focus: Focus | None = None) -> Iterator[Proposal]:
        """Take the mark off where the compiled module came to it; tell of it otherwise."""
        if focus is not None and not self.answers(focus.message):
            return
        for qualname, function in tree.functions():
            mark = next((d for d in function.decorators if _marked(tree, d)), None)
            if mark is None or not _called(tree, facts, qualname):
                continue
            if focus is None:
                told = "it stops there" if "unused" in tree.code(mark.decorator) else "it runs in Python and can't be saved"
                yield tree.decline(self, function, f"{qualname} is kept from the compiler, but scripted code calls it: {told}")
                continue
            first, last = tree.lines(mark)
            edit = Edit(tree.path, tree.line_start(first), tree.line_end(last), "")
            why = "scripted code calls it, so it has to be compiled"
            yield tree.rewrite(self, function, f"{qualname} is compiled", [edit], why=why, silent=True)


def _marked(tree: Tree, decorator: cst.Decorator) -> bool:
    node = decorator.decorator
    return tree.dotted(node.func if isinstance(node, cst.Call) else node) in _NAMES


def _called(tree: Tree, facts: Facts, qualname: str) -> bool:
    """Whether compiled code of this file calls a function without asking whether it is scripted."""
    for site in facts.callers(tree.path, qualname):
        if site.path != tree.path or not facts.reached(site.path, site.scope):
            continue
        call = next((c for c in tree.find(cst.Call) if tree.span(c) == (site.start, site.end)), None)
        if call is not None and not eager_only(tree, call) and tree.enclosing(call, cst.If) is None:
            return True
    return False
