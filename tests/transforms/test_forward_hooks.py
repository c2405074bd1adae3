"""Calls of ``forward`` leave hooks out: without a run they are written only where the project registers none."""

from __future__ import annotations

import pytest

from scriptify.api import rewrite

HEAD = """import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.ModuleList([nn.Linear(2, 2), nn.Linear(2, 2)])
        self.second = nn.ModuleList([nn.Linear(2, 2), nn.Linear(2, 2), nn.Linear(2, 2)])
        self.layer0 = nn.Linear(2, 2)
        self.layer1 = nn.ReLU()

    def forward(self, x):
        LOOP
        return x
"""
ZIP = "for a, b in zip(self.first, self.second[1:]):\n            x = b(a(x))"
NAMES = "for i in range(2):\n            x = getattr(self, f'layer{i}')(x)"
HOOKS = (
    "\n\ndef watch(net, hook):\n    net.layer0.register_forward_hook(hook)\n",
    "\n\ndef norm(net):\n    nn.utils.weight_norm(net.layer0)\n",
    "\n\ndef cut(net):\n    from torch.nn.utils import prune\n    prune.random_unstructured(net.layer0, 'weight', 1, dim=0)\n",
)


@pytest.mark.parametrize("loop", [ZIP, NAMES])
def test_forward_is_called_where_nothing_has_a_hook(loop: str) -> None:
    assert ".forward(" in rewrite(HEAD.replace("LOOP", loop)).draft.texts["source.py"]


@pytest.mark.parametrize("loop", [ZIP, NAMES])
@pytest.mark.parametrize("hooks", HOOKS)
def test_forward_is_not_called_where_anything_may_have_one(loop: str, hooks: str) -> None:
    result = rewrite(HEAD.replace("LOOP", loop) + hooks)
    assert ".forward(" not in result.draft.texts["source.py"]
    assert result.declines
