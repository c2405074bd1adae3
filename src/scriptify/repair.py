"""A project with entries: rewrite, judge, read the compiler's answer, rewrite there, until it scripts.

The only room that knows both the pipeline and the oracle. What comes out is a draft in which every
rewrite is needed by an entry that passes, or guards against a silent difference.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import Executor
from contextlib import nullcontext
from dataclasses import dataclass, replace
from functools import cached_property, partial
from pathlib import Path

from scriptify import pipeline
from scriptify.choosing import ALONE, Choose, Judgement, Offer, accept_all, left_out
from scriptify.diagnostics import Diagnostic, parse, scope_at
from scriptify.draft import Draft, parses, settle
from scriptify.events import Event, Watch
from scriptify.facts import merge, reach, static
from scriptify.facts.combine import combined
from scriptify.facts.model import Facts
from scriptify.minimise import acceptable
from scriptify.observing import looks
from scriptify.oracle.protocol import Entry, Limits, Observation, Verdict
from scriptify.oracle.runner import Oracle
from scriptify.registry import answering
from scriptify.repair_ahead import Common, ask_ahead
from scriptify.repair_bench import Bench, Work
from scriptify.result import EntryResult, Refusal
from scriptify.slim import slimmed, touched
from scriptify.transform import Decline, Focus, Phase, Rewrite, Settings, Transform

MAX_STEPS = 60


@dataclass(frozen=True, slots=True)
class Repaired:
    """Where the repair ended."""

    draft: Draft
    entries: tuple[EntryResult, ...]
    declines: tuple[Decline, ...]
    failures: Mapping[str, str]
    refusals: tuple[Refusal, ...]
    dropped: tuple[Rewrite, ...]


class Repair:
    """The loop over one project's texts and its entries; ``run`` does it once."""

    def __init__(
        self,
        texts: Mapping[str, str],
        entries: Sequence[Entry],
        transforms: Sequence[Transform],
        oracle: Oracle,
        settings: Settings,
        *,
        keep_partial: bool = False,
        watch: Watch | None = None,
        choose: Choose | None = None,
        executor: Executor | None = None,
        root: Path = Path(),
    ) -> None:
        self._texts = dict(texts)
        self._entries = entries
        self._transforms = transforms
        self._oracle = oracle
        self._settings = settings
        self._keep_partial = keep_partial
        self._watch = watch or (lambda event: None)
        self._choose = choose or accept_all
        self._bench = Bench(oracle, frozenset(texts), self._watch)
        self._executor = executor
        self._root = root
        self._observations: list[Observation] = []
        self._refusals: list[Refusal] = []
        self._refused: set[str] = set()
        self._known: tuple[int, Facts] | None = None
        self._failures: dict[str, str] = {}

    def run(self) -> Repaired:
        """Repair every entry as far as it goes. Raises nothing for a bad entry: its verdict says so."""
        works = self._begin()
        open_works = [work for work in works if work.open]
        self._watch(Event("rewrite"))
        draft = self._certain(Draft(self._texts), open_works or works, silent_only=not open_works)
        ask_ahead(self._executor, self._oracle, open_works, self._common(draft), self._watch)
        for number, work in enumerate(open_works):
            self._watch(Event("repair", work.entry.target, number, len(open_works)))
            done = self._repair(draft, work)
            # What was done for an entry that stays refused in the end would only be in the way of the others.
            draft = done if work.after.ok or self._keep_partial else draft
        self._watch(Event("judge"))
        draft = self._settled(draft, open_works)
        draft, dropped = self._minimal(draft, works)
        self._watch(Event("judge"))
        draft = self._settled(draft, works)
        draft = self._chosen(draft, works)
        results = tuple(self._bench.result(work, work.after) for work in works)
        declines = pipeline.declined(draft.texts, self._know(draft.texts), self._transforms)
        return Repaired(draft, results, declines, self._failures, tuple(self._refusals), dropped)

    def ahead(self, draft: Draft, work: Work, observations: Sequence[Observation], refused: Collection[str]) -> None:
        """Go through one entry by itself, for the sake of the answers that its oracle then remembers."""
        self._observations, self._refused = list(observations), set(refused)
        done = self._repair(draft, work)
        if work.after.ok:
            self._minimal(self._settled(done, [work]), [work])

    def _common(self, draft: Draft) -> Common:
        known = (tuple(self._observations), frozenset(self._refused), tuple(self._transforms), self._settings)
        return Common(self._texts, draft, *known, self._root, self._oracle.limits, getattr(self._oracle, "preload", ()))

    # what is known

    def _begin(self) -> list[Work]:
        works: list[Work] = []
        total = len(self._entries)
        self._watch(Event("observe", "", 0, total))
        seen_all = looks(self._oracle, self._entries, sorted(self._texts), self._executor, self._root)
        for entry, seen in zip(self._entries, seen_all, strict=True):
            through = touched(seen.observation)
            works.append(Work(entry, seen.verdict, seen.verdict, attempts=seen.attempts, seconds=seen.seconds, touched=through))
            if seen.observation is not None:
                self._observations.append(seen.observation)
            self._watch(Event("observe", entry.target, len(works) - 1, total))
        return works

    @cached_property
    def _observed(self) -> Observation:
        return combined(self._observations)

    def _know(self, texts: Mapping[str, str]) -> Facts:
        key = hash(tuple(sorted(texts.items())))
        if self._known is None or self._known[0] != key:
            facts = merge.merge(static.index(texts, self._settings), self._observed, self._texts)
            self._known = (key, facts)
        return self._known[1]

    def _certain(self, draft: Draft, works: Sequence[Work], silent_only: bool = False) -> Draft:
        """Add what the compiler is certain to refuse, less what changes eager behaviour."""
        transforms = self._transforms
        found = pipeline.run(
            self._texts,
            transforms,
            self._know,
            settings=self._settings,
            refused=self._refused,
            draft=draft,
            start=_only_silent if silent_only else None,
        )
        self._failures.update(found.failures)
        fresh = found.draft.rewrites[len(draft.rewrites) :]
        if not fresh:
            return draft
        return self._unharmed(found.draft, len(draft.rewrites), works, "the model's eager results or state_dict keys would not be the same")

    def _unharmed(self, draft: Draft, start: int, works: Sequence[Work], reason: str) -> Draft:
        """The draft less those rewrites, from this position on, that change what the models compute."""
        usable = [work for work in works if work.usable]
        positions = range(start, len(draft.rewrites))
        return self._held(draft, positions, lambda trial: all(self._bench.harmless(trial, work) for work in usable), reason)

    def _held(self, draft: Draft, positions: Sequence[int], holds: Callable[[Draft], bool], reason: str) -> Draft:
        """The draft less those of some rewrites with which it does not hold, found by group tests and refused."""
        _, refused = acceptable(positions, lambda kept: holds(draft.without(set(positions) - set(kept))))
        for position in refused:
            self._refuse(draft.rewrites[position], reason)
        return draft.without(refused) if refused else draft

    def _refuse(self, rewrite: Rewrite, reason: str) -> None:
        self._refused.add(rewrite.key)
        self._refusals.append(Refusal(rewrite, reason))

    def _repair(self, draft: Draft, work: Work) -> Draft:
        """Follow one entry's diagnostics until it passes or no transform answers."""
        verdict = self._bench.judge(draft, work)
        began = time.monotonic()
        for _ in range(MAX_STEPS):
            work.after = verdict
            if verdict.ok:
                work.remaining = None
                return draft
            diagnostic = parse(verdict.error, verdict.error_type)
            work.remaining = diagnostic
            if 0 < self._oracle.limits.entry < time.monotonic() - began:
                work.advice = f"the repair was given up after {self._oracle.limits.entry:g} seconds; --entry-limit gives it more"
                return draft
            work.seen.add(_mark(draft, diagnostic))
            step = self._answer(draft, work, diagnostic, verdict)
            if step is None:
                return draft
            draft, verdict = step
        return draft

    def _answer(self, draft: Draft, work: Work, diagnostic: Diagnostic, verdict: Verdict) -> tuple[Draft, Verdict] | None:
        """The first group of focused rewrites that brings the entry further, with its verdict."""
        focus = self._focus(draft, diagnostic)
        asked = answering(self._transforms, focus.message)
        if not asked:
            work.advice = "no transform answers this message; `scriptify explain` tells how to fix it by hand"
            return None
        facts = reach.including(self._know(draft.working), (focus.path, focus.scope))
        paths = [focus.path] if focus.path in draft.working else sorted(draft.working)
        reasons: list[str] = []
        for transform in asked:
            beyond = [path for path, _ in focus.callers if path in draft.working and path not in paths] if transform.last_resort else []
            for path in dict.fromkeys([*paths, *beyond]):
                found = pipeline.propose(path, draft.working[path], facts, [transform], focus)
                self._failures.update({f"{path}#{code}": why for code, why in found.failures.items()})
                near = [d for d in found.declines if not focus.line or d.line == focus.line or d.scope == focus.scope]
                reasons += [f"{d.code}: {d.because}" for d in near]
                step = self._try(draft, work, [r for r in found.rewrites if r.key not in self._refused], verdict)
                if step is not None:
                    return step
        work.advice = reasons[0] if reasons else "the transforms that know this message found nothing they could safely change there"
        return None

    def _focus(self, draft: Draft, diagnostic: Diagnostic) -> Focus:
        focus = diagnostic.focus(draft.working, draft.texts)
        callers = tuple((path, draft.line_shift(path, line)) for path, line in focus.callers)
        return replace(focus, line=draft.line_shift(focus.path, focus.line), callers=callers)

    def _try(self, draft: Draft, work: Work, rewrites: Sequence[Rewrite], verdict: Verdict) -> tuple[Draft, Verdict] | None:
        """All of a transform's rewrites together, then one by one."""
        together, _ = settle([replace(r, answers=verdict.error) for r in rewrites], draft.working)
        groups = [together] if len(together) < 2 else [together, *([r] for r in together)]
        for group in groups:
            if not group:
                continue
            trial = draft.adding(group)
            touched = {edit.path for rewrite in group for edit in rewrite.edits}
            if any(parses(path, trial.working[path]) for path in touched):
                continue
            after = self._bench.judge(trial, work)
            if self._further(work, verdict, after, trial):
                return trial, after
        return None

    @staticmethod
    def _further(work: Work, before: Verdict, after: Verdict, trial: Draft) -> bool:
        if not after.harmless:
            return False
        if after.ok or after.depth > before.depth:
            return True
        return after.depth == before.depth and _mark(trial, parse(after.error, after.error_type)) not in work.seen

    def _settled(self, draft: Draft, works: Sequence[Work]) -> Draft:
        """The draft less what breaks an entry that passed: what one entry needed must not cost another."""
        passing = [work for work in works if work.after.ok]
        self._bench.judge_all(draft, works)
        hurt = [work for work in passing if not work.after.ok]
        if not hurt:
            return draft
        draft = self._unharmed(draft, 0, hurt, "it would break another entry")
        self._bench.judge_all(draft, works)
        return draft

    def _chosen(self, draft: Draft, works: Sequence[Work]) -> Draft:
        """What whoever decides makes of the draft, judged again, and less what does harm without the rest."""
        whole = Judgement(tuple(self._bench.result(work, work.after) for work in works))
        choice = self._choose(Offer(draft, whole, partial(self._bench.judgement, works)))
        self._refusals += left_out(choice)
        if choice.draft is draft:
            return draft
        self._watch(Event("judge"))
        positions = range(len(choice.draft.rewrites))
        chosen = self._held(choice.draft, positions, lambda trial: self._bench.judgement(works, trial).harmless, ALONE)
        self._bench.judge_all(chosen, works)
        return chosen

    def _minimal(self, draft: Draft, works: Sequence[Work]) -> tuple[Draft, tuple[Rewrite, ...]]:
        """Leave out every rewrite that no passing entry needs; keep guards against silent differences."""
        passing = [work for work in works if work.after.ok]
        if self._keep_partial and len(passing) < len(works):
            return draft, ()
        if not passing:
            return Draft(self._texts), tuple(draft.rewrites)
        # An entry that passed as it was needs nothing; it is judged again when the rest is settled.
        needy = sorted((work for work in passing if not work.before.ok), key=lambda work: work.after.seconds)
        standing = {t.code for t in self._transforms if t.phase is Phase.DEPLOY}
        loose = [i for i, r in enumerate(draft.rewrites) if not r.silent and r.code not in standing]
        slim = self._slim(draft, loose, needy, near=True)
        if not all(self._bench.judge(slim, work).ok for work in needy):
            slim = self._slim(draft, loose, needy, near=False)
        left = {r.key for r in slim.rewrites}
        return slim, tuple(r for r in draft.rewrites if r.key not in left)

    def _slim(self, draft: Draft, loose: Sequence[int], needy: Sequence[Work], *, near: bool) -> Draft:
        return slimmed(draft, loose, needy, self._bench.still, lambda tried: self._watch(Event("minimise", "", tried)), near=near)


def _mark(draft: Draft, diagnostic: Diagnostic) -> tuple[str, ...]:
    """What tells one stop of the compiler from another: its message, the place by its text and function, how often that text is left."""
    where, source = diagnostic.place, draft.texts.get(diagnostic.signature[1], "")
    left = str(source.count(where.text)) if where is not None and where.text else ""
    return (*diagnostic.signature, left, scope_at(source, where.line) if where is not None else "")


def _only_silent(texts: Mapping[str, str], facts: Facts, transforms: Sequence[Transform]) -> dict[str, pipeline.Proposals]:
    found = pipeline.propose_all(texts, facts, transforms)
    return {path: replace(p, rewrites=tuple(r for r in p.rewrites if r.silent)) for path, p in found.items()}


def repair(
    texts: Mapping[str, str],
    entries: Sequence[Entry],
    transforms: Sequence[Transform],
    settings: Settings,
    *,
    root: Path,
    limits: Limits,
    keep_partial: bool = False,
    watch: Watch | None = None,
    choose: Choose | None = None,
    executor: Executor | None = None,
    oracle: Oracle | None = None,
) -> Repaired:
    """Repair a project's entries, with an oracle of its own where none is given.

    ``executor`` spreads the first look at several entries, and asks ahead what their repairs will ask; it
    may be any, of threads, processes or machines that see the same files.
    """
    with nullcontext(oracle) if oracle is not None else Oracle(root=root, limits=limits) as judge:
        work = Repair(
            texts,
            entries,
            transforms,
            judge,
            settings,
            keep_partial=keep_partial,
            watch=watch,
            choose=choose,
            executor=executor,
            root=root,
        )
        return work.run()


__all__ = ["Event", "Repair", "Repaired", "repair"]
