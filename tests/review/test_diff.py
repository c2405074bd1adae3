"""Changes as rows: the same groups as difflib's, every line once, and what differs marked."""

from __future__ import annotations

import difflib

from hypothesis import given
from hypothesis import strategies as st

from scriptify.review.diff import hunks

TEXTS = st.lists(st.sampled_from("abcd"), max_size=30).map("\n".join)


def sides(before: str, after: str, context: int) -> list[tuple[list[int], list[int]]]:
    """The line numbers of each hunk, old and new."""
    found = hunks(before, after, context)
    return [([r.old.number for r in h.rows if r.old], [r.new.number for r in h.rows if r.new]) for h in found]


@given(TEXTS, TEXTS, st.integers(0, 5))
def test_hunks_lead_from_one_text_to_the_other(before: str, after: str, context: int) -> None:
    old, new = before.splitlines(), after.splitlines()
    found = sides(before, after, context)
    assert bool(found) == (old != new)
    made, at = [], 0
    for numbers in hunks(before, after, context):
        first = next((r.old.number for r in numbers.rows if r.old), None)
        reached = first - 1 if first is not None else at + (next(r.new.number for r in numbers.rows if r.new) - 1 - len(made))
        made += old[at:reached]
        made += [r.new.text for r in numbers.rows if r.new]
        at = reached + sum(1 for r in numbers.rows if r.old)
    assert made + old[at:] == new


@given(TEXTS, TEXTS, st.integers(0, 5))
def test_lines_are_in_order_and_each_but_once(before: str, after: str, context: int) -> None:
    for side in (0, 1):
        numbers = [number for hunk in sides(before, after, context) for number in hunk[side]]
        assert numbers == sorted(set(numbers))


@given(st.lists(st.sampled_from(["same", "x"]), min_size=1, max_size=40), st.integers(0, 6))
def test_there_is_as_much_around_a_change_as_is_asked_for(kinds: list[str], context: int) -> None:
    before = "\n".join(f"{n} old" if kind == "x" else f"{n}" for n, kind in enumerate(kinds))
    after = "\n".join(f"{n} new" if kind == "x" else f"{n}" for n, kind in enumerate(kinds))
    matcher = difflib.SequenceMatcher(None, before.splitlines(), after.splitlines(), autojunk=False)
    wanted = [
        (list(range(g[0][1] + 1, g[-1][2] + 1)), list(range(g[0][3] + 1, g[-1][4] + 1))) for g in matcher.get_grouped_opcodes(context)
    ]
    assert sides(before, after, context) == (wanted if "x" in kinds else [])


def test_what_differs_in_a_line_is_marked_by_words() -> None:
    (hunk,) = hunks("def f(x, skip=None):\n", "def f(x, skip: Tensor = None):\n", 3)
    row = hunk.rows[0]
    assert row.old is not None and row.new is not None and row.new.spans is not None
    assert [row.new.text[a:b] for a, b in row.new.spans] == [": Tensor ", " "]
    assert row.old.spans == ()


def test_lines_that_are_alike_stand_side_by_side() -> None:
    (hunk,) = hunks("a = reduce(f, xs, x)\nreturn a, b\n", "a = self.layers[0](x)\nmore = 1\nreturn a, b, c\n", 3)
    pairs = [(row.old.text if row.old else None, row.new.text if row.new else None) for row in hunk.rows]
    assert pairs[-1] == ("return a, b", "return a, b, c")
    assert hunk.rows[0].old is not None


def test_a_hunk_knows_its_function() -> None:
    text = "class Net:\n    def forward(self, x):\n        return x\n"
    (hunk,) = hunks(text, text.replace("return x", "return x + 1"), 0)
    assert hunk.scope == "Net.forward"
