"""What the repair tells while it works: plain callbacks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Event:
    """Progress for whoever watches: a stage, its subject, a count.

    The stages, in the order of a run: ``observe`` (the first look at an entry), ``rewrite`` (what is certain), ``ahead``
    (with an executor: entries repaired side by side), ``repair`` (one entry after its diagnostics), ``judge``,
    ``minimise`` (what is not needed; ``done`` counts the drafts tried) and ``modules``. ``subject`` is the entry's target,
    ``done`` counts from 0 towards ``total``, which is 0 where the end is not known.
    """

    stage: str
    subject: str = ""
    done: int = 0
    total: int = 0


Watch = Callable[[Event], None]
