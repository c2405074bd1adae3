"""Examples of the transform wrong-annotation."""

from __future__ import annotations

from scriptify.facts.model import Observed
from scriptify.transform import Declines, Example, Fires, Ignores

_HEAD = "import torch\nfrom torch import Tensor, nn\nfrom typing import {}\n\n\n"
_NET = "class Net(nn.Module):\n"
_SCALED = "def scaled(x, by: Optional[float] = None):\n    return x if by is None else x * by\n\n\n" + _NET
_SHIFTED = (
    "def shifted(x, shift: Optional[Tensor] = None, by: Optional[float] = None):\n"
    "    if by is not None:\n        x = x * by\n    return x if shift is None else x + shift\n\n\n" + _NET
)
_TWO = "    def forward(self, x, shift: Optional[Tensor] = None, by: Optional[{}] = None):\n        return shifted(x, shift, by)\n"

EXAMPLES: tuple[Example, ...] = (
    Fires(
        name="sequences of any length",
        before=_HEAD.format("List, Optional, Sequence, Tuple")
        + _NET
        + """    def forward(self, xs: Tuple[Tensor, ...], n: Sequence[int] = (1, 2), m: Optional[Sequence[int]] = None) -> tuple:
        return xs[0] * n[0], xs[0] * n[1]
""",
        after=_HEAD.format("List, Optional, Sequence, Tuple")
        + _NET
        + """    def forward(self, xs: List[Tensor], n: List[int] = (1, 2), m: Optional[List[int]] = None):
        return xs[0] * n[0], xs[0] * n[1]
""",
        entry="Net(), ((torch.randn(2, 4), torch.randn(2, 4)),)",
    ),
    Fires(
        name="a wrong return",
        before=_HEAD.format("Optional")
        + _NET
        + """    def forward(self, x) -> int:
        y = torch.relu(x)
        return y + 1
""",
        after=_HEAD.format("Optional")
        + _NET
        + """    def forward(self, x):
        y = torch.relu(x)
        return y + 1
""",
        entry="Net(), (torch.randn(2, 4),)",
        silent=True,
    ),
    Fires(
        name="a return that is no type",
        before=_HEAD.format("Optional")
        + _NET
        + """    def forward(self, x) -> nn.Module:
        return x + 1
""",
        after=_HEAD.format("Optional")
        + _NET
        + """    def forward(self, x):
        return x + 1
""",
        entry="Net(), (torch.randn(2, 4),)",
    ),
    Fires(
        name="module classes in the class body",
        before=_HEAD.format("Callable, Optional")
        + _NET
        + """    act: Callable[[Tensor], Tensor]
    fc: nn.Linear
    down: Optional[nn.Module] = None
    width: int

    def __init__(self):
        super().__init__()
        self.width = 4
        self.fc = nn.Linear(4, self.width)
        self.act = nn.ReLU()
        self.down = None

    def forward(self, x):
        x = self.act(self.fc(x))
        return x if self.down is None else self.down(x)
""",
        after=_HEAD.format("Callable, Optional")
        + _NET
        + """    down = None
    width: int

    def __init__(self):
        super().__init__()
        self.width = 4
        self.fc = nn.Linear(4, self.width)
        self.act = nn.ReLU()
        self.down = None

    def forward(self, x):
        x = self.act(self.fc(x))
        return x if self.down is None else self.down(x)
""",
        entry="Net(), (torch.randn(2, 4),)",
    ),
    Fires(
        name="what a run has shown",
        before=_HEAD.format("List")
        + _NET
        + """    def forward(self, xs: list, flag: Tensor, pair: Tensor = None) -> Tensor:
        x = xs[0]
        return (x, x) if flag else (x, xs[1])
""",
        after=_HEAD.format("List, Optional, Tuple")
        + _NET
        + """    def forward(self, xs: List[Tensor], flag: bool, pair: Optional[Tuple[Tensor, int]] = None):
        x = xs[0]
        return (x, x) if flag else (x, xs[1])
""",
        observed=Observed(
            parameters={"Net.forward": {"xs": "List[Tensor]", "flag": "bool", "pair": "Optional[Tuple[Tensor, int]]"}},
            returns={"Net.forward": "Tuple[Tensor, Tensor]"},
        ),
        entry="Net(), ([torch.randn(2, 4), torch.randn(2, 4)], True)",
    ),
    Fires(
        name="None passed for a float",
        before=_HEAD.format("List")
        + """def drop(x, rate: float = 0.0, training: bool = False):
    return x if not training else x * 2


"""
        + _NET
        + """    def forward(self, x):
        return drop(x, None, self.training)
""",
        after=_HEAD.format("List, Optional")
        + """def drop(x, rate: Optional[float] = 0.0, training: bool = False):
    return x if not training else x * 2


"""
        + _NET
        + """    def forward(self, x):
        return drop(x, None, self.training)
""",
        observed=Observed(parameters={"drop": {"x": "Tensor", "rate": "NoneType", "training": "bool"}}),
        entry="Net(), (torch.randn(2, 4),)",
    ),
    Fires(
        name="more than it ever is",
        before=_HEAD.format("Any, Union")
        + _NET
        + """    def forward(self, x: Any, y: Union[Tensor, float], z: Union[Tensor, int] = 2):
        return x - y + z
""",
        after=_HEAD.format("Any, Union")
        + _NET
        + """    def forward(self, x: Any, y: Tensor, z: Union[Tensor, int] = 2):
        return x - y + z
""",
        observed=Observed(parameters={"Net.forward": {"x": "Tensor", "y": "Tensor", "z": "Union[Tensor, int]"}}),
        focus="Expected a value of type 'Tensor' for argument 'other' but instead found type 'Union[Tensor, float]'",
        at="return x - y",
    ),
    Fires(
        name="anything at all",
        before=_HEAD.format("Any") + _NET + "    def forward(self, x: Any):\n        return torch.relu(x)\n",
        after=_HEAD.format("Any") + _NET + "    def forward(self, x: Tensor):\n        return torch.relu(x)\n",
        observed=Observed(parameters={"Net.forward": {"x": "Tensor"}}),
        entry="Net(), (torch.randn(2, 4),)",
        focus="Expected a value of type 'Tensor' for argument 'self' but instead found type 'Any'",
        at="torch.relu",
    ),
    Fires(
        name="never given, and handed on as something else",
        before=_HEAD.format("Optional")
        + _SCALED
        + "    def forward(self, x, by: Optional[Tensor] = None):\n        return scaled(x, by)\n",
        after=_HEAD.format("Optional") + _SCALED + "    def forward(self, x, by: Optional[float] = None):\n        return scaled(x, by)\n",
        observed=Observed(parameters={"Net.forward": {"x": "Tensor", "by": "NoneType"}}),
        entry="Net(), (torch.randn(2, 4),)",
        focus="Expected a value of type 'Optional[float]' for argument 'by' but instead found type 'Optional[Tensor]'",
        at="scaled(x, by)",
    ),
    Fires(
        name="of two that are handed on, the one that the message names",
        before=_HEAD.format("Optional") + _SHIFTED + _TWO.format("Tensor"),
        after=_HEAD.format("Optional") + _SHIFTED + _TWO.format("float"),
        observed=Observed(parameters={"Net.forward": {"x": "Tensor", "by": "NoneType", "shift": "NoneType"}}),
        entry="Net(), (torch.randn(2, 4),)",
        focus="shifted(Tensor x, Tensor? shift=None, float? by=None) -> Tensor:\n"
        "Expected a value of type 'Optional[float]' for argument 'by' but instead found type 'Optional[Tensor]'",
        at="shifted(x, shift, by)",
    ),
    Ignores(
        _HEAD.format("Any") + _NET + "    def forward(self, x, y: Any):\n        return x\n",
        observed=Observed(parameters={"Net.forward": {"x": "Tensor", "y": "Tensor"}}),
        name="of no consequence",
    ),
    Declines(
        _HEAD.format("Callable")
        + _NET
        + """    def forward(self, x, act: Callable[[Tensor], Tensor]):
        return act(x)
""",
        because="the compiler has no type Callable",
    ),
    Ignores(
        _HEAD.format("Dict, List, Optional, Tuple, Union")
        + """OptionalTensor = Optional[Tensor]


class Net(nn.Module):
    width: int

    def __init__(self):
        super().__init__()
        self.width = 4

    def forward(self, x: 'Tensor', a: OptionalTensor = None, b: Tensor | None = None, c: Tuple[int, int] = (1, 2)) -> Dict[str, Tensor]:
        return {'x': x * c[0]}
""",
    ),
)
