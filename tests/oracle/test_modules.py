"""The module tree: what of a model scripts by itself, what computes the same, and what is never tried."""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

from oracle.conftest import HEAD
from scriptify.oracle.protocol import Entry, LiveModule, State
from scriptify.oracle.runner import Oracle

Look = Callable[..., dict[str, LiveModule]]

MODEL = """
class Odd(nn.Module):
    def forward(self, x):
        return (lambda y: y * 2)(x)

class Silent(nn.Module):
    def forward(self, x):
        return x + (1 if torch.jit.is_scripting() else 0)

class Pair(nn.Module):
    def __init__(self, first):
        super().__init__()
        self.first, self.last = first, nn.Linear(2, 3)
        self.spare = nn.Linear(2, 2)
    def forward(self, x):
        return self.last(self.first(x))

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.good, self.bad, self.silent = Pair(nn.ReLU()), Pair(Odd()), Pair(Silent())
        self.all = nn.ModuleList([Pair(Odd())])
    def forward(self, x):
        return self.good(x) + self.bad(x) + self.silent(x) + self.all[0](x)

def entry(): return Net(), (torch.rand(1, 2),)
"""


@pytest.fixture
def look(oracle: Oracle, tmp_path: Path) -> Look:
    """The rows of a file's ``entry``, by path."""

    def ask(source: str, rewritten: str | None = None, **limits: float) -> dict[str, LiveModule]:
        path = tmp_path / "case.py"
        path.write_text(HEAD + textwrap.dedent(source))
        overlay = {} if rewritten is None else {str(path): HEAD + textwrap.dedent(rewritten)}
        rows = oracle.modules(Entry(f"{path}:entry", str(tmp_path)), overlay, **limits)  # type: ignore[arg-type]
        assert len({row.path for row in rows}) == len(rows)
        return {row.path: row for row in rows}

    return ask


def states(row: LiveModule) -> tuple[str, str]:
    """Scripts, computes the same."""
    return row.forms["scripts"].state.value, row.forms["scripted_same"].state.value


def test_each_module_is_judged_by_itself(look: Look) -> None:
    rows = look(MODEL)
    refused, silent, sound, idle = ("refuted", "not tried"), ("proved", "refuted"), ("proved", "proved"), ("proved", "not tried")
    assert {path: states(row) for path, row in rows.items()} == {
        "": refused,
        "good": sound, "good.first": sound, "good.last": sound, "good.spare": idle,
        "bad": refused, "bad.first": refused, "bad.last": sound, "bad.spare": idle,
        "silent": silent, "silent.first": silent, "silent.last": sound, "silent.spare": idle,
        "all": ("not tried", "not tried"),
        "all.0": refused, "all.0.first": refused, "all.0.last": sound, "all.0.spare": idle,
    }  # fmt: skip
    assert "Lambda aren't supported" in rows["bad.first"].forms["scripts"].detail
    assert "case.py:" in rows["bad.first"].forms["scripts"].detail
    assert "value" in rows["silent.first"].forms["scripted_same"].detail
    assert rows["good.spare"].forms["scripted_same"].detail == "no run went into it"


def test_a_row_tells_class_place_and_size(look: Look, tmp_path: Path) -> None:
    rows = look(MODEL)
    lines = (HEAD + MODEL).splitlines()
    pair = rows["good"]
    assert (pair.name, pair.file, lines[pair.line - 1]) == ("Pair", str(tmp_path / "case.py"), "class Pair(nn.Module):")
    assert (pair.parameters, rows["good.last"].parameters, rows[""].parameters) == (15, 9, 60)
    assert (rows["good.first"].name, rows["good.first"].file, rows["good.first"].line) == ("ReLU", "", 0)
    assert next(iter(rows)) == ""


def test_rewritten_text_is_what_is_judged(look: Look) -> None:
    rows = look(MODEL, MODEL.replace("(lambda y: y * 2)(x)", "x * 2"))
    assert states(rows["bad"]) == ("proved", "proved")
    assert states(rows["silent"]) == ("proved", "refuted")


def test_the_limits_leave_the_rest_untried(look: Look) -> None:
    rows = look(MODEL, attempts=2)
    tried = [row for row in rows.values() if row.forms["scripts"].state is not State.NOT_TRIED]
    assert {row.path for row in tried} == {"", "good", "good.first", "good.last", "good.spare"}
    assert rows["bad"].forms["scripts"].detail == "the limit for the tree was reached"
    assert states(look(MODEL, seconds=0.0)[""]) == ("not tried", "not tried")


def test_a_tree_that_is_proved_is_not_tried_again(look: Look) -> None:
    rows = look(MODEL, proved=True)
    assert {row.forms["scripts"].state for row in rows.values()} == {State.PROVED}
    assert states(rows["good.spare"]) == ("proved", "not tried")


NASTY = """
import os, time
class Crash(nn.Module):
    def forward(self, x):
        return x
    def __getattr__(self, name):
        if name == "__constants__": os.abort()
        return super().__getattr__(name)
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.crash, self.norm, self.drop = Crash(), nn.BatchNorm1d(2), nn.Dropout(0.5)
        self.shared = self.norm
    def forward(self, x, scale):
        return (lambda y: y)(self.drop(self.norm(self.crash(x)))) * scale["s"]
def entry(): return Net(), (torch.rand(4, 2), {"s": 2.0})
"""


def test_a_module_that_crashes_the_compiler_costs_its_own_row(look: Look) -> None:
    rows = look(NASTY)
    assert states(rows["crash"]) == ("refuted", "not tried")
    assert "SIGABRT" in rows["crash"].forms["scripts"].detail
    assert states(rows["norm"]) == states(rows["drop"]) == ("proved", "proved")
    assert "shared" not in rows


@pytest.mark.parametrize("source", ["def entry(): return F.relu, (torch.rand(1),)", "def entry(): raise KeyError", "def entry(:"])
def test_what_holds_no_modules_gives_no_rows(look: Look, source: str) -> None:
    assert look(source) == {}


def test_several_models_are_told_apart(oracle: Oracle, tmp_path: Path) -> None:
    path = tmp_path / "two.py"
    path.write_text(HEAD + "def entry(): return [(nn.ReLU(), (torch.rand(1),)), (nn.Sequential(nn.Tanh()), (torch.rand(1),))]\n")
    rows = oracle.modules(Entry(f"{path}:entry", str(tmp_path)))
    assert [(row.model, row.path, row.name) for row in rows] == [(0, "", "ReLU"), (1, "", "Sequential"), (1, "0", "Tanh")]
