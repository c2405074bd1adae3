"""Tracing with a check: where did a tensor decide about Python code, and is the trace the same on inputs it has not seen?"""

from __future__ import annotations

import inspect
import linecache
import os
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch
from torch.jit._trace import TracerWarning

from scriptify.oracle.compare import Comparison
from scriptify.oracle.overlay import is_users
from scriptify.oracle.worker_calls import agree, call, copied
from scriptify.oracle.worker_entry import Case

Mapper = Callable[[torch.Tensor], torch.Tensor]


class NoTrace(Exception):
    """What can't be traced, as a part of a sentence."""


@dataclass(slots=True)
class Traced:
    """A trace; ``frozen`` maps a module to the places in its forward where a tensor's value decided about Python code."""

    module: Any
    frozen: dict[Any, list[str]] = field(default_factory=dict)


def trace(model: Any, given: Case) -> Traced:
    """Trace a module or a function on one call. Raises NoTrace."""
    frozen: dict[Any, list[str]] = {}
    inputs = _inputs(model, given)
    with _attributed(model, frozen):
        try:
            if isinstance(inputs, dict):
                made = torch.jit.trace(model, example_kwarg_inputs=inputs, check_trace=False, strict=False)  # type: ignore[no-untyped-call]
            else:
                made = torch.jit.trace(model, inputs, check_trace=False, strict=False)  # type: ignore[no-untyped-call]
        except BaseException as error:
            lines = [line.strip() for line in str(error).splitlines() if line.strip()]
            raise NoTrace(f"torch.jit.trace refuses it: {lines[0][:200] if lines else type(error).__name__}") from error
    return Traced(made, frozen)


def _inputs(model: Any, given: Case) -> tuple[Any, ...] | dict[str, Any]:
    """What torch.jit.trace is to be given: a tuple, or a dict where something is only given by keyword."""
    forward = model.forward if isinstance(model, torch.nn.Module) else model
    try:
        bound = inspect.signature(forward).bind(*given.args, **given.kwargs)
    except (TypeError, ValueError):
        if given.kwargs:
            raise NoTrace("its signature is not known, so keyword arguments can't be placed") from None
        bound = None
    named = dict(bound.arguments) if bound is not None and not bound.kwargs else {}
    by_name = {**dict(zip(named, bound.args, strict=False)), **bound.kwargs} if bound is not None and bound.kwargs else None
    for name, value in (by_name or named or {str(i): v for i, v in enumerate(given.args)}).items():
        if not _tensors_only(value):
            raise NoTrace(f"its argument {name} is a {type(value).__name__}, and a trace takes Tensors only")
    if by_name is not None:
        return by_name
    return tuple(bound.args) if bound is not None else given.args


def _tensors_only(value: Any) -> bool:
    if isinstance(value, torch.Tensor):
        return True
    if isinstance(value, dict):
        return bool(value) and all(map(_tensors_only, value.values()))
    return isinstance(value, (list, tuple)) and bool(value) and all(map(_tensors_only, value))


@contextmanager
def _attributed(model: Any, frozen: dict[Any, list[str]]) -> Iterator[None]:
    """Collect the tracer's warnings by the module in whose forward they came."""
    stack: list[Any] = [model]
    handles = []
    if isinstance(model, torch.nn.Module):
        for module in model.modules():
            if not isinstance(module, torch.jit.ScriptModule):
                handles.append(module.register_forward_pre_hook(lambda m, _: stack.append(m)))
                handles.append(module.register_forward_hook(lambda *_: stack.pop() and None, always_call=True))

    def show(message: Any, category: type[Warning], filename: str, lineno: int, *_: Any) -> None:
        # Warnings about code of torch itself are about its own checks, and hold for every input.
        if issubclass(category, TracerWarning) and is_users(filename):
            text = linecache.getline(filename, lineno).strip()
            place = f"{filename}:{lineno} ({text})"
            places = frozen.setdefault(stack[-1], [])
            places += [place] if place not in places else []

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("always", TracerWarning)
            warnings.showwarning = show  # type: ignore[assignment] # restored with the filters
            yield
    finally:
        for handle in handles:
            handle.remove()


@dataclass(frozen=True, slots=True)
class Checked:
    """What a check found: ``wrong`` says where a trace departs from the model, ``shapes`` the same where it does so only on
    inputs of another shape; ``tried`` counts the inputs."""

    wrong: str = ""
    shapes: str = ""
    tried: int = 0


def check(model: Any, traced: Any, given: Sequence[Case], *, values: bool = True) -> Checked:
    """Compare a trace of ``given[0]`` with the model on the other calls, and on changed inputs that the model takes."""
    state = copied(model.state_dict()) if isinstance(model, torch.nn.Module) else None
    tried = 0

    def differs(what: Case) -> str | None:
        nonlocal tried
        outcomes = []
        for callee in (model, traced):
            if state is not None:
                model.load_state_dict(state)
            outcomes.append(call(callee, what.args, what.kwargs))
        if outcomes[0].output is None:  # the model itself does not take such inputs
            return ""
        tried += 1
        found = agree(outcomes[0], outcomes[1], Comparison(scripted=True, values=values, grads=False))
        return str(found) if found else ""

    try:
        for number, other in enumerate(given[1:], 2):
            if found := differs(other):
                return Checked(f"on call {number} of the run {found}", tried=tried)
        for words, change in _CHANGES:
            if found := differs(_changed(given[0], change)):
                return Checked(f"on {words} {found}", tried=tried)
        for words, change in _SHAPES:
            if found := differs(_changed(given[0], change)):
                return Checked(shapes=f"on {words} {found}", tried=tried)
    finally:
        if state is not None:
            model.load_state_dict(state)
    return Checked(tried=tried)


def _negated(value: torch.Tensor) -> torch.Tensor:
    return -value.detach() if value.is_floating_point() or value.is_complex() else value


def _flipped(value: torch.Tensor) -> torch.Tensor:
    return value.detach().flip(list(range(value.dim()))) if value.dim() else value


def _grown(value: torch.Tensor) -> torch.Tensor:
    return value.detach() * 100 if value.is_floating_point() else value


def _twice(value: torch.Tensor) -> torch.Tensor:
    return torch.cat([value.detach(), value.detach()], 0) if value.dim() else value


def _larger(value: torch.Tensor) -> torch.Tensor:
    return value.detach().repeat(*[1] * (value.dim() - 2), 2, 2) if value.dim() > 3 else value


_CHANGES: tuple[tuple[str, Mapper], ...] = (
    ("inputs of the other sign", _negated),
    ("inputs in reverse order", _flipped),
    ("inputs a hundred times as large", _grown),
)
_SHAPES: tuple[tuple[str, Mapper], ...] = (("a batch twice as large", _twice), ("images twice as large", _larger))


def _changed(given: Case, change: Mapper) -> Case:
    def over(value: Any) -> Any:
        if isinstance(value, torch.Tensor):
            return change(value)
        if isinstance(value, dict):
            return {key: over(item) for key, item in value.items()}
        if type(value) in (list, tuple):
            return type(value)(over(item) for item in value)
        return value

    return Case(given.model, tuple(over(value) for value in given.args), {key: over(value) for key, value in given.kwargs.items()})


def shown(place: str) -> str:
    """A place from :class:`Traced` with its file's last name only."""
    path, colon, rest = place.partition(":")
    return f"{os.path.basename(path)}{colon}{rest}"
