"""Where the repair puts its drafts to the oracle: one entry's state, and what was proved of it."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from scriptify.choosing import Judgement, broken
from scriptify.diagnostics import Diagnostic, parse
from scriptify.draft import Draft
from scriptify.events import Event, Watch
from scriptify.oracle.protocol import Entry, Verdict
from scriptify.result import EntryResult
from scriptify.slim import Scope

if TYPE_CHECKING:
    from scriptify.oracle.runner import Oracle


@dataclass(slots=True)
class Work:
    """One entry's state while the repair runs."""

    entry: Entry
    before: Verdict
    after: Verdict
    remaining: Diagnostic | None = None
    advice: str = ""
    attempts: int = 0
    seconds: float = 0.0
    seen: set[tuple[str, ...]] = field(default_factory=set)
    touched: frozenset[Scope] = frozenset()

    @property
    def usable(self) -> bool:
        """Whether it gave a model that runs eagerly."""
        return self.before.imports.ok and self.before.eager_same.ok

    @property
    def open(self) -> bool:
        """Whether there is something to repair, and it can be."""
        return self.usable and not self.after.ok


class Bench:
    """Judges drafts for the entries of one repair, and keeps count of what each cost."""

    def __init__(self, oracle: Oracle, own: frozenset[str], watch: Watch) -> None:
        self._oracle = oracle
        self._own = own
        self._watch = watch

    def judge(self, draft: Draft, work: Work) -> Verdict:
        """All that can be proved of an entry with this draft."""
        with self._counted(work):
            return self._oracle.judge(work.entry, draft.changed)

    @contextmanager
    def _counted(self, work: Work) -> Iterator[None]:
        began, before = time.monotonic(), self._oracle.attempts
        yield
        work.seconds += time.monotonic() - began
        work.attempts += self._oracle.attempts - before

    def judge_all(self, draft: Draft, works: Sequence[Work]) -> None:
        """Bring every entry's verdict up to date."""
        for work in works:
            if work.usable:
                work.after = self.judge(draft, work)

    def harmless(self, draft: Draft, work: Work) -> bool:
        """Whether the eager side is the same, and an entry that scripted before still does."""
        verdict = self.judge(draft, work)
        return verdict.ok if work.before.ok else verdict.harmless

    def still(self, draft: Draft, work: Work) -> str:
        """The error an entry meets with this draft, or ``""``: the cheap question first."""
        with self._counted(work):
            quick = self._oracle.scripts(work.entry, draft.changed)
        verdict = self.judge(draft, work) if quick.scripts.ok else quick
        return "" if verdict.ok else verdict.error or "it is not proved"

    def judgement(self, works: Sequence[Work], draft: Draft, targets: Collection[str] = ()) -> Judgement:
        """What holds of a selection, for all entries or those named; their own state stays as it is."""
        torn = broken(draft)
        if torn:
            return Judgement(broken=torn)
        found = []
        asked = [work for work in works if not targets or work.entry.target in targets]
        for number, work in enumerate(asked):
            self._watch(Event("judge", work.entry.target, number, len(asked)))
            found.append(self.result(work, self.judge(draft, work) if work.usable else work.before))
        return Judgement(tuple(found))

    def result(self, work: Work, verdict: Verdict) -> EntryResult:
        """An entry's result under a verdict, with what stands in its way."""
        remaining = None
        if not verdict.ok:
            met = parse(verdict.error, verdict.error_type) if verdict.error and work.usable else None
            remaining = work.remaining or met if work.after is verdict else met
        place = remaining.place if remaining is not None else None
        outside = place.path if place is not None and place.path not in self._own else ""
        advice = work.advice if remaining is not None and remaining is work.remaining else ""
        return EntryResult(work.entry, work.before, verdict, remaining, advice, outside, work.attempts, work.seconds)
