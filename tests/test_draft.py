"""Drafts: layers of rewrites on a text, and taking rewrites out of the middle."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scriptify.draft import Draft, settle, splice
from scriptify.transform import Edit, Import, Rewrite

PATH = "a.py"


def rewrite(*edits: tuple[int, int, str], name: str = "r") -> Rewrite:
    return Rewrite("SF999", name, PATH, 1, "", tuple(Edit(PATH, *edit) for edit in edits))


def test_layers_apply_in_order():
    draft = Draft({PATH: "abc"}).adding([rewrite((0, 1, "xx"))]).adding([rewrite((2, 3, "Y"))])
    assert draft.working[PATH] == "xxYc"


def test_edits_of_one_layer_refer_to_the_same_text():
    draft = Draft({PATH: "abc"}).adding([rewrite((0, 1, "long")), rewrite((2, 3, "z"))])
    assert draft.working[PATH] == "longbz"


def test_without_shifts_what_comes_later():
    draft = Draft({PATH: "one two three"}).adding([rewrite((0, 3, "FIRST"))]).adding([rewrite((10, 15, "3"))])
    assert draft.working[PATH] == "FIRST two 3"
    assert draft.without([0]).working[PATH] == "one two 3"


def test_without_takes_what_stands_on_it():
    draft = Draft({PATH: "one two"}).adding([rewrite((0, 3, "f(one)"))]).adding([rewrite((2, 5, "uno"))])
    assert draft.working[PATH] == "f(uno) two"
    assert draft.without([0]).working[PATH] == "one two"
    assert draft.without([1]).working[PATH] == "f(one) two"


def test_imports_are_rendered_last_and_only_where_needed():
    made = Rewrite("SF999", "t", PATH, 1, "", (Edit(PATH, 11, 12, "2.0"),), imports=(Import(PATH, "typing", "List"),))
    draft = Draft({PATH: "import os\nx=1\n".replace("x=1", "x=1")}).adding([made])
    assert draft.working[PATH] == "import os\nx2.01\n"
    good = Rewrite("SF999", "t", PATH, 1, "", (Edit(PATH, 12, 13, "2.0"),), imports=(Import(PATH, "typing", "List"),))
    draft = Draft({PATH: "import os\nx=1\n"}).adding([good])
    assert draft.texts[PATH] == "import os\nfrom typing import List\nx=2.0\n"
    assert draft.line_shift(PATH, 3) == 2
    assert draft.without([0]).texts[PATH] == "import os\nx=1\n"


def test_settle_keeps_the_first_of_two_that_overlap():
    first, second, third = rewrite((0, 2, "x")), rewrite((1, 3, "y")), rewrite((3, 4, "z"))
    assert settle([first, second, third], {PATH: "abcd"}) == ([first, third], [second])


def test_two_insertions_at_one_place_wait():
    first, second = rewrite((1, 1, "x")), rewrite((1, 1, "y"))
    assert settle([first, second], {PATH: "ab"}) == ([first], [second])


def test_splice_refuses_overlaps():
    with pytest.raises(ValueError, match="overlap"):
        splice("abc", [Edit(PATH, 0, 2, ""), Edit(PATH, 1, 3, "")])


@st.composite
def drafts(draw: st.DrawFn) -> Draft:
    draft = Draft({PATH: draw(st.text("abcdef\n", min_size=1, max_size=40))})
    number = 0
    for _ in range(draw(st.integers(1, 4))):
        text = draft.working[PATH]
        proposals = []
        for _ in range(draw(st.integers(1, 3))):
            places = sorted(draw(st.lists(st.integers(0, len(text)), min_size=2, max_size=4)))
            edits = [(a, b, f"<{number}>") for a, b in zip(places[::2], places[1::2], strict=False)]
            proposals.append(rewrite(*edits, name=str(number)))
            number += 1
        draft = draft.adding(settle(proposals, draft.working)[0])
    return draft


@given(drafts())
@settings(max_examples=300, deadline=None)
def test_without_everything_is_the_base(draft):
    assert draft.without(range(len(draft.rewrites))).working == dict(draft.base)


@given(drafts(), st.data())
@settings(max_examples=500, deadline=None)
def test_without_keeps_exactly_the_kept_ones(draft, data):
    count = len(draft.rewrites)
    gone = data.draw(st.sets(st.integers(0, max(0, count - 1)), max_size=count))
    less = draft.without(gone)
    names = [r.title for r in less.rewrites]
    assert not {draft.rewrites[i].title for i in gone if i < count} & set(names)
    again = Draft(draft.base)
    for layer in less.layers:
        assert settle(layer, again.working)[1] == []
        again = again.adding(layer)
    assert again.working == less.working


@given(drafts(), st.data())
@settings(max_examples=300, deadline=None)
def test_taking_out_together_is_never_less_careful_than_one_by_one(draft, data):
    if not draft.rewrites:
        return
    one = data.draw(st.integers(0, len(draft.rewrites) - 1))
    less = draft.without([one])
    if len(less.rewrites) == len(draft.rewrites) - 1 and len(less.rewrites) > 0:
        other = data.draw(st.integers(0, len(less.rewrites) - 1))
        title = less.rewrites[other].title
        index = next(i for i, r in enumerate(draft.rewrites) if r.title == title)
        together = {r.title for r in draft.without([one, index]).rewrites}
        assert together <= {r.title for r in less.without([other]).rewrites}
