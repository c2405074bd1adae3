"""Files that are damaged, of another kind, or can't be written: one sentence each, and nothing lost."""

from __future__ import annotations

import os
import pickle
import subprocess
import zipfile
from pathlib import Path

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torch import nn

from checkpoint.conftest import Net
from scriptify import checkpoint
from scriptify.checkpoint import CheckpointError, remote
from scriptify.oracle.protocol import Limits

OTHERS = {
    "empty": (b"", "is empty"),
    "text": (b"hello", "neither a torch.save file"),
    "web page": (b"<!DOCTYPE html><html>", "a web page"),
    "lfs": (b"version https://git-lfs.github.com/spec/v1\noid sha256:00\n", "git lfs pull"),
    "hdf5": (b"\x89HDF\r\n\x1a\n", "HDF5"),
    "gguf": (b"GGUF\x03\0\0\0", "GGUF"),
    "pickle": (pickle.dumps({"a": 1}), "a pickle that torch.save did not write"),
    "gzip": (b"\x1f\x8b\x08", "unpack it first"),
    "start of a zip": (b"PK\x03\x04" + b"\0" * 50, "cut off or damaged"),
}


@pytest.mark.parametrize(("data", "words"), OTHERS.values(), ids=OTHERS)
def test_other_files(here: Path, data: bytes, words: str) -> None:
    Path("a.pt").write_bytes(data)
    with pytest.raises(CheckpointError, match=words):
        checkpoint.inspect("a.pt")


def test_archives_of_other_programs(here: Path) -> None:
    with zipfile.ZipFile("a.pt", "w") as archive:
        archive.writestr("x.npy", b"")
    with pytest.raises(CheckpointError, match=r"torch\.save did not write"):
        checkpoint.inspect("a.pt")
    torch.jit.save(torch.jit.script(nn.Linear(1, 1)), "b.pt")
    with pytest.raises(CheckpointError, match="TorchScript archive"):
        checkpoint.inspect("b.pt")


def test_no_file_no_folder_no_permission(here: Path, net: Net) -> None:
    torch.save(nn.DataParallel(net).state_dict(), "a.pt")
    with pytest.raises(CheckpointError, match=r"^nope\.pt: there is no such file$"):
        checkpoint.inspect("nope.pt")
    with pytest.raises(CheckpointError, match="is a folder"):
        checkpoint.inspect(".")
    with pytest.raises(CheckpointError, match="there is no folder nowhere"):
        checkpoint.strip("a.pt", "nowhere/b.pt")
    os.chmod("a.pt", 0o444)
    with pytest.raises(CheckpointError, match="is read-only; nothing was written"):
        checkpoint.strip("a.pt", write=True)


@pytest.mark.parametrize("form", ["zip", "legacy", "safetensors"])
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25)
@given(share=st.floats(0, 0.999))
def test_a_file_that_is_cut_off_is_one_sentence(tmp_path: Path, form: str, share: float) -> None:
    path = tmp_path / ("a.safetensors" if form == "safetensors" else "a.pt")
    if form == "safetensors":
        pytest.importorskip("safetensors.torch").save_file({"a": torch.ones(50), "b": torch.ones(3)}, path)
    else:
        torch.save({"a": torch.ones(50), "b": torch.ones(3)}, path, _use_new_zipfile_serialization=form == "zip")
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    with pytest.raises(CheckpointError) as caught:
        checkpoint.inspect(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert "\n" not in str(caught.value)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(position=st.integers(0, 10**6), byte=st.integers(0, 255), legacy=st.booleans())
def test_a_wrong_byte_is_a_sentence_or_a_tensor(tmp_path: Path, position: int, byte: int, legacy: bool) -> None:
    path = tmp_path / "a.pt"
    torch.save({"a": torch.ones(5), "n": "text"}, path, _use_new_zipfile_serialization=not legacy)
    data = bytearray(path.read_bytes())
    data[position % len(data)] = byte
    path.write_bytes(data)
    try:
        checkpoint.inspect(path)
    except CheckpointError as error:
        assert "\n" not in str(error)


FULL = """
import resource, signal
from scriptify import checkpoint
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
for target in ("a.pt", "b.safetensors", "b.pt"):
    try:
        checkpoint.strip("a.pt", write=True) if target == "a.pt" else checkpoint.convert("a.pt", target, write=True)
    except checkpoint.CheckpointError as error:
        print(error)
"""


def test_a_full_disk_leaves_everything_as_it_was(here: Path, python: str) -> None:
    torch.save({"module.a": torch.ones(100_000)}, "a.pt")
    Path("b.safetensors").write_bytes(b"old")
    before = {path.name: path.read_bytes() for path in here.iterdir()}
    done = subprocess.run([python, "-c", FULL], capture_output=True, text=True, cwd=here)
    assert done.stdout.count("nothing was written") == 3, done.stderr
    assert {path.name: path.read_bytes() for path in here.iterdir()} == before


def test_interrupted_while_writing(here: Path, net: Net, monkeypatch: pytest.MonkeyPatch) -> None:
    torch.save(nn.DataParallel(net).state_dict(), "a.pt")
    before = {path.name: path.read_bytes() for path in here.iterdir()}

    def interrupted(value: object, file: object, **_: object) -> None:
        file.write(b"half")  # type: ignore[attr-defined]
        raise KeyboardInterrupt

    monkeypatch.setattr(torch, "save", interrupted)
    with pytest.raises(KeyboardInterrupt):
        checkpoint.strip("a.pt", write=True)
    assert {path.name: path.read_bytes() for path in here.iterdir()} == before


class Killed:
    """Stands in for an oracle whose child is killed while it writes."""

    def checkpoint(self, operation: str, arguments: dict[str, str], entry: object) -> object:
        Path(f".b.pt.{arguments['mark']}abc").write_bytes(b"half")
        Path(".b.pt.of-another").write_bytes(b"theirs")
        raise KeyboardInterrupt


def test_what_a_killed_child_leaves_is_removed(here: Path) -> None:
    arguments = {"path": "a.pt", "output": "b.pt"}
    with pytest.raises(KeyboardInterrupt):
        remote.run("convert", arguments, None, here, Limits(), Killed())  # type: ignore[arg-type]
    assert sorted(path.name for path in here.iterdir()) == [".b.pt.of-another", "net.py"]
