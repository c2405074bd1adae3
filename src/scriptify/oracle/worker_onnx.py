"""ONNX: exported by either exporter, run in ONNX Runtime, outputs put back into eager's structure."""

from __future__ import annotations

import contextlib
import io
import logging
import os
import tempfile
from collections.abc import Callable, Sequence
from typing import Any

import torch

from scriptify.oracle.worker_entry import Case
from scriptify.oracle.worker_forms import WRAPPED, Form, FormError, Plain, Wrapped, parameters, positional
from scriptify.oracle.worker_leaves import filled, named, only_tensors, tensors
from scriptify.oracle.worker_snapshot import renew


def export(case: Case, folder: str, options: dict[str, Any]) -> Form:
    """By way of ``torch.export`` (dynamo=True)."""
    return _made("onnx", case, folder, options, _dynamo)


def export_legacy(case: Case, folder: str, options: dict[str, Any]) -> Form:
    """By way of TorchScript (dynamo=False), in the mode the model is in."""
    return _made("onnx-legacy", case, folder, options, _legacy)


_Exporter = Callable[[Any, tuple[Any, ...], str, dict[str, Any]], None]


def _made(name: str, case: Case, folder: str, options: dict[str, Any], exporter: _Exporter) -> Form:
    handle, path = tempfile.mkstemp(dir=folder, suffix=".onnx")
    os.close(handle)
    model = case.model if case.is_module else Wrapped(case.model)
    arguments = positional(case.model, case.args, case.kwargs)
    with torch.no_grad():
        output = case.model(*renew(case.args), **renew(case.kwargs))
    remarks: tuple[str, ...] = ()
    # The older exporter makes inputs of the defaults of arguments that are not given.
    fits = arguments is not None and (name == "onnx" or len(arguments) == len(parameters(case.model)))
    if arguments is not None and fits and only_tensors((case.args, case.kwargs)) and only_tensors(output):
        given = tuple(arguments.values())
        names = named(arguments)
    else:
        model = Plain(case.model, case.args, case.kwargs)
        given = tuple(tensors((case.args, case.kwargs)))
        names = _names(case)
        remarks = (WRAPPED,)
    with _silent():
        exporter(model, given, path, {"input_names": names, **options})
    form = _opened(name, path, output, names)
    form.remarks = remarks
    return form


def _names(case: Case) -> list[str]:
    arguments = positional(case.model, case.args, case.kwargs)
    return named(arguments if arguments is not None else {"input": case.args, **case.kwargs})


def _dynamo(model: Any, args: tuple[Any, ...], path: str, options: dict[str, Any]) -> None:
    torch.onnx.export(model, args, path, **{"dynamo": True, "verbose": False, "external_data": _large(model), **options})


def _legacy(model: Any, args: tuple[Any, ...], path: str, options: dict[str, Any]) -> None:
    mode = torch.onnx.TrainingMode.PRESERVE
    torch.onnx.export(model, args, path, **{"dynamo": False, "training": mode, **options})


def _large(model: torch.nn.Module) -> bool:
    """Whether the weights need a file of their own: a protobuf ends at 2 GiB."""
    return sum(t.numel() * t.element_size() for t in model.state_dict().values() if isinstance(t, torch.Tensor)) > 1_500_000_000


@contextlib.contextmanager
def _silent() -> Any:
    before = logging.root.manager.disable
    logging.disable(logging.ERROR)
    try:
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            yield
    finally:
        logging.disable(before)


def opened(name: str, path: str, case: Case) -> Form:
    """A file that was there before; ``case`` tells the structure of the output and the names of the inputs."""
    if not os.path.isfile(path):
        raise FormError(f"{path}: there is no such file")
    with torch.no_grad():
        output = case.model(*renew(case.args), **renew(case.kwargs))
    return _opened(name, path, output, _names(case))


def _opened(name: str, path: str, output: Any, names: Sequence[str]) -> Form:
    run = session(path)
    wanted = len(tensors(output))
    if len(run.outputs) != wanted:
        raise FormError(f"{os.path.basename(path)}: has {len(run.outputs)} outputs where the eager model gives {wanted} tensors")

    def call(*args: Any, **kwargs: Any) -> Any:
        return filled(output, run(names, tensors((args, kwargs))))

    return Form(name, call, path)


class Session:
    """A file in ONNX Runtime: tensors in, tensors out, by name or, where names differ, by place."""

    def __init__(self, path: str) -> None:
        import onnxruntime

        settings = onnxruntime.SessionOptions()
        settings.intra_op_num_threads = settings.inter_op_num_threads = 1
        settings.log_severity_level = 4
        self._session = onnxruntime.InferenceSession(path, settings, providers=["CPUExecutionProvider"])
        self.inputs = [value.name for value in self._session.get_inputs()]
        self.outputs = [value.name for value in self._session.get_outputs()]

    def __call__(self, names: Sequence[str], given: Sequence[torch.Tensor]) -> list[torch.Tensor]:
        """Run it; an input that the file dropped for want of use is left out. Raises FormError where inputs don't fit."""
        by_name = dict(zip(names, given, strict=True))
        if not set(self.inputs) <= by_name.keys():
            if len(self.inputs) != len(given):
                taken = ", ".join(self.inputs[:6])
                raise FormError(f"the file takes {len(self.inputs)} inputs ({taken}), the case gives {len(given)} tensors")
            by_name = dict(zip(self.inputs, given, strict=True))
        feed = {name: _array(by_name[name]) for name in self.inputs}
        return [torch.from_numpy(array) for array in self._session.run(None, feed)]


def weights(path: str) -> dict[str, torch.Tensor]:
    """The weights in a file, by name."""
    import onnx
    from onnx import numpy_helper

    model = onnx.load(path)
    return {item.name: torch.from_numpy(numpy_helper.to_array(item).copy()) for item in model.graph.initializer}


def session(path: str) -> Session:
    """Open a file in ONNX Runtime. Raises FormError where it refuses."""
    try:
        return Session(path)
    except Exception as error:  # pybind classes without a common base
        raise FormError(f"ONNX Runtime refuses the file: {' '.join(str(error).split())[:300]}", str(error), type(error).__name__) from error


def _array(tensor: torch.Tensor) -> Any:
    try:
        return tensor.detach().cpu().contiguous().numpy()
    except TypeError as error:
        raise FormError(f"a tensor of {tensor.dtype} can't be given to ONNX Runtime from here") from error
