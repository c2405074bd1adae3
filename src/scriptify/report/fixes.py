"""Which rewrites a reader can take one by one, and which only together: what is offered as one fix is never half of one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from scriptify.report.regions import edits
from scriptify.result import RunResult
from scriptify.transform import Changed, Piece, Rewrite


@dataclass(frozen=True, slots=True)
class Fix:
    """Rewrites that share a piece of text (an import they all need, a line they all change), and all their pieces by file."""

    rewrites: tuple[Rewrite, ...]
    changes: tuple[tuple[Changed, tuple[Piece, ...]], ...]


def fixes(result: RunResult) -> Iterator[Fix]:
    """Every rewrite in exactly one fix, by file and line. Applied together they give what a migration writes."""
    groups = _Groups()
    for change in result.changed:
        for piece in edits(change):
            groups.join([id(change.rewrites[n]) for n in piece.owners])
    members: dict[int, list[Rewrite]] = {}
    for rewrite in result.rewrites:
        members.setdefault(groups.of(id(rewrite)), []).append(rewrite)
    found: dict[int, list[tuple[Changed, tuple[Piece, ...]]]] = {}
    for change in result.changed:
        mine: dict[int, list[Piece]] = {}
        for piece in edits(change):
            mine.setdefault(groups.of(id(change.rewrites[piece.owners[0]])), []).append(piece)
        for group, pieces in mine.items():
            found.setdefault(group, []).append((change, tuple(pieces)))
    for group, rewrites in members.items():
        yield Fix(tuple(rewrites), tuple(found.get(group, ())))


class _Groups:
    """Sets of rewrites, by identity, that grow together."""

    def __init__(self) -> None:
        self._parent: dict[int, int] = {}

    def of(self, item: int) -> int:
        """The one that stands for the group of ``item``."""
        while (above := self._parent.get(item, item)) != item:
            item = above
        return item

    def join(self, items: Sequence[int]) -> None:
        """Put these into one group."""
        for item in items[1:]:
            self._parent[self.of(item)] = self.of(items[0])
