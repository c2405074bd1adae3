"""Live facts: one eager run of an entry under watch, in a process of its own.

Functions and modules of the given project files only; what torch and other packages do is not recorded.
"""

from __future__ import annotations

import os
from collections.abc import Collection

from scriptify.facts.live_attributes import Instances, placer
from scriptify.facts.live_trace import Tracer
from scriptify.oracle.protocol import Entry, Observation
from scriptify.oracle.worker_calls import call, models
from scriptify.oracle.worker_entry import EntryError, build, load_function


def observe(entry: Entry, root: str, files: Collection[str]) -> Observation:
    """Build the entry's cases and call each once; ``files`` are absolute paths whose functions and classes count.

    An entry that can't be built, or whose every call raises, gives an Observation with ``error``; what
    was seen up to there is kept.
    """
    names = {os.path.realpath(path): path for path in files}
    try:
        cases = build(entry, load_function(entry, root))
    except EntryError as error:
        return Observation(error=str(error), error_type=error.kind)
    found, _ = models(cases)
    instances = Instances(found, placer(names))
    tracer = Tracer(names)
    outcomes = []
    for case in cases:
        outcomes.append(call(_traced(case.model, tracer), case.args, case.kwargs))
    failed = outcomes[0] if all(outcome.output is None for outcome in outcomes) else None
    return Observation(
        tracer.functions(),
        instances.classes(),
        tuple(tracer.edges),
        f"the model {failed.sentence}" if failed else "",
        failed.error_type if failed else "",
    )


def _traced(model: object, tracer: Tracer) -> object:
    def run(*args: object, **kwargs: object) -> object:
        with tracer:
            return model(*args, **kwargs)  # type: ignore[operator]

    return run
