"""A parsed text and where each of its nodes stands."""

from __future__ import annotations

import bisect
import itertools
import re
from functools import cached_property

import libcst as cst

from scriptify.tree.parts import Placed, joined, parse_parts, whole

ATOMS = (cst.Name, cst.Attribute, cst.Call, cst.Subscript, cst.Integer, cst.Float, cst.SimpleString, cst.List, cst.Dict, cst.Set)
_NEWLINE = re.compile(r"\r\n|\r|\n")


class ParseError(Exception):
    """Text that libcst can't parse; ``line`` is 1-based."""

    def __init__(self, message: str, line: int) -> None:
        super().__init__(message)
        self.line = line


class Positions:
    """One file's text, its concrete syntax tree, and the place of each node: see ``Tree``."""

    def __init__(self, path: str, text: str) -> None:
        """Parse ``text``. Raises ParseError."""
        self.path = path
        self.text = text
        try:
            parts = parse_parts(text)
            self._parts = parts if parts is not None else whole(cst.parse_module(text), text)
        except cst.ParserSyntaxError as error:
            raise ParseError(error.message.strip(), error.raw_line) from error
        except Exception as error:  # libcst raises bare errors for some texts that are not Python
            raise ParseError(str(error) or type(error).__name__, 1) from error
        self.module = joined(self._parts)

    @cached_property
    def _starts(self) -> list[int]:
        return [0, *(match.end() for match in _NEWLINE.finditer(self.text))]

    @cached_property
    def _ranges(self) -> dict[cst.CSTNode, Placed]:
        found: dict[cst.CSTNode, Placed] = {}
        for part in self._parts:
            found.update(part.ranges)
        return found

    @cached_property
    def _tops(self) -> dict[int, int]:
        """How many lines stand above each part."""
        above = itertools.accumulate((part.lines for part in self._parts), initial=0)
        return {part.key: top for part, top in zip(self._parts, above, strict=False)}

    def span(self, node: cst.CSTNode) -> tuple[int, int]:
        """Start and end offset of a node, without its own parentheses and outer whitespace."""
        if node is self.module:
            return 0, len(self.text)
        key, where = self._ranges[node]
        top = self._tops[key]
        return self.offset(top + where.start.line, where.start.column), self.offset(top + where.end.line, where.end.column)

    def outer_span(self, node: cst.BaseExpression) -> tuple[int, int]:
        """The span including the node's own parentheses."""
        start, end = self.span(node)
        if node.lpar:
            start = self.span(node.lpar[0])[0]
            end = self.span(node.rpar[-1])[1]
        return start, end

    def offset(self, line: int, column: int) -> int:
        """The offset of a 1-based line and 0-based column."""
        return self._starts[line - 1] + column

    def line(self, node: cst.CSTNode) -> int:
        """The 1-based line on which a node starts."""
        return self.lines(node)[0]

    def lines(self, node: cst.CSTNode) -> tuple[int, int]:
        """The first and last line of a node."""
        if node is self.module:
            return 1, len(self._starts)
        key, where = self._ranges[node]
        top = self._tops[key]
        return top + where.start.line, top + where.end.line

    def line_of(self, offset: int) -> int:
        """The 1-based line of an offset."""
        return bisect.bisect_right(self._starts, offset)

    def line_start(self, line: int) -> int:
        """The offset at which a 1-based line starts."""
        return self._starts[line - 1]

    def line_end(self, line: int) -> int:
        """The offset just after a line, its newline included."""
        return self._starts[line] if line < len(self._starts) else len(self.text)

    def code(self, node: cst.CSTNode) -> str:
        """A node's exact source, without its own parentheses."""
        start, end = self.span(node)
        return self.text[start:end]

    def operand(self, node: cst.BaseExpression) -> str:
        """A node's source, in parentheses unless it binds as tightly as a name does."""
        text = self.code(node)
        return text if isinstance(node, ATOMS) else f"({text})"
