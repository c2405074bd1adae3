"""What no run of an entry came to: the functions on the way to a diagnostic, and the arms of their branches."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

import libcst as cst

from scriptify.facts.model import Facts, Function
from scriptify.transform import Focus
from scriptify.tree import Tree

Block = cst.BaseSuite


@dataclass(frozen=True, slots=True)
class Frame:
    """A place on the compiler's way to a diagnostic, and the function it lies in."""

    line: int
    function: Function


def frames(facts: Facts, focus: Focus) -> list[Frame]:
    """The way to a diagnostic, innermost first."""
    found = []
    for path, line in ((focus.path, focus.line), *focus.callers):
        above = [f for f in facts.functions.values() if f.path == path and f.line <= line]
        if above:
            found.append(Frame(line, max(above, key=lambda f: f.line)))
    return found


def unseen_arm(tree: Tree, function: cst.FunctionDef, line: int, arms: frozenset[tuple[str, str]]) -> cst.CSTNode | None:
    """The first statement of the innermost arm around a line that is one of ``arms``, or None.

    No eager run goes where ``is_scripting()`` leads, so that it did not go there says nothing.
    """
    unseen = {arm for arm in arms if "is_scripting" not in arm[0]}
    best: cst.CSTNode | None = None
    block: Block | None = function.body
    while isinstance(block, cst.IndentedBlock):
        within = next((s for s in block.body if _covers(tree, s, line)), None)
        if within is None:
            break
        number = block.body.index(within)
        for before, after in zip(block.body[:number], block.body[1:], strict=False):
            best = after if (_header(tree, before), "after") in unseen else best
        block = None
        for arm, part in _parts(tree, within):
            if isinstance(part, cst.IndentedBlock) and part.body and _covers(tree, part, line):
                block = part
                best = part.body[0] if arm in unseen else best
    return best


def _covers(tree: Tree, node: cst.CSTNode, line: int) -> bool:
    first, last = tree.lines(node)
    if isinstance(node, cst.IndentedBlock):
        first, last = tree.lines(node.body[0])[0], tree.last_line(node)
    return first <= line <= max(last, tree.last_line(node))


def _parts(tree: Tree, statement: cst.CSTNode) -> Iterator[tuple[tuple[str, str], Block]]:
    """The blocks of a compound statement with the names of their arms; an ``elif`` counts by its own."""
    here: cst.CSTNode | None = statement
    while here is not None:
        name = _header(tree, here)
        if isinstance(here, cst.Try | cst.TryStar):
            yield from ((("", ""), handler.body) for handler in here.handlers)
            if here.finalbody is not None:
                yield ("", ""), here.finalbody.body
        if isinstance(here, cst.BaseCompoundStatement) and isinstance(getattr(here, "body", None), cst.BaseSuite):
            yield (name, "body"), here.body
        otherwise = getattr(here, "orelse", None)
        if isinstance(otherwise, cst.Else):
            yield (name, "else"), otherwise.body
        here = otherwise if isinstance(otherwise, cst.If) else None


def _header(tree: Tree, statement: cst.CSTNode) -> str:
    """The header as facts spell it (see facts.model.Function)."""
    if isinstance(statement, cst.If | cst.While):
        return _spelt(tree.code(statement.test))
    if isinstance(statement, cst.For):
        return f"{_spelt(tree.code(statement.target))} in {_spelt(tree.code(statement.iter))}"
    return ""


def _spelt(code: str) -> str:
    try:
        return ast.unparse(ast.parse(f"({code})", mode="eval"))
    except (SyntaxError, ValueError, RecursionError):
        return ""
