"""The library: rewrite a text, migrate files, verify an entry. What the command line does, as functions."""

from __future__ import annotations

import pickle
import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from concurrent.futures import BrokenExecutor, Executor
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from scriptify import judging, pipeline, project, registry
from scriptify.choosing import Choose, Decide, Judge, Judgement, Offer, broken, chooser, left_out, parsing
from scriptify.draft import Draft
from scriptify.events import Event
from scriptify.facts import static
from scriptify.facts.model import Facts, Observed
from scriptify.oracle.protocol import Entry, Limits, Verdict
from scriptify.repair import repair
from scriptify.result import RunResult
from scriptify.source import SourceError
from scriptify.transform import Failed, Outcome, Settings, Skipped, Transform

if TYPE_CHECKING:
    from scriptify.oracle.runner import Oracle

LIMITS = Limits()
SHARES = 16

Progress = Callable[[Event], None]


def rewrite(
    source: str,
    *,
    facts: Observed | None = None,
    select: Sequence[str] = (),
    ignore: Sequence[str] = (),
    settings: Settings | None = None,
    transforms: Sequence[Transform] | None = None,
    path: str = "source.py",
) -> pipeline.Result:
    """Rewrite one text by its static facts, and by what a run has shown where ``facts`` gives it.

    Text in, result out: ``result.draft.texts[path]`` is the new text, ``result.declines`` what was left
    alone and why. Never touches a disk and never imports torch. A text that does not parse is a failure
    in ``result.failures``. ``transforms`` replaces the chosen ones by these instances. Raises RegistryError for a code that does not exist.
    """
    chosen = replace(settings or Settings(), select=tuple(select), ignore=tuple(ignore)) if select or ignore else settings or Settings()
    return pipeline.run({path: source}, transforms or registry.chosen(chosen), _knower(chosen, facts), settings=chosen)


def _knower(settings: Settings, observed: Observed | None = None) -> pipeline.Know:
    def know(texts: Mapping[str, str]) -> Facts:
        facts = static.index(texts, settings)
        if observed is None:
            return facts
        from scriptify.facts import merge

        return merge.observed(facts, observed)

    return know


def survey(
    paths: Iterable[str | Path],
    *,
    settings: Settings | None = None,
    executor: Executor | None = None,
    root: Path | None = None,
) -> RunResult:
    """What ``migrate`` would do from static facts alone; writes nothing and imports no torch.

    Raises SourceError for a path that is missing, RegistryError for an unknown code.
    """
    began = time.monotonic()
    found = project.read(map(Path, paths), root)
    outcomes, failures = _static(found, settings or Settings(), executor)
    return RunResult(outcomes=outcomes, failures=failures, seconds=time.monotonic() - began)


def _static(found: project.Project, settings: Settings, executor: Executor | None) -> tuple[tuple[Outcome, ...], Mapping[str, str]]:
    transforms = registry.chosen(settings)
    result = pipeline.run(found.texts, transforms, _knower(settings), settings=settings, start=_spread(executor, settings))
    return tuple(_outcomes(found, result)), result.failures


def _spread(executor: Executor | None, settings: Settings) -> pipeline.Start:
    if executor is None:
        return pipeline.propose_all

    def start(texts: Mapping[str, str], facts: Facts, transforms: Sequence[Transform]) -> dict[str, pipeline.Proposals]:
        interesting = sorted((p for p, text in texts.items() if any(t.interested(text) for t in transforms)), key=lambda p: -len(texts[p]))
        known = pickle.dumps((facts, tuple(t.code for t in transforms)), pickle.HIGHEST_PROTOCOL)
        shares = [{path: texts[path] for path in interesting[n::SHARES]} for n in range(min(SHARES, len(interesting)))]
        futures = [executor.submit(_propose_some, share, known) for share in shares]
        found: dict[str, pipeline.Proposals] = {}
        for share, future in zip(shares, futures, strict=True):
            try:
                found.update(future.result())
            except BrokenExecutor:  # a worker was killed, by the system perhaps: do its share here
                found.update(pipeline.propose_all(share, facts, transforms))
        return {path: found.get(path, pipeline.Proposals()) for path in texts}

    return start


def _propose_some(texts: Mapping[str, str], known: bytes) -> dict[str, pipeline.Proposals]:
    """Several files' proposals in another process: only picklable data travels."""
    return pipeline.propose_all(texts, *_unpickled(known))


@lru_cache(maxsize=1)
def _unpickled(known: bytes) -> tuple[Facts, list[Transform]]:
    facts, codes = pickle.loads(known)
    return facts, [t for t in registry.all_transforms() if t.code in codes]


def _outcomes(found: project.Project, result: pipeline.Result) -> list[Outcome]:
    others: list[Outcome] = [Failed(path, why) for path, why in found.unreadable.items()]
    others += [Skipped(path, why) for path, why in found.skipped.items()]
    return sorted([*result.outcomes(sorted(found.files)), *others], key=lambda o: o.path)


def migrate(
    paths: Iterable[str | Path],
    entries: Iterable[Entry | str] = (),
    *,
    decide: Decide | None = None,
    choose: Choose | None = None,
    progress: Progress | None = None,
    executor: Executor | None = None,
    settings: Settings | None = None,
    limits: Limits = LIMITS,
    keep_partial: bool = False,
    write: bool = True,
    save: Path | None = None,
    root: Path | None = None,
    oracle: Oracle | None = None,
    modules: bool = False,
    forms: Sequence[str] = (),
) -> RunResult:
    """Rewrite files until the entries script, prove it, and write them, all or none.

    With entries, only what they need is changed, and everything is judged by the oracle. Without, static
    facts decide, and what is proved is that the results parse, compile and pass the scripting front end.
    ``decide`` may turn down single rewrites, ``choose`` has the whole draft to choose from; ``save`` is where
    the first entry's scripted model goes, if it is proved; ``oracle`` is one to share between several migrations;
    with ``modules`` each entry's result tells what is proved of each module of its models by itself, with ``forms``
    also in other forms than scripting (``trace``, ``export``, ``onnx``), which then count for the entry.
    What could not be written or saved is told in ``problems`` of the result, with every file as it was.
    Raises SourceError where no path leads to a file, RegistryError for an unknown code, ValueError for a
    malformed entry, Withdrawn where ``choose`` raises it.
    """
    began = time.monotonic()
    settings = settings or Settings()
    found = project.read(map(Path, paths), root)
    wanted = [entry if isinstance(entry, Entry) else Entry(entry, str(found.root)) for entry in entries]
    order = _Order(tuple(wanted), settings, chooser(decide, choose), progress, executor, limits, keep_partial, oracle)
    result = _with_entries(found, order) if wanted else _without_entries(found, order)
    changes = {o.path: o.after for o in result.changed}
    unwritten = _written(found, changes) if write else ""
    unsaved = ""
    if save is not None and result.entries and result.entries[0].ok:
        unsaved = judging.save(result.entries[0].entry, changes, save, found.root, limits)
    problems = (*result.problems, *filter(None, (unwritten, unsaved)))
    if (modules or forms) and result.entries:
        before = {o.path: o.before for o in result.changed}
        entries_told = judging.with_modules(result.entries, before, changes, found.root, limits, progress, forms)
        result = replace(result, entries=entries_told)
    return replace(result, written=write and not unwritten, problems=problems, seconds=time.monotonic() - began)


def _written(found: project.Project, changes: Mapping[str, str]) -> str:
    """Write the changes; why that failed, or ``""``."""
    try:
        found.write(changes)
    except SourceError as error:
        return str(error)
    return ""


@dataclass(frozen=True, slots=True)
class _Order:
    """What a migration was asked to do."""

    entries: tuple[Entry, ...]
    settings: Settings
    choose: Choose
    progress: Progress | None
    executor: Executor | None
    limits: Limits
    keep_partial: bool
    oracle: Oracle | None


def _without_entries(found: project.Project, order: _Order) -> RunResult:
    transforms = registry.chosen(order.settings)
    start = _spread(order.executor, order.settings)
    result = pipeline.run(found.texts, transforms, _knower(order.settings), settings=order.settings, start=start)
    with judging.frontend(found.root, order.limits) as ask:
        judge = _frontend_judge(result.draft, ask)
        whole = judge(result.draft)
        choice = order.choose(Offer(result.draft, whole, judge))
        draft, torn = parsing(choice.draft)
        frontend = whole.frontend if draft is result.draft else judge(draft).frontend
    return RunResult(
        outcomes=tuple(_outcomes(found, replace(result, draft=draft))),
        refusals=(*left_out(choice), *torn),
        failures=result.failures,
        frontend={path: lines for path, lines in frontend.items() if path in draft.changed},
    )


def _frontend_judge(draft: Draft, ask: judging.Ask | None) -> Judge:
    """Judges parts of a draft that no entry runs: they parse, and the front end of the compiler tells what it refuses."""
    paths = [*draft.changed]

    def judge(trial: Draft, targets: Collection[str] = ()) -> Judgement:
        torn = broken(trial)
        if torn or ask is None:
            return Judgement(broken=torn, parsed_only=ask is None)
        return Judgement(frontend=ask({path: trial.texts[path] for path in paths}))

    return judge


def _with_entries(found: project.Project, order: _Order) -> RunResult:
    repaired = repair(
        found.texts,
        order.entries,
        registry.chosen(order.settings),
        order.settings,
        root=found.root,
        limits=order.limits,
        keep_partial=order.keep_partial,
        watch=order.progress,
        choose=order.choose,
        executor=order.executor,
        oracle=order.oracle,
    )
    done = pipeline.Result(repaired.draft, repaired.declines, {k: v for k, v in repaired.failures.items() if "#" not in k})
    return RunResult(
        outcomes=tuple(_outcomes(found, done)),
        entries=repaired.entries,
        refusals=repaired.refusals,
        dropped=repaired.dropped,
        failures=repaired.failures,
    )


def verify(
    entry: Entry | str,
    *,
    overlay: Mapping[str, str] | None = None,
    limits: Limits = LIMITS,
    root: Path | None = None,
) -> Verdict:
    """Judge an entry as it stands on disk (or under ``overlay``): does it script, compute the same, reload the same.

    Raises ValueError for a malformed entry; everything else is in the verdict.
    """
    base = (root or Path.cwd()).resolve()
    wanted = entry if isinstance(entry, Entry) else Entry(entry, str(base))
    return judging.judge(wanted, overlay or {}, base, limits)


__all__ = ["Choose", "Decide", "Progress", "migrate", "rewrite", "survey", "verify"]
