"""Examples of SF713."""

from __future__ import annotations

from scriptify.transform import Declines, Fires, Ignores

_HEAD = """import torch
from torch import nn


class Net(nn.Module):
    def forward(self, x: torch.Tensor):
"""
_ENTRY = "Net(), (torch.randn(2, 4),)"


EXAMPLES = (
    Fires(
        name="an assertion's message",
        before=_HEAD + '        assert x.dim() == 2, f"bad {x.dim():>3} of {1.5!r}"  # why\n        return x\n',
        after=_HEAD + '        assert x.dim() == 2, "bad {:>3} of {!r}".format(x.dim(), 1.5)  # why\n        return x\n',
        entry=_ENTRY,
    ),
    Fires(
        name="an exception's message",
        before=_HEAD + "        if x.dim() > 2:\n            raise ValueError(f'{{}} {x.dim():d}')\n        return x\n",
        after=_HEAD + "        if x.dim() > 2:\n            raise ValueError('{{}} {:d}'.format(x.dim()))\n        return x\n",
        entry=_ENTRY,
    ),
    Fires(
        name="padded numbers and texts",
        before=_HEAD + '        n = x.size(0)\n        return f"{n:03d}|{x.dim():>4}|{\'a\':<3}|{n=}|{n!r}", "{:02d}".format(n)\n',
        after=_HEAD
        + "        n = x.size(0)\n        return f\"{str(n).zfill(3)}|{str(x.dim()).rjust(4)}|{'a'.ljust(3)}|n={n}|{n}\", "
        + '"{}".format(str(n).zfill(2))\n',
        entry=_ENTRY,
    ),
    Fires(
        name="a message with names",
        before=_HEAD + '        msg = f"{x=}"\n        assert x.dim() == 2, msg\n        return x\n',
        after=_HEAD + '        msg = "x={!r}".format(x)\n        assert x.dim() == 2, msg\n        return x\n',
        entry=_ENTRY,
    ),
    Fires(
        name="a string as often as a number says",
        before=_HEAD + '        return "ab" * x.size(0), "-" * 80\n',
        after=_HEAD + '        return "".join(["ab"] * x.size(0)), "".join(["-"] * 80)\n',
        entry=_ENTRY,
    ),
    Fires(
        name="named fields",
        before=_HEAD + '        s = "a{n}b{m}".format(n=x.size(0), m=2)\n        return s\n',
        after=_HEAD + '        s = "a{}b{}".format(x.size(0), 2)\n        return s\n',
        entry=_ENTRY,
    ),
    Fires(
        name="numbered fields",
        before=_HEAD + '        return "{0}-{1}".format(x.size(0), x.size(1))\n',
        after=_HEAD + '        return "{}-{}".format(x.size(0), x.size(1))\n',
        entry=_ENTRY,
        silent=True,
    ),
    Fires(
        name="a string several times",
        before=_HEAD + '        s = "ab" * 2\n        return s\n',
        after=_HEAD + '        s = "abab"\n        return s\n',
        entry=_ENTRY,
    ),
    Declines(name="text that is used", code=_HEAD + "        s = f'{1.5:.1f}'\n        return s\n", because="other text"),
    Declines(name="a nested width", code=_HEAD + "        assert x.dim() == 2, f'{1.5:{2}}'\n        return x\n", because="nested"),
    Fires(
        name="an int that a caller may give as a bool, or as no int",
        before=_HEAD.replace("x: torch.Tensor", "x: torch.Tensor, n: int") + '        return f"{n:3}{n:d}", "ab" * n\n',
        after=_HEAD.replace("x: torch.Tensor", "x: torch.Tensor, n: int")
        + '        return (f"{str(int(n)).rjust(3)}{int(n)}" if torch.jit.is_scripting() else "{:3}{:d}".format(n, n)),'
        + ' ("".join(["ab"] * (n if n > 0 else 0)) if torch.jit.is_scripting() else "ab" * n)\n',
        entry="Net(), (torch.randn(2, 4), -2)",
    ),
    Fires(
        name="a tuple in a message",
        before=_HEAD + "        assert x.dim() == 2, f'bad {1.5:.2f} of {x.shape, 2}'\n        return x\n",
        after=_HEAD + "        assert x.dim() == 2, 'bad {:.2f} of {}'.format(1.5, (x.shape, 2))\n        return x\n",
        entry=_ENTRY,
    ),
    Fires(
        name="an octal escape at the end",
        before=_HEAD + '        s = "0\\1" * 2\n        return s\n',
        after=_HEAD + '        s = "".join(["0\\1"] * 2)\n        return s\n',
        entry=_ENTRY,
    ),
    Declines(name="bools", code=_HEAD + '        return f"{True:d}", f"{x.dim() > 1:5}"\n', because="other text"),
    Declines(name="letters of several bytes", code=_HEAD + "        s = 'n\u00e9'\n        return f'{s:>4}'\n", because="other text"),
    Declines(name="braces between fields", code=_HEAD + "        return f'{{}}{x.dim():2d}'\n", because="other text"),
    Declines(name="braces as escapes", code=_HEAD + "        print(f'\\x7b{1.5:.1f}')\n        return x\n", because="escapes"),
    Declines(name="a float by name", code=_HEAD + "        return '{a}'.format(a=1.0)\n", because="another way"),
    Ignores(name="plain", code=_HEAD + '        assert x.dim() == 2, f"bad {x.dim()}"\n        return "{}".format(x.size(0))\n'),
    Ignores(name="not compiled", code="def f(x):\n    return f'{x:.2f}'\n"),
)
