"""Examples of the transform parameter-annotation."""

from __future__ import annotations

from scriptify.facts.model import Observed
from scriptify.transform import Declines, Example, Fires, Ignores

_HEAD = "import torch\nfrom torch import nn\n\n\n"
_LIST = "import torch\nfrom torch import nn\nfrom typing import List\n\n\n"

EXAMPLES: tuple[Example, ...] = (
    Fires(
        name="defaults",
        before=_HEAD
        + """class Net(nn.Module):
    def forward(self, x, inference=False, eps=1e-5, mode='sum', times=-2):
        if inference and mode == 'sum':
            x = x * times
        return x + eps
""",
        after=_HEAD
        + """class Net(nn.Module):
    def forward(self, x, inference: bool = False, eps: float = 1e-5, mode: str = 'sum', times: int = -2):
        if inference and mode == 'sum':
            x = x * times
        return x + eps
""",
        entry="Net(), (torch.randn(2, 4), True)",
    ),
    Fires(
        name="types seen in a run",
        before=_HEAD
        + """class Net(nn.Module):
    def forward(self, xs, inference, scale=1):
        x = xs[0] * scale
        return x if inference else x + 1
""",
        after=_LIST
        + """class Net(nn.Module):
    def forward(self, xs: List[torch.Tensor], inference: bool, scale: float = 1):
        x = xs[0] * scale
        return x if inference else x + 1
""",
        observed=Observed(parameters={"Net.forward": {"xs": "List[Tensor]", "inference": "bool", "scale": "float"}}),
        entry="Net(), ([torch.randn(2, 4)], True, 0.5)",
    ),
    Fires(
        name="None in the run, something else where it is used",
        before=_HEAD
        + """class Net(nn.Module):
    def forward(self, x, mask):
        if mask is None:
            return x * 2
        return x + mask[:, None].softmax(0).sum(1)
""",
        after=_LIST.replace("List", "Optional")
        + """class Net(nn.Module):
    def forward(self, x, mask: Optional[torch.Tensor]):
        if mask is None:
            return x * 2
        return x + mask[:, None].softmax(0).sum(1)
""",
        observed=Observed(parameters={"Net.forward": {"x": "Tensor", "mask": "NoneType"}}),
        entry="Net(), (torch.randn(2, 4), None)",
    ),
    Declines(
        _HEAD
        + """class Net(nn.Module):
    def forward(self, x, extra):
        return x * 2
""",
        observed=Observed(parameters={"Net.forward": {"x": "Tensor", "extra": "NoneType"}}),
        because="was only ever None",
        name="None in the run and no use",
    ),
    Fires(
        name="by the calls",
        before=_HEAD
        + """def windows(x, size, shift: bool):
    b = x.shape[0]
    x = x.view(b, -1, size)
    return x.flip(1) if shift else x


class Constant(nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(1, 4))

    def forward(self, batch):
        return self.weight.repeat(batch, 1)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.constant = Constant()

    def forward(self, x):
        return windows(x + self.constant(x.shape[0]), 2, False)
""",
        after=_HEAD
        + """def windows(x, size: int, shift: bool):
    b = x.shape[0]
    x = x.view(b, -1, size)
    return x.flip(1) if shift else x


class Constant(nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(1, 4))

    def forward(self, batch: int):
        return self.weight.repeat(batch, 1)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.constant = Constant()

    def forward(self, x):
        return windows(x + self.constant(x.shape[0]), 2, False)
""",
        entry="Net(), (torch.randn(2, 4),)",
    ),
    Fires(
        name="by use and by docstring",
        before=_HEAD
        + '''class Net(nn.Module):
    def forward(self, xs, n, names):
        """Args:
            names (list[str]): What to do.
        """
        x = torch.cat(xs, dim=1)
        for _ in range(n):
            x = x + len(names)
        return x
''',
        after=_LIST
        + '''class Net(nn.Module):
    def forward(self, xs: List[torch.Tensor], n: int, names: List[str]):
        """Args:
            names (list[str]): What to do.
        """
        x = torch.cat(xs, dim=1)
        for _ in range(n):
            x = x + len(names)
        return x
''',
        entry="Net(), ([torch.randn(2, 4)], 2, ['a'])",
    ),
    Fires(
        name="sequences and constants of torch",
        before=_HEAD
        + """class Net(nn.Module):
    def forward(self, x, dims=[0, 1], size=(2, 2), dtype=torch.float64):
        return x.sum(dims).to(dtype) + size[0]
""",
        after=_LIST.replace("List", "List, Tuple")
        + """class Net(nn.Module):
    def forward(self, x, dims: List[int] = (0, 1), size: Tuple[int, int] = (2, 2), dtype: torch.dtype = torch.float64):
        return x.sum(dims).to(dtype) + size[0]
""",
        entry="Net(), (torch.randn(2, 4),)",
    ),
    Declines(
        _HEAD
        + """class Block(nn.Module):
    def forward(self, x, again):
        return x * 2


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.block = Block()

    def forward(self, x):
        return self.block(x, True)
""",
        because="the function never reads it",
        name="a flag that nothing reads",
    ),
    Declines(
        _HEAD
        + """class Net(nn.Module):
    def forward(self, x, sizes=[]):
        sizes.append(1)
        return x * len(sizes)
""",
        because="the compiler takes no list",
    ),
    Declines(
        _HEAD
        + """class Net(nn.Module):
    def forward(self, x, act=torch.relu):
        return act(x)
""",
        because="the type of the default of act is not known",
    ),
    Declines(
        _HEAD
        + """class Net(nn.Module):
    def forward(self, x, scale=1):
        return x * scale
""",
        because="no one type takes both",
        observed=Observed(parameters={"Net.forward": {"x": "Tensor", "scale": "Union[Tensor, str]"}}),
    ),
    Ignores(
        _HEAD
        + """class Net(nn.Module):
    def forward(self, x, flag: bool = False, rest=torch.zeros(1)):
        return x if flag else x + rest
""",
    ),
    Ignores(
        _HEAD
        + """class Net(nn.Module):
    def forward(self, x, flag=False):
        # type: (Tensor, bool) -> Tensor
        return x if flag else x + 1
""",
        name="a type comment",
    ),
    Ignores(
        _HEAD
        + """class Net(nn.Module):
    def __init__(self, width=4):
        super().__init__()
        self.fc = nn.Linear(width, width)

    def forward(self, x):
        return self.fc(x)
""",
        name="not compiled",
    ),
    Fires(
        name="an int that is handed on to a float",
        before=_HEAD
        + """class Sampler(nn.Module):
    def forward(self, x, tau: float = 1.0):
        return x / tau


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.sampler = Sampler()

    def forward(self, x, tau=1):
        return self.sampler(x, tau)
""",
        after=_HEAD
        + """class Sampler(nn.Module):
    def forward(self, x, tau: float = 1.0):
        return x / tau


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.sampler = Sampler()

    def forward(self, x, tau: float = 1):
        return self.sampler(x, tau)
""",
        entry="Net(), (torch.randn(2, 4),)",
    ),
    Declines(
        _HEAD
        + """def smooth(pred, target, beta):
    val = (target - pred).abs()
    return torch.where(val < beta, 0.5 / beta * val, val - 0.5 * beta)


class Loss(nn.Module):
    def forward(self, a, b, average: bool = True):
        return smooth(a, b, average)
""",
        because="every call passes bool for beta, but line 7 reckons with it",
    ),
)
