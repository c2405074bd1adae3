"""XT101: shape checks by a helper that the compiler can't read."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from scriptify.facts.model import Facts
from scriptify.transform import Declines, Fires, Focus, Ignores, Import, Phase, Proposal, Transform
from scriptify.tree import Tree
from scriptify.tree.hoist import eager_only, with_comments

_HEAD = """import torch
from torch import nn


def check_shape(x, names, **sizes):
    for name, size in zip(names.split(), x.shape):
        assert sizes.get(name, size) == size, f"{name} is {size}"


class Net(nn.Module):
    def forward(self, x):
"""


class ShapeCheck(Transform):
    """``check_shape(x, "n c", c=3)`` -> the same under ``if not torch.jit.is_scripting():``.

    The helper takes sizes by name, which scripting does not know. It only raises or returns None, so scripted code
    computes the same without it; eager code goes on checking.
    """

    code = "XT101"
    name = "shape-check"
    phase = Phase.SYNTAX
    hints = ("check_shape(",)
    explains = ("Compiled functions can't take variable number of arguments",)
    examples = (
        Fires(
            _HEAD + '        check_shape(x, "n c", c=3)\n        return x * 2\n',
            _HEAD + '        if not torch.jit.is_scripting():\n            check_shape(x, "n c", c=3)\n        return x * 2\n',
            entry="Net(), (torch.rand(2, 3),)",
            name="a statement of its own",
        ),
        Declines(_HEAD + '        return x if check_shape(x, "n c") is None else x * 2\n', because="its value is used"),
        Ignores(_HEAD + '        if not torch.jit.is_scripting():\n            check_shape(x, "n c")\n        return x\n'),
    )

    def propose(self, tree: Tree, facts: Facts, focus: Focus | None = None) -> Iterator[Proposal]:
        """A rewrite for each statement that is a call of ``check_shape``, a decline for each call whose value is used."""
        for call in tree.find(cst.Call):
            if not (isinstance(call.func, cst.Name) and call.func.value == "check_shape" and tree.focused(call, focus)):
                continue
            if eager_only(tree, call):
                continue  # under a guard already, ours or the author's
            line = tree.statement(call)
            if isinstance(line, cst.SimpleStatementLine) and len(line.body) == 1 and isinstance(tree.parent(call), cst.Expr):
                guarded = ["if not torch.jit.is_scripting():", *with_comments(tree, line, [f"    {tree.code(call)}"], [call])]
                imports = [Import(tree.path, "torch")]
                yield tree.rewrite(self, call, "scripted code goes without", [tree.replace_statement(line, guarded)], imports=imports)
            else:
                yield tree.decline(self, call, "its value is used, so scripted code can't go without it")
