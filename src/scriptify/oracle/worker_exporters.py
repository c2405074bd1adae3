"""An entry's model as ONNX, by torch's two exporters, run in ONNX Runtime."""

from __future__ import annotations

import inspect
import logging
import tempfile
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch

from scriptify.oracle.protocol import Choice, Order
from scriptify.oracle.worker_judge import refusal, script
from scriptify.oracle.worker_making import AsModule, Made, NotMade, tensors, varying
from scriptify.oracle.worker_program import first_line, specification
from scriptify.oracle.worker_trace import Call, NoTrace, trace

OPSET = 17


def make(order: Order, model: Any, calls: list[Call], *, values: bool) -> Made:
    """ONNX for the first call's arguments. Raises NotMade, also where a library is not installed."""
    for name in ("onnx", "onnxruntime", *(("onnxscript",) if order.how != "torchscript" else ())):
        try:
            __import__(name)
        except ImportError:
            raise NotMade(f"{name} is not installed: `pip install 'torch-scriptify[onnx]'`") from None
    ways = ("dynamo", "torchscript") if order.how == "auto" else (order.how,)
    said: list[NotMade] = []
    for way in ways:
        try:
            made = (_dynamo if way == "dynamo" else _torchscript)(order, model, calls)
        except NotMade as error:
            said.append(error)
            continue
        made.remarks += [f"the exporter by torch.export does not do: {error}" for error in said]
        return made
    raise NotMade("; ".join(map(str, said)), said[-1].text, said[-1].kind)


def _names(calls: list[Call]) -> list[str]:
    return [f"input_{number}" for number in range(len(tensors([*calls[0].args, calls[0].kwargs])))]


def _dynamo(order: Order, model: Any, calls: list[Call]) -> Made:
    module = model if isinstance(model, torch.nn.Module) else AsModule(model)
    spec = specification(module, calls, order)
    names = _names(calls)
    try:
        with _quiet():
            program: Any = torch.onnx.export(
                module,
                calls[0].args,
                kwargs=calls[0].kwargs,
                dynamo=True,
                input_names=names,
                dynamic_shapes=spec,
                verbose=False,
                optimize=True,
            )
    except BaseException as error:
        cause = error.__cause__ or error
        raise NotMade(f"it is refused: {first_line(cause)}", str(error), type(error).__name__) from error
    if program is None:
        raise NotMade("it gave no program")
    return _made(program.save, "dynamo", type(model).__qualname__, "torch.export takes the whole model", names)


def _torchscript(order: Order, model: Any, calls: list[Call]) -> Made:
    """The older exporter, on the scripted model where it scripts: only so are its branches kept."""
    names = _names(calls)
    try:
        source, why = script(model), "the scripted model: its branches are kept"
    except BaseException as error:
        frozen = _branches(model, calls)
        if frozen:
            raise NotMade(
                f"it does not script ({refusal(error)}), and a trace would freeze the branch at {frozen[0]}",
                str(error),
                type(error).__name__,
            ) from error
        source = model if isinstance(model, torch.nn.Module) else AsModule(model)
        why = "a trace: no tensor decides about Python code"
    args = _positional(model, calls[0])
    axes = {name: {dim: f"{name}_{dim}" for dim in dims} for name, dims in zip(names, varying(calls, order.dynamic), strict=True) if dims}

    def save(path: str) -> None:
        with _quiet():
            torch.onnx.export(source, args, path, dynamo=False, input_names=names, dynamic_axes=axes or None, opset_version=OPSET)

    try:
        return _made(save, "torchscript", type(model).__qualname__, why, names)
    except NotMade:
        raise
    except BaseException as error:
        raise NotMade(f"the older exporter refuses it: {first_line(error)}", str(error), type(error).__name__) from error


def _branches(model: Any, calls: list[Call]) -> list[str]:
    try:
        return [place for found in trace(model, calls[0]).frozen.values() for place in found]
    except NoTrace:
        return []


def _positional(model: Any, given: Call) -> tuple[Any, ...]:
    if not given.kwargs:
        return given.args
    forward = model.forward if isinstance(model, torch.nn.Module) else model
    bound = inspect.signature(forward).bind(*given.args, **given.kwargs)
    bound.apply_defaults()
    if bound.kwargs:
        raise NotMade("the older exporter takes no keyword-only arguments")
    return bound.args


@contextmanager
def _quiet() -> Iterator[None]:
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)


def _made(save: Callable[[str], None], how: str, name: str, why: str, names: list[str]) -> Made:
    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/model.onnx"
        save(path)
        run = _session(path, names)
    return Made(run, save, lambda path: _session(path, names), how, [Choice("", name, how, why)], [], grads=False, flat=True)


def _session(model: Any, names: list[str]) -> Any:
    """Something to call like the model: runs in ONNX Runtime on one thread, gives the output Tensors in a list."""
    import onnxruntime  # type: ignore[import-untyped]

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 4
    try:
        session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    except BaseException as error:
        raise NotMade(f"ONNX Runtime does not load it: {first_line(error)}", str(error), type(error).__name__) from error
    wanted = {item.name for item in session.get_inputs()}

    def run(*args: Any, **kwargs: Any) -> list[torch.Tensor]:
        given = tensors([*args, kwargs])
        if len(given) != len(names):
            raise TypeError(f"the file takes {len(names)} input Tensors, not {len(given)}")
        feed = {name: value.detach().cpu().numpy() for name, value in zip(names, given, strict=True) if name in wanted}
        return [torch.as_tensor(value) for value in session.run(None, feed)]

    return run
