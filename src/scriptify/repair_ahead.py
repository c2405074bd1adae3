"""Several entries repaired at once, on other threads, processes or machines, ahead of the repair that counts.

Each is repaired by itself from the same draft. Nothing of it is taken over but the oracle's answers: the
repair then goes through the entries one after the other as it always does, and finds the answer remembered
wherever its question is one that was asked ahead. So the result is the same as without, whatever the executor.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import Executor, as_completed
from dataclasses import dataclass
from pathlib import Path

from scriptify.draft import Draft
from scriptify.events import Event, Watch
from scriptify.observing import own_oracle
from scriptify.oracle.memory import Record
from scriptify.oracle.protocol import Limits, Observation
from scriptify.oracle.runner import Oracle
from scriptify.repair_bench import Work
from scriptify.transform import Settings, Transform


@dataclass(frozen=True, slots=True)
class Common:
    """What the repairs of all entries start from; picklable."""

    texts: Mapping[str, str]
    draft: Draft
    observations: tuple[Observation, ...]
    refused: frozenset[str]
    transforms: tuple[Transform, ...]
    settings: Settings
    root: Path
    limits: Limits
    preload: tuple[str, ...]


def ask_ahead(executor: Executor | None, oracle: Oracle, works: Sequence[Work], common: Common, watch: Watch) -> None:
    """Have the entries repaired elsewhere and let ``oracle`` learn the answers; nothing for one entry or without an executor."""
    if executor is None or len(works) < 2:
        return
    targets = {executor.submit(_repaired, work, common): work.entry.target for work in works}
    for number, future in enumerate(as_completed(targets)):
        watch(Event("ahead", targets[future], number, len(works)))
        try:
            oracle.memory.learn(future.result())
        except Exception:  # a worker that broke costs its lead only: the repair here asks for itself
            continue


def _repaired(work: Work, common: Common) -> tuple[Record, ...]:
    from scriptify.repair import Repair

    oracle = own_oracle(common.root, common.limits, common.preload)
    alone = Work(work.entry, work.before, work.before, touched=work.touched)
    repair = Repair(common.texts, [work.entry], common.transforms, oracle, common.settings, root=common.root)
    repair.ahead(common.draft, alone, common.observations, common.refused)
    return oracle.memory.of(oracle.absolute(work.entry))
