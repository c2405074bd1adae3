"""Decisions in a file: whole round, shared between folders, stale ones told, bad ones refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scriptify.draft import Draft
from scriptify.review import journal
from scriptify.review.amend import Block
from scriptify.review.decisions import Decisions
from scriptify.review.deck import Deck
from scriptify.review.journal import JournalError, Record
from scriptify.review.state import Decided, Mark
from scriptify.transform import Edit, Rewrite

TEXT = "a = 1\nb = 1\na = 1\n"


def deck(root: Path, text: str = TEXT, shift: int = 0) -> Deck:
    """Three rewrites of one file, two of them twins."""
    path = str(root / "pkg" / "net.py")

    def rewrite(line: int, old: str, new: str) -> Rewrite:
        start = sum(len(row) for row in text.splitlines(keepends=True)[: line - 1])
        edit = Edit(path, start, start + 1, new)
        return Rewrite("SF101", f"{old} becomes {new}", path, line, "", (edit,), before=old)

    return Deck(
        Draft({path: text}).adding([rewrite(1 + shift, "a", "x"), rewrite(2 + shift, "b", "y"), rewrite(3 + shift, "a", "x")]), root
    )


BLOCKS = st.builds(Block, st.text(max_size=5), st.integers(1, 9), st.text(max_size=9), st.text(max_size=9))
RECORDS = st.builds(
    Record,
    key=st.text(max_size=5),
    code=st.text(max_size=5),
    path=st.text(max_size=5),
    line=st.integers(0, 9),
    title=st.text(max_size=9),
    mark=st.sampled_from((Mark.TAKEN, Mark.REFUSED)),
    edit=st.lists(BLOCKS, max_size=2).map(tuple),
    written=st.booleans(),
)


@given(st.lists(RECORDS, max_size=4))
def test_what_is_saved_is_read_again(tmp_path_factory: pytest.TempPathFactory, records: list[Record]) -> None:
    path = tmp_path_factory.mktemp("kept") / "decisions.json"
    journal.save(path, records)
    assert journal.load(path) == records


def test_keys_are_the_same_in_another_folder_and_twins_differ(tmp_path: Path) -> None:
    here, there = deck(tmp_path / "here"), deck(tmp_path / "there")
    assert here.identities == there.identities
    assert len(set(here.identities)) == 3


def test_keys_survive_edits_elsewhere_in_the_file(tmp_path: Path) -> None:
    assert deck(tmp_path).identities == deck(tmp_path, "import os\n\n" + TEXT, 2).identities


def test_a_file_of_decisions_names_no_folder_of_this_machine(tmp_path: Path) -> None:
    here = Decisions(tmp_path / "decisions.json", tmp_path, replay=True)
    here.keep(deck(tmp_path), Decided((Mark.TAKEN, Mark.REFUSED, Mark.OPEN), {0: (Block("pkg/net.py", 1, "x = 1\n", "x = 2\n"),)}))
    text = (tmp_path / "decisions.json").read_text()
    assert str(tmp_path) not in text
    body = json.loads(text)
    assert [item["decision"] for item in body["decisions"]] == ["accept", "reject"]
    assert (body["version"], body["decisions"][0]["path"]) == (1, "pkg/net.py")


def test_decisions_are_taken_up_again_and_undecided_ones_stay_open(tmp_path: Path) -> None:
    path = tmp_path / "decisions.json"
    decided = Decided((Mark.TAKEN, Mark.OPEN, Mark.REFUSED), {0: (Block("pkg/net.py", 1, "x = 1\n", "x = 2\n"),)})
    Decisions(path, tmp_path, replay=True).keep(deck(tmp_path), decided)
    assert Decisions(path, tmp_path, replay=True).fit(deck(tmp_path)) == decided


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"key": "000000000000"}, "the code there has changed"),
        ({"key": "0", "path": "other.py"}, "not among those under review"),
        ({"key": "0", "code": "SF999"}, "there is no transform SF999"),
        ({"key": "0", "written": True}, "carried out already"),
    ],
)
def test_a_decision_that_fits_nothing_is_told_and_kept(tmp_path: Path, change: dict[str, object], why: str) -> None:
    path, cards = tmp_path / "decisions.json", deck(tmp_path)
    Decisions(path, tmp_path, replay=True).keep(cards, Decided((Mark.TAKEN, Mark.OPEN, Mark.OPEN)))
    body = json.loads(path.read_text())
    body["decisions"][0] |= change
    path.write_text(json.dumps(body))
    again = Decisions(path, tmp_path, replay=True)
    assert again.fit(cards).marks == (Mark.OPEN,) * 3
    assert [why in line for line in again.told(cards)] == [True]
    again.keep(cards, Decided((Mark.OPEN, Mark.REFUSED, Mark.OPEN)))
    assert [record.key for record in journal.load(path)] == [cards.identities[1], change["key"]]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("{", "is no file of decisions"),
        ("[]", "is no file of decisions"),
        ('{"version": 9, "decisions": []}', "has version 9"),
        ('{"version": 1, "decisions": [{"key": "a"}]}', "holds a decision that can't be read"),
        ('{"version": 1, "decisions": 3}', "holds a decision that can't be read"),
        (
            '{"version": 1, "decisions": [{"key": "a", "code": "b", "path": "c", "line": 1, "title": "", "decision": "maybe"}]}',
            "neither accept nor reject",
        ),
    ],
)
def test_a_bad_file_is_refused_in_a_sentence(tmp_path: Path, text: str, why: str) -> None:
    path = tmp_path / "decisions.json"
    path.write_text(text)
    with pytest.raises(JournalError, match=why) as caught:
        journal.load(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_abort_puts_the_file_back(tmp_path: Path) -> None:
    path, cards = tmp_path / "decisions.json", deck(tmp_path)
    first = Decisions(path, tmp_path, replay=True)
    first.keep(cards, Decided((Mark.TAKEN, Mark.OPEN, Mark.OPEN)))
    before = path.read_bytes()
    second = Decisions(path, tmp_path, replay=True)
    second.keep(cards, Decided((Mark.REFUSED,) * 3))
    second.restore()
    assert path.read_bytes() == before
    first.restore()
    assert not path.exists()


def test_decisions_that_cant_be_kept_are_no_end_of_the_review(tmp_path: Path) -> None:
    kept = Decisions(tmp_path / "missing" / "decisions.json", tmp_path, replay=True)
    kept.keep(deck(tmp_path), Decided((Mark.TAKEN, Mark.OPEN, Mark.OPEN)))
    assert "can't be kept" in kept.trouble


def test_the_usual_place_is_at_the_root_of_the_project(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").touch()
    (tmp_path / "pkg").mkdir()
    assert journal.usual(tmp_path / "pkg") == tmp_path / ".scriptify" / "review.json"
    kept = Decisions(journal.usual(tmp_path / "pkg"), tmp_path, replay=True)
    kept.keep(deck(tmp_path), Decided((Mark.TAKEN, Mark.OPEN, Mark.OPEN)))
    assert not kept.trouble
    assert kept.how == "--resume"
    assert Decisions(tmp_path / "shared.json", tmp_path, replay=True).how == f"--decisions {tmp_path / 'shared.json'}"
    assert (tmp_path / ".scriptify" / ".gitignore").read_text() == "*\n"
