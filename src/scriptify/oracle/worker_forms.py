"""The forms of a model: a callable for each, with the artefact it runs, or the reason why it can't be had.

``make`` builds a form from a running case, ``load`` reads a saved one; both give a :class:`Form` whose ``call``
takes the model's own arguments and gives an output of eager's structure. Meant for an attempt of the worker:
exporters import a lot and change the process.
"""

from __future__ import annotations

import contextlib
import importlib.util
import inspect
import os
import shutil
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import torch

from scriptify.oracle.forms import FORMS, PACKAGES, SUFFIXES
from scriptify.oracle.worker_calls import copied
from scriptify.oracle.worker_entry import CALL_SEED as _SEED
from scriptify.oracle.worker_entry import Case, out_of_memory, place, seed
from scriptify.oracle.worker_leaves import filled, only_tensors, tensors
from scriptify.oracle.worker_snapshot import renew

_WARNINGS_KEPT = 5


class FormError(Exception):
    """A form that can't be had, in one sentence; ``text`` and ``kind`` are the exception's own."""

    def __init__(self, sentence: str, text: str = "", kind: str = "") -> None:
        super().__init__(sentence)
        self.text = text or sentence
        self.kind = kind


@dataclass(slots=True)
class Form:
    """One form of a model.

    ``call`` takes the model's args and kwargs. ``artefact`` is what it runs: the model itself, a ScriptModule or
    ScriptFunction, an ExportedProgram, or the path of an ONNX file. ``remarks`` say what a user should know:
    what was fixed at export, what the tracer warned of.
    """

    name: str
    call: Callable[..., Any]
    artefact: Any
    remarks: tuple[str, ...] = ()

    def save(self, path: str) -> None:
        """Write the artefact to ``path``. Raises FormError for an eager model, OSError and what torch raises."""
        if self.name in ("script", "trace"):
            torch.jit.save(self.artefact, path)
        elif self.name == "export":
            torch.export.save(self.artefact, path)
        elif self.name.startswith("onnx"):
            for source in _onnx_files(self.artefact):
                shutil.copyfile(source, path + source.removeprefix(self.artefact))
        else:
            raise FormError("an eager model has no file of its own; its parameters are saved with torch.save(model.state_dict(), path)")


class Plain(torch.nn.Module):
    """A model that takes and gives nothing but tensors: other arguments are fixed as the case has them.

    ``shape`` is the structure of the last output, to put the tensors back into.
    """

    def __init__(self, model: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        super().__init__()
        self.model = model
        # Not by train(): that would reach the submodules, which may stand in modes of their own.
        self.training = getattr(model, "training", True)
        self._given = (args, kwargs)
        self._seen: list[Any] = []

    def forward(self, *given: torch.Tensor) -> tuple[torch.Tensor, ...]:
        args, kwargs = filled(self._given, given)
        output = self.model(*args, **kwargs)
        self._seen[:] = [output]
        return tuple(tensors(output))


class Wrapped(torch.nn.Module):
    """A function as a module, for exporters that take nothing else."""

    def __init__(self, function: Callable[..., Any]) -> None:
        super().__init__()
        self.function = function

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        return self.function(*args, **kwargs)


def make(name: str, case: Case, folder: str, **options: Any) -> Form:
    """The form ``name`` (see ``forms.FORMS``) of the case's model; the model is left as it was.

    ``folder`` takes files that the form needs while it is used; ``options`` go to the exporter as they are
    (``torch.jit.script``, ``torch.jit.trace``, ``torch.export.export``, ``torch.onnx.export``).
    Raises FormError with the reason why it can't be had, ValueError for an unknown name.
    """
    if name not in FORMS:
        raise ValueError(f"{name!r} is no form; there are {', '.join(FORMS)}")
    if name == "eager":
        return Form(name, case.model, case.model)
    require(name)
    inputs = Case(case.model, *renew((case.args, case.kwargs)))
    with _kept(case.model), _heard() as remarks:
        seed(_SEED)
        try:
            form = _maker(name)(inputs, folder, options)
        except FormError:
            raise
        except BaseException as error:  # compilers and exporters raise classes of their own
            raise FormError(f"{FORMS[name].split(',')[0]} refuses the model: {told(error)}", str(error), type(error).__name__) from error
    form.remarks = (*form.remarks, *remarks)
    return form


def _maker(name: str) -> Callable[[Case, str, dict[str, Any]], Form]:
    if name.startswith("onnx"):
        from scriptify.oracle import worker_onnx

        return worker_onnx.export if name == "onnx" else worker_onnx.export_legacy
    return {"script": _script, "trace": _trace, "export": _export}[name]


def load(path: str, case: Case) -> Form:
    """The form in a saved file, told by the end of its name (see ``forms.SUFFIXES``).

    ``case`` is the eager model with its inputs: outputs of an ONNX file are put into the structure of its output.
    Raises FormError for a file that holds none.
    """
    name = SUFFIXES.get(os.path.splitext(path)[1].lower())
    if name is None:
        raise FormError(f"{path}: not a saved model; its name must end in one of {', '.join(SUFFIXES)}")
    require(name)
    try:
        if name == "script":
            loaded = torch.jit.load(path, map_location="cpu")  # type: ignore[no-untyped-call]
            return Form(name, loaded, loaded)
        if name == "export":
            program = torch.export.load(path)
            return Form(name, program.module(), program)
        from scriptify.oracle import worker_onnx

        return worker_onnx.opened(name, path, case)
    except FormError:
        raise
    except Exception as error:  # zip, pickle and protobuf errors, each of its own class
        raise FormError(f"{path}: {_unreadable(path, name, error)}", str(error), type(error).__name__) from error


def require(name: str) -> None:
    """Raises FormError where a package that the form needs is not installed."""
    missing = [package for package in PACKAGES.get(name, ()) if importlib.util.find_spec(package) is None]
    if missing:
        raise FormError(f"the form {name} needs {', '.join(missing)}: pip install 'torch-scriptify[onnx]'")


def told(error: BaseException) -> str:
    """An exporter's refusal as one line, with the place in the user's code."""
    if out_of_memory(error):
        return "runs out of memory"
    cause = error.__cause__
    while type(error).__module__.startswith("torch.onnx") and cause is not None:
        error, cause = cause, cause.__cause__
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    text = (lines[0].rstrip(":") if lines else type(error).__name__)[:300]
    at = next((line for line in lines if line.startswith('File "') and ", line " in line), "")
    path, _, rest = at.removeprefix('File "').partition('", line ')
    where = f"{path}:{rest.split(',')[0].strip()}" if at else place(error)
    return f"{text}{f' ({where})' if where else ''}"


def positional(model: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any] | None:
    """The arguments by parameter name where each has one and could be given by position, else None."""
    try:
        bound = inspect.signature(_called(model)).bind(*args, **kwargs)
    except (TypeError, ValueError):
        return None
    several = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    if any(bound.signature.parameters[name].kind in several for name in bound.arguments):
        return None
    return dict(bound.arguments) if not bound.kwargs else None


def parameters(model: Any) -> list[str]:
    """The names of a model's parameters; empty where they can't be known."""
    try:
        return list(inspect.signature(_called(model)).parameters)
    except (TypeError, ValueError):
        return []


def _called(model: Any) -> Any:
    return model.forward if isinstance(model, torch.nn.Module) else model


def _script(case: Case, folder: str, options: dict[str, Any]) -> Form:
    scripted = torch.jit.script(case.model, **options)
    return Form("script", scripted, scripted)


def _trace(case: Case, folder: str, options: dict[str, Any]) -> Form:
    chosen = {"strict": False, "check_trace": False, **options}
    arguments = positional(case.model, case.args, case.kwargs)
    output = case.model(*renew(case.args), **renew(case.kwargs))
    if arguments is not None and only_tensors((case.args, case.kwargs)) and _traceable(output):
        traced: Any = torch.jit.trace(case.model, tuple(arguments.values()), **chosen)  # type: ignore[no-untyped-call]
        return Form("trace", traced, traced)
    plain = Plain(case.model, case.args, case.kwargs)
    traced = torch.jit.trace(plain, tuple(tensors((case.args, case.kwargs))), **chosen)  # type: ignore[no-untyped-call]
    shape = plain._seen[0]

    def call(*args: Any, **kwargs: Any) -> Any:
        return filled(shape, traced(*tensors((args, kwargs))))

    return Form("trace", call, traced, (WRAPPED,))


WRAPPED = "made inside a wrapper that takes and gives tensors only: other arguments are fixed as the case gives them"


def _traceable(output: Any) -> bool:
    """Whether ``torch.jit.trace`` can give this output itself."""
    if isinstance(output, torch.Tensor):
        return True
    if isinstance(output, (list, tuple)):
        return bool(output) and all(map(_traceable, output))
    return type(output) is dict and bool(output) and all(isinstance(item, torch.Tensor) for item in output.values())


def _export(case: Case, folder: str, options: dict[str, Any]) -> Form:
    model = case.model if case.is_module else Wrapped(case.model)
    program = torch.export.export(model, case.args, case.kwargs or None, **options)
    return Form("export", program.module(), program)


@contextlib.contextmanager
def _kept(model: Any) -> Iterator[None]:
    """Put parameters, buffers and modes back: a trace in training mode moves running statistics."""
    if not isinstance(model, torch.nn.Module) or isinstance(model, torch.jit.ScriptModule):
        yield
        return
    before = copied(model.state_dict(keep_vars=False))
    modes = [(module, module.training) for module in model.modules()]
    try:
        yield
    finally:
        now = model.state_dict(keep_vars=False)
        with torch.no_grad():
            for name, value in before.items():
                if isinstance(value, torch.Tensor) and isinstance(now.get(name), torch.Tensor):
                    now[name].copy_(value)
        for module, mode in modes:
            module.training = mode


@contextlib.contextmanager
def _heard() -> Iterator[list[str]]:
    """The tracer's warnings as remarks: a branch that froze is told there, with its place."""
    remarks: list[str] = []
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("ignore")
        warnings.simplefilter("always", torch.jit.TracerWarning)  # type: ignore[attr-defined]
        yield remarks
    texts = dict.fromkeys(f"the tracer warns at {w.filename}:{w.lineno}: {_first_sentence(str(w.message))}" for w in caught)
    remarks += list(texts)[:_WARNINGS_KEPT]
    if len(texts) > _WARNINGS_KEPT:
        remarks.append(f"the tracer warns at {len(texts) - _WARNINGS_KEPT} more places")


def _first_sentence(text: str) -> str:
    return " ".join(text.split()).partition(". ")[0][:200]


def _onnx_files(path: str) -> list[str]:
    """An ONNX file and what holds its large tensors."""
    return [name for name in (path, path + ".data") if os.path.exists(name)]


def _unreadable(path: str, name: str, error: Exception) -> str:
    if not os.path.isfile(path):
        return "there is no such file"
    if name == "script":
        with contextlib.suppress(Exception):
            held = torch.load(path, map_location="cpu", weights_only=True)
            return f"holds a {type(held).__name__} of weights and no TorchScript; load it in the entry's model instead"
    return f"can't be loaded as {FORMS[name].split(' ')[0]} ({told(error)})"
