"""SF809 in use: nothing changes before scripting, and the scripted hooks do all that the objects do."""

from __future__ import annotations

import copy
import importlib.util
import warnings

import pytest
import torch
from torch.nn.utils import remove_spectral_norm, remove_weight_norm

from scriptify.transform import Fires
from scriptify.transforms.norm_hook import NormHook

FIRES = [example for example in NormHook.examples if isinstance(example, Fires)]


@pytest.fixture(autouse=True)
def quiet():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _load(text, tmp_path, name):
    path = tmp_path / f"{name}.py"
    path.write_text(text)
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _pair(example, tmp_path):
    before = _load(example.before, tmp_path, "before")
    after = _load(example.after, tmp_path, "after")
    torch.manual_seed(0)
    old = before.Net()
    new = after.Net()
    new.load_state_dict(old.state_dict())
    (inputs,) = eval(example.entry, {"Net": lambda: None, "torch": torch})[1]
    return old, new, inputs


@pytest.mark.parametrize("example", FIRES, ids=lambda example: example.name)
def test_three_training_steps_are_the_same(example, tmp_path):
    old, new, inputs = _pair(example, tmp_path)
    scripted = torch.jit.script(new)
    for model in (old, scripted):
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        for _ in range(3):
            optimizer.zero_grad()
            model(inputs).square().mean().backward()
            optimizer.step()
    assert list(scripted.state_dict()) == list(old.state_dict()) == list(new.state_dict())
    for key, value in old.state_dict().items():
        assert torch.allclose(value, scripted.state_dict()[key], atol=1e-5), key
    for mode in (False, True):
        assert torch.allclose(old.train(mode)(inputs), scripted.train(mode)(inputs), atol=1e-5)


@pytest.mark.parametrize("example", FIRES, ids=lambda example: example.name)
def test_a_state_dict_loaded_into_the_scripted_module_counts(example, tmp_path):
    old, new, inputs = _pair(example, tmp_path)
    scripted = torch.jit.script(new.eval())
    state = {key: value * 1.5 + 0.1 for key, value in old.state_dict().items()}
    old.eval().load_state_dict(state)
    scripted.load_state_dict(state)
    assert torch.equal(old(inputs), scripted(inputs))


@pytest.mark.parametrize("example", FIRES, ids=lambda example: example.name)
def test_the_norm_can_still_be_removed_first(example, tmp_path):
    old, new, inputs = _pair(example, tmp_path)
    remove = remove_weight_norm if "WeightNorm" in example.focus else remove_spectral_norm
    for model in (old, new):
        model.eval()
        for layer in [model.layer, *model.layer.children()]:
            if layer._forward_pre_hooks:
                remove(layer)
    assert torch.equal(old(inputs), torch.jit.script(copy.deepcopy(new))(inputs))


def test_a_subclass_of_the_hook_is_left_to_the_compiler(tmp_path):
    example = FIRES[0]
    _, new, _ = _pair(example, tmp_path)
    (hook,) = new.layer._forward_pre_hooks.values()
    hook.__class__ = type("Other", (type(hook),), {})
    with pytest.raises(AttributeError, match="__name__"):
        torch.jit.script(new)
