"""The decision step: what is offered once a draft is proved, and what whoever decides makes of it.

It is the only difference between a migration, a review and a library call: accept all, ask a callback about
each rewrite, or let a person choose. Pure; the judge is a function that the engine gives.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from scriptify.draft import Draft, parses
from scriptify.minimise import acceptable, unneeded
from scriptify.result import EntryResult, Refusal
from scriptify.transform import Rewrite

Decide = Callable[[Rewrite], bool]
"""Whether to keep a rewrite; asked once for each, after the oracle has had its say."""

ALONE = "without what was left out it would change what is computed, or not parse"
_LINE = re.compile(r":\d+")


class Withdrawn(Exception):
    """Raised by whoever chooses to take the whole migration back: nothing is written."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """What is known of one selection.

    ``broken`` gives the reason for each file that would not parse, and then nothing else was tried.
    ``entries`` hold each entry's verdict; ``frontend`` is what the scripting front end refuses, by path,
    where there are no entries; ``parsed_only`` where not even that could be asked, for want of a torch.
    """

    entries: tuple[EntryResult, ...] = ()
    frontend: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    broken: Mapping[str, str] = field(default_factory=dict)
    parsed_only: bool = False

    @property
    def harmless(self) -> bool:
        """Whether it can be written: all parses, eager results and keys are the same, what scripted before still does."""
        return not self.broken and all(item.harmless for item in self.entries if item.usable)

    @property
    def failing(self) -> frozenset[str]:
        """What does not hold, by name: files that do not parse, entries that are not proved, what the front end refuses."""
        lines = {_LINE.sub("", line) for lines in self.frontend.values() for line in lines}
        return frozenset({*self.broken, *lines, *(item.entry.target for item in self.entries if not item.ok)})


class Judge(Protocol):
    """Judges a part of an offer's draft, or what was made of it; for the entries named alone, where some are."""

    def __call__(self, draft: Draft, /, targets: Collection[str] = ()) -> Judgement:
        """What holds of ``draft``."""
        ...


@dataclass(frozen=True)
class Offer:
    """A proved draft to choose from: ``whole`` is the judgement on all of it, ``judge`` gives that on any part."""

    draft: Draft
    whole: Judgement
    judge: Judge

    def holds(self, judgement: Judgement) -> bool:
        """Whether a part is as good as the whole: harmless, and nothing fails that the whole proves."""
        return judgement.harmless and judgement.failing <= self.whole.failing


@dataclass(frozen=True, slots=True)
class Choice:
    """The draft to go on with, and what was left out of the offer's by choice: turned down, or not decided."""

    draft: Draft
    turned_down: tuple[Rewrite, ...] = ()
    undecided: tuple[Rewrite, ...] = ()


def left_out(choice: Choice) -> list[Refusal]:
    """What a choice left out, as the result tells it."""
    turned_down = [Refusal(rewrite, "turned down", by_choice=True) for rewrite in choice.turned_down]
    return turned_down + [Refusal(rewrite, "not decided", by_choice=True) for rewrite in choice.undecided]


Choose = Callable[[Offer], Choice]
"""Chooses from an offer. May raise Withdrawn."""


def accept_all(offer: Offer) -> Choice:
    """What a migration does that nobody is asked about."""
    return Choice(offer.draft)


def one_by_one(decide: Decide) -> Choose:
    """Ask about each rewrite in turn."""

    def choose(offer: Offer) -> Choice:
        rewrites = offer.draft.rewrites
        out = [number for number, rewrite in enumerate(rewrites) if not decide(rewrite)]
        return Choice(offer.draft.without(out), tuple(rewrites[number] for number in out))

    return choose


def chooser(decide: Decide | None, choose: Choose | None) -> Choose:
    """The one step for what a caller gave. Raises ValueError for both."""
    if decide is not None and choose is not None:
        raise ValueError("give decide or choose, not both")
    return choose or (one_by_one(decide) if decide is not None else accept_all)


def broken(draft: Draft) -> dict[str, str]:
    """The reason for each file of a draft that would not parse."""
    paths = {edit.path for rewrite in draft.rewrites for edit in rewrite.edits}
    found = {path: parses(path, draft.working[path]) for path in sorted(paths)}
    return {path: why for path, why in found.items() if why}


def parsing(draft: Draft) -> tuple[Draft, list[Refusal]]:
    """A draft less the rewrites after which a file would not parse, and those as refusals."""
    if not broken(draft):
        return draft, []
    positions = range(len(draft.rewrites))
    out = culprits(positions, lambda kept: not broken(draft.without(set(positions) - set(kept))))
    return draft.without(out), [Refusal(draft.rewrites[number], ALONE) for number in out]


def missing(absent: Sequence[int], holds: Callable[[Collection[int]], bool]) -> list[int] | None:
    """Which of the rewrites left out would make a selection whole again: the fewest, by group tests.

    ``holds`` judges the selection together with some of ``absent``. None where not even all of them help.
    """
    if not holds(absent):
        return None
    spare = unneeded(absent, lambda gone: holds([number for number in absent if number not in gone]))
    return [number for number in absent if number not in spare]


def culprits(chosen: Sequence[int], holds: Callable[[Collection[int]], bool]) -> list[int]:
    """Which of the rewrites chosen do harm, by group tests: the rest holds without them."""
    return acceptable(chosen, holds)[1]
