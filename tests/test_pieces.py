"""Where rewrites ended up in the file as read: pieces give exactly the new text, and each names whose work it is."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from scriptify import api
from scriptify.draft import Draft
from scriptify.pieces import pieces
from scriptify.transform import Changed, Edit, Import, Piece, Rewrite

PATH = "a.py"


NET = """from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.ms = nn.ModuleList(nn.Linear(4, 4) for _ in range(3))

    def forward(self, x, skip=None):
        for i in range(len(self.ms)):
            x = self.ms[i](x)
        if skip is not None:
            x = x + skip
        return x
"""


def rewrite(*edits: tuple[int, int, str], imports: tuple[Import, ...] = ()) -> Rewrite:
    return Rewrite("SF999", "r", PATH, 1, "", tuple(Edit(PATH, *edit) for edit in edits), imports)


def found(draft: Draft) -> list[tuple[int, int, str, tuple[int, ...]]]:
    return [(p.start, p.end, p.text, p.owners) for p in pieces(draft, PATH, draft.rewrites)]


def applied(text: str, made: tuple[Piece, ...]) -> str:
    for piece in reversed(made):
        text = text[: piece.start] + piece.text + text[piece.end :]
    return text


def test_edits_of_one_layer_are_pieces_of_their_own() -> None:
    draft = Draft({PATH: "one two three"}).adding([rewrite((0, 3, "1"), (13, 13, "!")), rewrite((4, 7, ""))])
    assert found(draft) == [(0, 3, "1", (0,)), (4, 7, "", (1,)), (13, 13, "!", (0,))]


def test_neighbours_keep_their_own_pieces() -> None:
    draft = Draft({PATH: "one\ntwo\nthree\n"}).adding([rewrite((0, 4, "1\n")), rewrite((4, 8, "2\n"))])
    assert found(draft) == [(0, 4, "1\n", (0,)), (4, 8, "2\n", (1,))]
    assert found(draft.adding([rewrite((0, 1, "I"))])) == [(0, 4, "I\n", (0, 2)), (4, 8, "2\n", (1,))]


def test_an_insertion_beside_another_change_is_one_with_it() -> None:
    draft = Draft({PATH: "one two"}).adding([rewrite((0, 3, "1")), rewrite((3, 3, "!"))])
    assert found(draft) == [(0, 3, "1!", (0, 1))]


def test_what_stands_on_a_rewrite_shares_its_piece() -> None:
    draft = Draft({PATH: "one two"}).adding([rewrite((0, 3, "f(one)"))]).adding([rewrite((2, 5, "uno"), (7, 10, "2"))])
    assert found(draft) == [(0, 3, "f(uno)", (0, 1)), (4, 7, "2", (1,))]


def test_a_later_layer_counts_in_the_file_as_read() -> None:
    draft = Draft({PATH: "one two three"}).adding([rewrite((0, 3, "a long first"))]).adding([rewrite((17, 22, "3"))])
    assert found(draft) == [(0, 3, "a long first", (0,)), (8, 13, "3", (1,))]


def test_an_import_belongs_to_those_that_need_it() -> None:
    needs = (Import(PATH, "typing", "List"),)
    draft = Draft({PATH: "import os\nx = 1\ny = 2\n"}).adding([rewrite((14, 15, "3"), imports=needs), rewrite((20, 21, "4"))])
    assert found(draft) == [(10, 10, "from typing import List\n", (0,)), (14, 15, "3", (0,)), (20, 21, "4", (1,))]


def test_a_run_gives_them() -> None:
    text = NET
    outcome = api.rewrite(text).outcomes(["source.py"])[0]
    assert isinstance(outcome, Changed)
    assert applied(text, outcome.pieces) == outcome.after != text
    assert {n for piece in outcome.pieces for n in piece.owners} == set(range(len(outcome.rewrites)))


spans = st.tuples(st.integers(0, 40), st.integers(0, 6), st.sampled_from(["", "x", "\n", "long text", "é𝒳"]))
layers = st.lists(st.lists(st.lists(spans, min_size=1, max_size=2), max_size=3), max_size=4)


@given(st.text("ab\n", max_size=30), layers)
def test_they_give_the_text_that_is_written(text: str, plan: list[list[list[tuple[int, int, str]]]]) -> None:
    draft = Draft({PATH: text})
    for layer in plan:
        now, taken, made = draft.working[PATH], [], []
        for edits in layer:
            kept = []
            for start, length, new in edits:
                edit = Edit(PATH, min(start, len(now)), min(start + length, len(now)), new)
                if not any(edit.overlaps(other) for other in taken):
                    taken.append(edit)
                    kept.append((edit.start, edit.end, edit.text))
            made += [rewrite(*kept)] if kept else []
        draft = draft.adding(made)
    made_pieces = pieces(draft, PATH, draft.rewrites)
    assert applied(text, made_pieces) == draft.texts[PATH]
    assert all(a.end < b.start or (a.end == b.start and a.start < a.end and b.start < b.end) for a, b in pairwise(made_pieces))
    assert {n for piece in made_pieces for n in piece.owners} == set(range(len(draft.rewrites)))
