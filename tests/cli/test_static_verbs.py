"""check, diff, rules, explain: what they print where, and their exit codes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from cli.conftest import FINE, NET, Run
from scriptify import __version__, registry


def test_help_lists_every_verb_and_the_exit_codes(run: Run) -> None:
    done = run("--help")
    assert done.code == 0
    for word in ("check", "diff", "migrate", "verify", "rules", "explain", "export", "undo", "demo", "Exit codes"):
        assert word in done.out
    assert run("--version").out == f"scriptify, version {__version__}\n"


@pytest.mark.parametrize("verb", ["check", "diff", "migrate", "verify", "rules", "explain", "export", "undo", "demo"])
def test_every_verb_has_help_and_every_option_says_what_it_does(run: Run, verb: str) -> None:
    done = run(verb, "--help")
    assert done.code == 0
    lines = done.out[done.out.index("Options:") :].splitlines()[1:]
    assert all(not line.strip().startswith("-") or len(line.split()) > 1 for line in lines)
    bare = [lines[n] for n in range(len(lines)) if lines[n].strip().startswith("-") and _alone(lines, n)]
    assert bare == []


def _alone(lines: list[str], number: int) -> bool:
    words = lines[number].strip().split("  ")
    following = lines[number + 1] if number + 1 < len(lines) else "  -"
    return len(words) == 1 and following.strip().startswith("-")


def test_check_lists_findings_on_stdout_and_counts_on_stderr(run: Run, net: Path) -> None:
    done = run("check", "net.py")
    assert done.code == 1
    rows = [line.split(" ", 2) for line in done.out.splitlines()]
    assert {row[1] for row in rows} >= {"SF101", "SF201", "SF401"}
    assert all(row[0].startswith("net.py:") for row in rows)
    assert "in 1 file of 1" in done.err
    assert net.read_text() == NET


def test_check_of_fine_code_is_silent_on_stdout(run: Run, here: Path) -> None:
    (here / "fine.py").write_text(FINE)
    assert run("check", ".")[:3] == (0, "", "Nothing to rewrite in 1 file.\n")
    assert run("check", "-q", ".")[:3] == (0, "", "")


def test_check_as_json_and_for_github(run: Run, net: Path) -> None:
    body = json.loads(run("check", "--format", "json", "net.py").out)
    assert body["version"] == 1
    assert [item["path"] for item in body["files"]] == ["net.py"]
    assert not body["written"]
    for line in run("check", "--format", "github", "net.py").out.splitlines():
        assert line.startswith(("::warning file=net.py,line=", "::notice file=net.py,line="))


def test_select_and_ignore(run: Run, net: Path) -> None:
    assert {line.split()[1] for line in run("check", "--select", "SF401", "net.py").out.splitlines()} == {"SF401"}
    assert {line.split()[1] for line in run("check", "--select", "float-argument", "net.py").out.splitlines()} == {"SF401"}
    assert "SF401" not in run("check", "--ignore", "SF4", "net.py").out


def test_diff_is_taken_by_git_and_leaves_nothing_to_find(run: Run, net: Path, here: Path) -> None:
    subprocess.run(["git", "init", "-q"], check=True)
    done = run("diff", ".")
    assert done.code == 1
    subprocess.run(["git", "apply", "-"], input=done.bytes_out, check=True)
    assert net.read_text() != NET
    again = run("diff", ".")
    assert (again.code, again.out) == (0, "")


def test_several_jobs_give_the_same_result(run: Run, here: Path) -> None:
    for number in range(6):
        (here / f"net{number}.py").write_text(NET.replace("range(3)", f"range({number + 1})"))
    (here / "bad.py").write_text("def f(:\n")
    (here / "fine.py").write_text(FINE)
    for verb in ("check", "diff"):
        assert run(verb, "--jobs", "2", ".")[:3] == run(verb, "--jobs", "1", ".")[:3]


def test_rules_lists_every_transform(run: Run) -> None:
    done = run("rules")
    assert done.code == 0
    body = json.loads(run("rules", "--format", "json").out)
    assert [item["code"] for item in body] == sorted(t.code for t in registry.all_transforms())
    assert all(item["code"] in done.out and item["name"] in done.out for item in body)


@pytest.mark.parametrize("transform", registry.all_transforms(), ids=lambda t: t.code)
def test_every_transform_is_explained_by_code_and_name(run: Run, transform: registry.Transform) -> None:
    done = run("explain", transform.code.lower())
    assert done.code == 0
    assert done.out.startswith(f"{transform.code} {transform.name}\n")
    assert "Before" in done.out
    assert run("explain", transform.name).out == done.out


def test_explain_answers_a_pasted_error(run: Run) -> None:
    done = run("explain", "-", given="RuntimeError: \r\nExpected integer literal for index but got a variable\r\n")
    assert done.code == 0
    assert "Cause" in done.out
    assert "enumerate" in done.out


def test_explain_says_when_it_does_not_know(run: Run) -> None:
    done = run("explain", "-", given=b"ZeroDivisionError: \xff\xfe")
    assert done.code == 1
    assert "not in the index" in done.out


def test_a_suppressed_place_is_left_alone(run: Run, net: Path) -> None:
    net.write_text(NET.replace("p=0)", "p=0)  # scriptify: skip[SF401] our own dropout"))
    done = run("check", "--select", "SF401", "net.py")
    assert done.code == 0
    assert "left alone: suppressed on line 16: our own dropout" in done.out


def real(*args: str, **env: str) -> subprocess.CompletedProcess[str]:
    full = {**{k: v for k, v in os.environ.items() if k not in ("NO_COLOR", "FORCE_COLOR")}, **env}
    return subprocess.run([sys.executable, "-m", "scriptify", *args], env=full, capture_output=True, text=True, timeout=60)


def test_colours_only_where_they_are_wanted(net: Path) -> None:
    assert "\x1b[" not in real("check", "net.py").stdout
    assert "\x1b[" in real("check", "net.py", FORCE_COLOR="1").stdout
    assert "\x1b[3" not in real("check", "net.py", FORCE_COLOR="1", NO_COLOR="1").stdout
    assert "\x1b[3" not in real("check", "--no-color", "net.py", FORCE_COLOR="1").stdout


def test_a_reader_that_goes_away_is_no_traceback(net: Path) -> None:
    command = f"{sys.executable} -m scriptify rules | true"
    done = subprocess.run(command, shell=True, capture_output=True, text=True, timeout=60)
    assert done.stderr == ""


def test_an_ascii_terminal_is_no_traceback(here: Path) -> None:
    name = "modèle.py"
    (here / name).write_text(NET)
    done = real("check", name, PYTHONIOENCODING="ascii", PYTHONUTF8="0")
    assert "Traceback" not in done.stderr
    assert "mod\\xe8le.py:" in done.stdout


def test_sarif_goes_to_stdout_and_nothing_else_does(run: Run, net: Path) -> None:
    done = run("check", "net.py", "--format", "sarif")
    assert done.code == 1
    log = json.loads(done.out)
    assert (log["version"], {item["ruleId"] for item in log["runs"][0]["results"]}) == ("2.1.0", {"SF101", "SF201", "SF401"})
    assert log["runs"][0]["invocations"][0]["exitCode"] == 1
    assert net.read_text() == NET
