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
