"""Character offsets of ``ast`` nodes: the parser counts UTF-8 bytes per line, edits count characters."""

from __future__ import annotations

import ast
import re

# What the tokenizer takes for a line break; str.splitlines also breaks at form feeds and others.
_BREAK = re.compile(r"\r\n|\r|\n")


class Lines:
    """The lines of one decoded text, for turning places of the parser into offsets."""

    __slots__ = ("_ascii", "starts", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self.starts = [0, *(match.end() for match in _BREAK.finditer(text))]
        self._ascii = text.isascii()

    def offset(self, line: int, column: int) -> int:
        """The offset of a place: ``line`` from 1, ``column`` in UTF-8 bytes from 0; a place past the end gives the end."""
        if line > len(self.starts):
            return len(self.text)
        start = self.starts[line - 1]
        if self._ascii:
            return min(start + column, len(self.text))
        end = self.starts[line] if line < len(self.starts) else len(self.text)
        raw = self.text[start:end].encode("utf-8", "surrogatepass")[:column]
        return start + len(raw.decode("utf-8", "ignore"))

    def span(self, node: ast.expr | ast.stmt | ast.keyword) -> tuple[int, int]:
        """Start and end offset of a node."""
        end_line = node.end_lineno if node.end_lineno is not None else node.lineno
        end_column = node.end_col_offset if node.end_col_offset is not None else node.col_offset
        return self.offset(node.lineno, node.col_offset), self.offset(end_line, end_column)

    def source(self, node: ast.expr | ast.stmt | ast.keyword) -> str:
        """The text of a node."""
        start, end = self.span(node)
        return self.text[start:end]
