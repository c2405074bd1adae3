"""Each form of a model gives what the eager one gives, in its structure, or says why it can't be had."""

from __future__ import annotations

import os
from collections import namedtuple
from pathlib import Path
from typing import Any

import pytest
import torch

from scriptify.oracle.compare import difference
from scriptify.oracle.forms import FORMS
from scriptify.oracle.worker_entry import Case
from scriptify.oracle.worker_forms import FormError, load, make

ONNX = ("onnx", "onnx-legacy")
Pair = namedtuple("Pair", "first second")


class Net(torch.nn.Module):
    """A convolution and a norm, with a plain argument."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = torch.nn.Conv2d(3, 4, 3)
        self.norm = torch.nn.BatchNorm2d(4)

    def forward(self, x: torch.Tensor, scale: int = 1) -> torch.Tensor:
        return self.norm(self.conv(x)) * scale


class Nested(torch.nn.Module):
    """Outputs in a dict, in a tuple, None among them."""

    def forward(self, x: torch.Tensor, *, y: torch.Tensor) -> Any:
        return {"b": x + 1, "a": [y * 2]}, None, Pair(x, 3)


def norm_moved(model: torch.nn.Module) -> bool:
    return any(name.endswith("num_batches_tracked") and bool(value) for name, value in model.state_dict().items())


def case(model: Any, *args: Any, **kwargs: Any) -> Case:
    return Case(model.eval() if isinstance(model, torch.nn.Module) else model, args, kwargs)


@pytest.mark.parametrize("name", FORMS)
def test_every_form_of_a_plain_model(name: str, tmp_path: Path) -> None:
    given = case(Net(), torch.rand(1, 3, 8, 8))
    form = make(name, given, str(tmp_path))
    assert difference(given.model(*given.args).detach(), form.call(*given.args).detach(), scripted=True) is None
    if name == "eager":
        with pytest.raises(FormError, match="state_dict"):
            form.save(str(tmp_path / "a.pt"))
        return
    saved = tmp_path / {"export": "m.pt2", "onnx": "m.onnx", "onnx-legacy": "m.onnx"}.get(name, "m.pt")
    form.save(str(saved))
    again = load(str(saved), given)
    assert difference(form.call(*given.args).detach(), again.call(*given.args).detach(), scripted=True) is None


@pytest.mark.parametrize("name", ["trace", "export", "onnx-legacy"])
def test_nested_outputs_keep_their_structure(name: str, tmp_path: Path) -> None:
    given = case(Nested(), torch.rand(2), y=torch.rand(3))
    got = make(name, given, str(tmp_path)).call(*given.args, **given.kwargs)
    assert difference(given.model(*given.args, **given.kwargs), got, scripted=True) is None


@pytest.mark.parametrize("name", ["trace", "onnx-legacy"])
def test_an_argument_that_is_no_tensor_is_fixed_and_said(name: str, tmp_path: Path) -> None:
    given = case(Net(), torch.rand(1, 3, 8, 8), scale=3)
    form = make(name, given, str(tmp_path))
    assert difference(given.model(*given.args, scale=3).detach(), form.call(*given.args, scale=3).detach(), scripted=True) is None
    assert "fixed" in form.remarks[0]


@pytest.mark.parametrize("name", ["script", "trace", "export"])
def test_a_function(name: str, tmp_path: Path) -> None:
    def add(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        return x + y

    given = case(add, torch.rand(2), torch.rand(2))
    assert torch.equal(make(name, given, str(tmp_path)).call(*given.args), add(*given.args))


@pytest.mark.parametrize("name", ["trace", "export"])
def test_making_a_form_leaves_the_model_as_it_was(name: str, tmp_path: Path) -> None:
    model = Net()
    model.norm.eval()
    model.norm.train()
    make(name, Case(model, (torch.rand(2, 3, 8, 8),)), str(tmp_path))
    assert model.training and not norm_moved(model)


def test_a_branch_that_the_trace_freezes_is_told(tmp_path: Path) -> None:
    class Gate(torch.nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x if x.sum() > 0 else -x

    form = make("trace", case(Gate(), torch.ones(2)), str(tmp_path))
    assert "TracerWarning" not in form.remarks[0] and os.path.basename(__file__) in form.remarks[0] and "boolean" in form.remarks[0]


def test_a_refusal_is_one_sentence(tmp_path: Path) -> None:
    class Bad(torch.nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return (lambda v: v)(x)

    with pytest.raises(FormError) as caught:
        make("script", case(Bad(), torch.ones(2)), str(tmp_path))
    assert str(caught.value).startswith("torch.jit.script refuses the model: ") and "\n" not in str(caught.value)


@pytest.mark.parametrize(("name", "content", "said"), [("m.pt", None, "no such file"), ("m.pt", b"no", "can't be"), ("m.txt", b"", ".pt2")])
def test_files_that_hold_no_model(name: str, content: bytes | None, said: str, tmp_path: Path) -> None:
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(FormError, match=said):
        load(str(path), case(Net(), torch.rand(1, 3, 8, 8)))


def test_a_checkpoint_is_told_from_a_model(tmp_path: Path) -> None:
    torch.save(Net().state_dict(), tmp_path / "w.pt")
    with pytest.raises(FormError, match="holds a OrderedDict of weights"):
        load(str(tmp_path / "w.pt"), case(Net(), torch.rand(1, 3, 8, 8)))
