"""What holds of a selection, against a judge made of rules."""

from __future__ import annotations

from collections.abc import Collection

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scriptify.choosing import Judgement
from scriptify.oracle.protocol import Entry, Verdict, proved
from scriptify.result import EntryResult
from scriptify.review.amend import Clash
from scriptify.review.finding import find

GOOD = Verdict(*[proved()] * 6)
REFUSED = GOOD.stopped("scripts", "refused", "refused")
NAMES = ("net.py:one", "net.py:two")


def rules(needs: dict[str, set[int]], together: Collection[int] = (), spoiled: Collection[int] = ()):
    """A judge: an entry scripts with what it needs; some items do harm unless all of them are there; some edits spoil the outputs."""

    def ask(kept: Collection[int], edited: Collection[int], targets: Collection[str]) -> Judgement:
        found = []
        for name in [n for n in NAMES if not targets or n in targets]:
            after = GOOD if needs.get(name, set()) <= set(kept) else REFUSED
            if set(together) & set(kept) and not set(together) <= set(kept):
                after = GOOD.stopped("eager_same", "the outputs differ")
            if set(spoiled) & set(edited):
                after = GOOD.stopped("eager_same", "the outputs differ")
            found.append(EntryResult(Entry(name), REFUSED, after))
        return Judgement(tuple(found))

    return ask


ALL = list(range(6))
WHOLE = rules({})(ALL, (), ())


def test_all_that_was_accepted_holds() -> None:
    found = find(rules({NAMES[0]: {1}}), WHOLE, [0, 1], [2, 3], [])
    assert found.whole and found.harmless and not found.missing


def test_nothing_accepted_is_an_end_of_its_own() -> None:
    assert find(rules({}), WHOLE, [], ALL, []).empty


@given(st.sets(st.integers(0, 5)), st.sets(st.integers(0, 5)), st.sets(st.integers(0, 5), min_size=1))
def test_exactly_what_each_entry_lacks_is_named(one: set[int], two: set[int], kept: set[int]) -> None:
    absent = [n for n in ALL if n not in kept]
    found = find(rules({NAMES[0]: one, NAMES[1]: two}), WHOLE, sorted(kept), absent, [])
    lost = {name: tuple(sorted(needed - kept)) for name, needed in zip(NAMES, (one, two), strict=True) if needed - kept}
    assert found.lost == lost
    assert found.whole == (not lost)
    assert found.harmless


def test_what_does_harm_alone_is_named_with_what_would_mend_it() -> None:
    found = find(rules({}, together=(1, 4)), WHOLE, [0, 1], [2, 3, 4, 5], [])
    assert not found.harmless
    assert found.harmful == (1,)
    assert found.missing == (4,)


def test_an_edit_at_fault_is_named_and_no_rewrite_is_blamed() -> None:
    found = find(rules({}, spoiled=[2]), WHOLE, [0, 1, 2], [3], [1, 2])
    assert (found.edits, found.harmful) == ((2,), ())
    assert not found.harmless


def test_the_front_end_is_heard_without_entries() -> None:
    def ask(kept: Collection[int], edited: Collection[int], targets: Collection[str]) -> Judgement:
        return Judgement(frontend={"net.py": ("net.py:9: lambdas are not supported",)} if 3 not in kept else {})

    found = find(ask, Judgement(), [0, 1], [2, 3], [])
    assert found.harmless and not found.whole
    assert found.missing == (3,)


def test_what_the_whole_does_not_settle_is_not_asked_of_a_part() -> None:
    whole = rules({NAMES[1]: {99}})(ALL, (), ())
    assert find(rules({NAMES[1]: {99}}), whole, [0], [1, 2], []).whole


def test_an_edit_that_does_not_fit_some_selection_does_not_stop_the_search() -> None:
    judged = rules({NAMES[0]: {3}})

    def ask(kept: Collection[int], edited: Collection[int], targets: Collection[str]) -> Judgement:
        if 2 in kept and edited:
            raise Clash("both change line 3")
        return judged(kept, edited, targets)

    found = find(ask, WHOLE, [0, 1], [2, 3], [1])
    assert found.harmless and not found.whole
    assert found.edits == (1,)
    assert found.missing == (3,)


def test_an_edit_that_does_not_fit_what_was_accepted_is_a_clash() -> None:
    def ask(kept: Collection[int], edited: Collection[int], targets: Collection[str]) -> Judgement:
        raise Clash("both change line 3")

    with pytest.raises(Clash):
        find(ask, WHOLE, [0, 1], [2], [1])
