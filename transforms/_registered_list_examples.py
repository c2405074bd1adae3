"""Examples of SF213."""

from __future__ import annotations

from scriptify.facts.model import Attribute, Kind, Observed
from scriptify.transform import Declines, Fires, Ignores

_HELD = Attribute("heads", frozenset({Kind.LIST}), origin="live", registered=("head_0", "head_1"))
_SEEN = Observed(attributes={"Net": {"heads": _HELD}}, instances={"Net": 1})

_MESSAGE = (
    "Module 'Net' has no attribute 'heads' (This attribute exists on the Python module, "
    "but we failed to convert Python type: 'list' to a TorchScript type."
)
_ADDED = 'for i, head in enumerate(self.heads):\n            self.add_module("head_{}".format(i), head)'
_GUARD = (
    'if torch.jit.is_scripting() and hasattr(self, "head_2"):\n'
    '            raise RuntimeError("heads has other than the 2 modules that a run has shown")\n        '
)
_NAMES = "((self.head_0, self.head_1) if torch.jit.is_scripting() else self.heads)"


def _net(use: str, given: str = "[nn.Linear(4, 4), nn.ReLU()]", added: str = _ADDED) -> str:
    return (
        "import torch\nfrom torch import nn\n\n\nclass Net(nn.Module):\n    def __init__(self):\n        super().__init__()\n"
        f"        self.heads = {given}\n        {added}\n\n    def forward(self, x):\n        {use}\n"
    )


def _fires(before: str, after: str, name: str) -> Fires:
    return Fires(
        _net(before),
        _net(_GUARD + after),
        entry="(Net(), (torch.rand(2, 4),))",
        observed=_SEEN,
        focus=_MESSAGE,
        at=before.partition("\n")[0],
        name=name,
    )


EXAMPLES = (
    _fires(
        "for head in self.heads:\n            x = head(x)\n        return x",
        f"for head in {_NAMES}:\n            x = head.forward(x) if torch.jit.is_scripting() else head(x)\n        return x",
        "a loop over the list",
    ),
    _fires(
        "return torch.cat([head(x) for head in self.heads], dim=1)",
        f"return torch.cat([(head.forward(x) if torch.jit.is_scripting() else head(x)) for head in {_NAMES}], dim=1)",
        "a comprehension over the list",
    ),
    _fires(
        "for i in range(len(self.heads)):\n            x = self.heads[i](x)\n        return x",
        f"for i, head in enumerate({_NAMES}):\n            x = head.forward(x) if torch.jit.is_scripting() else head(x)\n        return x",
        "a loop over the positions",
    ),
    _fires(
        "for i in range(2):\n            x = self.heads[i](x)\n        return x",
        f"for i, head in enumerate({_NAMES[:-11]}[self.heads[i] for i in range(2)])):\n"
        "            x = head.forward(x) if torch.jit.is_scripting() else head(x)\n        return x",
        "a loop over as many positions",
    ),
    Fires(
        _net("return self.heads[1](x)"),
        _net("return self.head_1(x) if torch.jit.is_scripting() else self.heads[1](x)"),
        entry="(Net(), (torch.rand(2, 4),))",
        observed=_SEEN,
        focus=_MESSAGE,
        at="return",
        name="one by a literal index",
    ),
    Declines(
        _net("return nn.Sequential(*self.heads)(x)"),
        because="no form with the names",
        observed=_SEEN,
        focus=_MESSAGE,
        at="return",
        name="a list that goes elsewhere",
    ),
    Ignores(_net("return self.heads[0](x)", added="self.count = 2"), focus=_MESSAGE, at="return", name="modules without names"),
)
