"""The same for forms that come out flat (torch.export, ONNX): the model is exported with what its submodules give as more outputs.

The paths are exact, since they are noted while the exporter runs the model; what was exported differs from the form
itself only in those outputs.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from scriptify.oracle.worker_capture import Capture, Event, Value
from scriptify.oracle.worker_entry import Case
from scriptify.oracle.worker_forms import Form, make
from scriptify.oracle.worker_leaves import filled, tensors

# ONNX Runtime hands results over as arrays, which know neither of them.
_PORTABLE = {torch.bfloat16: torch.float32}


class _Seen:
    """What the last run saw. Of a class of its own: exporters put lists and numbers of a module back to what they were."""

    own = 0
    events: Sequence[Event] = ()


class Probe(torch.nn.Module):
    """Takes the case's tensors, gives those of the output and then all that its submodules were given and gave."""

    def __init__(self, case: Case) -> None:
        super().__init__()
        self.model = case.model
        self.training = case.model.training
        self._given = (case.args, case.kwargs)
        self._seen = _Seen()

    def forward(self, *given: torch.Tensor) -> tuple[torch.Tensor, ...]:
        args, kwargs = filled(self._given, given)
        # A copy at once: what is changed in place later must not change here.
        capture = Capture(again=False, keep=lambda tensor: tensor.clone())
        with capture.watching(self.model):
            output = self.model(*args, **kwargs)
        own = tensors(output)
        more = [_portable(value.data) for event in capture.events for value in _values(event) if isinstance(value.data, torch.Tensor)]
        self._seen.own, self._seen.events = len(own), capture.events
        return (*(tensor.clone() for tensor in own), *more)


class Probed:
    """An exported probe; ``run`` gives the events of one call. Raises FormError where it can't be exported."""

    def __init__(self, name: str, case: Case, folder: str) -> None:
        self.probe = Probe(case)
        self.case = Case(self.probe, tuple(tensors((case.args, case.kwargs))))
        self.form: Form = make(name, self.case, folder)

    def run(self, args: Any, kwargs: Any) -> list[Event]:
        """What the submodules were given and gave on these inputs."""
        flat: Any = self.form.call(*tensors((args, kwargs)))
        seen = self.probe._seen
        rest = iter(flat[seen.own :])
        return [_numbers(event, rest) for event in seen.events]


def _values(event: Event) -> list[Value]:
    return [*event.inputs, *(event.outputs or ())]


def _numbers(event: Event, rest: Any) -> Event:
    def number(value: Value) -> Value:
        if not isinstance(value.data, torch.Tensor):
            # A size that the exporter keeps open is no plain number.
            return Value(value.where, value.data if type(value.data) in (bool, int, float, str, type(None)) else None)
        got = next(rest).detach()
        return Value(value.where, got.to(value.data.dtype) if value.data.dtype in _PORTABLE else got)

    inputs = [number(value) for value in event.inputs]
    outputs = [number(value) for value in event.outputs] if event.outputs is not None else None
    return Event(event.path, event.cls, event.call, event.entered, event.left, inputs, outputs, children=event.children)


def _portable(tensor: torch.Tensor) -> torch.Tensor:
    wanted = _PORTABLE.get(tensor.dtype)
    return tensor.clone() if wanted is None else tensor.to(wanted)
