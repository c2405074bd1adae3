"""Examples of SF711."""

from __future__ import annotations

from scriptify.transform import Declines, Fires, Ignores

_HEAD = """import math

import numpy as np
import torch
from torch import nn


class Net(nn.Module):
    def forward(self, x: torch.Tensor):
"""
_ENTRY = "Net(), (torch.randn(2, 4),)"


EXAMPLES = (
    Fires(
        name="a whole number",
        before=_HEAD + "        return x * int(np.floor(x.size(1) / 2)) + int(np.ceil(x.shape[1] / 3))\n",
        after=_HEAD + "        return x * int(math.floor(x.size(1) / 2)) + int(math.ceil(x.shape[1] / 3))\n",
        entry=_ENTRY,
    ),
    Fires(
        name="a root",
        before=_HEAD + "        return x / np.sqrt(x.size(-1))\n",
        after=_HEAD + "        return x / (math.sqrt(x.size(-1)) if torch.jit.is_scripting() else np.sqrt(x.size(-1)))\n",
        entry=_ENTRY,
    ),
    Fires(
        name="a product of sizes",
        before=_HEAD + "        n = np.prod(x.shape)  # all\n        return x.reshape(int(n)) * np.prod(x.shape[1:])\n",
        after=_HEAD
        + "        n = x.numel() if torch.jit.is_scripting() else np.prod(x.shape)  # all\n"
        + "        return x.reshape(int(n)) * "
        + "(int(torch.tensor(x.shape[1:]).prod().item()) if torch.jit.is_scripting() else np.prod(x.shape[1:]))\n",
        entry=_ENTRY,
    ),
    Fires(
        name="rounded down",
        before=_HEAD + "        h = np.floor(x.size(1) / 2)\n        return x * h\n",
        after=_HEAD
        + "        h = float(math.floor(x.size(1) / 2)) if torch.jit.is_scripting() else np.floor(x.size(1) / 2)\n"
        + "        return x * h\n",
        entry=_ENTRY,
    ),
    Fires(
        name="a logarithm, a power, a NumPy number",
        before=_HEAD + "        return x * np.log2(8) + np.power(x.size(1), 0.5) + np.float32(0.5)\n",
        after=_HEAD
        + "        return x * (float(torch.log2(torch.tensor(float(8), dtype=torch.float64)).item())"
        + " if torch.jit.is_scripting() else np.log2(8))"
        + " + (x.size(1) ** 0.5 if torch.jit.is_scripting() else np.power(x.size(1), 0.5))"
        + " + (float(0.5) if torch.jit.is_scripting() else np.float32(0.5))\n",
        entry=_ENTRY,
    ),
    Fires(
        name="a NaN, which NumPy hands on and Python's order passes over",
        before=_HEAD.replace("x: torch.Tensor", "x: torch.Tensor, v: float") + "        return x * np.maximum(v, 1.0)\n",
        after=_HEAD.replace("x: torch.Tensor", "x: torch.Tensor, v: float")
        + "        return x * ((v if math.isnan(v) else max(v, 1.0)) if torch.jit.is_scripting() else np.maximum(v, 1.0))\n",
        entry="Net(), (torch.randn(2, 4), 0.5)",
    ),
    Declines(
        name="a method of what it gives",
        code=_HEAD + "        k = float(x.size(0))\n        s = np.sqrt(k)\n        return x * s.astype(int)\n",
        because="plain number has not",
    ),
    Declines(
        name="a float64 that makes a tensor",
        code=_HEAD + "        scale = np.sqrt(x.size(1)) / 2\n        return x * torch.tensor([scale])\n",
        because="another dtype",
    ),
    Declines(
        name="a float64 that is reckoned with first",
        code=_HEAD + "        s = np.sqrt(x.size(1))\n        t = [s * 2]\n        return x * torch.tensor(t)\n",
        because="another dtype",
    ),
    Declines(
        name="a float64 in a list that makes a tensor",
        code=_HEAD + "        t = [1.0]\n        t.append(np.sqrt(x.size(1)))\n        return x * torch.tensor(t)\n",
        because="another dtype",
    ),
    Declines(
        name="a tensor by another name",
        code=_HEAD + "        make = torch.tensor\n        return x * make(np.sqrt(x.size(1)))\n",
        because="another dtype",
    ),
    Declines(
        name="a dtype that may be None",
        code=_HEAD.replace("x: torch.Tensor", "x: torch.Tensor, dtype=None")
        + "        s = np.sqrt(x.size(1))\n        return x * torch.tensor(s, dtype=dtype)\n",
        because="another dtype",
    ),
    Declines(
        name="given to what may make a tensor of it",
        code=_HEAD + "        return self.scaled(x, np.sqrt(x.size(1)))\n",
        because="of which dtype",
    ),
    Fires(
        name="a dtype that has a name, a number that is made Python's own",
        before=_HEAD
        + "        dt = torch.float64\n        s = np.sqrt(x.size(1))\n"
        + "        return x * torch.tensor(s, dtype=dt) + torch.tensor(float(s))\n",
        after=_HEAD
        + "        dt = torch.float64\n        s = math.sqrt(x.size(1)) if torch.jit.is_scripting() else np.sqrt(x.size(1))\n"
        + "        return x * torch.tensor(s, dtype=dt) + torch.tensor(float(s))\n",
        entry=_ENTRY,
    ),
    Fires(
        name="by other names",
        before=_HEAD.replace("numpy as np", "numpy as N").replace("import torch\n", "import torch\nfrom numpy import float32 as f32\n")
        + "        return x * N.sqrt(x.size(1)) + f32(0.5)\n",
        after=_HEAD.replace("numpy as np", "numpy as N").replace("import torch\n", "import torch\nfrom numpy import float32 as f32\n")
        + "        return x * (math.sqrt(x.size(1)) if torch.jit.is_scripting() else N.sqrt(x.size(1)))"
        + " + (float(0.5) if torch.jit.is_scripting() else f32(0.5))\n",
        entry=_ENTRY,
    ),
    Declines(
        name="a float32 that is reckoned with",
        code=_HEAD + "        return x * int(np.float32(0.7) * 10)\n",
        because="precision",
    ),
    Declines(name="a whole number rounded down", code=_HEAD + "        return x * np.floor(x.size(1))\n", because="by its version"),
    Declines(
        name="a negative power of what may be zero",
        code=_HEAD + "        return x * np.power(x.size(1), -0.5)\n",
        because="infinity",
    ),
    Fires(
        name="the place of the greatest in a sum of lists",
        before=_HEAD + "        a = [1, 4]\n        return x * np.argmax(a + [x.size(1)])\n",
        after=_HEAD
        + "        a = [1, 4]\n        return x * ((a + [x.size(1)]).index(max(a + [x.size(1)]))"
        + " if torch.jit.is_scripting() else np.argmax(a + [x.size(1)]))\n",
        entry=_ENTRY,
    ),
    Fires(
        name="a tensor whose dtype is said",
        before=_HEAD + "        scale = np.sqrt(x.size(1))\n        return x * torch.tensor([scale], dtype=x.dtype)\n",
        after=_HEAD
        + "        scale = math.sqrt(x.size(1)) if torch.jit.is_scripting() else np.sqrt(x.size(1))\n"
        + "        return x * torch.tensor([scale], dtype=x.dtype)\n",
        entry=_ENTRY,
    ),
    Declines(
        name="rows",
        code=_HEAD + "        n = np.array([[1.0, 2.0], [3.0, 4.0]])\n        return x * (n[0] * 2)[0]\n",
        because="a row of an array",
    ),
    Fires(
        name="steps of a name that is taken",
        before=_HEAD + "        k = x.size(1)\n        for n in np.linspace(0, k, 3):\n            x = x + n\n        return x\n",
        after=_HEAD
        + "        k = x.size(1)\n"
        + "        for n in ([k_2 * ((k - 0) / 2) + 0 for k_2 in range(2)] + [float(k)]"
        + " if torch.jit.is_scripting() else np.linspace(0, k, 3)):\n            x = x + n\n        return x\n",
        entry=_ENTRY,
    ),
    Declines(name="on a tensor", code=_HEAD + "        return np.abs(x)\n", because="plain number"),
    Fires(
        name="bounds and means",
        before=_HEAD + "        return x * np.clip(x.size(1), 0, 2) + np.mean([1, x.size(0)]) + np.max(x.shape)\n",
        after=_HEAD
        + "        return x * (min(max(x.size(1), 0), 2) if torch.jit.is_scripting() else np.clip(x.size(1), 0, 2))"
        + " + (sum([1, x.size(0)]) / 2 if torch.jit.is_scripting() else np.mean([1, x.size(0)]))"
        + " + (max(x.shape) if torch.jit.is_scripting() else np.max(x.shape))\n",
        entry=_ENTRY,
    ),
    Fires(
        name="an array read one by one",
        before=_HEAD + "        n = np.zeros(3)\n        for i in np.arange(2):\n            x = x + i\n        return x * n[0]\n",
        after=_HEAD
        + "        n = [0.0] * 3 if torch.jit.is_scripting() else np.zeros(3)\n"
        + "        for i in (list(range(2)) if torch.jit.is_scripting() else np.arange(2)):\n            x = x + i\n"
        + "        return x * n[0]\n",
        entry=_ENTRY,
    ),
    Fires(
        name="an array given to torch",
        before=_HEAD + "        return x * torch.tensor(np.arange(4), dtype=torch.float32)\n",
        after=_HEAD
        + "        return x * (torch.tensor(list(range(4)), dtype=torch.float32) if torch.jit.is_scripting()"
        + " else torch.tensor(np.arange(4), dtype=torch.float32))\n",
        entry=_ENTRY,
    ),
    Declines(name="an array", code=_HEAD + "        n = np.zeros(3) + 1\n        return x * n[0]\n", because="no form"),
    Declines(name="an array reckoned with", code=_HEAD + "        n = np.zeros(3)\n        return x * (n * 2)[0]\n", because="no form"),
    Ignores(name="a constant", code=_HEAD + "        return x * np.pi\n"),
    Ignores(name="its own generator, for another rule", code=_HEAD + "        return x * np.random.rand()\n"),
    Ignores(
        name="eager only",
        code=_HEAD + "        if not torch.jit.is_scripting():\n            np.save('x', x.numpy())\n        return x\n",
    ),
    Ignores(name="not compiled", code="import numpy as np\n\n\ndef f(n):\n    return np.sqrt(n)\n"),
)
