"""Names of functions that instances hold."""

from __future__ import annotations

from functools import partial

import torch
import torch.nn.functional as F
from torch import nn

from scriptify.facts.live_functions import function_name


def top_level(x):
    return x


class Owner(nn.Module):
    def method(self, x):
        return x

    @staticmethod
    def static(x):
        return x

    @property
    def boom(self):
        raise RuntimeError


def test_names():
    owner = Owner()
    assert function_name(F.relu, owner) == "torch.nn.functional.relu"
    assert function_name(F.max_pool2d, owner) == "torch.nn.functional.max_pool2d"
    assert function_name(torch.tanh, owner) == "torch.tanh"
    assert function_name(owner.method, owner) == "self.method"
    assert function_name(owner.static, owner) == "self.static"
    assert function_name(top_level, owner) == f"{__name__}::top_level"


def test_what_has_no_name():
    owner, other = Owner(), Owner()

    def top_level(x):
        return x

    def boom(x):
        return x

    owner.method = F.relu
    for value in (lambda x: x, partial(F.relu, inplace=True), top_level, boom, other.method, nn.ReLU(), print):
        assert function_name(value, owner) == "", value
    assert function_name(owner.method, owner) == "torch.nn.functional.relu"
