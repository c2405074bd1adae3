"""Examples of the transform legacy-constructor."""

from __future__ import annotations

from scriptify.transform import Declines, Example, Fires, Ignores

_HEAD = """import torch
from torch import nn
from torch.autograd import Variable


class Net(nn.Module):
    def forward(self, x):
"""
_ENTRY = "Net(), (torch.randn(2, 4),)"
_LISTED = "from typing import List\n\n" + _HEAD.replace("(self, x)", "(self, x, zs: List[float], k: float)")

EXAMPLES: tuple[Example, ...] = (
    Fires(
        name="sizes",
        before=_HEAD + "        return x + torch.Tensor(2, 4).fill_(0) + torch.Tensor(x.size()).zero_() + torch.Tensor(4).zero_()\n",
        after=_HEAD
        + "        return x + (torch.empty(2, 4) if torch.jit.is_scripting() else torch.Tensor(2, 4)).fill_(0)"
        + " + (torch.empty(x.size()) if torch.jit.is_scripting() else torch.Tensor(x.size())).zero_()"
        + " + (torch.empty(4) if torch.jit.is_scripting() else torch.Tensor(4)).zero_()\n",
        entry=_ENTRY,
    ),
    Fires(
        name="data",
        before=_HEAD + "        return x * torch.Tensor([1, 2, 3, 4.5]) + torch.DoubleTensor([1, 2.5, 3, 4])\n",
        after=_HEAD
        + "        return x * (torch.tensor([1.0, 2.0, 3.0, 4.5]) if torch.jit.is_scripting() else torch.Tensor([1, 2, 3, 4.5]))"
        + " + torch.tensor([1.0, 2.5, 3.0, 4.0], dtype=torch.float64, device='cpu')\n",
        entry=_ENTRY,
    ),
    Fires(
        name="moved to a stated device at once",
        before=_HEAD + "        return x * torch.Tensor([1, x.size(0) / 2]).to(x.device).sum() + torch.Tensor(2, 4).fill_(1).type_as(x)\n",
        after=_HEAD
        + "        return x * torch.tensor([1.0, x.size(0) / 2], device='cpu').to(x.device).sum()"
        + " + torch.empty(2, 4, device='cpu').fill_(1).type_as(x)\n",
        entry=_ENTRY,
    ),
    Fires(
        name="numbers that are floats only by annotation: a caller may give ints, or an array",
        before=_LISTED + "        return torch.Tensor(zs).to(x.device), torch.Tensor([k, 0.5 * k]).to(x.device)\n",
        after=_LISTED
        + "        return (torch.tensor(zs, device='cpu') if torch.jit.is_scripting() else torch.Tensor(zs)).to(x.device),"
        + " (torch.tensor([k, 0.5 * k], device='cpu') if torch.jit.is_scripting() else torch.Tensor([k, 0.5 * k])).to(x.device)\n",
        entry="Net(), (torch.randn(2, 4), [1.0, 2.0], 3.0)",
    ),
    Fires(
        name="a size that scripting would take for data",
        before=_HEAD + "        return x + torch.FloatTensor(x.size()).fill_(1).sum()\n",
        after=_HEAD + "        return x + torch.empty(x.size(), dtype=torch.float32, device='cpu').fill_(1).sum()\n",
        entry=_ENTRY,
        silent=True,
    ),
    Fires(
        name="on CUDA, in a branch that the compiler reads",
        before=_HEAD + "        if x.is_cuda:\n            return x + torch.cuda.FloatTensor(2, 4)\n        return x\n",
        after=_HEAD
        + "        if x.is_cuda:\n            return x + torch.empty(2, 4, dtype=torch.float32, device='cuda')\n        return x\n",
        entry=_ENTRY,
    ),
    Fires(
        name="a variable",
        before=_HEAD + "        h = Variable(torch.zeros(2, 4))  # start\n        return x + h + Variable(x * 2, requires_grad=False)\n",
        after=_HEAD + "        h = torch.zeros(2, 4)  # start\n        return x + h + (x * 2).detach()\n",
        entry=_ENTRY,
    ),
    Fires(
        name="a variable of what may need a gradient",
        before=_HEAD + "        n = torch.ones(4)\n        return Variable(x.data) + Variable(torch.ones(4).to(x.device)) + Variable(n)\n",
        after=_HEAD + "        n = torch.ones(4)\n        return x.data + torch.ones(4).to(x.device) + n.detach()\n",
        entry=_ENTRY,
    ),
    Fires(
        name="numbers that a caller gives, who may give lists",
        before=_HEAD.replace("x):", "x, n: int = 4, start: int = 2):")
        + "        return x * torch.Tensor([n]) + torch.Tensor(n).zero_() + torch.Tensor(start, n).zero_().sum()\n",
        after=_HEAD.replace("x):", "x, n: int = 4, start: int = 2):")
        + "        return x * (torch.tensor([float(n)]) if torch.jit.is_scripting() else torch.Tensor([n]))"
        + " + (torch.empty(n) if torch.jit.is_scripting() else torch.Tensor(n)).zero_()"
        + " + (torch.empty(start, n) if torch.jit.is_scripting() else torch.Tensor(start, n)).zero_().sum()\n",
        entry=_ENTRY,
    ),
    Fires(
        name="requires_grad of a factory",
        before=_HEAD + "        w = torch.ones(4, requires_grad=True)\n        return x * w\n",
        after=_HEAD + "        w = torch.ones(4).requires_grad_(True)\n        return x * w\n",
        entry=_ENTRY,
    ),
    Fires(
        name="a Python type as dtype",
        before=_HEAD + "        return x + torch.zeros(4, dtype=float) + x.new_ones(4, dtype=int)\n",
        after=_HEAD + "        return x + torch.zeros(4, dtype=torch.float64) + x.new_ones(4, dtype=torch.int64)\n",
        entry=_ENTRY,
    ),
    Fires(
        name="cast to a typed constructor",
        before=_HEAD + "        m = (x > 0).type(torch.FloatTensor)\n        return x * m.type('torch.DoubleTensor')\n",
        after=_HEAD
        + "        m = (x > 0).to(torch.device('cpu'), torch.float32)\n"
        + "        return x * m.to(torch.device('cpu'), torch.float64)\n",
        entry=_ENTRY,
    ),
    Declines(name="what it builds from is not known", code=_HEAD + "        return torch.Tensor(x.tolist())\n", because="not known"),
    Declines(name="a tensor shares its data", code=_HEAD + "        return torch.Tensor(x)\n", because="not known"),
    Ignores(name="today's words", code=_HEAD + "        return x + torch.zeros(4, dtype=torch.float64) + torch.tensor([1.0])\n"),
    Ignores(
        name="typed constructors that scripting knows",
        code=_HEAD + "        return x[:, torch.LongTensor([0, 2])] + torch.FloatTensor(2, 2).zero_()\n",
    ),
    Ignores(name="an annotation", code=_HEAD + "        y: torch.Tensor = x\n        return y\n"),
    Ignores(name="not compiled", code="import torch\n\n\ndef f(x):\n    return torch.Tensor([1])\n"),
)
