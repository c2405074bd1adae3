"""Examples of the transform typed-empty."""

from __future__ import annotations

from scriptify.facts.model import Observed
from scriptify.transform import Declines, Example, Fires, Ignores

_HEAD = "import torch\nfrom torch import nn\n\n\n"
_LIST = "import torch\nfrom torch import nn\nfrom typing import {}\n\n\n"
_NET = "class Net(nn.Module):\n"

EXAMPLES: tuple[Example, ...] = (
    Fires(
        name="ints appended",
        before=_HEAD
        + _NET
        + """    def forward(self, x):
        sizes = []
        for i in range(x.shape[0]):
            sizes.append(x.shape[1] + i)
        return x + sizes[0]
""",
        after=_LIST.format("List")
        + _NET
        + """    def forward(self, x):
        sizes: List[int] = []
        for i in range(x.shape[0]):
            sizes.append(x.shape[1] + i)
        return x + sizes[0]
""",
        entry="Net(), (torch.randn(2, 4),)",
    ),
    Fires(
        name="pairs, two lists at once, and a dict",
        before=_HEAD
        + _NET
        + """    def forward(self, x):
        pairs, names = [], []
        at = {}
        pairs.append((x, torch.relu(x)))
        names.append('a')
        at[len(names)] = x
        return pairs[0][1] + at[1]
""",
        after=_LIST.format("Dict, List, Tuple")
        + _NET
        + """    def forward(self, x):
        pairs, names = torch.jit.annotate(List[Tuple[torch.Tensor, torch.Tensor]], []), torch.jit.annotate(List[str], [])
        at: Dict[int, torch.Tensor] = {}
        pairs.append((x, torch.relu(x)))
        names.append('a')
        at[len(names)] = x
        return pairs[0][1] + at[1]
""",
        entry="Net(), (torch.randn(2, 4),)",
    ),
    Fires(
        name="a list of None, filled",
        before=_HEAD
        + _NET
        + """    def forward(self, x, n: int = 3):
        outs = [None] * n
        outs[1] = torch.relu(x)
        first = outs[1]
        return x if first is None else first
""",
        after=_LIST.format("List, Optional")
        + _NET
        + """    def forward(self, x, n: int = 3):
        outs = torch.jit.annotate(List[Optional[torch.Tensor]], [None]) * n
        outs[1] = torch.relu(x)
        first = outs[1]
        return x if first is None else first
""",
        entry="Net(), (torch.randn(2, 4),)",
    ),
    Fires(
        name="assigned to a parameter of a known type",
        before=_LIST.format("List, Optional")
        + _NET
        + """    def forward(self, x, noise: Optional[List[Optional[torch.Tensor]]] = None, fresh: bool = True):
        if noise is None:
            if fresh:
                noise = [None] * 2
            else:
                noise = [torch.zeros_like(x) for _ in range(2)]
        first = noise[0]
        return x if first is None else x + first
""",
        after=_LIST.format("List, Optional")
        + _NET
        + """    def forward(self, x, noise: Optional[List[Optional[torch.Tensor]]] = None, fresh: bool = True):
        if noise is None:
            if fresh:
                noise = torch.jit.annotate(List[Optional[torch.Tensor]], [None]) * 2
            else:
                noise = torch.jit.annotate(List[Optional[torch.Tensor]], [torch.zeros_like(x) for _ in range(2)])
        first = noise[0]
        return x if first is None else x + first
""",
        entry="Net(), (torch.randn(2, 4),)",
    ),
    Fires(
        name="emptied again in a loop",
        before=_HEAD
        + _NET
        + """    def forward(self, x):
        seen = []
        for i in range(3):
            if len(seen) > 1:
                seen = []
            seen.append(i)
        return x + len(seen)
""",
        after=_LIST.format("List")
        + _NET
        + """    def forward(self, x):
        seen: List[int] = []
        for i in range(3):
            if len(seen) > 1:
                seen = torch.jit.annotate(List[int], [])
            seen.append(i)
        return x + len(seen)
""",
        entry="Net(), (torch.randn(2, 4),)",
    ),
    Fires(
        name="a type seen in a run",
        before=_HEAD
        + """class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.names = ['a', 'b']

    def forward(self, x):
        kept = []
        for name in self.names:
            kept.append(name)
        return x + len(kept)
""",
        after=_LIST.format("List")
        + """class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.names = ['a', 'b']

    def forward(self, x):
        kept: List[str] = []
        for name in self.names:
            kept.append(name)
        return x + len(kept)
""",
        observed=Observed(locals={"Net.forward": {"kept": "List[str]"}}),
        entry="Net(), (torch.randn(2, 4),)",
    ),
    Declines(
        _HEAD
        + _NET
        + """    def forward(self, x):
        found = []
        found.append(x + 1)
        found.append('a')
        return x
""",
        because="values of several types",
    ),
    Ignores(
        _HEAD
        + _NET
        + """    def forward(self, x):
        outs = []
        table = {}
        for i in range(2):
            outs.append(torch.relu(x))
            table['a'] = outs[0] + i
        empty = [None] * 2
        return torch.cat(outs) + len(empty) + len(table)
""",
    ),
    Fires(
        name="what may be None where it is appended",
        before=_LIST.format("List, Optional")
        + _NET
        + """    def forward(self, x, mask: Optional[torch.Tensor] = None):
        kept = []
        kept.append(mask)
        first = kept[0]
        return x if first is None else x + first
""",
        after=_LIST.format("List, Optional")
        + _NET
        + """    def forward(self, x, mask: Optional[torch.Tensor] = None):
        kept: List[Optional[torch.Tensor]] = []
        kept.append(mask)
        first = kept[0]
        return x if first is None else x + first
""",
        entry="Net(), (torch.randn(2, 4),)",
    ),
    Ignores(
        _LIST.format("Optional")
        + _NET
        + """    def forward(self, x: Optional[torch.Tensor] = None, mask: Optional[torch.Tensor] = None):
        if x is None:
            x = torch.ones(2, 3)
        outs = []
        for _ in range(2):
            x = torch.relu(x)
            outs.append(x)
        if mask is not None:
            outs.append(mask)
        return torch.cat(outs)
""",
        name="no longer None where it is appended",
    ),
    Ignores(
        _HEAD
        + """class Box:
    def __init__(self, values):
        self.values = values


class Net(nn.Module):
    def forward(self, x, boxes):
        totals = [box.total() for box in boxes]
        results = []
        for total in totals:
            box = Box(total)
            results.append(box)
        return results
""",
        name="instances, by a name that a comprehension has as well",
    ),
)
