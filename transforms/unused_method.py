"""SF611: a method that the compiler refuses and that no run called is marked as unused."""

from __future__ import annotations

from collections.abc import Iterator

from scriptify.facts.model import Facts, Observed
from scriptify.transform import Declines, Fires, Focus, Ignores, Phase, Proposal, Safety, Transform
from scriptify.transforms._unseen import frames
from scriptify.tree import Tree

_TEXT = """import torch
from torch import nn


class Loss(nn.Module):
    @def forward(self, x, target):
        try:
            return (x - target).mean()
        finally:
            print("done")


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.loss = Loss()

    def forward(self, x):
        return x + 1
"""
_BEFORE = _TEXT.replace("@", "")
_SEEN = Observed(parameters={"Net.forward": {"x": "Tensor"}}, instances={"Loss": 1, "Net": 1})


class UnusedMethod(Transform):
    """``def forward(self, x, target): ...`` of a submodule that is never called -> the same under ``@torch.jit.unused``.

    Scripting compiles the ``forward`` of every submodule, called or not: a loss that only the training loop
    uses is enough to refuse a whole model. An unused method is not compiled; eager code calls it as ever, and
    a scripted module that calls it all the same raises. Asked last, and only where nothing on the
    compiler's way to the refused place has run.
    """

    code = "SF611"
    name = "unused-method"
    phase = Phase.CONTROL
    safety = Safety.OBSERVED
    explains = ("",)
    on_demand = True
    last_resort = True
    source = "https://docs.pytorch.org/docs/2.13/generated/torch.jit.unused.html"
    examples = (
        Fires(
            _BEFORE,
            _TEXT.replace("@", "@torch.jit.unused\n    "),
            entry="Net(), (torch.randn(2, 4),)",
            observed=_SEEN,
            focus="Try nodes aren't supported",
            at="try:",
            name="a loss that is never called",
        ),
        Declines(
            _TEXT.replace("@", "@torch.no_grad()\n    "),
            because="other decorators",
            observed=_SEEN,
            focus="Try nodes aren't supported",
            at="try:",
        ),
        Ignores(
            _BEFORE,
            observed=Observed(parameters={"Net.forward": {"x": "Tensor"}, "Loss.forward": {"x": "Tensor"}}),
            focus="Try nodes aren't supported",
            at="try:",
            name="a method that ran",
        ),
        Ignores(_BEFORE, focus="Try nodes aren't supported", at="try:", name="without a run"),
        Ignores(_BEFORE, observed=_SEEN, name="not asked"),
        Ignores(
            "def helper(x):\n    try:\n        return x\n    finally:\n        pass\n",
            observed=Observed(instances={"Net": 1}),
            focus="Try nodes aren't supported",
            at="try:",
            name="a function that is no method",
        ),
    )

    def propose(self, tree: Tree, facts: Facts, focus: Focus | None = None) -> Iterator[Proposal]:
        """See the class."""
        way = frames(facts, focus) if focus is not None and facts.live else []
        if not way or any(frame.function.calls for frame in way):
            return
        root = way[-1].function
        owner = facts.owner(root.path, root.qualname)
        method = tree.function(root.qualname) if root.path == tree.path else None
        if owner is None or not owner.is_module or method is None or root.qualname != f"{owner.qualname}.{method.name.value}":
            return
        if method.decorators:
            yield tree.decline(self, method, "no run called this method, but with other decorators it can't be marked as unused")
            return
        spelt, imports = tree.imports.spell("torch.jit.unused")
        title = f"no run called {root.qualname}: it is left out of scripted code"
        edit = tree.before(method, [f"@{spelt}"])
        yield tree.rewrite(
            self,
            method,
            title,
            [edit],
            imports=imports,
            why="scripting compiles a submodule's forward even where nothing calls it",
            raises=True,
        )
