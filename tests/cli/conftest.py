"""The command line, run in this process, with the working directory and streams of each test its own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest
from click.testing import CliRunner

from scriptify.cli import main


class Ran(NamedTuple):
    """What a command line gave."""

    code: int
    out: str
    err: str
    bytes_out: bytes


Run = Callable[..., Ran]

NET = """import torch
from torch import nn
import torch.nn.functional as F


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.ms = nn.ModuleList(nn.Linear(4, 4) for _ in range(3))

    def forward(self, x, skip=None):
        for i in range(len(self.ms)):
            x = self.ms[i](x)
        if skip is not None:
            x = x + skip
        return F.dropout(x, p=0)


def entry():
    return Net(), (torch.rand(2, 4),)
"""
FINE = """import torch


def twice(x: torch.Tensor) -> torch.Tensor:
    return x * 2


def entry():
    return twice, (torch.rand(2),)
"""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to stand in, without configuration above it."""
    monkeypatch.chdir(tmp_path)
    for name in ("NO_COLOR", "FORCE_COLOR", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


@pytest.fixture
def net(here: Path) -> Path:
    """A model that scripting refuses, in three places."""
    path = here / "net.py"
    path.write_text(NET)
    return path


@pytest.fixture
def run(here: Path) -> Run:
    """Run a command line; anything but SystemExit fails the test with its traceback."""

    def call(*args: str, given: str | bytes = "") -> Ran:
        done = CliRunner().invoke(main, list(args), input=given, catch_exceptions=False)
        assert "Traceback" not in done.stderr
        return Ran(done.exit_code, done.stdout, done.stderr, done.stdout_bytes)

    return call
