"""Examples of SF602."""

from __future__ import annotations

from scriptify.facts.model import Attribute, Kind, Observed
from scriptify.transform import Declines, Fires, Ignores

_HEAD = "import torch\nfrom torch import nn\n\n\nclass Net(nn.Module):\n"
_INIT = "    def __init__(self, mode='id'):\n        super().__init__()\n        self.mode = mode\n        {init}\n\n"
_ENTRY = "Net(), (torch.rand(2, 4),)"
_CONV = "if mode == 'conv':\n            self.conv = nn.Linear(4, 4)"
_SEEN = Observed(instances={"Net": 1}, attributes={"Net": {"conv": Attribute("conv", frozenset({Kind.MODULE}), missing=True)}})
_GUARD = 'if torch.jit.is_scripting() and not hasattr(self, "conv"):'


def _net(body: str, init: str = _CONV) -> str:
    lines = "".join(f"        {line}\n" for line in body.splitlines())
    return _HEAD + _INIT.format(init=init) + f"    def forward(self, x):\n{lines}"


def _holds(kind: Kind, **more: object) -> Observed:
    return Observed(instances={"Net": 1}, attributes={"Net": {"part": Attribute("part", frozenset({kind}), **more)}})  # type: ignore[arg-type]


EXAMPLES = (
    Fires(
        _net("if self.mode == 'conv':\n    x = self.conv(x)\nreturn x"),
        _net(f"if self.mode == 'conv':\n    {_GUARD}\n        raise AttributeError(\"no conv\")\n    x = self.conv(x)\nreturn x"),
        entry=_ENTRY,
        observed=_SEEN,
        focus="Module 'Net' has no attribute 'conv'",
        at="x = self.conv(x)",
        name="string mode",
    ),
    Fires(
        _net("if self.mode == 'id':\n    return x\nreturn self.conv(x)"),
        _net(f"if self.mode == 'id':\n    return x\n{_GUARD}\n    raise AttributeError(\"no conv\")\nreturn self.conv(x)"),
        entry=_ENTRY,
        observed=_SEEN,
        focus="Module 'Net' has no attribute 'conv'",
        at="return self.conv(x)",
        name="after an early return",
    ),
    Fires(
        _net("if self.mode == 'conv': x = self.conv(x)\nelse: x = x + 1\nreturn x"),
        _net(
            f"if self.mode == 'conv':\n    {_GUARD}\n        raise AttributeError(\"no conv\")\n    x = self.conv(x)\n"
            "else: x = x + 1\nreturn x"
        ),
        entry=_ENTRY,
        observed=_SEEN,
        focus="Module 'Net' has no attribute 'conv'",
        at="x = self.conv(x)",
        name="one line",
    ),
    Fires(
        _net("if self.mode == 'part':\n    x = self.part(x)\nreturn x", "self.part = None"),
        _net(
            "if self.mode == 'part':\n    if torch.jit.is_scripting() and self.part is None:\n"
            '        raise TypeError("part is None")\n    x = self.part(x)\nreturn x',
            "self.part = None",
        ),
        entry=_ENTRY,
        observed=_holds(Kind.NONE),
        focus="cannot call a value of type 'NoneType'",
        at="x = self.part(x)",
        name="None called",
    ),
    Fires(
        _net("if self.part:\n    x = self.part(x)\nreturn x", "self.part = False"),
        _net(
            "if self.part:\n    if torch.jit.is_scripting() and isinstance(self.part, bool):\n"
            '        raise TypeError("part is a bool")\n    x = self.part(x)\nreturn x',
            "self.part = False",
        ),
        entry=_ENTRY,
        observed=_holds(Kind.VALUE, values=(False,)),
        focus="cannot call a value of type 'bool'",
        at="x = self.part(x)",
        name="False called",
    ),
    Fires(
        _net("if len(self.part) > 0:\n    x = self.part[0](x)\nreturn x", "self.part = nn.ModuleList()"),
        _net(
            'if len(self.part) > 0:\n    if torch.jit.is_scripting() and not hasattr(self.part, "0"):\n'
            '        raise IndexError("no part[0]")\n    x = self.part[0](x)\nreturn x',
            "self.part = nn.ModuleList()",
        ),
        entry=_ENTRY,
        observed=_holds(Kind.MODULE_LIST, lengths=frozenset({0})),
        focus="Index 0 out of range of length 0",
        at="x = self.part[0](x)",
        name="empty list",
    ),
    Fires(
        _net("if hasattr(self, 'conv') and self.conv.bias is not None:\n    x = self.conv(x)\nreturn x"),
        _net(
            "if hasattr(self, 'conv') and (self.conv.bias is not None if hasattr(self, \"conv\") else False):\n"
            "    x = self.conv(x)\nreturn x"
        ),
        entry=_ENTRY,
        observed=_SEEN,
        focus="Module 'Net' has no attribute 'conv'",
        at="if hasattr",
        name="second operand",
    ),
    Fires(
        _net("if self.part is not None and self.part.bias is not None:\n    x = x + 1\nreturn x", "self.part = None"),
        _net(
            "if self.part is not None and (self.part.bias is not None if self.part is not None else False):\n    x = x + 1\nreturn x",
            "self.part = None",
        ),
        entry=_ENTRY,
        observed=_holds(Kind.NONE),
        focus="'NoneType' object has no attribute or method 'bias'",
        at="if self.part",
        name="second operand, None",
    ),
    Fires(
        _net("y = x if self.mode == 'id' else self.conv(x)\nreturn y"),
        _net(
            f"if self.mode == 'id':\n    y = x\nelse:\n    {_GUARD}\n"
            '        raise AttributeError("no conv")\n    y = self.conv(x)\nreturn y'
        ),
        entry=_ENTRY,
        observed=_SEEN,
        focus="Module 'Net' has no attribute 'conv'",
        at="self.conv(x)",
        name="ternary",
    ),
    Declines(
        _net("if x.dim() == 2:\n    y = x\nelif self.conv(x).sum() > 0:\n    y = x + 1\nelse:\n    y = x + 2\nreturn y"),
        because="nothing can be put right before its use",
        observed=_SEEN,
        focus="Module 'Net' has no attribute 'conv'",
        at="elif self.conv",
        name="an elif",
    ),
    Declines(
        _net("y = x + (self.conv(x) if self.mode == 'conv' else x)\nreturn y"),
        because="nothing can be put right before its use",
        observed=_SEEN,
        focus="Module 'Net' has no attribute 'conv'",
        at="y = x + (self.conv",
    ),
    Declines(
        _net("if self.mode == 'conv':\n    x = self.conv(x)\nreturn x"),
        because="give an entry",
        focus="Module 'Net' has no attribute 'conv'",
        at="x = self.conv(x)",
    ),
    Ignores(_net("if self.mode == 'conv':\n    x = self.conv(x)\nreturn x"), name="without the compiler's word"),
    Ignores(
        _net("return x * self.conv", "pass").replace("    def __init__", "    conv = 3\n\n    def __init__", 1),
        focus="Module 'Net' has no attribute 'conv'",
        at="return x * self.conv",
        name="a class attribute",
    ),
)
