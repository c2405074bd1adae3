"""Edits of one rewrite that share offsets: lines put before a statement that is itself indented, and the like."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

import libcst as cst

from scriptify.transform import Edit
from scriptify.tree import Tree

_STRINGS = (cst.SimpleString, cst.FormattedString, cst.ConcatenatedString)


class Patch:
    """Collects edits of one file; insertions at one offset are merged in the order they were asked for."""

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        self._inserted: dict[int, list[str]] = {}
        self._indented: dict[int, str] = {}
        self._replaced: list[Edit] = []
        self._removed: list[tuple[int, int]] = []

    def insert(self, offset: int, text: str) -> None:
        """Put text at an offset."""
        self._inserted.setdefault(offset, []).append(text)

    def replace(self, node: cst.CSTNode, text: str) -> None:
        """Put text in place of a node."""
        self._replaced.append(self.tree.replace(node, text))

    def drop_inside(self, node: cst.CSTNode, kept: str) -> None:
        """Forget replacements within a node, but the one of the node itself by ``kept``."""
        start, end = self.tree.span(node)
        self._replaced = [e for e in self._replaced if not (start <= e.start and e.end <= end) or (e.start == start and e.text == kept)]

    def replace_outer(self, node: cst.BaseExpression, text: str) -> None:
        """Put text in place of a node and its own parentheses."""
        self._replaced.append(self.tree.replace_outer(node, text))

    def replace_span(self, start: int, end: int, text: str) -> None:
        """Put text in place of a stretch."""
        self._replaced.append(Edit(self.tree.path, start, end, text))

    def before(self, statement: cst.CSTNode, lines: Iterable[str], steps: int = 0) -> None:
        """Put whole lines before a statement, ``steps`` deeper than it stands."""
        tree = self.tree
        indent = tree.indent(statement) + tree.indent_unit * steps
        self.insert(tree.line_start(tree.line(statement)), tree.block(lines, indent))

    def after(self, statement: cst.CSTNode, lines: Iterable[str], steps: int = 0) -> None:
        """Put whole lines after a statement, ``steps`` deeper than it stands."""
        tree = self.tree
        text = tree.block(lines, tree.indent(statement) + tree.indent_unit * steps)
        end = tree.line_end(tree.last_line(statement))
        if end == len(tree.text) and not tree.text.endswith(("\n", "\r")):
            text = tree.newline + text.removesuffix(tree.newline)
        self.insert(end, text)

    def remove(self, statement: cst.CSTNode) -> None:
        """Take a statement's whole lines out."""
        self._removed.append(self.tree.statement_span(statement))

    def indent(self, statements: Sequence[cst.CSTNode], steps: int = 1) -> None:
        """Move the lines of consecutive statements deeper; text inside of strings stays where it is."""
        tree = self.tree
        first, last = tree.line(statements[0]), tree.last_line(statements[-1])
        kept: set[int] = set()
        for statement in statements:
            for kind in _STRINGS:
                for node in tree.find(kind, statement):
                    start, end = tree.lines(node)
                    kept.update(range(start + 1, end + 1))
        for line in range(first, last + 1):
            start = tree.line_start(line)
            if line not in kept and tree.text[start : tree.line_end(line)].strip():
                self._indented[start] = self._indented.get(start, "") + tree.indent_unit * steps

    def guard(self, loop: cst.For, test: str) -> None:
        """Put the whole body of a loop under an ``if`` line."""
        tree = self.tree
        if isinstance(loop.body, cst.IndentedBlock):
            self.before(loop.body.body[0], [test])
            self.indent(loop.body.body)
            return
        start = tree.span(loop.body.body[0])[0]
        opened = tree.text.rfind(":", 0, start) + 1
        self.replace_span(opened, start, f"{tree.newline}{tree.indent(loop)}{tree.indent_unit}{test} ")

    def edits(self) -> list[Edit]:
        """The edits, none overlapping another."""
        path = self.tree.path
        done = list(self._replaced)
        starts = {start for start, _ in self._removed}
        inside = [offset for offset in self._indented if any(start <= offset < end for start, end in self._removed)]
        for start, end in self._removed:
            done.append(Edit(path, start, end, "".join(self._inserted.get(start, ()))))
        for offset in sorted({*self._inserted, *self._indented} - starts):
            text = "".join(self._inserted.get(offset, ()))
            text += "" if offset in inside else self._indented.get(offset, "")
            if text:
                done.append(Edit(path, offset, offset, text))
        return [edit for edit in done if not self._swallowed(edit)]

    def _swallowed(self, edit: Edit) -> bool:
        spans = [(s, e) for s, e in self._removed if (s, e) != (edit.start, edit.end)]
        return any(start <= edit.start and edit.end <= end and edit.start != end for start, end in spans)


def multiline_safe(tree: Tree, statement: cst.CSTNode) -> bool:
    """Whether a statement stands alone on its lines, so that it can be moved."""
    return tree.own_line(statement) and not re.search(r"\f", tree.indent(statement))
