"""Small checkpoints of every kind, and a model with its entry."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from scriptify.oracle.runner import Oracle

NET = """import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(4, 4), nn.BatchNorm1d(4), nn.Linear(4, 3))
        self.head = nn.Linear(3, 2)

    def forward(self, x):
        return self.head(self.body(x))


def entry():
    return Net(), (torch.rand(2, 4),)
"""


class Net(nn.Module):
    """The class of NET, for this process."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Linear(4, 4), nn.BatchNorm1d(4), nn.Linear(4, 3))
        self.head = nn.Linear(3, 2)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to stand in, with the model's file."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "net.py").write_text(NET)
    return tmp_path


@pytest.fixture(scope="session")
def oracle() -> Iterator[Oracle]:
    """One child process for all: starting it costs more than what it is asked."""
    with Oracle() as running:
        yield running


@pytest.fixture
def net() -> Net:
    """A model whose numbers no constructor gives under the oracle's seed."""
    torch.manual_seed(7)
    made = Net()
    for parameter in made.parameters():
        nn.init.normal_(parameter)
    return made


def same(a: Any, b: Any) -> bool:
    """Whether two contents are equal: classes, order, ``_metadata``, dtypes, strides and numbers."""
    if type(a) is not type(b):
        return False
    if isinstance(a, torch.Tensor):
        return a.dtype == b.dtype and a.stride() == b.stride() and torch.equal(a, b)
    if isinstance(a, dict):
        versions = [getattr(one, "_metadata", None) for one in (a, b)]
        return list(a) == list(b) and same(*versions) and all(same(a[key], b[key]) for key in a)
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(map(same, a, b))
    return bool(a == b)
