"""SF811 in use: eager code goes by the attribute, whatever it holds."""

from __future__ import annotations

import importlib.util

import pytest
import torch

from scriptify.transform import Fires
from scriptify.transforms.stored_function import StoredFunction

FIRES = [example for example in StoredFunction.examples if isinstance(example, Fires)]


@pytest.mark.parametrize("example", FIRES, ids=lambda example: example.name)
def test_another_function(example, tmp_path):
    path = tmp_path / "after.py"
    path.write_text(example.after)
    spec = importlib.util.spec_from_file_location("after", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    model = module.Net()
    model.act = lambda *args: args[0] * 0
    x = torch.randn(1, 1, 4, 4)
    assert not model(x).any()  # set from outside, it is what is called
    model = module.Net()
    for flag in module.Net.__constants__:
        setattr(model, flag, False)
    assert model(x).any()
    with pytest.raises(RuntimeError, match="exists"):  # held none of the functions seen: refused as before
        torch.jit.script(model)
