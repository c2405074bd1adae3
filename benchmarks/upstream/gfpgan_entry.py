"""Entries for GFPGANv1Clean of gfpgan 1.3.8, beside whose sources this file is copied."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

from shells import package, stand_in  # noqa: E402

stand_in("torchvision", __version__="0.0")
package("basicsr", HERE / "basicsr")
package("basicsr.archs", HERE / "basicsr" / "archs")
package("basicsr.utils", HERE / "basicsr" / "utils", get_root_logger=logging.getLogger)
package("gfpgan", HERE / "gfpgan")
package("gfpgan.archs", HERE / "gfpgan" / "archs")

from gfpgan.archs.gfpganv1_clean_arch import GFPGANv1Clean  # noqa: E402

Case = tuple[torch.nn.Module, tuple[torch.Tensor], dict[str, Any]]


def _model(size: int, narrow: float, features: int, **options: Any) -> torch.nn.Module:
    torch.manual_seed(0)
    model = GFPGANv1Clean(out_size=size, num_style_feat=features, decoder_load_path=None, fix_decoder=False, narrow=narrow, **options)
    # Noise weights start at zero: without this, noise would change nothing and prove nothing.
    for module in model.modules():
        if type(module).__name__ == "StyleConv":
            torch.nn.init.constant_(module.weight, 0.3)
    return model.eval()


def _cases(model: torch.nn.Module, size: int) -> Iterator[Case]:
    image = torch.rand(1, 3, size, size, generator=torch.Generator().manual_seed(1)) * 2 - 1
    yield model, (image,), {}
    yield model, (image,), {"randomize_noise": False}
    yield model, (image,), {"return_rgb": False, "randomize_noise": False}


def small() -> Iterator[Case]:
    """Two configurations at 32 pixels, with random noise and with the stored one, and a batch of two."""
    one = _model(32, 0.0625, 32, channel_multiplier=1, num_mlp=2, input_is_latent=True, different_w=True, sft_half=True)
    yield from _cases(one, 32)
    yield one, (torch.rand(2, 3, 32, 32),), {"randomize_noise": False}
    other = _model(32, 0.0625, 32, channel_multiplier=1, num_mlp=2, input_is_latent=False, different_w=False, sft_half=False)
    yield from _cases(other, 32)


def full() -> Iterator[Case]:
    """The published configuration of versions 1.3 and 1.4, at 512 pixels."""
    options = {"channel_multiplier": 2, "num_mlp": 8, "input_is_latent": True, "different_w": True, "sft_half": True}
    yield from _cases(_model(512, 1, 512, **options), 512)
