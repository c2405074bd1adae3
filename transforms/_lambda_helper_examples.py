"""Examples of SF302."""

from __future__ import annotations

from scriptify.transform import Declines, Example, Fires, Ignores

_HEAD = """import torch
import torch.nn.functional as F
from functools import partial
from torch import nn


"""
_NET = """class Net(nn.Module):
    def __init__(self, scale=2.0):
        super().__init__()
        self.scale = scale
"""
_CALLED = "\n    def forward(self, x):\n        return self.act(x) + 1\n"
_ENTRY = "Net(), (torch.randn(2, 4),)"
_LOCAL = _HEAD + "class Net(nn.Module):\n    def forward(self, x):\n"

EXAMPLES: tuple[Example, ...] = (
    Fires(
        name="on self",
        before=_HEAD + _NET + "        self.act = lambda t: torch.relu(t) * 2\n" + _CALLED,
        after=_HEAD + "def _net_act(t):\n    return torch.relu(t) * 2\n\n\n" + _NET + "        self.act = _net_act\n" + _CALLED,
        entry=_ENTRY,
    ),
    Fires(
        name="or a module",
        before=_HEAD + _NET + "        self.act = nn.Linear(4, 4) if scale > 5 else lambda x: x\n" + _CALLED,
        after=_HEAD
        + "def _net_act(x):\n    return x\n\n\n"
        + _NET
        + "        self.act = nn.Linear(4, 4) if scale > 5 else _net_act\n"
        + _CALLED,
        entry=_ENTRY,
    ),
    Fires(
        name="one that reads self",
        before=_HEAD + _NET + "        self.act = lambda t: t * self.scale\n" + _CALLED,
        after=_HEAD + _NET + _CALLED + "\n    def act(self, t):\n        return t * self.scale\n",
        entry=_ENTRY,
    ),
    Fires(
        name="one that reads what self keeps",
        before=_HEAD + _NET + "        self.act = lambda t: t * scale\n" + _CALLED,
        after=_HEAD + _NET + _CALLED + "\n    def act(self, t):\n        return t * self.scale\n",
        entry=_ENTRY,
    ),
    Fires(
        name="a partial",
        before=_HEAD + _NET + "        self.act = partial(F.leaky_relu, negative_slope=0.2)\n" + _CALLED,
        after=_HEAD
        + "def _net_act(input):\n    return F.leaky_relu(input, negative_slope=0.2)\n\n\n"
        + _NET
        + "        self.act = _net_act\n"
        + _CALLED,
        entry=_ENTRY,
    ),
    Fires(
        name="of the module",
        before=_HEAD + "act = lambda t: t * 2\n\n\n" + _LOCAL.removeprefix(_HEAD) + "        return act(x)\n",
        after=_HEAD + "def act(t):\n    return t * 2\n\n\n" + _LOCAL.removeprefix(_HEAD) + "        return act(x)\n",
        entry=_ENTRY,
    ),
    Fires(
        name="local",
        before=_LOCAL + "        k = 3\n        f = lambda t, n=2: t * n + k\n        return f(x) + f(torch.relu(x), n=k)\n",
        after=_LOCAL + "        k = 3\n        return (x * 2 + k) + (torch.relu(x) * k + k)\n",
        entry=_ENTRY,
    ),
    Declines(
        name="it uses a variable of __init__",
        code=_HEAD + _NET + "        k = scale + 1\n        self.act = lambda t: t * k\n" + _CALLED,
        because="uses k",
    ),
    Declines(
        name="a class that this one is mixed in with sets it too",
        code=_HEAD
        + _NET
        + "        self.act = lambda t: t * self.scale\n"
        + _CALLED
        + "\n\nclass Other(nn.Module):\n    def act(self, t):\n        return t\n\n\nclass Both(Other, Net):\n    pass\n",
        because="relatives",
    ),
    Declines(
        name="a base class that is not in sight",
        code="from house import Base\n"
        + _HEAD
        + _NET.replace("nn.Module", "Base, nn.Module")
        + "        self.act = lambda t: t * self.scale\n"
        + _CALLED,
        because="not in sight",
    ),
    Fires(
        name="arguments that its body reads in front of everything else",
        before=_LOCAL + "        f = lambda t, n: torch.relu(t) * n + x.mul_(3)\n        return f(x + 1, x.size(0) + 1)\n",
        after=_LOCAL + "        return (torch.relu((x + 1)) * (x.size(0) + 1) + x.mul_(3))\n",
        entry=_ENTRY,
    ),
    Declines(
        name="its body works in place before it reads an argument",
        code=_LOCAL + "        f = lambda a, b: a.mul_(2) + b\n        return f(x, x + 1)\n",
        because="before its body",
    ),
    Declines(
        name="its body works in place by a keyword before it reads an argument",
        code=_LOCAL + "        f = lambda t: F.relu(x, inplace=True) + t\n        return f(x * 2)\n",
        because="before its body",
    ),
    Declines(
        name="an argument that is computed after another one that changes it",
        code=_LOCAL + "        f = lambda a, b: b + a\n        return f(x * 2, x.add_(1))\n",
        because="another order",
    ),
    Declines(
        name="a generator",
        code=_LOCAL + "        f = lambda t: (yield t)\n        return list(f(x))\n",
        because="yields",
    ),
    Declines(
        name="handed on",
        code=_LOCAL + "        f = lambda t: t\n        return self.run(f, x)\n",
        because="other than by calling",
    ),
    Ignores(
        name="never called",
        code=_HEAD + _NET + "        self.init = lambda t: t * 2\n\n    def forward(self, x):\n        return x\n",
    ),
)
