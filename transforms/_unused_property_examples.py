"""Examples of SF207."""

from __future__ import annotations

from scriptify.transform import Declines, Fires, Ignores
from scriptify.transforms._example_text import ENTRY

_HEAD = """import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.bn1 = nn.LayerNorm(4)
        self.norm_name = "bn1"
        self._scale = 1.0

"""
_NORM = '''    @property
    def norm(self):
        """The norm layer."""
        return getattr(self, self.norm_name)

'''
_MARKED = _NORM.replace("@property\n", "@property\n    @torch.jit.unused\n")
_PLAIN = "    def forward(self, x):\n        return self.bn1(x)\n"
_SCALE = """    @property
    def scale(self):
        return self._scale

    @scale.setter
    def scale(self, value):
        self._scale = value

"""
_SCALE_MARKED = _SCALE.replace("@property\n", "@property\n    @torch.jit.unused\n")

EXAMPLES = (
    Fires(_HEAD + _NORM + _PLAIN, _HEAD + _MARKED + _PLAIN, entry=ENTRY, name="computed attribute"),
    Fires(
        _HEAD + _SCALE + _PLAIN,
        _HEAD + _SCALE_MARKED + _PLAIN,
        entry=ENTRY,
        focus="Wrong type for attribute assignment",
        at="self._scale = value",
        name="setter without a type",
    ),
    Declines(_HEAD + _NORM + _PLAIN.replace("self.bn1(x)", "self.norm(x)"), because="a scripted function reads", name="used"),
    Ignores(_HEAD + _SCALE + _PLAIN, name="nothing refused for certain"),
    Ignores(_HEAD + _MARKED + _PLAIN, name="marked already"),
    Ignores("class Plain:\n    @property\n    def a(self):\n        return getattr(self, self.b)\n", name="no module"),
)
