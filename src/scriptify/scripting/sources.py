"""Where the code of a live model is: the files of its classes and of what they use, and modules that no file holds."""

from __future__ import annotations

import linecache
import os
import re
import sys
import types
from collections.abc import Iterable, Iterator
from importlib.machinery import SourceFileLoader

from scriptify.oracle.overlay import is_users
from scriptify.oracle.worker_codes import codes_by_name
from scriptify.scripting.errors import ScriptifyError


def file_of(module: types.ModuleType | None) -> str:
    """The Python file a module was loaded from, absolute, or ``""``."""
    path = getattr(module, "__file__", None)
    return os.path.abspath(path) if isinstance(path, str) and path.endswith(".py") and os.path.isfile(path) else ""


def users_modules() -> dict[str, str]:
    """The file of every imported module that is the user's own, by name."""
    found = {name: file_of(module) for name, module in list(sys.modules.items()) if name != "__main__"}
    return {name: path for name, path in found.items() if path and is_users(path)}


def project_files(modules: Iterable[str], more: Iterable[str] = (), folders: Iterable[str] = ()) -> list[str]:
    """The users' files of ``modules``, and of those that they (or ``more``) use and that lie in the same project.

    A project is the folder that holds a module's top-level package, or the module's own folder, or one of ``folders``.
    """
    waiting = [name for name in modules if _own(name)]
    roots = {*(_root(name) for name in waiting), *folders}
    waiting += [name for name in more if _own(name)]
    found: dict[str, str] = {}
    while waiting:
        name = waiting.pop()
        if name in found or not _own(name):
            continue
        path = file_of(sys.modules.get(name))
        if not any(path.startswith(root + os.sep) for root in roots):
            continue
        found[name] = path
        waiting += _used(sys.modules[name])
    return sorted(set(found.values()))


def _own(name: str) -> bool:
    path = file_of(sys.modules.get(name))
    return bool(path) and is_users(path)


def _root(name: str) -> str:
    module = sys.modules[name]
    package = getattr(module, "__package__", "") or ""
    folder = os.path.dirname(file_of(module))
    for _ in range(package.count(".") + 1 if package else 0):
        folder = os.path.dirname(folder)
    return folder


def _used(module: types.ModuleType) -> Iterator[str]:
    for value in list(vars(module).values()):
        if isinstance(value, types.ModuleType):
            yield value.__name__
        elif isinstance(owner := getattr(value, "__module__", None), str):
            yield owner


def cells(module: types.ModuleType) -> str:
    """The source of a module that no file holds: what linecache keeps of its cells, in the order they ran; ``""`` for none."""
    files = {_family(code.co_filename) for code in _codes(module)}
    texts = []
    for name, entry in list(linecache.cache.items()):
        # A front end keeps its cells without a time of change, under names that a number or digest tells apart.
        if len(entry) > 2 and entry[1] is None and entry[2] and _family(name) in files and not os.path.isfile(name):
            text = "".join(entry[2])
            texts.append(text if text.endswith("\n") else f"{text}\n")
    return "\n".join(text for text in texts if _compiles(text))


def _family(name: str) -> str:
    return re.sub(r"[0-9a-f]{6,}|\d+", "#", name)


def _compiles(text: str) -> bool:
    try:
        compile(text, "cell", "exec", dont_inherit=True)
    except (SyntaxError, ValueError):
        return False
    return True


def _codes(module: types.ModuleType) -> Iterator[types.CodeType]:
    for function in _functions(module):
        yield function.__code__


def _functions(module: types.ModuleType) -> Iterator[types.FunctionType]:
    """The functions and methods that a module itself defines, as they are in memory."""
    for value in list(vars(module).values()):
        if getattr(value, "__module__", None) != module.__name__:
            continue
        if isinstance(value, types.FunctionType):
            yield value
        elif isinstance(value, type):
            yield from (inner for inner in list(vars(value).values()) if isinstance(inner, types.FunctionType))


def check_fresh(module: types.ModuleType, path: str, text: str) -> None:
    """Raise ScriptifyError where a function in memory is not the one in the source, which scripting would read.

    A module whose loader changes the code it loads (pytest's asserts) can't be compared and is passed by.
    """
    loader = getattr(module, "__loader__", None)
    if loader is not None and type(loader) is not SourceFileLoader:
        return
    found = codes_by_name(text, path)
    for function in _functions(module):
        if os.path.abspath(function.__code__.co_filename) != path or "<lambda>" in function.__qualname__:
            continue
        if function.__code__ not in found.get(function.__qualname__, []):
            where = f"{path}: {function.__qualname__} in memory is not the one in the file"
            raise ScriptifyError(f"{where}; import the module anew (or restart) and build the model again")
    for value in list(vars(module).values()):
        if isinstance(value, type) and value.__module__ == module.__name__:
            _check_methods(value, path, found)


def _check_methods(cls: type, path: str, found: dict[str, list[types.CodeType]]) -> None:
    """A method that the source writes plainly and that came from elsewhere was set on the class later."""
    for name, value in list(vars(cls).items()):
        codes = found.get(f"{cls.__qualname__}.{name}")
        if not isinstance(value, types.FunctionType) or not codes or hasattr(value, "__wrapped__"):
            continue
        if value.__closure__ is None and value.__module__ == cls.__module__ and value.__code__ not in codes:
            raise ScriptifyError(f"{path}: {cls.__qualname__}.{name} was replaced after the class was made; scripting reads the source")
