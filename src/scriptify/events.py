"""What the repair tells while it works: plain callbacks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Event:
    """Progress for whoever watches: a stage, its subject, a count.

    The stages are ``observe``, ``rewrite``, ``repair``, ``judge``, ``minimise`` and ``modules``.
    """

    stage: str
    subject: str = ""
    done: int = 0
    total: int = 0


Watch = Callable[[Event], None]
