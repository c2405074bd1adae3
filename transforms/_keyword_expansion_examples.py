"""Examples of SF314."""

from __future__ import annotations

from scriptify.facts.model import Attribute, Kind, Observed
from scriptify.transform import Declines, Fires, Ignores
from scriptify.transforms._with_keywords import LINES

_HEAD = """import torch
import torch.nn.functional as F
from torch import nn


def helper(a, b):
    return a + b


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.kw = {'scale_factor': 2.0, 'mode': 'nearest'}

    def forward(self, x: torch.Tensor):
"""
_ENTRY = "Net(), (torch.randn(2, 3, 4),)"


def _net(body: str) -> str:
    return _HEAD + "".join(f"        {line}\n" for line in body.splitlines())


_GIVEN = _HEAD.replace("def __init__(self):", "def __init__(self, kw=None):").replace(
    "{'scale_factor': 2.0, 'mode': 'nearest'}", "dict(kw or {'mode': 'nearest'})"
)


def _helped(text: str) -> str:
    helper = "\n".join(["@torch.jit.unused", *LINES])
    return text.replace("from torch import nn\n", f"from torch import nn\n\n\n{helper}\n")


_HELPED = _helped(_GIVEN)
_SEEN = Observed(attributes={"Net": {"kw": Attribute("kw", frozenset({Kind.DICT}), values=({"mode": "nearest"},), origin="live")}})


def _given(body: str) -> str:
    return _GIVEN + "".join(f"        {line}\n" for line in body.splitlines())


EXAMPLES = (
    Fires(
        _net("d = {'a': x, 'b': x * 2}\nreturn helper(**d)"),
        _net("a = x\nb = x * 2\nreturn helper(a=a, b=b)"),
        entry=_ENTRY,
        name="a local dict",
    ),
    Fires(
        _net("d = dict(b=x + 3)\nreturn helper(x, **d) + helper(x, **{'b': x})"),
        _net("b = x + 3\nreturn helper(x, b=b) + helper(x, b=x)"),
        entry=_ENTRY,
        name="dict of keywords, and one written in the call",
    ),
    Fires(
        _net("return F.interpolate(x, **self.kw)"),
        _helped(
            _net(
                "return F.interpolate(x, scale_factor=2.0, mode='nearest') if torch.jit.is_scripting()"
                " else _with_keywords(self.kw, F.interpolate, x)"
            )
        ),
        entry=_ENTRY,
        name="an attribute",
    ),
    Fires(
        _given("return F.interpolate(x, scale_factor=2.0, **self.kw) + x.mean()"),
        _HELPED
        + "        return (F.interpolate(x, scale_factor=2.0, mode='nearest') if torch.jit.is_scripting()"
        + " else _with_keywords(self.kw, F.interpolate, x, scale_factor=2.0)) + x.mean()\n",
        entry=_ENTRY,
        observed=_SEEN,
        name="an attribute that a run has shown",
    ),
    Declines(_given("return F.interpolate(x, scale_factor=2.0, **self.kw)"), because="every instance"),
    Fires(
        _net("d = {'a': x, 'b': x * scale}\nreturn helper(**d) * a").replace("def helper", "a = scale = 3\n\n\ndef helper"),
        _net("d_a = x\nb = x * scale\nreturn helper(a=d_a, b=b) * a").replace("def helper", "a = scale = 3\n\n\ndef helper"),
        name="a key that is the name of a global",
    ),
    Fires(
        _net("d = {\n    'a': x,  # the first\n    'b': x + 1,\n}\nreturn helper(**d)"),
        _net("# the first\na = x\nb = x + 1\nreturn helper(a=a, b=b)"),
        name="comments",
    ),
    Declines(_net("if x.dim() == 9: d = {'a': x, 'b': x}\nelse: return x\nreturn helper(**d)"), because="not known"),
    Declines(_net("return helper(**{'a': x, 'lambda': x})"), because="no plain name"),
    Declines(_net("return helper(a=x, **{'a': x})"), because="given twice"),
    Declines(
        _net("return F.interpolate(x, **self.kw)") + "\n    def larger(self):\n        kw = self.kw\n        kw['scale_factor'] = 4.0\n",
        because="changed elsewhere",
    ),
    Declines(
        _net("return F.interpolate(x, **self.kw)")
        .replace("class Net(nn.Module):\n    def __init__(self)", "class Other(nn.Module):\n    def __init__(self)")
        .replace("    def forward", "class Net(nn.Module):\n    def forward"),
        because="every instance",
        name="another class's dict",
    ),
    Declines(_net("d = {'a': x}\nd['b'] = x\nreturn helper(**d)"), because="changed or used"),
    Declines(_net("return helper(**given)"), because="not known"),
    Ignores(_net("return helper(a=x, b=x ** 2)")),
)
