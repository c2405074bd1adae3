"""The names that rewrites give to members of a class: the table of torch's own names is complete for the pinned torch."""

from __future__ import annotations

import inspect
import re

import torch
from torch import nn

from scriptify.tree.member_names import OF_TORCH


def of_one_underscore(names):
    return {name for name in names if re.match(r"_[a-z]", name)}


def test_names_of_module_are_known():
    found = of_one_underscore([*dir(nn.Module), *vars(nn.Module()), *dir(torch.jit.ScriptModule)])
    assert found <= OF_TORCH


def test_names_of_the_modules_of_torch_are_known():
    classes = [c for c in vars(nn).values() if inspect.isclass(c) and issubclass(c, nn.Module)]
    assert of_one_underscore(name for c in classes for name in dir(c)) <= OF_TORCH
