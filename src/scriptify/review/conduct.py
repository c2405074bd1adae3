"""A review from offer to choice: the state machine, the screen, the terminal, the editor and the judge brought together."""

from __future__ import annotations

from collections.abc import Callable, Collection

from scriptify.choosing import Choice, Judgement, Offer, Withdrawn
from scriptify.draft import parses
from scriptify.events import Event
from scriptify.review import amend
from scriptify.review.amend import Clash
from scriptify.review.decisions import Decisions
from scriptify.review.deck import Deck
from scriptify.review.editor import edited, first_change
from scriptify.review.finding import Finding, find
from scriptify.review.page import Page
from scriptify.review.screen import Screen, Verdicts
from scriptify.review.session import Session
from scriptify.review.state import Decided, Effect, Mark, State
from scriptify.review.terminal import Terminal
from scriptify.review.words import verdict_lines


class Conductor:
    """Chooses from an offer by asking at a terminal. ``left`` tells in the end how the person left."""

    def __init__(self, terminal: Terminal, decisions: Decisions, by_file: bool = False) -> None:
        self._terminal = terminal
        self.decisions = decisions
        self._by_file = by_file
        self._tell: Callable[[str], None] = lambda words: None
        self._torn: dict[tuple[int, str], str] = {}
        self.deck: Deck | None = None
        self.left: Effect | None = None

    def parting(self) -> tuple[str, ...]:
        """What to say where nothing was written."""
        if self.left is Effect.ABORT:
            return ("aborted: nothing was written, and the decisions are as they were before",)
        count = self.decisions.count
        if self.decisions.trouble:
            return ("nothing was written", self.decisions.trouble)
        if not count:
            return ("nothing was written, and nothing was decided",)
        kept = "1 decision is kept" if count == 1 else f"{count} decisions are kept"
        return (f"nothing was written; {kept}, and {self.decisions.how} goes on from there",)

    def watch(self, event: Event) -> None:
        """Progress of the judge while the screen is ours."""
        count = f" {event.done + 1}/{event.total}" if event.total > 1 else ""
        self._tell(f"judging{count} {event.subject}".rstrip())

    def choose(self, offer: Offer) -> Choice:
        """Ask until everything is decided or the person leaves. Raises Withdrawn, and KeyboardInterrupt for Ctrl-C or a lost terminal."""
        self._offer = offer
        deck = self.deck = Deck(offer.draft, self.decisions.root)
        decided = self.decisions.fit(deck)
        if not deck.items:
            return Choice(offer.draft)
        self._session = Session(deck.items)
        self._verdicts = Verdicts(offer.whole)
        state = self._session.start(decided, self._by_file)
        stale = [record for record in self.decisions.stale if not record.written]
        if stale:
            count = "1 decision fits" if len(stale) == 1 else f"{len(stale)} decisions fit"
            state = self._session.judged(state, f"{count} nothing here any more; the end tells why", show=False)
        with self._terminal:
            self._screen = Screen(self._session, deck, self._terminal.utf8)
            if not state.decided.where(Mark.OPEN):
                state = self._finish(state)
            return self._loop(deck, state)

    def _loop(self, deck: Deck, state: State) -> Choice:
        top = 0
        while True:
            page = self._page(state)
            top = self._show(page, top)
            key = self._terminal.key()
            moved = self._scrolled(page, top, key, state)
            if moved is not None:
                top = moved
                continue
            after, effect = self._session.press(state, key)
            top = 0 if (after.at, after.mode, after.joined) != (state.at, state.mode, state.joined) else top
            if after.decided != state.decided:
                self.decisions.keep(deck, after.decided)
                after = self._troubled(after)
            state = after
            if effect in (Effect.LEAVE, Effect.ABORT):
                self.left = effect
                if effect is Effect.ABORT:
                    self.decisions.restore()
                raise Withdrawn
            if effect is Effect.WRITE:
                self.left = effect
                return deck.choice(state.decided)
            if effect is not None:
                state = self._done(state, effect)

    def _troubled(self, state: State) -> State:
        return self._session.judged(state, self.decisions.trouble, show=False) if self.decisions.trouble else state

    def _done(self, state: State, effect: Effect) -> State:
        if effect is Effect.FINISH:
            return self._finish(state)
        return self._judge(state) if effect is Effect.JUDGE else self._edit(state)

    # the screen

    def _page(self, state: State) -> Page:
        return self._screen.page(state, self._verdicts, self._terminal.size[0])

    def _show(self, page: Page, top: int) -> int:
        columns, rows = self._terminal.size
        top = min(top, page.furthest(rows))
        self._terminal.show(page.lines(rows, columns, top, self._screen.rule))
        return top

    def _scrolled(self, page: Page, top: int, key: str, state: State) -> int | None:
        """Where a key scrolls to, or None for a key that does not scroll here."""
        if key == "redraw":
            return top
        rows = self._terminal.size[1]
        room = page.room(rows)
        steps = {"down": 1, "up": -1, "pgdn": room - 1, "pgup": 1 - room, "home": -top, "end": len(page.body)}
        if not self._session.typing(state):
            steps |= {"space": room - 1}
            steps |= {"b": 1 - room} if not self._session.at_end(state) else {}
        if key not in steps:
            return None
        return max(min(top + steps[key], page.furthest(rows)), 0)

    # judging

    def _ask(self, decided: Decided) -> Callable[[Collection[int], Collection[int], Collection[str]], Judgement]:
        assert self.deck is not None
        deck = self.deck

        def ask(kept: Collection[int], edited: Collection[int], targets: Collection[str]) -> Judgement:
            below = {n for number in kept for n in deck.items[number].stands_on}
            edits = {n: decided.edits[n] for n in edited}
            return self._offer.judge(deck.selected(below | set(kept), edits), targets)

        return ask

    def _finish(self, state: State) -> State:
        decided = state.decided
        kept, edited = decided.where(Mark.TAKEN), sorted(decided.taken_edits)
        absent = decided.where(Mark.REFUSED, Mark.OPEN)
        with self._terminal.working("judging what was accepted") as progress:
            self._tell = progress.say
            try:
                finding = find(self._ask(decided), self._offer.whole, kept, absent, edited, progress.say)
            except Clash as error:
                finding = Finding(whole=False, clash=str(error), edits=tuple(edited))
        return self._session.found(state, finding)

    def _judge(self, state: State) -> State:
        decided = state.decided
        kept, live = decided.where(Mark.TAKEN), decided.where(Mark.TAKEN, Mark.OPEN)
        lines: list[str] = []
        with self._terminal.working("judging the selection so far") as progress:
            self._tell = progress.say
            try:
                if kept:
                    found = self._ask(decided)(kept, sorted(decided.taken_edits), ())
                    lines += verdict_lines(found, f"the {len(kept)} accepted so far")
                if len(live) > len(kept):
                    edited = [n for n in decided.edits if n in live]
                    found = self._ask(decided)(live, edited, ())
                    what = "these and the undecided" if kept else "the undecided, none of which is accepted yet"
                    lines += [*[""] * bool(kept), *verdict_lines(found, what)]
            except Clash as error:
                lines = [f"{error}"]
        lines = lines or ["Everything is rejected: nothing to judge."]
        self._verdicts = Verdicts(self._offer.whole, tuple(self._short(line) for line in lines))
        return self._session.judged(state)

    def _short(self, line: str) -> str:
        return line.replace(f"{self.decisions.root}/", "")

    # editing

    def _edit(self, state: State) -> State:
        assert self.deck is not None
        deck, number = self.deck, state.at
        mine = {number: state.decided.edits[number]} if number in state.decided.edits else {}
        try:
            changes = deck.changes((number,), mine)
        except Clash:
            changes = deck.changes((number,), {})
        plain = {path: after for path, _, after in deck.changes((number,), {})}
        blocks: list[amend.Block] = []
        for path, before, after in changes:
            text = self._in_editor(number, path, before, after)
            if text is None:
                return self._session.judged(state, "the editor could not be run, or failed; nothing was changed", show=False)
            why = parses(path, text)
            if why:
                self._torn[number, path] = text
                return self._session.judged(state, f"{path} would not parse: {why}; e opens it again as you left it", show=False)
            self._torn.pop((number, path), None)
            blocks += amend.blocks(path, plain[path], text)
        if tuple(blocks) == tuple(mine.get(number, ())):
            return self._session.judged(state, "nothing was changed", show=False)
        after_edit = self._session.edited(state, blocks)
        self.decisions.keep(deck, after_edit.decided)
        return self._rejudged(after_edit)

    def _in_editor(self, number: int, path: str, before: str, after: str) -> str | None:
        text = self._torn.get((number, path), after)
        with self._terminal.aside():
            return edited(path, text, first_change(before, text))

    def _rejudged(self, state: State) -> State:
        """After an edit: all that is not rejected is judged again with it, which is known to hold without it."""
        decided = state.decided
        live = decided.where(Mark.TAKEN, Mark.OPEN)
        with self._terminal.working("judging with your edit") as progress:
            self._tell = progress.say
            try:
                found = self._ask(decided)(live, [n for n in decided.edits if n in live], ())
            except Clash as error:
                return self._session.judged(state, f"{error}; e edits again, u takes it back", show=False)
        lines = tuple(self._short(line) for line in verdict_lines(found, "your edit, and all that is not rejected"))
        self._verdicts = Verdicts(self._offer.whole, lines)
        note = "accepted with your edit" if self._offer.holds(found) else "with your edit it does not hold; e edits again, u takes it back"
        return self._session.judged(state, note, show=False)
