"""A small portrait matting network, written the way people write them."""
from functools import reduce

import torch
import torch.nn as nn
import torch.nn.functional as F


class Backbone(nn.Module):
    """Two stages of two layers, each stage at half the size."""

    def __init__(self, width):
        super().__init__()
        shape = [(3, width, 2), (width, width, 1), (width, width, 2), (width, width, 1)]
        self.layers = nn.ModuleList(nn.Conv2d(i, o, 3, s, 1) for i, o, s in shape)

    def forward(self, x):
        fine = reduce(lambda y, n: self.layers[n](y), list(range(0, 2)), x)
        coarse = reduce(lambda y, n: self.layers[n](y), list(range(2, 4)), fine)
        return fine, coarse


class Up(nn.Module):
    """Twice the size, and a skip connection where there is one."""

    def __init__(self, width):
        super().__init__()
        self.conv = nn.Conv2d(width, width, 3, 1, 1)

    def forward(self, x, skip=None):
        x = F.interpolate(x, scale_factor=2, mode='nearest')
        x = F.relu(self.conv(x))
        if skip is not None:
            x = x + skip  # the fine details
        return x


class MattingNet(nn.Module):
    def __init__(self, width=8, refinements=3):
        super().__init__()
        self.backbone = Backbone(width)
        self.up2 = Up(width)
        self.up1 = Up(width)
        self.refine = nn.ModuleList(
            nn.Conv2d(width, width, 3, 1, 1) for _ in range(refinements))
        self.matte = nn.Conv2d(width, 1, 1)

    def forward(self, image):
        fine, coarse = self.backbone(image)
        x = self.up1(self.up2(coarse, fine))
        for i in range(len(self.refine)):
            # each refinement adds to what is there
            x = x + F.relu(self.refine[i](x))
        return torch.sigmoid(self.matte(x))


def entry():
    """The model, and the arguments to call it with."""
    return MattingNet(), (torch.rand(1, 3, 32, 32),)
