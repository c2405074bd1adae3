"""Examples of the transform none-default whose result is an empty-tensor sentinel."""

from __future__ import annotations

from scriptify.transform import Example, Fires, Settings

_HEAD = "import torch\nfrom torch import nn\n\n\n"
_FUNCTIONAL = "import torch\nfrom torch import nn\nfrom torch.nn import functional as F\n\n\n"
_HEAD2 = "import torch\nfrom torch import nn\nfrom typing import List, Optional\n\n\n"


SENTINELS: tuple[Example, ...] = (
    Fires(
        name="skip connection",
        before=_HEAD
        + '''class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(4, 4)

    def forward(self, x, skip=None):
        """Args:
            skip (Tensor): Added to the result. Default: None.
        """
        out = self.fc(x)
        if skip is not None:
            out = out + skip
        return out
''',
        after=_HEAD
        + '''class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(4, 4)

    def forward(self, x, skip: torch.Tensor = torch.empty(0)):
        """Args:
            skip (Tensor): Added to the result. Default: None.
        """
        out = self.fc(x)
        if skip is not None and not (isinstance(skip, torch.Tensor) and skip.numel() == 0 and skip.dim() == 1):
            out = out + skip
        return out
''',
        entry="Net(), (torch.randn(2, 4),)",
        silent=True,
    ),
    Fires(
        name="through two levels, None at a call",
        before=_HEAD
        + """class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(4, 4)

    def forward(self, x, noise=None):
        x = self.fc(x)
        if noise == None:
            noise = torch.ones_like(x)
        x = x + 2 * noise
        return x


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.block = Block()

    def inner(self, x, noise=None):
        return self.block(x, noise)

    def forward(self, x, noise=None):
        x = self.inner(x, noise=None)
        return self.inner(x, noise=noise)
""",
        after=_HEAD
        + """class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(4, 4)

    def forward(self, x, noise: torch.Tensor = torch.empty(0)):
        x = self.fc(x)
        if noise is None or (isinstance(noise, torch.Tensor) and noise.numel() == 0 and noise.dim() == 1):
            noise = torch.ones_like(x)
        x = x + 2 * noise
        return x


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.block = Block()

    def inner(self, x, noise: torch.Tensor = torch.empty(0)):
        return self.block(x, noise)

    def forward(self, x, noise: torch.Tensor = torch.empty(0)):
        x = self.inner(x, noise=torch.empty(0))
        return self.inner(x, noise=noise)
""",
        entry="Net(), (torch.randn(2, 4),)",
    ),
    Fires(
        name="a local that is first None",
        before=_FUNCTIONAL
        + """def fuse(x, prev=None):
    x = F.interpolate(x, scale_factor=2.0)
    if prev is not None:
        x = x + prev.detach()
    return x


class Net(nn.Module):
    def forward(self, x):
        prev = None
        for _ in range(2):
            prev = fuse(x, prev)
            x = x + prev.mean()
        return x
""",
        after=_FUNCTIONAL
        + """def fuse(x, prev: torch.Tensor = torch.empty(0)):
    x = F.interpolate(x, scale_factor=2.0)
    if prev is not None and not (isinstance(prev, torch.Tensor) and prev.numel() == 0 and prev.dim() == 1):
        x = x + prev.detach()
    return x


class Net(nn.Module):
    def forward(self, x):
        prev = torch.empty(0)
        for _ in range(2):
            prev = fuse(x, prev)
            x = x + prev.mean()
        return x
""",
        entry="Net(), (torch.randn(2, 4, 3, 3),)",
    ),
    Fires(
        name="asked for: a valid Optional becomes a sentinel",
        before=_HEAD2
        + """class Net(nn.Module):
    def forward(self, x, skip: Optional[torch.Tensor] = None):
        y = x if skip is None else torch.cat([x, skip])
        return y
""",
        after=_HEAD2
        + """class Net(nn.Module):
    def forward(self, x, skip: torch.Tensor = torch.empty(0)):
        y = x if skip is None or (isinstance(skip, torch.Tensor) and skip.numel() == 0) else torch.cat([x, skip])
        return y
""",
        settings=Settings(none_default="sentinel"),
    ),
)
