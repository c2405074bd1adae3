"""A live model and its inputs, written to a folder from which another process can load them."""

from __future__ import annotations

import importlib
import io
import os
import pickle
import sys
import types
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from scriptify.oracle.worker_live import MODEL, PLAN, Plan, Standing, function_at
from scriptify.oracle.worker_replay import on_disk
from scriptify.oracle.worker_standing import values_wanted
from scriptify.scripting import sources
from scriptify.scripting.errors import ScriptifyError

ENTRY = "live.py"
_ENTRY = """\
import os

from scriptify.oracle.worker_live import load


def live():
    return load(os.path.dirname(os.path.abspath(__file__)))
"""

Case = tuple[tuple[Any, ...], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Captured:
    """A model in a folder: the entry that gives it, the files of its code, how those without a file are called, what stayed behind."""

    target: str
    files: tuple[str, ...]
    names: Mapping[str, str]
    left: tuple[str, ...]


def capture(model: Any, cases: Sequence[Case], folder: Path) -> Captured:
    """Write ``(model, cases)`` to ``folder`` with an entry file that loads it. Changes nothing of the model.

    Raises ScriptifyError with the attribute that can't travel, or with the code that another process can't find.
    """
    data, used = _pickled(model, (model, list(cases)))
    (folder / MODEL).write_bytes(data)
    standing, left = [], []
    files: list[str] = []
    names: dict[str, str] = {}
    for name in sorted({module for module, _ in used}):
        module = sys.modules.get(name)
        if module is None or (name != "__main__" and sources.file_of(module)):
            continue
        if name != "__main__" and (getattr(module, "__file__", None) or getattr(module, "__spec__", None)):
            continue  # built in, or compiled
        stands, missing = _standing(module, _top(used, name), folder)
        standing.append(stands)
        left += missing
        files.append(stands.path)
        if Path(stands.path).parent == folder:
            names[stands.path] = f"{name} (cells)"
    modules = sources.users_modules()
    folders = [os.path.dirname(stands.path) if stands.path not in names else os.getcwd() for stands in standing]
    files += sources.project_files([module for module, _ in used], _uses(standing), folders)
    _check(files)
    plan = Plan([os.path.abspath(entry) for entry in sys.path], modules, standing, str(torch.get_default_dtype()).removeprefix("torch."))
    (folder / PLAN).write_bytes(pickle.dumps(plan))
    (folder / ENTRY).write_text(_ENTRY, encoding="utf-8")
    return Captured(f"{folder / ENTRY}:live", tuple(dict.fromkeys(files)), names, tuple(left))


def _uses(standing: Sequence[Standing]) -> Iterator[str]:
    """The modules that what stands here reads from."""
    for stands in standing:
        for value in list(vars(sys.modules[stands.name]).values()):
            yield value.__name__ if isinstance(value, types.ModuleType) else str(getattr(value, "__module__", ""))


def _check(files: Sequence[str]) -> None:
    """Raise ScriptifyError where what is in memory is not what a file holds now."""
    by_file: dict[str, list[types.ModuleType]] = {}
    for module in list(sys.modules.values()):
        by_file.setdefault(sources.file_of(module), []).append(module)
    for path in files:
        for module in by_file.get(path, ()):
            sources.check_fresh(module, path, on_disk(path))


def _standing(module: types.ModuleType, roots: Sequence[str], folder: Path) -> tuple[Standing, list[str]]:
    """A script's or notebook's definitions, and the values they read; with what could not come along."""
    path = sources.file_of(module)
    if path:
        text = on_disk(path)
    else:
        text = sources.cells(module)
        if not text:
            raise ScriptifyError(f"the source of module {module.__name__} is not known (typed at a prompt?); put its classes into a file")
        path = str(folder / f"cells_{len(list(folder.glob('cells_*')))}.py")
        Path(path).write_text(text, encoding="utf-8")
    wanted = dict.fromkeys(roots)
    values: dict[str, bytes] = {}
    left: dict[str, str] = {}
    while fresh := sorted((values_wanted(text, list(wanted)) & vars(module).keys()) - values.keys() - left.keys()):
        for name in fresh:
            try:
                values[name], used = _pickled(None, vars(module)[name])
                wanted.update(dict.fromkeys(_top(used, module.__name__)))
            except ScriptifyError as error:
                left[name] = f"the global {name} of {module.__name__} stayed behind: {error}"
    package = getattr(module, "__package__", None) or ""
    return Standing(module.__name__, path, package, tuple(wanted), values), list(left.values())


def _top(used: Iterable[tuple[str, str]], module: str) -> list[str]:
    """The module's own names among those that a pickle refers to."""
    return [qualname.partition(".")[0] for owner, qualname in sorted(used) if owner == module]


class _Pickler(pickle.Pickler):
    """Takes lambdas and inner functions along by their place in the source; ``used`` collects what is found by name."""

    used: set[tuple[str, str]]

    def reducer_override(self, value: Any) -> Any:
        """The way a value travels, where that is not pickle's own. Raises ScriptifyError for what no other process can find."""
        if isinstance(value, (type, types.FunctionType)) and isinstance(value.__module__, str):
            self.used.add((value.__module__, value.__qualname__))
        if isinstance(value, types.FunctionType) and not _importable(value):
            return _function(value)
        if isinstance(value, types.ModuleType):
            return importlib.import_module, (value.__name__,)
        if isinstance(value, type) and "<locals>" in value.__qualname__:
            function = value.__qualname__.partition(".<locals>")[0]
            where = f"class {value.__name__} is defined inside {function}(), where no other process finds it"
            raise ScriptifyError(f"{where}; move it to the top level of its module")
        if isinstance(value, (torch.jit.ScriptModule, torch.jit.ScriptFunction)):
            raise ScriptifyError("a part of the model is scripted already; give it as it was before torch.jit.script")
        return NotImplemented


def _importable(function: types.FunctionType) -> bool:
    found: Any = sys.modules.get(function.__module__)
    for part in function.__qualname__.split("."):
        found = getattr(found, part, None)
    return found is function


def _function(function: types.FunctionType) -> tuple[Callable[..., Any], tuple[Any, ...]]:
    code = function.__code__
    path = os.path.abspath(code.co_filename)
    if not os.path.isfile(path) or function.__module__ not in sys.modules:
        raise ScriptifyError(f"{function.__qualname__} ({code.co_filename}:{code.co_firstlineno}) can't be found by another process")
    try:
        cells = tuple(cell.cell_contents for cell in function.__closure__ or ())
    except ValueError as error:
        raise ScriptifyError(f"{function.__qualname__} ({path}:{code.co_firstlineno}) closes over a name that has no value") from error
    if any(value is function for value in cells):
        raise ScriptifyError(f"{function.__qualname__} ({path}:{code.co_firstlineno}) closes over itself")
    qualname = function.__qualname__
    return function_at, (function.__module__, path, qualname, code.co_firstlineno, function.__defaults__, function.__kwdefaults__, cells)


def _pickled(model: Any, value: Any) -> tuple[bytes, set[tuple[str, str]]]:
    """``value`` as ``torch.save`` writes it (shared storage stays shared), and the names it refers to. Raises ScriptifyError."""
    buffer = io.BytesIO()
    used: set[tuple[str, str]] = set()
    try:
        torch.save(value, buffer, pickle_module=_pickle(used))
    except ScriptifyError:
        raise
    except Exception as error:  # a user's object refuses in any way it likes
        raise ScriptifyError(f"{_culprit(model)} can't be taken to another process: {type(error).__name__}: {error}") from error
    return buffer.getvalue(), used


def _pickle(names: set[tuple[str, str]]) -> types.ModuleType:
    """The module pickle with our pickler, as ``torch.save`` wants it."""
    made = types.ModuleType("pickle")
    vars(made).update(vars(pickle))
    vars(made)["Pickler"] = type("Pickler", (_Pickler,), {"used": names})
    return made


def _culprit(model: Any) -> str:
    """The first attribute of the first submodule that can't be pickled, as one would write it."""
    if not isinstance(model, torch.nn.Module):
        return "the value"
    for path, module in model.named_modules():
        for name, value in vars(module).items():
            if name.startswith("_") and name in vars(torch.nn.Module()):
                continue
            try:
                torch.save(value, io.BytesIO(), pickle_module=_pickle(set()))
            except Exception:
                return f"{'.'.join(filter(None, ('model', path, name)))}, a {type(value).__name__},"
    return "the model or an input"
