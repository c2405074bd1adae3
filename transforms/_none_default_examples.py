"""Examples of the transform none-default."""

from __future__ import annotations

from scriptify.facts.model import Observed
from scriptify.transform import Declines, Example, Fires, Ignores, Settings
from scriptify.transforms._sentinel_examples import SENTINELS

_HEAD = "import torch\nfrom torch import nn\n\n\n"
_HEAD2 = "import torch\nfrom torch import nn\nfrom typing import List, Optional\n\n\n"
_IMPORTED = "import torch\nfrom torch import nn\nfrom typing import {}\n\n\n"

EXAMPLES: tuple[Example, ...] = (
    *SENTINELS,
    Fires(
        name="stacked, so Optional",
        before=_HEAD
        + """class Net(nn.Module):
    def forward(self, x, extra=None):
        if extra is not None:
            x = torch.stack([x, extra]).sum(0)
        return x
""",
        after=_IMPORTED.format("Optional")
        + """class Net(nn.Module):
    def forward(self, x, extra: Optional[torch.Tensor] = None):
        if extra is not None:
            x = torch.stack([x, extra]).sum(0)
        return x
""",
        entry="Net(), (torch.randn(2, 4),)",
        silent=True,
    ),
    Fires(
        name="an empty mask makes an empty result, so Optional",
        before=_HEAD
        + """class Net(nn.Module):
    def forward(self, x, weight=None):
        x = x.sum(-1)
        if weight is not None:
            x = x * weight.unsqueeze(-1)
        return x.sum(0)
""",
        after=_IMPORTED.format("Optional")
        + """class Net(nn.Module):
    def forward(self, x, weight: Optional[torch.Tensor] = None):
        x = x.sum(-1)
        if weight is not None:
            x = x * weight.unsqueeze(-1)
        return x.sum(0)
""",
        entry="Net(), (torch.randn(2, 4),)",
        silent=True,
    ),
    Fires(
        name="an int by its docstring",
        before=_HEAD
        + '''class Net(nn.Module):
    def forward(self, x, times=None):
        """Args:
            times (int | None): How often. Default: None.
        """
        if times is None:
            times = 2
        return x * times
''',
        after=_IMPORTED.format("Optional")
        + '''class Net(nn.Module):
    def forward(self, x, times: Optional[int] = None):
        """Args:
            times (int | None): How often. Default: None.
        """
        if times is None:
            times = 2
        return x * times
''',
        entry="Net(), (torch.randn(2, 4),)",
        silent=True,
    ),
    Fires(
        name="truth of an Optional",
        before=_HEAD2
        + """class Net(nn.Module):
    def forward(self, x, names: Optional[List[torch.Tensor]] = None, last: Optional[torch.Tensor] = None):
        if not names:
            return x if last == None else x + last
        return x + names[0]
""",
        after=_HEAD2
        + """class Net(nn.Module):
    def forward(self, x, names: Optional[List[torch.Tensor]] = None, last: Optional[torch.Tensor] = None):
        if names is None or (len(names) == 0 if torch.jit.is_scripting() else not bool(names)):
            return x if last is None else x + last
        return x + names[0]
""",
        entry="Net(), (torch.randn(2, 4),)",
    ),
    Fires(
        name="truth where None is ruled out",
        before=_HEAD2
        + """class Net(nn.Module):
    def forward(self, x, sizes: Optional[List[int]] = None, flag: Optional[bool] = None, times: Optional[int] = None):
        if flag:
            x = x + 1
        if times is not None and times:
            x = x * times
        if sizes is not None and sizes:
            x = x + sizes[0]
        return x
""",
        after=_HEAD2
        + """class Net(nn.Module):
    def forward(self, x, sizes: Optional[List[int]] = None, flag: Optional[bool] = None, times: Optional[int] = None):
        if flag is not None and flag:
            x = x + 1
        if times is not None and times:
            x = x * times
        if sizes is not None and (len(sizes) > 0 if torch.jit.is_scripting() else bool(sizes)):
            x = x + sizes[0]
        return x
""",
        entry="Net(), (torch.randn(2, 4),)",
    ),
    Fires(
        name="wrongly annotated, never a Tensor",
        before=_HEAD2
        + """class Net(nn.Module):
    def forward(self, x, times: int = None):
        return x if times is None else x * times
""",
        after=_HEAD2
        + """class Net(nn.Module):
    def forward(self, x, times: Optional[int] = None):
        return x if times is None else x * times
""",
        entry="Net(), (torch.randn(2, 4),)",
    ),
    Fires(
        name="a list whose elements may be None, by a run",
        before=_HEAD
        + """class Net(nn.Module):
    def forward(self, x, noise=None):
        if noise is None:
            noise = [None] * 2
        first = noise[0]
        return x if first is None else x + first
""",
        after=_IMPORTED.format("List, Optional")
        + """class Net(nn.Module):
    def forward(self, x, noise: Optional[List[Optional[torch.Tensor]]] = None):
        if noise is None:
            noise = [None] * 2
        first = noise[0]
        return x if first is None else x + first
""",
        observed=Observed(parameters={"Net.forward": {"x": "Tensor", "noise": "Optional[List[Tensor]]"}}),
    ),
    Fires(
        name="asked for: Optional everywhere",
        before=_HEAD
        + """class Net(nn.Module):
    def forward(self, x, skip=None):
        if skip is not None:
            x = x + skip
        return x
""",
        after=_IMPORTED.format("Optional")
        + """class Net(nn.Module):
    def forward(self, x, skip: Optional[torch.Tensor] = None):
        if skip is not None:
            x = x + skip
        return x
""",
        entry="Net(), (torch.randn(2, 4),)",
        silent=True,
        settings=Settings(none_default="optional"),
    ),
    Fires(
        name="a text by what it is compared with",
        before=_HEAD
        + """class Net(nn.Module):
    def forward(self, x, how=None):
        how = how if how else "mean"
        return x.mean() if how in ("mean", "sum") else x
""",
        after=_IMPORTED.format("Optional")
        + """class Net(nn.Module):
    def forward(self, x, how: Optional[str] = None):
        how = how if how is not None and (len(how) > 0 if torch.jit.is_scripting() else bool(how)) else "mean"
        return x.mean() if how in ("mean", "sum") else x
""",
    ),
    Fires(
        name="the state of an LSTM",
        before=_HEAD
        + """class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(4, 3)

    def forward(self, x, state=None):
        y, state = self.lstm(x, state)
        return y, state
""",
        after=_IMPORTED.format("Optional, Tuple")
        + """class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(4, 3)

    def forward(self, x, state: Optional[Tuple[torch.Tensor, torch.Tensor]] = None):
        y, state = self.lstm(x, state)
        return y, state
""",
        silent=True,
        entry="Net(), (torch.randn(2, 4),)",
    ),
    Fires(
        name="never used",
        before=_HEAD
        + """class Block(nn.Module):
    def forward(self, x, mask=None):
        return x + 1


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.block = Block()

    def forward(self, x):
        return self.block(x)
""",
        after=_IMPORTED.format("Optional")
        + """class Block(nn.Module):
    def forward(self, x, mask: Optional[torch.Tensor] = None):
        return x + 1


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.block = Block()

    def forward(self, x):
        return self.block(x)
""",
        entry="Net(), (torch.randn(2, 4),)",
    ),
    Declines(
        _HEAD
        + """class Net(nn.Module):
    def forward(self, x, how=None):
        if how is not None:
            print(how)
        return x
""",
        because="nothing shows what how is",
    ),
    Declines(
        _HEAD
        + """class Net(nn.Module):
    def forward(self, x, how=None):
        if how is None:
            y = x
        elif how == "mean":
            y = x + 1
        else:
            y = x + 2
        how = y.relu()
        return x @ how
""",
        because="nothing shows what how is",
    ),
    Declines(
        _HEAD
        + """class Net(nn.Module):
    def forward(self, x, batch=None):
        size = batch[-1] + 1
        return batch.new_ones(3) + size
""",
        because="as though it were always given",
    ),
    Declines(
        _HEAD
        + '''class Net(nn.Module):
    def forward(self, x, targets=None):
        """Args:
            targets (list[BoxList]): The boxes, if any.
        """
        if self.training and targets is None:
            raise ValueError("no targets")
        return x
''',
        because="nothing shows what targets is",
    ),
    Ignores(
        _HEAD2
        + """class Net(nn.Module):
    def forward(self, x, skip: Optional[torch.Tensor] = None, flag: bool = False):
        if skip is not None:
            x = x + skip
        return x
""",
        name="valid already",
    ),
    Ignores(
        _HEAD
        + """class Net(nn.Module):
    def __init__(self, act=None):
        super().__init__()
        self.act = act

    def forward(self, x):
        return x
""",
        name="not compiled",
    ),
)
