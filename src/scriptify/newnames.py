"""Names that rewrites of one pass bring in: two that know nothing of each other may take the same one, one inside the other."""

from __future__ import annotations

import builtins
import keyword
import re
from collections.abc import Mapping
from functools import lru_cache

import libcst as cst

from scriptify.transform import Rewrite
from scriptify.tree import ParseError, Tree, parsed

# A name that is bound or listed: not an attribute, and not what is called, asked for an attribute or an item.
_WORDS = re.compile(r"(?<![\w.])[A-Za-z_]\w*(?!\w|\s*[.(\[])")
_KNOWN = frozenset({*keyword.kwlist, *dir(builtins)})
_STATEMENTS = (cst.SimpleStatementLine, cst.BaseCompoundStatement)
Span = tuple[int, int]


class NewNames:
    """The names that the rewrites accepted so far bring in, each with the part of the text where it is in use."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        self._texts = texts
        self._taken: dict[tuple[str, str], list[Rewrite]] = {}

    def add(self, rewrite: Rewrite) -> None:
        """Note the names of an accepted rewrite."""
        for key in self._brought(rewrite):
            self._taken.setdefault(key, []).append(rewrite)

    def clash(self, rewrite: Rewrite) -> bool:
        """Whether a rewrite brings in a name that an accepted one uses in the same part of the text; one after the other is no clash."""
        for path, name in self._brought(rewrite):
            others = self._taken.get((path, name), ())
            if others and any(_meet(_span(path, self._texts[path], rewrite), _span(path, self._texts[path], other)) for other in others):
                return True
        return False

    def _brought(self, rewrite: Rewrite) -> set[tuple[str, str]]:
        found: set[tuple[str, str]] = set()
        for edit in rewrite.edits:
            text = self._texts.get(edit.path)
            if text is not None:
                found |= {(edit.path, word) for word in _WORDS.findall(edit.text) if word not in _KNOWN and word not in _words(text)}
        return found


@lru_cache(maxsize=8)
def _words(text: str) -> frozenset[str]:
    return frozenset(re.findall(r"[A-Za-z_]\w*", text))


def _meet(one: Span, other: Span) -> bool:
    return one[0] < other[1] and other[0] < one[1]


def _span(path: str, text: str, rewrite: Rewrite) -> Span:
    """From the first to the last statement that a rewrite changes, with all that stands in a loop or block whose header it changes."""
    try:
        tree = parsed(path, text)
    except ParseError:
        return 0, len(text)
    spans = [_around(tree, edit.start, edit.end) for edit in rewrite.edits if edit.path == path]
    return min(start for start, _ in spans), max(end for _, end in spans)


def _around(tree: Tree, start: int, end: int) -> Span:
    """The innermost statement that holds a part of the text, or that the text is put before."""
    found = start, end
    for kind in _STATEMENTS:
        for statement in tree.find(kind):
            first, last = tree.statement_span(statement)
            if first <= start and end <= last and (found == (start, end) or last - first < found[1] - found[0]) and start < last:
                found = first, last
    return found
