"""torch.jit's error text as data: what it says, where, and by which calls it got there.

C++ compile errors carry their place only as text (innermost first, then "is being compiled since it was
called from"); front-end errors carry one place and no callers; run-time errors a traceback, innermost
last; some seventy kinds carry no place at all.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import lru_cache

from scriptify.transform import Focus

_PLACE = re.compile(r'^\s*File "(?P<file>[^"\n]+)", line (?P<line>\d+)(?:, in (?P<name>\S+))?', re.MULTILINE)
_CALLED = re.compile(r"^'(?P<callee>[^'\n]+)' is being compiled since it was called from '(?P<caller>[^'\n]+)'", re.MULTILINE)
_MARK = re.compile(r"^(?P<indent>\s*)(?P<mark>~[~.]*)\s*<--- HERE", re.MULTILINE)
_RUNTIME = "Traceback of TorchScript"
_RAISED = re.compile(r"^[A-Za-z_][\w.]*: ", re.MULTILINE)
_NOISE = re.compile(r" ?\(of Python compilation unit at: \w+\)|0x[0-9a-fA-F]+|___torch_mangle_\d+\.")


@dataclass(frozen=True, slots=True)
class Place:
    """A file, a 1-based line and the source the compiler underlined there (or ``""``)."""

    path: str
    line: int
    text: str = ""


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One failure: ``message`` is what was said, without the places; ``kind`` its exception class.

    ``places`` are those of the failure itself, ``callers`` the call sites that led there, innermost
    first. ``runtime`` when the scripted module failed while it ran.
    """

    message: str
    kind: str = ""
    places: tuple[Place, ...] = ()
    callers: tuple[Place, ...] = ()
    runtime: bool = False
    raw: str = ""

    @property
    def headline(self) -> str:
        """The first line that says something."""
        lines = [_NOISE.sub("", line).strip() for line in self.message.splitlines() if line.strip()]
        if lines and lines[0].startswith("Arguments for call are not valid"):
            wanted = next((line for line in lines if line.startswith("Expected a value of type")), "")
            return f"{lines[0].rstrip('.')}: {wanted}" if wanted else lines[0]
        return lines[0].rstrip(":") if lines else self.kind

    @property
    def place(self) -> Place | None:
        """Where it failed, as far as the message tells."""
        return self.places[0] if self.places else None

    @property
    def signature(self) -> tuple[str, str, str]:
        """What stays the same when lines move: the message, the file, the underlined text."""
        where = self.place
        return _NOISE.sub("", self.message)[:2000], where.path if where else "", where.text if where else ""

    def inside(self, paths: Collection[str]) -> Place | None:
        """The innermost place in one of these files, the failure's own or a caller's."""
        return next((place for place in (*self.places, *self.callers) if place.path in paths), None)

    def focus(self, paths: Collection[str], texts: Mapping[str, str]) -> Focus:
        """The question to put to transforms: the place if it is in these files, else the call that leads there."""
        where = self.inside(paths)
        callers = tuple((place.path, place.line) for place in self.callers)
        if where is None:
            return Focus("", 0, self.raw or self.message, callers=callers)
        scope = scope_at(texts.get(where.path, ""), where.line)
        return Focus(where.path, where.line, self.raw or self.message, scope, where.text, callers)


def parse(error: str, kind: str = "") -> Diagnostic:
    """Read an error text of ``torch.jit``; any other text becomes a diagnostic without places."""
    runtime = _RUNTIME in error
    head, *called = _CALLED.split(error)
    places = _places(head)
    if runtime:
        places.reverse()
    callers = [place for chunk in called[2::3] for place in _places(chunk)]
    return Diagnostic(_message(head, runtime), kind, tuple(places), tuple(callers), runtime, error)


def _message(text: str, runtime: bool) -> str:
    if runtime:
        _, _, tail = text.rpartition("<--- HERE")
        raised = _RAISED.search(tail)  # behind the source lines that follow the place
        return tail[raised.start() if raised else 0 :].strip() or text.strip()
    match = _PLACE.search(text)
    head = text[: match.start()] if match else text
    return head.strip().removesuffix("The original call is:").strip().rstrip(":")


def _places(text: str) -> list[Place]:
    found: list[Place] = []
    matches = list(_PLACE.finditer(text))
    ends = [*(match.start() for match in matches[1:]), len(text)]
    for match, end in zip(matches, ends, strict=False):
        chunk = text[match.end() : end]
        found.append(Place(match["file"], int(match["line"]), _underlined(chunk)))
    return found


def _underlined(chunk: str) -> str:
    mark = _MARK.search(chunk)
    if mark is None:
        return ""
    lines = chunk[: mark.start()].rstrip("\n").splitlines()
    if not lines:
        return ""
    start = len(mark["indent"].lstrip("\n"))
    return lines[-1][start : start + len(mark["mark"])].strip()


def scope_at(text: str, line: int) -> str:
    """The qualified name of the innermost function or class around a line, or ``""``."""
    module = _module(text)
    return _scope(module, line, "") if module is not None else ""


@lru_cache(maxsize=8)
def _module(text: str) -> ast.Module | None:
    try:
        return ast.parse(text)
    except (SyntaxError, ValueError):
        return None


def _scope(node: ast.AST, line: int, prefix: str) -> str:
    for child in ast.iter_child_nodes(node):
        inner = prefix
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            first = min([child.lineno, *(d.lineno for d in child.decorator_list)])
            if not first <= line <= (child.end_lineno or first):
                continue
            joint = ".<locals>." if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) else "."
            inner = f"{prefix}{joint}{child.name}" if prefix else child.name
        elif not getattr(child, "lineno", 0) <= line <= (getattr(child, "end_lineno", 0) or 0):
            continue
        return _scope(child, line, inner)
    return prefix
