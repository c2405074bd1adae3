"""``--html`` and ``--modules``: the page beside whatever else is printed, and the tree in JSON."""

from __future__ import annotations

import json
from pathlib import Path

from cli.conftest import FINE, NET, Run
from report.results import problems


def test_a_migration_writes_its_page_and_its_json(run: Run, net: Path, here: Path) -> None:
    done = run("migrate", "net.py", "--entry", "net.py:entry", "--html", "report.html", "--format", "json")
    assert done.code == 0, done.err
    body = json.loads(done.out)
    assert problems(body) == []
    modules = {row["path"]: row for row in body["entries"][0]["modules"]}
    assert set(modules) == {"", "ms", "ms.0", "ms.1", "ms.2"}
    assert (modules[""]["class"], modules[""]["file"], modules[""]["line"]) == ("Net", "net.py", 6)
    assert modules[""]["before"]["scripts"]["state"] == "refuted"
    assert modules[""]["after"]["scripted_same"]["state"] == "proved"
    page = (here / "report.html").read_text(encoding="utf-8")
    assert "1 of 1" in page and "net.py:entry" in page and "Linear" in page
    assert str(here) not in page
    assert "report.html" in done.err


def test_a_verdict_has_a_page_and_modules_only_when_asked(run: Run, here: Path) -> None:
    (here / "fine.py").write_text(FINE)
    done = run("verify", "--entry", "fine.py:entry", "--html", "fine.html", "--format", "json")
    assert done.code == 0, done.err
    assert json.loads(done.out)["entries"][0]["modules"] == []  # a function has none
    assert "Verdict of" in (here / "fine.html").read_text(encoding="utf-8")


def test_no_folder_for_the_page_is_told_before_the_work(run: Run, net: Path) -> None:
    done = run("migrate", "net.py", "--html", "nowhere/report.html")
    assert (done.code, net.read_text()) == (2, NET)
    assert "there is no folder nowhere" in done.err


def test_a_page_that_cannot_be_written_fails_after_the_report(run: Run, net: Path, here: Path) -> None:
    (here / "report.html").mkdir()
    done = run("migrate", "net.py", "--html", "report.html", "--dry-run")
    assert done.code == 2
    assert net.read_text() == NET
