"""Examples of the transform optional-value."""

from __future__ import annotations

from scriptify.transform import Declines, Example, Fires, Ignores

_HEAD = "import torch\nfrom torch import nn\nfrom typing import Optional\n\n\n"
_FOUND = "but instead found type 'Optional[Tensor]'"
_LOOP = """    def __init__(self):
        super().__init__()
        self.kinds = ['a', 'b']

    def maybe(self, x) -> Optional[torch.Tensor]:
        return x if x.dim() > 1 else None

    def forward(self, x):
        s: Optional[torch.Tensor] = None
        for kind in self.kinds:
            if s is None:
                s = x
            else:
                s = s + x
        """


def _conv(line: str) -> str:
    head = f"{_HEAD}class Net(nn.Conv2d):\n    def forward(self, x):\n        y = nn.functional.conv2d(x, self.weight)\n        "
    return f"{head}{line}\n        return y\n"


def _gate(line: str) -> str:
    return f"{_HEAD}class Net(nn.Module):\n{_LOOP}{line}\n"


def _there(name: str) -> str:
    return f"(torch.jit._unwrap_optional({name}) if torch.jit.is_scripting() else {name})"


def _fires(name: str, before: str, after: str, focus: str, at: str, conv: bool = False) -> Fires:
    make, entry = (_conv, "Net(2, 2, 1), (torch.randn(1, 2, 3, 3),)") if conv else (_gate, "Net(), (torch.randn(2, 3),)")
    return Fires(make(before), make(after), entry=entry, focus=focus, at=at, name=name)


_BIAS, _S = _there("self.bias"), _there("s")

EXAMPLES: tuple[Example, ...] = (
    _fires(
        "a method of an attribute",
        "y = y - self.bias.sum()",
        f"y = y - {_BIAS}.sum()",
        "'Optional[Tensor]' object has no attribute or method 'sum'",
        "y = y - ",
        conv=True,
    ),
    _fires(
        "an operand", "y = self.bias.new_ones(1) - y", f"y = {_BIAS}.new_ones(1) - y", "'Optional[Tensor]' object", "new_ones", conv=True
    ),
    _fires("an argument", "return torch.sigmoid(s)", f"return torch.sigmoid({_S})", _FOUND, "sigmoid"),
    _fires("one of two", "return torch.sub(x, other=s)", f"return torch.sub(x, other={_S})", _FOUND, "torch.sub"),
    _fires(
        "an item",
        "return torch.cat([x, s])",
        f"return torch.cat([x, {_S}])",
        "but instead found type 'List[Optional[Tensor]]'",
        "torch.cat",
    ),
    Declines(
        _gate("return self.maybe(x).sum()"),
        because="give it a name",
        focus="'Optional[Tensor]' object has no attribute or method 'sum'",
        at="maybe(x).sum",
    ),
    Ignores(_gate("return torch.sigmoid(s)"), name="not asked"),
    Ignores(_gate("return x if s is None else x + 1"), focus=_FOUND, at="return x if s", name="a test"),
)
