"""Edits by hand: kept as blocks, found again, merged with what others change, and never guessed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scriptify.draft import splice
from scriptify.review.amend import Block, Clash, applied, blocks, edits, merged

LINES = st.lists(st.sampled_from(["a\n", "b\n", "c\n", "    d\n", "\n"]), max_size=12).map("".join)


@given(LINES, LINES)
def test_blocks_lead_from_one_text_to_the_other(before: str, after: str) -> None:
    found = blocks("net.py", before, after)
    assert bool(found) == (before != after)
    assert applied(before, found) == after


@given(LINES, LINES)
def test_edits_lead_from_one_text_to_the_other(before: str, after: str) -> None:
    assert splice(before, edits("net.py", before, after)) == after


@given(LINES, LINES)
def test_a_merge_with_what_did_not_change_is_the_change(base: str, mine: str) -> None:
    assert merged(base, mine, base) == mine
    assert merged(base, base, mine) == mine


def test_a_block_is_found_where_its_lines_have_moved_to() -> None:
    found = blocks("net.py", "a\nb\nc\nd\ne\n", "a\nb\nC\nd\ne\n")
    assert applied("new\nnew\n" + "a\nb\nc\nd\ne\n", found) == "new\nnew\na\nb\nC\nd\ne\n"


def test_of_several_places_the_nearest_is_taken() -> None:
    text = "x\ny\nz\n" * 3
    assert applied(text, [Block("net.py", 4, "x\ny\nz\n", "x\nY\nz\n")]) == "x\ny\nz\nx\nY\nz\nx\ny\nz\n"


def test_a_block_whose_lines_are_gone_is_a_clash() -> None:
    with pytest.raises(Clash, match=r"net\.py:3: .* not there any more"):
        applied("a\n", [Block("net.py", 3, "b\n", "c\n")])


def test_changes_of_other_lines_are_both_kept() -> None:
    base = "one\ntwo\nthree\nfour\nfive\n"
    mine = "one\nTWO\nthree\nfour\nfive\n"
    assert merged(base, mine, "zero\none\ntwo\nthree\nfour\n5\n") == "zero\none\nTWO\nthree\nfour\n5\n"


def test_changes_of_the_same_line_are_a_clash() -> None:
    with pytest.raises(Clash, match=r"net\.py:2: "):
        merged("one\ntwo\n", "one\nTWO\n", "one\n2\n", "net.py")
