"""Examples of SF403."""

from __future__ import annotations

from scriptify.transform import Declines, Example, Fires, Ignores


def _net(body: str) -> str:
    return (
        f"import torch\nimport torch.nn.functional as F\nfrom torch import nn\n\n\nclass Net(nn.Module):\n    def forward(self, x):\n{body}"
    )


def _stated(body: str) -> str:
    return _net(body).replace("(self, x)", "(self, x: torch.Tensor)")


def _fires(before: str, after: str, silent: bool = True) -> Fires:
    changed = _net(after)
    if "operator." in after:
        changed = changed.replace("import nn\n", "import nn\nimport operator\n", 1)
    return Fires(_net(before), changed, entry="Net(), (torch.rand(2, 4),)", silent=silent)


_LOOP = "        loss = {start}\n        for i in range(3):\n            {step}\n        return loss\n"
_FLOAT = "torch.zeros(()) if torch.jit.is_scripting() else "
_IADD = " if torch.jit.is_scripting() else "
_INT = "torch.zeros((), dtype=torch.int64) if torch.jit.is_scripting() else "


EXAMPLES: tuple[Example, ...] = (
    _fires(_LOOP.format(start="0.0", step="loss = loss + x.sum()"), _LOOP.format(start=_FLOAT + "0.0", step="loss = loss + x.sum()")),
    _fires(
        _LOOP.format(start="0.", step="loss += F.l1_loss(x, x * i)"),
        (_LOOP.format(start=_FLOAT + "0.", step="loss = loss + F.l1_loss(x, x * i)" + _IADD + "operator.iadd(loss, F.l1_loss(x, x * i))")),
    ),
    _fires(
        _LOOP.format(start="0", step="loss -= x.mean() * 2"),
        (_LOOP.format(start=_INT + "0", step="loss = loss - (x.mean() * 2)" + _IADD + "operator.isub(loss, x.mean() * 2)")),
    ),
    Declines(
        _net(
            "        kept = []\n        total = 0\n        for i in range(3):\n            total += x.mean()\n"
            "            kept.append(total)\n        return kept\n"
        ),
        because="has another name",
        name="handed on between the steps",
    ),
    Declines(
        _net("        return sum([\n            x,\n            # twice\n            x * 2,\n        ])\n"),
        because="a comment inside would be lost",
    ),
    _fires(_LOOP.format(start="0", step="loss = x * i + loss"), _LOOP.format(start=_INT + "0", step="loss = x * i + loss")),
    _fires(
        _LOOP.format(start="0", step="loss = loss - (x * 9).long().sum()"),
        _LOOP.format(start=_INT + "0", step="loss = loss - (x * 9).long().sum()"),
    ),
    Fires(
        _stated("        total = 0\n        for i in range(x.size(0)):\n            total = total + x[i]\n        return total\n"),
        _stated(f"        total = {_INT}0\n        for i in range(x.size(0)):\n            total = total + x[i]\n        return total\n"),
        entry="Net(), (torch.rand(3),)",
        silent=True,
        name="items that may be small integers, for which a run has to agree",
    ),
    _fires(_LOOP.format(start="0", step="loss += x * (i + 1)"), _LOOP.format(start=_INT + "0", step="loss = loss + (x * (i + 1))")),
    _fires(
        "        s = 0.0\n        if x.dim() > 1:\n            s = s + x.mean()\n        return s\n",
        f"        s = {_FLOAT}0.0\n        if x.dim() > 1:\n            s = s + x.mean()\n        return s\n",
    ),
    Fires(
        _stated("        return sum([x, x * 2], x)\n"),
        _stated("        return x + x + x * 2\n"),
        entry="Net(), (torch.rand(2, 4),)",
        name="sum from a start",
    ),
    Declines(_net("        return sum([x, x * 2], x)\n"), because="starts from a Tensor is not known"),
    Fires(
        _net("        xs = [x, x * 2]\n        return sum(xs, torch.zeros_like(x))\n"),
        _net(
            "        xs = [x, x * 2]\n"
            "        total = torch.zeros_like(x)\n"
            "        for term in xs:\n            total = total + term\n"
            "        return total\n"
        ),
        entry="Net(), (torch.rand(2, 4),)",
        name="sum of a list from a start",
    ),
    _fires("        return sum([x, x * 2, -x])\n", "        return 0 + x + x * 2 + (-x)\n", silent=False),
    Fires(
        _net("        xs = [x, x * 2]\n        return sum(xs) / 2  # the mean\n"),
        _net(
            "        xs = [x, x * 2]\n"
            f"        total = {_INT}0\n"
            "        for term in xs:\n            total = total + term\n"
            "        return total / 2  # the mean\n"
        ),
        entry="Net(), (torch.rand(2, 4),)",
        name="sum of a list",
    ),
    Fires(
        _net("        y = sum(x * k for k in range(3))\n        return y\n"),
        _net(
            f"        total = {_INT}0\n"
            "        for k in range(3):\n            total = total + (x * k)\n"
            "        y = total\n        return y\n"
        ),
        entry="Net(), (torch.rand(2, 4),)",
        name="sum of a generator",
    ),
    Fires(
        _net("        xs = [x, x]\n        return x.mul(2) * sum(xs)\n"),
        _net(
            "        xs = [x, x]\n"
            "        mul_result = x.mul(2)\n"
            f"        total = {_INT}0\n"
            "        for term in xs:\n            total = total + term\n"
            "        return mul_result * total\n"
        ),
        entry="Net(), (torch.rand(2, 4),)",
        name="a later part of an expression",
    ),
    Declines(_net("        xs = [x, x]\n        return x if x.dim() > 2 else sum(xs)\n"), because="one branch of a conditional"),
    Ignores(_net("        loss = 0.0\n        loss = loss + x.sum()\n        return loss\n"), name="no loop or branch"),
    Ignores(_net(_LOOP.format(start="0.0", step="loss = loss + i")), name="numbers only"),
    Ignores(_net(_LOOP.format(start="1.0", step="loss = loss * x.sum()")), name="not a sum"),
    Ignores(
        """import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear(2, 2), nn.Linear(2, 2)])

    def forward(self, x):
        out = 0
        for layer in self.layers:
            out = out + layer(x)
        return out
""",
        name="a loop over modules is unrolled",
    ),
)
