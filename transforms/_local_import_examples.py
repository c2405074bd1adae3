"""Examples of SF725."""

from __future__ import annotations

from scriptify.transform import Declines, Fires, Ignores

_HEAD = """import math

import torch
from torch import nn


class Net(nn.Module):
    def forward(self, x: torch.Tensor):
"""
_ENTRY = "Net(), (torch.randn(2, 4),)"


def _net(body: str, head: str = _HEAD) -> str:
    return head + "".join(f"        {line}\n" for line in body.splitlines())


EXAMPLES: tuple[Fires | Declines | Ignores, ...] = (
    Fires(
        _net(
            "import torch.nn.functional as F\nreturn F.relu(x)",
            _HEAD.replace("import nn\n", "import nn\nfrom torch.nn import functional as F\n"),
        ),
        _net("return F.relu(x)", _HEAD.replace("import nn\n", "import nn\nfrom torch.nn import functional as F\n")),
        entry=_ENTRY,
        name="a short name that the file has already",
    ),
    Fires(
        _net("from math import sqrt\nreturn x * sqrt(4.0)"),
        _net("return x * math.sqrt(4.0)"),
        entry=_ENTRY,
        name="a function",
    ),
    Fires(
        _net("import math\nif x.dim() == 2:\n    x = x * math.sqrt(4.0)\nreturn x", _HEAD.removeprefix("import math\n\n")),
        _net(
            "if x.dim() == 2:\n    x = x * math.sqrt(4.0)\nreturn x",
            _HEAD.removeprefix("import math\n\n").replace("from torch import nn\n", "from torch import nn\nimport math\n"),
        ),
        entry=_ENTRY,
        name="a module",
    ),
    Fires(
        _net("import torch.nn.functional as F, math as m\nfrom math import pi\nreturn F.relu(x) * m.sqrt(4.0) * pi"),
        _net("return nn.functional.relu(x) * math.sqrt(4.0) * math.pi"),
        entry=_ENTRY,
        name="aliases",
    ),
    Fires(
        _net("if x.dim() == 3:\n    import math\n    x = x * math.pi\nreturn x"),
        _net("if x.dim() == 3:\n    x = x * math.pi\nreturn x"),
        entry=_ENTRY,
        name="in a branch",
    ),
    Declines(_net("from mine import helper\nreturn helper(x)"), because="import it at the top", name="a project's module"),
    Declines(_net("y = x * math.pi\nimport math\nreturn y"), because="before"),
    Declines(_net("try:\n    import math\nexcept ImportError:\n    x = x + 1\nreturn x"), because="try"),
    Declines(_net("import numpy as np\nreturn x * np.pi"), because="installed", name="not part of torch"),
    Declines(_net("from torch.utils.tensorboard import Writer\nreturn x"), because="installed", name="what torch leaves out"),
    Declines(_net("import fcntl\nreturn x"), because="installed", name="of some systems"),
    Declines(_net("import a.b\nreturn x", _HEAD.replace("import math", "import a")), because="installed", name="below another"),
    Declines(_net("from a import b\nreturn b(x)", _HEAD.replace("import math", "import a")), because="module of its own"),
    Declines(
        _net("import math\nreturn x * math.pi", _HEAD.replace("import math\n\n", "").replace("nn\n", "nn\n\nmath = 4\n", 1)),
        because="means something else",
        name="a name of the file's own",
    ),
    *(
        Declines(
            _net(body, _HEAD.replace("from torch import nn\n", f"from torch import nn\n{more}\n")),
            because="means something else",
            name=more,
        )
        for more in (
            *("math = 4", "def math(): pass", "for math in (): pass", "del math", "from mine import math", "from mine import *"),
            *("import numpy as math", "if nn:\n    math = 4", "def f():\n    global math\n    math = 4"),
        )
        for body in ("import math\nreturn x * math.pi", "from math import pi\nreturn x * pi")
    ),
    Fires(
        _net("import math\nreturn x * math.pi", _HEAD.replace("import math\n", "from mine import *\nimport math\n")),
        _net("return x * math.pi", _HEAD.replace("import math\n", "from mine import *\nimport math\n")),
        name="below a star import",
    ),
    Declines(_net("from math import pi\nreturn x * (lambda math: pi)(1)"), because="means something else", name="a lambda's own"),
    Declines(_net("from math import pi\nprint(f'{pi=}')\nreturn x"), because="spells"),
    Declines(_net("if x.dim() == 3:\n    import math\nelif x.dim() == 4:\n    import math\nreturn x * math.pi"), because="before"),
    Declines(_net("if x.dim() == 3: import math\nreturn x"), because="shares its line"),
    Fires(
        _net("from xml import etree\nreturn x"),
        _net("return x", _HEAD.replace("from torch import nn\n", "from torch import nn\nimport xml.etree\n")),
        name="a module from a package",
    ),
    Ignores("def f(x):\n    from math import sqrt\n    return sqrt(x)\n", name="not compiled"),
)
