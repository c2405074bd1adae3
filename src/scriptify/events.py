"""What the repair tells while it works: plain callbacks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Event:
    """Progress for whoever watches: a stage (``observe``, ``rewrite``, ``repair``, ``judge``, ``minimise``), its subject, a count."""

    stage: str
    subject: str = ""
    done: int = 0
    total: int = 0


Watch = Callable[[Event], None]
