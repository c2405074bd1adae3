"""The code objects of a source by the qualified name of their function."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from types import CodeType


def codes_by_name(text: str, path: str) -> dict[str, list[CodeType]]:
    """Every function's code in ``text``, by its ``__qualname__``; empty for a text that does not compile."""
    found: dict[str, list[CodeType]] = {}
    try:
        code = compile(text, path, "exec", dont_inherit=True)
    except (SyntaxError, ValueError):
        return found
    for name, inner in _inside(code, ""):
        found.setdefault(name, []).append(inner)
    return found


def _inside(code: CodeType, prefix: str) -> Iterator[tuple[str, CodeType]]:
    for inner in code.co_consts:
        if not isinstance(inner, CodeType):
            continue
        name = f"{prefix}{inner.co_name}"
        function = bool(inner.co_flags & inspect.CO_OPTIMIZED)
        if function:
            yield name, inner
        yield from _inside(inner, f"{name}.<locals>." if function else f"{name}.")
