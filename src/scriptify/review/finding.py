"""What holds of the accepted set: whether it can be written, who is to blame if not, and what would make it whole."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field

from scriptify.choosing import Judgement, culprits, missing
from scriptify.review.amend import Clash

Ask = Callable[[Collection[int], Collection[int], Collection[str]], Judgement]
"""Judges these items, with the edits of these of them, for the entries named (all where none is)."""


@dataclass(frozen=True, slots=True)
class Finding:
    """The end of a review, by index of the items.

    ``lost`` names each entry (or complaint of the front end) that the whole draft settles and this selection
    does not, with the items left out that would settle it; an empty tuple where it is not known. ``harmful``
    are accepted items that change what is computed as long as the rest is left out; ``edits`` are those whose
    edits by hand do. ``clash`` is a sentence where edits do not fit at all.
    """

    judgement: Judgement = field(default_factory=Judgement)
    whole: bool = True
    empty: bool = False
    lost: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    harmful: tuple[int, ...] = ()
    edits: tuple[int, ...] = ()
    clash: str = ""

    @property
    def harmless(self) -> bool:
        """Whether it can be written."""
        return not self.clash and self.judgement.harmless

    @property
    def missing(self) -> tuple[int, ...]:
        """All that would make it whole."""
        return tuple(sorted({number for items in self.lost.values() for number in items}))


def find(
    ask: Ask,
    whole: Judgement,
    kept: Sequence[int],
    absent: Sequence[int],
    edited: Sequence[int],
    tell: Callable[[str], None] = lambda words: None,
) -> Finding:
    """Judge the items kept, and where they are not as good as all together, look for the reason by group tests.

    Raises Clash where the edits do not fit the items kept.
    """
    if not kept:
        return Finding(empty=True, whole=not absent)
    judgement = ask(kept, edited, ())
    lost = sorted(judgement.failing - whole.failing)
    if judgement.harmless and not lost:
        return Finding(judgement)
    ask = _without_clashes(ask)
    harmful: list[int] = []
    faulty = [] if not edited else _faulty(ask, whole, kept, absent, edited, tell)
    sound = [number for number in edited if number not in faulty]
    if not judgement.harmless and not faulty:
        tell("looking for what does harm without the rest")
        harmful = culprits(kept, lambda some: ask(some, [n for n in sound if n in some], ()).harmless)
    answers: dict[str, tuple[int, ...]] = {}
    targets = {item.entry.target for item in whole.entries}
    for subject in lost:
        tell(f"looking for what is missing for {subject.rpartition('/')[2]}")
        answers[subject] = _needed(ask, subject, targets, kept, absent, sound)
    if not judgement.harmless and not lost and absent:
        tell("looking for what it needs to do no harm")
        found = missing(absent, lambda some: ask([*kept, *some], sound, ()).harmless)
        answers["what is computed eagerly"] = tuple(found or ())
    return Finding(judgement, False, False, answers, tuple(harmful), tuple(faulty))


def _without_clashes(ask: Ask) -> Ask:
    """The same judge, for whom a selection that an edit does not fit simply does not hold."""

    def judge(kept: Collection[int], edited: Collection[int], targets: Collection[str]) -> Judgement:
        try:
            return ask(kept, edited, targets)
        except Clash as error:
            return Judgement(broken={"": str(error)})

    return judge


def _needed(
    ask: Ask, subject: str, targets: Collection[str], kept: Sequence[int], absent: Sequence[int], sound: Sequence[int]
) -> tuple[int, ...]:
    only = (subject,) if subject in targets else ()

    def holds(some: Collection[int]) -> bool:
        judged = ask([*kept, *some], sound, only)
        return judged.harmless and subject not in judged.failing

    return tuple(missing(absent, holds) or ()) if absent else ()


def _faulty(
    ask: Ask, whole: Judgement, kept: Sequence[int], absent: Sequence[int], edited: Sequence[int], tell: Callable[[str], None]
) -> list[int]:
    """The edits with which not even all rewrites together hold."""
    tell("looking at what was edited by hand")

    def holds(some: Collection[int]) -> bool:
        judged = ask([*kept, *absent], some, ())
        return judged.harmless and judged.failing <= whole.failing

    return culprits(edited, holds)
