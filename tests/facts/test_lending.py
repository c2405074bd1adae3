"""Which methods may run on objects of an unrelated class."""

from __future__ import annotations

import pytest

from scriptify.facts import static

NET = """
from torch import nn


class Base(nn.Module):
    def inherited(self, x):
        return x


class Net(Base):
    def forward(self, x):
        return x


class Below(Net):
    def forward(self, x):
        return Net.forward(self, x)
"""


@pytest.mark.parametrize(
    ("code", "lent"),
    [
        ("", set()),
        ("class Other(nn.Module):\n    forward = Net.forward\n", {"Net.forward"}),
        ("class Other(nn.Module):\n    run = Net.inherited\n", {"Base.inherited"}),
        ("class Other(nn.Module):\n    def forward(self, x):\n        return Net.forward(self, x)\n", {"Net.forward"}),
        ("class More(Net):\n    run = Net.forward\n", set()),
        ("class More(Net):\n    def run(self, x):\n        return Base.inherited(self, x)\n", set()),
        ("def patch(model):\n    model.forward = Net.forward.__get__(model)\n", {"Net.forward"}),
        ("def patch(model):\n    model.forward = types.MethodType(Net.forward, model)\n", {"Net.forward"}),
        ("def run(x):\n    return Net.forward(Net(), x)\n", set()),
        ("def run(x):\n    return Net().forward(x)\n", set()),
    ],
)
def test_a_method_is_lent(code: str, lent: set[str]) -> None:
    facts = static.index({"net.py": f"{NET}\n\n{code}"})
    assert {function.qualname for function in facts.functions.values() if function.lent} == lent


def test_from_another_file() -> None:
    facts = static.index({"net.py": NET, "other.py": "from net import Net\n\n\nclass Other:\n    forward = Net.forward\n"})
    assert {function.qualname for function in facts.functions.values() if function.lent} == {"Net.forward"}
