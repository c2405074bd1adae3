"""``scriptify checkpoint`` as a person meets it: sentences, exit codes, JSON, dry runs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from torch import nn

from cli.conftest import Run


@pytest.fixture
def wrapped(here: Path) -> Path:
    """A checkpoint saved through DataParallel, in a container."""
    torch.save({"params_ema": nn.DataParallel(nn.Linear(2, 3)).state_dict(), "epoch": 3}, "a.pth")
    return here / "a.pth"


def test_inspect(run: Run, wrapped: Path) -> None:
    done = run("checkpoint", "inspect", "a.pth")
    assert done.code == 0
    assert "params_ema: 2 tensors, 9 numbers, 36 bytes, with versions (_metadata)" in done.out
    assert "module.weight  float32  3x2  6  24 bytes" in done.out
    assert "module. is a wrapper's, on 2 of 2 keys: `scriptify checkpoint strip a.pth` takes it off" in done.out
    body = json.loads(run("checkpoint", "inspect", "a.pth", "--format", "json").out)
    assert body["version"] == 1
    assert body["states"][0]["tensors"][0]["shape"] == [3, 2]


def test_strip_asks_before_it_replaces(run: Run, wrapped: Path) -> None:
    data = wrapped.read_bytes()
    dry = run("checkpoint", "strip", "a.pth")
    assert (dry.code, wrapped.read_bytes()) == (1, data)
    assert "Nothing was written: -o FILE writes another file, --write replaces this one." in dry.err
    assert run("checkpoint", "strip", "a.pth", "-o", "b.pth").code == 0
    again = run("checkpoint", "strip", "a.pth", "-o", "b.pth")
    assert (again.code, again.err) == (2, "scriptify: b.pth: is there already; --write replaces it\n")
    done = run("checkpoint", "strip", "a.pth", "--in-place")
    assert done.code == 0
    assert "Replaced a.pth: 2 keys renamed." in done.err
    assert run("checkpoint", "strip", "a.pth").code == 0


def test_more_than_weights(run: Run, here: Path) -> None:
    torch.save(nn.Linear(1, 1), "whole.pt")
    done = run("checkpoint", "inspect", "whole.pt")
    assert done.code == 1
    assert "holds more than weights: torch.nn.modules.linear.Linear" in done.out
    done = run("checkpoint", "convert", "whole.pt", "w.safetensors")
    assert done.code == 4
    assert done.err.count("\n") == 1


def test_bad_input_is_one_sentence(run: Run, here: Path) -> None:
    (here / "a.pt").write_bytes(b"<html>")
    assert run("checkpoint", "inspect", "a.pt")[:3:2] == (
        4,
        "scriptify: a.pt: is a web page and not the file itself: the download went wrong\n",
    )
    assert run("checkpoint", "strip", "nope.pt")[:3:2] == (2, "scriptify: nope.pt: there is no such file\n")
    torch.save({"w": torch.ones(1)}, "b.pt")
    assert run("checkpoint", "verify", "b.pt", "--entry", "net.py").code == 2
    assert run("checkpoint", "verify", "b.pt").code == 2


@pytest.mark.slow
def test_verify(run: Run, net: Path) -> None:
    state = {
        f"ms.{number}.{name}": torch.ones(4, 4) if name == "weight" else torch.ones(4) for number in range(3) for name in ("weight", "bias")
    }
    torch.save(state, "good.pt")
    torch.save({"net." + name: value for name, value in state.items() if name != "ms.0.bias"}, "bad.pt")
    done = run("checkpoint", "verify", "good.pt", "--entry", "net.py:entry")
    assert (done.code, "loaded: 6 of 6 keys, 60 of 60 numbers (100%)" in done.err) == (0, True)
    done = run("checkpoint", "verify", "bad.pt", "--entry", "net.py:entry", "-o", "renamed.pt")
    assert done.code == 1
    assert "net.ms.0.weight -> ms.0.weight" in done.err
    assert "wrote renamed.pt with these names" in done.err
    done = run("checkpoint", "verify", "renamed.pt", "--entry", "net.py:entry")
    assert (done.code, "missing, the model keeps what its constructor gave: 1 key, 4 numbers" in done.err) == (1, True)
