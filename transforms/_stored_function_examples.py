"""Examples of SF811."""

from __future__ import annotations

from scriptify.facts.model import Attribute, Kind, Observed
from scriptify.transform import Declines, Fires, Ignores

_FOCUS = "Module 'Net' has no attribute 'act' (This function exists as an attribute on the Python module, but we failed"
_NET = """\
import torch
import torch.nn.functional as F
from torch import nn

ACTS = {{"relu": F.relu, "pool": F.max_pool2d, "wide": F.adaptive_max_pool2d}}


def squared(x):
    return x * x


class Net(nn.Module):
{constants}    def __init__(self, act={act!r}, more=False):
        super().__init__()
        self.lin = nn.Linear(4, 4)
{init}

    def _plus(self, x):
        return x + 1

    @staticmethod
    def _minus(x):
        return x - 1

    def forward(self, x):
        x = self.lin(x)
        {body}
{told}"""
_TOLD = "\n    @property\n    @torch.jit.unused\n    def {}(self) -> bool:\n        return {}\n"


def _seen(*functions: str, kinds: frozenset[Kind] = frozenset({Kind.FUNCTION})) -> Observed:
    return Observed(attributes={"Net": {"act": Attribute("act", kinds, functions=frozenset(functions))}})


def _net(init: str, body: str, act: str = "relu", told: dict[str, str] | None = None) -> str:
    made = "\n".join(f"        {line}" for line in init.splitlines())
    names = ", ".join(f'"{flag}"' for flag in told or ())
    constants = f"    __constants__ = [{names}]\n\n" if told else ""
    properties = "".join(_TOLD.format(flag, outcome) for flag, outcome in (told or {}).items())
    return _NET.format(constants=constants, act=act, init=made, body=body, told=properties)


def _fires(init: str, body: str, after: str, functions: tuple[str, ...], told: dict[str, str], act: str, name: str) -> Fires:
    return Fires(
        _net(init, body, act),
        _net(init, after, act, told),
        entry="Net(), (torch.randn(1, 1, 4, 4),)",
        observed=_seen(*functions),
        focus=_FOCUS,
        at=body.partition("\n")[0],
        name=name,
    )


_LOOKUP = "self.act = ACTS[act]"
_OWN = "self.act = self._plus if act else self._minus"
_TURN = "\n    def turn(self):\n        self.act = F.adaptive_max_pool2d\n\n\ndef turn(net: Net):\n    net.act = F.adaptive_max_pool2d\n"
_WHEN = "torch.jit.is_scripting() and self."

EXAMPLES = (
    _fires(
        _LOOKUP,
        "return self.act(x, 2)",
        f"return F.max_pool2d(x, 2) if {_WHEN}_act_is_max_pool2d else self.act(x, 2)",
        ("torch.nn.functional.max_pool2d",),
        {"_act_is_max_pool2d": "self.act is F.max_pool2d"},
        "pool",
        "out of a dict",
    ),
    _fires(
        _LOOKUP,
        "return self.act(x, 2) * 2",
        f"return (F.adaptive_max_pool2d(x, 2) if {_WHEN}_act_is_adaptive_max_pool2d else F.max_pool2d(x, 2)"
        f" if {_WHEN}_act_is_max_pool2d else self.act(x, 2)) * 2",
        ("torch.nn.functional.adaptive_max_pool2d", "torch.nn.functional.max_pool2d"),
        {"_act_is_adaptive_max_pool2d": "self.act is F.adaptive_max_pool2d", "_act_is_max_pool2d": "self.act is F.max_pool2d"},
        "wide",
        "one of two",
    ),
    _fires(
        _OWN,
        "x = self.act(x) + self.act(x * 2)\n        return x",
        f"x = (self._plus(x) if {_WHEN}_act_is_plus else self.act(x)) + (self._plus(x * 2) if {_WHEN}_act_is_plus else self.act(x * 2))\n"
        "        return x",
        ("self._plus",),
        {"_act_is_plus": "self.act == self._plus"},
        "plus",
        "a method",
    ),
    _fires(
        "if act:\n    self.act = F.max_pool2d",
        "return self.act(x, 2)",
        f"return F.max_pool2d(x, 2) if {_WHEN}_act_is_max_pool2d else self.act(x, 2)",
        ("torch.nn.functional.max_pool2d",),
        {"_act_is_max_pool2d": 'getattr(self, "act", None) is F.max_pool2d'},
        "pool",
        "of some instances",
    ),
    Declines(
        _net("self.act = (lambda k: lambda x: x * k)(2)", "return self.act(x)"),
        because="no name of its own",
        observed=_seen(""),
        focus=_FOCUS,
        at="return self.act",
        name="a closure",
    ),
    Fires(
        _net(_LOOKUP, "return self.act(x, 2)", "pool") + _TURN,
        _net(
            _LOOKUP,
            f"return F.max_pool2d(x, 2) if {_WHEN}_act_is_max_pool2d else self.act(x, 2)",
            "pool",
            {"_act_is_max_pool2d": "self.act is F.max_pool2d"},
        )
        + _TURN,
        entry="Net(), (torch.randn(1, 1, 4, 4),)",
        observed=_seen("torch.nn.functional.max_pool2d"),
        focus=_FOCUS,
        at="return self.act",
        name="set by other code too",
    ),
    Ignores(
        _net("self.act = nn.ReLU()", "return self.act(x)"),
        observed=_seen(kinds=frozenset({Kind.MODULE})),
        focus=_FOCUS,
        at="return self.act",
        name="a module",
    ),
    Ignores(_net(_LOOKUP, "return self.act(x)"), observed=_seen("torch.nn.functional.relu"), name="no word"),
)
