"""Writes the small models that examples of container transforms are about."""

from __future__ import annotations

from textwrap import dedent, indent

from scriptify.transform import Declines, Fires, Ignores

ENTRY = "Net(), (torch.randn(2, 4),)"
PLAIN = "self, x"


def net(init: str, body: str, signature: str = PLAIN, head: str = "") -> str:
    """A module ``Net`` with these lines in its constructor and its forward; ``head`` comes above the class."""
    lines = ["import torch", "from torch import nn", "", ""]
    lines += [dedent(head).strip("\n"), "", ""] if head else []
    lines += ["class Net(nn.Module):", "    def __init__(self):", "        super().__init__()"]
    lines += [indent(dedent(init).strip("\n"), " " * 8), "", f"    def forward({signature}):"]
    lines += [indent(dedent(body).strip("\n"), " " * 8), ""]
    return "\n".join(lines)


def fires(name: str, init: str, before: str, after: str, signature: str = PLAIN, head: str = "", entry: str = ENTRY) -> Fires:
    """An example whose forward becomes ``after``."""
    return Fires(net(init, before, signature, head), net(init, after, signature, head), entry=entry, name=name)


def declines(name: str, init: str, body: str, because: str, signature: str = PLAIN, head: str = "") -> Declines:
    """An example that is left alone with a reason."""
    return Declines(net(init, body, signature, head), because=because, name=name)


def ignores(name: str, init: str, body: str, signature: str = PLAIN, head: str = "") -> Ignores:
    """An example that is none of the transform's business."""
    return Ignores(net(init, body, signature, head), name=name)
