"""Examples of the transform none-compare."""

from __future__ import annotations

from scriptify.facts.model import Attribute, Kind, Observed
from scriptify.transform import Declines, Example, Fires, Ignores

_HEAD = "import torch\nfrom torch import nn\n\n\n"
_MODE = """class Net(nn.Module):
    def __init__(self, mode=None):
        super().__init__()
        self.mode = mode

"""
_EXTRA = """class Net(nn.Module):
    def __init__(self, extra=False):
        super().__init__()
        self.extra = nn.Linear(4, 4) if extra else None

"""
_ACT = """def twice(x):
    return x * 2


class Net(nn.Module):
    def __init__(self, act=False):
        super().__init__()
        self.act = twice if act else None

"""
_SIZES = """class Net(nn.Module):
    def __init__(self, several=False):
        super().__init__()
        self.sizes = [1, 2] if several else None

"""

EXAMPLES: tuple[Example, ...] = (
    Fires(
        name="nested, elif and all",
        before=_HEAD
        + _MODE
        + """    def forward(self, x):
        # scale if asked
        if self.mode == 'up':
            x = x * 2

            # twice
            x = x + 1
        elif self.mode == 'down':
            x = x * 0.5
        return x
""",
        after=_HEAD
        + _MODE
        + """    def forward(self, x):
        # scale if asked
        if self.mode is not None:
            if self.mode == 'up':
                x = x * 2

                # twice
                x = x + 1
            elif self.mode == 'down':
                x = x * 0.5
        return x
""",
        entry="Net(), (torch.randn(2, 4),)",
    ),
    Fires(
        name="with an else",
        before=_HEAD
        + _MODE
        + """    def forward(self, x, flag: bool = True):
        if self.mode == 'up' and flag:
            return x * 2
        if self.mode in ('a', 'b'):
            x = x + 1
        else:
            x = x - 1
        return x * 3 if self.mode != 'down' else x
""",
        after=_HEAD
        + _MODE
        + """    def forward(self, x, flag: bool = True):
        if (self.mode == 'up' if self.mode is not None else False) and flag:
            return x * 2
        if (self.mode in ('a', 'b') if self.mode is not None else False):
            x = x + 1
        else:
            x = x - 1
        return x * 3 if (self.mode != 'down' if self.mode is not None else True) else x
""",
        entry="Net(), (torch.randn(2, 4),)",
    ),
    Fires(
        name="equality with None",
        before=_HEAD
        + _EXTRA
        + """    def forward(self, x):
        y = x + 1
        if self.extra != None:
            y = self.extra(x)
        if y == None:
            return x
        return y
""",
        after=_HEAD
        + _EXTRA
        + """    def forward(self, x):
        y = x + 1
        if self.extra is not None:
            y = self.extra(x)
        if y is None:
            return x
        return y
""",
        entry="Net(True), (torch.randn(2, 4),)",
    ),
    Fires(
        name="truth of a module or None",
        before=_HEAD
        + _EXTRA
        + """    def forward(self, x):
        if self.extra:
            x = self.extra(x)
        if not self.extra:
            x = x + 1
        return x if self.extra and x.shape[0] > 1 else x * 2
""",
        after=_HEAD
        + _EXTRA
        + """    def forward(self, x):
        if self.extra is not None:
            x = self.extra(x)
        if self.extra is None:
            x = x + 1
        return x if self.extra is not None and x.shape[0] > 1 else x * 2
""",
        entry="Net(), (torch.randn(2, 4),)",
    ),
    Fires(
        name="truth of a function or None",
        before=_HEAD + _ACT + "    def forward(self, x):\n        return self.act(x) if self.act else x\n",
        after=_HEAD
        + _ACT
        + "    def forward(self, x):\n"
        + "        return self.act(x) if (self.act is not None if torch.jit.is_scripting() else self.act) else x\n",
        entry="Net(), (torch.randn(2, 4),)",
    ),
    Fires(
        name="truth of a list or None",
        before=_HEAD + _SIZES + "    def forward(self, x):\n        if self.sizes:\n            x = x + self.sizes[0]\n        return x\n",
        after=_HEAD
        + _SIZES
        + "    def forward(self, x):\n"
        + "        if (self.sizes is not None if torch.jit.is_scripting() else self.sizes):\n"
        + "            x = x + self.sizes[0]\n        return x\n",
        entry="Net(), (torch.randn(2, 4),)",
    ),
    Declines(
        _HEAD
        + """class Net(nn.Module):
    def forward(self, x, labels):
        return x[labels == None] if (labels == None).any() else x
""",
        because="as an array",
    ),
    Declines(
        _HEAD
        + """class Bag(nn.Module):
    def __len__(self):
        return 0


class Net(nn.Module):
    def __init__(self, bag=False):
        super().__init__()
        self.bag = Bag() if bag else None

    def forward(self, x):
        return x * 2 if self.bag else x
""",
        name="truth of a module that has a length of its own",
        because="whose truth is not that of being there",
    ),
    Fires(
        name="truth of what was a module on one instance and None on another",
        before=_HEAD + _EXTRA + "    def forward(self, x):\n        return self.extra(x) if self.extra else x\n",
        after=_HEAD + _EXTRA + "    def forward(self, x):\n        return self.extra(x) if self.extra is not None else x\n",
        observed=Observed(
            attributes={
                "Net": {
                    "extra": Attribute(
                        "extra",
                        frozenset({Kind.MODULE, Kind.NONE}),
                        values=(None,),
                        classes=frozenset({"torch.nn.modules.linear.Linear", "NoneType"}),
                        varies=True,
                        origin="live",
                    )
                }
            },
            instances={"Net": 2},
        ),
        entry="Net(True), (torch.randn(2, 4),)",
    ),
    Fires(
        name="truth of what may be empty",
        before=_HEAD
        + """class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential()
        self.layers.append(nn.Linear(4, 4))

    def forward(self, x):
        if self.layers:
            x = self.layers(x)
        return x
""",
        after=_HEAD
        + """class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential()
        self.layers.append(nn.Linear(4, 4))

    def forward(self, x):
        if (len(self.layers) > 0 if torch.jit.is_scripting() else bool(self.layers)):
            x = self.layers(x)
        return x
""",
        observed=Observed(
            attributes={"Net": {"layers": Attribute("layers", frozenset({Kind.SEQUENTIAL}), lengths=frozenset({0, 1}), origin="live")}},
            instances={"Net": 2},
        ),
        entry="Net(), (torch.randn(2, 4),)",
    ),
    Fires(
        name="truth of a str that may be empty, or None",
        before=_HEAD
        + _MODE
        + """    def forward(self, x):
        return x * 2 if self.mode else x
""",
        after=_HEAD
        + _MODE
        + """    def forward(self, x):
        return x * 2 if (bool(self.mode) if self.mode is not None else False) else x
""",
        observed=Observed(
            attributes={
                "Net": {"mode": Attribute("mode", frozenset({Kind.NONE, Kind.VALUE}), values=(None, ""), varies=True, origin="live")}
            },
            instances={"Net": 2},
        ),
        entry="Net(), (torch.randn(2, 4),)",
    ),
    Declines(
        _HEAD
        + _EXTRA
        + """    def forward(self, x):
        return self.extra(x) if self.extra else x


def plain(net):
    net.extra = nn.Sequential()
    return net
""",
        because="is set to nn.Sequential() elsewhere",
        observed=Observed(
            attributes={
                "Net": {
                    "extra": Attribute(
                        "extra",
                        frozenset({Kind.MODULE, Kind.NONE}),
                        values=(None,),
                        classes=frozenset({"torch.nn.modules.linear.Linear", "NoneType"}),
                        varies=True,
                        origin="live",
                    )
                }
            },
            instances={"Net": 2},
        ),
    ),
    Declines(
        _HEAD
        + _MODE
        + """    def forward(self, x):
        return x * 2 if self.mode else x
""",
        because="nothing shows whether what it holds otherwise is always true",
        focus="Could not cast value of type NoneType to bool",
        at="self.mode else",
    ),
    Ignores(
        _HEAD
        + """class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.mode = 'up'
        self.flag = True
        self.extra = None

    def forward(self, x):
        if self.mode == 'up' and self.flag:
            x = x * 2
        if self.extra is not None:
            if self.extra == 'a':
                x = x + 1
        if self.extra is None:
            return x
        if self.extra == 'b':
            x = x + 2
        return x
""",
    ),
)
