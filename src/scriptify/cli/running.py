"""What the verbs call: the library with a progress line around it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import click

from scriptify import cpp
from scriptify.cli.options import Chosen
from scriptify.cli.progress import Watch, watching

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from scriptify.choosing import Choice, Choose, Offer
    from scriptify.delivering import Exported
    from scriptify.events import Event
    from scriptify.oracle.parting import Parting
    from scriptify.oracle.protocol import Entry
    from scriptify.result import RunResult


class Asking(Protocol):
    """Whoever decides about a draft, and hears of progress meanwhile."""

    def choose(self, offer: Offer) -> Choice:
        """Choose; may raise Withdrawn."""
        ...

    def watch(self, event: Event) -> None:
        """Hear of progress."""
        ...


@contextmanager
def _pool(jobs: int) -> Iterator[Executor | None]:
    if jobs == 1:
        yield None
        return
    from concurrent.futures import ProcessPoolExecutor

    with ProcessPoolExecutor(jobs) as pool:
        yield pool


def survey(chosen: Chosen, paths: Sequence[str]) -> RunResult:
    """Findings from static facts."""
    wanted = chosen.paths(paths)
    from scriptify import api

    with _pool(chosen.jobs) as pool, watching(chosen, "reading"):
        return api.survey(wanted, settings=chosen.settings, executor=pool)


def migrate(
    chosen: Chosen,
    paths: Sequence[str],
    entries: Sequence[str],
    time_limit: float,
    keep_partial: bool,
    write: bool,
    save: Path | None = None,
    root: Path | None = None,
    entry_limit: float = 1800.0,
    asking: Asking | None = None,
    modules: bool = False,
    forms: Sequence[str] = (),
) -> RunResult:
    """A migration with a progress line.

    ``save`` also writes the first entry's scripted model, ``asking`` decides about the draft,
    ``modules`` asks for module trees, ``forms`` for other forms in them.
    """
    given = chosen.paths(paths)
    wanted = _entries(chosen, entries)
    if save is not None and not wanted:
        raise click.UsageError("--save needs an --entry")
    if save is not None and not save.resolve().parent.is_dir():
        raise click.UsageError(f"{save}: there is no folder {save.parent}")
    from scriptify import api
    from scriptify.oracle.protocol import Limits

    with _pool(chosen.jobs) as pool, watching(chosen, "starting") as watch:
        return api.migrate(
            given,
            wanted,
            settings=chosen.settings,
            limits=Limits(seconds=time_limit, entry=entry_limit),
            keep_partial=keep_partial,
            progress=watch,
            executor=pool,
            write=write,
            save=save,
            root=root,
            modules=modules,
            forms=forms,
            choose=_with_the_terminal(asking, watch) if asking is not None else None,
        )


def _with_the_terminal(asking: Asking, watch: Watch | None) -> Choose:
    """Let whoever decides have the terminal, and hear of the judge's progress, while the line of ours is away."""

    def choose(offer: Offer) -> Choice:
        with watch.aside(asking.watch) if watch is not None else nullcontext():
            return asking.choose(offer)

    return choose


def export(chosen: Chosen, entries: Sequence[str], output: Path, time_limit: float, **order: Any) -> Exported:
    """A file of the one entry's first model; ``order`` are the keywords of ``delivering.export``."""
    wanted = _entries(chosen, entries)
    if len(wanted) != 1:
        raise click.UsageError("give one --entry, or set one in [tool.scriptify] of pyproject.toml")
    from scriptify import delivering
    from scriptify.oracle.protocol import Limits

    with watching(chosen, "starting") as watch:
        try:
            return delivering.export(
                wanted[0], output, limits=Limits(seconds=time_limit), progress=watch, settings=chosen.settings, **order
            )
        except (delivering.OrderError, cpp.ProjectError) as error:
            raise click.UsageError(str(error)) from error


def verify(chosen: Chosen, entries: Sequence[str], time_limit: float, modules: bool = False, forms: Sequence[str] = ()) -> RunResult:
    """A verdict for each entry, as a result without changes."""
    wanted = _entries(chosen, entries)
    if not wanted:
        raise click.UsageError("give an --entry, or set entries in [tool.scriptify] of pyproject.toml")
    from scriptify import judging
    from scriptify.diagnostics import parse
    from scriptify.events import Event
    from scriptify.oracle.protocol import Limits
    from scriptify.result import EntryResult, RunResult

    found = []
    with watching(chosen, "starting") as watch, judging.oracle(Path.cwd(), Limits(seconds=time_limit)) as judge:
        for number, entry in enumerate(wanted):
            if watch is not None:
                watch(Event("judge", entry.target, number, len(wanted)))
            verdict = judge(entry, {})
            failure = verdict.first_failure
            remaining = parse(verdict.error, verdict.error_type) if failure and failure[0] == "scripts" and verdict.error else None
            found.append(EntryResult(entry, verdict, verdict, remaining, attempts=1, seconds=verdict.seconds))
    done = tuple(found)
    if modules or forms:
        with watching(chosen, "judging module by module") as watch:
            done = judging.with_modules(done, {}, {}, Path.cwd(), Limits(seconds=time_limit), watch, forms)
    return RunResult(entries=done, written=True, seconds=sum(item.seconds for item in found))


def compare(
    chosen: Chosen,
    sides: tuple[str, str],
    entries: Sequence[str],
    time_limit: float,
    same_weights: bool,
    calls: int,
    tolerance: float | None,
) -> list[Parting]:
    """Two sides compared, once for each entry; once where both sides name an entry of their own."""
    from scriptify import comparing
    from scriptify.oracle.parting import Question
    from scriptify.oracle.protocol import Limits
    from scriptify.oracle.runner import Oracle

    wanted: list[Entry | None] = list(_entries(chosen, entries))
    if not wanted or all(comparing.names_entry(text) for text in sides):
        wanted = [None]
    found = []
    try:
        pairs = [tuple(comparing.side(text, entry, Path.cwd()) for text in sides) for entry in wanted]
    except (comparing.CompareError, ValueError) as error:
        raise click.UsageError(str(error)) from error
    with watching(chosen, "starting") as watch, Oracle(Path.cwd(), Limits(seconds=time_limit)) as oracle:
        for number, (a, b) in enumerate(pairs):
            of_two = a.entry != b.entry and not a.file and not b.file
            load = same_weights or not of_two or (Path(a.entry.where).name == Path(b.entry.where).name and a.entry.root != b.entry.root)
            question = Question(load=load, calls=calls, tolerance=tolerance)
            found.append(comparing.compare_with(oracle, a, b, question, _telling(watch, number, len(pairs))))
    return found


def traced(chosen: Chosen, result: RunResult, time_limit: float) -> list[Parting]:
    """Eager against scripted for each entry that scripts: where they part."""
    from scriptify import comparing
    from scriptify.oracle.parting import Question, Side
    from scriptify.oracle.protocol import Limits
    from scriptify.oracle.runner import Oracle

    wanted = [item for item in result.entries if item.after.scripts.ok]
    found = []
    with watching(chosen, "starting") as watch, Oracle(Path.cwd(), Limits(seconds=time_limit)) as oracle:
        for number, item in enumerate(wanted):
            a, b = (Side(form, form, item.entry) for form in ("eager", "script"))
            # What the executor makes of the code after its first run may differ too.
            calls = 3 if "in a row" in item.after.scripted_same.detail else 1
            found.append(comparing.compare_with(oracle, a, b, Question(calls=calls), _telling(watch, number, len(wanted))))
    return found


def _telling(watch: Callable[[Event], None] | None, number: int, total: int) -> Callable[[str], None] | None:
    from scriptify.events import Event

    return (lambda words: watch(Event(words, "", number, total))) if watch is not None else None


def _entries(chosen: Chosen, given: Sequence[str]) -> list[Entry]:
    from scriptify.oracle.protocol import Entry

    try:
        return [Entry(item, str(root)) for item, root in chosen.entries(given)]
    except ValueError as error:
        raise click.UsageError(str(error)) from error
