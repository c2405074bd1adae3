"""Where a frame calls from, and which parameters that call passes."""

from __future__ import annotations

import ast
import linecache
from types import CodeType, FrameType

Site = tuple[int, int, int, int]
_Calls = dict[Site, ast.Call]
Function = ast.FunctionDef | ast.AsyncFunctionDef


class Sites:
    """Call sites by frame; sources are parsed once a file."""

    def __init__(self) -> None:
        self._sites: dict[tuple[CodeType, int], Site] = {}
        self._calls: dict[str, _Calls] = {}
        self._functions: dict[str, dict[tuple[int, str], Function]] = {}
        self._trees: dict[str, ast.Module] = {}

    def site(self, frame: FrameType) -> Site:
        """Line, column, end line and end column (in bytes, as ``ast`` counts) of what a frame is running.

        Before Python 3.11 only the line is known.
        """
        key = (frame.f_code, frame.f_lasti)
        if key not in self._sites:
            place: Site = (frame.f_lineno, 0, frame.f_lineno, 0)
            positions = getattr(frame.f_code, "co_positions", None)
            if positions is not None:
                line, last, column, end = list(positions())[frame.f_lasti // 2]
                if None not in (line, last, column, end):
                    place = (line, column, last, end)
            self._sites[key] = place
        return self._sites[key]

    def characters(self, frame: FrameType) -> Site:
        """The same with columns in characters, as an editor and the contract count."""
        line, column, last, end = self.site(frame)
        path = frame.f_code.co_filename
        return line, _characters(path, line, column), last, _characters(path, last, end)

    def passed(self, frame: FrameType, positional: list[str], ours: bool) -> set[str] | None:
        """The parameters that the call of ``frame`` names or fills by position, or None where that can't be told.

        ``ours``: the caller is project code whose source can be read; else only the usual
        ``f(*args, **kwargs)`` of a wrapper is understood, such as that of a module's ``__call__``.
        """
        caller = frame.f_back
        if caller is None:
            return None
        if not ours:
            args, kwargs = caller.f_locals.get("args"), caller.f_locals.get("kwargs")
            if not isinstance(args, tuple) or not isinstance(kwargs, dict):
                return None
            return {*positional[: len(args) + _bound(frame, positional, args)], *map(str, kwargs)}
        call = self._call(caller)
        return None if call is None else _named(call, caller, frame, positional)

    def _call(self, frame: FrameType) -> ast.Call | None:
        path = frame.f_code.co_filename
        if path not in self._calls:
            found = [node for node in ast.walk(self._tree(path)) if isinstance(node, ast.Call)]
            self._calls[path] = {(n.lineno, n.col_offset, n.end_lineno or 0, n.end_col_offset or 0): n for n in found}
        return self._calls[path].get(self.site(frame))

    def function(self, code: CodeType) -> Function | None:
        """The definition of a function in its file's source, or None for a lambda and the like."""
        path = code.co_filename
        if path not in self._functions:
            found = [node for node in ast.walk(self._tree(path)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
            self._functions[path] = {(min([n.lineno, *(d.lineno for d in n.decorator_list)]), n.name): n for n in found}
        return self._functions[path].get((code.co_firstlineno, code.co_name))

    def _tree(self, path: str) -> ast.Module:
        if path not in self._trees:
            try:
                self._trees[path] = ast.parse("".join(linecache.getlines(path)))
            except (SyntaxError, ValueError):
                self._trees[path] = ast.Module([], [])
        return self._trees[path]


def _characters(path: str, line: int, column: int) -> int:
    text = linecache.getline(path, line)
    return column if text.isascii() else len(text.encode()[:column].decode("utf-8", "ignore"))


def _bound(frame: FrameType, positional: list[str], args: tuple[object, ...]) -> int:
    """1 where ``self`` comes from the binding and not from the arguments."""
    if not positional or positional[0] not in ("self", "cls"):
        return 0
    return 0 if args and args[0] is frame.f_locals.get(positional[0]) else 1


def _named(call: ast.Call, caller: FrameType, frame: FrameType, positional: list[str]) -> set[str] | None:
    values: list[object] = []
    for argument in call.args:
        if isinstance(argument, ast.Starred):
            spread = caller.f_locals.get(argument.value.id) if isinstance(argument.value, ast.Name) else None
            if not isinstance(spread, (list, tuple)):
                return None
            values += spread
        else:
            values.append(caller.f_locals.get(argument.id) if isinstance(argument, ast.Name) else None)
    names: set[str] = set()
    for keyword in call.keywords:
        if keyword.arg is None:
            spread = caller.f_locals.get(keyword.value.id) if isinstance(keyword.value, ast.Name) else None
            if not isinstance(spread, dict):
                return None
            names |= set(map(str, spread))
        else:
            names.add(keyword.arg)
    return names | set(positional[: len(values) + _bound(frame, positional, tuple(values))])
