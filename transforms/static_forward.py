"""SF113: a forward that is a static method."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from scriptify.facts.model import INSPECTING, UNWRAPPING, Class, Facts
from scriptify.transform import Declines, Fires, Focus, Ignores, Phase, Proposal, Transform
from scriptify.transforms._scripted_as import HELPER, Obstacle, helper
from scriptify.transforms._signature import compiled, decorated
from scriptify.tree import Tree
from scriptify.tree.flow import parameter_names
from scriptify.tree.member_names import member_name, words

_HEAD = "import torch\nfrom torch import nn\n"
_HELP = '''

def _scripted_as(twin):
    """Make TorchScript compile ``twin`` in place of the decorated function; eager calls stay what they are."""

    def decorate(function):
        function.__wrapped__ = twin
        return function

    return decorate
'''
_NET = _HEAD + "\n\nclass Net(nn.Module):\n"
_TWICE = "  # twice\n        if n > 1:\n            x = x * n\n        return x\n"
_LONGEST = 15


class StaticForward(Transform):
    """``@staticmethod def forward(x)`` -> the same for Python, and a method ``(self, x)`` that scripting finds.

    Scripting takes the first parameter of ``forward`` for the module, also where it is a static method. Eager
    callers, those of ``Swish.forward(x)`` among them, keep the function they had.
    """

    code = "SF113"
    name = "static-forward"
    phase = Phase.SIGNATURES
    hints = ("@staticmethod",)
    explains = ("instead found type '__torch__.", "object has no attribute or method", "has no attribute '")
    examples = (
        Fires(
            _HEAD
            + "\n\nclass Swish(nn.Module):\n    @staticmethod\n    def forward(x):\n        return x * torch.sigmoid(x)\n"
            + "\n\nclass Net(nn.Module):\n    def __init__(self):\n        super().__init__()\n        self.act = Swish()\n"
            + "\n    def forward(self, x):\n        return self.act(x)\n",
            _HEAD
            + _HELP
            + "\n\nclass Swish(nn.Module):\n    def _forward_scripted(self, x):\n        return x * torch.sigmoid(x)\n"
            + "\n    @staticmethod\n    @_scripted_as(_forward_scripted)\n    def forward(x):\n        return x * torch.sigmoid(x)\n"
            + "\n\nclass Net(nn.Module):\n    def __init__(self):\n        super().__init__()\n        self.act = Swish()\n"
            + "\n    def forward(self, x):\n        return self.act(x)\n",
            entry="Net(), (torch.randn(2, 4),)",
        ),
        Fires(
            _NET + "    @staticmethod\n    def forward(x, n: int = 2):" + _TWICE,
            _HEAD
            + _HELP
            + _NET.removeprefix(_HEAD)
            + "    def _forward_scripted(self, x, n: int = 2):"
            + _TWICE
            + "\n    @staticmethod\n    @_scripted_as(_forward_scripted)\n    def forward(x, n: int = 2):"
            + _TWICE,
            entry="Net(), (torch.randn(2, 4),)",
            name="with a default",
        ),
        Declines(
            _HEAD + "\n\nclass Net(nn.Module):\n    @staticmethod\n    @torch.no_grad()\n    def forward(x):\n        return x * 2\n",
            because="another decorator",
        ),
        Declines(
            _HEAD
            + "\n\nclass Net(nn.Module):\n    @staticmethod\n    def forward(x):\n"
            + "        x = x + 1\n" * 20
            + "        return x\n",
            because="long",
        ),
        Declines(
            _NET
            + "    @staticmethod\n    def forward(x):\n        return x * 2\n"
            + "\n\ndef names(net):\n    return net.forward.__code__.co_varnames\n",
            because="signatures",
        ),
        Ignores(
            _NET + "    @staticmethod\n    def twice(x):\n        return x * 2\n\n    def forward(self, x):\n        return self.twice(x)\n"
        ),
    )
    source = "https://github.com/pytorch/pytorch/blob/v2.13.0/torch/jit/_recursive.py (make_stub)"

    def propose(self, tree: Tree, facts: Facts, focus: Focus | None = None) -> Iterator[Proposal]:
        """Yield a rewrite for each compiled static forward of a module."""
        for qualname, function in compiled(tree, facts):
            owner = facts.owner(tree.path, qualname)
            if qualname.rpartition(".")[2] != "forward" or owner is None or not owner.is_module or not decorated(function, "staticmethod"):
                continue
            others = [tree.code(d.decorator) for d in function.decorators if tree.code(d.decorator) != "staticmethod"]
            if others:
                if not others[0].startswith(HELPER):
                    yield tree.decline(
                        self, function, "it is a static method, which scripting calls with the module, and has another decorator"
                    )
                continue
            try:
                yield self._rewritten(tree, facts, owner, function)
            except Obstacle as reason:
                yield tree.decline(self, function, f"it is a static method, which scripting calls with the module, and {reason}")

    def _rewritten(self, tree: Tree, facts: Facts, owner: Class, function: cst.FunctionDef) -> Proposal:
        if facts.mentions & {INSPECTING, UNWRAPPING}:  # the method for scripting has a self
            raise Obstacle("the project looks behind decorators or at signatures")
        first, last = tree.line(function), tree.last_line(function)
        while not tree.text[tree.line_start(first) : tree.line_end(first)].lstrip().startswith("def "):
            first += 1
        if last - first > _LONGEST:
            raise Obstacle("it is too long to stand twice")
        if not isinstance(function.body, cst.IndentedBlock) or "self" in parameter_names(function):
            raise Obstacle("it is not of the usual form")
        text = tree.text[tree.line_start(first) : tree.line_end(last)]
        twin = member_name(tree, facts, owner, "_forward_scripted", words(tree))
        comma = ", " if parameter_names(function) else ""
        copy = text.replace("def forward(", f"def {twin}(self{comma}", 1)
        if copy == text:
            raise Obstacle("it is not of the usual form")
        indent = tree.indent(function)
        copy += "" if copy.endswith(("\n", "\r")) else tree.newline
        top = min(tree.line(d) for d in function.decorators)
        edits = [
            tree.insert(tree.line_start(top), f"{copy}{tree.newline}"),
            tree.insert(tree.line_start(first), f"{indent}@{HELPER}({twin}){tree.newline}"),
        ]
        if tree.function(HELPER) is None:
            edits.append(helper(tree))
        why = "scripting takes its first parameter for the module; eager callers keep the static method"
        return tree.rewrite(self, function, "a forward with self for scripting", edits, why=why)
