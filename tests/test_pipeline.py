"""Passes, suppressions, held-back rewrites and failures, with small transforms on text."""

from __future__ import annotations

import libcst as cst
import pytest

from scriptify import api, pipeline
from scriptify.facts import static
from scriptify.transform import Changed, Clean, Failed, Phase, Safety, Settings, Transform

PATH = "a.py"


def swap(code: str, old: str, new: str, phase: Phase = Phase.SYNTAX, safety: Safety = Safety.EQUIVALENT) -> Transform:
    """A transform that replaces one name by another."""

    class Swap(Transform):
        """Swap a name."""

        def propose(self, tree, facts, focus=None):
            for node in tree.find(cst.Name):
                if node.value == old:
                    yield tree.rewrite(self, node, f"{old} becomes {new}", [tree.replace(node, new)])

    Swap.code, Swap.name, Swap.phase, Swap.safety, Swap.hints = code, code.lower(), phase, safety, (old,)
    return Swap()


def run(text: str, *transforms: Transform, **options) -> pipeline.Result:
    settings = options.pop("settings", Settings())
    return pipeline.run({PATH: text}, transforms, lambda texts: static.index(texts, settings), settings=settings, **options)


def test_passes_go_on_until_nothing_is_proposed():
    result = run("a = 1\n", swap("SF1", "a", "b"), swap("SF2", "b", "c"))
    assert result.draft.texts[PATH] == "c = 1\n"
    assert not result.failures


def test_a_pair_that_does_not_settle_is_a_named_failure():
    result = run("a = 1\n", swap("SF1", "a", "b"), swap("SF2", "b", "a"))
    assert "SF1" in result.failures["#unsettled"] or "SF2" in result.failures["#unsettled"]


def test_the_earlier_phase_wins_an_overlap():
    late, early = swap("SF1", "a", "late", Phase.VALUES), swap("SF2", "a", "early", Phase.DEPLOY)
    ordered = sorted([late, early], key=lambda t: (t.phase, t.code))
    assert run("a = 1\n", *ordered).draft.texts[PATH] == "early = 1\n"


def test_outcomes_say_what_became_of_each_file():
    texts = {"a.py": "a = 1\n", "b.py": "z = 1\n", "c.py": "a = (\n"}
    result = pipeline.run(texts, [swap("SF1", "a", "b")], static.index)
    assert [type(o) for o in result.outcomes(sorted(texts))] == [Changed, Clean, Failed]


def test_a_transform_that_breaks_costs_only_its_own_rewrites():
    class Broken(Transform):
        """Breaks."""

        code, name, phase = "SF9", "broken", Phase.SYNTAX

        def propose(self, tree, facts, focus=None):
            raise KeyError("oops")

    result = run("a = 1\n", Broken(), swap("SF1", "a", "b"))
    assert result.draft.texts[PATH] == "b = 1\n"
    assert "SF9 failed" in result.failures[f"{PATH}#SF9"]


def test_a_rewrite_that_does_not_parse_is_left_out():
    result = run("a = 1\nb = 2\n", swap("SF1", "a", "1 ="), swap("SF2", "b", "c"))
    assert result.draft.texts[PATH] == "a = 1\nc = 2\n"
    assert "did not parse" in result.failures[f"{PATH}#SF1"]


@pytest.mark.parametrize(
    "text",
    ["a = 1  # scriptify: skip[SF1] mine\n", "# scriptify: skip mine\na = 1\n", "a = 1  # scriptify: skip[sf1, SF2]\n"],
)
def test_a_suppression_is_heeded_and_told(text):
    result = run(text, swap("SF1", "a", "b"))
    assert result.draft.texts[PATH] == text
    assert ["suppressed on line" in d.because for d in result.declines] == [True]


def test_a_suppression_of_another_code_does_nothing():
    assert run("a = 1  # scriptify: skip[SF2]\n", swap("SF1", "a", "b")).draft.texts[PATH].startswith("b = 1")


def test_an_unused_suppression_is_reported(monkeypatch):
    transform = swap("SF1", "a", "b")
    monkeypatch.setattr(pipeline.registry, "all_transforms", lambda: (transform,))
    result = run("x = 1  # scriptify: skip[SF1] old\na = 2  # scriptify: skip[SF1]\n", transform)
    assert [(d.code, d.line) for d in result.declines] == [("SF1", 2), ("unused-skip", 1)]


def test_what_callers_can_see_waits_for_their_word():
    visible = swap("SF1", "a", "b", safety=Safety.API)
    held = run("a = 1\n", visible)
    assert held.draft.texts[PATH] == "a = 1\n" and "--unsafe" in held.declines[0].because
    assert run("a = 1\n", visible, settings=Settings(unsafe=True)).draft.texts[PATH] == "b = 1\n"


def test_what_only_a_run_can_show_waits_for_an_entry():
    held = run("a = 1\n", swap("SF1", "a", "b", safety=Safety.OBSERVED))
    assert held.draft.texts[PATH] == "a = 1\n" and "--entry" in held.declines[0].because


def test_refused_rewrites_are_not_proposed_again():
    first = run("a = 1\n", swap("SF1", "a", "b"))
    (rewrite,) = first.draft.rewrites
    assert run("a = 1\n", swap("SF1", "a", "b"), refused=[rewrite.key]).draft.texts[PATH] == "a = 1\n"


OVERLOADED = "a = 1\n\n\nclass Net:\n    @torch.jit._overload_method\n    def forward(self, x): pass\n\n\nb = 1\n"


def test_classes_that_torch_knows_by_their_line_keep_it():
    higher = run(OVERLOADED, swap("SF1", "a", "(\n    c)"))
    assert higher.draft.texts[PATH] == OVERLOADED
    assert ["_overload_method" in d.because for d in higher.declines] == [True]
    assert run(OVERLOADED, swap("SF1", "b", "(\n    c)")).draft.texts[PATH] != OVERLOADED
    assert run(OVERLOADED, swap("SF1", "a", "c")).draft.texts[PATH] != OVERLOADED


def test_loops_inside_each_other_get_names_of_their_own():
    text = (
        "from torch import nn\n\n\nclass Net(nn.Module):\n    def forward(self):\n        xs = [1, 2]\n        ys = [1]\n"
        "        for v in xs:\n            if len(xs) < 5:\n                xs.append(v)\n"
        "            for w in ys:\n                if len(ys) < 3:\n                    ys.append(w)\n"
        "        for v in ys:\n            if len(ys) < 4:\n                ys.append(v)\n        return xs, ys\n"
    )
    after = api.rewrite(text, select=["SF312"]).draft.texts["source.py"]
    assert after.count("while i < len(xs)") == after.count("while i_2 < len(ys)") == after.count("while i < len(ys)") == 1
    made = {}
    exec(after.replace("nn.Module", "object"), made)
    assert made["Net"]().forward() == ([1, 2, 1, 2, 1], [1, 1, 1, 1])
