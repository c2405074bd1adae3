"""What a caller of ``migrate`` hears and is asked: events in order, each rewrite once, and what came of the answers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import scriptify
from scriptify.oracle.runner import Oracle
from scriptify.result import RunResult

NET = """import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.ms = nn.ModuleList(nn.Linear(4, 4) for _ in range(2))

    def forward(self, x):
        for i in range(len(self.ms)):
            x = self.ms[i](x)
        n = x.shape[-1]
        n //= 2
        return x[..., :n]


def entry():
    return Net(), (torch.rand(2, 4),)
"""


@pytest.fixture(scope="module")
def oracle() -> Iterator[Oracle]:
    with Oracle() as running:
        yield running


@pytest.fixture
def net(tmp_path: Path) -> Path:
    path = tmp_path / "net.py"
    path.write_text(NET)
    return path


def migrate(net: Path, oracle: Oracle, **options: object) -> RunResult:
    return scriptify.migrate([net], [scriptify.Entry(f"{net}:entry", str(net.parent))], root=net.parent, oracle=oracle, **options)


def test_events_come_in_the_order_of_a_run(net: Path, oracle: Oracle) -> None:
    heard: list[scriptify.Event] = []
    result = migrate(net, oracle, progress=heard.append)
    assert result.entries[0].ok
    stages = list(dict.fromkeys(event.stage for event in heard))
    assert stages == ["observe", "rewrite", "repair", "judge", "minimise"]
    assert all(event.done <= event.total or not event.total for event in heard)
    assert {event.subject for event in heard if event.stage == "repair"} == {f"{net}:entry"}


def test_each_rewrite_is_decided_once_and_a_refusal_is_told(net: Path, oracle: Oracle) -> None:
    asked: list[str] = []

    def decide(rewrite: scriptify.Rewrite) -> bool:
        asked.append(rewrite.code)
        return rewrite.code != "SF405"

    result = migrate(net, oracle, decide=decide)
    assert sorted(asked) == ["SF201", "SF405"]
    assert [refusal.rewrite.code for refusal in result.refusals] == ["SF405"]
    assert not result.entries[0].ok, "what is not proved any more is not claimed"
    assert result.exit_code == 1


def test_a_callback_that_raises_ends_the_run_with_nothing_written(net: Path, oracle: Oracle) -> None:
    def decide(rewrite: scriptify.Rewrite) -> bool:
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        migrate(net, oracle, decide=decide)
    assert net.read_text() == NET
