"""The pre-commit hooks, run by pre-commit from a clone, in an environment that has what the project requires and no torch."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from importlib import metadata
from pathlib import Path
from typing import NoReturn

import pytest
from packaging.requirements import Requirement

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


def required(text: str, seen: set[str]) -> Iterator[str]:
    """The names of the distributions a requirement brings."""
    wanted = Requirement(text)
    if wanted.name.lower() in seen or (wanted.marker and not wanted.marker.evaluate({"extra": ""})):
        return
    seen.add(wanted.name.lower())
    yield wanted.name
    for more in metadata.requires(wanted.name) or ():
        yield from required(more, seen)


def requirements() -> list[str]:
    """What the project requires without any extra, as pyproject.toml has it."""
    text = (ROOT / "pyproject.toml").read_text()
    block = re.search(r"^dependencies = \[\n(.*?)^\]", text, re.DOTALL | re.MULTILINE)
    assert block is not None
    return re.findall(r'"(.+)",', block[1])


def test_what_is_required_brings_no_torch() -> None:
    seen: set[str] = set()
    names = [name for text in requirements() for name in required(text, seen)]
    assert {"click", "libcst"} <= set(names)
    assert not [name for name in names if name.startswith(("torch", "nvidia", "numpy"))]


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the project's requirements and nothing else, from this environment: the test downloads nothing."""
    folder, seen = tmp_path_factory.mktemp("installed"), set[str]()
    for text in (*requirements(), "setuptools"):
        for name in required(text, seen):
            for file in metadata.files(name) or ():
                top = file.parts[0]
                if top not in ("..", "__pycache__") and not (folder / top).exists():
                    (folder / top).symlink_to(Path(str(metadata.distribution(name).locate_file(top))))
    return folder


@pytest.fixture
def hook(tmp_path: Path, installed: Path, absent: Callable[[str], NoReturn]) -> Hook:
    """Try the hooks of this project, one after the other, on a repository with one model in it."""
    if shutil.which("git") is None:
        absent("git is not installed")
    target = tmp_path / "models"
    target.mkdir()
    (target / "net.py").write_text(NET)
    env = {
        **{key: value for key, value in os.environ.items() if not key.startswith(("GIT_", "PIP_"))},
        "PYTHONPATH": str(installed),
        "PIP_NO_INDEX": "1",
        "PIP_NO_BUILD_ISOLATION": "0",  # pip's word for: use the setuptools that is there
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": "safe.directory",
        "GIT_CONFIG_VALUE_0": "*",
    }
    for args in (("init", "-q"), ("add", ".")):
        subprocess.run(["git", *args], cwd=target, env=env, check=True)

    def run() -> subprocess.CompletedProcess[str]:
        command = [
            sys.executable,
            "-c",
            "import sys; sys.path[:0] = sys.argv.pop(1).split(':'); from pre_commit.main import main; sys.exit(main())",
        ]
        own = os.pathsep.join(path for path in sys.path if path)
        args = ["try-repo", str(ROOT), "--files", "net.py", "--verbose", "--color=never"]
        return subprocess.run([*command, own, *args], cwd=target, env=env, capture_output=True, text=True, timeout=300)

    return run


@pytest.mark.slow
def test_both_hooks_work_from_a_clone_without_torch(hook: Hook, tmp_path: Path) -> None:
    done = hook()
    said = " ".join(done.stdout.split())
    assert done.returncode == 1, said + done.stderr
    assert "net.py:10: SF201" in said, said
    assert "files were modified by this hook" in said, said
    assert "no torch is installed here" in said, said
    assert "for ms_i in self.ms:" in (tmp_path / "models" / "net.py").read_text()
