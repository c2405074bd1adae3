"""What the repair tells while it works, and what it asks: plain callbacks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from scriptify.draft import Draft
from scriptify.result import Refusal
from scriptify.transform import Rewrite


@dataclass(frozen=True, slots=True)
class Event:
    """Progress for whoever watches: a stage (``observe``, ``rewrite``, ``repair``, ``judge``, ``minimise``), its subject, a count."""

    stage: str
    subject: str = ""
    done: int = 0
    total: int = 0


Watch = Callable[[Event], None]

Decide = Callable[[Rewrite], bool]
"""Whether to keep a rewrite; asked once for each, after the oracle has had its say."""


def decided(draft: Draft, decide: Decide | None) -> tuple[Draft, list[Refusal]]:
    """The draft without what was turned down, and that as refusals."""
    if decide is None:
        return draft, []
    turned_down = [number for number, rewrite in enumerate(draft.rewrites) if not decide(rewrite)]
    refusals = [Refusal(draft.rewrites[number], "turned down") for number in turned_down]
    return draft.without(turned_down), refusals
