"""The pre-commit hooks, run by pre-commit from a clone, with the scriptify of this environment."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import pytest

ROOT = Path(__file__).resolve().parent.parent
NET = """from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.ms = nn.ModuleList(nn.Linear(4, 4) for _ in range(3))

    def forward(self, x):
        for i in range(len(self.ms)):
            x = self.ms[i](x)
        return x
"""

Hook = Callable[[], subprocess.CompletedProcess[str]]


@pytest.fixture
def hook(tmp_path: Path, absent: Callable[[str], NoReturn]) -> Hook:
    """Try the hooks of this project, one after the other, on a repository with one model in it."""
    bin_folder = Path(sys.executable).parent
    if shutil.which("git") is None or not (bin_folder / "scriptify").exists():
        absent("git or the scriptify command is not installed")
    target = tmp_path / "models"
    target.mkdir()
    (target / "net.py").write_text(NET)
    env = {
        **{key: value for key, value in os.environ.items() if not key.startswith("GIT_")},
        "PATH": f"{bin_folder}{os.pathsep}{os.environ['PATH']}",
        "PRE_COMMIT_HOME": str(tmp_path / "cache"),
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": "safe.directory",
        "GIT_CONFIG_VALUE_0": "*",
    }
    for args in (("init", "-q"), ("add", ".")):
        subprocess.run(["git", *args], cwd=target, env=env, check=True)

    def run() -> subprocess.CompletedProcess[str]:
        args = ["try-repo", str(ROOT), "--files", "net.py", "--verbose", "--color=never"]
        return subprocess.run([sys.executable, "-m", "pre_commit", *args], cwd=target, env=env, capture_output=True, text=True, timeout=300)

    return run


@pytest.mark.slow
def test_both_hooks_work_from_a_clone(hook: Hook, tmp_path: Path) -> None:
    done = hook()
    said = " ".join(done.stdout.split())
    assert done.returncode == 1, said + done.stderr
    assert "net.py:10: SF201" in said, said
    assert "files were modified by this hook" in said, said
    assert "for ms_i in self.ms:" in (tmp_path / "models" / "net.py").read_text()
