"""An entry's model as TorchScript, made as an order says: by scripting, by tracing, or mixed; frozen and optimised if asked for."""

from __future__ import annotations

import io
import warnings
from collections.abc import Sequence
from typing import Any

import torch

from scriptify.oracle.protocol import Choice, Order
from scriptify.oracle.worker_entry import Case
from scriptify.oracle.worker_judge import refusal, script
from scriptify.oracle.worker_making import Made, NotMade
from scriptify.oracle.worker_mixed import Mixer, NoMix
from scriptify.oracle.worker_trace import NoTrace, check, trace


def make(order: Order, calls: Sequence[Case], folder: str, *, values: bool) -> Made:
    """TorchScript of the model of these cases. Raises NotMade."""
    model = calls[0].model
    made = _HOW[order.how](model, calls, values)
    if not (order.freeze or order.optimize):
        return made
    if not isinstance(model, torch.nn.Module) or model.training:
        raise NotMade("only a module in eval mode can be frozen: call its eval() in the entry")
    try:
        return _frozen(made, order.optimize)
    except BaseException as error:
        what = "optimised" if order.optimize else "frozen"
        raise NotMade(f"it can't be {what}: {refusal(error)}", str(error), type(error).__name__) from error


def _script(model: Any, calls: Sequence[Case], values: bool) -> Made:
    try:
        made = script(model)
    except BaseException as error:
        raise NotMade(f"it does not script: {refusal(error)}", str(error), type(error).__name__) from error
    return _made(made, "script", [Choice("", _name(model), "script", "the whole model scripts")])


def _trace(model: Any, calls: Sequence[Case], values: bool) -> Made:
    try:
        traced = trace(model, calls[0])
    except NoTrace as error:
        raise NotMade(str(error)) from error
    places = [place for found in traced.frozen.values() for place in found]
    checked = check(model, traced.module, calls, values=values)
    if checked.wrong:
        where = f", frozen at {places[0]}" if places else ""
        raise NotMade(f"a trace is not the same as the model{where}: {checked.wrong}")
    remarks = [f"the trace keeps what the first inputs decided at {place}" for place in places]
    remarks += [f"the trace is for inputs of these shapes: {checked.shapes}"] if checked.shapes else []
    why = f"the same on {checked.tried} other input{'s' * (checked.tried != 1)}"
    return _made(traced.module, "trace", [Choice("", _name(model), "trace", why)], remarks)


def _mixed(model: Any, calls: Sequence[Case], values: bool) -> Made:
    mixer = Mixer(model, calls, values=values)
    try:
        made = mixer.make()
    except NoMix as error:
        cause = error.__cause__
        raise NotMade(str(error), str(cause or error), type(cause or error).__name__) from error
    ways = {choice.how for choice in mixer.choices}
    return _made(made, "mixed" if len(ways) > 1 else ways.pop(), mixer.choices)


def _auto(model: Any, calls: Sequence[Case], values: bool) -> Made:
    try:
        return _script(model, calls, values)
    except NotMade as refused:
        try:
            made = _mixed(model, calls, values)
        except NotMade:
            raise refused from None
        made.remarks.append(f"scripting alone does not do: {str(refused).removeprefix('it does not script: ')}")
        return made


_HOW = {"script": _script, "trace": _trace, "mixed": _mixed, "auto": _auto}


def _made(module: Any, how: str, choices: list[Choice], remarks: list[str] | None = None) -> Made:
    return Made(module, lambda path: torch.jit.save(module, path), load, how, choices, remarks or [])


def load(path: str) -> Any:
    """What a file of TorchScript holds, ready to be called."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return torch.jit.load(path)  # type: ignore[no-untyped-call]


def _frozen(made: Made, optimize: bool) -> Made:
    frozen = torch.jit.freeze(made.run)
    if optimize:
        best = torch.jit.optimize_for_inference(made.run)
        try:  # it may hold weights in a layout of this machine's kernels, which no file can
            buffer = io.BytesIO()
            torch.jit.save(best, buffer)
            buffer.seek(0)
            torch.jit.load(buffer)  # type: ignore[no-untyped-call]
            frozen = best
        except RuntimeError:
            made.remarks.append(
                "what torch.jit.optimize_for_inference makes of it can't be loaded from a file: the file is frozen, its norms folded into "
                "convolutions; call optimize_for_inference on what you load"
            )
    done = _made(frozen, made.how, made.choices, made.remarks)
    done.grads = False
    return done


def _name(model: Any) -> str:
    return type(model).__qualname__ if isinstance(model, torch.nn.Module) else getattr(model, "__name__", "function")
