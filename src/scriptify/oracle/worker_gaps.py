"""How far values of two runs are apart: tensors by numbers, the rest in words."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import torch

from scriptify.oracle.compare import SCRIPTED
from scriptify.oracle.parting import Gap, Leaf
from scriptify.oracle.worker_capture import Value


def pairs(a: Sequence[Value], b: Sequence[Value], loose: bool) -> list[tuple[Value, Value]] | None:
    """The values of two calls that belong together, or None where their structure differs.

    ``loose``: a form that keeps no structure (a traced module gives what is used of its output, in an order of its own);
    each of its tensors belongs to the nearest of A's that has its shape and dtype.
    """
    if len(a) == len(b) and (not loose or all(_alike(x, y) for x, y in zip(a, b, strict=True))):
        return list(zip(a, b, strict=True))
    if not loose:
        names = {value.where: value for value in b}
        common = [(value, names[value.where]) for value in a if value.where in names]
        return common if len(common) == min(len(a), len(b)) and common else None
    left = [value for value in a if isinstance(value.data, torch.Tensor)]
    found = []
    for value in (value for value in b if isinstance(value.data, torch.Tensor)):
        fits = [other for other in left if _alike(other, value)]
        if fits:
            best = min(fits, key=lambda other: _distance(other.data, value.data))
            left.remove(best)
            found.append((best, value))
    return found


def _alike(a: Value, b: Value) -> bool:
    if isinstance(a.data, torch.Tensor) and isinstance(b.data, torch.Tensor):
        return a.data.shape == b.data.shape and a.data.dtype == b.data.dtype
    return type(a.data) is type(b.data)


def _distance(a: torch.Tensor, b: torch.Tensor) -> float:
    if not a.numel():
        return 0.0
    return float((a.double() - b.double()).abs().nan_to_num(math.inf).max()) if not a.is_complex() else float((a - b).abs().max())


def leaves(a: Sequence[Value], b: Sequence[Value], loose: bool, tolerance: float | None) -> tuple[Leaf, ...]:
    """The values of two calls compared; where their structure differs, one leaf that says so."""
    found = pairs(a, b, loose)
    if found is None:
        return (Leaf("", said=f"{_many(a)} became {_many(b)}"),)
    return tuple(leaf(x, y, tolerance) for x, y in found)


def _many(values: Sequence[Value]) -> str:
    tensors = sum(isinstance(value.data, torch.Tensor) for value in values)
    rest = len(values) - tensors
    return f"{tensors} tensor{'s' * (tensors != 1)}{f' and {rest} other values' if rest else ''}"


def leaf(a: Value, b: Value, tolerance: float | None) -> Leaf:
    """Two values compared."""
    x, y = a.data, b.data
    if not isinstance(x, torch.Tensor) or not isinstance(y, torch.Tensor):
        return Leaf(a.where, said="" if _same(x, y, tolerance) else f"{_word(x)} became {_word(y)}")
    dtypes = (_dtype(x), _dtype(y))
    shapes = (tuple(x.shape), tuple(y.shape))
    if x.shape != y.shape:
        return Leaf(a.where, dtypes, shapes, said=f"shape {list(x.shape)} became {list(y.shape)}")
    said = f"dtype {dtypes[0]} became {dtypes[1]}" if x.dtype != y.dtype else ""
    return Leaf(a.where, dtypes, shapes, gap(x, y, tolerance) if x.device.type != "meta" else None, said)


def _dtype(tensor: torch.Tensor) -> str:
    return str(tensor.dtype).removeprefix("torch.")


def _word(value: Any) -> str:
    if isinstance(value, torch.Tensor):
        return "a tensor"
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _same(x: Any, y: Any, tolerance: float | None) -> bool:
    if isinstance(x, float) and isinstance(y, float):
        limit = 1e-4 if tolerance is None else tolerance
        return math.isclose(x, y, rel_tol=limit, abs_tol=limit) or (math.isnan(x) and math.isnan(y))
    return bool(type(x) is type(y) and x == y)


def gap(x: torch.Tensor, y: torch.Tensor, tolerance: float | None) -> Gap:
    """Two tensors of one shape compared; where both are NaN, or the same infinity, they are the same."""
    count = x.numel()
    if not count or torch.equal(x, y):
        return Gap(0.0, 0.0, 0.0, 0, count)
    wide = torch.complex128 if x.is_complex() or y.is_complex() else torch.float64
    a, b = x.to(wide), y.to(wide)
    apart = torch.where((a.isnan() & b.isnan()) | (a == b), torch.zeros((), dtype=torch.float64), (a - b).abs())
    exact = not (x.is_floating_point() or x.is_complex()) and tolerance is None
    limit = 0.0 if exact else SCRIPTED.get(x.dtype, 1e-4) if tolerance is None else tolerance
    size = a.abs()
    wrong = ~(apart <= limit + limit * size.nan_to_num(0.0, 0.0, 0.0))
    finite = size[size.isfinite()]
    scale = float(finite.max()) if finite.numel() else 0.0
    # Not a number against one is further apart than any number.
    numbers = apart.nan_to_num(math.inf, math.inf)
    place = int(numbers.flatten().argmax())
    largest = float(numbers.flatten()[place])
    at = tuple(int(i) for i in torch.unravel_index(torch.tensor(place), x.shape))
    before, after = (complex(t.flatten()[place]).real for t in (a, b))
    relative = largest / scale if scale else (math.inf if largest else 0.0)
    return Gap(largest, float(numbers.mean()), relative, int(wrong.sum()), count, at, before, after)
