"""What every form of a model is made into, and the dimensions in which its inputs vary."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch

from scriptify.oracle.protocol import Choice
from scriptify.oracle.worker_trace import Call


class NotMade(Exception):
    """A form that a model can't be brought into, in one sentence; ``text`` and ``kind`` are the cause's own."""

    def __init__(self, sentence: str, text: str = "", kind: str = "") -> None:
        super().__init__(sentence)
        self.text, self.kind = text or sentence, kind


@dataclass(slots=True)
class Made:
    """A form of a model: what to call, how to write it to a path, and how to get what to call from there.

    ``flat`` forms (ONNX) give their output Tensors in a list. ``grads`` is off where no gradients can flow.
    """

    run: Any
    save: Callable[[str], None]
    load: Callable[[str], Any]
    how: str
    choices: list[Choice] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    grads: bool = True
    flat: bool = False


class AsModule(torch.nn.Module):
    """A function in the shape that exporters want."""

    def __init__(self, function: Callable[..., Any]) -> None:
        super().__init__()
        self.function = function

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """Calls the function."""
        return self.function(*args, **kwargs)


def tensors(value: Any) -> list[torch.Tensor]:
    """The Tensors in nested lists, tuples and dicts, in order."""
    if isinstance(value, torch.Tensor):
        return [value]
    if isinstance(value, dict):
        return [found for item in value.values() for found in tensors(item)]
    return [found for item in value for found in tensors(item)] if isinstance(value, (list, tuple)) else []


def varying(calls: Sequence[Call], wanted: Sequence[int]) -> list[set[int]]:
    """For each input Tensor of the first call, the dimensions that are wanted or in which the calls differ."""
    first = tensors([*calls[0].args, calls[0].kwargs])
    found = [{dim if dim >= 0 else dim + t.dim() for dim in wanted if -t.dim() <= dim < t.dim()} for t in first]
    for other in calls[1:]:
        others = tensors([*other.args, other.kwargs])
        if len(others) != len(first) or any(a.dim() != b.dim() for a, b in zip(first, others, strict=True)):
            continue
        for dims, a, b in zip(found, first, others, strict=True):
            dims |= {dim for dim in range(a.dim()) if a.shape[dim] != b.shape[dim]}
    return found


def refit(value: Any, fresh: list[Any]) -> Any:
    """``value`` with its Tensors replaced, in order, by what ``fresh`` holds, and all else by None: the shape of a specification."""
    if isinstance(value, torch.Tensor):
        return fresh.pop(0)
    if isinstance(value, dict):
        return {key: refit(item, fresh) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)([refit(item, fresh) for item in value]) if type(value) in (list, tuple) else None
    return None
