"""What the project does by name that would make a rewrite visible: looks behind decorators, at signatures, copies, hooks modules."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable

from scriptify.facts.model import COPYING, HOOKING, INSPECTING, UNWRAPPING
from scriptify.facts.scan import File, Imported

_PATTERNS = {
    UNWRAPPING: re.compile(
        r"""\.__wrapped__\b|["']__wrapped__["']|\binspect\.unwrap\b|^\s*from inspect import .*\bunwrap\b""", re.MULTILINE
    ),
    COPYING: re.compile(r"\bdeepcopy\b"),
    INSPECTING: re.compile(r"\bco_varnames\b|\bforward\.__code__\b|\b(?:signature|getfullargspec|getargspec)\(\s*[\w.]*\bforward\b"),
}
_REGISTERS = ("register_forward_hook", "register_forward_pre_hook", "register_module_forward_hook", "register_module_forward_pre_hook")
_HOOKING = frozenset({*_REGISTERS, "weight_norm", "spectral_norm", "prune"})
# lines that this program writes, and comments
_PASSED_OVER = re.compile(
    r"^[ \t]*#.*$|^[ \t]+function\.__wrapped__ = twin$|^_\w+_own = \w+\.__wrapped__$|^\w+\.__wrapped__ = _\w+_called\b.*$", re.MULTILINE
)


def mentioned(texts: Iterable[str], files: Iterable[File]) -> frozenset[str]:
    """Which of them the texts, and the files made of them, do."""
    found: set[str] = {HOOKING} if any(map(_registers_hooks, files)) else set()
    for text in texts:
        plain = ""
        for what, pattern in _PATTERNS.items():
            if what not in found and pattern.search(text):
                plain = plain or _PASSED_OVER.sub("", text.replace("\r\n", "\n"))
                found.update([what] if pattern.search(plain) else [])
    return frozenset(found)


def _registers_hooks(file: File) -> bool:
    """Whether a file names a function that puts a forward hook or pre-hook on a module."""
    for scope in file.scopes:
        bound = [b for bindings in scope.bindings.values() for b in bindings if isinstance(b, Imported)]
        if any(b.name in _HOOKING or b.module.rpartition(".")[2] in _HOOKING for b in bound):
            return True
        if any(attribute.attr in _HOOKING for attribute in scope.loads):
            return True
        if any(isinstance(call.func, ast.Attribute) and call.func.attr in _HOOKING for call in scope.calls):
            return True
    return False
