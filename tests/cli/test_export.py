"""``scriptify export`` as a person uses it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cli.conftest import FINE, Run


def test_a_refused_model_points_at_migrate_and_is_exported_with_it(net: Path, run: Run, here: Path) -> None:
    done = run("export", "--entry", "net.py:entry", "-o", "net.pt", "--how", "script")
    assert done.code == 1 and done.out == ""
    assert "`scriptify migrate PATH --entry net.py:entry`" in " ".join(done.err.split())
    assert "Nothing was written." in done.err and not (here / "net.pt").exists()
    before = net.read_bytes()
    done = run("export", "--entry", "net.py:entry", "-o", "net.pt", "--how", "script", "--migrate", "net.py", "--cpp", "project")
    assert done.code == 0, done.err
    assert "loaded = eager" in done.err and "net.pt: " in done.err and (here / "net.pt").stat().st_size > 1000
    assert net.read_bytes() == before
    assert sorted(p.name for p in (here / "project").iterdir()) == ["CMakeLists.txt", "README.md", "cases.pt", "main.cpp", "model.pt"]


def test_json_tells_each_step_and_module(here: Path, run: Run) -> None:
    (here / "fine.py").write_text(FINE)
    done = run("export", "--entry", "fine.py:entry", "-o", "fine.pt", "--json")
    body = json.loads(done.out)
    assert done.code == 0 and body["written"] and body["file"] == "fine.pt" and body["how"] == "script"
    assert {step["state"] for step in body["steps"].values()} == {"proved"}
    assert [module["how"] for module in body["modules"]] == ["script"]


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["-o", "net.xyz"], "the form can't be told from the suffix '.xyz'"),
        (["-o", "net.onnx", "--how", "mixed"], "onnx is not made by 'mixed'"),
        (["-o", "net.onnx", "--freeze"], "only TorchScript is frozen"),
        (["-o", "net.pt", "--dynamic", "0"], "dynamic ones are for onnx and export"),
        (["-o", "nowhere/net.pt"], "there is no folder"),
        (["-o", "."], "is a folder"),
        (["-o", "net.pt2", "--cpp", "new"], "is for a .pt file"),
        (["-o", "net.pt", "--cpp", "."], "holds something else"),
    ],
)
def test_what_makes_no_sense_is_one_sentence(net: Path, run: Run, here: Path, args: list[str], said: str) -> None:
    done = run("export", "--entry", "net.py:entry", *args)
    assert done.code == 2 and said in done.err and len(done.err.splitlines()) == 1
    assert [path.name for path in here.iterdir()] == ["net.py"]


def test_without_an_entry_it_is_not_known_what_to_export(net: Path, run: Run) -> None:
    done = run("export", "-o", "net.pt")
    assert done.code == 2 and "--entry" in done.err


def test_an_entry_that_does_not_run(net: Path, run: Run) -> None:
    done = run("export", "--entry", "net.py:nothing", "-o", "net.pt")
    assert done.code == 1 and "has no function nothing" in " ".join(done.err.split())


def test_verify_tells_of_other_forms_and_counts_them(here: Path, run: Run) -> None:
    (here / "gate.py").write_text(
        "import torch\n\n\nclass Gate(torch.nn.Module):\n    def forward(self, x):\n        return x if bool(x.sum() > 0) else -x\n\n\n"
        "def entry():\n    return Gate(), (torch.rand(3),)\n"
    )
    assert run("verify", "--entry", "gate.py:entry").code == 0
    done = run("verify", "--entry", "gate.py:entry", "--oracle", "script,trace")
    assert done.code == 1 and "trace = eager" in done.err and "a branch is frozen" in " ".join(done.err.split())
    assert run("verify", "--entry", "gate.py:entry", "--oracle", "onyx").code == 2
