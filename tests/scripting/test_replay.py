"""What a rewritten constructor sets, on instances that an older one made."""

from __future__ import annotations

import ast

import torch
from torch import nn

from scriptify.oracle import worker_replay


class Net(nn.Module):
    def __init__(self, n=2, scale=1.0):
        super().__init__()
        self.n = n
        self.fc = nn.Linear(2, 2)


def constructor(*lines: str) -> ast.FunctionDef:
    body = "".join(f"    {line}\n" for line in lines)
    found = ast.parse(f"def __init__(self, n=2, scale=1.0):\n{body}").body[0]
    assert isinstance(found, ast.FunctionDef)
    return found


BEFORE = ("super().__init__()", "self.n = n", "self.fc = nn.Linear(2, 2)")


def outcome(*added: str, before: tuple[str, ...] = BEFORE, now: tuple[str, ...] | None = None) -> tuple[Net, list[str]]:
    net = Net()
    old, new = constructor(*before), constructor(*(now or (*before, *added)))
    names = worker_replay._known(net, old, new)
    return net, [why for s in worker_replay._fresh(old, new) if (why := worker_replay._run(net, Net, s, names, __file__))]


def test_an_attribute_of_the_instance_and_a_kept_parameter() -> None:
    net, why = outcome("self._flag = self.n > 1", "self._twice = n * 2")
    assert why == []
    assert (net._flag, net._twice) == (True, 4)


def test_a_name_mangled_in_its_class() -> None:
    net, why = outcome("self.__hidden = 1")
    assert why == []
    assert net._Net__hidden == 1


def test_a_parameter_that_the_instance_does_not_keep() -> None:
    net, why = outcome("self._big = scale > 2")
    assert why == ["the live model does not keep scale"]
    assert not hasattr(net, "_big")


def test_a_parameter_that_was_assigned_before_it_was_kept_is_another_value() -> None:
    _, why = outcome("self._n = n", before=("super().__init__()", "n = n + 1", "self.n = n"))
    assert why == ["the live model does not keep n"]


def test_state_of_the_live_model_is_never_made_anew() -> None:
    net, why = outcome(now=(*BEFORE[:2], "self.fc = nn.Linear(int(2), 2)"))
    assert why == ["fc holds state of the live model"]
    assert isinstance(net.fc, nn.Linear)


def test_other_statements_and_failures_are_told() -> None:
    assert outcome("self.register_buffer('b', torch.ones(1))")[1] == ["only assignments can be made up for on a live model"]
    assert outcome("self.k = self.nothing")[1][0].startswith("that raises AttributeError")
    assert outcome("self.k = super().forward")[1] == ["super() is only known inside the class"]
    assert torch.equal(outcome("self.k = 1")[0].fc.weight, outcome("self.k = 1")[0].fc.weight) is False
