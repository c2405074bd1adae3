"""A ScriptModule from its file, on the tensors of the live model: as after ``torch.jit.script``, one change shows in both."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import torch


def loaded(path: Path, model: Any) -> torch.jit.ScriptModule:
    """The scripted model saved at ``path``, in the mode, on the devices and on the parameters and buffers of ``model``.

    A tensor that the scripted model holds under the same name, in the same shape, dtype and on the same device,
    is replaced by the live one: parameters, buffers, and plain Tensor attributes.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        scripted: torch.jit.ScriptModule = torch.jit.load(str(path))  # type: ignore[no-untyped-call]
    if isinstance(model, torch.nn.Module):
        live = dict(model.named_modules(remove_duplicate=False))
        for name, module in scripted.named_modules(remove_duplicate=False):
            if name in live:
                _bind(module, live[name])
    return scripted


def _bind(scripted: torch.nn.Module, live: torch.nn.Module) -> None:
    own = getattr(scripted, "_c", None)
    if own is None:
        return
    tensors = {**vars(live), **live._buffers, **live._parameters}
    for name, tensor in tensors.items():
        if isinstance(tensor, torch.Tensor) and own.hasattr(name) and _fits(own.getattr(name), tensor):
            own.setattr(name, tensor)


def _fits(now: Any, live: torch.Tensor) -> bool:
    if not isinstance(now, torch.Tensor):
        return False
    return (now.shape, now.dtype, now.device, now.layout) == (live.shape, live.dtype, live.device, live.layout)


def is_model(value: Any) -> bool:
    """Whether ``value`` is an eager nn.Module."""
    return isinstance(value, torch.nn.Module) and not isinstance(value, torch.jit.ScriptModule)


def is_scripted(value: Any) -> bool:
    """Whether ``value`` came out of torch.jit already."""
    return isinstance(value, (torch.jit.ScriptModule, torch.jit.ScriptFunction))


def is_parallel(value: Any) -> bool:
    """Whether ``value`` is a wrapper of DataParallel."""
    return isinstance(value, (torch.nn.DataParallel, torch.nn.parallel.DistributedDataParallel))
