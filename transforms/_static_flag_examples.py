"""Examples of SF601."""

from __future__ import annotations

from scriptify.facts.model import Attribute, Kind, Observed
from scriptify.transform import Declines, Fires, Ignores

_HEAD = "import torch\nfrom torch import nn\n\n\n"
_NORM = """class Net(nn.Module):
{first}    def __init__(self, use_norm=False):
        super().__init__()
        self.use_norm = use_norm
        if use_norm:
            self.norm = nn.LayerNorm(4)

    def forward(self, x):
        if {test}:
            x = self.norm(x)
        return x
"""
_ENTRY = "Net(), (torch.rand(2, 4),)"
_MISSING = "Module 'Net' has no attribute 'norm'"


_SEEN = Observed(attributes={"Net": {"use_norm": Attribute("use_norm", frozenset({Kind.VALUE}), values=(False,))}})


def _norm(first: str, test: str = "self.use_norm") -> str:
    return _HEAD + _NORM.format(first=first, test=test)


def _net(body: str, init: str, first: str = "", base: str = "nn.Module") -> str:
    start = f"{_HEAD}class Net({base}):\n{first}    def __init__(self):\n        super().__init__()\n"
    return start + "".join(f"        {line}\n" for line in init.split("; ")) + f"\n    def forward(self, x):\n{body}"


def _pair(body: str, init: str, at: str, first: str, name: str) -> Fires:
    new = f"    __constants__ = [{first}]\n\n"
    return Fires(_net(body, init), _net(body, init, new), entry=_ENTRY, focus="<--- HERE", at=at, name=name)


_TWO = "        if self.both:\n            return x, x + 1\n        return x\n"
_ELSE = "        if self.both:\n            return x, x + 1\n        else:\n            return x\n"
_HALF = (
    "        if self.scale:\n            y = x * 2\n        z = x + 1\n        if self.scale:\n            z = z + y\n        return z\n"
)
_ELIF = "        if x.dim() == 3:\n            return x\n        elif not self.plain:\n            x = self.norm(x)\n        return x\n"
_AND = "        y = self.norm(x) if x.dim() == 2 and self.use else x\n        return y\n"

_IF = "        if {}:\n            x = self.norm(x)\n        return x\n"

EXAMPLES = (
    Fires(
        _norm(""),
        _norm('    __constants__ = ["use_norm"]\n\n'),
        entry=_ENTRY,
        observed=_SEEN,
        focus=_MISSING,
        at="x = self.norm(x)",
        name="missing attribute",
    ),
    Fires(
        _norm('    """Doc."""\n\n'),
        _norm('    """Doc."""\n\n    __constants__ = ["use_norm"]\n\n'),
        entry=_ENTRY,
        observed=_SEEN,
        focus=_MISSING,
        at="x = self.norm(x)",
        name="after the docstring",
    ),
    Fires(
        _norm('    __constants__ = ["width"]\n    width = 4\n\n'),
        _norm('    __constants__ = ["width", "use_norm"]\n    width = 4\n\n'),
        entry=_ENTRY,
        observed=_SEEN,
        focus=_MISSING,
        at="x = self.norm(x)",
        name="a list of its own",
    ),
    Fires(
        _norm('    __constants__ = ("width",)\n    width = 4\n\n', "self.use_norm and x.dim() == 2"),
        _norm('    __constants__ = [*("width",), "use_norm"]\n    width = 4\n\n', "self.use_norm and x.dim() == 2"),
        entry=_ENTRY,
        observed=_SEEN,
        focus=_MISSING,
        at="x = self.norm(x)",
        name="a tuple of its own",
    ),
    _pair(_TWO, "self.both = False", "return x", '"both"', name="two kinds of results"),
    _pair(_ELSE, "self.both = False", "return x", '"both"', name="two kinds of results, else"),
    _pair(_HALF, "self.scale = True", "if self.scale", '"scale"', name="half defined"),
    _pair(_ELIF, "self.plain = True", "self.norm(x)", '"plain"', name="elif and not"),
    _pair(_AND, "self.use = False", "self.norm(x)", '"use"', name="ternary"),
    Fires(
        _net(_TWO, "self.both = False", base="nn.Identity").replace("nn.Identity", "nn.ReLU"),
        _net(_TWO, "self.both = False", '    __constants__ = [*nn.ReLU.__constants__, "both"]\n\n', base="nn.ReLU"),
        entry=_ENTRY,
        focus="<--- HERE",
        at="return x",
        name="a base with constants",
    ),
    Declines(
        _net("        if self.both:\n            self.both = False\n            x = self.norm(x)\n        return x\n", "self.both = False"),
        because="assigned in Net.forward",
        focus="<--- HERE",
        at="self.norm(x)",
    ),
    Ignores(_norm(""), name="without the compiler's word"),
    Ignores(
        _net("        if self.training:\n            x = self.norm(x)\n        return x\n", "self.a = 1"),
        focus="<--- HERE",
        at="self.norm(x)",
    ),
    Ignores(
        _net("        if self.n > 1:\n            x = self.norm(x)\n        return x\n", "self.n = 1"), focus="<--- HERE", at="self.norm(x)"
    ),
)
