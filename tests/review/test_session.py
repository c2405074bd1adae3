"""The review as a state machine: key by key, pair by pair, and whole sessions at random."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from scriptify.review.amend import Block
from scriptify.review.finding import Finding
from scriptify.review.session import Session
from scriptify.review.state import Decided, Effect, Item, Mark, Mode, State

OPEN, TAKEN, REFUSED = Mark.OPEN, Mark.TAKEN, Mark.REFUSED
# Two files; the fourth stands on the second, the fifth on both.
ITEMS = (
    Item("SF101", "a.py", 10, "SF101 skip a.py"),
    Item("SF201", "a.py", 20, "SF201 loop a.py", carries=frozenset({3, 4})),
    Item("SF101", "a.py", 30, "SF101 mask a.py"),
    Item("SF301", "b.py", 5, "SF301 Reduce b.py", stands_on=frozenset({1}), carries=frozenset({4})),
    Item("SF201", "b.py", 9, "SF201 loop b.py", stands_on=frozenset({1, 3})),
)
SESSION = Session(ITEMS)
KEYS = (*"yndaADjkJKsucCoqg/w?!epbtrxz", "left", "right", "enter", "esc", "backspace", "space", "redraw")
EDIT = (Block("a.py", 3, "x = 1\n", "x = 2\n"),)


def pressed(*keys: str, start: State | None = None) -> State:
    """The state after these keys; what they ask to be done is not done."""
    state = start or SESSION.start()
    for key in keys:
        state, _ = SESSION.press(state, key)
    return state


def marks(state: State) -> str:
    """The decisions, a letter each."""
    return "".join({OPEN: ".", TAKEN: "y", REFUSED: "n"}[mark] for mark in state.decided.marks)


@pytest.mark.parametrize(
    ("keys", "expected", "at"),
    [
        ("y", "y....", 1),
        ("n", "n....", 1),
        ("a", "yyy..", 3),
        ("d", "nnnnn", 0),
        ("A", "y.y..", 1),
        ("D", "n.n..", 1),
        ("Jn", ".n.nn", 2),
        ("JJJy", ".y.y.", 4),
        ("JJJJy", ".y.yy", 0),
        ("JnJy", ".y.yn", 0),
        ("J", ".....", 1),
        ("yJJk", "y....", 2),
        ("yK", "y....", 0),
        ("yyj", "yy...", 3),
        ("yu", ".....", 0),
        ("ynuu", ".....", 0),
        ("sy", "yyy..", 3),
        ("sJn", "...nn", 0),
        ("ss", ".....", 0),
        ("uu", ".....", 0),
    ],
)
def test_what_keys_decide(keys: str, expected: str, at: int) -> None:
    state = pressed(*keys)
    assert (marks(state), state.at) == (expected, at)


@pytest.mark.parametrize(
    ("key", "effect"), [("q", Effect.FINISH), ("o", Effect.JUDGE), ("e", Effect.EDIT), ("j", None), ("y", None), ("z", None)]
)
def test_what_a_key_asks_for(key: str, effect: Effect | None) -> None:
    assert SESSION.press(SESSION.start(), key)[1] is effect


def test_the_last_decision_leads_to_the_end() -> None:
    state, effect = SESSION.press(pressed("a"), "a")
    assert effect is Effect.FINISH
    assert marks(state) == "yyyyy"


def test_what_comes_along_is_said() -> None:
    assert "SF201 at line 20, on which it stands" in pressed("J", "J", "J", "y").note
    assert "SF301 at line 5, SF201 at line 9, which stands on it" in pressed("J", "n").note


def test_a_key_without_a_meaning_says_so_and_changes_nothing() -> None:
    state = SESSION.start()
    after, effect = SESSION.press(state, "z")
    assert (replace(after, note=""), effect) == (state, None)
    assert "?" in after.note


@pytest.mark.parametrize("key", ["?", "w"])
def test_a_page_over_the_card_goes_with_any_key(key: str) -> None:
    state = SESSION.start()
    assert pressed(key).mode is not Mode.CARD
    assert pressed(key, "y") == state


def test_abort_asks_once_more() -> None:
    asked, effect = SESSION.press(pressed("y"), "!")
    assert (asked.mode, effect) == (Mode.ABORT, None)
    assert SESSION.press(asked, "!")[1] is Effect.ABORT
    back, effect = SESSION.press(asked, "n")
    assert (back.mode, effect, marks(back)) == (Mode.CARD, None, "y....")


@pytest.mark.parametrize(
    ("typed", "at"), [("4", 3), ("b.py", 3), ("a.py:28", 2), ("b.py:9", 4), ("99", 0), ("0", 0), ("nowhere", 0), ("", 0)]
)
def test_goto(typed: str, at: int) -> None:
    state = pressed("g", *typed, "enter")
    assert (state.at, state.mode) == (at, Mode.CARD)
    assert bool(state.note) == (typed in ("99", "0", "nowhere"))


def test_search_goes_round_and_repeats() -> None:
    once = pressed("/", *"loop", "enter")
    again = pressed("/", "enter", start=once)
    assert (once.at, again.at, pressed("/", "enter", start=again).at) == (1, 4, 1)
    assert pressed("/", *"reduce", "enter").at == 3
    assert pressed("/", *"REDUCE", "enter").note == "nothing here contains REDUCE"


def test_typing_can_be_taken_back() -> None:
    assert pressed("/", "a", "b", "backspace", "space", "c").typed == "a c"
    assert pressed("g", "4", "esc") == SESSION.start()


def test_an_edit_accepts_what_it_edits_and_what_that_stands_on() -> None:
    state = SESSION.edited(pressed("J", "J", "J"), EDIT)
    assert (marks(state), dict(state.decided.edits), state.at) == (".y.y.", {3: EDIT}, 3)
    assert pressed("u", start=state).decided == SESSION.start().decided


def test_an_edit_that_changes_nothing_takes_the_earlier_one_back() -> None:
    assert SESSION.edited(SESSION.edited(SESSION.start(), EDIT), ()).decided.edits == {}


def test_a_file_must_be_split_before_an_edit() -> None:
    state, effect = SESSION.press(pressed("s"), "e")
    assert effect is None
    assert "splits" in state.note


def test_context_has_ends() -> None:
    assert pressed(*"ccccccccc").context == pressed(*"cccccccccc").context
    assert pressed(*"CCCC").context == 1


def test_a_start_goes_to_the_first_open_one_and_closes_what_it_is_given() -> None:
    given_marks = (TAKEN, REFUSED, OPEN, TAKEN, OPEN)
    assert marks(SESSION.start(Decided(given_marks))) == "yn.nn"
    assert SESSION.start(Decided((TAKEN, TAKEN, OPEN, OPEN, OPEN))).at == 2


WHOLE = Finding()
LACKING = replace(WHOLE, whole=False, lost={"net.py:entry": (1, 2)})


def at_end(finding: Finding, *keys: str) -> State:
    """The end of a review in which one was accepted."""
    return SESSION.found(pressed(*(keys or ("y",))), finding)


@pytest.mark.parametrize(
    ("finding", "key", "effect"),
    [
        (WHOLE, "y", Effect.WRITE),
        (WHOLE, "p", None),
        (WHOLE, "q", Effect.LEAVE),
        (LACKING, "y", None),
        (LACKING, "p", Effect.WRITE),
        (LACKING, "t", Effect.FINISH),
        (replace(LACKING, clash="it does not fit"), "p", None),
        (replace(LACKING, clash="it does not fit"), "y", None),
        (Finding(empty=True), "y", Effect.LEAVE),
        (Finding(empty=True), "p", None),
    ],
)
def test_what_the_end_lets_one_do(finding: Finding, key: str, effect: Effect | None) -> None:
    assert SESSION.press(at_end(finding), key)[1] is effect


def test_what_is_missing_can_be_taken() -> None:
    state, effect = SESSION.press(at_end(LACKING, "y", "n", "n"), "t")
    assert (marks(state), effect) == ("yyynn", Effect.FINISH)
    assert pressed("u", start=state).decided == pressed("y", "n", "n").decided


def test_what_does_harm_can_be_rejected_and_edits_dropped() -> None:
    harm = replace(WHOLE, whole=False, harmful=(0,))
    assert marks(SESSION.press(at_end(harm), "r")[0]) == "n...."
    edited = SESSION.found(SESSION.edited(SESSION.start(), EDIT), replace(WHOLE, whole=False, edits=(0,)))
    assert SESSION.press(edited, "x")[0].decided.edits == {}


def test_one_can_go_back_from_the_end() -> None:
    for key in ("b", "k"):
        assert SESSION.press(at_end(WHOLE), key)[0].mode is Mode.CARD
    assert pressed("u", start=at_end(WHOLE)) == replace(SESSION.start(), note="undone")


def closed(state: State) -> bool:
    """Whether nothing accepted stands on what is not, and nothing stands on what is rejected but rejected."""
    held = state.decided.marks
    return all(held[n] is not TAKEN or all(held[m] is TAKEN for m in ITEMS[n].stands_on) for n in range(len(ITEMS)))


DECIDES = frozenset("yndaADu")


@pytest.mark.parametrize("first", KEYS)
def test_pairs_of_keys(first: str) -> None:
    for second in KEYS:
        once = pressed(first)
        twice, _ = SESSION.press(once, second)
        assert closed(twice)
        assert len(twice.decided.marks) == len(ITEMS)
        assert twice.mode is Mode.CARD or twice.mode in (Mode.HELP, Mode.WHY, Mode.GOTO, Mode.SEARCH, Mode.ABORT)
        if twice.decided != once.decided:
            assert second in DECIDES and once.mode is Mode.CARD
            assert first == "u" or second == "u" or pressed("u", start=twice).decided == once.decided


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(KEYS), max_size=25))
def test_undo_leads_back_step_by_step(keys: list[str]) -> None:
    trail = [SESSION.start()]
    for key in keys:
        state, _ = SESSION.press(trail[-1], key)
        trail.append(state)
    state = replace(trail[-1], mode=Mode.CARD)
    for decided, at in reversed(state.past):
        state, _ = SESSION.press(state, "u")
        assert (state.decided, state.at) == (decided, SESSION.card(replace(state, at=at))[0])
    assert state.decided == trail[0].decided


class Reviewing(RuleBasedStateMachine):
    """A person at the keys, and a judge who finds this or that."""

    @initialize(by_file=st.booleans())
    def begin(self, by_file: bool) -> None:
        self.state = SESSION.start(by_file=by_file)
        self.effect: Effect | None = None

    @rule(key=st.sampled_from(KEYS))
    def press(self, key: str) -> None:
        before = self.state
        self.state, self.effect = SESSION.press(before, key)
        if key == "u" and before.mode is Mode.CARD and before.past:
            assert self.state.decided == before.past[-1][0]

    @precondition(lambda self: self.effect is Effect.FINISH)
    @rule(lost=st.frozensets(st.integers(0, 4), max_size=2), harm=st.booleans())
    def judge(self, lost: frozenset[int], harm: bool) -> None:
        kept = self.state.decided.where(TAKEN)
        missing = tuple(sorted(lost - set(kept)))
        harmful = kept[:1] if harm else ()
        found = Finding(whole=not (missing or harmful), lost={"net.py:entry": missing}, harmful=harmful, empty=not kept)
        self.state = SESSION.found(self.state, found)

    @precondition(lambda self: self.effect is Effect.EDIT)
    @rule()
    def edit(self) -> None:
        self.state = SESSION.edited(self.state, EDIT)
        assert self.state.decided.marks[self.state.at] is TAKEN

    @invariant()
    def nothing_is_lost(self) -> None:
        state = self.state
        counts = [len(state.decided.where(mark)) for mark in Mark]
        assert sum(counts) == len(ITEMS)
        assert closed(state)
        assert set(state.decided.taken_edits) <= set(state.decided.where(TAKEN))

    @invariant()
    def every_rewrite_is_on_one_card(self) -> None:
        cards = SESSION.cards(self.state)
        assert sorted(number for card in cards for number in card) == list(range(len(ITEMS)))
        assert SESSION.card(self.state) in cards

    @invariant()
    def nothing_is_written_unjudged(self) -> None:
        if self.effect is Effect.WRITE:
            assert self.state.end is not None
            assert self.state.end.harmless


Reviewing.TestCase.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
TestReviewing = Reviewing.TestCase
