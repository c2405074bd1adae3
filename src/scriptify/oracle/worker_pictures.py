"""Image-like outputs as small pictures: A, B, and where they differ."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import torch

from scriptify.oracle.parting import Parting, Picture, Row, Verdict
from scriptify.oracle.worker_capture import Value
from scriptify.oracle.worker_gaps import pairs

SIDE = 192
MOST = 6
SMALLEST = 8


def pictures(parting: Parting, sources: Sequence[tuple[Sequence[Value], Sequence[Value]]]) -> Iterator[Picture]:
    """Pictures of the outputs that matter: where the sides part first, the largest jump, the model's own."""
    wanted = [parting.first, parting.jump, *(n for n, row in enumerate(parting.rows) if not row.path and row.verdict is not Verdict.SAME)]
    wanted += [number for number, row in enumerate(parting.rows) if not row.path]
    count = 0
    for number in dict.fromkeys(number for number in wanted if number is not None):
        row = parting.rows[number]
        for a, b in pairs(*sources[number], row.by_shape and bool(row.path)) or ():
            if count < MOST and (made := _picture(row, a, b)) is not None:
                count += 1
                yield made


def _picture(row: Row, a: Value, b: Value) -> Picture | None:
    x, y = a.data, b.data
    if not (isinstance(x, torch.Tensor) and isinstance(y, torch.Tensor) and x.shape == y.shape and _like_image(x)):
        return None
    x, y = (t.reshape(-1, *t.shape[-3:])[0].float() if t.dim() > 2 else t.float().unsqueeze(0) for t in (x, y))
    apart = (x - y).abs().nan_to_num(0.0, 0.0, 0.0)
    channel = -1
    if len(x) not in (1, 3):
        channel = int(apart.flatten(1).amax(1).argmax())
        x, y, apart = (t[channel : channel + 1] for t in (x, y, apart))
    finite = x[x.isfinite()]
    low, high = (float(finite.min()), float(finite.max())) if finite.numel() else (0.0, 0.0)
    worst = float(apart.max())
    x, y, apart = (_smaller(x.nan_to_num(low, high, low)), _smaller(y.nan_to_num(low, high, low)), _smaller(apart, worst=True))
    title = f"{row.name}{f' (call {row.call})' if row.call > 1 else ''}{f' output{a.where}' if a.where else ' output'}"
    height, width = x.shape[-2:]
    bytes_ = (_pixels(x, low, high), _pixels(y, low, high), _pixels(apart, 0.0, worst))
    return Picture(title, height, width, len(x), channel, low, high, worst, *bytes_)


def _like_image(tensor: torch.Tensor) -> bool:
    if not tensor.is_floating_point() or tensor.dim() not in (2, 3, 4) or tensor.device.type == "meta":
        return False
    height, width = tensor.shape[-2:]
    # Two dimensions are as often a batch of vectors, three a batch of sequences.
    square = tensor.dim() == 4 or (tensor.dim() == 3 and tensor.shape[0] in (1, 3)) or (height >= 16 and width >= 16 and tensor.dim() == 2)
    return square and height >= SMALLEST and width >= SMALLEST and tensor.numel() > 0


def _smaller(image: torch.Tensor, worst: bool = False) -> torch.Tensor:
    height, width = image.shape[-2:]
    share = SIDE / max(height, width)
    if share >= 1:
        return image
    size = [max(1, round(height * share)), max(1, round(width * share))]
    # Of differences the largest of each patch: a mean would hide a few pixels that differ.
    pool: Any = torch.nn.functional.adaptive_max_pool2d if worst else torch.nn.functional.adaptive_avg_pool2d
    smaller: torch.Tensor = pool(image.unsqueeze(0), size)[0]
    return smaller


def _pixels(image: torch.Tensor, low: float, high: float) -> bytes:
    spread = high - low or 1.0
    eight = ((image - low) / spread * 255).clamp(0, 255).round().to(torch.uint8)
    return bytes(eight.permute(1, 2, 0).contiguous().flatten().tolist())
