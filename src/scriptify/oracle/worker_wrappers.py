"""Models that came in DataParallel: what is the same model without it, under keys without the leading ``module.``."""

from __future__ import annotations

from typing import Any, TypeVar

import torch

from scriptify.oracle.worker_calls import Baseline

T = TypeVar("T")
_PREFIX = "module."


def depth(model: Any) -> int:
    """How many wrappers a model stands in."""
    count = 0
    while isinstance(model, (torch.nn.DataParallel, torch.nn.parallel.DistributedDataParallel)):
        count, model = count + 1, model.module
    return count


def unwrapped(baseline: Baseline, number: int, model: Any) -> str:
    """Where the original's model was wrapped and this one is not, name the original's state as this one does, and say so."""
    state = baseline.states[number]
    gone = baseline.wrapped[number] - depth(model)
    if state is None or gone <= 0:
        return ""
    baseline.states[number] = _stripped(state, gone)
    baseline.after[number] = _stripped(baseline.after[number], gone)
    return f"the original's model is wrapped: its keys start with {_PREFIX * gone} which those of the model itself do not"


def _stripped(state: dict[str, T], times: int) -> dict[str, T]:
    return {key.removeprefix(_PREFIX * times): value for key, value in state.items()}
