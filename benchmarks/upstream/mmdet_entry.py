"""Entries for the ResNet and the FPN of mmdet 3.3.0, beside whose sources (and those of mmcv-lite and mmengine) this file is copied."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import torch

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

from shells import package, stand_in  # noqa: E402

# Formats configuration files, which no model needs.
stand_in("yapf")
stand_in("yapf.yapflib")
stand_in("yapf.yapflib.yapf_api", FormatCode=None)
package("mmcv", HERE / "mmcv")
package("mmcv.cnn", HERE / "mmcv" / "cnn")

import mmcv.cnn.bricks  # noqa: E402

sys.modules["mmcv.cnn"].__dict__.update({name: value for name, value in vars(mmcv.cnn.bricks).items() if not name.startswith("_")})
package("mmdet", HERE / "mmdet")
package("mmdet.utils", HERE / "mmdet" / "utils")

import mmdet.utils.typing_utils  # noqa: E402

sys.modules["mmdet.utils"].__dict__.update({k: v for k, v in vars(mmdet.utils.typing_utils).items() if not k.startswith("_")})
package("mmdet.models", HERE / "mmdet" / "models")
package("mmdet.models.layers", HERE / "mmdet" / "models" / "layers")

import mmdet.models.layers.res_layer  # noqa: E402

sys.modules["mmdet.models.layers"].__dict__["ResLayer"] = mmdet.models.layers.res_layer.ResLayer
package("mmdet.models.necks", HERE / "mmdet" / "models" / "necks")
package("mmdet.models.backbones", HERE / "mmdet" / "models" / "backbones")

from mmdet.models.backbones.resnet import ResNet  # noqa: E402

Case = tuple[torch.nn.Module, tuple[object, ...]]


def _image(size: int) -> torch.Tensor:
    return torch.rand(1, 3, size, size, generator=torch.Generator().manual_seed(1)) * 2 - 1


def _backbone(**options: object) -> torch.nn.Module:
    torch.manual_seed(0)
    model = ResNet(norm_cfg={"type": "BN", "requires_grad": True}, **options)
    model.eval()  # returns None: its train() does
    return model


def small() -> Iterator[Case]:
    """Both kinds of blocks, some outputs only, a frozen stage, at 32 pixels."""
    yield _backbone(depth=18, base_channels=4), (_image(32),)
    few = {"num_stages": 2, "strides": (1, 2), "dilations": (1, 1), "out_indices": (1,)}
    yield _backbone(depth=50, base_channels=4, frozen_stages=1, **few), (_image(32),)


def full() -> Iterator[Case]:
    """ResNet-50 as the published Faster R-CNN configuration has it, at 512 pixels."""
    options = {"num_stages": 4, "out_indices": (0, 1, 2, 3), "frozen_stages": 1, "norm_eval": True, "style": "pytorch"}
    yield _backbone(depth=50, **options), (_image(512),)


def _fpn(channels: list[int], width: int, size: int) -> Case:
    from mmdet.models.necks.fpn import FPN

    torch.manual_seed(0)
    shapes = [(1, count, size >> level, size >> level) for level, count in enumerate(channels)]
    levels = [torch.rand(shape, generator=torch.Generator().manual_seed(level)) for level, shape in enumerate(shapes)]
    return FPN(in_channels=channels, out_channels=width, num_outs=5).eval(), (levels,)


def fpn() -> Case:
    """The neck alone, four levels from 16 pixels down."""
    return _fpn([8, 16, 32, 64], 16, 16)


def full_fpn() -> Case:
    """The neck of the published Faster R-CNN configuration, for an image of 512 pixels."""
    return _fpn([256, 512, 1024, 2048], 256, 128)
