"""Examples of the transform explicit-signature."""

from __future__ import annotations

from scriptify.facts.model import Observed
from scriptify.transform import Declines, Example, Fires, Ignores

_HEAD = "import torch\nfrom torch import nn\n"
_ADDED = '''import torch
from torch import nn


def _scripted_as(twin):
    """Make TorchScript compile ``twin`` in place of the decorated function; eager calls stay what they are."""

    def decorate(function):
        function.__wrapped__ = twin
        return function

    return decorate
'''
_TYPED = _ADDED.replace("import nn\n", "import nn\nfrom typing import Tuple\n", 1)
_TWO = {"self": "Net", "xs": "Tuple[Tensor, Tensor]"}
_PRENORM = """

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.norm = nn.LayerNorm(4)
        self.fn = nn.Linear(4, 4)

"""

EXAMPLES: tuple[Example, ...] = (
    Fires(
        name="a tuple of two",
        before=_HEAD
        + """

class Net(nn.Module):
    def forward(self, *xs):
        y = torch.cat(xs, 1)  # all
        return y * len(xs)
""",
        after=_TYPED
        + """

class Net(nn.Module):
    def _forward_all(self, xs: Tuple[torch.Tensor, torch.Tensor]):
        y = torch.cat(xs, 1)  # all
        return y * len(xs)

    def _forward_scripted(self, xs_0, xs_1):
        return self._forward_all((xs_0, xs_1))

    @_scripted_as(_forward_scripted)
    def forward(self, *xs):
        return self._forward_all(xs)
""",
        entry="Net(), (torch.randn(2, 4), torch.randn(2, 4))",
        observed=Observed(parameters={"Net.forward": _TWO}),
    ),
    Fires(
        name="after a plain parameter",
        before=_HEAD
        + """

class Net(nn.Module):
    def forward(self, x, *rest):
        return x + rest[0] * 2
""",
        after=_TYPED
        + """

class Net(nn.Module):
    def _forward_all(self, x, rest: Tuple[torch.Tensor, int]):
        return x + rest[0] * 2

    def _forward_scripted(self, x, rest_0, rest_1: int):
        return self._forward_all(x, (rest_0, rest_1))

    @_scripted_as(_forward_scripted)
    def forward(self, x, *rest):
        return self._forward_all(x, rest)
""",
        entry="Net(), (torch.randn(2, 4), torch.randn(2, 4), 3)",
        observed=Observed(parameters={"Net.forward": {"x": "Tensor", "rest": "Tuple[Tensor, int]"}}),
    ),
    Fires(
        name="keywords handed on, of which there were none",
        before=_HEAD + _PRENORM + "    def forward(self, x, **kwargs):\n        return self.fn(self.norm(x), **kwargs)\n",
        after=_ADDED
        + _PRENORM
        + """    def _forward_scripted(self, x):
        return self.fn(self.norm(x))

    @_scripted_as(_forward_scripted)
    def forward(self, x, **kwargs):
        return self.fn(self.norm(x), **kwargs)
""",
        entry="Net(), (torch.randn(2, 4),)",
        observed=Observed(parameters={"Net.forward": {"x": "Tensor", "kwargs": "Dict[?, ?]"}}),
    ),
    Fires(
        name="keywords handed on beside defaults",
        before=_HEAD
        + _PRENORM
        + """    def forward(self, x, mask=None, scale: float = 2.0, **kwargs):
        if mask is not None:
            x = x.masked_fill(mask, 0.0)
        return self.fn(self.norm(x), **kwargs) * scale
""",
        after=_ADDED.replace("import nn\n", "import nn\nfrom typing import Optional\n", 1)
        + _PRENORM
        + """    def _forward_scripted(self, x, mask: Optional[torch.Tensor] = None, scale: float = 2.0):
        if mask is not None:
            x = x.masked_fill(mask, 0.0)
        return self.fn(self.norm(x)) * scale

    @_scripted_as(_forward_scripted)
    def forward(self, x, mask=None, scale: float = 2.0, **kwargs):
        if mask is not None:
            x = x.masked_fill(mask, 0.0)
        return self.fn(self.norm(x), **kwargs) * scale
""",
        entry="Net(), (torch.randn(2, 4),)",
        observed=Observed(parameters={"Net.forward": {"x": "Tensor", "mask": "NoneType", "kwargs": "Dict[?, ?]"}}),
    ),
    Fires(
        name="arguments and keywords handed on",
        before=_HEAD + _PRENORM + "    def forward(self, *args, **kwargs):\n        return self.fn(*args, **kwargs) + 1\n",
        after=_ADDED
        + _PRENORM
        + """    def _forward_scripted(self, args_0):
        return self.fn(args_0) + 1

    @_scripted_as(_forward_scripted)
    def forward(self, *args, **kwargs):
        return self.fn(*args, **kwargs) + 1
""",
        entry="Net(), (torch.randn(2, 4),)",
        observed=Observed(parameters={"Net.forward": {"args": "Tuple[Tensor]", "kwargs": "Dict[?, ?]"}}),
    ),
    Fires(
        name="keyword-only defaults",
        before=_HEAD + "\n\nclass Net(nn.Module):\n    def forward(self, x, *, k: int = 2):\n        return x * k\n",
        after=_HEAD + "\n\nclass Net(nn.Module):\n    def forward(self, x, k: int = 2):\n        return x * k\n",
        entry="Net(), (torch.randn(2, 4),)",
    ),
    Declines(
        name="not known",
        code=_HEAD + "\n\nclass Net(nn.Module):\n    def forward(self, *xs):\n        return xs[0]\n",
        because="give an entry",
    ),
    Declines(
        name="several lengths",
        code=_HEAD + "\n\nclass Net(nn.Module):\n    def forward(self, *xs):\n        return xs[0]\n",
        because="one length",
        observed=Observed(parameters={"Net.forward": {"xs": "List[Tensor]"}}),
    ),
    Declines(
        name="keywords looked at",
        code=_HEAD + "\n\nclass Net(nn.Module):\n    def forward(self, x, **kw):\n        return x + kw.get('a', 1)\n",
        because="more than to hand it on",
        observed=Observed(parameters={"Net.forward": {"x": "Tensor", "kw": "Dict[?, ?]"}}),
    ),
    Ignores(name="unused", code=_HEAD + "\n\nclass Net(nn.Module):\n    def forward(self, x, *args, **kwargs):\n        return x\n"),
    Ignores(name="plain", code=_HEAD + "\n\nclass Net(nn.Module):\n    def forward(self, x, *, k: int):\n        return x * k\n"),
    Ignores(name="not compiled", code="def f(*xs):\n    return xs\n"),
)
