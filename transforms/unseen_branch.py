"""SF610: a branch that the compiler refuses and that no run went into raises in scripted code."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from scriptify.facts.model import Facts, Observed
from scriptify.transform import Declines, Fires, Focus, Ignores, Phase, Proposal, Safety, Transform
from scriptify.transforms._unseen import frames, unseen_arm
from scriptify.tree import Tree

_SENTENCE = "this branch works in eager mode only; no run came here when the code was made scriptable"


_HEAD = """import torch
from torch import nn


def table(x):
    return dict(x=x, n=1)


class Net(nn.Module):
    def forward(self, x):
"""


def _net(body: str) -> str:
    lines = body.replace("RAISE", f'raise RuntimeError("Net.forward: {_SENTENCE}")').splitlines()
    return _HEAD + "".join(f"        {line}\n" for line in lines)


def _unseen(*arms: tuple[str, str]) -> Observed:
    return Observed(parameters={"Net.forward": {"x": "Tensor"}}, unseen={"Net.forward": arms})


_CUT = "if torch.jit.is_scripting():\n        RAISE"
_DEEP = """for i in range(2):
    if x.dim() == 9:
        x = x * 2
    elif x.dim() > 4:
        x = nn.Linear(4, 4)(x)
    else:
        x = x + i
return x"""
_EARLY = """if x.dim() == 2:
    return x
@for _ in range(3):
    x = table(x)
return x + 1"""


class UnseenBranch(Transform):
    """A branch that is refused and that no run went into -> the same, after ``if torch.jit.is_scripting(): raise ...``.

    What follows a ``raise`` is not compiled. Eager code computes what it did; scripted code says in so many
    words that it left the part that was made scriptable, where otherwise nothing would script at all. Asked
    last, when no transform can translate the branch, and told in the report. What follows a statement in its
    block is a branch as well (``if a: return x`` and what comes after it). Syntax that the front end
    refuses (``try``, ``lambda``) is refused after a ``raise`` too.
    """

    code = "SF610"
    name = "unseen-branch"
    phase = Phase.CONTROL
    safety = Safety.OBSERVED
    explains = ("",)
    on_demand = True
    last_resort = True
    source = "https://docs.pytorch.org/docs/2.13/jit_language_reference.html"
    examples = (
        Fires(
            _net("if x.dim() > 4:\n    return table(x)\nreturn x + 1"),
            _net(f"if x.dim() > 4:\n    {_CUT}\n    return table(x)\nreturn x + 1"),
            entry="Net(), (torch.randn(2, 4),)",
            observed=_unseen(("x.dim() > 4", "body")),
            focus="refused",
            at="return table",
            name="the body of an if",
        ),
        Fires(
            _net("if (x.dim()   > 4):\n    y = x\nelse:\n    # why\n    y = table(x)\nreturn y + 1"),
            _net(f"if (x.dim()   > 4):\n    y = x\nelse:\n    # why\n    {_CUT}\n    y = table(x)\nreturn y + 1"),
            entry="Net(), (torch.randn(1, 1, 1, 2, 4),)",
            observed=_unseen(("x.dim() > 4", "else")),
            focus="refused",
            at="y = table",
            name="an else",
        ),
        Fires(
            _net(_EARLY.replace("@", "")),
            _net(_EARLY.replace("@", "if torch.jit.is_scripting():\n    RAISE\n")),
            entry="Net(), (torch.randn(2, 4),)",
            observed=_unseen(("x.dim() == 2", "after"), ("_ in range(3)", "after")),
            focus="refused",
            at="x = table",
            name="what comes after a return",
        ),
        Fires(
            _net(_DEEP),
            _net(_DEEP.replace("    x = nn", f"    {_CUT}\n        x = nn").replace("    RAISE", "        RAISE")),
            entry="Net(), (torch.randn(2, 4),)",
            observed=_unseen(("x.dim() == 9", "body"), ("x.dim() == 9", "else"), ("x.dim() > 4", "body")),
            focus="refused",
            at="x = nn",
            name="the innermost arm, an elif in a loop",
        ),
        Declines(
            _net("if x.dim() > 4:\n    return table(x)\nreturn x + 1"),
            because="a run went through",
            observed=Observed(parameters={"Net.forward": {"x": "Tensor"}}),
            focus="refused",
            at="return table",
        ),
        Declines(
            _net("if x.dim() > 4: return table(x)\nreturn x + 1"),
            because="a run went through",
            observed=_unseen(("x.dim() > 5", "body")),
            focus="refused",
            at="return table",
            name="a branch on one line can't be told from its header",
        ),
        Declines(
            _net("if not torch.jit.is_scripting():\n    return x + 1\nelse:\n    return table(x)"),
            because="a run went through",
            observed=_unseen(("not torch.jit.is_scripting()", "else")),
            focus="refused",
            at="return table",
            name="an arm for scripting only, where no run can go",
        ),
        Ignores(_net("if x.dim() > 4:\n    return table(x)\nreturn x + 1"), focus="refused", at="return table", name="without a run"),
        Ignores(_net("if x.dim() > 4:\n    return table(x)\nreturn x + 1"), observed=_unseen(("x.dim() > 4", "body")), name="not asked"),
    )

    def propose(self, tree: Tree, facts: Facts, focus: Focus | None = None) -> Iterator[Proposal]:
        """See the class."""
        way = frames(facts, focus) if focus is not None and facts.live else []
        # What never ran is compiled for who calls it: the branch to close is where a run turned another way.
        frame = next((frame for frame in way if frame.function.calls), None)
        if frame is None or frame.function.path != tree.path:
            return
        function = tree.function(frame.function.qualname)
        if function is None:
            return
        first = unseen_arm(tree, function, frame.line, frame.function.unseen)
        if isinstance(first, cst.If) and isinstance(first.test, cst.Call) and tree.dotted(first.test.func) == "torch.jit.is_scripting":
            return
        if first is None or not tree.own_line(first):
            yield tree.decline(self, function, f"a run went through line {frame.line}, so scripted code can't do without it")
            return
        spelt, imports = tree.imports.spell("torch.jit.is_scripting")
        cut = [f"if {spelt}():", f'    raise RuntimeError("{frame.function.qualname}: {_SENTENCE}")']
        title = "no run went into this branch: it raises in scripted code"
        why = "nothing can translate what the compiler refuses in this branch"
        yield tree.rewrite(self, first, title, [tree.before(first, cut)], imports=imports, why=why, raises=True)
