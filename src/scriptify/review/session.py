"""The review as a state machine: a key goes in, the next state and perhaps something to do come out.

Pure: it knows no terminal, no file and no oracle. A state is immutable, so that undoing is going back to an
earlier one. The accepted rewrites always include those they stand on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from scriptify.review.amend import Block
from scriptify.review.finding import Finding
from scriptify.review.state import Decided, Effect, Item, Mark, Mode, State, Step

CONTEXTS = (1, 4, 8, 16, 40, 10_000)


class Session:
    """The rules of a review of these items, which are in the order in which they are shown, file by file."""

    def __init__(self, items: Sequence[Item]) -> None:
        self.items = tuple(items)
        self._keys: dict[str, Callable[[State], Step]] = {
            "y": lambda s: self._mark(s, self.card(s), Mark.TAKEN),
            "n": lambda s: self._mark(s, self.card(s), Mark.REFUSED),
            "a": lambda s: self._mark(s, self._rest_of_file(s), Mark.TAKEN),
            "d": lambda s: self._mark(s, self._rest_of_file(s), Mark.REFUSED),
            "A": lambda s: self._mark(s, self._same_transform(s), Mark.TAKEN),
            "D": lambda s: self._mark(s, self._same_transform(s), Mark.REFUSED),
            "j": lambda s: self._move(s, 1, only_open=True),
            "k": lambda s: self._move(s, -1, only_open=True),
            "J": lambda s: self._move(s, 1),
            "K": lambda s: self._move(s, -1),
            "right": lambda s: self._move(s, 1),
            "left": lambda s: self._move(s, -1),
            "s": self._split,
            "u": self._undo,
            "e": self._edit,
            "c": lambda s: self._wider(s, 1),
            "C": lambda s: self._wider(s, -1),
            "o": lambda s: (s, Effect.JUDGE),
            "q": lambda s: (s, Effect.FINISH),
            "g": lambda s: (replace(s, mode=Mode.GOTO, typed=""), None),
            "/": lambda s: (replace(s, mode=Mode.SEARCH, typed=""), None),
            "w": lambda s: (replace(s, mode=Mode.WHY), None),
            "?": lambda s: (replace(s, mode=Mode.HELP), None),
            "!": lambda s: (replace(s, mode=Mode.ABORT), None),
        }

    def start(self, decided: Decided | None = None, by_file: bool = False) -> State:
        """The first state, at the first rewrite that is not decided yet."""
        decided = decided or Decided((Mark.OPEN,) * len(self.items))
        joined = frozenset(item.path for item in self.items) if by_file else frozenset()
        state = State(self._closed(decided), joined=joined)
        first = next(iter(state.decided.where(Mark.OPEN)), 0)
        return replace(state, at=self._card_at(state, first)[0] if self.items else 0)

    def press(self, state: State, key: str) -> Step:
        """What a key does. A key without a meaning here leaves all as it is and says so."""
        state = replace(state, note="")
        if state.mode in (Mode.GOTO, Mode.SEARCH):
            return self._typing(state, key)
        if state.mode is Mode.ABORT:
            return (state, Effect.ABORT) if key in ("!", "y") else (replace(state, mode=self._base(state)), None)
        if state.mode in (Mode.HELP, Mode.WHY, Mode.VERDICT):
            return replace(state, mode=self._base(state)), None
        if state.mode is Mode.END:
            return self._at_end(state, key)
        if not self.items:
            return state, Effect.FINISH
        action = self._keys.get(key)
        return action(state) if action else (_told(state, f"{key!r} means nothing here; ? lists the keys"), None)

    # what is shown

    def card(self, state: State) -> tuple[int, ...]:
        """The items shown together: one, or all of a file that is not split."""
        return self._card_at(state, state.at)

    def _card_at(self, state: State, at: int) -> tuple[int, ...]:
        path = self.items[at].path
        if path not in state.joined:
            return (at,)
        return tuple(number for number, item in enumerate(self.items) if item.path == path)

    def cards(self, state: State) -> list[tuple[int, ...]]:
        """All cards in order."""
        return list(dict.fromkeys(self._card_at(state, number) for number in range(len(self.items))))

    @staticmethod
    def _base(state: State) -> Mode:
        return Mode.END if state.end is not None else Mode.CARD

    @staticmethod
    def typing(state: State) -> bool:
        """Whether characters are text for now, and no keys."""
        return state.mode in (Mode.GOTO, Mode.SEARCH)

    @staticmethod
    def at_end(state: State) -> bool:
        """Whether the end is shown."""
        return state.mode is Mode.END

    # deciding

    def _closed(self, decided: Decided) -> Decided:
        """The decisions with nothing accepted that stands on what is not."""
        marks = list(decided.marks)
        for number, mark in enumerate(marks):
            if mark is Mark.REFUSED:
                for other in self.items[number].carries:
                    marks[other] = Mark.REFUSED
        for number in [n for n, mark in enumerate(marks) if mark is Mark.TAKEN]:
            for other in self.items[number].stands_on:
                marks[other] = Mark.TAKEN
        return replace(decided, marks=tuple(marks))

    def _mark(self, state: State, wanted: Iterable[int], mark: Mark) -> Step:
        wanted = list(wanted)
        with_them = {n for number in wanted for n in (self.items[number].stands_on if mark is Mark.TAKEN else self.items[number].carries)}
        marks = list(state.decided.marks)
        along = sorted(n for n in with_them - set(wanted) if marks[n] is not mark)
        for number in [*wanted, *along]:
            marks[number] = mark
        note = ""
        if along:
            places = ", ".join(f"{self.items[n].code} at line {self.items[n].line}" for n in along)
            note = f"{mark.value} with it: {places}, {'on which it stands' if mark is Mark.TAKEN else 'which stands on it'}"
        elif len(wanted) > 1:
            note = f"{len(wanted)} {mark.value}"
        after = self._remember(state, replace(state.decided, marks=tuple(marks)))
        return self._onward(_told(after, note))

    @staticmethod
    def _remember(state: State, decided: Decided) -> State:
        if decided == state.decided:
            return state
        return replace(state, decided=decided, past=(*state.past, (state.decided, state.at)), end=None, mode=Mode.CARD)

    def _onward(self, state: State) -> Step:
        """To the next card that is not decided, or to the end where all are."""
        left = state.decided.where(Mark.OPEN)
        if not left:
            return state, Effect.FINISH
        last = self.card(state)[-1]
        to = next((number for number in left if number > last), left[0])
        return replace(state, at=self._card_at(state, to)[0]), None

    def _rest_of_file(self, state: State) -> list[int]:
        card, path = self.card(state), self.items[state.at].path
        return [*card, *(n for n in state.decided.where(Mark.OPEN) if n > card[-1] and self.items[n].path == path)]

    def _same_transform(self, state: State) -> list[int]:
        card = self.card(state)
        codes = {self.items[number].code for number in card}
        return [*card, *(n for n in state.decided.where(Mark.OPEN) if n not in card and self.items[n].code in codes)]

    def _undo(self, state: State) -> Step:
        if not state.past:
            return _told(state, "there is nothing to undo"), None
        decided, at = state.past[-1]
        back = replace(state, decided=decided, at=at, past=state.past[:-1], mode=Mode.CARD, end=None)
        return replace(back, at=self._card_at(back, at)[0], note="undone"), None

    def _edit(self, state: State) -> Step:
        if len(self.card(state)) > 1:
            return _told(state, "s splits this file into its rewrites; then one of them can be edited"), None
        return state, Effect.EDIT

    def edited(self, state: State, changes: Sequence[Block]) -> State:
        """The state after the card's only rewrite was edited by hand, which accepts it; no changes take an earlier edit back."""
        number = state.at
        edits = {n: blocks for n, blocks in state.decided.edits.items() if n != number}
        if changes:
            edits[number] = tuple(changes)
        marks = list(state.decided.marks)
        for n in (number, *self.items[number].stands_on):
            marks[n] = Mark.TAKEN
        return self._remember(state, Decided(tuple(marks), edits))

    # moving

    def _move(self, state: State, by: int, only_open: bool = False) -> Step:
        cards = self.cards(state)
        here = cards.index(self.card(state))
        steps = cards[here + 1 :] if by > 0 else cards[:here][::-1]
        wanted = [c for c in steps if not only_open or any(state.decided.marks[n] is Mark.OPEN for n in c)]
        if not wanted:
            word = "undecided " * only_open
            hint = "; q judges what was accepted" if only_open and by > 0 else ""
            return _told(state, f"there is no {'next' if by > 0 else 'previous'} {word}rewrite{hint}"), None
        return replace(state, at=wanted[0][0]), None

    def _split(self, state: State) -> Step:
        path = self.items[state.at].path
        count = sum(1 for item in self.items if item.path == path)
        if count == 1:
            return _told(state, "this file has only this rewrite"), None
        split = path in state.joined
        after = replace(state, joined=state.joined - {path} if split else state.joined | {path})
        note = f"split into {count} rewrites" if split else f"all {count} rewrites of this file; s splits them again"
        left = [n for n in self.card(state) if state.decided.marks[n] is Mark.OPEN] if split else []
        return _told(replace(after, at=left[0] if left else self._card_at(after, state.at)[0]), note), None

    @staticmethod
    def _wider(state: State, by: int) -> Step:
        at = min(max(CONTEXTS.index(state.context) + by, 0), len(CONTEXTS) - 1)
        return replace(state, context=CONTEXTS[at]), None

    def _typing(self, state: State, key: str) -> Step:
        if key == "esc":
            return replace(state, mode=Mode.CARD, typed=""), None
        if key == "backspace":
            return replace(state, typed=state.typed[:-1]), None
        if key == "enter":
            arrive = self._goto if state.mode is Mode.GOTO else self._search
            return arrive(replace(state, mode=Mode.CARD, typed=""), state.typed.strip()), None
        typed = " " if key == "space" else key
        return replace(state, typed=state.typed + typed) if len(typed) == 1 and typed.isprintable() else state, None

    def _goto(self, state: State, typed: str) -> State:
        if not typed:
            return state
        if typed.isdecimal():
            to = int(typed) - 1
            if 0 <= to < len(self.items):
                return replace(state, at=self._card_at(state, to)[0])
            return _told(state, f"there are {len(self.items)} rewrites")
        path, _, line = typed.rpartition(":") if typed.rpartition(":")[2].isdecimal() else (typed, "", "0")
        inside = [n for n, item in enumerate(self.items) if path in item.path]
        if not inside:
            return _told(state, f"no file with a rewrite is named like {path}")
        to = min(inside, key=lambda n: abs(self.items[n].line - int(line)) if int(line) else n)
        return replace(state, at=self._card_at(state, to)[0])

    def _search(self, state: State, typed: str) -> State:
        pattern = typed or state.pattern
        if not pattern:
            return state
        state = replace(state, pattern=pattern)
        exact = pattern != pattern.lower()
        last = self.card(state)[-1]
        order = [*range(last + 1, len(self.items)), *range(last + 1)]
        for number in order:
            text = self.items[number].text
            if pattern in (text if exact else text.lower()):
                return replace(state, at=self._card_at(state, number)[0])
        return _told(state, f"nothing here contains {pattern}")

    # the end

    def judged(self, state: State, note: str = "", show: bool = True) -> State:
        """The state after the selection was judged: the verdict is shown, or only told in the note."""
        return replace(state, mode=Mode.VERDICT if show else state.mode, note=note)

    def found(self, state: State, finding: Finding) -> State:
        """The state at the end, with what holds of the accepted set and what would make it whole."""
        return replace(state, mode=Mode.END, end=finding)

    def _at_end(self, state: State, key: str) -> Step:
        end = state.end
        assert end is not None
        if key in ("q", "esc") or (key in ("y", "enter") and end.empty):
            return state, Effect.LEAVE
        if key in ("b", "k", "j", "left", "J", "K"):
            return replace(state, mode=Mode.CARD, end=None), None
        if key in ("u", "w", "?", "!"):
            return self._keys[key](state)
        if key == "y" and end.whole:
            return state, Effect.WRITE
        if key == "p" and end.harmless and not end.whole and not end.empty:
            return state, Effect.WRITE
        if key == "t" and end.missing:
            return self._instead(state, end.missing, Mark.TAKEN)
        if key == "r" and end.harmful:
            return self._instead(state, end.harmful, Mark.REFUSED)
        if key == "x" and end.edits:
            edits = {n: blocks for n, blocks in state.decided.edits.items() if n not in end.edits}
            return self._remember(state, replace(state.decided, edits=edits)), Effect.FINISH
        return _told(state, f"{key!r} means nothing here"), None

    def _instead(self, state: State, wanted: Iterable[int], mark: Mark) -> Step:
        after, _ = self._mark(state, wanted, mark)
        return replace(after, at=state.at), Effect.FINISH


def _told(state: State, note: str) -> State:
    return replace(state, note=note)
