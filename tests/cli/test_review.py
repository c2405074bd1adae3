"""``scriptify review`` without a terminal: it refuses to ask, and carries out decisions that were taken elsewhere."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from cli.conftest import NET, Run
from scriptify import api
from scriptify.choosing import Choice, Offer, Withdrawn
from scriptify.review import journal
from scriptify.review.decisions import Decisions
from scriptify.review.deck import Deck
from scriptify.review.state import Decided, Mark

ENTRY = ("--entry", "net.py:entry")


@pytest.mark.parametrize(
    ("args", "words"),
    [
        ((), "needs a terminal"),
        (("--decisions", "none.json"), "there are no decisions here"),
        (("--resume",), "there is no review to resume here"),
        (("--resume", "--decisions", "none.json"), "give one of them"),
    ],
)
def test_without_a_terminal_and_without_decisions_it_is_refused(run: Run, net: Path, args: tuple[str, ...], words: str) -> None:
    ran = run("review", "net.py", *args)
    assert (ran.code, ran.err.count("\n")) == (2, 1)
    assert words in ran.err
    assert net.read_text() == NET


def test_a_bad_file_of_decisions_is_refused_in_a_sentence(run: Run, net: Path, here: Path) -> None:
    (here / "bad.json").write_text("{}")
    ran = run("review", "net.py", "--decisions", "bad.json")
    assert (ran.code, ran.err.count("\n")) == (2, 1)


Decide = Callable[[str], Mark]


def decisions(net: Path, mark: Decide, *entries: str) -> Path:
    """What somebody decided by code, as a file."""
    path = net.parent / "decisions.json"

    def choose(offer: Offer) -> Choice:
        deck = Deck(offer.draft, journal.home(net.parent))
        Decisions(path, deck.root, replay=False).keep(deck, Decided(tuple(mark(item.code) for item in deck.items)))
        raise Withdrawn

    with pytest.raises(Withdrawn):
        api.migrate([net], entries, choose=choose)
    return path


def accept(code: str) -> Mark:
    return Mark.TAKEN


def no_loops(code: str) -> Mark:
    """All but the rewritten loop."""
    return Mark.REFUSED if code == "SF201" else Mark.TAKEN


def test_decisions_are_carried_out_and_can_be_undone(run: Run, net: Path) -> None:
    path = decisions(net, accept, "net.py:entry")
    ran = run("review", "net.py", *ENTRY, "--decisions", str(path))
    assert ran.code == 0, ran.err
    assert "for m" in net.read_text() or "in self.ms" in net.read_text()
    assert all(item["written"] for item in json.loads(path.read_text())["decisions"])
    again = run("review", "net.py", *ENTRY, "--decisions", str(path))
    assert "carried out already" in again.err
    assert run("undo").code == 0
    assert net.read_text() == NET


def test_a_selection_that_lacks_something_is_not_written_unless_asked_for(run: Run, net: Path) -> None:
    path = decisions(net, no_loops, "net.py:entry")
    ran = run("review", "net.py", *ENTRY, "--decisions", str(path))
    assert ran.code == 1
    assert "net.py:entry does not script" in ran.err
    assert "nothing was written" in ran.err
    assert net.read_text() == NET
    ran = run("review", "net.py", *ENTRY, "--decisions", str(path), "--keep-partial")
    assert ran.code == 1
    assert "turned down" in ran.err
    assert net.read_text() != NET
    assert "for i in range(len(self.ms))" in net.read_text()


def test_without_entries_and_with_a_decision_that_fits_nothing(run: Run, net: Path) -> None:
    path = decisions(net, accept)
    body = json.loads(path.read_text())
    body["decisions"].append({**body["decisions"][0], "key": "0123456789ab", "line": 99})
    path.write_text(json.dumps(body))
    ran = run("review", "net.py", "--decisions", str(path))
    assert "net.py:99 is not used: the code there has changed" in ran.err
    assert net.read_text() != NET
    after = json.loads(path.read_text())["decisions"]
    assert [item.get("written", False) for item in after] == [True] * (len(after) - 1) + [False]
    assert len(after) == len(body["decisions"])


def test_what_is_not_decided_is_left_and_told(run: Run, net: Path) -> None:
    path = decisions(net, lambda code: Mark.OPEN if code == "SF201" else Mark.TAKEN)
    ran = run("review", "net.py", "--decisions", str(path), "--keep-partial")
    assert ran.code == 1
    assert "not decided" in ran.err
