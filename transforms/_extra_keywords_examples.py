"""Examples of the transform extra-keywords."""

from __future__ import annotations

from scriptify.transform import Declines, Example, Fires, Ignores

_HEAD = "import torch\nfrom torch import nn\n"
_ADDED = '''import torch
from torch import nn
import functools
import inspect


def {name}(function):
    """Drop the arguments that ``function`` does not name; TorchScript compiles ``function`` itself."""
    names = inspect.signature(function).parameters

    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        return function({call})

    return wrapper
'''
_KEYWORDS = _ADDED.format(name="_named_arguments", call="*args, **{name: value for name, value in kwargs.items() if name in names}")
_FIRST = _ADDED.format(name="_first_arguments", call="*args[: len(names)], **kwargs")

EXAMPLES: tuple[Example, ...] = (
    Fires(
        name="unused keywords",
        before=_HEAD
        + """

class Net(nn.Module):
    def forward(self, x, flag: bool = True, **kwargs):
        return x + 1 if flag else x
""",
        after=_KEYWORDS
        + """

class Net(nn.Module):
    @_named_arguments
    def forward(self, x, flag: bool = True):
        return x + 1 if flag else x
""",
        entry="Net(), (torch.randn(2, 4),)",
    ),
    Fires(
        name="unused positional arguments",
        before=_HEAD
        + """

class Net(nn.Module):
    def forward(self, x,
                *args):
        return x + 1
""",
        after=_FIRST
        + """

class Net(nn.Module):
    @_first_arguments
    def forward(self, x):
        return x + 1
""",
        entry="Net(), (torch.randn(2, 4),)",
    ),
    Fires(
        name="two functions, one helper",
        before=_HEAD
        + """

def scale(x, by: float = 2.0, **unused):
    return x * by


class Net(nn.Module):
    def forward(self, x, **_):
        return scale(x, by=3.0)
""",
        after=_KEYWORDS
        + """

@_named_arguments
def scale(x, by: float = 2.0):
    return x * by


class Net(nn.Module):
    @_named_arguments
    def forward(self, x):
        return scale(x, by=3.0)
""",
        entry="Net(), (torch.randn(2, 4),)",
    ),
    Declines(
        _HEAD
        + """
inspect = print


class Net(nn.Module):
    def forward(self, x, **kwargs):
        return inspect(x)
""",
        because="the name inspect means something else here",
        name="the file calls something else inspect",
    ),
    Declines(
        _HEAD
        + """

class Net(nn.Module):
    def forward(self, x, **kwargs):
        return x * kwargs['by']
""",
        because="kwargs is used",
    ),
    Declines(
        _HEAD
        + """

def scale(x, **unused):
    return x * 2


class Net(nn.Module):
    def forward(self, x):
        return scale(x, by=3.0)
""",
        because="passes more than it names",
    ),
    Declines(
        _HEAD
        + """

class Net(nn.Module):
    def forward(self, x, **kwargs):
        return x + len(locals())
""",
        because="locals() may read it by name",
    ),
    Declines(
        _HEAD
        + """

class Net(nn.Module):
    def forward(self, x, /, **kwargs):
        return x + 1
""",
        because="before the /",
    ),
    Declines(
        _HEAD
        + """

class Net(nn.Module):
    def forward(self, x, **kwargs):
        return x + 1


def call(net, given):
    names = net.forward.__code__.co_varnames
    return net(**{name: value for name, value in given.items() if name in names})
""",
        because="looks at signatures",
    ),
    Ignores(
        _HEAD
        + """

class Base(nn.Module):
    def forward(self, x, *args, **kwargs):
        \"\"\"What the classes below compute.\"\"\"
        raise NotImplementedError("forward")

    def extra(self, **kwargs): ...
""",
        name="a function without a body of its own",
    ),
    Ignores(
        _HEAD
        + """

class Net(nn.Module):
    def __init__(self, **kwargs):
        super().__init__()

    def forward(self, x, *, flag: bool):
        return x if flag else x + 1
""",
    ),
)
