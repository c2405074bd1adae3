"""Examples of SF313."""

from __future__ import annotations

from scriptify.transform import Declines, Example, Fires, Ignores

_HEAD = """import torch
import torch.nn.functional as F
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.a = nn.Linear(3, 3)
        self.b = nn.Identity()
        self.flag = True

    def forward(self, x: torch.Tensor, mode: str = 'b'):
"""
_ENTRY = "Net(), (torch.randn(2, 3),)"
_VALUE = "cannot be used as a value"


def _net(body: str) -> str:
    return _HEAD + "".join(f"        {line}\n" for line in body.splitlines())


def _fires(before: str, after: str, focus: str, at: str, name: str) -> Fires:
    return Fires(_net(before), _net(after), entry=_ENTRY, focus=focus, at=at, name=name)


EXAMPLES: tuple[Example, ...] = (
    _fires(
        "act = F.relu if self.flag else F.gelu\nreturn act(x) + act(act(x))",
        "return (F.relu(x) if self.flag else F.gelu(x)) + (F.relu((F.relu(x) if self.flag else F.gelu(x)))"
        " if self.flag else F.gelu((F.relu(x) if self.flag else F.gelu(x))))",
        "function " + _VALUE,
        "act =",
        "a conditional function",
    ),
    _fires(
        "m = self.a if mode == 'a' else self.b\nreturn m(x)",
        "return (self.a(x) if mode == 'a' else self.b(x))",
        "if-expression's true branch has type",
        "m =",
        "a conditional module",
    ),
    _fires(
        "if self.flag:\n    m = self.a\nelse:\n    m = self.b\nreturn m(x)",
        "return (self.a(x) if self.flag else self.b(x))",
        "undefined value",
        "return",
        "an if statement",
    ),
    _fires(
        "if x.sum() > 0:\n    m = self.a\n    x = x + 1\nelse:\n    m = self.b\nx = m(x)\nreturn x",
        "if x.sum() > 0:\n    m_choice = 0\n    x = x + 1\nelse:\n    m_choice = 1\n"
        "x = (self.a(x) if m_choice == 0 else self.b(x))\nreturn x",
        "undefined value",
        "x = m",
        "with more in the branches",
    ),
    _fires(
        "for f in [torch.relu, torch.tanh]:\n    x = f(x)\nreturn x",
        "for f_choice in range(2):\n    x = (torch.relu(x) if f_choice == 0 else torch.tanh(x))\nreturn x",
        "builtin " + _VALUE,
        "for f",
        "a loop over functions",
    ),
    _fires(
        "acts = {'a': torch.relu, 'b': torch.tanh}\nx = acts['a'](x)\nreturn acts[mode](x)",
        "x = torch.relu(x)\nif mode not in ['a', 'b']:\n    raise KeyError(mode)\nreturn (torch.relu(x) if mode == 'a' else torch.tanh(x))",
        "builtin " + _VALUE,
        "acts =",
        "a dict of functions",
    ),
    _fires(
        "ks = [x.size(0)]\nact = F.relu if ks[0] > 1 else F.gelu\nks[0] = 0\nreturn act(x)",
        "ks = [x.size(0)]\nact_choice = 0 if ks[0] > 1 else 1\nks[0] = 0\nreturn (F.relu(x) if act_choice == 0 else F.gelu(x))",
        "function " + _VALUE,
        "act =",
        "a condition that changes",
    ),
    _fires(
        "if self.flag:\n    # the first\n    act = F.relu\nelse:\n    act = F.gelu\nreturn act(x)",
        "# the first\nreturn (F.relu(x) if self.flag else F.gelu(x))",
        "function " + _VALUE,
        "act =",
        "comments in the branches",
    ),
    Declines(
        _net("m = self.a if self.flag else self.b\nm.count = 3\nreturn m(x)"),
        because="something is set on it",
        focus="if-expression's true branch has type",
        at="m =",
    ),
    Declines(
        _net("act = F.relu if self.flag else F.gelu\nreturn helper(act, x)"),
        because="another way",
        focus="function " + _VALUE,
        at="act =",
    ),
    Ignores(_net("act = F.relu if self.flag else F.gelu\nreturn act(x)"), name="not asked for"),
    Ignores(_net("y = x if self.flag else x + 1\nreturn y"), focus="undefined value", at="return", name="plain values"),
)
