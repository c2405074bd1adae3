"""The repair loop against an oracle made of text rules: what it keeps, refuses, drops and says."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import libcst as cst

from scriptify.choosing import one_by_one
from scriptify.oracle.protocol import Entry, Limits, Observation, Verdict, proved
from scriptify.repair import Repair
from scriptify.transform import Phase, Settings, Transform

PATH = "/project/net.py"
ENTRY = Entry("net.py:entry", "/project")


class FakeOracle:
    """Refuses a text with the first of ``rules`` that matches; a rule gives a level and a message."""

    def __init__(self, original: str, rules: Callable[[str], tuple[str, str] | None]) -> None:
        self.original = original
        self.rules = rules
        self.judged: list[str] = []
        self.attempts = 0
        self.limits = Limits()

    def judge(self, entry, overlay, upto="reloads"):
        text = overlay.get(PATH, self.original)
        self.judged.append(text)
        self.attempts += 1
        good = Verdict(*[proved()] * 6)
        found = self.rules(text)
        return good if found is None else good.stopped(found[0], found[1])

    def scripts(self, entry, overlay):
        return self.judge(entry, overlay)

    def observe(self, entry, files):
        return Observation()


def swap(code: str, old: str, new: str, *, explains: tuple[str, ...] = (), demanded: bool = False, silent: bool = False) -> Transform:
    """A transform that replaces one name by another."""

    class Swap(Transform):
        """Swap a name."""

        phase = Phase.SYNTAX

        def propose(self, tree, facts, focus=None) -> Iterator:
            for node in tree.find(cst.Name):
                if node.value == old and tree.focused(node, focus if demanded else None):
                    yield tree.rewrite(self, node, f"{old} becomes {new}", [tree.replace(node, new)], silent=silent)

    Swap.code, Swap.name, Swap.explains, Swap.on_demand = code, code.lower(), explains, demanded
    return Swap()


def repaired(text: str, rules, *transforms: Transform, **options):
    oracle = FakeOracle(text, rules)
    result = Repair({PATH: text}, [ENTRY], transforms, oracle, Settings(), **options).run()
    return result, result.draft.changed.get(PATH, text)


def refuses(*names: str):
    """Rules: the first of these names in the text is refused where it stands."""

    def rules(text: str):
        for name in names:
            for number, line in enumerate(text.splitlines(), 1):
                if name in line.split():
                    return "scripts", f'{name} is refused:\n  File "{PATH}", line {number}\n    {line}\n    {"~" * len(name)} <--- HERE'
        return None

    return rules


def test_what_scripts_is_left_alone():
    result, text = repaired("bad = 1\n", lambda text: None, swap("SF1", "bad", "good"))
    assert text == "bad = 1\n"
    assert result.entries[0].ok


def test_certain_rewrites_are_kept_where_they_help():
    result, text = repaired("bad = 1\n", refuses("bad"), swap("SF1", "bad", "good"))
    assert text == "good = 1\n"
    assert result.entries[0].ok


def test_rewrites_nobody_needs_are_dropped():
    result, text = repaired("bad = 1\nodd = 2\n", refuses("bad"), swap("SF1", "bad", "good"), swap("SF2", "odd", "even"))
    assert text == "good = 1\nodd = 2\n"
    assert [r.code for r in result.dropped] == ["SF2"]


def test_a_rewrite_that_changes_eager_costs_only_itself():
    def rules(text: str):
        return ("eager_same", "another output") if "evil" in text else refuses("bad")(text)

    result, text = repaired("bad = 1\nodd = 2\n", rules, swap("SF1", "bad", "good"), swap("SF2", "odd", "evil"))
    assert text == "good = 1\nodd = 2\n"
    assert [(r.rewrite.code, "eager" in r.reason) for r in result.refusals] == [("SF2", True)]


def test_a_diagnostic_is_answered_at_its_place():
    text = "first = 1\nsecond = 1\n"
    answer = swap("SF1", "second", "good", explains=("second is refused",), demanded=True)
    wrong = swap("SF2", "first", "worse", explains=("second is refused",), demanded=True)
    result, after = repaired(text, refuses("second"), answer, wrong)
    assert after == "first = 1\ngood = 1\n"
    assert result.entries[0].ok


def test_diagnostics_are_followed_one_after_the_other():
    first = swap("SF1", "one", "two", explains=("one is refused",), demanded=True)
    second = swap("SF2", "two", "three", explains=("two is refused",), demanded=True)
    result, after = repaired("one = 1\n", refuses("one", "two"), first, second)
    assert after == "three = 1\n"
    assert result.entries[0].ok


def test_going_round_in_circles_ends():
    first = swap("SF1", "one", "two", explains=("one is refused",), demanded=True)
    second = swap("SF2", "two", "one", explains=("two is refused",), demanded=True)
    result, after = repaired("one = 1\n", refuses("one", "two"), first, second)
    assert after == "one = 1\n"
    assert not result.entries[0].ok


def test_the_same_words_in_two_places_are_two_steps():
    class First(Transform):
        """Swap the name on the line of the message."""

        code, name, phase, explains, on_demand = "SF1", "first", Phase.SYNTAX, ("bad is refused",), True

        def propose(self, tree, facts, focus=None):
            for node in tree.find(cst.Name):
                if node.value == "bad" and tree.line(node) == focus.line:
                    yield tree.rewrite(self, node, f"line {focus.line}", [tree.replace(node, "good")])

    result, after = repaired("bad = 1\nbad = 1\n", refuses("bad"), First())
    assert after == "good = 1\ngood = 1\n"
    assert result.entries[0].ok


def test_nothing_is_written_for_an_entry_that_stays_refused():
    result, after = repaired("bad = 1\nhard = 2\n", refuses("bad", "hard"), swap("SF1", "bad", "good"))
    assert after == "bad = 1\nhard = 2\n"
    assert result.entries[0].remaining is not None
    assert "hard is refused" in result.entries[0].remaining.headline
    assert result.entries[0].advice


def test_partial_work_is_kept_when_asked_for():
    _, after = repaired("bad = 1\nhard = 2\n", refuses("bad", "hard"), swap("SF1", "bad", "good"), keep_partial=True)
    assert after == "good = 1\nhard = 2\n"


def test_guards_against_silent_differences_stay():
    result, after = repaired("trap = 1\n", lambda text: None, swap("SF9", "trap", "safe", silent=True))
    assert after == "safe = 1\n"
    assert result.entries[0].ok


def test_the_patch_is_minimal():
    names = ["a1", "a2", "a3", "a4", "a5"]
    text = "".join(f"{name} = 0\n" for name in names)
    needed = refuses("a2", "a4")
    result, after = repaired(text, needed, *(swap(f"SF{n}", name, f"b{n}") for n, name in enumerate(names, 1)))
    assert after == "a1 = 0\nb2 = 0\na3 = 0\nb4 = 0\na5 = 0\n"
    for number in range(len(result.draft.rewrites)):
        assert needed(result.draft.without([number]).texts[PATH]) is not None


def test_a_person_may_turn_down_a_rewrite():
    result, after = repaired("bad = 1\n", refuses("bad"), swap("SF1", "bad", "good"), choose=one_by_one(lambda rewrite: False))
    assert after == "bad = 1\n"
    assert not result.entries[0].ok
    assert [(r.reason, r.by_choice) for r in result.refusals] == [("turned down", True)]
    assert "bad is refused" in result.entries[0].remaining.headline


def test_a_rewrite_knows_the_message_it_answers():
    first, second = swap("SF1", "bad", "good"), swap("SF2", "worse", "fine", explains=("worse is refused",), demanded=True)
    result, _ = repaired("bad = 1\nworse = 2\n", refuses("bad", "worse"), first, second)
    assert [r.answers.splitlines()[0] for r in result.draft.rewrites] == ["bad is refused:", "worse is refused:"]


def test_what_does_harm_without_the_rest_is_not_kept():
    def rules(text: str):
        if ("good" in text) != ("fine" in text):
            return "eager_same", "the outputs differ"
        return ("scripts", "bad is refused") if "bad" in text else None

    swaps = swap("SF1", "bad", "good"), swap("SF2", "worse", "fine", silent=True)
    result, after = repaired("bad = 1\nworse = 2\n", rules, *swaps, choose=one_by_one(lambda rewrite: rewrite.code == "SF1"))
    assert after == "bad = 1\nworse = 2\n"
    assert [(r.rewrite.code, r.by_choice) for r in result.refusals] == [("SF2", True), ("SF1", False)]


def test_an_entry_that_does_not_run_ends_the_work_on_it_alone():
    result, after = repaired("bad = 1\n", lambda text: ("imports", "net.py: no such thing"), swap("SF1", "bad", "good"))
    assert after == "bad = 1\n"
    assert not result.entries[0].usable


def test_a_repair_that_takes_too_long_stops_with_the_way_out(monkeypatch):
    clock = iter(range(0, 1_000_000, 2000))
    monkeypatch.setattr("scriptify.repair.time.monotonic", lambda: next(clock))
    result, after = repaired("bad = 1\n", refuses("bad"), swap("SF1", "bad", "good", explains=("bad is refused",), demanded=True))
    assert after == "bad = 1\n"
    assert "--entry-limit" in result.entries[0].advice
