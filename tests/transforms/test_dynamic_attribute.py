"""SF202 on names that only a run has shown: scripted code checks them, eager code of any instance stays what it was."""

from __future__ import annotations

import linecache

import pytest
import torch

from scriptify import api
from scriptify.facts.model import Attribute, Kind, Observed

TEXT = """\
import torch
from torch import nn


class Noises(nn.Module):
    def __init__(self, n):
        super().__init__()
        for i in range(n):
            self.register_buffer(f"noise{i}", torch.full((1,), i + 1.0))


class Block(nn.Module):
    def __init__(self, kind, n):
        super().__init__()
        self.norm_name = "bn1" if kind == "bn" else "gn1"
        self.add_module(self.norm_name, nn.BatchNorm2d(4) if kind == "bn" else nn.GroupNorm(2, 4))
        self.names = []
        for i in range(n):
            self.add_module(f"layer{i}", nn.Conv2d(4, 4, 1))
            self.names.append(f"layer{i}")
        self.n = n
        self.noises = Noises(n)

    def forward(self, x):
        x = getattr(self, self.norm_name)(x)
        for name in self.names:
            layer = getattr(self, name)
            x = layer(x)
        noise = [getattr(self.noises, f"noise{i}") for i in range(self.n)]
        for v in noise:
            x = x + v
        return x
"""


def seen(**values: object) -> Observed:
    made = {
        name: Attribute(name, frozenset({Kind.LIST if isinstance(v, tuple) else Kind.VALUE}), values=(v,), origin="live")
        for name, v in values.items()
    }
    return Observed(attributes={"Block": made}, instances={"Block": 1})


@pytest.fixture(scope="module")
def after() -> str:
    result = api.rewrite(TEXT, facts=seen(norm_name="bn1", names=("layer0", "layer1"), n=2), transforms=[api.registry.by_code("SF202")])
    assert not result.failures
    return result.draft.texts["source.py"]


def block(text: str, kind: str, n: int) -> torch.nn.Module:
    path = f"<dynamic {hash(text)}>"
    linecache.cache[path] = (len(text), None, text.splitlines(keepends=True), path)
    space: dict[str, object] = {"__name__": path, "__file__": path}
    exec(compile(text, path, "exec"), space)
    torch.manual_seed(0)
    return space["Block"](kind, n).eval()  # type: ignore[operator]


def test_what_is_written(after):
    assert "if torch.jit.is_scripting():\n            assert self.norm_name == 'bn1'\n            x = self.bn1(x)\n        else:" in after
    assert 'assert [key for key, _ in self.noises.named_buffers()] == [f"noise{i}" for i in range(self.n)]' in after
    assert "for layer in (self.layer0, self.layer1):" in after


@pytest.mark.parametrize(("kind", "n"), [("bn", 2), ("gn", 2), ("bn", 3), ("gn", 1)])
def test_eager_code_of_any_instance_is_what_it_was(after, kind, n):
    x = torch.randn(2, 4, 3, 3)
    assert torch.equal(block(TEXT, kind, n)(x), block(after, kind, n)(x))
