"""What torch.jit says when a scripted module fails while it runs."""

from __future__ import annotations

import importlib
import sys
import textwrap

import torch

from scriptify.diagnostics import parse


def _said(tmp_path, monkeypatch, source, *args):
    (tmp_path / "failing.py").write_text(textwrap.dedent(source))
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "failing", raising=False)
    model = torch.jit.script(importlib.import_module("failing").Net())
    try:
        model(*args)
    except Exception as error:
        return parse(str(error), type(error).__name__)
    raise AssertionError("it did not fail")


def test_the_source_behind_the_place_is_not_the_message(tmp_path, monkeypatch):
    source = """
        import torch.nn.functional as F
        from torch import nn


        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.linear = nn.Linear(2, 2)

            def forward(self, x):
                return F.relu(self.linear.weight, inplace=True) + x
        """
    said = _said(tmp_path, monkeypatch, source, torch.zeros(2))
    assert said.runtime
    assert said.headline == "RuntimeError: a leaf Variable that requires grad is being used in an in-place operation."
    assert [place.text for place in said.places[:2]] == ["torch.relu_", "F.relu"]


def test_a_message_of_several_lines_is_whole(tmp_path, monkeypatch):
    source = """
        from torch import nn


        class Net(nn.Module):
            def forward(self, x):
                if x.sum() > 0:
                    raise ValueError("no good: at all\\nand more")
                return x
        """
    said = _said(tmp_path, monkeypatch, source, torch.ones(2))
    assert said.message == "builtins.ValueError: no good: at all\nand more"
