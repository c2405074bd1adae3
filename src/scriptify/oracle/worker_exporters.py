"""An entry's model as ONNX or as a program of torch.export: forms of ``worker_forms`` with open dimensions and a choice of exporter."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from scriptify.oracle import worker_forms
from scriptify.oracle.protocol import Choice, Order
from scriptify.oracle.worker_entry import Case
from scriptify.oracle.worker_judge import refusal, script
from scriptify.oracle.worker_leaves import filled, tensors
from scriptify.oracle.worker_making import Made, NotMade
from scriptify.oracle.worker_trace import NoTrace, trace

EXPORTERS = {"dynamo": "onnx", "torchscript": "onnx-legacy"}


def make(order: Order, cases: Sequence[Case], folder: str, *, values: bool) -> Made:
    """The form for the first case's arguments; dimensions in which the cases differ, or that are wanted, stay open.

    ``folder`` takes files that are needed while the form is used. Raises NotMade.
    """
    if order.form == "export":
        return _made("export", cases[0], cases, order, folder, "export", "torch.export takes the whole model")
    ways = tuple(EXPORTERS) if order.how == "auto" else (order.how,)
    said: list[NotMade] = []
    for way in ways:
        try:
            made = _dynamo(cases, order, folder) if way == "dynamo" else _torchscript(cases, order, folder)
        except NotMade as error:
            said.append(error)
            continue
        made.remarks += [f"the exporter by torch.export does not do: {error}" for error in said]
        return made
    raise NotMade("; ".join(map(str, said)), said[-1].text, said[-1].kind)


def _dynamo(cases: Sequence[Case], order: Order, folder: str) -> Made:
    return _made("onnx", cases[0], cases, order, folder, "dynamo", "torch.export takes the whole model")


def _torchscript(cases: Sequence[Case], order: Order, folder: str) -> Made:
    """The older exporter, on the scripted model where it scripts: only so are its branches kept."""
    first = cases[0]
    try:
        source, why = script(first.model), "the scripted model: its branches are kept"
    except BaseException as error:
        if frozen := _branches(first):
            text = f"it does not script ({refusal(error)}), and a trace would freeze the branch at {frozen[0]}"
            raise NotMade(text, str(error), type(error).__name__) from error
        source, why = first.model, "a trace: no tensor decides about Python code"
    return _made("onnx-legacy", Case(source, first.args, first.kwargs), cases, order, folder, "torchscript", why)


def _branches(case: Case) -> list[str]:
    try:
        return [place for found in trace(case.model, case).frozen.values() for place in found]
    except NoTrace:
        return []


def _made(name: str, case: Case, cases: Sequence[Case], order: Order, folder: str, how: str, why: str) -> Made:
    first = cases[0]
    dims = varying(cases, order.dynamic)
    options: dict[str, Any] = {}
    if any(dims):
        options = _axes(first, dims) if name == "onnx-legacy" else {"dynamic_shapes": _specification(first, dims)}
    try:
        form = worker_forms.make(name, case, folder, **options)
    except worker_forms.FormError as error:
        raise NotMade(str(error), error.text, error.kind) from error
    remarks = list(form.remarks)
    if text := ", ".join(f"input {number}: {sorted(found)}" for number, found in enumerate(dims, 1) if found):
        remarks.append(f"these dimensions may vary: {text}")
    choices = [Choice("", type(first.model).__qualname__ if first.is_module else first.model.__name__, how, why)]
    # ONNX Runtime knows no gradients.
    return Made(
        form.call, form.save, lambda path: worker_forms.load(path, first).call, how, choices, remarks, grads=not name.startswith("onnx")
    )


def varying(cases: Sequence[Case], wanted: Sequence[int]) -> list[set[int]]:
    """For each input Tensor of the first case, the dimensions that are wanted or in which the cases differ."""
    first = tensors((cases[0].args, cases[0].kwargs))
    found = [{dim if dim >= 0 else dim + t.dim() for dim in wanted if -t.dim() <= dim < t.dim()} for t in first]
    for other in cases[1:]:
        others = tensors((other.args, other.kwargs))
        if len(others) == len(first) and all(a.dim() == b.dim() for a, b in zip(first, others, strict=True)):
            for dims, a, b in zip(found, first, others, strict=True):
                dims |= {dim for dim in range(a.dim()) if a.shape[dim] != b.shape[dim]}
    return found


def _specification(case: Case, dims: list[set[int]]) -> Any:
    """torch.export's ``dynamic_shapes`` in the shape of the case's arguments."""
    arguments = worker_forms.positional(case.model, case.args, case.kwargs)
    if arguments is None:
        raise NotMade("its dimensions can't be left open: an argument has no name or is given by keyword only")
    given: Any = [dict.fromkeys(found, torch.export.Dim.AUTO) or None for found in dims]
    plain = {name: value if tensors(value) else None for name, value in arguments.items()}
    return filled(plain, given)


def _axes(case: Case, dims: list[set[int]]) -> dict[str, Any]:
    """The older exporter's ``dynamic_axes``, with names for the inputs."""
    names = [f"input_{number}" for number in range(len(dims))]
    return {
        "input_names": names,
        "dynamic_axes": {name: {dim: f"{name}_{dim}" for dim in found} for name, found in zip(names, dims, strict=True) if found},
    }
