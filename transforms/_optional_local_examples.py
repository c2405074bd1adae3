"""Examples of the transform optional-local."""

from __future__ import annotations

from scriptify.facts.model import Observed
from scriptify.transform import Declines, Example, Fires, Ignores, Settings

_HEAD = "import torch\nfrom torch import nn\n\n\n"
_OPTIONAL = "import torch\nfrom torch import nn\nfrom typing import Optional\n\n\n"
_NET = "class Net(nn.Module):\n    def forward(self, x, inference: bool = False):\n"

EXAMPLES: tuple[Example, ...] = (
    Fires(
        name="assigned in a branch",
        before=_HEAD
        + _NET
        + """        pred = None
        if not inference:
            pred = torch.sigmoid(x)
        return pred, x
""",
        after=_OPTIONAL
        + _NET
        + """        pred: Optional[torch.Tensor] = None
        if not inference:
            pred = torch.sigmoid(x)
        return pred, x
""",
        entry="Net(), (torch.randn(2, 4),)",
    ),
    Fires(
        name="carried by a loop",
        before=_HEAD
        + """class Net(nn.Module):
    def forward(self, x, n: int = 3):
        last = None
        for i in range(n):
            if last is not None:
                x = x + last
            last = x * i
        return x
""",
        after=_OPTIONAL
        + """class Net(nn.Module):
    def forward(self, x, n: int = 3):
        last: Optional[torch.Tensor] = None
        for i in range(n):
            if last is not None:
                x = x + last
            last = x * i
        return x
""",
        entry="Net(), (torch.randn(2, 4),)",
    ),
    Fires(
        name="several names at once",
        before=_HEAD
        + _NET
        + """        a = b = None
        k, c = 2, None
        if inference:
            a = torch.relu(x)
            c = x.unsqueeze(0)
        return a, b, c, k
""",
        after=_OPTIONAL
        + _NET
        + """        a: Optional[torch.Tensor] = None
        b = None
        k = 2
        c: Optional[torch.Tensor] = None
        if inference:
            a = torch.relu(x)
            c = x.unsqueeze(0)
        return a, b, c, k
""",
        entry="Net(), (torch.randn(2, 4), True)",
    ),
    Fires(
        name="something first and None later",
        before=_HEAD
        + _NET
        + """        extra = torch.relu(x)
        if inference:
            extra = None
        return x if extra is None else x + extra
""",
        after=_OPTIONAL
        + _NET
        + """        extra: Optional[torch.Tensor] = torch.relu(x)
        if inference:
            extra = None
        return x if extra is None else x + extra
""",
        entry="Net(), (torch.randn(2, 4), True)",
    ),
    Fires(
        name="a type seen in a run",
        before=_HEAD
        + """class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.names = ['a', 'b']

    def forward(self, x, at: int = 1):
        name = None
        if at > 0:
            name = self.names[at]
        return x if name is None else x + len(name)
""",
        after=_OPTIONAL
        + """class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.names = ['a', 'b']

    def forward(self, x, at: int = 1):
        name: Optional[str] = None
        if at > 0:
            name = self.names[at]
        return x if name is None else x + len(name)
""",
        observed=Observed(locals={"Net.forward": {"name": "Optional[str]"}}),
        entry="Net(), (torch.randn(2, 4),)",
    ),
    Fires(
        name="asked for: a sentinel",
        before=_HEAD
        + """class Net(nn.Module):
    def forward(self, x, n: int = 3):
        last = None
        for _ in range(n):
            if last is not None:
                x = x + last
            last = x * 2
        return x
""",
        after=_HEAD
        + """class Net(nn.Module):
    def forward(self, x, n: int = 3):
        last = torch.empty(0)
        for _ in range(n):
            if last is not None and not (isinstance(last, torch.Tensor) and last.numel() == 0):
                x = x + last
            last = x * 2
        return x
""",
        entry="Net(), (torch.randn(2, 4),)",
        settings=Settings(none_default="sentinel"),
    ),
    Fires(
        name="used without a test, as the compiler says",
        before=_OPTIONAL
        + """class Net(nn.Module):
    def forward(self, x, mean: Optional[torch.Tensor] = None, centred: bool = False):
        if centred:
            x = x - mean
        return x
""",
        after=_OPTIONAL
        + """class Net(nn.Module):
    def forward(self, x, mean: Optional[torch.Tensor] = None, centred: bool = False):
        if centred:
            if torch.jit.is_scripting():
                assert mean is not None
            x = x - mean
        return x
""",
        entry="Net(), (torch.randn(2, 4),)",
        focus="but instead found type 'Optional[Tensor]'",
        at="x - mean",
    ),
    Fires(
        name="used in a comprehension, as the compiler says",
        before=_OPTIONAL
        + """class Net(nn.Module):
    def forward(self, x, mean: Optional[torch.Tensor] = None, times: int = 0):
        xs = [mean + (x - mean) for _ in range(times)]
        return x * (len(xs) + 1)
""",
        after=_OPTIONAL
        + """class Net(nn.Module):
    def forward(self, x, mean: Optional[torch.Tensor] = None, times: int = 0):
        xs = [U + (x - U) for _ in range(times)]
        return x * (len(xs) + 1)
""".replace("U", "(torch.jit._unwrap_optional(mean) if torch.jit.is_scripting() else mean)"),
        entry="Net(), (torch.randn(2, 4),)",
        focus="but instead found type 'Optional[Tensor]'",
        at="x - mean",
    ),
    Fires(
        name="a test kept in a variable, as the compiler says",
        before=_OPTIONAL
        + """class Net(nn.Module):
    def forward(self, x, skip: Optional[torch.Tensor] = None):
        has = skip is not None
        y = x * 2
        if has:
            y = y + skip
        return y
""",
        after=_OPTIONAL
        + """class Net(nn.Module):
    def forward(self, x, skip: Optional[torch.Tensor] = None):
        has = skip is not None
        y = x * 2
        if skip is not None:
            y = y + skip
        return y
""",
        entry="Net(), (torch.randn(2, 4),)",
        focus="but instead found type 'Optional[Tensor]'",
        at="y + skip",
    ),
    Ignores(
        _OPTIONAL
        + """class Net(nn.Module):
    def forward(self, x, mean: Optional[torch.Tensor] = None):
        print("%s" % mean)
        return x
""",
        focus="but instead found type 'Optional[Tensor]'",
        at="print",
        name="a text of None",
    ),
    Declines(
        _HEAD
        + _NET
        + """        pred = None
        if not inference:
            pred = self.thing.work(x)
        return pred
""",
        because="nothing shows what pred is",
    ),
    Ignores(
        _HEAD
        + """class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear(4, 4), nn.Linear(4, 4)])

    def forward(self, x):
        y = None
        y = x + 1
        out = None
        for layer in self.layers:
            out = layer(y)
        return out
""",
        name="straight line and unrolled loop",
    ),
    Ignores(
        _HEAD
        + _NET
        + """        if inference:
            pred = None
        else:
            pred = torch.sigmoid(x)
        return pred
""",
        name="two branches",
    ),
)
