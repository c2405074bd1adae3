"""What a person reads after a migration: all of a small one, and of a big one what fits a screen."""

from __future__ import annotations

import io
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from rich.console import Console, RenderableType

from report.results import FAILING, FULL, ROOT
from scriptify.diagnostics import parse
from scriptify.oracle.protocol import LEVELS, Entry, Verdict, proved
from scriptify.report.migration import migration
from scriptify.result import EntryResult, RunResult
from scriptify.transform import Changed, Decline, Rewrite

GOOD = Verdict(**{name: proved() for name in LEVELS})  # type: ignore[arg-type]


def lines(parts: Iterable[RenderableType], width: int = 100) -> list[str]:
    out = io.StringIO()
    console = Console(file=out, width=width, highlight=False, markup=False, emoji=False)
    for part in parts:
        console.print(part)
    return [line.rstrip() for line in out.getvalue().splitlines()]


def entry(number: int, after: Verdict = GOOD) -> EntryResult:
    remaining = parse(after.error, after.error_type) if after.error else None
    return EntryResult(Entry(f"models/net{number}.py:entry"), FAILING, after, remaining, "nothing shows what x is" if remaining else "")


def big(entries: int = 30) -> RunResult:
    outcomes = []
    for n in range(40):
        path = f"/project/part{n}.py"
        rewrites = tuple(Rewrite(f"SF{201 + k % 15}", f"title {k}", path, k + 1, "f", (), raises=k == 1) for k in range(25))
        declines = tuple(Decline("SF101", path, k, "f", f"reason {k}") for k in range(30) if k <= n)
        outcomes.append(Changed(path, "a", "b", rewrites, declines))
    found = tuple(entry(n, FAILING if n in (7, 23) else GOOD) for n in range(entries))
    return RunResult(outcomes=tuple(outcomes), entries=found, written=True)


def test_a_small_one_is_told_in_full() -> None:
    text = lines(migration(FULL, ROOT))
    said = "\n".join(text)
    assert "     3 SF201 loop over self.ms" in text
    assert "net.py:3 loop over self.ms: not the same" in said
    assert "net.py:5: nothing shows what x is" in said
    assert "  before" in said and "By hand: " in said


def test_a_big_one_fits_a_screen() -> None:
    text = lines(migration(big(), ROOT))
    said = "\n".join(text)
    assert len(text) <= 62, said
    assert "1000 rewrites in 40 files, written." in said
    assert "    80 SF201 module-list-loop in 40 files" in said
    assert "title 3" not in said
    assert "and 200 more by 5 other transforms" in said and "--verbose" in said
    assert "    40 SF101 part0.py:0 and 39 more places: reason 0" in said
    assert "and 25 more reasons" in said
    # Of thirty entries the two that are left come first, and with what is to be done.
    start = next(n for n, line in enumerate(text) if line.startswith("entry "))
    assert [line.split()[0] for line in text[start + 1 : start + 3]] == ["models/net7.py:entry", "models/net23.py:entry"]
    assert "does not script" in text[start + 1]
    assert "and 22 more, all proved" in said
    assert said.count("It does not script: ") == 2
    assert "at net.py:7  self.ms[i]" in said


def test_everything_can_be_had() -> None:
    said = "\n".join(lines(migration(big(), ROOT, everything=True)))
    assert said.count("title 3\n") == 40
    assert "reason 29" in said
    assert "more" not in said.replace("more place", "")


def test_what_passed_by_choice_or_failed_elsewhere_is_counted() -> None:
    many = replace(FULL, refusals=FULL.refusals * 9)
    assert "and 4 more rewrites" in "\n".join(lines(migration(many, ROOT)))


def test_without_torch_it_says_how_little_was_proved() -> None:
    result = RunResult(outcomes=(Changed("/project/a.py", "a", "b", ()),), written=True)
    assert "no torch is installed here" in " ".join(lines(migration(result, Path("/project"))))
