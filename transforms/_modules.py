"""Modules that are there wherever torch is, and quiet when they are imported."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from importlib.machinery import ModuleSpec, PathFinder

import libcst as cst

from scriptify.tree import Tree

_ACTING = frozenset(
    {
        "this",
        "antigravity",
        "turtle",
        "tkinter",
        "idlelib",
        "readline",
        "rlcompleter",
        "curses",
        "site",
        "lib2to3",
        "__main__",
        "turtledemo",
    }
)
"""Modules that do something when they are imported, or need a library that not every system has."""
_ELSEWHERE = frozenset(
    """
    fcntl grp pwd posix pty resource spwd syslog termios tty crypt nis ossaudiodev msilib msvcrt nt winreg winsound dbm ensurepip venv
    """.split()
)
"""Modules that only some systems have."""
_WITH_TORCH = frozenset(
    """
    accelerator amp autograd autograd.function autograd.functional autograd.grad_mode autograd.profiler backends backends.cuda
    backends.cudnn cuda cuda.amp fft func functional futures hub jit linalg multiprocessing nn nn.functional nn.init nn.modules
    nn.parallel nn.parameter nn.utils optim overrides profiler random serialization sparse special testing types utils utils.data
    utils.checkpoint utils.hooks version distributed distributions
    """.split()
)
"""Modules below torch that ``import torch`` loads by itself."""


def comes_with_torch(module: str) -> bool:
    """Whether a module is torch, or one below it that ``import torch`` loads by itself.

    Source: the imports of torch/__init__.py, and of what it imports.
    """
    return module == "torch" or (module.startswith("torch.") and module.removeprefix("torch.") in _WITH_TORCH)


def standing(module: str) -> bool:
    """Whether a module is torch's or the standard library's on every system, and does nothing but be there when it is imported."""
    root = module.partition(".")[0]
    if root == "torch":
        return comes_with_torch(module)
    if root not in sys.stdlib_module_names or root in _ACTING | _ELSEWHERE or root.startswith("_"):
        return False
    return "." not in module or module == "os.path" or _found(module) is not None


def is_module(package: str, name: str) -> bool:
    """Whether a name of a package is a module, as far as the files that are installed here tell. Nothing is imported for that."""
    return comes_with_torch(f"{package}.{name}") or _found(f"{package}.{name}") is not None


def loaded(tree: Tree) -> set[str]:
    """The modules that the imports at the top of a file certainly load."""
    found: set[str] = set()
    for statement in tree.module.body:
        for small in statement.body if isinstance(statement, cst.SimpleStatementLine) else ():
            if isinstance(small, cst.Import):
                for alias in small.names:
                    found |= set(_packages(tree.code(alias.name)))
            elif isinstance(small, cst.ImportFrom) and small.module is not None and not small.relative:
                found |= set(_packages(tree.code(small.module)))
    return found


def _packages(module: str) -> Iterator[str]:
    """A module and the packages around it."""
    parts = module.split(".")
    for end in range(1, len(parts) + 1):
        yield ".".join(parts[:end])


def _found(module: str) -> ModuleSpec | None:
    """Where a module's file is; None for one that is not there, or that is part of another."""
    spec: ModuleSpec | None = None
    for name in _packages(module):
        spec = PathFinder.find_spec(name, None if spec is None else spec.submodule_search_locations)
        if spec is None or (name != module and not spec.submodule_search_locations):
            return None
    return spec
