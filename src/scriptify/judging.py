"""Single questions to the oracle, each with an oracle of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from scriptify.oracle.protocol import Entry, Limits, Overlay, Verdict
from scriptify.oracle.runner import Oracle, OracleError


@contextmanager
def oracle(root: Path, limits: Limits) -> Iterator[Callable[[Entry, Overlay], Verdict]]:
    """A judge for several entries: what to call with an entry and an overlay."""
    with Oracle(root=root, limits=limits) as running:
        yield running.judge


def judge(entry: Entry, overlay: Overlay, root: Path, limits: Limits) -> Verdict:
    """The verdict on an entry under an overlay."""
    with oracle(root, limits) as ask:
        return ask(entry, overlay)


def frontend(texts: Mapping[str, str], root: Path, limits: Limits) -> Mapping[str, list[str]]:
    """What the scripting front end refuses in texts that were not run, by path."""
    with Oracle(root=root, limits=limits) as running:
        return running.frontend(texts)


def save(entry: Entry, overlay: Overlay, path: Path, root: Path, limits: Limits) -> str:
    """Script an entry under an overlay and save it at ``path`` (TorchScript, ``.pt``); why that failed, or ``""``."""
    with Oracle(root=root, limits=limits) as running:
        try:
            running.script_save(entry, overlay, path)
        except OracleError as error:
            return f"{path}: the scripted model was not saved: {error}"
    return ""
