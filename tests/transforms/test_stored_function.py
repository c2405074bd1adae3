"""SF811 in use: eager code goes by the attribute, whatever it holds."""

from __future__ import annotations

import importlib.util

import pytest
import torch

from scriptify.transform import Fires
from scriptify.transforms.stored_function import StoredFunction


def _load(source, folder):
    path = folder / "after.py"
    path.write_text(source)
    spec = importlib.util.spec_from_file_location("after", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


FIRES = [example for example in StoredFunction.examples if isinstance(example, Fires)]


@pytest.mark.parametrize("example", FIRES, ids=lambda example: example.name)
def test_another_function(example, tmp_path):
    module = _load(example.after, tmp_path)
    model = module.Net()
    model.act = lambda *args: args[0] * 0
    x = torch.randn(1, 1, 4, 4)
    assert not model(x).any()  # set from outside, it is what is called
    with pytest.raises(RuntimeError, match="exists"):  # holds none of the functions seen: refused as before
        torch.jit.script(model)


def test_set_after_init(tmp_path):
    """The compiler asks the instance as it is when it compiles."""
    module = _load(FIRES[1].after, tmp_path)
    model = module.Net("pool")
    model.act = torch.nn.functional.adaptive_max_pool2d
    x = torch.randn(1, 1, 8, 4)
    assert torch.jit.script(model)(x).shape == model(x).shape == (1, 1, 2, 2)
