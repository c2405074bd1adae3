"""A file in parts, each some whole top-level statements: parsed on its own, and shared by all texts that have it.

A migration makes dozens of texts of one file that differ in one class. Nodes know neither their position nor
their parent, so that a part's nodes, relative positions and walk serve every tree it stands in.
"""

from __future__ import annotations

import ast
import collections
import itertools
import warnings
import weakref
from collections.abc import Iterator, Sequence
from functools import cached_property

import libcst as cst
from libcst.metadata import CodeRange, MetadataWrapper, PositionProvider

from scriptify.tree.walk import Walk

_KEYS = itertools.count()
_KEPT: weakref.WeakValueDictionary[tuple[str, int, bool, bool], Part] = weakref.WeakValueDictionary()
"""Parts by text, how often that text came before in its file, and whether they are the first and last; alive as long as a tree is."""

Placed = tuple[int, CodeRange]


class Part:
    """Some statements of a module; ``key`` stands for the part in the trees that hold it."""

    def __init__(self, module: cst.Module, lines: int) -> None:
        self.module = module
        self.lines = lines
        self.key = next(_KEYS)

    @cached_property
    def ranges(self) -> dict[cst.CSTNode, Placed]:
        """Each node's position as if the part began on line 1, with the part's key."""
        found = MetadataWrapper(self.module, unsafe_skip_copy=True).resolve(PositionProvider)
        return {node: (self.key, where) for node, where in found.items()}

    @cached_property
    def walk(self) -> Walk:
        """The nodes of the part, numbered from 0."""
        return Walk(self.module.body, self.key)

    @property
    def indents(self) -> bool:
        """Whether the part shows how its file is indented."""
        return any(isinstance(statement, cst.BaseCompoundStatement) for statement in self.module.body)


def whole(module: cst.Module, text: str) -> list[Part]:
    """A module as its only part."""
    return [Part(module, text.count("\n"))]


def parse_parts(text: str) -> list[Part] | None:
    """The parts of a text, those known from other texts shared; None where the text can only be parsed as a whole."""
    cuts = _cuts(text)
    if cuts is None:
        return None
    last = len(cuts) - 1
    again: collections.Counter[str] = collections.Counter()
    parts = []
    for number, piece in enumerate(cuts):
        parts.append(_part(piece, again[piece], number == 0, number == last))
        again[piece] += 1
    found = [part for part in parts if part is not None]
    indents = {part.module.default_indent for part in found if part.indents}
    # A block that is indented by the file's default step does not say by how much: two defaults can't be one module.
    return found if len(found) == len(parts) and len(indents) <= 1 else None


def joined(parts: Sequence[Part]) -> cst.Module:
    """The module that the parts make."""
    first, last = parts[0].module, parts[-1].module
    if len(parts) == 1:
        return first
    showing = next((part.module for part in parts if part.indents), first)
    return cst.Module(
        body=[statement for part in parts for statement in part.module.body],
        header=first.header,
        footer=last.footer,
        encoding=first.encoding,
        default_indent=showing.default_indent,
        default_newline=first.default_newline,
        has_trailing_newline=last.has_trailing_newline,
    )


def _part(text: str, nth: int, first: bool, last: bool) -> Part | None:
    # The same text twice in a file is two places, and a node has but one.
    key = (text, nth, first, last)
    kept = _KEPT.get(key)
    if kept is None:
        try:
            module = cst.parse_module(text)
        except Exception:  # the whole text is parsed again then, for the error's place in it
            return None
        if not module.body or (module.footer and not last):
            return None
        kept = _KEPT[key] = Part(module if first else _headless(module), text.count("\n"))
    return kept


def _headless(module: cst.Module) -> cst.Module:
    """A part's leading lines are its first statement's, where only a file's are the module's."""
    statement = module.body[0]
    lines = [*module.header, *statement.leading_lines]
    return module.with_changes(header=[], body=[statement.with_changes(leading_lines=lines), *module.body[1:]])


def _cuts(text: str) -> list[str] | None:
    """The text cut before top-level statements, each piece with the blank and comment lines above its statement."""
    if "\r" in text or "\f" in text:
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            body = ast.parse(text).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    lines = text.split("\n")
    starts = [0, *_starts(body, lines)]
    if len(body) == 0:
        return None
    ends = [*starts[1:], len(lines)]
    pieces = ["\n".join(lines[start:end]) for start, end in zip(starts, ends, strict=True)]
    return [*(piece + "\n" for piece in pieces[:-1]), pieces[-1]]


def _starts(body: Sequence[ast.stmt], lines: Sequence[str]) -> Iterator[int]:
    """The 0-based lines at which a piece may start: just after a statement that nothing but plain lines parts from the next."""
    for above, below in itertools.pairwise(body):
        end = above.end_lineno or above.lineno
        start = min([below.lineno, *(d.lineno for d in getattr(below, "decorator_list", ()))])
        # An indented comment or blank line may belong to the block above it.
        if start > end and all(not line or line.startswith("#") for line in lines[end : start - 1]):
            yield end
