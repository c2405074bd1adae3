"""What a migration makes of each golden model: exactly the committed files, and these are proved by the oracle as they are.

Each model is a test of its own, so that a parallel run spreads them; one oracle serves all tests of a process.
"""

from __future__ import annotations

import importlib.util
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from scriptify.oracle.protocol import Entry, Limits
from scriptify.oracle.runner import Oracle

pytest.importorskip("torch")

GOLDEN = Path(__file__).resolve().parents[2] / "golden"
MODELS = sorted(path.parent.name for path in GOLDEN.glob("*/before.py"))
AGAIN = "run python golden/regenerate.py, read the difference, and commit it if it is right"


@pytest.fixture(scope="module")
def oracle() -> Iterator[Oracle]:
    """Shared by the models: importing torch costs seconds."""
    with Oracle(root=GOLDEN, limits=Limits(seconds=120)) as made:
        yield made


@pytest.fixture(scope="module")
def regenerate() -> ModuleType:
    """The command that writes the files, as a module."""
    spec = importlib.util.spec_from_file_location("golden_regenerate", GOLDEN / "regenerate.py")
    assert spec is not None and spec.loader is not None
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    return loaded


@pytest.mark.parametrize("name", MODELS)
def test_after_is_proved_against_before(name: str, oracle: Oracle, tmp_path: Path) -> None:
    path = tmp_path.resolve() / f"{name}.py"
    shutil.copyfile(GOLDEN / name / "before.py", path)
    entry = Entry(f"{path}:entry", str(path.parent))
    with (GOLDEN / name / "after.py").open(encoding="utf-8", newline="") as file:
        after = file.read()
    assert not oracle.judge(entry, {}).scripts.ok, "what needs no migration is no golden model"
    verdict = oracle.judge(entry, {str(path): after})
    assert verdict.ok, verdict.first_failure


@pytest.mark.slow
@pytest.mark.parametrize("name", MODELS)
def test_migration_gives_the_committed_files(name: str, oracle: Oracle, regenerate: ModuleType) -> None:
    folder = GOLDEN / name
    after, report = regenerate.migrated(folder, oracle)
    assert after.decode() == (folder / "after.py").read_bytes().decode(), AGAIN
    assert report == (folder / "report.json").read_text(encoding="utf-8"), AGAIN


@pytest.mark.parametrize("name", MODELS)
def test_the_report_leaves_nothing_open(name: str) -> None:
    report = json.loads((GOLDEN / name / "report.json").read_text(encoding="utf-8"))
    assert report["remaining"] == "" and report["refused before with"]
    assert set(report["proved after"].values()) == {"proved"}
    assert report["rewrites"]
