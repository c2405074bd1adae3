"""Examples of SF201 and SF203 with lists and dicts of modules whose class says itself what an index or a loop gives."""

from __future__ import annotations

from scriptify.transform import Declines
from scriptify.transforms._example_text import declines

_BACKWARDS = """
class Backwards(nn.ModuleList):
    def __getitem__(self, index):
        return super().__getitem__(-1 - index)
"""
_SOME = """
class Some(nn.ModuleDict):
    def __iter__(self):
        return iter(["a"])
"""
_OF_SELF = """
import torch
from torch import nn


class Stack(nn.ModuleList):
    def __init__(self, norm=None):
        super().__init__([nn.Linear(4, 4), nn.Linear(4, 4)])
        self.norm = norm

    def forward(self, x):
        for i in range(len(self)):
            x = self[i](x)
        return x
"""
LISTS = (
    declines(
        "list with an index of its own",
        "self.convs = Backwards([nn.Linear(4, 4), nn.ReLU()])",
        """
        for i in range(len(self.convs)):
            x = self.convs[i](x)
        return x
        """,
        "has a __getitem__ of its own",
        head=_BACKWARDS,
    ),
    Declines(_OF_SELF, because="registers norm besides the elements", name="list that is self and has another module"),
)
DICTS = (
    declines(
        "dict with a loop of its own",
        'self.heads = Some({"a": nn.Linear(4, 4), "b": nn.ReLU()})',
        """
        for name in self.heads:
            x = self.heads[name](x)
        return x
        """,
        "has a __iter__ of its own",
        head=_SOME,
    ),
)
