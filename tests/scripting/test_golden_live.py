"""The golden models as live objects: scripted in memory, the same outputs, and their files as they were."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest
import torch

import scriptify
from scriptify.oracle.protocol import Entry
from scriptify.oracle.worker_entry import build

GOLDEN = Path(__file__).resolve().parents[2] / "golden"


@pytest.mark.parametrize("name", ["reduce_backbone", "recurrent_heads", pytest.param("detection_backbone", marks=pytest.mark.slow)])
def test_golden_model(name, monkeypatch, oracle):
    path = GOLDEN / name / "before.py"
    module_name = f"golden_{name}_before"
    spec = importlib.util.spec_from_file_location(module_name, path)
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, module_name, module)
    spec.loader.exec_module(module)
    before = path.read_bytes()
    first, *more = build(Entry(f"{path}:entry"), module.entry)
    others = [(case.args, case.kwargs) for case in more if case.model is first.model]
    model = first.model
    scripted = scriptify.script(model, *first.args, cases=others, oracle=oracle, **first.kwargs)
    assert scripted.verdict.ok
    assert scripted.patch
    assert path.read_bytes() == before
    model.eval(), scripted.eval()
    torch.manual_seed(0)
    expected = model(*first.args, **first.kwargs)
    torch.manual_seed(0)
    torch.testing.assert_close(scripted(*first.args, **first.kwargs), expected)
