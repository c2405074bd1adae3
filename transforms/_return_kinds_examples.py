"""Examples of SF608."""

from __future__ import annotations

from scriptify.facts.model import Observed
from scriptify.transform import Declines, Example, Fires, Ignores

_HEAD = "import torch\nfrom torch import nn\n"
_TYPED = _HEAD + "from typing import Tuple, Union\n"
_NET = "\n\nclass Net(nn.Module):\n    def forward(self, x, both: bool = False){}:\n{}"
_BOTH = "        if both:\n{}            return x, x + 1\n        return x\n"
_FOCUS = "Previous return statement returned a value of type Tuple[Tensor, Tensor] but this return statement returns a value of type Tensor"
_CALLER = "\n\nclass Top(nn.Module):\n    def __init__(self):\n        super().__init__()\n        self.net = Net()\n\n"
_CALLER += "    def forward(self, x):\n        return self.net(x) + 1\n"
_RAISE = "            if torch.jit.is_scripting():\n                raise NotImplementedError({})\n".format(
    '"forward returns one kind of result when scripted"'
)
_UNION = " -> Union[Tuple[torch.Tensor, torch.Tensor], torch.Tensor]"
_PARENS = "False,  # a) one, b\n        end: str = (')')\n    )"
_SEEN = Observed(returns={"Net.forward": "Tensor"})

CASES: tuple[Example, ...] = (
    Fires(
        _HEAD + _NET.format("", _BOTH.format("")),
        _TYPED + _NET.format(_UNION, _BOTH.format("")),
        entry="Net(), (torch.rand(2, 3), True)",
        focus=_FOCUS,
        at="return x\n".strip(),
        name="called from Python",
    ),
    Fires(
        _HEAD + _NET.format("", _BOTH.format("")).replace("False)", _PARENS),
        _TYPED + _NET.format(_UNION, _BOTH.format("")).replace("False)", _PARENS),
        entry="Net(), (torch.rand(2, 3), True)",
        focus=_FOCUS,
        at="return x\n".strip(),
        name="parentheses in defaults and comments",
    ),
    Fires(
        _HEAD + _NET.format("", _BOTH.format("")) + _CALLER,
        _HEAD + _NET.format("", _BOTH.format(_RAISE)) + _CALLER,
        entry="Top(), (torch.rand(2, 3),)",
        observed=_SEEN,
        focus=_FOCUS,
        at="return x\n".strip(),
        name="called from compiled code",
    ),
    Declines(_HEAD + _NET.format("", _BOTH.format("")) + _CALLER, because="no run shows", focus=_FOCUS, at="return x", name="nothing seen"),
    Declines(
        _HEAD + _NET.format("", _BOTH.format("").replace("if both", "if self.training")) + _CALLER,
        because="depends on more",
        observed=_SEEN,
        focus=_FOCUS,
        at="return x",
        name="training",
    ),
    Ignores(_HEAD + _NET.format("", _BOTH.format(""))),
)
