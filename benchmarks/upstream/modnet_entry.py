"""Entries for the matting MODNet of facexlib 0.3.0, beside whose sources this file is copied."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import torch

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

from shells import package  # noqa: E402

package("facexlib", HERE / "facexlib")
package("facexlib.matting", HERE / "facexlib" / "matting")

from facexlib.matting.modnet import MODNet  # noqa: E402

Case = tuple[torch.nn.Module, tuple[torch.Tensor, bool]]


def _cases(size: int) -> Iterator[Case]:
    torch.manual_seed(0)
    model = MODNet(backbone_pretrained=False).eval()
    image = torch.rand(1, 3, size, size, generator=torch.Generator().manual_seed(1)) * 2 - 1
    yield model, (image, True)
    yield model, (image, False)


def small() -> Iterator[Case]:
    """At 64 pixels, as for inference and as for training."""
    yield from _cases(64)


def full() -> Iterator[Case]:
    """At 512 pixels."""
    yield from _cases(512)
