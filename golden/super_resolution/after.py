"""Super-resolution by residual dense blocks, for any power of two and for threes."""
import math

import torch
from torch import nn
from torch.nn import functional as F


def space_to_depth(x, scale: int):
    """Move blocks of pixels into the channels.

    Args:
        x (Tensor): Of shape (b, c, hh, hw).
        scale (int): Side of a block.

    Returns:
        Tensor: Of shape (b, c * scale * scale, hh // scale, hw // scale).
    """
    b, c, hh, hw = x.size()
    assert hh % scale == 0 and hw % scale == 0
    h, w = hh // scale, hw // scale
    x = x.view(b, c, h, scale, w, scale)
    return x.permute(0, 1, 3, 5, 2, 4).reshape(b, c * (scale * scale), h, w)


def shuffle_channels(x, groups: int):
    """Interleave the channels of ``groups`` groups."""
    b, c = x.shape[:2]
    x = x.view([b, groups, c // groups] + list(x.shape[2:]))
    return x.transpose(1, 2).reshape([b, c] + list(x.shape[3:]))


class DenseBlock(nn.Module):
    """Three convolutions, each of which sees all that came before it.

    Args:
        num_feat (int): Channels in and out.
        num_grow (int): Channels each convolution adds.
        slope (float): Negative slope of the activation. Default: 0.
    """

    def __init__(self, num_feat, num_grow, slope=0):
        super().__init__()
        self.slope = slope
        self.convs = nn.ModuleList()
        for i in range(3):
            self.convs.append(nn.Conv2d(num_feat + i * num_grow, num_grow if i < 2 else num_feat, 3, padding=1))

    def forward(self, x):
        feats = [x]
        for i, conv in enumerate(self.convs):
            if i < 2:
                feats.append(F.leaky_relu(conv(torch.cat(feats, 1)), float(self.slope) if torch.jit.is_scripting() else self.slope))
        return self.convs[-1](torch.cat(feats, 1)) * 0.2 + x


class ResizeBranch(nn.Module):
    """A cheap guess of the result, resized to the size asked for."""

    def forward(self, x, scale: int = 2):
        # a module made on the spot
        return F.interpolate(x, scale_factor=float(scale) if torch.jit.is_scripting() else scale, mode='bilinear', align_corners=False)


class SuperResolver(nn.Module):
    """Super-resolution network.

    Args:
        num_feat (int): Channels of the body. Default: 8.
        num_block (int): Blocks of the body. Default: 2.
        upscale (int): 2, 3, 4 or 8. Default: 4.
        upsampler (str): 'nearest' or 'shuffle'. Default: 'nearest'.
    """

    def __init__(self, num_in=3, num_feat=8, num_block=2, upscale=4, upsampler='nearest', shrink=None):
        super().__init__()
        self.upscale = upscale
        self.upsampler = upsampler
        self.shrink = shrink
        self.num_block = num_block
        if shrink is not None:
            num_in = num_in * shrink ** 2
        self.conv_first = nn.Conv2d(num_in, num_feat, 3, padding=1)
        self.body = nn.ModuleList([DenseBlock(num_feat, 4) for _ in range(num_block)])
        self.attention = nn.ModuleList([nn.Conv2d(num_feat, num_feat, 1) for _ in range(num_block - 1)])
        self.num_up = int(math.log2(upscale)) if upscale & (upscale - 1) == 0 else 0
        if upsampler == 'nearest':
            self.ups = nn.ModuleList([nn.Conv2d(num_feat, num_feat, 3, padding=1) for _ in range(max(self.num_up, 1))])
        else:
            self.expand = nn.Conv2d(num_feat, num_feat * upscale ** 2, 3, padding=1)
        self.guess = ResizeBranch()
        self.conv_last = nn.Conv2d(num_feat, 3, 3, padding=1)

    def upsample(self, feat):
        if self.upsampler == 'nearest':
            if torch.jit.is_scripting() and not hasattr(self, "ups"):
                raise AttributeError("no ups")
            if self.num_up:
                for i, up in enumerate(self.ups):
                    if i < self.num_up:
                        feat = F.relu(up(F.interpolate(feat, scale_factor=2.0, mode='nearest')))
                        assert feat.shape[-1] % 2 ** (i + 1) == 0
                if self.num_up > len(self.ups):
                    raise IndexError(f"index {len(self.ups)} is out of range")
            else:
                feat = F.relu(self.ups[0](F.interpolate(feat, scale_factor=(float(self.upscale) if torch.jit.is_scripting() else self.upscale, float(self.upscale) if torch.jit.is_scripting() else self.upscale))))
        else:
            if torch.jit.is_scripting() and not hasattr(self, "expand"):
                raise AttributeError("no expand")
            feat = F.pixel_shuffle(self.expand(feat), self.upscale)
        return feat

    def forward(self, x):
        h, w = x.shape[2:]
        # the body wants even sides
        x = F.pad(x, (0, w % 2, 0, h % 2), mode='constant', value=0.0)
        img = x
        if self.shrink is not None:
            x = space_to_depth(x, scale=self.shrink)
        feat = self.conv_first(x)
        shortcut = feat
        for i in range(self.num_block):
            for j, body_j in enumerate(self.body):
                if j == i:
                    feat = body_j(feat)
            if i < self.num_block - 1:
                for k, attention_k in enumerate(self.attention):
                    if k == i:
                        feat = feat * torch.sigmoid(attention_k(feat))
        feat = shuffle_channels(feat + shortcut, 2)
        out = self.conv_last(self.upsample(feat))
        total = self.upscale if self.shrink is None else self.upscale // self.shrink
        out = out + self.guess(img, total)
        return out[..., :h * total, :w * total]


def entry():
    """Factors 4, 2 (from a shrunk image) and 3; both ways of enlarging; even and odd sizes."""
    torch.manual_seed(0)
    yield SuperResolver().eval(), (torch.randn(1, 3, 8, 6),)
    yield SuperResolver(num_block=3).eval(), (torch.randn(2, 3, 7, 5),)
    yield SuperResolver(upscale=4, shrink=2).eval(), (torch.randn(1, 3, 7, 8),)
    yield SuperResolver(upscale=3).eval(), (torch.randn(1, 3, 6, 6),)
    yield SuperResolver(upscale=3, upsampler='shuffle', num_block=1).eval(), (torch.randn(1, 3, 6, 4),)
