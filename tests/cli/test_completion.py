"""Completion in the shells: the script runs there, tells what a verb takes, and loads no torch."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import pytest

from cli.conftest import Run
from scriptify.cli import VERBS

TRAP = "import os\nopen(os.environ['SCRIPTIFY_TEST_TRAP'], 'a').close()\nraise ImportError\n"
DRIVER = """
eval "$(scriptify completion bash)"
complete -p scriptify
compopt() { :; }
ask() { COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMPREPLY=(); _scriptify_completion scriptify; echo "${COMPREPLY[*]}"; }
ask scriptify ''
ask scriptify ver
ask scriptify check --no-
ask scriptify check --format ''
"""

Shell = Callable[..., list[str]]


@pytest.fixture
def bash(tmp_path: Path, absent: Callable[[str], NoReturn]) -> Shell:
    """Run a script in bash, where ``scriptify`` is a command and torch a trap; its lines."""
    if shutil.which("bash") is None:
        absent("bash is not installed")
    torch = tmp_path / "trap" / "torch"
    torch.mkdir(parents=True)
    (torch / "__init__.py").write_text(TRAP)
    command = tmp_path / "bin" / "scriptify"
    command.parent.mkdir()
    command.write_text(f'#!/bin/sh\nexec {sys.executable} -m scriptify "$@"\n')
    command.chmod(0o755)
    source = [part for part in os.environ.get("PYTHONPATH", "").split(os.pathsep) if part]

    def run(script: str) -> list[str]:
        env = {
            **os.environ,
            "PATH": f"{command.parent}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": os.pathsep.join([str(torch.parent), *source]),
            "SCRIPTIFY_TEST_TRAP": str(tmp_path / "mark"),
        }
        done = subprocess.run(["bash", "-c", script], env=env, cwd=tmp_path, capture_output=True, text=True, timeout=120)
        assert (done.returncode, done.stderr) == (0, "")
        assert not (tmp_path / "mark").exists(), "torch was imported"
        return done.stdout.splitlines()

    return run


def test_bash_completes(bash: Shell) -> None:
    registered, verbs, one, options, formats = bash(DRIVER)
    assert registered.endswith("scriptify")
    assert verbs.split() == list(VERBS)
    assert (one, options) == ("verify", "--no-color")
    assert {"text", "json", "sarif", "github"} <= set(formats.split())


@pytest.mark.parametrize("words", ["scriptify check ", "scriptify migrate --entry ", "scriptify verify --html "])
def test_files_are_completed_by_the_shell(bash: Shell, words: str) -> None:
    count = len(words.split())
    lines = bash(f"COMP_WORDS='{words}' COMP_CWORD={count} _SCRIPTIFY_COMPLETE=bash_complete scriptify")
    assert any(line.startswith("file,") for line in lines), lines


@pytest.mark.parametrize(("shell", "mark"), [("bash", "complete -o"), ("zsh", "compdef"), ("fish", "complete --no-files")])
def test_each_shell_has_its_script(run: Run, shell: str, mark: str, monkeypatch: pytest.MonkeyPatch) -> None:
    done = run("completion", shell)
    assert (done.code, done.err) == (0, "")
    assert mark in done.out and "_SCRIPTIFY_COMPLETE" in done.out
    monkeypatch.setenv("SHELL", f"/usr/bin/{shell}")
    assert run("completion").out == done.out


def test_another_shell_is_a_usage_error(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    assert run("completion", "tcsh").code == 2
    monkeypatch.setenv("SHELL", "/bin/tcsh")
    done = run("completion")
    assert (done.code, "bash, zsh, fish" in done.err) == (2, True)
