"""Examples of SF802."""

from __future__ import annotations

from scriptify.transform import Declines, Fires, Ignores

_HEAD = "import torch\nfrom torch import nn\n\n\nclass Net(nn.Module):\n"
_TYPED = "import torch\nfrom torch import nn\nfrom typing import Optional\n\n\nclass Net(nn.Module):\n    cache: Optional[torch.Tensor]\n\n"
_INIT = "    def __init__(self):\n        super().__init__()\n        {}\n\n"
_ENTRY = "Net(), (torch.rand(2, 4),)"
_NEW = "Tried to set nonexistent attribute: last"
_WRONG = "Wrong type for attribute assignment. Expected NoneType but got Tensor"


def _net(body: str, init: str = "self.cache = None", head: str = _HEAD) -> str:
    lines = "".join(f"        {line}\n" for line in body.splitlines())
    return f"{head}{_INIT.format(init)}    def forward(self, x):\n{lines}"


_BUMP = "\n    {}\n    def bump(self) -> None:\n        {}\n"
_OTHER = """

class Other(nn.Module):
    def forward(self, x):
        self.last = 3 * x
        return self.last
"""

EXAMPLES = (
    Fires(
        _net("self.last = x * 2\nreturn x"),
        _net("if not torch.jit.is_scripting():\n    self.last = x * 2\nreturn x"),
        entry=_ENTRY,
        focus=_NEW,
        at="self.last",
        name="new attribute",
    ),
    Fires(
        _net("if x.dim() == 2:\n    self.last = torch.cat([\n        x,\n        x,\n    ])\nreturn x"),
        _net(
            "if x.dim() == 2:\n    if not torch.jit.is_scripting():\n        self.last = torch.cat([\n            x,\n"
            "            x,\n        ])\nreturn x"
        ),
        entry=_ENTRY,
        focus=_NEW,
        at="self.last",
        name="several lines",
    ),
    Fires(
        _net("if x.dim() == 2:\n    self.last = x.mean(0)\n    x = x - self.last\nreturn x"),
        _net(
            "if x.dim() == 2:\n    last = x.mean(0)\n    if not torch.jit.is_scripting():\n        self.last = last\n"
            "    x = x - last\nreturn x"
        ),
        entry=_ENTRY,
        focus=_NEW,
        at="self.last = x.mean",
        name="read further down",
    ),
    Fires(
        _net("(low, self.last), n = torch.split(x, 1), 2\nreturn low + self.last * n"),
        _net("(low, last), n = torch.split(x, 1), 2\nif not torch.jit.is_scripting():\n    self.last = last\nreturn low + last * n"),
        entry=_ENTRY,
        focus=_NEW,
        at="torch.split",
        name="unpacked into",
    ),
    Fires(
        _net("self.last = x\nreturn x", "self.last = None"),
        _net("if not torch.jit.is_scripting():\n    self.last = x\nreturn x", "self.last = None"),
        entry=_ENTRY,
        focus=_WRONG,
        at="self.last = x",
        name="None, never read",
    ),
    Fires(
        _net("if self.cache is None:\n    self.cache = x * 2\nreturn x + self.cache"),
        _net(
            "if self.cache is None:\n    self.cache = x * 2\n"
            "cache = torch.jit._unwrap_optional(self.cache) if torch.jit.is_scripting() else self.cache\nreturn x + cache",
            head=_TYPED,
        ),
        entry=_ENTRY,
        focus=_WRONG,
        at="self.cache = x",
        name="cache",
    ),
    Fires(
        _net("if self.cache is None:\n    self.cache = x * 2\nreturn self.cache + torch.relu(x) + self.cache"),
        _net(
            "if self.cache is None:\n    self.cache = x * 2\n"
            "cache = torch.jit._unwrap_optional(self.cache) if torch.jit.is_scripting() else self.cache\n"
            "return cache + torch.relu(x) + (torch.jit._unwrap_optional(self.cache) if torch.jit.is_scripting() else self.cache)",
            head=_TYPED,
        ),
        entry=_ENTRY,
        focus=_WRONG,
        at="self.cache = x",
        name="read after a call, which might set it",
    ),
    Fires(
        _net("if self.cache is None:\n    self.cache = torch.ones_like(x)\nreturn x + self.cache", "self.register_buffer('cache', None)"),
        _net(
            "if self.cache is None:\n    self.cache = torch.ones_like(x)\n"
            "cache = torch.jit._unwrap_optional(self.cache) if torch.jit.is_scripting() else self.cache\nreturn x + cache",
            "self.register_buffer('cache', None)",
            _TYPED,
        ),
        entry=_ENTRY,
        focus=_WRONG,
        at="self.cache = torch",
        name="buffer",
    ),
    Fires(
        _net("c = self.cache\nif c is None:\n    c = x * 2\n    self.cache = c\nreturn x + c"),
        _net("c = self.cache\nif c is None:\n    c = x * 2\n    self.cache = c\nreturn x + c", head=_TYPED),
        entry=_ENTRY,
        focus=_WRONG,
        at="self.cache = c",
        name="a local of its own",
    ),
    Fires(
        _net("self.last = x * 2\nself.last = self.last + 1\nreturn self.last") + _OTHER,
        _net(
            "last = x * 2\nif not torch.jit.is_scripting():\n    self.last = last\n"
            "last = last + 1\nif not torch.jit.is_scripting():\n    self.last = last\nreturn last"
        )
        + _OTHER,
        entry=_ENTRY,
        focus=_NEW,
        at="self.last = x",
        name="another class has an attribute of that name",
    ),
    Fires(
        _net("self.last = x.mul_(2)\nreturn x"),
        _net("last = x.mul_(2)\nif not torch.jit.is_scripting():\n    self.last = last\nreturn x"),
        entry=_ENTRY,
        focus=_NEW,
        at="self.last",
        name="a value that is worked out in place",
    ),
    Fires(
        _net("y = torch.zeros_like(x)\nself.last = torch.add(x, 1, out=y)\nreturn y"),
        _net("y = torch.zeros_like(x)\nlast = torch.add(x, 1, out=y)\nif not torch.jit.is_scripting():\n    self.last = last\nreturn y"),
        entry=_ENTRY,
        focus=_NEW,
        at="self.last",
        name="a value that goes elsewhere too",
    ),
    Fires(
        _net("self.last = self.norm(x)\nreturn self.norm.running_mean + x", "self.norm = nn.BatchNorm1d(4)"),
        _net(
            "last = self.norm(x)\nif not torch.jit.is_scripting():\n    self.last = last\nreturn self.norm.running_mean + x",
            "self.norm = nn.BatchNorm1d(4)",
        ),
        focus=_NEW,
        at="self.last",
        name="a module that keeps count",
    ),
    Fires(
        "import torch\n\n\ndef last(x):\n    return x + 1\n\n\n"
        + _net("self.last = last(x)\nreturn x * self.last").removeprefix("import torch\n"),
        "import torch\n\n\ndef last(x):\n    return x + 1\n\n\n"
        + _net("last_2 = last(x)\nif not torch.jit.is_scripting():\n    self.last = last_2\nreturn x * last_2").removeprefix(
            "import torch\n"
        ),
        entry=_ENTRY,
        focus=_NEW,
        at="self.last = last",
        name="a function of that name",
    ),
    Fires(
        _net("self.last = torch.randn(2)\nreturn x"),
        _net("last = torch.randn(2)\nif not torch.jit.is_scripting():\n    self.last = last\nreturn x"),
        focus=_NEW,
        at="self.last",
        name="random numbers",
    ),
    Fires(
        _net("self.last = x * 2\nreturn x", "self.register_buffer('last', None)"),
        _net("self.last = x * 2\nreturn x", "self.register_buffer('last', None)", _TYPED.replace("cache", "last")),
        entry=_ENTRY,
        focus=_WRONG,
        at="self.last = x",
        name="a buffer that is saved",
    ),
    Declines(
        _net("self.last = x\ny: torch.Tensor = getattr(self, 'last')\nreturn y"),
        because="read by its name",
        focus=_NEW,
        at="self.last = x",
        name="read by its name",
    ),
    Declines(
        _net("self.last = x\nreturn x * len(self.__dict__)"),
        because="read through __dict__",
        focus=_NEW,
        at="self.last = x",
        name="read through its dict",
    ),
    Declines(
        _net("self.last = x\nreturn x * len(vars(self))"),
        because="read by its name",
        focus=_NEW,
        at="self.last = x",
        name="read with all others",
    ),
    Declines(
        _net("self.last = x\nf = lambda t: t + self.last\nreturn f(x)"),
        because="read in a function inside another",
        focus=_NEW,
        at="self.last = x",
        name="read in a lambda",
    ),
    Declines(
        _net("self.last = x\nreturn x")
        + "\n\nclass Below(Net):\n    def forward(self, x):\n        return self.step(x) + self.last\n\n"
        + "    def step(self, x):\n        return x\n",
        because="read in compiled code",
        focus=_NEW,
        at="self.last = x",
        name="read in a class below",
    ),
    Declines(
        _net("self.last = x\nreturn x")
        + "\n\nclass Outer(nn.Module):\n    def __init__(self):\n        super().__init__()\n        self.net = Net()\n\n"
        + "    def forward(self, x):\n        return self.net(x) + self.net.last\n",
        because="read in compiled code",
        focus=_NEW,
        at="self.last = x",
        name="read from outside",
    ),
    Declines(
        _net("self.last = x\nself.bump()\nreturn x") + _BUMP.format("@torch.jit.ignore", "print(self.last)"),
        because="scripted code calls in Python",
        focus=_NEW,
        at="self.last = x",
        name="read in a method that is not compiled",
    ),
    Declines(
        _net("self.last = x\nif torch.jit.is_scripting():\n    x = x + self.last\nelse:\n    x = x + 1\nreturn x"),
        because="read in compiled code",
        focus="Wrong type for attribute assignment. Expected int but got Tensor",
        at="self.last = x",
        name="read when scripted",
    ),
    Declines(
        _net("self.last = x\nself.bump()\nreturn self.last") + _BUMP.format("@torch.jit.ignore", "self.last = self.last * 2"),
        because="read in compiled code",
        focus=_NEW,
        at="self.last = x",
        name="another method sets it in between",
    ),
    Declines(
        _net("self.last = x\nself.bump()\nreturn self.last") + _BUMP.format("@torch.jit.ignore", "setattr(self, 'last', 2 * self.last)"),
        because="read in compiled code",
        focus=_NEW,
        at="self.last = x",
        name="another method sets it by its name",
    ),
    Declines(
        _net("self.last = x\nself.last += 1\nreturn self.last"),
        because="read in compiled code",
        focus=_NEW,
        at="self.last = x",
        name="added to in place",
    ),
    Declines(_net("if x.dim() > 1:\n    self.last = x\nreturn self.last"), because="read in compiled code", focus=_NEW, at="self.last = x"),
    Declines(_net("self.last = y = x\nreturn y"), because="a line of its own", focus=_NEW, at="self.last"),
    Ignores(_net("self.last = x\nreturn x")),
    Ignores(_net("self.cache = x\nreturn x"), focus=_NEW, at="return x"),
)
