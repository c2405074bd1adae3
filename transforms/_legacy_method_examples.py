"""Examples of SF701."""

from __future__ import annotations

from scriptify.transform import Declines, Fires, Ignores

_HEAD = """import torch
from torch import nn


class Net(nn.Module):
    def forward(self, x):
"""
_FLAG = _HEAD.replace("(self, x)", "(self, x, g: bool)")
_BOX = """import torch
from torch import nn


class Box:
    shape = torch.Size((2, 3))

    def nelement(self):
        return 0

    def numel(self):
        return 1
"""
_FORWARD = _HEAD.partition("nn\n")[2]
_ENTRY = "Net(), (torch.randn(2, 4),)"


EXAMPLES = (
    Fires(
        name="older names",
        before=_HEAD + "        return x * x.nelement() + x.ndimension()\n",
        after=_HEAD + "        return x * x.numel() + x.dim()\n",
        entry=_ENTRY,
    ),
    Fires(
        name="as booleans",
        before=_HEAD + "        mask = (x > 0).bool()  # where\n        return x.masked_fill(mask, 0.0)\n",
        after=_HEAD + "        mask = (x > 0).to(torch.bool)  # where\n        return x.masked_fill(mask, 0.0)\n",
        entry=_ENTRY,
    ),
    Fires(
        name="an empty tensor of the same kind",
        before=_HEAD + "        return x + x.new(x.size(0), 1).zero_() + x.new(x.size()).fill_(1)\n",
        after=_HEAD + "        return x + x.new_empty((x.size(0), 1)).zero_() + x.new_empty(x.size()).fill_(1)\n",
        entry=_ENTRY,
    ),
    Fires(
        name="data of the same kind",
        before=_HEAD + "        return x * x.new_tensor([1, 2, 3, 4]) + x.new([0.5])\n",
        after=_HEAD
        + "        return x * torch.tensor([1, 2, 3, 4], dtype=x.dtype, device=x.device)"
        + " + torch.tensor([0.5], dtype=x.dtype, device=x.device)\n",
        entry=_ENTRY,
    ),
    Fires(
        name="requires_grad of a new tensor",
        before=_HEAD + "        w = x.new_ones(4, requires_grad=True)\n        return x * w\n",
        after=_HEAD + "        w = x.new_ones(4).requires_grad_(True)\n        return x * w\n",
        entry=_ENTRY,
    ),
    Fires(
        name="requires_grad that may be None",
        before=_FLAG + "        w = x.new_ones(4, requires_grad=g)\n        return x * w\n",
        after=_FLAG
        + "        w = x.new_ones(4).requires_grad_(g) if torch.jit.is_scripting() else x.new_ones(4, requires_grad=g)\n"
        + "        return x * w\n",
        entry="Net(), (torch.randn(2, 4), True)",
    ),
    Fires(
        name="numel of a shape",
        before=_HEAD + "        return x / x.shape.numel() * x.size().numel()\n",
        after=_HEAD + "        return x / x.numel() * x.numel()\n",
        entry=_ENTRY,
    ),
    Fires(
        name="named through the class",
        before=_HEAD + "        return torch.Tensor.abs(x).add(1)\n",
        after=_HEAD + "        return x.abs().add(1)\n",
        entry=_ENTRY,
    ),
    Fires(
        name="one size that a caller could give as a list: eager code tells it from data",
        before=_HEAD.replace("(self, x)", "(self, x, n: int)") + "        return x.new(n).fill_(1) + x.new(x.shape).zero_().sum()\n",
        after=_HEAD.replace("(self, x)", "(self, x, n: int)")
        + "        return (x.new_empty((n,)) if torch.jit.is_scripting() else x.new(n)).fill_(1)"
        + " + (x.new_empty(x.shape) if torch.jit.is_scripting() else x.new(x.shape)).zero_().sum()\n",
        entry="Net(), (torch.randn(2, 4), 4)",
    ),
    Fires(
        name="a dtype that may be None",
        before=_HEAD.replace("(self, x)", "(self, x, d: torch.dtype)") + "        return x.new_tensor([1.0], dtype=d)\n",
        after=_HEAD.replace("(self, x)", "(self, x, d: torch.dtype)")
        + "        return torch.tensor([1.0], dtype=d, device=x.device)"
        + " if torch.jit.is_scripting() else x.new_tensor([1.0], dtype=d)\n",
        entry="Net(), (torch.randn(2, 4), torch.half)",
    ),
    Fires(
        name="a shape that may be that of a class of the project",
        before=_BOX + _FORWARD + "        return x * x.shape.numel()\n",
        after=_BOX + _FORWARD + "        return x * (x.numel() if torch.jit.is_scripting() else x.shape.numel())\n",
        entry=_ENTRY,
    ),
    Declines(
        name="a class of the project has the method",
        code=_BOX + _FORWARD + "        return x * x.nelement()\n",
        because="a method nelement of its own",
    ),
    Fires(
        name="a Tensor, whatever methods the project's classes have",
        before=_BOX + _FORWARD + "        y = torch.relu(x)\n        return y * y.nelement()\n",
        after=_BOX + _FORWARD + "        y = torch.relu(x)\n        return y * y.numel()\n",
        entry=_ENTRY,
    ),
    Fires(
        name="named through the class, past a method of the project's own",
        before=_BOX + _FORWARD + "        return x * torch.Tensor.numel(x)\n",
        after=_BOX + _FORWARD + "        return x * (x.numel() if torch.jit.is_scripting() else torch.Tensor.numel(x))\n",
        entry=_ENTRY,
    ),
    Declines(name="data computed", code=_HEAD + "        return x + x.new_tensor(x.tolist())\n", because="not known"),
    Declines(name="evaluated twice", code=_HEAD + "        return x + (x * 2).new_tensor([1.0])\n", because="more than once"),
    Declines(
        name="a comment inside",
        code=_HEAD + "        return x + x.new(  # rows\n            2, 4\n        )\n",
        because="comment",
    ),
    Declines(name="spelled", code=_HEAD + "        assert x.dim() == 2, f'{x.nelement()=}'\n        return x\n", because="spells"),
    Ignores(name="known methods", code=_HEAD + "        return x * x.numel() + x.dim() + x.new_zeros(4)\n"),
    Ignores(name="not compiled", code="import torch\n\n\ndef f(x):\n    return x.nelement()\n"),
    Ignores(
        name="somebody else's method",
        code=_HEAD.replace("forward(self, x)", "forward(self, x: dict)") + "        return x.new(3)\n",
    ),
)
