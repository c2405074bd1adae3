"""SF733: activation checkpointing is left to eager code."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from scriptify.facts.model import Facts
from scriptify.transform import Declines, Edit, Fires, Focus, Ignores, Phase, Proposal, Transform
from scriptify.transforms._expression import Body, NoForm, bodies, decline, rewrite
from scriptify.tree import Tree
from scriptify.tree.substitute import stable

_HEAD = """import torch
import torch.utils.checkpoint as cp
from torch import nn
from torch.utils.checkpoint import checkpoint, checkpoint_sequential


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.block = nn.Linear(4, 4)
        self.blocks = nn.Sequential(nn.Linear(4, 4), nn.ReLU())

    def inner(self, x, y):
        return self.block(x) + y

    def forward(self, x):
"""
_ENTRY = "Net(), (torch.randn(2, 4),)"
_ITS_OWN = frozenset({"use_reentrant", "preserve_rng_state", "determinism_check", "debug", "context_fn", "early_stop"})


class CheckpointCall(Transform):
    """``checkpoint(self.block, x)`` -> ``self.block(x) if torch.jit.is_scripting() else checkpoint(self.block, x)``.

    Checkpointing trades time for memory in the backward pass and gives the same values and gradients;
    its function takes any arguments, which the compiler refuses. Eager code keeps it.
    """

    code = "SF733"
    name = "checkpoint-call"
    phase = Phase.VALUES
    hints = ("checkpoint",)
    explains = ("Compiled functions can't take variable number of arguments", "checkpoint")
    source = "https://docs.pytorch.org/docs/stable/checkpoint.html"
    examples = (
        Fires(
            name="a module",
            before=_HEAD + "        return cp.checkpoint(self.block, x, use_reentrant=False)\n",
            after=_HEAD
            + "        return self.block(x) if torch.jit.is_scripting() else cp.checkpoint(self.block, x, use_reentrant=False)\n",
            entry=_ENTRY,
        ),
        Fires(
            name="a method, in a branch",
            before=_HEAD
            + "        if self.training:\n            x = checkpoint(self.inner, x, x, use_reentrant=False)  # save\n"
            + "        return x * 2\n",
            after=_HEAD
            + "        if self.training:\n            x = self.inner(x, x) if torch.jit.is_scripting()"
            + " else checkpoint(self.inner, x, x, use_reentrant=False)  # save\n        return x * 2\n",
            entry=_ENTRY,
        ),
        Fires(
            name="a sequence",
            before=_HEAD + "        return checkpoint_sequential(self.blocks, 2, x, use_reentrant=False) + 1\n",
            after=_HEAD
            + "        return (self.blocks(x) if torch.jit.is_scripting()"
            + " else checkpoint_sequential(self.blocks, 2, x, use_reentrant=False)) + 1\n",
            entry=_ENTRY,
        ),
        Fires(
            name="keywords of the function",
            before=_HEAD + "        return torch.utils.checkpoint.checkpoint(self.inner, x, y=x, use_reentrant=False)\n",
            after=_HEAD
            + "        return self.inner(x, y=x) if torch.jit.is_scripting()"
            + " else torch.utils.checkpoint.checkpoint(self.inner, x, y=x, use_reentrant=False)\n",
            entry=_ENTRY,
        ),
        Declines(name="a lambda", code=_HEAD + "        return checkpoint(lambda t: t * 2, x)\n", because="not a name"),
        Declines(name="starred", code=_HEAD + "        return checkpoint(self.inner, *[x, x])\n", because="starred"),
        Ignores(name="called directly", code=_HEAD + "        return self.block(x)\n"),
        Ignores(
            name="guarded already",
            code=_HEAD + "        if torch.jit.is_scripting():\n            return self.block(x)\n"
            "        else:\n            return checkpoint(self.block, x)\n",
        ),
    )

    def propose(self, tree: Tree, facts: Facts, focus: Focus | None = None) -> Iterator[Proposal]:
        """Every checkpointed call in compiled code."""
        for body in bodies(tree, facts):
            for call in body.find(cst.Call):
                name = body.dotted(call.func).removeprefix("torch.utils.checkpoint.")
                if name not in ("checkpoint", "checkpoint_sequential") or name == body.dotted(call.func):
                    continue
                try:
                    edits = _edits(body, call, name)
                except NoForm as reason:
                    yield decline(self, body, call, f"scripting can't checkpoint, and {reason}")
                else:
                    yield rewrite(self, body, call, "checkpointing is left to eager code", edits)


def _edits(body: Body, call: cst.Call, name: str) -> list[Edit]:
    if any(arg.star for arg in call.args):
        raise NoForm("it has starred arguments")
    plain = [arg for arg in call.args if arg.keyword is None]
    first = 2 if name == "checkpoint_sequential" else 1
    if len(plain) < first or not isinstance(plain[0].value, cst.Name | cst.Attribute) or not stable(plain[0].value):
        raise NoForm("what it calls is not a name")
    rest = [arg for arg in call.args if arg not in plain[:first] and (arg.keyword is None or arg.keyword.value not in _ITS_OWN)]
    texts = [
        (f"{arg.keyword.value}=" if arg.keyword is not None else "") + body.tree.text[slice(*body.tree.outer_span(arg.value))]
        for arg in rest
    ]
    return body.guarded(call, f"{body.tree.code(plain[0].value)}({', '.join(texts)})")
