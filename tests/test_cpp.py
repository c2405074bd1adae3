"""The C++ project: built with the CMake files of the installed torch, it loads the file and gives the same numbers."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import pytest

from scriptify import cpp
from scriptify.delivering import export

MODELS = Path(__file__).resolve().parents[1] / "benchmarks" / "upstream" / "tutorial.py"


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory, absent: Callable[[str], NoReturn]) -> Path:
    """The project as it is exported, built once: its source is the same for every model."""
    for tool in ("cmake", "c++"):
        if shutil.which(tool) is None:
            absent(f"{tool} is not installed")
    folder = tmp_path_factory.mktemp("cpp") / "project"
    assert export(f"{MODELS}:cell", folder.parent / "cell.pt", how="mixed", project=folder, root=MODELS.parent).ok
    where = "import torch; print(torch.utils.cmake_prefix_path)"
    prefix = subprocess.run([sys.executable, "-W", "ignore", "-c", where], capture_output=True, text=True, check=True).stdout.strip()
    for command in (
        ["cmake", "-S", ".", "-B", "build", f"-DCMAKE_PREFIX_PATH={prefix}", "-DCMAKE_BUILD_TYPE=Debug", "-DCMAKE_CXX_FLAGS_DEBUG=-O0"],
        ["cmake", "--build", "build"],
    ):
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=600, check=False)
        assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return folder


def run(program: Path, folder: Path) -> subprocess.CompletedProcess[str]:
    command = [program / "build" / "run_model", folder / cpp.MODEL, folder / cpp.CASES]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False, env={**os.environ, "OMP_NUM_THREADS": "1"})


@pytest.mark.slow
@pytest.mark.cpp
@pytest.mark.parametrize(
    ("entry", "options", "cases"),
    [
        ("cell", {"how": "mixed"}, 1),
        ("mixed", {"how": "mixed"}, 2),
        ("plain", {"how": "trace", "optimize": True}, 2),
        ("drawing", {"how": "script"}, 1),
        ("containers", {"how": "script"}, 2),
    ],
)
def test_it_gives_the_same_numbers(program: Path, tmp_path: Path, entry: str, options: dict[str, object], cases: int) -> None:
    folder = tmp_path / "project"
    done = export(f"{MODELS}:{entry}", tmp_path / "model.pt", project=folder, root=MODELS.parent, **options)  # type: ignore[arg-type]
    assert done.ok, done.delivery
    ran = run(program, folder)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert [line.partition(",")[0] for line in ran.stdout.splitlines()] == [f"case {n + 1}: same" for n in range(cases)]


@pytest.mark.slow
@pytest.mark.cpp
def test_it_tells_what_differs_and_what_can_not_be_used(program: Path, tmp_path: Path) -> None:
    folder, other = tmp_path / "one", tmp_path / "two"
    assert export(f"{MODELS}:plain", tmp_path / "model.pt", project=folder, root=MODELS.parent).ok
    assert export(f"{MODELS}:training", tmp_path / "model.pt", project=other, root=MODELS.parent).ok
    shutil.copyfile(other / cpp.CASES, folder / cpp.CASES)
    ran = run(program, folder)
    assert ran.returncode == 1 and "case 1: output: other values" in ran.stdout
    (folder / cpp.MODEL).write_bytes(b"nothing")
    assert run(program, folder).returncode == 2


def test_a_folder_with_other_things_in_it_is_left_alone(tmp_path: Path) -> None:
    model = tmp_path / "model.pt"
    model.write_bytes(b"model")
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "CMakeLists.txt").write_text("project(mine)")
    with pytest.raises(cpp.ProjectError, match="something else"):
        cpp.write(mine, model, model)
    assert [path.name for path in mine.iterdir()] == ["CMakeLists.txt"]
    folder = tmp_path / "new"
    cpp.write(folder, model, model)
    cpp.write(folder, model, model)
    assert sorted(path.name for path in folder.iterdir()) == sorted([*cpp.FILES, cpp.MODEL, cpp.CASES])
    with pytest.raises(cpp.ProjectError, match="no folder"):
        cpp.usable(tmp_path / "a" / "b")
