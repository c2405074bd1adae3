"""What a review knows at one moment: the rewrites, the decisions on them, what is on the screen. Plain frozen data."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field

from scriptify.review.amend import Block
from scriptify.review.finding import Finding


class Mark(enum.Enum):
    """What was decided about a rewrite."""

    OPEN = "undecided"
    TAKEN = "accepted"
    REFUSED = "rejected"


class Mode(enum.Enum):
    """What is on the screen."""

    CARD = "card"
    HELP = "help"
    WHY = "why"
    VERDICT = "verdict"
    GOTO = "goto"
    SEARCH = "search"
    ABORT = "abort"
    END = "end"


class Effect(enum.Enum):
    """What the session asks of whoever runs it."""

    EDIT = "edit the card in the editor, then call edited()"
    JUDGE = "judge the selection so far, then call judged()"
    FINISH = "judge the accepted set and look for what is wrong, then call found()"
    WRITE = "go on with the accepted set"
    LEAVE = "write nothing, keep the decisions"
    ABORT = "write nothing, put the decisions back as they were"


@dataclass(frozen=True, slots=True)
class Item:
    """A rewrite as the session sees it: what it stands on and what stands on it, by index, both without itself."""

    code: str
    path: str
    line: int
    text: str = ""
    stands_on: frozenset[int] = frozenset()
    carries: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Decided:
    """All that was decided: what is kept, what is undone."""

    marks: tuple[Mark, ...]
    edits: Mapping[int, tuple[Block, ...]] = field(default_factory=dict)

    def where(self, *wanted: Mark) -> tuple[int, ...]:
        """The indices with one of these marks."""
        return tuple(number for number, mark in enumerate(self.marks) if mark in wanted)

    @property
    def taken_edits(self) -> dict[int, tuple[Block, ...]]:
        """The edits of accepted rewrites."""
        return {number: blocks for number, blocks in self.edits.items() if self.marks[number] is Mark.TAKEN}


@dataclass(frozen=True, slots=True)
class State:
    """Where a review stands. ``at`` is the first index of the card shown; ``note`` is said once, under the card."""

    decided: Decided
    at: int = 0
    mode: Mode = Mode.CARD
    joined: frozenset[str] = frozenset()
    context: int = 4
    typed: str = ""
    pattern: str = ""
    note: str = ""
    end: Finding | None = None
    past: tuple[tuple[Decided, int], ...] = ()


Step = tuple[State, Effect | None]
