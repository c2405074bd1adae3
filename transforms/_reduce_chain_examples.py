"""Examples of SF301."""

from __future__ import annotations

from scriptify.transform import Declines, Example, Fires, Ignores

_HEAD = """import torch
from functools import reduce
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.features = nn.ModuleList([nn.Linear(4, 4) for _ in range(4)])

    def forward(self, x):
"""
_ENTRY = "Net(), (torch.randn(2, 4),)"
_OPS = _HEAD.replace("import torch\n", "import operator\nimport torch\n", 1)

EXAMPLES: tuple[Example, ...] = (
    Fires(
        name="literal indices",
        before=_HEAD + "        return reduce(lambda x, n: self.features[n](x), list(range(1, 4)), x)\n",
        after=_HEAD
        + "        result = self.features[1](x)\n"
        + "        result = self.features[2](result)\n"
        + "        result = self.features[3](result)\n"
        + "        return result\n",
        entry=_ENTRY,
    ),
    Fires(
        name="assigned to its own start",
        before=_HEAD + "        x = reduce(lambda x, n: self.features[n](x), range(2), x)\n        return x\n",
        after=_HEAD + "        x = self.features[0](x)\n        x = self.features[1](x)\n        return x\n",
        entry=_ENTRY,
    ),
    Fires(
        name="over the container",
        before=_HEAD + "        y = reduce(lambda t, m: torch.relu(m(t)), self.features, x)\n        return y + x\n",
        after=_HEAD + "        y = x\n        for m in self.features:\n            y = torch.relu(m(y))\n        return y + x\n",
        entry=_ENTRY,
    ),
    Fires(
        name="modules in a literal list, inside a bigger statement",
        before=_HEAD
        + "        first = self.features[0]\n"
        + "        return torch.cat([x.relu(), reduce(lambda h, m: m(h) + x, [first, self.features[1]], x)])\n",
        after=_HEAD
        + "        first = self.features[0]\n"
        + "        relu_result = x.relu()\n"
        + "        result = first(x) + x\n"
        + "        result = self.features[1](result) + x\n"
        + "        return torch.cat([relu_result, result])\n",
        entry=_ENTRY,
    ),
    Fires(
        name="a list of tensors without a start",
        before=_HEAD + "        xs = [m(x) for m in self.features]\n        return reduce(torch.max, xs)\n",
        after=_HEAD
        + "        xs = [m(x) for m in self.features]\n"
        + "        if len(xs) == 0:\n"
        + '            raise TypeError("reduce() of empty iterable with no initial value")\n'
        + "        result = xs[0]\n"
        + "        for item in xs[1:]:\n"
        + "            result = torch.max(result, item)\n"
        + "        return result\n",
        entry=_ENTRY,
    ),
    Fires(
        name="operator over a shape",
        before=_OPS + "        size = reduce(operator.mul, x.shape[1:], 1)\n        return x.reshape(-1, size)\n",
        after=_OPS
        + "        size = 1\n"
        + "        for item in x.shape[1:]:\n"
        + "            size = size * item\n"
        + "        return x.reshape(-1, size)\n",
        entry=_ENTRY,
    ),
    Fires(
        name="run-time bounds",
        before=_HEAD + "        k = x.dim()\n        return reduce(lambda a, i: a * i + x, range(1, k + 1), x)\n",
        after=_HEAD
        + "        k = x.dim()\n"
        + "        result = x\n"
        + "        for i in range(1, k + 1):\n"
        + "            result = result * i + x\n"
        + "        return result\n",
        entry=_ENTRY,
    ),
    Fires(
        name="nested",
        before=_HEAD + "        return reduce(lambda y, k: reduce(lambda z, m: m(z) * k, self.features, y), range(x.dim()), x)\n",
        after=_HEAD
        + "        result = x\n"
        + "        for k in range(x.dim()):\n"
        + "            for m in self.features:\n"
        + "                result = m(result) * k\n"
        + "        return result\n",
        entry=_ENTRY,
    ),
    Fires(
        name="a list of numbers that grows",
        before=_HEAD
        + "        sizes = reduce(lambda a, t: a + [t.size(0)], [x, x], [])\n"
        + "        total = reduce(lambda a, n: a + [n * 2], range(x.dim()), [])\n"
        + "        return x * len(sizes) * len(total)\n",
        after=_HEAD.replace("from torch import nn\n", "from torch import nn\nfrom typing import List\n")
        + "        sizes = [] + [x.size(0)]\n"
        + "        sizes = sizes + [x.size(0)]\n"
        + "        total: List[int] = []\n"
        + "        for n in range(x.dim()):\n"
        + "            total = total + [n * 2]\n"
        + "        return x * len(sizes) * len(total)\n",
    ),
    Declines(
        name="only evaluated sometimes",
        code=_HEAD + "        return x if x.dim() == 2 else reduce(lambda a, m: m(a), self.features, x)\n",
        because="only evaluated in one branch",
    ),
    Declines(
        name="unknown iterable",
        code=_HEAD.replace("x):", "x, xs):") + "        return x + reduce(torch.add, xs)\n",
        because="not known to be a list or tuple",
    ),
    Declines(
        name="a number that tensors are added to",
        code=_HEAD + "        xs = [m(x) for m in self.features]\n        return reduce(lambda a, b: a + b.mean(), xs, 0)\n",
        because="start from a tensor",
    ),
    Declines(
        name="a list that may hold None",
        code=_HEAD.replace("for _", "if _ else None for _") + "        return reduce(lambda x, n: self.features[n](x), (1, 2), x)\n",
        because="may hold None",
    ),
    Ignores(
        name="not compiled",
        code="from functools import reduce\n\n\ndef main(xs):\n    return reduce(lambda a, b: a + b, xs)\n",
    ),
    Ignores(
        name="another reduce",
        code="from torch import nn\n\n\nclass Net(nn.Module):\n    def forward(self, x):\n        return self.reduce(x)\n",
    ),
)
