"""Several entries over an executor of any kind: the heavy part is spread, and the result is the serial one."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from importlib import util
from multiprocessing import get_context
from pathlib import Path
from typing import NoReturn

import pytest

import scriptify
from scriptify import api
from scriptify.oracle.protocol import Entry
from scriptify.oracle.runner import Oracle
from scriptify.report import jsonable
from scriptify.result import RunResult

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"

NETS = {
    "one": "for i in range(len(self.ms)):\n            x = self.ms[i](x)\n        return helper(x)",
    "two": "x = helper(self.ms[0](x))\n        n = x.shape[-1]\n        n //= 2\n        return x[..., :n]",
    "three": "assert x.dim() == 2, f'got {x.dim():>3}'\n        return helper(self.ms[1](x))",
}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three models of their own, one helper that all share, and an entry for each."""
    tmp_path = tmp_path_factory.mktemp("project")
    head = "import torch\nfrom torch import nn\n"
    (tmp_path / "shared.py").write_text(f"{head}def helper(x, by=None):\n    return x if by is None else x * by\n")
    entries = head
    for name, body in NETS.items():
        text = "class Net(nn.Module):\n    def __init__(self):\n        super().__init__()\n"
        text += "        self.ms = nn.ModuleList(nn.Linear(4, 4) for _ in range(2))\n\n    def forward(self, x):\n        "
        (tmp_path / f"{name}.py").write_text(f"{head}from shared import helper\n\n\n{text}{body}\n")
        entries += f"\n\ndef {name}():\n    import {name}\n    return {name}.Net(), (torch.rand(2, 4),)\n"
    (tmp_path / "entries.py").write_text(entries)
    return tmp_path


def migrated(root: Path, executor: Executor | None, oracle: Oracle | None = None, progress=None) -> RunResult:
    paths = [root / f"{name}.py" for name in (*NETS, "shared")]
    entries = [Entry(f"entries.py:{name}", str(root)) for name in NETS]
    return api.migrate(paths, entries, executor=executor, oracle=oracle, root=root, write=False, progress=progress)


def told(result: RunResult, root: Path) -> str:
    """A run as data, without what is another at each run: times, and how often this very process asked."""

    def plain(value: object) -> object:
        if isinstance(value, dict):
            return {key: plain(item) for key, item in value.items() if key not in ("seconds", "attempts")}
        return [plain(item) for item in value] if isinstance(value, list) else value

    return json.dumps(plain(jsonable.run(result, root)), indent=1)


@pytest.fixture(scope="module")
def serial(project: Path) -> tuple[RunResult, int]:
    """The run without an executor, and how often its oracle was asked."""
    with Oracle(root=project) as alone:
        result = migrated(project, None, alone)
        assert all(entry.ok for entry in result.entries)
        assert {r.code for r in result.rewrites} >= {"SF201", "SF405", "SF713"}
        return result, alone.attempts


class Counting(ThreadPoolExecutor):
    """Threads that remember what was asked of them."""

    asked: list[str]

    def submit(self, call, /, *args, **kwargs) -> Future:
        self.asked = [*getattr(self, "asked", []), call.__name__]
        return super().submit(call, *args, **kwargs)


def test_the_heavy_part_is_spread_and_the_result_is_the_serial_one(project: Path, serial: tuple[RunResult, int]) -> None:
    expected, asked = serial
    stages: list[str] = []
    with Oracle(root=project) as helped, Counting(2) as pool:
        spread = migrated(project, pool, helped, lambda event: stages.append(event.stage))
        assert told(spread, project) == told(expected, project)
        assert pool.asked.count("_elsewhere") == 3
        assert pool.asked.count("_repaired") == 3
        assert stages.count("ahead") == 3
        assert helped.attempts < asked / 2, "most of the oracle's answers came from elsewhere"


def test_processes_give_the_same(project: Path, serial: tuple[RunResult, int]) -> None:
    with ProcessPoolExecutor(2, get_context("spawn")) as processes:
        assert told(migrated(project, processes), project) == told(serial[0], project)


class Broken(ThreadPoolExecutor):
    """Threads on which every repair breaks."""

    def submit(self, call, /, *args, **kwargs) -> Future:
        if call.__name__ == "_elsewhere":
            return super().submit(call, *args, **kwargs)
        return super().submit(int, "no number")


def test_workers_that_break_cost_their_lead_only(project: Path, serial: tuple[RunResult, int]) -> None:
    with Broken(2) as pool:
        assert told(migrated(project, pool), project) == told(serial[0], project)


def test_a_dask_cluster_gives_the_same(
    project: Path, serial: tuple[RunResult, int], tmp_path: Path, absent: Callable[[str], NoReturn]
) -> None:
    if util.find_spec("distributed") is None:
        absent("distributed is not installed")
    copy = shutil.copytree(project, tmp_path / "project")
    env = {**os.environ, "PYTHONPATH": str(Path(scriptify.__file__).parents[1])}
    entries = [part for name in NETS for part in ("--entry", f"entries.py:{name}")]
    command = [sys.executable, str(EXAMPLES / "many_machines.py"), *(f"{name}.py" for name in (*NETS, "shared")), *entries, "--write"]
    done = subprocess.run(command, cwd=copy, env=env, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [f"entries.py:{name}: proved" for name in NETS]
    assert done.stderr.count("ahead ") == 3
    for change in serial[0].changed:
        assert (copy / Path(change.path).name).read_text() == change.after
