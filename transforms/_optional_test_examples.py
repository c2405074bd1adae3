"""Examples of the transform optional-test."""

from __future__ import annotations

from scriptify.transform import Declines, Example, Fires, Ignores

_HEAD = "import torch\nfrom torch import nn\nfrom typing import Optional, Tuple\n\n\nclass Net(nn.Module):\n"
_INIT = "    def __init__(self, size=(2, 3)):\n        super().__init__()\n        self.size = size\n\n"
_EQUAL = "instead found type 'Optional[float]'"


def _net(signature: str, test: str, init: str = "") -> str:
    return f"{_HEAD}{init}    def forward({signature}):\n        if {test}:\n            return x\n        return x + 1\n"


def _fires(name: str, signature: str, before: str, after: str, focus: str, given: str = "", init: str = "") -> Fires:
    entry = f"Net(), (torch.randn(2, 4),{given})"
    return Fires(_net(signature, before, init), _net(signature, after, init), entry=entry, focus=focus, at="if ", name=name)


_P = "self, x, p: Optional[float] = None"
_MODE = "self, x, mode: Optional[str] = None"
_CONTAINS = "aten::__contains__.str_list(str[] l, str item) -> bool"

EXAMPLES: tuple[Example, ...] = (
    _fires("a number", _P, "p == 0.0 or not self.training", "(p is not None and p == 0.0) or not self.training", _EQUAL, " 0.5"),
    _fires("none given", _P, "p == 0.0", "(p is not None and p == 0.0)", _EQUAL),
    _fires("not equal", _P, "not (0.0 != p)", "not (p is None or 0.0 != p)", _EQUAL),
    _fires("a text among others", _MODE, "mode in ('a', 'b')", "(mode is not None and mode in ('a', 'b'))", _CONTAINS),
    _fires("None among texts", _MODE, "mode in (None, 'a', 'b')", "(mode is None or mode in ['a', 'b'])", _CONTAINS, " 'b'"),
    _fires("None not among texts", _MODE, "mode not in [None, 'a']", "(mode is not None and mode not in ['a'])", _CONTAINS, " 'b'"),
    _fires("the truth of a number", _P, "p", "(p is not None and bool(p))", "Could not cast value of type Optional[float] to bool", " 0.0"),
    _fires(
        "not a text",
        _MODE,
        "not mode",
        "not (mode is not None and (len(mode) > 0 if torch.jit.is_scripting() else bool(mode)))",
        "Could not cast value of type Optional[str] to bool",
    ),
    _fires(
        "the truth of a tuple",
        "self, x, size: Tuple[int, int] = (1, 2)",
        "x.dim() == 2 and size",
        "x.dim() == 2 and ((len(size) > 0) if torch.jit.is_scripting() else size)",
        "Could not cast value of type Tuple[int, int] to bool",
    ),
    _fires(
        "the truth of an attribute",
        "self, x",
        "self.size",
        "((len(self.size) > 0 if self.size is not None else False) if torch.jit.is_scripting() else self.size)",
        "Could not cast value of type Tuple[int, int] to bool",
        init=_INIT,
    ),
    Declines(
        _HEAD + "    size: Optional[int]\n\n" + _INIT + "    def forward(self, x):\n        return x if self.size else x + 1\n",
        focus="Could not cast value of type Optional[int] to bool",
        at="return x",
        because="put it into a local first",
    ),
    Ignores(_net(_P, "p is not None and p == 0.0"), focus=_EQUAL, at="if ", name="said already"),
    Ignores(_net("self, x, p: Optional[torch.Tensor] = None", "p == 0.0"), focus=_EQUAL, at="if ", name="a Tensor has an elementwise =="),
    Ignores(_net(_P, "p > 0.0"), focus=_EQUAL, at="if ", name="None has no order"),
    Ignores(_net(_P, "p == 0.0"), name="not asked"),
)
