"""Watching functions run: the types of parameters, locals and results, and who called whom from where."""

from __future__ import annotations

import dis
import inspect
import os
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from types import CodeType, FrameType
from typing import Any

import torch

from scriptify.facts.arms import Arm, split
from scriptify.facts.live_sites import Sites
from scriptify.facts.live_types import joined, type_of
from scriptify.facts.types import Type
from scriptify.oracle.protocol import LiveCall, LiveFunction, LiveParameter

# Per line of code: how often its locals are looked at. A type that first shows later is still seen at the return.
_SAMPLES = 12
_GENERATORS = inspect.CO_GENERATOR | inspect.CO_COROUTINE | inspect.CO_ASYNC_GENERATOR

Seen = dict[Type, None]


@dataclass(slots=True)
class Watched:
    """One function under watch; types in the order seen."""

    path: str
    code: CodeType
    calls: int = 0
    parameters: dict[str, Seen] = field(default_factory=dict)
    given: dict[str, Seen] = field(default_factory=dict)
    empty: set[str] = field(default_factory=set)
    locals: dict[str, Seen] = field(default_factory=dict)
    returns: Seen = field(default_factory=dict)
    lines: dict[int, int] = field(default_factory=dict)

    def sample(self, values: Mapping[str, Any]) -> None:
        """Note the types that variables have now."""
        for name, value in values.items():
            if not name.startswith(".") and name != "__class__":
                self.locals.setdefault(name, {})[type_of(value)] = None


def qualname(code: CodeType) -> str:
    """The qualified name of a code object; before Python 3.11 only its own name is known."""
    return str(getattr(code, "co_qualname", code.co_name))


class Tracer:
    """A context manager that traces every call into the files of ``files`` (real path to the project's name)."""

    def __init__(self, files: Mapping[str, str]) -> None:
        self.files = files
        self.paths: dict[str, str | None] = {}
        self.watched: dict[CodeType, Watched] = {}
        self.edges: dict[LiveCall, None] = {}
        self.sites = Sites()
        self.suspended: set[int] = set()

    def __enter__(self) -> Tracer:
        sys.settrace(self._call)
        return self

    def __exit__(self, *error: object) -> None:
        sys.settrace(None)

    def _path(self, code: CodeType) -> str | None:
        name = code.co_filename
        if name not in self.paths:
            self.paths[name] = self.files.get(os.path.realpath(name))
        return self.paths[name]

    def _call(self, frame: FrameType, event: str, argument: Any) -> Any:
        code = frame.f_code
        path = self._path(code)
        # Module and class bodies are code too, but no functions.
        if path is None or not code.co_flags & inspect.CO_NEWLOCALS or not code.co_flags & inspect.CO_OPTIMIZED:
            return None
        watched = self.watched.get(code)
        if watched is None:
            watched = self.watched[code] = Watched(path, code)
        if id(frame) in self.suspended:
            self.suspended.discard(id(frame))
        else:
            watched.calls += 1
            self._enter(watched, frame)
        return self._inside

    def _inside(self, frame: FrameType, event: str, argument: Any) -> Any:
        watched = self.watched[frame.f_code]
        if event == "line" and watched.lines.get(frame.f_lineno, 0) < _SAMPLES:
            watched.lines[frame.f_lineno] = watched.lines.get(frame.f_lineno, 0) + 1
            watched.sample(frame.f_locals)
        elif event == "return":
            watched.sample(frame.f_locals)
            self._leave(watched, frame, argument)
        return self._inside

    def _leave(self, watched: Watched, frame: FrameType, value: Any) -> None:
        """Tell a result from a generator's yield and from an exception passing through, which carries None."""
        instruction = dis.opname[frame.f_code.co_code[frame.f_lasti]]
        if frame.f_code.co_flags & _GENERATORS:
            if not instruction.startswith("RETURN"):
                self.suspended.add(id(frame))
        elif value is not None or instruction.startswith("RETURN"):
            watched.returns[type_of(value)] = None

    def _enter(self, watched: Watched, frame: FrameType) -> None:
        code, values = frame.f_code, frame.f_locals
        count = code.co_argcount + code.co_kwonlyargcount
        stars = bool(code.co_flags & inspect.CO_VARARGS) + bool(code.co_flags & inspect.CO_VARKEYWORDS)
        names = code.co_varnames[: count + stars]
        ours = frame.f_back is not None and self._path(frame.f_back.f_code) is not None
        passed = self.sites.passed(frame, list(names[: code.co_argcount]), ours)
        for number, name in enumerate(names):
            if name.startswith(".") or name not in values:
                continue
            kind = type_of(values[name])
            watched.parameters.setdefault(name, {})[kind] = None
            if passed is None or name in passed or number >= count:
                watched.given.setdefault(name, {})[kind] = None
            if isinstance(values[name], torch.Tensor) and not values[name].numel():
                watched.empty.add(name)
        self._edge(watched, frame)

    def _edge(self, watched: Watched, frame: FrameType) -> None:
        caller = frame.f_back
        while caller is not None and caller.f_code not in self.watched:
            caller = caller.f_back
        if caller is not None:
            callee = (watched.path, qualname(watched.code))
            place = self.sites.characters(caller)
            self.edges[LiveCall(self.watched[caller.f_code].path, qualname(caller.f_code), *place, callee)] = None

    def functions(self) -> tuple[LiveFunction, ...]:
        """What was seen, one entry for each path and qualified name."""
        groups: dict[tuple[str, str], list[Watched]] = {}
        for watched in self.watched.values():
            groups.setdefault((watched.path, qualname(watched.code)), []).append(watched)
        return tuple(self._function(path, name, group) for (path, name), group in groups.items())

    def _function(self, path: str, name: str, group: list[Watched]) -> LiveFunction:
        found = _function(path, name, group)
        defined = [(self.sites.function(w.code), w.lines) for w in group]
        parts = [split(node, lines) for node, lines in defined if node is not None]
        if len(parts) < len(group):
            return found
        every, entered = (frozenset[Arm]().union(*(part[side] for part in parts)) for side in (0, 1))
        return replace(found, arms=every, entered=entered)


def _function(path: str, name: str, group: list[Watched]) -> LiveFunction:
    parameters = {}
    for parameter in _names(w.parameters for w in group):
        observed = _types(w.parameters.get(parameter) for w in group)
        given = _types(w.given.get(parameter) for w in group)
        parameters[parameter] = LiveParameter(observed, given, any(parameter in w.empty for w in group))
    variables = {variable: _types(w.locals.get(variable) for w in group) for variable in _names(w.locals for w in group)}
    calls = sum(w.calls for w in group)
    returns = _types(w.returns for w in group)
    return LiveFunction(path, name, min(w.code.co_firstlineno for w in group), calls, parameters, variables, returns)


def _names(groups: Iterable[Mapping[str, Seen]]) -> list[str]:
    return list(dict.fromkeys(name for group in groups for name in group))


def _types(seen: Iterable[Seen | None]) -> str:
    found = [kind for types in seen if types for kind in types]
    return joined(found) if found else ""
