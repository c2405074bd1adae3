"""Examples of modules made inside forward."""

from __future__ import annotations

from scriptify.transform import Declines, Example, Fires, Ignores

_HEAD = """import torch
import torch.nn.functional as F
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.scale = 2.0

    def forward(self, x):
"""
_IMAGE = "Net(), (torch.rand(1, 4, 6, 6),)"


def _fires(name: str, before: str, after: str, entry: str = _IMAGE) -> Fires:
    return Fires(_HEAD + before, _HEAD + after, entry=entry, name=name)


EXAMPLES: tuple[Example, ...] = (
    _fires(
        "called at once",
        '        return nn.Upsample(scale_factor=2.0, mode="bilinear", align_corners=False)(x)  # larger\n',
        '        return F.interpolate(x, scale_factor=2.0, mode="bilinear", align_corners=False)  # larger\n',
    ),
    _fires(
        "by a name",
        "        # twice as large\n        up = nn.Upsample(scale_factor=self.scale)\n        y = up(x)\n        return up(y) * 2\n",
        "        # twice as large\n        y = F.interpolate(x, scale_factor=self.scale)\n"
        "        return F.interpolate(y, scale_factor=self.scale) * 2\n",
    ),
    _fires(
        "activations",
        "        act = nn.ReLU(inplace=True)\n        return nn.Softmax(dim=1)(act(x * 2)) + nn.LeakyReLU(0.2)(x) + nn.Sigmoid()(x)\n",
        "        return F.softmax(F.relu(x * 2, inplace=True), dim=1) + F.leaky_relu(x, 0.2) + torch.sigmoid(x)\n",
    ),
    _fires(
        "pools",
        "        y = nn.AdaptiveAvgPool2d((2, 2))(x) + nn.AvgPool2d(3, stride=3)(x)\n"
        "        return nn.MaxPool2d(2, 1, 0, 1, ceil_mode=True)(y), nn.Flatten()(y)\n",
        "        y = F.adaptive_avg_pool2d(x, (2, 2)) + F.avg_pool2d(x, 3, stride=3)\n"
        "        return F.max_pool2d(y, 2, 1, 0, dilation=1, ceil_mode=True), torch.flatten(y, start_dim=1)\n",
    ),
    _fires(
        "losses",
        '        criterion = nn.MSELoss(reduction="sum")\n        return criterion(x, x * 2) + nn.L1Loss()(x, x * 3)\n',
        '        return F.mse_loss(x, x * 2, reduction="sum") + F.l1_loss(x, x * 3)\n',
    ),
    _fires(
        "always training",
        "        return nn.Dropout(0.0)(x) + nn.UpsamplingNearest2d(size=(6, 6))(x)\n",
        '        return F.dropout(x, 0.0) + F.interpolate(x, size=(6, 6), mode="nearest")\n',
    ),
    Fires(
        "import torch\n\n\nclass Net(torch.nn.Module):\n    def forward(self, x):\n"
        "        return torch.nn.Tanh()(x) + torch.nn.ELU(1.0)(x)\n",
        "import torch\n\n\nclass Net(torch.nn.Module):\n    def forward(self, x):\n"
        "        return torch.tanh(x) + torch.nn.functional.elu(x, 1.0)\n",
        entry=_IMAGE,
        name="spelt in full",
    ),
    Fires(
        _HEAD.replace("import nn\n", "import nn\nimport math as F\n") + "        return nn.ELU(1.0)(x) * F.pi\n",
        _HEAD.replace("import nn\n", "import nn\nimport math as F\n") + "        return nn.functional.elu(x, 1.0) * F.pi\n",
        entry=_IMAGE,
        name="a short name that the file gives to another module later",
    ),
    Declines(
        _HEAD
        + "        up = nn.Upsample(scale_factor=self.scale)\n        self.step()\n        return up(x)\n\n"
        + "    def step(self):\n        self.scale = 3.0\n",
        because="may change before it is called",
        name="a method changes what it is made with",
    ),
    Declines(_HEAD + "        return nn.Linear(6, 2)(x)\n", because="make it in __init__"),
    Declines(_HEAD + "        return nn.MSELoss(size_average=False)(x, x)\n", because="has no counterpart"),
    Declines(_HEAD + "        acts = [nn.ReLU()]\n        return acts[0](x)\n", because="neither called at once"),
    Declines(
        _HEAD + "        s = 2\n        up = nn.Upsample(None, s)\n        s = 3\n        return up(x) * s\n", because="is bound again"
    ),
    Declines(
        _HEAD + "        act = nn.ReLU()\n        if x.dim() > 2:\n            act = nn.Tanh()\n        return act(x)\n",
        because="also something else",
    ),
    Ignores(
        _HEAD.replace("self.scale = 2.0", "self.up = nn.Upsample(scale_factor=2)") + "        return self.up(x)\n", name="made in __init__"
    ),
    Ignores(
        _HEAD + "        if not torch.jit.is_scripting():\n            x = nn.ReLU()(x)\n        return x\n",
        name="eager only",
    ),
)
