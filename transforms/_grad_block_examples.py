"""Examples of SF728."""

from __future__ import annotations

from scriptify.transform import Declines, Fires, Ignores

_HEAD = """import contextlib
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.frozen = True
        self.fc = nn.Linear(4, 4)

    def forward(self, x: torch.Tensor):
"""
_ENTRY = "Net(), (torch.randn(2, 4),)"
_SET = "    if torch.jit.is_scripting():\n        torch.set_grad_enabled({})\n"


def _net(body: str) -> str:
    return _HEAD + "".join(f"        {line}\n" for line in body.splitlines())


EXAMPLES = (
    Fires(
        _net("with torch.enable_grad():\n    y = self.fc(x)\nreturn y"),
        _net(
            "with (torch.no_grad() if torch.jit.is_scripting() else torch.enable_grad()):\n"
            + _SET.format("True")
            + "    y = self.fc(x)\nreturn y"
        ),
        entry=_ENTRY,
        name="gradients on",
    ),
    Fires(
        _net("with torch.set_grad_enabled(self.training):\n    return self.fc(x)"),
        _net(
            "with (torch.no_grad() if torch.jit.is_scripting() else torch.set_grad_enabled(self.training)):\n"
            + _SET.format("self.training")
            + "    return self.fc(x)"
        ),
        entry=_ENTRY,
        name="as a flag says",
    ),
    Fires(
        _net("with torch.no_grad() if self.frozen else contextlib.nullcontext():\n    y = self.fc(x)\nreturn y"),
        _net(
            "had_grad = torch.is_grad_enabled()\n"
            "with (torch.no_grad() if torch.jit.is_scripting() else torch.no_grad() if self.frozen else contextlib.nullcontext()):\n"
            + _SET.format("had_grad and not self.frozen")
            + "    y = self.fc(x)\nreturn y"
        ),
        entry=_ENTRY,
        name="by a condition",
    ),
    Fires(
        _net("ctx = contextlib.nullcontext() if self.training else torch.no_grad()\nwith ctx:\n    y = self.fc(x)\nreturn y"),
        _net(
            "had_grad = torch.is_grad_enabled()\n"
            "with (torch.no_grad() if torch.jit.is_scripting() else contextlib.nullcontext() if self.training else torch.no_grad()):\n"
            + _SET.format("had_grad and self.training")
            + "    y = self.fc(x)\nreturn y"
        ),
        entry=_ENTRY,
        name="under a name",
    ),
    Fires(
        _net("with torch.no_grad(), torch.autograd.set_detect_anomaly(True):\n    y = self.fc(x)\nreturn y"),
        _net(
            "with torch.no_grad(), (torch.profiler.record_function('set_detect_anomaly') if torch.jit.is_scripting() "
            "else torch.autograd.set_detect_anomaly(True)):\n    y = self.fc(x)\nreturn y"
        ),
        entry=_ENTRY,
        name="that watch",
    ),
    Declines(_net("with torch.set_grad_enabled(self.ask(x)):\n    y = x * 2\nreturn y"), because="before the block"),
    Declines(_net("with torch.enable_grad(), torch.no_grad():\n    y = x * 2\nreturn y"), because="another", name="two modes"),
    Declines(
        _net("with torch.enable_grad(), torch.no_grad() if self.frozen else contextlib.nullcontext():\n    y = x * 2\nreturn y"),
        because="another",
        name="two modes, one by a condition",
    ),
    Declines(_net("with torch.set_grad_enabled(*self.modes):\n    y = x * 2\nreturn y"), because="before the block", name="a star"),
    Fires(
        _net("with contextlib.nullcontext(x):\n    y = self.fc(x)\nreturn y"),
        _net(
            "with (torch.profiler.record_function('nullcontext') if torch.jit.is_scripting() else contextlib.nullcontext(x)):\n"
            "    y = self.fc(x)\nreturn y"
        ),
        entry=_ENTRY,
        name="a value that is only handed over",
    ),
    Fires(
        _net("with torch.cuda.nvtx.range(f'{x.dim()} of ' + str(self.frozen)):\n    y = self.fc(x)\nreturn y"),
        _net(
            "with (torch.profiler.record_function('range') if torch.jit.is_scripting() "
            "else torch.cuda.nvtx.range(f'{x.dim()} of ' + str(self.frozen))):\n    y = self.fc(x)\nreturn y"
        ),
        name="a label",
    ),
    Declines(_net("with contextlib.nullcontext(x.add_(1)):\n    y = x * 2\nreturn y"), because="computed", name="a null that computes"),
    Declines(_net("with contextlib.nullcontext(*x.add_(1)):\n    pass\nreturn x"), because="computed", name="a null of a star"),
    Declines(_net("with torch.cuda.nvtx.range(self.label(x)):\n    y = x * 2\nreturn y"), because="computed", name="a label's call"),
    Declines(_net("with contextlib.nullcontext(x * 2) as y:\n    x = x + y\nreturn x"), because="named", name="a null that is named"),
    Declines(
        _net("with torch.enable_grad(), contextlib.nullcontext(self.fc(x)) as y:\n    x = x + y\nreturn x"),
        because="another",
        name="computed under the mode",
    ),
    Declines(
        _net("with torch.enable_grad(), contextlib.nullcontext(x * 2) as y:\n    x = x + y\nreturn x"),
        because="another",
        name="arithmetic under the mode",
    ),
    Ignores(_net("with torch.no_grad():\n    y = x * 2\nreturn y")),
    Ignores(_net("with torch.set_grad_enabled(False):\n    y = x * 2\nreturn y"), name="another's"),
)
