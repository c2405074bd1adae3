"""An entry's model as a program of torch.export."""

from __future__ import annotations

import inspect
import warnings
from typing import Any

import torch

from scriptify.oracle.protocol import Choice, Order
from scriptify.oracle.worker_making import AsModule, Made, NotMade, refit, varying
from scriptify.oracle.worker_trace import Call


def make(order: Order, model: Any, calls: list[Call], *, values: bool) -> Made:
    """A program for the first call's arguments; dimensions that vary between calls, or are wanted, stay open. Raises NotMade."""
    program = exported(model, calls, order)
    module = program.module()

    def save(path: str) -> None:
        torch.export.save(program, path)

    def load(path: str) -> Any:
        return torch.export.load(path).module()

    dims = [sorted(found) for found in varying(calls, order.dynamic)]
    open_dims = ", ".join(f"input {number}: {found}" for number, found in enumerate(dims, 1) if found)
    remarks = [f"these dimensions may vary: {open_dims}"] if open_dims else []
    why = "torch.export takes the whole model"
    return Made(module, save, load, "export", [Choice("", type(model).__qualname__, "export", why)], remarks)


def exported(model: Any, calls: list[Call], order: Order) -> Any:
    """The program itself. Raises NotMade."""
    module = model if isinstance(model, torch.nn.Module) else AsModule(model)
    first = calls[0]
    spec = specification(module, calls, order)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return torch.export.export(module, first.args, first.kwargs, dynamic_shapes=spec, strict=False)
    except BaseException as error:
        raise NotMade(f"torch.export refuses it: {first_line(error)}", str(error), type(error).__name__) from error


def specification(module: torch.nn.Module, calls: list[Call], order: Order) -> Any:
    """torch.export's ``dynamic_shapes`` for the first call's arguments, or None where nothing varies."""
    dims = varying(calls, order.dynamic)
    if not any(dims):
        return None
    first = calls[0]
    spec: Any = refit([*first.args, *first.kwargs.values()], [dict.fromkeys(found, torch.export.Dim.AUTO) for found in dims])
    if isinstance(module, AsModule):
        return {"args": tuple(spec[: len(first.args)]), "kwargs": dict(zip(first.kwargs, spec[len(first.args) :], strict=True))}
    names = [*list(inspect.signature(module.forward).parameters)[: len(first.args)], *first.kwargs]
    return dict(zip(names, spec, strict=False))


def first_line(error: BaseException) -> str:
    """The first telling line of an exporter's message, without its colours."""
    lines = [line.replace("\x1b[96m", "").replace("\x1b[0m", "").strip() for line in str(error).splitlines()]
    found = next((line for line in lines if line), type(error).__name__)
    return found[:300]
