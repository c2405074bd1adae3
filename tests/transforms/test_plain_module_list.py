"""SF212: the migrated model scripts and computes the same, and takes checkpoints from before and from now, both strictly."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest
import torch

from scriptify import migrate
from scriptify.transform import Settings

NET = """import torch
from torch import nn


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = []
        for _ in range(2):
            self.layers.append(nn.Linear(4, 4))
        self.norm = nn.LayerNorm(4)

    def forward(self, x):
        for i, layer in enumerate(self.layers):
            x = layer(x) + i
        return self.norm(x)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.blocks = nn.ModuleList([Block(), Block()])
        self.heads = [nn.Linear(4, 2), nn.Linear(2, 2)]

    def forward(self, x):
        for block in self.blocks:
            x = block(x)
        for head in self.heads:
            x = head(x)
        return x


def entry():
    return Net(), (torch.rand(3, 4),)
"""
NUMBERED = """import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        for i in range(1, 4):
            setattr(self, f"layer{i}", nn.Linear(4, 4))

    def forward(self, x):
        for i in range(1, 4):
            x = getattr(self, f"layer{i}")(x)
        return x


def entry():
    return Net(), (torch.rand(3, 4),)
"""


def loaded(path: Path, name: str) -> ModuleType:
    """The file as a module of its own."""
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.slow
def test_old_and_new_checkpoints_load_strictly(tmp_path: Path) -> None:
    path = tmp_path / "net.py"
    path.write_text(NET)
    before = loaded(path, "before").Net()
    result = migrate([path], ["net.py:entry"], settings=Settings(unsafe=True), root=tmp_path)
    assert result.entries[0].ok, result.entries[0].after
    remarks = " ".join(result.entries[0].after.keys_same.remarks)
    assert "heads.0.weight" in remarks or "blocks.0.layers.0.weight" in remarks
    assert "checkpoints without them load as strictly as before" in remarks
    after = loaded(path, "after").Net()
    untouched = after.heads[0].weight.clone()
    after.load_state_dict(before.state_dict(), strict=True)
    assert torch.equal(after.blocks[1].norm.weight, before.blocks[1].norm.weight)
    assert torch.equal(after.heads[0].weight, untouched)  # as in the original, which never loaded it
    new = {name: torch.randn_like(value) for name, value in after.state_dict().items()}
    assert {"heads.1.bias", "blocks.1.layers.0.weight"} <= set(new)
    after.load_state_dict(new, strict=True)
    assert all(torch.equal(value, new[name]) for name, value in after.state_dict().items())
    del new["heads.1.bias"]
    with pytest.raises(RuntimeError, match=r"Missing key\(s\) in state_dict: \"heads\.1\.bias\""):
        after.load_state_dict(new, strict=True)


@pytest.mark.slow
def test_without_a_word_nothing_is_registered(tmp_path: Path) -> None:
    path = tmp_path / "net.py"
    path.write_text(NET)
    result = migrate([path], ["net.py:entry"], root=tmp_path)
    assert path.read_text() == NET
    assert not result.entries[0].ok
    assert result.entries[0].advice.startswith("SF212: callers can see it: register the modules of self.layers")


@pytest.mark.slow
def test_numbered_attributes_keep_their_names(tmp_path: Path) -> None:
    path = tmp_path / "net.py"
    path.write_text(NUMBERED)
    before = loaded(path, "numbered").Net()
    result = migrate([path], ["net.py:entry"], root=tmp_path)
    assert result.entries[0].ok
    after = loaded(path, "renumbered").Net()
    assert list(after.state_dict()) == list(before.state_dict())
    after.load_state_dict(before.state_dict(), strict=True)
    before.load_state_dict(after.state_dict(), strict=True)


NAMED = """import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.a = nn.Linear(4, 4)
        self.b = nn.BatchNorm1d(4)
        self.layers = [self.a, self.b, self.a]

    def forward(self, x):
        for i, layer in enumerate(self.layers):
            x = layer(x) + i
        return self.layers[1](x) * len(self.layers)


def entry():
    return Net(), (torch.rand(3, 4),)
"""


@pytest.mark.slow
def test_modules_that_have_names_keep_them(tmp_path: Path) -> None:
    path = tmp_path / "net.py"
    path.write_text(NAMED)
    before = loaded(path, "named").Net()
    result = migrate([path], ["net.py:entry"], root=tmp_path)
    assert result.entries[0].ok, result.entries[0].after
    assert result.entries[0].after.keys_same.remarks == ()
    after = loaded(path, "renamed").Net()
    assert list(after.state_dict()) == list(before.state_dict())
    after.load_state_dict(before.state_dict(), strict=True)
