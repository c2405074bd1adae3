"""Examples of SF401."""

from __future__ import annotations

from scriptify.facts.model import Attribute, Kind, Observed
from scriptify.transform import Declines, Fires, Ignores

_HEAD = """import torch
import torch.nn.functional as F
from torch import nn


class Net(nn.Module):
"""


def _net(body: str, init: str = "") -> str:
    """A module with one line of ``forward``, and lines of ``__init__``."""
    made = f"    def __init__(self):\n        super().__init__()\n        {init}\n\n" if init else ""
    return f"{_HEAD}{made}    def forward(self, x):\n        return {body}\n"


_GIVEN = (
    _HEAD
    + """    def __init__(self, slope=1, scale=2):
        super().__init__()
        self.norm = nn.LeakyReLU({slope})
        self.scale = scale

    def forward(self, x, by: int = 0):
        return F.interpolate(self.norm(x), scale_factor={scale}) * F.pad(x, (1, 1), value={by}).mean()
"""
)


def _fires(before: str, after: str, init: str = "", init_after: str = "", shape: str = "2, 4, 8, 8") -> Fires:
    return Fires(_net(before, init), _net(after, init_after or init), entry=f"Net(), (torch.rand({shape}),)")


EXAMPLES = (
    _fires("F.interpolate(x, scale_factor=2)", "F.interpolate(x, scale_factor=2.0)"),
    _fires('F.interpolate(x, None, 2, mode="bilinear")', 'F.interpolate(x, None, 2.0, mode="bilinear")'),
    _fires("F.interpolate(x, scale_factor=(2, 2))", "F.interpolate(x, scale_factor=(2.0, 2.0))"),
    _fires("F.interpolate(x, scale_factor=[2, 1.5])", "F.interpolate(x, scale_factor=[2.0, 1.5])"),
    _fires("F.upsample(x, scale_factor=2)", "F.upsample(x, scale_factor=2.0)"),
    _fires("F.interpolate(x, scale_factor=self.scale)", "F.interpolate(x, scale_factor=float(self.scale))", "self.scale = 2"),
    _fires(
        "F.interpolate(x, scale_factor=self.scale)",
        "F.interpolate(x, scale_factor=(float(self.scale[0]), float(self.scale[1])))",
        "self.scale = (2, 3)",
    ),
    _fires("F.interpolate(x, scale_factor=16 // x.size(2))", "F.interpolate(x, scale_factor=float(16 // x.size(2)))"),
    _fires('F.pad(x, (1, 1), "constant", -1)', 'F.pad(x, (1, 1), "constant", -1.0)'),
    _fires("F.dropout(x, p=0, training=self.training)", "F.dropout(x, p=0.0, training=self.training)"),
    _fires("F.dropout(x, 0.5 if x.dim() == 3 else 0)", "F.dropout(x, 0.5 if x.dim() == 3 else 0.0)"),
    _fires("F.leaky_relu(F.normalize(x, p=2), 0)", "F.leaky_relu(F.normalize(x, p=2.0), 0.0)"),
    _fires("torch.cdist(x, x, 2)", "torch.cdist(x, x, 2.0)"),
    _fires("x * 0 + torch.empty(3, 8).uniform_(0, 1)[0]", "x * 0 + torch.empty(3, 8).uniform_(0.0, 1.0)[0]"),
    _fires("torch.normal(x, 1)", "torch.normal(x, 1.0)"),
    _fires("self.act(x)", "self.act(x)", "self.act = nn.LeakyReLU(0)", "self.act = nn.LeakyReLU(0.0)"),
    _fires(
        "self.act(x)", "self.act(x)", "self.act = nn.Sequential(nn.Threshold(0, 1))", "self.act = nn.Sequential(nn.Threshold(0.0, 1.0))"
    ),
    _fires("self.pad(x)", "self.pad(x)", "self.pad = nn.ConstantPad2d(1, value=0)", "self.pad = nn.ConstantPad2d(1, value=0.0)"),
    Fires(
        """import torch
from torch import nn


def scaled(x, by: float):
    return x * by


class Net(nn.Module):
    def forward(self, x):
        return scaled(x, 2) + scaled(by=3, x=x)
""",
        """import torch
from torch import nn


def scaled(x, by: float):
    return x * by


class Net(nn.Module):
    def forward(self, x):
        return scaled(x, 2.0) + scaled(by=3.0, x=x)
""",
        entry="Net(), (torch.rand(2, 3),)",
        name="own function",
    ),
    Fires(
        _GIVEN.format(slope="slope", scale="self.scale", by="by"),
        _GIVEN.format(
            slope="float(slope) if isinstance(slope, int) else slope",
            scale="float(self.scale) if torch.jit.is_scripting() else self.scale",
            by="float(by) if torch.jit.is_scripting() else by",
        ),
        observed=Observed(attributes={"Net": {"scale": Attribute("scale", frozenset({Kind.VALUE}), classes=frozenset({"int"}))}}),
        entry="Net(), (torch.rand(2, 4, 8, 8),)",
        name="what a caller gives, which may be a pair or None elsewhere",
    ),
    Fires(
        _net("F.interpolate(x, scale_factor=(self.scale, 2))", "self.scale = 2"),
        _net("F.interpolate(x, scale_factor=(float(self.scale), 2.0))", "self.scale = 2"),
        observed=Observed(attributes={"Net": {"scale": Attribute("scale", frozenset({Kind.VALUE}), classes=frozenset({"int"}))}}),
        entry="Net(), (torch.rand(2, 4, 8, 8),)",
        name="an attribute that is given a literal and nothing else",
    ),
    Declines(_net("F.pad(x, (1, 1), value=9007199254740993)"), because="no equal float"),
    Declines(
        _HEAD + "    def __init__(self, drop=0):\n        super().__init__()\n        self.drop = nn.Dropout(drop * 2)\n\n"
        "    def forward(self, x):\n        return self.drop(x)\n",
        because="give it a name",
    ),
    Declines(
        """import torch.nn.functional as F
from typing import Optional
from torch import nn


class Net(nn.Module):
    def forward(self, x, scale: Optional[int] = None):
        return F.interpolate(x, scale_factor=scale)
""",
        because="make it a float where it comes from",
    ),
    Ignores(_net("torch.full((2, 2), 1) + x.clamp(0, 1).mean() + torch.arange(0, 2)"), name="any number"),
    Ignores(
        _HEAD + "    def forward(self, x):\n        law = self.law\n        return law.quantile(1) * x\n\n\n"
        "class Law:\n    def quantile(self, p):\n        return p // 2\n",
        name="a method of the project's own",
    ),
    Ignores(_net("F.softplus(x, beta=2) + F.interpolate(x, size=8)"), name="schema takes an int"),
    Ignores(_net("self.up(x)", "self.up = nn.Upsample(scale_factor=2)"), name="Upsample converts by itself"),
    Ignores(_net("F.interpolate(x, scale_factor=self.unknown)"), name="type not known"),
    Ignores(_net("F.interpolate(x, scale_factor=2 ** x.dim())"), name="the compiler types int ** int as float"),
    Ignores("import torch.nn.functional as F\n\n\ndef plot(x):\n    return F.pad(x, (1, 1), value=0)\n", name="not compiled"),
)
