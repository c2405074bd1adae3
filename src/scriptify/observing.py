"""The first look at an entry: is the original refused, and what does a run of it show. Here or in another process."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from pathlib import Path

from scriptify.oracle.protocol import Entry, Limits, Observation, Verdict
from scriptify.oracle.runner import Oracle

_LOCAL = threading.local()


@dataclass(frozen=True, slots=True)
class Look:
    """The verdict on the unmodified entry; the observation is None where it does not run eagerly."""

    verdict: Verdict
    observation: Observation | None
    attempts: int
    seconds: float


def look(oracle: Oracle, entry: Entry, files: Sequence[str]) -> Look:
    """Judge an entry as it is and, where it runs, observe it; ``files`` are the project's."""
    began, before = time.monotonic(), oracle.attempts
    verdict = oracle.judge(entry, {})
    runs = verdict.imports.ok and verdict.eager_same.ok
    observation = oracle.observe(entry, frozenset(files)) if runs else None
    return Look(verdict, observation, oracle.attempts - before, time.monotonic() - began)


def looks(oracle: Oracle, entries: Sequence[Entry], files: Sequence[str], executor: Executor | None, root: Path) -> Iterator[Look]:
    """A look at every entry, in order; spread over ``executor`` where there is one and several entries."""
    if executor is None or len(entries) < 2:
        for entry in entries:
            yield look(oracle, entry, files)
        return
    waiting = [executor.submit(_elsewhere, entry, tuple(files), root, oracle.limits, oracle.preload) for entry in entries]
    for future in waiting:
        yield future.result()


def _elsewhere(entry: Entry, files: tuple[str, ...], root: Path, limits: Limits, preload: tuple[str, ...]) -> Look:
    """A look with an oracle of this thread's own, kept for the next entry."""
    kept: Oracle | None = getattr(_LOCAL, "oracle", None)
    if kept is None or kept.root != str(root) or kept.limits != limits:
        if kept is not None:
            kept.close()
        kept = _LOCAL.oracle = Oracle(root=root, limits=limits, preload=preload)
    return look(kept, entry, files)
