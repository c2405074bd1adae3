"""From an entry to running cases: import it as the project would, call it, check what it gave, say what went wrong."""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import os
import random
import sys
import traceback
import types
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import torch

from scriptify.oracle.overlay import is_users
from scriptify.oracle.protocol import Entry

BUILD_SEED = 20240
CALL_SEED = 20241


class EntryError(Exception):
    """An entry that gives no model, in one sentence; ``text`` and ``kind`` are the user's own exception."""

    def __init__(self, sentence: str, text: str = "", kind: str = "") -> None:
        super().__init__(sentence)
        self.text = text or sentence
        self.kind = kind


@dataclass(slots=True)
class Case:
    """One model with the inputs to call it with."""

    model: Any
    args: tuple[Any, ...]
    kwargs: dict[str, Any] = field(default_factory=dict)

    @property
    def is_module(self) -> bool:
        """Whether the model is an nn.Module and not a function."""
        return isinstance(self.model, torch.nn.Module)


def seed(value: int) -> None:
    """Seed every generator a model may draw from; numpy only where it is loaded."""
    torch.manual_seed(value)
    random.seed(value)
    if "numpy" in sys.modules and hasattr(sys.modules["numpy"], "random"):
        sys.modules["numpy"].random.seed(value)


def place(error: BaseException) -> str:
    """``file:line`` of the innermost frame in the user's own code, or of the innermost frame at all."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [f for f in frames if is_users(f.filename)]
    if isinstance(error, SyntaxError) and error.filename:
        return f"{error.filename}:{error.lineno or 1}"
    chosen = own or [f for f in frames if os.sep + "scriptify" + os.sep not in f.filename]
    return f"{chosen[-1].filename}:{chosen[-1].lineno}" if chosen else ""


def said(error: BaseException) -> str:
    """An exception as one line: its class, the first line of its text, and where in the user's code."""
    text = next((line.strip() for line in str(error).splitlines() if line.strip()), "")
    if isinstance(error, SyntaxError):
        text = error.msg or text
    if isinstance(error, SystemExit):
        text = f"exit code {error.code}"
    where = place(error)
    return f"{type(error).__name__}{': ' + text if text else ''}{f' ({where})' if where else ''}"


def out_of_memory(error: BaseException) -> bool:
    """Whether an exception means that an allocation failed."""
    text = str(error)
    return isinstance(error, MemoryError) or "can't allocate memory" in text or "not enough memory" in text or "std::bad_alloc" in text


def load_function(entry: Entry, root: str) -> Callable[[], Any]:
    """Import the entry's file or module and return its function. Raises EntryError."""
    base = os.path.abspath(entry.root or root or os.getcwd())
    sys.path[:0] = [base]
    sys.argv[:] = [entry.where]
    try:
        module = _import_file(entry, base) if entry.is_file else importlib.import_module(entry.where)
    except EntryError:
        raise
    except BaseException as error:
        raise EntryError(f"entry {entry.target} can't be imported: {said(error)}", str(error), type(error).__name__) from error
    function = getattr(module, entry.function, None)
    if function is None:
        raise EntryError(f"entry {entry.target}: {entry.where} has no function {entry.function}")
    if not callable(function):
        raise EntryError(f"entry {entry.target}: {entry.function} is a {type(function).__name__}, not a function")
    return function  # type: ignore[no-any-return]


def _import_file(entry: Entry, base: str) -> types.ModuleType:
    path = os.path.abspath(os.path.join(base, entry.where))
    if not os.path.isfile(path):
        nearby = os.path.abspath(entry.where)
        if not os.path.isfile(nearby):
            raise EntryError(f"entry {entry.target}: there is no file {path}")
        path = nearby
    name, folder = _dotted(path)
    inside = "." in name
    # Inside a package the folder goes last: in front it would let one file become two modules.
    sys.path[1:1] = [folder] if folder != base else []
    if inside:
        sys.path.append(os.path.dirname(path))
    found = _found(name)
    if found is not None and os.path.realpath(found) == os.path.realpath(path):
        return importlib.import_module(name)
    if inside:
        raise EntryError(f"entry {entry.target}: {name} is imported from {found or 'elsewhere'}, not from {path}")
    return _import_as(f"scriptify_entry_{name}" if found is not None or name in sys.modules else name, path)


def _dotted(path: str) -> tuple[str, str]:
    """The module name of a file as its package sees it, and the folder that must be on sys.path."""
    folder, name = os.path.dirname(path), os.path.splitext(os.path.basename(path))[0]
    parts = [] if name == "__init__" else [name]
    while os.path.isfile(os.path.join(folder, "__init__.py")) and os.path.basename(folder).isidentifier():
        parts.insert(0, os.path.basename(folder))
        folder = os.path.dirname(folder)
    return ".".join(parts), folder


def _found(name: str) -> str | None:
    top = sys.modules.get(name)
    if top is not None:
        return getattr(top, "__file__", None) or "a built-in module"
    try:
        spec = importlib.util.find_spec(name)
    except (ImportError, ValueError, AttributeError):
        return None
    return (spec.origin or "a namespace package") if spec is not None else None


def _import_as(name: str, path: str) -> types.ModuleType:
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise EntryError(f"{path} is not a Python file that can be imported")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def build(entry: Entry, function: Callable[[], Any], at: int = BUILD_SEED) -> list[Case]:
    """Call the entry under the build seed (or ``at``) and check what it gave. Raises EntryError."""
    seed(at)
    try:
        given = function()
        items = list(given) if isinstance(given, (list, types.GeneratorType)) else None
    except BaseException as error:
        reason = "runs out of memory" if out_of_memory(error) else f"raises {said(error)}"
        raise EntryError(f"entry {entry.target} {reason}", str(error), type(error).__name__) from error
    if items is None:
        nested = isinstance(given, tuple) and bool(given) and all(isinstance(item, tuple) for item in given)
        items = list(given) if nested else [given]
    if not items:
        raise _wrong(entry, function, "gave no case")
    return [_case(entry, function, item) for item in items]


def _case(entry: Entry, function: Callable[[], Any], item: Any) -> Case:
    if not isinstance(item, tuple) or len(item) not in (2, 3):
        what = f"a tuple of {len(item)}" if isinstance(item, tuple) else f"a {type(item).__name__}"
        raise _wrong(entry, function, f"returned {what}; it must return (model, args) or (model, args, kwargs)")
    model, args, kwargs = (*item, {})[:3]
    if not isinstance(model, (torch.nn.Module, types.FunctionType, torch.jit.ScriptFunction)):
        raise _wrong(entry, function, f"returned a {type(model).__name__} as the model; it must be an nn.Module or a function")
    if not isinstance(args, (tuple, list)):
        raise _wrong(entry, function, f"returned a {type(args).__name__} as args; it must be a tuple, as in (model, (x,))")
    if not isinstance(kwargs, dict) or not all(isinstance(key, str) for key in kwargs):
        raise _wrong(entry, function, f"returned a {type(kwargs).__name__} as kwargs; it must be a dict with names as keys")
    return Case(model, tuple(args), dict(kwargs))


def _wrong(entry: Entry, function: Callable[[], Any], what: str) -> EntryError:
    try:
        where = f" ({inspect.getsourcefile(function)}:{inspect.getsourcelines(function)[1]})"
    except (OSError, TypeError):
        where = ""
    return EntryError(f"entry {entry.target} {what}{where}")
