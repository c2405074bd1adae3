"""Examples of SF305."""

from __future__ import annotations

from scriptify.transform import Declines, Example, Fires, Ignores

_HEAD = """import torch
import torch.utils.checkpoint as cp
from torch import nn


class Net(nn.Module):
    def __init__(self, with_cp=False):
        super().__init__()
        self.conv = nn.Linear(4, 4)
        self.with_cp = with_cp

"""
_BODY = "            out = self.conv(x)\n            return torch.relu(out) + x\n"
_MOVED = "        out = self.conv(x)\n        return torch.relu(out) + x\n"
_ENTRY = "Net(), (torch.randn(2, 4),)"

EXAMPLES: tuple[Example, ...] = (
    Fires(
        name="an inner forward with checkpointing",
        before=_HEAD
        + "    def forward(self, x):\n"
        + "        def _inner_forward(x):\n"
        + _BODY
        + "\n"
        + "        if self.with_cp and x.requires_grad:\n"
        + "            out = cp.checkpoint(_inner_forward, x)\n"
        + "        else:\n"
        + "            out = _inner_forward(x)\n"
        + "        return out * 2\n",
        after=_HEAD
        + "    def forward(self, x):\n"
        + "\n"
        + "        if not torch.jit.is_scripting() and self.with_cp and x.requires_grad:\n"
        + "            out = cp.checkpoint(self._inner_forward, x)\n"
        + "        else:\n"
        + "            out = self._inner_forward(x)\n"
        + "        return out * 2\n"
        + "\n"
        + "    def _inner_forward(self, x):\n"
        + _MOVED,
        entry=_ENTRY,
    ),
    Fires(
        name="always checkpointed",
        before=_HEAD
        + "    def forward(self, x):\n"
        + "        def run(x):\n"
        + _BODY
        + "        y = cp.checkpoint(run, x, use_reentrant=False)\n"
        + "        return y\n",
        after=_HEAD
        + "    def forward(self, x):\n"
        + "        y = self._run(x) if torch.jit.is_scripting() else cp.checkpoint(self._run, x, use_reentrant=False)\n"
        + "        return y\n"
        + "\n"
        + "    def _run(self, x):\n"
        + _MOVED,
        entry=_ENTRY,
    ),
    Fires(
        name="captured locals",
        before=_HEAD
        + "    def forward(self, x):\n"
        + "        n = x.size(0)\n"
        + "        y = x * 2\n"
        + "\n"
        + "        # one step\n"
        + "        def step(t, k: int):\n"
        + "            return t * k + y / n\n"
        + "\n"
        + "        return step(step(x, 1), k=2)\n",
        after=_HEAD
        + "    def forward(self, x):\n"
        + "        n = x.size(0)\n"
        + "        y = x * 2\n"
        + "\n"
        + "        return self._step(self._step(x, 1, n=n, y=y), k=2, n=n, y=y)\n"
        + "\n"
        + "    # one step\n"
        + "    def _step(self, t, k: int, n: int, y):\n"
        + "        return t * k + y / n\n",
        entry=_ENTRY,
    ),
    Fires(
        name="in a function",
        before="import torch\n\n\n@torch.jit.script\ndef net(x):\n    def twice(t):\n        return t * 2\n    return twice(x)\n",
        after="import torch\n\n\ndef _twice(t):\n    return t * 2\n\n\n@torch.jit.script\ndef net(x):\n    return _twice(x)\n",
    ),
    Fires(
        name="a name that nn.Module has for something else",
        before=_HEAD + "    def forward(self, x):\n        def modules(t):\n            return self.conv(t)\n        return modules(x)\n",
        after=_HEAD
        + "    def forward(self, x):\n        return self._net_modules(x)\n\n"
        + "    def _net_modules(self, t):\n        return self.conv(t)\n",
        entry=_ENTRY,
    ),
    Fires(
        name="a base class that is not in sight",
        before="import torch\nfrom house import Base\n\n\nclass Net(Base, torch.nn.Module):\n"
        + "    def forward(self, x):\n        def run(t):\n            return t * 2\n        return run(x)\n",
        after="import torch\nfrom house import Base\n\n\nclass Net(Base, torch.nn.Module):\n"
        + "    def forward(self, x):\n        return self._net_run(x)\n\n    def _net_run(self, t):\n        return t * 2\n",
    ),
    Fires(
        name="in two classes that a third one joins",
        before="import torch\nfrom torch import nn\n\n\nclass One(nn.Module):\n"
        + "    def first(self, x):\n        def step(t):\n            return t + 1\n        return step(x)\n\n\n"
        + "class Two(nn.Module):\n"
        + "    def second(self, x):\n        def step(t):\n            return t * 5\n        return step(x)\n\n\n"
        + "class Both(One, Two):\n    def forward(self, x):\n        return self.first(x) + self.second(x)\n",
        after="import torch\nfrom torch import nn\n\n\nclass One(nn.Module):\n"
        + "    def first(self, x):\n        return self._one_step(x)\n\n    def _one_step(self, t):\n        return t + 1\n\n\n"
        + "class Two(nn.Module):\n"
        + "    def second(self, x):\n        return self._two_step(x)\n\n    def _two_step(self, t):\n        return t * 5\n\n\n"
        + "class Both(One, Two):\n    def forward(self, x):\n        return self.first(x) + self.second(x)\n",
        entry="Both(), (torch.randn(2, 4),)",
    ),
    Fires(
        name="two of one name",
        before=_HEAD
        + "    def forward(self, x):\n        def run(t):\n            return t * 2\n        return run(x) + self.more(x)\n\n"
        + "    def more(self, x):\n        def run(t):\n            return t * 3\n        return run(x)\n",
        after=_HEAD
        + "    def forward(self, x):\n        return self._forward_run(x) + self.more(x)\n\n"
        + "    def _forward_run(self, t):\n        return t * 2\n\n"
        + "    def more(self, x):\n        return self._more_run(x)\n\n    def _more_run(self, t):\n        return t * 3\n",
        entry=_ENTRY,
    ),
    Declines(
        name="a local bound again before it is recomputed",
        code=_HEAD
        + "    def forward(self, x):\n"
        + "        y = x\n"
        + "        def run(t):\n"
        + "            return t + y\n"
        + "        z = cp.checkpoint(run, x)\n"
        + "        y = z\n"
        + "        return z + y\n",
        because="bound again",
    ),
    Declines(
        name="called where a comprehension binds what it captures",
        code=_HEAD
        + "    def forward(self, x):\n"
        + "        def scaled(t):\n"
        + "            return t * x\n"
        + "        return torch.stack([scaled(x) for x in (x + 1, x + 2)])\n",
        because="x is another variable where scaled is called",
    ),
    Declines(
        name="called in another nested function with a parameter of that name",
        code=_HEAD
        + "    def forward(self, x, y):\n"
        + "        def times(t):\n"
        + "            return t * y\n"
        + "        def more(y):\n"
        + "            return times(y) + 1\n"
        + "        return more(x)\n",
        because="y is another variable where times is called",
    ),
    Declines(
        name="called in another nested function with a variable of that name",
        code=_HEAD
        + "    def forward(self, x):\n"
        + "        def times(t):\n"
        + "            return t * x\n"
        + "        def more(t):\n"
        + "            x = t + 1\n"
        + "            return times(x)\n"
        + "        return more(x)\n",
        because="x is another variable where times is called",
    ),
    Fires(
        name="called in a comprehension that binds other names",
        before=_HEAD
        + "    def forward(self, x):\n"
        + "        def scaled(t):\n"
        + "            return sum([t * x * k for k in (1, 2)]) + 1\n"
        + "        return [scaled(y) for y in (x, x + 2)][0]\n",
        after=_HEAD
        + "    def forward(self, x):\n"
        + "        return [self._scaled(y, x=x) for y in (x, x + 2)][0]\n"
        + "\n"
        + "    def _scaled(self, t, x):\n"
        + "        return sum([t * x * k for k in (1, 2)]) + 1\n",
    ),
    Declines(
        name="makes a function that can't be compiled wherever it stands",
        code=_HEAD
        + "    def forward(self, x):\n"
        + "        def maker(layer):\n"
        + "            def run(*given):\n"
        + "                return layer(*given)\n"
        + "            return run\n"
        + "        return cp.checkpoint(maker(self.conv), x)\n",
        because="holds a function",
    ),
    Declines(
        name="rebinds an outer variable",
        code=_HEAD
        + "    def forward(self, x):\n"
        + "        n = 0\n"
        + "        def run(t):\n"
        + "            nonlocal n\n"
        + "            n += 1\n"
        + "            return t\n"
        + "        return run(x) * n\n",
        because="rebinds",
    ),
    Declines(
        name="recursive",
        code=_HEAD
        + "    def forward(self, x):\n"
        + "        def run(t, n: int):\n"
        + "            return t if n == 0 else run(t, n - 1)\n"
        + "        return run(x, 3)\n",
        because="calls itself",
    ),
    Declines(
        name="a method that another class borrows",
        code=_HEAD
        + "    def forward(self, x):\n"
        + "        def run(t):\n"
        + "            return t * 2\n"
        + "        return run(self.conv(x))\n\n\n"
        + "class Other(nn.Module):\n"
        + "    forward = Net.forward\n",
        because="lent",
    ),
    Ignores(
        name="in __init__",
        code=_HEAD.replace("nn.Linear(4, 4)\n", "nn.Linear(4, 4)\n        def f(x):\n            return x\n        self.k = f(1)\n"),
    ),
)
