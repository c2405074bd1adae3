"""Examples of SF304."""

from __future__ import annotations

from scriptify.transform import Declines, Fires, Ignores

_HEAD = """import torch
from torch import nn


class Net(nn.Module):
    def forward(self, x):
"""
_ENTRY = "Net(), (torch.randn(4, 3),)"


EXAMPLES = (
    Fires(
        name="sorted by a lambda",
        before=_HEAD + "        sizes = [3, 1, 2]\n        ys = sorted(sizes, key=lambda v: -v)\n        return x * ys[0]\n",
        after=_HEAD
        + "        sizes = [3, 1, 2]\n"
        + "        order = sorted([(-v, place) for place, v in enumerate(sizes)])\n"
        + "        ys = [sizes[place] for _, place in order]\n"
        + "        return x * ys[0]\n",
        entry=_ENTRY,
    ),
    Fires(
        name="tensors, backwards",
        before=_HEAD + "        return sorted(x.unbind(0), key=lambda t: float(t.sum()), reverse=True)[0]\n",
        after=_HEAD
        + "        items = list(x.unbind(0))\n"
        + "        order = sorted([(float(t.sum()), -place) for place, t in enumerate(items)])[::-1]\n"
        + "        return [items[-place] for _, place in order][0]\n",
        entry=_ENTRY,
    ),
    Fires(
        name="the largest",
        before=_HEAD + "        parts = [x, x * 2]\n        return max(parts, key=lambda t: t.mean())\n",
        after=_HEAD
        + "        parts = [x, x * 2]\n"
        + "        if len(parts) == 0:\n"
        + '            raise ValueError("max() arg is an empty sequence")\n'
        + "        largest = parts[0]\n"
        + "        largest_key = largest.mean()\n"
        + "        for t in parts[1:]:\n"
        + "            item_key = t.mean()\n"
        + "            if item_key > largest_key:\n"
        + "                largest = t\n"
        + "                largest_key = item_key\n"
        + "        return largest\n",
        entry=_ENTRY,
    ),
    Fires(
        name="in place",
        before=_HEAD + "        ns = [3, -4, 2]\n        ns.sort(key=abs)\n        return x * ns[0]\n",
        after=_HEAD
        + "        ns = [3, -4, 2]\n"
        + "        order = sorted([(abs(item), place) for place, item in enumerate(ns)])\n"
        + "        ordered = [ns[place] for _, place in order]\n"
        + "        ns.clear()\n"
        + "        ns.extend(ordered)\n"
        + "        return x * ns[0]\n",
        entry=_ENTRY,
    ),
    Fires(
        name="only backwards",
        before=_HEAD + "        return x * sorted(x.shape, reverse=True)[0]\n",
        after=_HEAD + "        return x * sorted(x.shape)[::-1][0]\n",
        entry=_ENTRY,
    ),
    Declines(
        name="a key of unknown type",
        code=_HEAD + "        return sorted([x, x], key=lambda t: self.rank(t))[0]\n",
        because="type of its key is not known",
    ),
    Declines(
        name="of something unknown",
        code=_HEAD + "        return max(self.parts(x), key=lambda t: t.mean())\n",
        because="list or tuple",
    ),
    Ignores(
        name="no key",
        code=_HEAD + "        ys = sorted([2, 1])\n        ys.sort(reverse=True)\n        return x * max(ys)\n",
    ),
    Ignores(name="not compiled", code="def f(xs):\n    return sorted(xs, key=lambda v: -v)\n"),
)
