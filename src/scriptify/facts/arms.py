"""The arms of a function's branches, and which of them a run went into.

An arm is named by its statement's header as ``ast.unparse`` spells it, and by which part it is: ``body``,
``else``, or ``after`` for what follows the statement in its block. So a name survives rewrites elsewhere;
where two arms of a function share a name, a run that went into one went into both.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator, Sequence

Arm = tuple[str, str]
Function = ast.FunctionDef | ast.AsyncFunctionDef
_CLOSED = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


def split(function: Function, lines: Collection[int]) -> tuple[frozenset[Arm], frozenset[Arm]]:
    """All arms of a function, and those that a run through ``lines`` (1-based, of the file) went into."""
    every: set[Arm] = set()
    seen: set[Arm] = set()
    for arm, above, block in _arms(function.body):
        every.add(arm)
        first, last = block[0].lineno, block[-1].end_lineno or block[-1].lineno
        # What stands on its header's line can't be told apart from the header.
        if first <= above or any(first <= line <= last for line in lines):
            seen.add(arm)
    return frozenset(every), frozenset(seen)


def header(statement: ast.stmt) -> str:
    """The header of an ``if``, ``for`` or ``while`` as text; an empty text for any other statement."""
    if isinstance(statement, ast.If | ast.While):
        return ast.unparse(statement.test)
    if isinstance(statement, ast.For):
        return f"{ast.unparse(statement.target)} in {ast.unparse(statement.iter)}"
    return ""


def _arms(block: Sequence[ast.stmt]) -> Iterator[tuple[Arm, int, Sequence[ast.stmt]]]:
    """Each arm with the last line above it and its statements."""
    for number, statement in enumerate(block):
        if isinstance(statement, _CLOSED):
            continue
        name = header(statement)
        if isinstance(statement, ast.If | ast.For | ast.While):
            above = statement.iter if isinstance(statement, ast.For) else statement.test
            yield (name, "body"), above.end_lineno or above.lineno, statement.body
            if statement.orelse:
                yield (name, "else"), statement.body[-1].end_lineno or 0, statement.orelse
            if block[number + 1 :]:
                yield (name, "after"), statement.end_lineno or 0, block[number + 1 :]
        for inner in _blocks(statement):
            yield from _arms(inner)


def _blocks(statement: ast.stmt) -> Iterator[Sequence[ast.stmt]]:
    for name in ("body", "orelse", "finalbody"):
        yield getattr(statement, name, [])
    for part in (*getattr(statement, "handlers", ()), *getattr(statement, "cases", ())):
        yield part.body
