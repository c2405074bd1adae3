"""How a checkpoint loads into an entry's model: counted, explained, and what would help."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import nn

from checkpoint.conftest import NET, Net
from scriptify import checkpoint
from scriptify.checkpoint import CheckpointError
from scriptify.oracle.runner import Oracle

ENTRY = "net.py:entry"


def test_all_loaded(here: Path, net: Net, oracle: Oracle) -> None:
    torch.save({"epoch": 1, "state": net.state_dict()}, "a.pt")
    found = checkpoint.verify("a.pt", ENTRY, oracle=oracle)
    assert found.ok
    assert (found.key, found.model) == ("state", "Net")
    assert (found.loaded_keys, found.loaded_numbers) == (found.model_keys, found.model_numbers) == (11, 60)
    assert found.initial == ()


def test_what_is_missing_unexpected_and_of_another_shape(here: Path, net: Net, oracle: Oracle) -> None:
    state = net.state_dict()
    del state["head.bias"]
    state["body.0.weight"] = torch.ones(5, 4)
    state["body.2.weight"] = state["body.2.weight"].double()
    state["more.weight"] = torch.ones(3)
    torch.save(state, "a.pt")
    found = checkpoint.verify("a.pt", ENTRY, oracle=oracle)
    assert not found.ok
    assert found.missing == (("head.bias", 2),)
    assert found.unexpected == (("more.weight", 3),)
    assert [(m.name, m.file, m.model, m.numbers) for m in found.mismatched] == [("body.0.weight", (5, 4), (4, 4), 16)]
    assert (found.loaded_keys, found.loaded_numbers) == (9, 60 - 2 - 16)
    assert [(cast.file, cast.model, cast.keys, cast.lossy) for cast in found.casts] == [("float64", "float32", 1, True)]


def test_a_wrapped_model_is_for_strip(here: Path, net: Net, oracle: Oracle) -> None:
    torch.save(nn.DataParallel(net).state_dict(), "a.pt")
    found = checkpoint.verify("a.pt", ENTRY, oracle=oracle)
    assert (found.loaded_keys, found.strips) == (0, True)
    checkpoint.strip("a.pt", write=True)
    assert checkpoint.verify("a.pt", ENTRY, oracle=oracle).ok


def test_the_mapping_is_written_on_request(here: Path, net: Net, oracle: Oracle) -> None:
    torch.save({"state": {"m." + name.replace("body", "features"): value for name, value in net.state_dict().items()}, "epoch": 2}, "a.pt")
    found = checkpoint.verify("a.pt", ENTRY, output="b.pt", oracle=oracle)
    assert (found.ok, found.strips, found.written) == (False, False, "b.pt")
    assert dict(found.mapping)["m.features.0.weight"] == "body.0.weight"
    assert checkpoint.verify("b.pt", ENTRY, oracle=oracle).ok
    assert checkpoint.load("b.pt")["epoch"] == 2


def test_numbers_that_are_a_constructors_are_told(here: Path, oracle: Oracle) -> None:
    torch.manual_seed(20240)  # the oracle's seed: what it builds has just these numbers
    fresh = Net().state_dict()
    torch.save(fresh, "fresh.pt")
    found = checkpoint.verify("fresh.pt", ENTRY, oracle=oracle)
    assert found.ok
    drawn = {name for name in fresh if name.startswith(("body.0", "body.2", "head"))}
    assert {name for name, _ in found.initial} == drawn


SILENT = """

class Silent(Net):
    def _load_from_state_dict(self, state_dict, prefix, *rest):
        for name in [name for name in state_dict if name.startswith(prefix + 'head.')]:
            state_dict.pop(name)
        for name, value in self.head.state_dict().items():
            state_dict[prefix + 'head.' + name] = value
        super()._load_from_state_dict(state_dict, prefix, *rest)


def silent():
    return Silent(), (torch.rand(2, 4),)
"""


def test_weights_that_a_hook_swallows_do_not_count(here: Path, net: Net, oracle: Oracle) -> None:
    (here / "net.py").write_text(NET + SILENT)
    torch.save(net.state_dict(), "a.pt")
    found = checkpoint.verify("a.pt", "net.py:silent", oracle=oracle)
    assert found.missing == ()
    assert [name for name, _ in found.stuck] == ["head.weight", "head.bias"]
    assert not found.ok


def test_what_torch_itself_fills_in_is_no_failure(here: Path, net: Net, oracle: Oracle) -> None:
    state = {name: value for name, value in net.state_dict().items() if not name.endswith("num_batches_tracked")}
    torch.save(state, "a.pt")  # as before PyTorch 0.4.1
    found = checkpoint.verify("a.pt", ENTRY, oracle=oracle)
    assert found.ok
    assert any("num_batches_tracked" in note for note in found.notes)


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ("net.py:nope", "no function nope"),
        ("gone.py:entry", "there is no file"),
        ("net.py:boom", "raises ValueError: boom"),
        ("net.py:plain", "no nn.Module"),
    ],
)
def test_entries_that_give_no_model(here: Path, net: Net, oracle: Oracle, entry: str, words: str) -> None:
    more = "\n\ndef boom():\n    raise ValueError('boom')\n\n\ndef plain():\n    return boom, ()\n"
    (here / "net.py").write_text(NET + more)
    torch.save(net.state_dict(), "a.pt")
    with pytest.raises(CheckpointError, match=words):
        checkpoint.verify("a.pt", entry, oracle=oracle)


def test_no_user_code_runs_here(here: Path, net: Net, oracle: Oracle) -> None:
    import os
    import sys

    (here / "net.py").write_text(NET + "open(f'ran-{__import__(\"os\").getpid()}', 'w').close()\n")
    torch.save(net.state_dict(), "a.pt")
    assert checkpoint.verify("a.pt", ENTRY, oracle=oracle).ok
    assert "net" not in sys.modules
    assert not (here / f"ran-{os.getpid()}").exists()
