"""Single questions to the oracle, each with an oracle of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from importlib.util import find_spec
from pathlib import Path

from scriptify import cpp
from scriptify.events import Event, Watch
from scriptify.oracle.protocol import Delivery, Entry, Limits, LiveModule, Order, Overlay, Verdict
from scriptify.oracle.runner import Oracle, OracleError
from scriptify.result import EntryResult, ModuleRow


@contextmanager
def oracle(root: Path, limits: Limits) -> Iterator[Callable[[Entry, Overlay], Verdict]]:
    """A judge for several entries: what to call with an entry and an overlay."""
    with Oracle(root=root, limits=limits) as running:
        yield running.judge


def judge(entry: Entry, overlay: Overlay, root: Path, limits: Limits) -> Verdict:
    """The verdict on an entry under an overlay."""
    with oracle(root, limits) as ask:
        return ask(entry, overlay)


Ask = Callable[[Mapping[str, str]], Mapping[str, tuple[str, ...]]]
"""What the scripting front end refuses in texts that are not run, by path."""


@contextmanager
def frontend(root: Path, limits: Limits) -> Iterator[Ask | None]:
    """Asks the scripting front end, about each text once; None where no torch is installed to ask."""
    if find_spec("torch") is None:
        yield None
        return
    known: dict[tuple[str, str], tuple[str, ...]] = {}
    with Oracle(root=root, limits=limits) as running:

        def ask(texts: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
            fresh = {path: text for path, text in texts.items() if (path, text) not in known}
            found = running.frontend(fresh) if fresh else {}
            known.update({(path, text): tuple(found.get(path, ())) for path, text in fresh.items()})
            return {path: known[path, text] for path, text in texts.items()}

        yield ask


def save(entry: Entry, overlay: Overlay, path: Path, root: Path, limits: Limits) -> str:
    """Script an entry under an overlay and save it at ``path`` (TorchScript, ``.pt``); why that failed, or ``""``."""
    with Oracle(root=root, limits=limits) as running:
        try:
            running.script_save(entry, overlay, path)
        except OracleError as error:
            return f"{path}: the scripted model was not saved: {error}"
    return ""


def with_modules(
    results: Sequence[EntryResult],
    before: Overlay,
    after: Overlay,
    root: Path,
    limits: Limits,
    watch: Watch | None = None,
    forms: Sequence[str] = (),
) -> tuple[EntryResult, ...]:
    """The results with the module tree of each entry, under the texts ``before`` and ``after`` a migration.

    ``forms`` are tried besides scripting, and count for whether an entry is all right.
    """
    done = []
    with Oracle(root=root, limits=limits) as running:
        for number, item in enumerate(results):
            if watch is not None:
                watch(Event("modules", item.entry.target, number, len(results)))
            if item.usable:
                old = running.modules(item.entry, before, proved=item.before.ok, forms=forms)
                new = old if before == after else running.modules(item.entry, after, proved=item.after.ok, forms=forms)
                item = replace(item, modules=tuple(_rows(old, new)), forms=tuple(forms))
            done.append(item)
    return tuple(done)


def _rows(old: Sequence[LiveModule], new: Sequence[LiveModule]) -> Iterator[ModuleRow]:
    left = {(item.model, item.path): item for item in new}
    for item in old:
        after = left.pop((item.model, item.path), None)
        yield ModuleRow(item.path, item.name, item.file, item.line, item.parameters, item.forms, after.forms if after else {}, item.model)
    for item in left.values():
        yield ModuleRow(item.path, item.name, item.file, item.line, item.parameters, {}, item.forms, item.model)


def deliver(entry: Entry, order: Order, path: Path, overlay: Overlay, root: Path, limits: Limits, project: Path | None = None) -> Delivery:
    """Make, prove and write the file that ``order`` says; with ``project``, a CMake project that runs it.

    Raises OracleError and ProjectError.
    """
    with Oracle(root=root, limits=limits) as running:
        return running.deliver(entry, order, path, overlay, None if project is None else partial(cpp.write, project))
