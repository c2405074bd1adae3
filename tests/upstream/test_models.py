"""The published GFPGAN, MODNet, and ResNet and FPN of mmdet, unmodified: one command takes each from refused to proved, at small sizes."""

from __future__ import annotations

import importlib.util
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.fixture(scope="module")
def models(root: Path):
    """The benchmark that migrates upstream models, as a module."""
    spec = importlib.util.spec_from_file_location("benchmark_models", root / "benchmarks" / "models.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(("name", "cases"), [("gfpgan", 7), ("modnet", 2), ("mmdet", 2), ("fpn", 1)])
def test_one_command_migrates_it(models, upstream, tmp_path, name, cases):
    model = next(m for m in models.MODELS if m.name == name)
    folder = models.copy(model, upstream, tmp_path)
    before = {path: path.read_bytes() for path in folder.rglob("*.py")}
    command = models.command(model, model.small, "--save", "model.pt", "--format", "json")
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    report = json.loads(done.stdout)
    (entry,) = report["entries"]
    assert not entry["before"]["ok"] and entry["before"]["scripts"]["state"] == "refuted"
    assert entry["after"]["ok"] and entry["after"]["cases"] == cases
    assert {level: entry["after"][level]["state"] for level in ("eager_same", "keys_same", "scripts", "scripted_same", "reloads")} == {
        "eager_same": "proved",
        "keys_same": "proved",
        "scripts": "proved",
        "scripted_same": "proved",
        "reloads": "proved",
    }
    assert (folder / "model.pt").stat().st_size > 50_000
    changed = {str(path.relative_to(folder)) for path, data in before.items() if path.read_bytes() != data}
    assert changed == {file["path"] for file in report["files"] if file["state"] == "changed"}
    undone = subprocess.run([*command[:3], "undo"], cwd=folder, capture_output=True, text=True, check=False)
    assert undone.returncode == 0, undone.stderr
    assert all(path.read_bytes() == data for path, data in before.items())


def test_readme_shows_the_commands_that_are_run(models, root):
    text = (root / "README.md").read_text(encoding="utf-8")
    section = text.partition("## Published models")[2].partition("\n## ")[0]
    assert re.findall(r"`(scriptify [a-z]+ [^`]*--entry[^`]*)`", section) == models.commands()
