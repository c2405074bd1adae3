"""The first look at an entry: is the original refused, and what does a run of it show. Here or in another process."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import BrokenExecutor, Executor
from dataclasses import dataclass
from pathlib import Path

from scriptify.oracle.memory import Record
from scriptify.oracle.protocol import Entry, Limits, Observation, Verdict
from scriptify.oracle.runner import Oracle

_LOCAL = threading.local()


@dataclass(frozen=True, slots=True)
class Look:
    """The verdict on the unmodified entry; the observation is None where it does not run eagerly.

    ``records`` are what the oracle that looked remembers, where that was not the caller's own.
    """

    verdict: Verdict
    observation: Observation | None
    attempts: int
    seconds: float
    records: tuple[Record, ...] = ()


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
    for entry, future in zip(entries, waiting, strict=True):
        try:
            seen = future.result()
        except BrokenExecutor:  # a worker was killed, by the system perhaps: look here
            seen = look(oracle, entry, files)
        oracle.memory.learn(seen.records)
        yield seen


def _elsewhere(entry: Entry, files: tuple[str, ...], root: Path, limits: Limits, preload: tuple[str, ...]) -> Look:
    oracle = own_oracle(root, limits, preload)
    seen = look(oracle, entry, files)
    return Look(seen.verdict, seen.observation, seen.attempts, seen.seconds, oracle.memory.of(oracle.absolute(entry)))


class _Kept:
    """An oracle that ends with its thread."""

    def __init__(self, oracle: Oracle) -> None:
        self.oracle = oracle

    def __del__(self) -> None:
        self.oracle.close()


def own_oracle(root: Path, limits: Limits, preload: tuple[str, ...]) -> Oracle:
    """An oracle of this thread's own, kept for the next entry."""
    kept: _Kept | None = getattr(_LOCAL, "kept", None)
    if kept is None or (kept.oracle.root, kept.oracle.limits, kept.oracle.preload) != (str(root), limits, preload):
        kept = _LOCAL.kept = _Kept(Oracle(root=root, limits=limits, preload=preload))
    return kept.oracle
