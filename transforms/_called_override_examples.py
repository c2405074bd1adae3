"""Examples of SF905."""

from __future__ import annotations

from scriptify.transform import Declines, Example, Fires, Ignores

_HEAD = "import functools\n\nimport torch\nfrom torch import nn\n\n\n"
_ENTRY = "Net(), (torch.randn(2, 3),)"
_PLUS = """def plus1(fn):
    @functools.wraps(fn)
    def w({params}):
        y = fn({passed})
        return y + 1  # more

    return w


class Net(nn.Module):
    @plus1
    def forward(self, x):
        \"\"\"Twice.\"\"\"
        return x * 2
"""
_PLUS_AFTER = """def plus1(fn):
    @functools.wraps(fn)
    def w({params}):
        y = fn({passed})
        return y + 1  # more

    return w


class Net(nn.Module):
    @plus1
    def forward(self, x):
        if torch.jit.is_scripting():
            return self._forward_called(x)
        return self._forward_own(x)

    def _forward_own(self, x):
        \"\"\"Twice.\"\"\"
        return x * 2

    def _forward_called(self, x):
        y = self._forward_own(x)
        return y + 1  # more
"""
_CALL = """class Net(nn.Module):
    def forward(self, x):
        return x + 1

    def __call__({params}):
        return {inner} * 2
"""
_CALL_AFTER = """class Net(nn.Module):
    def forward(self, x):
        if torch.jit.is_scripting():
            return self._forward_called(x)
        return self._forward_own(x)

    def _forward_own(self, x):
        return x + 1

    def _forward_called(self, x):
        return self._forward_own(x) * 2

    def __call__({params}):
        return {inner} * 2
"""

_WEIGHTED = """def weighted(loss_func):
    @functools.wraps(loss_func)
    def wrapper(pred, target, weight=None, reduction="mean", **kwargs):
        loss = loss_func(pred, target, **kwargs)
        if weight is not None:
            loss = loss * weight
        return loss.mean() if reduction == "mean" else loss  # or as it is

    return wrapper


@weighted
def l1_loss(pred, target, beta=1.0):
    return (pred - target).abs() * beta
"""
_TWIN = """

_l1_loss_own = l1_loss.__wrapped__


def _l1_loss_called(pred, target, weight: Optional[torch.Tensor] = None, reduction: str = "mean", beta: float = 1.0):
    loss = _l1_loss_own(pred, target, beta=beta)
    if weight is not None:
        loss = loss * weight
    return loss.mean() if reduction == "mean" else loss  # or as it is


l1_loss.__wrapped__ = _l1_loss_called  # what TorchScript compiles in its place
"""
_LOSS = """

class Loss(nn.Module):
    def forward(self, pred, target):
        return l1_loss(pred, target, pred, reduction="none") + l1_loss(pred, target)
"""
_OPTIONAL = _HEAD.replace("from torch import nn\n", "from torch import nn\nfrom typing import Optional\n")


def _called(params: str, inner: str, name: str) -> Fires:
    before, after = (_HEAD + text.format(params=params, inner=inner) for text in (_CALL, _CALL_AFTER))
    return Fires(before, after, entry=_ENTRY, silent=True, name=name)


def _decorated(params: str, passed: str, name: str) -> Fires:
    before, after = (_HEAD + text.format(params=params, passed=passed) for text in (_PLUS, _PLUS_AFTER))
    return Fires(before, after, entry=_ENTRY, silent=True, name=name)


EXAMPLES: tuple[Example, ...] = (
    _called("self, x", "self.forward(x)", "a __call__"),
    _called("self, *args, **kwargs", "super().__call__(*args, **kwargs)", "a __call__ that passes everything on"),
    _decorated("self, x", "self, x", "a decorator"),
    _decorated("self, *args, **kwargs", "self, *args, **kwargs", "a decorator for any method"),
    _decorated("*args, **kwargs", "*args, **kwargs", "a decorator for anything"),
    Fires(
        _HEAD + _WEIGHTED + _LOSS,
        _OPTIONAL + _WEIGHTED + _TWIN + _LOSS,
        silent=True,
        name="a decorator that adds parameters to those of the function",
    ),
    Fires(
        _HEAD + _WEIGHTED.replace(", beta=1.0", "").replace(" * beta", "") + _LOSS,
        _OPTIONAL
        + (_WEIGHTED + _TWIN).replace(", beta=1.0", "").replace(" * beta", "").replace(", beta: float = 1.0", "").replace(", beta=beta", "")
        + _LOSS,
        entry="Loss(), (torch.randn(2, 3), torch.randn(2, 3))",
        silent=True,
        name="a decorator that adds parameters",
    ),
    Declines(
        _HEAD + _WEIGHTED + _LOSS + "\n\ndef each(pred, target):\n    return l1_loss.__wrapped__(pred, target)\n",
        because="looks behind decorators",
    ),
    Declines(
        _HEAD + _WEIGHTED.replace("loss_func(pred, target, **kwargs)", "loss_func(pred, target, **dict(kwargs))") + _LOSS,
        because="passes other arguments on",
    ),
    Declines(_HEAD + _WEIGHTED.replace("pred, target, beta=1.0", "pred, target, beta") + _LOSS, because="beta has no default"),
    Declines(
        _HEAD + _CALL.format(params="self, x, n=2", inner="self.forward(x, n)").replace("forward(self, x)", "forward(self, x, n=1)"),
        because="another default",
    ),
    Declines(
        _HEAD
        + _CALL.format(params="self, x", inner="self.forward(x)").replace("    def __call__", "    @torch.no_grad()\n    def __call__"),
        because="is decorated itself",
    ),
    Declines(
        _HEAD + _PLUS.format(params="self, x", passed="self, x").replace("    def w", "    @torch.no_grad()\n    def w"),
        because="is decorated itself",
    ),
    Declines(
        _HEAD
        + _PLUS.format(params="self, x", passed="self, x").replace(
            "    @functools", "    if not torch.cuda.is_available():\n        return fn\n\n    @functools"
        ),
        because="does not always give",
    ),
    Declines(
        _HEAD + _PLUS.format(params="self, x", passed="self, x").replace("return w\n", "return torch.no_grad()(w)\n"),
        because="or not as it is",
    ),
    Declines(
        _HEAD + _WEIGHTED.replace("    return wrapper", "    return wrapper if OTHER else loss_func") + _LOSS,
        because="does not always give",
    ),
    Declines(_HEAD + _CALL.format(params="self, x, n", inner="self.forward(x + n)"), because="other parameters"),
    Declines(_HEAD + _PLUS.format(params="self, x", passed="self, x").replace("return y + 1", "return y + fn.k"), because="more with it"),
    Ignores(_HEAD + "class Net(nn.Module):\n    def forward(self, x):\n        return x + 1\n"),
)
