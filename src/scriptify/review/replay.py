"""Decisions taken earlier or by somebody else, applied without asking anybody."""

from __future__ import annotations

from scriptify.choosing import Choice, Offer, Withdrawn
from scriptify.events import Event
from scriptify.review.amend import Clash
from scriptify.review.decisions import Decisions
from scriptify.review.deck import Deck
from scriptify.review.session import Session
from scriptify.review.state import Mark
from scriptify.review.words import verdict_lines


class Replay:
    """Chooses what the decisions accept, if that can be written; ``trouble`` says why not."""

    def __init__(self, decisions: Decisions, keep_partial: bool = False) -> None:
        self.decisions = decisions
        self._keep_partial = keep_partial
        self.deck: Deck | None = None
        self.trouble: tuple[str, ...] = ()

    def parting(self) -> tuple[str, ...]:
        """What to say where nothing was written."""
        hint = f"`scriptify review --decisions {self.decisions.path}` at a terminal shows what is missing"
        return (*self.trouble, f"nothing was written; {hint}")

    def watch(self, event: Event) -> None:
        """Nobody looks."""

    def choose(self, offer: Offer) -> Choice:
        """Apply the decisions. Raises Withdrawn where what they accept does not hold."""
        deck = self.deck = Deck(offer.draft, self.decisions.root)
        decided = Session(deck.items).start(self.decisions.fit(deck)).decided
        try:
            choice = deck.choice(decided)
        except Clash as error:
            self.trouble = (str(error),)
            raise Withdrawn from error
        if not decided.where(Mark.TAKEN):
            return choice
        judged = offer.judge(choice.draft)
        if not judged.harmless or (not offer.holds(judged) and not self._keep_partial):
            self.trouble = tuple(verdict_lines(judged, "what was accepted"))
            raise Withdrawn
        return choice
