"""Examples of SF703."""

from __future__ import annotations

from scriptify.facts.model import Observed
from scriptify.transform import Declines, Fires, Ignores

_HEAD = """import torch
from torch import nn


class Net(nn.Module):
    def forward(self, x: torch.Tensor):
"""
_AT = _HEAD.replace("x: torch.Tensor", "x: torch.Tensor, at: tuple[int, int]")
_POOL = """import torch
from torch import nn


class Net(nn.Module):
    def __init__(self, *parts):
        super().__init__()
        self.pool = nn.MaxPool2d(2{more})

    def forward(self, x: torch.Tensor):
        a, b = self.pool(x)
        return a * b
"""
_ENTRY = "Net(), (torch.randn(2, 4),)"

EXAMPLES = (
    Fires(
        name="a copy of a tensor",
        before=_HEAD + "        y = torch.tensor(torch.relu(x) * 2)\n        return y + torch.tensor(torch.abs(x), dtype=torch.float64)\n",
        after=_HEAD
        + "        y = (torch.relu(x) * 2).detach().clone()\n        return y + torch.abs(x).detach().clone().to(torch.float64)\n",
        entry=_ENTRY,
    ),
    Fires(
        name="a copy of what is annotated, but may be a number for another caller",
        before=_HEAD + "        return torch.tensor(x)\n",
        after=_HEAD + "        return x.detach().clone() if torch.jit.is_scripting() else torch.tensor(x)\n",
        entry=_ENTRY,
    ),
    Fires(
        name="a list of single values",
        before=_HEAD + "        return torch.tensor([x.sum(), x[0, 0]])\n",
        after=_HEAD
        + "        return torch.stack([x.sum(), x[0, 0].reshape(())]).detach().cpu()"
        + " if torch.jit.is_scripting() else torch.tensor([x.sum(), x[0, 0]])\n",
        entry=_ENTRY,
    ),
    Fires(
        name="mixed numbers",
        before=_HEAD + "        return x * torch.tensor([1, 0.5, 2, 1])\n",
        after=_HEAD + "        return x * torch.tensor([1.0, 0.5, 2.0, 1.0])\n",
        entry=_ENTRY,
    ),
    Fires(
        name="booleans",
        before=_HEAD + "        mask = torch.full((2, 4), True)\n        return mask, x\n",
        after=_HEAD + "        mask = torch.full((2, 4), True, dtype=torch.bool)\n        return mask, x\n",
        entry=_ENTRY,
        silent=True,
    ),
    Fires(
        name="unpacked",
        before=_HEAD + "        a, b = torch.relu(x) * 2  # rows\n        return a - b\n",
        after=_HEAD + "        a, b = (torch.relu(x) * 2).unbind(0)  # rows\n        return a - b\n",
        entry=_ENTRY,
    ),
    Fires(
        name="unpacked, of which an annotation says that it is a Tensor",
        before=_HEAD + "        a, b = x\n        return a - b\n",
        after=_HEAD + "        a, b = x.unbind(0) if torch.jit.is_scripting() else x\n        return a - b\n",
        entry=_ENTRY,
    ),
    Declines(
        name="a Tensor by annotation, a tuple by docstring",
        code=_HEAD
        + '        """Subtract.\n\n        Args:\n            x:\n                Both views, as a pair (a, b).\n        """\n'
        + "        a, b = x\n        return a - b\n",
        because="a tuple to its docstring",
    ),
    Fires(
        name="a list with its type",
        before=_HEAD + "        sizes = torch.tensor([1, 3]).tolist()\n        return x.split(sizes, dim=1)[0]\n",
        after=_HEAD.replace("import nn\n", "import nn\nfrom typing import List\n")
        + "        sizes: List[int] = torch.tensor([1, 3]).tolist()\n        return x.split(sizes, dim=1)[0]\n",
        entry=_ENTRY,
        observed=Observed(locals={"Net.forward": {"sizes": "List[int]"}}, instances={"Net": 1}),
    ),
    Fires(
        name="a list used at once",
        before=_HEAD.replace("import torch\n", "from typing import List\n\nimport torch\n", 1)
        + "        for n in (x[0] > 0).long().flatten().tolist():\n            x = x + n\n        return x\n",
        after=_HEAD.replace("import torch\n", "from typing import List\n\nimport torch\n", 1)
        + "        for n in torch.jit.annotate(List[int], (x[0] > 0).long().flatten().tolist()):\n"
        + "            x = x + n\n        return x\n",
        entry=_ENTRY,
    ),
    Fires(
        name="an index in a tuple",
        before=_HEAD + "        at = (0, 1)\n        return x[at]\n",
        after=_HEAD + "        at = (0, 1)\n        return x[at[0], at[1]]\n",
        entry=_ENTRY,
    ),
    Fires(
        name="an index that is a tuple by annotation, but may be a list, which picks rows",
        before=_AT + "        return x[at]\n",
        after=_AT + "        return x[at[0], at[1]] if torch.jit.is_scripting() else x[at]\n",
        entry="Net(), (torch.randn(2, 4), (0, 1))",
    ),
    Declines(name="such an index that is stored into", code=_AT + "        x[at] = 0.0\n        return x\n", because="may be a list"),
    Ignores(
        name="starred elements and arguments",
        code=_HEAD + "        return torch.tensor([*x.flatten()]) + torch.full((2,), True, **{'device': x.device})\n",
    ),
    Declines(name="a list of unknown type", code=_HEAD + "        n = x.tolist()\n        return x\n", because="give an entry"),
    Ignores(
        name="what a caller passes is not known",
        code=_HEAD.replace(": torch.Tensor", "") + "        a, b = x\n        return torch.tensor(x) + a + b\n",
    ),
    Ignores(name="as it should be", code=_HEAD + "        return torch.tensor([1.0, 2.0]) + torch.full((2,), 1) + x[0, 1]\n"),
    Fires(
        name="what only a run has shown to be a Tensor",
        before=_HEAD.replace(": torch.Tensor", "") + "        a, b = x\n        return a - b\n",
        after=_HEAD.replace(": torch.Tensor", "") + "        a, b = x.unbind(0) if torch.jit.is_scripting() else x\n        return a - b\n",
        observed=Observed(parameters={"Net.forward": {"x": "Tensor"}}),
        entry=_ENTRY,
    ),
    Fires(
        name="what a layer gives",
        before=_POOL.format(more=""),
        after=_POOL.format(more="").replace("self.pool(x)", "self.pool(x).unbind(0)"),
        entry="Net(), (torch.randn(2, 3, 4, 4),)",
    ),
    Ignores(
        name="a pooling that gives indices too",
        code=_POOL.format(more=", return_indices=True"),
    ),
    Ignores(name="a Sequential of which nothing is known", code=_POOL.replace("nn.MaxPool2d(2{more})", "nn.Sequential(*parts)")),
    Ignores(name="a tuple unpacked", code=_HEAD + "        a, b = x.shape\n        c, d = x.unbind(0)\n        return c * a + d * b\n"),
    Ignores(name="a list that has its type", code=_HEAD + "        n: list[float] = x[0].tolist()\n        return x * n[0]\n"),
)
