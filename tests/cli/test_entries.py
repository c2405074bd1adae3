"""Entries through the command line: what can't be run is one sentence, and the others are still served."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cli.conftest import NET, Run
from report.results import problems

ENTRIES = """import ctypes
import os
import time

import torch
from net import Net


def good():
    return Net(), (torch.rand(2, 4),)


def both():
    yield Net(), (torch.rand(2, 4),)
    yield Net(), (torch.rand(2, 4), torch.rand(2, 4))


def raises():
    raise RuntimeError("no weights here")


def leaves():
    os._exit(3)


def hangs():
    time.sleep(100)


def crashes():
    ctypes.string_at(0)


def greedy():
    bytearray(1 << 45)


def wrong():
    return 3


def shape():
    return Net(), (torch.rand(2, 5),)
"""
TOLD = {
    "entries.py:raises": "can't be run: raises RuntimeError: no weights here (entries.py:",
    "entries.py:leaves": "ended the process with exit code 3",
    "entries.py:hangs": "did not finish within 3 seconds",
    "entries.py:crashes": "crashed the process with SIGSEGV",
    "entries.py:greedy": "runs out of memory",
    "entries.py:wrong": "returned a int; it must return (model, args)",
    "entries.py:shape": "does not run as it is: the original model raises RuntimeError: mat1 and mat2 shapes",
    "entries.py:missing": "entries.py has no function missing",
    "entries:raises": "no weights here",
    "missing.py:entry": "there is no file missing.py",
    "missing.module:entry": "No module named 'missing'",
    "imports.py:entry": "can't be imported: ModuleNotFoundError: No module named 'not_installed'",
    "syntax.py:entry": "can't be imported: SyntaxError",
}


@pytest.fixture
def entries(net: Path, here: Path) -> Path:
    (here / "entries.py").write_text(ENTRIES)
    (here / "imports.py").write_text("import not_installed\n")
    (here / "syntax.py").write_text("def entry(:\n")
    return here


def words(text: str) -> str:
    return " ".join(text.split())


def test_each_bad_entry_is_one_sentence_and_the_good_one_is_judged(run: Run, entries: Path) -> None:
    args = [part for name in (*TOLD, "entries.py:good") for part in ("--entry", name)]
    done = run("verify", "--time-limit", "3", *args)
    assert done.code == 1
    assert done.out == ""
    for sentence in TOLD.values():
        assert sentence in words(done.err)
    assert "It does not script: Expected integer literal" in words(done.err)


def test_a_migration_serves_the_good_entries(run: Run, net: Path, entries: Path) -> None:
    args = ("--entry", "entries.py:raises", "--entry", "entries.py:both", "--save", "net.pt", "net.py")
    done = run("migrate", *args)
    assert done.code == 1
    assert "no weights here" in done.err
    assert "written." in done.err
    assert net.read_text() != NET
    assert not (entries / "net.pt").exists(), "the first entry could not be run"
    done = run("verify", "--entry", "entries.py:both", "--format", "json")
    assert done.code == 0, done.err
    body = json.loads(done.out)
    assert problems(body) == []
    assert body["entries"][0]["after"]["cases"] == 2
    run("undo")
    assert net.read_text() == NET


def test_a_migration_that_succeeds_saves_the_model(run: Run, net: Path, entries: Path) -> None:
    done = run("migrate", "net.py", "--entry", "net.py:entry", "--save", "net.pt", "--format", "json")
    assert done.code == 0, done.err
    assert problems(json.loads(done.out)) == []
    assert (entries / "net.pt").stat().st_size > 1000


def test_without_an_entry_the_report_says_how_little_was_proved(run: Run, net: Path) -> None:
    done = run("migrate", "net.py")
    assert done.code == 0
    assert "No entry was given, so of the changed files only this was proved" in words(done.err)


def test_the_demo_ends_proved(run: Run, here: Path) -> None:
    done = run("demo", "--keep", "demo")
    assert done.code == 0, done.err
    assert "torch.jit.script refuses this model" in done.out
    assert {"SF101", "SF201", "SF301", "SF401"} <= set(done.out.split())
    last = [line.split() for line in done.out.splitlines() if line.split()[:1] == ["after"]]
    assert last == [["after", *["yes"] * 6]]
    assert run("demo", "--keep", "demo").code == 2


UNSEEN = """import torch
from torch import nn


class Loss(nn.Module):
    def forward(self, x, target):
        try:
            return (x - target).mean()
        finally:
            print("done")


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.loss = Loss()

    def forward(self, x, names=("a",)):
        if x.dim() == 5:
            return {name: nn.Linear(2, 2)(x) for name in names}
        elif x.dim() == 2:
            return x + 1
        return x


def entry():
    return Net(), (torch.rand(2, 4),)
"""


def test_what_no_run_came_to_raises_and_is_told(run: Run, here: Path) -> None:
    (here / "net.py").write_text(UNSEEN)
    done = run("migrate", "net.py", "--entry", "net.py:entry", "--save", "net.pt")
    assert done.code == 0, done.err
    assert "Eager mode only" in done.err
    assert {"SF610", "SF611"} <= set(done.err.split())
    text = (here / "net.py").read_text()
    assert text.count("raise RuntimeError") == 1
    assert "@torch.jit.unused\n    def forward(self, x, target)" in text
