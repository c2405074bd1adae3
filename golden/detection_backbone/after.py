"""Residual backbone and feature pyramid of a detector; stages and norms are registered by name."""
import torch
import torch.nn as nn
import torch.nn.functional as F
import torch.utils.checkpoint as cp
from typing import List


def build_norm(cfg, channels, postfix=''):
    """Make a norm layer and the name to register it under."""
    layer = nn.BatchNorm2d(channels)
    for param in layer.parameters():
        param.requires_grad = cfg.get('requires_grad', True)
    return f'bn{postfix}', layer


class BaseModule(nn.Module):
    """Module that remembers whether its weights were initialised."""

    def __init__(self, init_cfg=None):
        super().__init__()
        self._is_init = False
        self.init_cfg = init_cfg

    @property
    @torch.jit.unused
    def is_init(self):
        return self._is_init

    @is_init.setter
    def is_init(self, value):
        self._is_init = value


class ResidualBlock(BaseModule):
    """Two 3x3 convolutions around a shortcut.

    Args:
        inplanes (int): Channels coming in.
        planes (int): Channels going out.
        stride (int): Stride of the first convolution. Default: 1
        downsample (nn.Module, optional): Shortcut where the shape changes. Default: None
        with_cp (bool): Trade computation for memory in training. Default: False
    """

    def __init__(self, inplanes, planes, stride=1, downsample=None, with_cp=False,
                 norm_cfg=dict(type='BN'), init_cfg=None):
        super().__init__(init_cfg)
        self.norm1_name, norm1 = build_norm(norm_cfg, planes, postfix=1)
        self.norm2_name, norm2 = build_norm(norm_cfg, planes, postfix=2)
        self.conv1 = nn.Conv2d(inplanes, planes, 3, stride=stride, padding=1, bias=False)
        self.add_module(self.norm1_name, norm1)
        self.conv2 = nn.Conv2d(planes, planes, 3, padding=1, bias=False)
        self.add_module(self.norm2_name, norm2)
        self.relu = nn.ReLU(inplace=True)
        self.downsample = downsample
        self.with_cp = with_cp

    @property
    @torch.jit.unused
    def norm1(self):
        """nn.Module: normalization layer after the first convolution"""
        return getattr(self, self.norm1_name)

    @property
    @torch.jit.unused
    def norm2(self):
        """nn.Module: normalization layer after the second convolution"""
        return getattr(self, self.norm2_name)

    def forward(self, x):
        """Forward function."""

        if not torch.jit.is_scripting() and self.with_cp and x.requires_grad:
            out = cp.checkpoint(self._inner_forward, x, use_reentrant=False)
        else:
            out = self._inner_forward(x)

        return self.relu(out)

    def _inner_forward(self, x):
        if torch.jit.is_scripting():
            assert self.norm2_name == 'bn2'
        if torch.jit.is_scripting():
            assert self.norm1_name == 'bn1'
        identity = x
        out = self.relu(self.bn1(self.conv1(x)) if torch.jit.is_scripting() else self.norm1(self.conv1(x)))
        out = self.bn2(self.conv2(out)) if torch.jit.is_scripting() else self.norm2(self.conv2(out))
        if self.downsample is not None:
            identity = self.downsample(x)
        return out + identity


class NamedResNet(BaseModule):
    """Backbone whose stages are ``layer1`` to ``layer4``.

    Args:
        stage_blocks (tuple[int]): Blocks of each stage.
        base_channels (int): Channels of the stem. Default: 4
        out_indices (Sequence[int]): Stages to return.
        deep_stem (bool): Two convolutions instead of one. Default: False
        with_cp (bool): Checkpoint the blocks. Default: False
    """

    __constants__ = ["deep_stem"]

    def __init__(self, stage_blocks=(1, 1, 1, 1), base_channels=4, out_indices=(0, 1, 2, 3), deep_stem=False,
                 with_cp=False, norm_cfg=dict(type='BN', requires_grad=True), init_cfg=None):
        super().__init__(init_cfg)
        self.deep_stem = deep_stem
        self.out_indices = out_indices
        self.norm_cfg = norm_cfg
        if deep_stem:
            self.stem = nn.Sequential(
                nn.Conv2d(3, base_channels, 3, 2, 1, bias=False), nn.BatchNorm2d(base_channels), nn.ReLU(),
                nn.Conv2d(base_channels, base_channels, 3, padding=1, bias=False))
        else:
            self.conv1 = nn.Conv2d(3, base_channels, 7, 2, 3, bias=False)
        self.norm1_name, norm1 = build_norm(norm_cfg, base_channels, postfix=1)
        self.add_module(self.norm1_name, norm1)
        self.relu = nn.ReLU(inplace=True)
        self.maxpool = nn.MaxPool2d(3, stride=2, padding=1)

        self.res_layers = []
        inplanes = base_channels
        for i, num_blocks in enumerate(stage_blocks):
            planes, stride = base_channels * 2**i, 1 if i == 0 else 2
            blocks = []
            for j in range(num_blocks):
                shortcut = None
                if j == 0 and (stride != 1 or inplanes != planes):
                    shortcut = nn.Sequential(nn.Conv2d(inplanes, planes, 1, stride, bias=False),
                                             build_norm(norm_cfg, planes)[1])
                blocks.append(ResidualBlock(inplanes, planes, stride if j == 0 else 1, shortcut, with_cp, norm_cfg))
                inplanes = planes
            layer_name = f'layer{i + 1}'
            self.add_module(layer_name, nn.Sequential(*blocks))
            self.res_layers.append(layer_name)

    @property
    @torch.jit.unused
    def norm1(self):
        """nn.Module: the normalization layer of the stem"""
        return getattr(self, self.norm1_name)

    def forward(self, x):
        """Forward function."""
        if torch.jit.is_scripting():
            assert self.norm1_name == 'bn1'
        if self.deep_stem:
            x = self.stem(x)
        else:
            x = self.conv1(x)
        x = self.maxpool(self.relu(self.bn1(x) if torch.jit.is_scripting() else self.norm1(x)))
        outs = []
        for i, layer_name in enumerate(self.res_layers):
            if not torch.jit.is_scripting():
                x = getattr(self, layer_name)(x)
            elif layer_name == "layer1":
                x = self.layer1(x)
            elif layer_name == "layer2":
                x = self.layer2(x)
            elif layer_name == "layer3":
                x = self.layer3(x)
            elif hasattr(self, "layer4") and layer_name == "layer4":
                x = self.layer4(x)
            else:
                raise AttributeError(layer_name)
            if i in self.out_indices:
                outs.append(x)
        return outs if torch.jit.is_scripting() else tuple(outs)


class PyramidNeck(BaseModule):
    """Feature pyramid with extra levels.

    Args:
        in_channels (list[int]): Channels of each input.
        out_channels (int): Channels of each output.
        num_outs (int): Number of outputs.
        start_level (int): First input used. Default: 0
        add_extra_convs (bool): Make extra levels by convolution instead of pooling. Default: False
        mode (str): How to enlarge. Default: 'nearest'
    """

    def __init__(self, in_channels, out_channels, num_outs, start_level=0, add_extra_convs=False, mode='nearest',
                 init_cfg=None):
        super().__init__(init_cfg)
        self.start_level, self.num_outs = start_level, num_outs
        self.add_extra_convs = add_extra_convs
        self.mode = mode
        self.lateral_convs = nn.ModuleList()
        self.fpn_convs = nn.ModuleList()
        for channels in in_channels[start_level:]:
            self.lateral_convs.append(nn.Conv2d(channels, out_channels, 1))
            self.fpn_convs.append(nn.Conv2d(out_channels, out_channels, 3, padding=1))
        if add_extra_convs:
            for _ in range(num_outs - len(self.lateral_convs)):
                self.fpn_convs.append(nn.Conv2d(out_channels, out_channels, 3, stride=2, padding=1))

    def forward(self, inputs: List[torch.Tensor]):
        """Forward function.

        Args:
            inputs (tuple[Tensor]): Features of the backbone's stages.
        """
        laterals = [
            lateral_conv(inputs[i + self.start_level])
            for i, lateral_conv in enumerate(self.lateral_convs)
        ]
        used = len(laterals)
        for i in range(used - 1, 0, -1):
            size = laterals[i - 1].shape[2:]
            laterals[i - 1] = laterals[i - 1] + F.interpolate(laterals[i], size=size, mode=self.mode)
        outs = []
        for i, fpn_conv in enumerate(self.fpn_convs):
            if i < used:
                outs.append(fpn_conv(laterals[i]))
        if used > len(self.fpn_convs):
            raise IndexError(f"index {len(self.fpn_convs)} is out of range")
        if self.num_outs > len(outs):
            if not self.add_extra_convs:
                for i in range(self.num_outs - used):
                    outs.append(F.max_pool2d(outs[-1], 1, stride=2))
            else:
                for i in range(used, self.num_outs):
                    if not -len(self.fpn_convs) <= i < len(self.fpn_convs):
                        raise IndexError(f"index {i} is out of range")
                    for j, fpn_convs_j in enumerate(self.fpn_convs):
                        if j in (i, i + len(self.fpn_convs)):
                            outs.append(fpn_convs_j(outs[-1]))
        return outs if torch.jit.is_scripting() else tuple(outs)


class Detector(BaseModule):
    """Backbone and, where there is one, neck."""

    def __init__(self, backbone, neck=None, init_cfg=None):
        super().__init__(init_cfg)
        self.backbone = backbone
        if neck is not None:
            self.neck = neck

    @property
    @torch.jit.unused
    def with_neck(self):
        """bool: whether the detector has a neck"""
        return hasattr(self, 'neck') and self.neck is not None

    def forward(self, img):
        x = self.backbone(img)
        if getattr(self, 'neck', None) is not None:
            x = self.neck(x)
        return x


def entry():
    """The backbone alone, and with the neck in two configurations."""
    torch.manual_seed(0)
    img = torch.randn(1, 3, 64, 64)
    yield Detector(NamedResNet()).eval(), (img,)
    yield Detector(NamedResNet(deep_stem=True, with_cp=True), PyramidNeck([4, 8, 16, 32], 4, 5)), (img,)
    small = NamedResNet((2, 1, 1), out_indices=(0, 1, 2), norm_cfg=dict(type='BN', requires_grad=False))
    yield Detector(small, PyramidNeck([4, 8, 16], 4, 4, start_level=1, add_extra_convs=True)).eval(), (img[..., :48],)
