"""Examples of SF303."""

from __future__ import annotations

from scriptify.transform import Declines, Example, Fires, Ignores

_HEAD = """import torch
from torch import nn


class Net(nn.Module):
    def forward(self, x):
"""
_TYPED = _HEAD.replace("from torch import nn\n", "from torch import nn\nfrom typing import List\n")
_ENTRY = "Net(), (torch.randn(4, 6),)"

EXAMPLES: tuple[Example, ...] = (
    Fires(
        name="list of map",
        before=_HEAD + "        return torch.cat(list(map(lambda t: t + 1, [x, x])))\n",
        after=_HEAD + "        return torch.cat([t + 1 for t in [x, x]])\n",
        entry=_ENTRY,
    ),
    Fires(
        name="unpacked",
        before=_HEAD
        + "        q, k = map(lambda t: t * 2, x.chunk(2, dim=1))\n"
        + "        h, w = map(int, x.shape)\n"
        + "        return (q + k) * h * w\n",
        after=_HEAD
        + "        q, k = [t * 2 for t in x.chunk(2, dim=1)]\n"
        + "        h, w = [int(item) for item in x.shape]\n"
        + "        return (q + k) * h * w\n",
        entry=_ENTRY,
    ),
    Fires(
        name="several iterables, and a join",
        before=_HEAD
        + "        ys = list(map(torch.add, [x, x], [x * 2, x]))\n"
        + "        return torch.stack(ys), 'x'.join(map(str, x.shape)), any(map(lambda n: n > 3, x.shape))\n",
        after=_HEAD
        + "        ys = [torch.add(item, item_2) for item, item_2 in zip([x, x], [x * 2, x])]\n"
        + "        return torch.stack(ys), 'x'.join(str(item) for item in x.shape), any(n > 3 for n in x.shape)\n",
        entry=_ENTRY,
    ),
    Fires(
        name="a loop over map",
        before=_HEAD + "        for t in map(torch.relu, [x, x * 2]):\n            x = x + t\n        return x\n",
        after=_HEAD + "        for t in (torch.relu(item) for item in [x, x * 2]):\n            x = x + t\n        return x\n",
        entry=_ENTRY,
    ),
    Fires(
        name="tuple of a literal",
        before=_HEAD + "        a, b = tuple(map(lambda t: t + 1, (x, x * 2)))\n        return tuple(map(torch.relu, (a, b)))\n",
        after=_HEAD + "        a, b = (x + 1, (x * 2) + 1)\n        return (torch.relu(a), torch.relu(b))\n",
        entry=_ENTRY,
    ),
    Fires(
        name="filter",
        before=_HEAD + "        ys = list(filter(lambda t: t.numel() > 0, [x, x[:0]]))\n        return torch.cat(ys)\n",
        after=_HEAD
        + "        ys = []\n"
        + "        for t in [x, x[:0]]:\n"
        + "            if t.numel() > 0:\n"
        + "                ys.append(t)\n"
        + "        return torch.cat(ys)\n",
        entry=_ENTRY,
    ),
    Fires(
        name="a condition, with a type",
        before=_HEAD + "        return x * sum(i for i in range(5) if i % 2 == 0)\n",
        after=_TYPED
        + "        items: List[int] = []\n"
        + "        for i in range(5):\n"
        + "            if i % 2 == 0:\n"
        + "                items.append(i)\n"
        + "        return x * sum(items)\n",
        entry=_ENTRY,
    ),
    Fires(
        name="two loops",
        before=_HEAD + "        return torch.stack([x * i + j for i in range(2) for j in range(i, 3) if j != 1])\n",
        after=_HEAD
        + "        items = []\n"
        + "        for i in range(2):\n"
        + "            for j in range(i, 3):\n"
        + "                if j != 1:\n"
        + "                    items.append(x * i + j)\n"
        + "        return torch.stack(items)\n",
        entry=_ENTRY,
    ),
    Fires(
        name="a loop over filter",
        before=_HEAD
        + "        for k in filter(None, [1, 0, 2]):\n            x = x + k\n"
        + "        for t in filter(lambda v: v.numel() > 2, [x, x[:0]]):\n            x = x * 2 + t.sum()\n        return x\n",
        after=_HEAD
        + "        for k in [1, 0, 2]:\n            if not (k):\n                continue\n            x = x + k\n"
        + "        for t in [x, x[:0]]:\n            if not (t.numel() > 2):\n                continue\n"
        + "            x = x * 2 + t.sum()\n        return x\n",
        entry=_ENTRY,
    ),
    Fires(
        name="a loop over a generator with a condition",
        before=_HEAD + "        for k in (v * 2 for v in [1, 2, 3] if v > 1):\n            x = x + k\n        return x\n",
        after=_HEAD
        + "        for v in [1, 2, 3]:\n            if not (v > 1):\n                continue\n"
        + "            k = v * 2\n            x = x + k\n        return x\n",
        entry=_ENTRY,
    ),
    Fires(
        name="any and all with a condition",
        before=_HEAD + "        return any(n > 3 for n in x.shape if n > 1), all(n > 3 for n in x.shape if n != 4)\n",
        after=_HEAD + "        return any(n > 1 and n > 3 for n in x.shape), all(not (n != 4) or n > 3 for n in x.shape)\n",
        entry=_ENTRY,
    ),
    Fires(
        name="any of two loops",
        before=_HEAD + "        return any(a > b for a in x.shape if a > 1 for b in (3, 4))\n",
        after=_HEAD + "        return any(a > 1 and any(a > b for b in (3, 4)) for a in x.shape)\n",
        entry=_ENTRY,
    ),
    Fires(
        name="spread over arguments",
        before=_HEAD + "        return torch.stack([*map(torch.relu, x.unbind(0))])\n",
        after=_HEAD + "        return torch.stack([torch.relu(item) for item in x.unbind(0)])\n",
        entry=_ENTRY,
    ),
    Fires(
        name="pairs, with a type",
        before=_HEAD + "        ks = [(i, j) for i in range(2) for j in range(3)]\n        return x * ks[1][1]\n",
        after=_TYPED.replace("import List", "import List, Tuple")
        + "        ks: List[Tuple[int, int]] = []\n        for i in range(2):\n            for j in range(3):\n"
        + "                ks.append((i, j))\n        return x * ks[1][1]\n",
        entry=_ENTRY,
    ),
    Fires(
        name="a result under the function's name",
        before=_HEAD + "        f = torch.relu\n        f = sum(map(f, [x, x * 2]))\n        return f\n",
        after=_HEAD + "        f = torch.relu\n        f = sum(f(item) for item in [x, x * 2])\n        return f\n",
    ),
    *(
        Declines(name=name, code=_HEAD + "".join(f"        {line}\n" for line in body.splitlines()), because="bound anew")
        for name, body in {
            "a loop that binds the function": "f = torch.relu\nfor t in map(f, [x, x]):\n    x, f = x + t, torch.neg\nreturn x",
            "a loop's own name": "f = torch.relu\nfor f in map(f, [x, x]):\n    x = x + f\nreturn x",
            "a loop that sets the function": "for t in map(self.fn, [x, x]):\n    x, self.fn = x + t, torch.neg\nreturn x",
            "a filter whose loop sets it": "for t in filter(self.fn, [x, x]):\n    self.fn = torch.neg\n    x = x + t\nreturn x",
            "an enumerated map": "f = torch.relu\nfor i, t in enumerate(map(f, [x, x])):\n    f = torch.neg\n    x = x + t * i\nreturn x",
            "a kept map": "f = torch.relu\nit = iter(map(f, [x, x]))\nf = torch.neg\nreturn next(it)",
            "a method that sets it": "return sum(map(self.fn, [x, x]))\n\ndef fit(self):\n    self.fn = torch.neg",
        }.items()
    ),
    Declines(
        name="a lazy condition",
        code=_HEAD + "        return [a + b for a, b in zip((n for n in x.shape if n > 1), x.shape)]\n",
        because="lazy",
    ),
    Declines(
        name="evaluated sometimes",
        code=_HEAD + "        return [n for n in x.shape if n > 1] if x.dim() > 1 else x.shape\n",
        because="only evaluated in one branch",
    ),
    Declines(name="a tuple of any length", code=_HEAD + "        return tuple(map(torch.relu, x.chunk(2)))\n", because="tuple"),
    Ignores(name="what the compiler takes", code=_HEAD + "        return torch.cat([t * 2 for t in x.chunk(2)])\n"),
    Ignores(name="a method called map", code=_HEAD + "        return self.map(lambda_=x)\n"),
)
