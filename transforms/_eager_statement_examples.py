"""Examples of SF715."""

from __future__ import annotations

from scriptify.transform import Declines, Fires, Ignores

_HEAD = """import logging
import time

import torch
from torch import nn

logger = logging.getLogger(__name__)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.log = logging.getLogger('net')

    def forward(self, x: torch.Tensor):
"""
_ENTRY = "Net(), (torch.randn(2, 3),)"


def _net(body: str) -> str:
    return _HEAD + "".join(f"        {line}\n" for line in body.splitlines())


EXAMPLES: tuple[Fires | Declines | Ignores, ...] = (
    Fires(
        _net("logger.info('shape %s', x.shape)  # told\nself.log.warning('hi')\nreturn x"),
        _net(
            "if not torch.jit.is_scripting():\n    logger.info('shape %s', x.shape)  # told\n"
            "if not torch.jit.is_scripting():\n    self.log.warning('hi')\nreturn x"
        ),
        entry=_ENTRY,
        name="loggers",
    ),
    Fires(
        _net("t = time.time()\ny = x * 2\nspent = time.time() - t\nprint(spent)\nreturn y"),
        _net(
            "t = (0.0 if torch.jit.is_scripting() else time.time())\ny = x * 2\n"
            "spent = (0.0 if torch.jit.is_scripting() else time.time()) - t\nprint(spent)\nreturn y"
        ),
        entry=_ENTRY,
        name="clocks",
    ),
    Fires(
        _net("if os.environ.get('DEBUG'):\n    print(x.shape)\nif x.dim() == 3:\n    pdb.set_trace()\nreturn x").replace(
            "import time\n", "import os\nimport pdb\n"
        ),
        _net(
            "if not torch.jit.is_scripting():\n    if os.environ.get('DEBUG'):\n        print(x.shape)\n"
            "if x.dim() == 3:\n    if not torch.jit.is_scripting():\n        pdb.set_trace()\nreturn x"
        ).replace("import time\n", "import os\nimport pdb\n"),
        entry=_ENTRY,
        name="the environment and the debugger",
    ),
    Declines(_net("if os.environ.get('TWICE'):\n    x = x * 2\nreturn x").replace("import time", "import os"), because="read it once"),
    Declines(
        _net("if os.environ.pop('TOLD'):\n    print(x)\nreturn x").replace("import time", "import os"),
        because="more than asking",
        name="a condition with an effect",
    ),
    Declines(
        _net("if (n := os.environ.get('TOLD')):\n    print(n)\nreturn x if n else -x").replace("import time", "import os"),
        because="more than asking",
        name="a condition that assigns",
    ),
    Declines(_net("return x, time.time()"), because="used for more"),
    *(
        Declines(_net(f"t = time.time()\n{line}\nreturn x"), because="used for more", name=line)
        for line in (
            *("t and self.step()", "print(t or self.step())", "[self.step() for v in [x] if t]", "[self.step(v) for v in [t]]"),
            *("print(d := time.time() - t)\nx = x * d", "print(1 / (time.time() - t))", "print(3 ** -t, 2 % t)", "print(x * t)"),
            *("print([x, x + 1][int(t)])", "f = lambda: self.step(t)", "while t:\n    break", "if not t:\n    x = x + 1"),
            *("n = not t\nprint(n)", "x = x + t", "x += t", "for i in range(int(t)):\n    x = x + i", "assert t"),
        )
    ),
    Fires(
        _net("t = time.time()\nprint('%.1f s' % (time.time() - t), f'{t:.2f}', [t / 60][0], {'at': t})\nreturn x"),
        _net(
            "t = (0.0 if torch.jit.is_scripting() else time.time())\n"
            "print('%.1f s' % ((0.0 if torch.jit.is_scripting() else time.time()) - t), f'{t:.2f}', [t / 60][0], {'at': t})\nreturn x"
        ),
        name="in parts of a message",
    ),
    Declines(_net("logger.info(self.step(x))\nreturn x"), because="does more"),
    Ignores(_net("print(x.size(0))\nreturn x")),
)
