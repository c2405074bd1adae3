"""A parsed file that transforms read: exact text, positions, parents, and edits made from nodes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cached_property, lru_cache
from typing import TypeVar

import libcst as cst

from scriptify.transform import Decline, Edit, Focus, Import, Need, Rewrite, Safety, Transform
from scriptify.tree.imports import Imports
from scriptify.tree.positions import Positions
from scriptify.tree.walk import Walks

N = TypeVar("N", bound=cst.CSTNode)
Statement = cst.BaseStatement | cst.SimpleStatementLine | cst.BaseCompoundStatement


class Tree(Positions):
    """One file's text and its concrete syntax tree. Immutable: edits are data, made here and applied elsewhere.

    Offsets are characters in ``text``; lines are 1-based. ``code(node)`` is a node's exact source without
    its own parentheses.
    """

    # structure

    @cached_property
    def _walk(self) -> Walks:
        return Walks(self.module, {part.key: part.walk for part in self._parts})

    def parent(self, node: cst.CSTNode) -> cst.CSTNode | None:
        """The node above, or None for the module."""
        return self._walk.parents.get(node)

    def ancestors(self, node: cst.CSTNode) -> Iterator[cst.CSTNode]:
        """The nodes above, nearest first."""
        parents = self._walk.parents
        while (above := parents.get(node)) is not None:
            yield above
            node = above

    def enclosing(self, node: cst.CSTNode, kind: type[N]) -> N | None:
        """The nearest ancestor of a kind."""
        return next((above for above in self.ancestors(node) if isinstance(above, kind)), None)

    def find(self, kind: type[N], within: cst.CSTNode | None = None) -> Iterator[N]:
        """Nodes of a kind in document order, ``within`` itself included; whitespace and comments are no nodes here."""
        return self._walk.find(kind, within)

    def number(self, node: cst.CSTNode) -> int:
        """A node's number in document order."""
        return self._walk.number(node)

    def contains(self, outer: cst.CSTNode, inner: cst.CSTNode) -> bool:
        """Whether ``inner`` is ``outer`` or below it."""
        return inner is outer or any(above is outer for above in self.ancestors(inner))

    @cached_property
    def _scopes(self) -> list[tuple[str, cst.FunctionDef]]:
        return [(self.qualname(node), node) for node in self.find(cst.FunctionDef)]

    def functions(self) -> list[tuple[str, cst.FunctionDef]]:
        """Every function with its qualified name (``Net.forward``, ``outer.<locals>.inner``)."""
        return self._scopes

    def function(self, qualname: str) -> cst.FunctionDef | None:
        """The last function of that qualified name, which is the one in force."""
        return self._functions.get(qualname)

    @cached_property
    def _functions(self) -> dict[str, cst.FunctionDef]:
        return dict(self._scopes)

    @cached_property
    def _classes(self) -> dict[str, cst.ClassDef]:
        return {self.qualname(node): node for node in self.find(cst.ClassDef)}

    def class_(self, qualname: str) -> cst.ClassDef | None:
        """The last class of that qualified name."""
        return self._classes.get(qualname)

    def qualname(self, node: cst.CSTNode) -> str:
        """Python's ``__qualname__`` of a function or class."""
        parts = [node.name.value] if isinstance(node, (cst.FunctionDef, cst.ClassDef)) else []
        for above in self.ancestors(node):
            if isinstance(above, cst.ClassDef):
                parts.append(above.name.value)
            elif isinstance(above, cst.FunctionDef):
                parts += ["<locals>", above.name.value] if parts else [above.name.value]
        return ".".join(reversed(parts))

    def scope(self, node: cst.CSTNode) -> str:
        """The qualified name of the function (or else class) a node stands in; its own name for a function."""
        for above in (node, *self.ancestors(node)):
            if isinstance(above, (cst.FunctionDef, cst.ClassDef)):
                return self.qualname(above)
        return ""

    def statement(self, node: cst.CSTNode) -> Statement | None:
        """The innermost statement a node belongs to (a whole line for simple statements)."""
        for above in (node, *self.ancestors(node)):
            if isinstance(above, (cst.SimpleStatementLine, cst.BaseCompoundStatement)):
                return above
        return None

    def own_statement(self, node: cst.CSTNode) -> Statement | None:
        """The statement a node belongs to, where it has its lines to itself; None also where it stands behind ``if c:`` on one line."""
        for above in (node, *self.ancestors(node)):
            if isinstance(above, cst.SimpleStatementSuite):
                return None
            if isinstance(above, (cst.SimpleStatementLine, cst.BaseCompoundStatement)):
                return above if self.own_line(above) else None
        return None

    @cached_property
    def imports(self) -> Imports:
        """The file's imports: resolve names, spell names, make import edits."""
        return Imports(self)

    def dotted(self, node: cst.CSTNode) -> str:
        """The full dotted name a name or attribute chain stands for through imports, or ``""``."""
        return self.imports.dotted(node)

    # edits

    @property
    def newline(self) -> str:
        """The file's newline."""
        return self.module.default_newline

    @property
    def indent_unit(self) -> str:
        """One step of indentation in this file."""
        return self.module.default_indent

    def indent(self, node: cst.CSTNode) -> str:
        """The indentation of the line on which a node starts."""
        start = self.line_start(self.line(node))
        text = self.text[start:]
        return text[: len(text) - len(text.lstrip(" \t\f"))]

    def own_line(self, statement: cst.CSTNode) -> bool:
        """Whether a statement has its lines to itself, so that others can be put before or after it."""
        if isinstance(statement, cst.SimpleStatementLine) and len(statement.body) != 1:
            return False
        if isinstance(statement, cst.If) and isinstance(self.parent(statement), cst.If):
            return False  # an elif: what is put before it would part it from its if
        start, _ = self.span(statement)
        return not self.text[self.line_start(self.line(statement)) : start].strip(" \t\f")

    def replace(self, node: cst.CSTNode, text: str) -> Edit:
        """Put ``text`` in place of a node (inside its own parentheses, where it has them)."""
        return Edit(self.path, *self.span(node), text)

    def replace_outer(self, node: cst.BaseExpression, text: str) -> Edit:
        """Put ``text`` in place of a node and its own parentheses."""
        return Edit(self.path, *self.outer_span(node), text)

    def insert(self, offset: int, text: str) -> Edit:
        """Put ``text`` at an offset."""
        return Edit(self.path, offset, offset, text)

    def before(self, statement: cst.CSTNode, lines: Iterable[str]) -> Edit:
        """Put whole lines before a statement, at its indentation (``lines`` are relative to it)."""
        return self.insert(self.line_start(self.line(statement)), self.block(lines, self.indent(statement)))

    def after(self, statement: cst.CSTNode, lines: Iterable[str]) -> Edit:
        """Put whole lines after a statement, at its indentation."""
        last = self.last_line(statement)
        text = self.block(lines, self.indent(statement))
        end = self.line_end(last)
        if end == len(self.text) and not self.text.endswith(("\n", "\r")):
            text = self.newline + text.removesuffix(self.newline)
        return self.insert(end, text)

    def block(self, lines: Iterable[str], indent: str) -> str:
        """Lines at an indentation, each with the file's newline; four leading spaces become one indent unit."""
        done = []
        for line in lines:
            body = line.lstrip(" ")
            steps, rest = divmod(len(line) - len(body), 4)
            done.append(f"{indent}{self.indent_unit * steps}{' ' * rest}{body}".rstrip(" \t") + self.newline)
        return "".join(done)

    def last_line(self, statement: cst.CSTNode) -> int:
        """The last line that belongs to a statement's own text (its body included)."""
        last = statement
        while isinstance(last, (cst.BaseCompoundStatement, cst.IndentedBlock, cst.Else, cst.Finally)):
            below = self._tail(last)
            if below is None:
                break
            last = below
        return self.lines(last)[1]

    @staticmethod
    def _tail(node: cst.CSTNode) -> cst.CSTNode | None:
        if isinstance(node, cst.IndentedBlock):
            return node.body[-1] if node.body else None
        if isinstance(node, cst.Try | cst.TryStar):
            return node.finalbody or node.orelse or (node.handlers[-1].body if node.handlers else node.body)
        if isinstance(node, cst.Match):
            return node.cases[-1].body if node.cases else None
        return getattr(node, "orelse", None) or getattr(node, "body", None)

    def statement_span(self, statement: cst.CSTNode) -> tuple[int, int]:
        """The span of a statement's whole lines, from its first line's start to the end of its last line."""
        return self.line_start(self.line(statement)), self.line_end(self.last_line(statement))

    def replace_statement(self, statement: cst.CSTNode, lines: Iterable[str]) -> Edit:
        """Put whole lines in place of a statement's whole lines; comments above it stay."""
        start, end = self.statement_span(statement)
        text = self.block(lines, self.indent(statement))
        if end == len(self.text) and not self.text.endswith(("\n", "\r")):
            text = text.removesuffix(self.newline)
        return Edit(self.path, start, end, text)

    def remove(self, statement: cst.CSTNode) -> Edit:
        """Take a statement out; ``pass`` stays where its block would be empty."""
        above = self.parent(statement)
        if isinstance(above, cst.IndentedBlock) and len(above.body) == 1:
            return self.replace(statement, "pass")
        return Edit(self.path, *self.statement_span(statement), "")

    # answers

    def rewrite(
        self,
        by: Transform,
        node: cst.CSTNode,
        title: str,
        edits: Iterable[Edit],
        *,
        imports: Iterable[Import] = (),
        needs: Iterable[Need] = (),
        why: str = "",
        safety: Safety | None = None,
        silent: bool = False,
        raises: bool = False,
    ) -> Rewrite:
        """A rewrite at ``node`` by a transform; empty edits (text that is there already) are dropped."""
        kept = tuple(sorted(e for e in edits if e.path != self.path or self.text[e.start : e.end] != e.text))
        before = "\n".join(self.text[e.start : e.end] for e in kept if e.path == self.path)
        return Rewrite(
            code=by.code,
            title=title,
            path=self.path,
            line=self.line(node),
            scope=self.scope(node),
            edits=kept,
            imports=tuple(sorted(set(imports))),
            needs=tuple(needs),
            why=why,
            safety=safety or by.safety,
            silent=silent,
            raises=raises,
            before=before,
        )

    def decline(self, by: Transform, node: cst.CSTNode, because: str) -> Decline:
        """A place left alone, and why."""
        return Decline(by.code, self.path, self.line(node), self.scope(node), because)

    def focused(self, node: cst.CSTNode, focus: Focus | None) -> bool:
        """Whether a focus is on this node (or there is none, or it names no place)."""
        return focus is None or focus.covers(self.path, *self.lines(node))


@lru_cache(maxsize=8)
def parsed(path: str, text: str) -> Tree:
    """The tree of a text, kept for the next to ask: trees are never changed. Raises ParseError."""
    return Tree(path, text)
