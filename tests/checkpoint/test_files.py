"""Files as people have them: every kind, what strip and convert keep, and what inspect tells."""

from __future__ import annotations

import argparse
import os
from collections import OrderedDict
from pathlib import Path

import pytest
import torch
from torch import nn

from checkpoint.conftest import Net, same
from scriptify import checkpoint
from scriptify.checkpoint import CheckpointError, ChoiceError, UnsafeError

safetensors = pytest.importorskip("safetensors.torch")


def rich(net: Net) -> dict[str, object]:
    """A container with all that has to survive: two state dicts, an optimizer, tied and strided tensors, half, extra state."""
    state = nn.DataParallel(net).state_dict()
    state["module.tied"] = state["module.head.weight"]
    state["module.strided"] = torch.arange(6.0).reshape(2, 3).t()
    state["module.half"] = torch.ones(2, dtype=torch.float16)
    state["module._extra_state"] = {"scale": 2}
    optimizer = torch.optim.Adam(net.parameters())
    net.head(torch.ones(1, 3)).sum().backward()
    optimizer.step()
    ema = OrderedDict((name, value.clone()) for name, value in state.items() if isinstance(value, torch.Tensor))
    return {"epoch": 3, "params": state, "nested": {"params_ema": ema}, "optimizer": optimizer.state_dict(), "words": ["module.a", None]}


@pytest.mark.parametrize("legacy", [False, True], ids=["zip", "legacy"])
def test_strip_changes_names_and_nothing_else(here: Path, net: Net, legacy: bool) -> None:
    before = rich(net)
    torch.save(before, "a.pth", _use_new_zipfile_serialization=not legacy)
    result = checkpoint.strip("a.pth", "b.pth")
    assert result.written == "b.pth"
    assert result.changes == len(before["params"]) + len(before["nested"]["params_ema"])  # type: ignore[arg-type, index]
    after = torch.load("b.pth", weights_only=True)
    assert after["params"]["tied"].data_ptr() == after["params"]["head.weight"].data_ptr()
    for key in ("epoch", "optimizer", "words"):
        assert same(after[key], before[key])
    expected = OrderedDict((name.removeprefix("module."), value) for name, value in before["params"].items())  # type: ignore[attr-defined]
    expected._metadata = net.state_dict()._metadata  # type: ignore[attr-defined]
    assert same(after["params"], expected)
    assert (Path("b.pth").read_bytes()[:2] == b"PK") != legacy
    assert checkpoint.strip("b.pth").changes == 0
    with pytest.raises(ChoiceError, match="is there already"):
        checkpoint.strip("a.pth", "b.pth")


def test_one_state_dict_by_its_key(here: Path, net: Net) -> None:
    torch.save(rich(net), "a.pth")
    result = checkpoint.strip("a.pth", "b.pth", key="nested.params_ema")
    after = checkpoint.load("b.pth")
    assert [state.key for state in result.states] == ["nested.params_ema"]
    assert not any(name.startswith("module.") for name in after["nested"]["params_ema"])
    assert all(name.startswith("module.") for name in after["params"])
    with pytest.raises(ChoiceError, match=r"no state dict at ema; there is params, nested\.params_ema"):
        checkpoint.strip("a.pth", key="ema")


def test_nothing_is_written_without_a_word(here: Path, net: Net) -> None:
    torch.save(nn.DataParallel(net).state_dict(), "a.pth")
    os.chmod("a.pth", 0o640)
    data = Path("a.pth").read_bytes()
    assert checkpoint.strip("a.pth").changes
    assert Path("a.pth").read_bytes() == data
    result = checkpoint.strip("a.pth", write=True)
    assert result.replaces
    assert os.stat("a.pth").st_mode & 0o777 == 0o640
    assert same(checkpoint.load("a.pth"), net.state_dict())
    assert sorted(os.listdir()) == ["a.pth", "net.py"]


def test_one_dict_under_two_keys_stays_one(here: Path, net: Net) -> None:
    state = nn.DataParallel(net).state_dict()
    torch.save({"a": state, "b": state}, "a.pth")
    checkpoint.strip("a.pth", write=True)
    after = checkpoint.load("a.pth")
    assert after["a"] is after["b"]
    assert list(after["a"]) == list(net.state_dict())


def test_a_collision_leaves_the_file_alone(here: Path) -> None:
    torch.save({"state": {"a._orig_mod.w": torch.ones(1), "a.w": torch.ones(1)}}, "a.pth")
    data = Path("a.pth").read_bytes()
    with pytest.raises(CheckpointError, match=r"a\.pth \(state\): a\._orig_mod\.w and a\.w would both become a\.w"):
        checkpoint.strip("a.pth", write=True)
    assert Path("a.pth").read_bytes() == data


def test_inspect_tells_what_is_there(here: Path, net: Net) -> None:
    torch.save(rich(net), "a.pth")
    found = checkpoint.inspect("a.pth")
    state = found.states[0]
    assert [one.key for one in found.states] == ["params", "nested.params_ema"]
    assert dict(found.entries)["epoch"] == "int 3"
    assert dict(found.entries)["optimizer"].startswith("optimizer state, 6 tensors")
    assert [(t.component, t.keys) for t in state.wrappers] == [("module.", len(state.tensors) + 1)]
    assert state.versions
    assert dict(state.others) == {"module._extra_state": "dict of 1"}
    assert state.numbers == sum(tensor.numel() for tensor in net.state_dict().values()) + 6 + 6 + 2
    half = next(tensor for tensor in state.tensors if tensor.name == "module.half")
    assert (half.dtype, half.numbers, half.bytes) == ("float16", 2, 4)
    tied = next(group for group in found.sharing if "params.module.tied" in group.names)
    assert tied.same
    assert set(tied.names) == {"params.module.head.weight", "params.module.tied"}
    names: dict[str, object] = {"torch": torch, "model": nn.Module()}
    exec("\n".join(line for line in found.load if "load_state_dict" not in line and line[0] != "#"), names)
    assert isinstance(names["state_dict"], OrderedDict)


def test_a_container_with_a_dot_in_its_key(here: Path) -> None:
    torch.save({"model.ema": {"w": torch.ones(1)}}, "a.pt")
    assert "state_dict = checkpoint['model.ema']" in checkpoint.inspect("a.pt").load
    assert list(checkpoint.load("a.pt", key="model.ema")) == ["w"]


def test_views_of_one_storage_are_not_called_the_same(here: Path) -> None:
    base = torch.arange(4.0)
    torch.save({"a": base, "b": base[1:]}, "a.pt")
    (group,) = checkpoint.inspect("a.pt").sharing
    assert not group.same
    assert group.bytes == 16


def test_more_than_weights_is_named_and_left_alone(here: Path, net: Net) -> None:
    torch.save({"state_dict": net.state_dict(), "args": argparse.Namespace(lr=1)}, "a.pt")
    found = checkpoint.inspect("a.pt")
    assert found.globals == ("argparse.Namespace",)
    assert "--allow-global argparse.Namespace" in found.refused
    with pytest.raises(UnsafeError, match=r"argparse\.Namespace"):
        checkpoint.load("a.pt")
    assert checkpoint.load("a.pt", allow_globals=["argparse.Namespace"])["args"].lr == 1
    torch.save({"args": argparse.Namespace(lr=1)}, "old.pt", _use_new_zipfile_serialization=False)
    assert checkpoint.inspect("old.pt").globals == ("argparse.Namespace",)
    with pytest.raises(ChoiceError, match=r"nowhere\.Thing can't be imported"):
        checkpoint.load("a.pt", allow_globals=["nowhere.Thing"])


WHOLE = "import torch\nfrom net import Net\ntorch.manual_seed(1)\ntorch.save(Net(), 'whole.pt')\n"


def test_a_whole_module_runs_only_on_request_and_in_the_child(here: Path, python: str) -> None:
    import subprocess
    import sys

    (here / "net.py").write_text((here / "net.py").read_text() + "open('ran', 'a').close()\n")
    subprocess.run([python, "-c", WHOLE], check=True, cwd=here)
    (here / "ran").unlink()
    refused = checkpoint.inspect("whole.pt")
    assert "net.Net" in refused.globals
    assert "whole module" in refused.load[0]
    with pytest.raises(CheckpointError, match="--allow-pickle"):
        checkpoint.convert("whole.pt", "w.pt")
    assert not (here / "ran").exists()
    result = checkpoint.convert("whole.pt", "w.pt", allow_pickle=True)
    assert "net" not in sys.modules
    assert result.tensors == 11
    assert list(checkpoint.load("w.pt")) == list(Net().state_dict())


def test_to_safetensors_and_back_loses_nothing(here: Path, net: Net) -> None:
    state = net.state_dict()
    state["tied"] = state["head.weight"]
    before = {"epoch": 3, "params": state, "words": {"a": [1, 2.5, None, True, "x"]}}
    torch.save(before, "a.pt")
    there = checkpoint.convert("a.pt", "a.safetensors")
    assert any("shared storage" in note for note in there.notes)
    assert any("epoch, words" in note for note in there.notes)
    assert same(dict(sorted(safetensors.load_file("a.safetensors").items())), dict(sorted(state.items())))
    checkpoint.convert("a.safetensors", "b.pt")
    after = checkpoint.load("b.pt")
    assert {key: same(after[key], before[key]) for key in before} == dict.fromkeys(before, True)
    assert after["params"]["tied"].data_ptr() == after["params"]["head.weight"].data_ptr()


def test_strip_in_safetensors(here: Path, net: Net) -> None:
    state = nn.DataParallel(net).state_dict()
    state["module.tied"] = state["module.head.weight"]
    torch.save({"params": state}, "a.pt")
    checkpoint.convert("a.pt", "a.safetensors")
    assert checkpoint.strip("a.safetensors", "", write=True).changes
    checkpoint.convert("a.safetensors", "b.pt")
    after = checkpoint.load("b.pt", key="params")
    assert list(after) == [*net.state_dict(), "tied"]
    assert after._metadata == net.state_dict()._metadata


@pytest.mark.parametrize(
    ("value", "because"),
    [
        ({"w": torch.ones(2), "s": torch.eye(2).to_sparse()}, "no form for sparse and quantized tensors: s"),
        ({"w": torch.ones(2), "f": {1: 2}}, r"has no place for f \(dict of 1\)"),
        ({"w": torch.ones(2), "nan": float("nan")}, "has no place for nan"),
        ({"model": {"w": torch.ones(2)}, "o": {"state": {}, "param_groups": []}, "t": (1, 2)}, "--key model takes that state dict alone"),
        ({"a": {"w": torch.ones(2)}, "b": {"w": torch.ones(2)}}, "holds 2 state dicts: a, b; choose one with --key"),
        ({"a": 1}, "holds no state dict"),
    ],
    ids=["sparse", "int keys", "nan", "tuple", "two", "none"],
)
def test_what_safetensors_cannot_hold_is_refused(here: Path, value: object, because: str) -> None:
    torch.save(value, "a.pt")
    with pytest.raises(CheckpointError, match=because):
        checkpoint.convert("a.pt", "a.safetensors")
    assert sorted(os.listdir()) == ["a.pt", "net.py"]


def test_a_key_leaves_the_rest_behind_and_says_so(here: Path) -> None:
    torch.save({"model": {"w": torch.ones(2)}, "o": {"state": {}, "param_groups": []}, "epoch": 1}, "a.pt")
    result = checkpoint.convert("a.pt", "a.safetensors", key="model")
    assert any(note.startswith("only model was taken; left behind: o") for note in result.notes)
    with pytest.raises(ChoiceError, match=r"\.pt, \.pth, \.bin"):
        checkpoint.convert("a.pt", "a.onnx")
