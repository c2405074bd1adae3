"""Examples of SF603."""

from __future__ import annotations

from scriptify.facts.model import Attribute, Kind, Observed
from scriptify.transform import Declines, Fires, Ignores

_HEAD = "import torch\nfrom torch import nn\n\n\nclass Net(nn.Module):\n"
_INIT = (
    "    def __init__(self, n=1, mode='a'):\n        super().__init__()\n"
    "        self.n = n\n        self.mode = mode\n        self.zero = 0\n"
)
_ENTRY = "Net(), (torch.rand(2, 4),)"
_BODY = "    def forward(self, x):\n{}"
_FOCUS = "object has no attribute or method 'numpy'"


def _attribute(name: str, value: object) -> Attribute:
    return Attribute(name, frozenset({Kind.VALUE}), values=(value,), origin="live")


_SEEN = Observed(
    instances={"Net": 1}, attributes={"Net": {"n": _attribute("n", 1), "mode": _attribute("mode", "a"), "zero": _attribute("zero", 0)}}
)


def _net(body: str, noted: str = "", flag: str = "") -> str:
    lines = "".join(f"        {line}\n" for line in body.splitlines())
    first = f'    __constants__ = ["{flag}"]\n\n' if flag else ""
    told = f"\n    @property\n    @torch.jit.unused\n    def {flag}(self) -> bool:\n        return {noted}\n" if flag else ""
    return f"{_HEAD}{first}{_INIT}\n{_BODY.format(lines)}{told}"


def _fires(before: str, after: str, noted: str, flag: str, name: str) -> Fires:
    return Fires(_net(before), _net(after, noted, flag), entry=_ENTRY, observed=_SEEN, focus=_FOCUS, at="x.numpy()", name=name)


_IF = "if {}:\n    x = torch.from_numpy(x.numpy() + 1)\nreturn x"
_ELSE = "if {}:\n    x = x + 1\nelse:\n    x = torch.from_numpy(x.numpy() + 1)\nreturn x"
_HALF = "if {}:\n    y = x\nelse:\n    z = x\nif self.mode == 'a':\n    return z\nreturn x"
_WIDEN = "{}\n    def widen(self):\n        self.n = 2\n"
_OFF = "(not torch.jit.is_scripting() or self.{})"
_ON = "(torch.jit.is_scripting() and self.{})"

EXAMPLES = (
    _fires(
        _IF.format("self.mode == 'b'"),
        _IF.format(f"self.mode == 'b' and {_OFF.format('_case_mode')}"),
        "self.mode == 'b'",
        "_case_mode",
        "mode",
    ),
    _fires(
        _IF.format("(self.mode ==\n        'b')"),
        _IF.format(f"(self.mode ==\n        'b' and {_OFF.format('_case_mode')})"),
        "(self.mode ==\n                'b')",
        "_case_mode",
        "over two lines",
    ),
    _fires(
        _IF.format("self.n > 1"),
        _IF.format(f"self.n > 1 and {_OFF.format('_case_n')}"),
        "not isinstance(self.n, (int, float)) or self.n > 1",
        "_case_n",
        "order",
    ),
    _fires(
        _ELSE.format("self.mode in ('a', 'c')"),
        _ELSE.format(f"self.mode in ('a', 'c') or {_ON.format('_case_mode')}"),
        "self.mode in ('a', 'c')",
        "_case_mode",
        "else",
    ),
    _fires(
        _IF.format("self.mode == 'b' or self.n == 2"),
        _IF.format(f"(self.mode == 'b' or self.n == 2) and {_OFF.format('_case_mode')}"),
        "self.mode == 'b' or self.n == 2",
        "_case_mode",
        "or",
    ),
    Fires(
        _net(_HALF.format("self.n > 1")),
        _net(_HALF.format(f"self.n > 1 and {_OFF.format('_case_n')}"), "not isinstance(self.n, (int, float)) or self.n > 1", "_case_n"),
        entry=_ENTRY,
        observed=_SEEN,
        focus="z is not defined in the true branch",
        at="z = x",
        name="half defined",
    ),
    Fires(
        _net("y = (x, x) if self.n > 1 else (x,)\nreturn y[0]"),
        _net(
            f"y = (x, x) if self.n > 1 and {_OFF.format('_case_n')} else (x,)\nreturn y[0]",
            "not isinstance(self.n, (int, float)) or self.n > 1",
            "_case_n",
        ),
        entry=_ENTRY,
        observed=_SEEN,
        focus="if-expression's true branch has type Tuple[Tensor, Tensor] but false branch has type Tuple[Tensor]",
        at="(x, x) if",
        name="conditional expression",
    ),
    _fires(
        _ELSE.format("not self.n > 1"),
        _ELSE.format(f"not self.n > 1 or {_ON.format('_case_n')}"),
        "not (not isinstance(self.n, (int, float)) or self.n > 1)",
        "_case_n",
        "not",
    ),
    _fires(
        _IF.format("self.zero and self.mode in 'bcd'"),
        _IF.format(f"(self.zero and self.mode in 'bcd') and {_OFF.format('_case_zero')}"),
        "(isinstance(self.zero, torch.Tensor) or bool(self.zero)) and (not isinstance(self.mode, str) or self.mode in 'bcd')",
        "_case_zero",
        "values that may be a Tensor or no text",
    ),
    Fires(
        _WIDEN.format(_net(_IF.format("self.n > 1"))),
        _WIDEN.format(
            _net(_IF.format(f"self.n > 1 and {_OFF.format('_case_n')}"), "not isinstance(self.n, (int, float)) or self.n > 1", "_case_n")
        ),
        entry=_ENTRY,
        observed=_SEEN,
        focus=_FOCUS,
        at="x.numpy()",
        name="set by what is not compiled",
    ),
    Declines(
        _net(_IF.format("self.n > 1")).replace("return x", "self.n = 1\n        return x"),
        because="may not last",
        observed=_SEEN,
        focus=_FOCUS,
        at="x.numpy()",
        name="set by what is compiled",
    ),
    Declines(
        _net(_IF.format("self.n > 1")) + "\n\ndef widen(net: Net):\n    net.n = 2\n",
        because="by code elsewhere",
        observed=_SEEN,
        focus=_FOCUS,
        at="x.numpy()",
    ),
    Ignores(_net(_IF.format("self.n > 1")), observed=_SEEN),
    Ignores(_net(_IF.format("self.n > 0")), observed=_SEEN, focus=_FOCUS, at="x.numpy()"),
    Ignores(_net(_IF.format("x.dim() > 3")), observed=_SEEN, focus=_FOCUS, at="x.numpy()"),
)
