"""Examples of the transform autograd-function."""

from __future__ import annotations

from scriptify.facts.model import Observed
from scriptify.transform import Declines, Example, Fires, Ignores

_HEAD = "import torch\nfrom torch import nn\nfrom torch.autograd import Function\n\n\n"
_CLASS = """class Scale(Function):
    @staticmethod
    def forward(ctx, x, w, n=2):
        \"\"\"x * w * n.\"\"\"
        ctx.n = n
        ctx.save_for_backward(x, w)
        return x * w * ctx.n  # as it is

    @staticmethod
    def backward(ctx, g):
        x, w = ctx.saved_tensors
        return g * w * ctx.n, g * x * ctx.n, None
"""
_MARK = '''

def _without_backward(y: torch.Tensor, tracked: bool) -> torch.Tensor:
    """``y``; where ``tracked``, as a result that needs gradients and raises when asked for them: heaviside has none."""
    if tracked and (y.is_floating_point() or y.is_complex()):
        return torch.heaviside(torch.zeros_like(y), y.detach().requires_grad_())
    return y
'''
_PLAIN = (
    _MARK
    + """

def _scale_forward(x, w, n: int):
    with torch.no_grad():
        ctx_n = n
        return x * w * ctx_n  # as it is


def _scale_scripted(x, w, n: int):
    tracked = torch.is_grad_enabled() and (x.requires_grad or w.requires_grad)
    y = _scale_forward(x, w, n)
    return _without_backward(y, tracked)
"""
)
_NET = """

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.w = nn.Parameter(torch.rand(4))
        self.fn = {fn}

    def forward(self, x):
        return {call} + 1
"""
_SEEN = Observed(parameters={"Scale.forward": {"x": "Tensor", "w": "Tensor", "n": "int"}}, returns={"Scale.forward": "Tensor"})
_EXPORT = "Could not export Python function call 'Scale'"
_ENTRY = "Net(), (torch.rand(2, 4, requires_grad=True),)"


def _fires(name: str, call: str, fn: str = "None", more: str = "", focus: str = _EXPORT, scripted: str = "x, self.w, 3") -> Fires:
    after = f"(_scale_scripted({scripted}) if torch.jit.is_scripting() else {call})"
    return Fires(
        _HEAD + _CLASS + more + _NET.format(call=call, fn=fn),
        _HEAD + _CLASS + _PLAIN + more + _NET.format(call=after, fn=fn),
        entry=_ENTRY,
        observed=_SEEN,
        focus=focus,
        at="+ 1",
        name=name,
    )


_PAIR = """class Pair(Function):
    @staticmethod
    def forward(ctx, x):
        big = x > 0.5
        ctx.mark_non_differentiable(big)
        return x.clone(), big

    @staticmethod
    def backward(ctx, g, _):
        return g
"""
_PAIR_PLAIN = (
    _MARK
    + """

def _pair_forward(x):
    with torch.no_grad():
        big = x > 0.5
        return x.clone(), big


def _pair_scripted(x):
    tracked = torch.is_grad_enabled() and x.requires_grad
    y0, y1 = _pair_forward(x)
    return _without_backward(y0, tracked), y1
"""
)
_PAIR_NET = """

class Net(nn.Module):
    def forward(self, x):
        y, big = {call}
        return y, big
"""


def _declines(name: str, body: str, because: str) -> Declines:
    start, _, rest = _CLASS.partition('        """')
    code = _HEAD + start + body + rest[rest.index("\n    @staticmethod") :] + _NET.format(call="Scale.apply(x, self.w, 3)", fn="None")
    return Declines(code, because=because, observed=_SEEN, focus=_EXPORT, at="+ 1", name=name)


_OF_CTX = _CLASS.replace("save_for_backward(x, w)", "save_for_backward(x, ctx.n)")
_KEPT = _CLASS.replace("save_for_backward(x, w)", "save_for_backward(x.clone(), w)")
_KEPT_PLAIN = _PLAIN.replace("        ctx_n = n\n", "        ctx_n = n\n        ctx_saved = (x.clone(), w)\n")
_KEPT_CALL = "(_scale_scripted(x, self.w, 3) if torch.jit.is_scripting() else Scale.apply(x, self.w, 3))"

EXAMPLES: tuple[Example, ...] = (
    _fires("by its class", "Scale.apply(x, self.w, 3)", focus=""),
    _fires("by a name for its apply", "scale(x, self.w)", more="\n\nscale = Scale.apply\n", scripted="x, self.w, 2"),
    _fires("by an attribute", "self.fn(x, self.w, 3)", fn="Scale.apply", focus="but we failed to convert Python type: 'method' to a"),
    _fires("by an instance", "Scale().apply(x, self.w, 3)", focus="Class Scale does not have an __init__ function defined"),
    Fires(
        _HEAD + _PAIR + _PAIR_NET.format(call="Pair.apply(x)"),
        _HEAD + _PAIR + _PAIR_PLAIN + _PAIR_NET.format(call="_pair_scripted(x) if torch.jit.is_scripting() else Pair.apply(x)"),
        entry=_ENTRY,
        observed=Observed(parameters={"Pair.forward": {"x": "Tensor"}}, returns={"Pair.forward": "Tuple[Tensor, Tensor]"}),
        focus="Tensor cannot be used as a tuple",
        at="y, big =",
        name="two results",
    ),
    Fires(
        _HEAD + _KEPT + _NET.format(call="Scale.apply(x, self.w, 3)", fn="None"),
        _HEAD + _KEPT + _KEPT_PLAIN + _NET.format(call=_KEPT_CALL, fn="None"),
        entry=_ENTRY,
        observed=_SEEN,
        name="keeps what it makes",
    ),
    Fires(
        _HEAD + _OF_CTX + _NET.format(call="Scale.apply(x, self.w, 3)", fn="None"),
        _HEAD + _OF_CTX + _PLAIN + _NET.format(call=_KEPT_CALL, fn="None"),
        observed=_SEEN,
        name="keeps what ctx has",
    ),
    _declines("reads which gradients are wanted", "        return x if ctx.needs_input_grad[0] else w\n", "reads ctx.needs_input_grad"),
    _declines("works in place", "        ctx.mark_dirty(x)\n        return x.mul_(2)\n", "in a way of its own"),
    _declines("hands ctx on", "        return helper(ctx, x)\n", "hands ctx on"),
    Declines(
        _HEAD + _CLASS + _NET.format(call="Scale.apply(x, self.w, 3)", fn="None"),
        because="no run has shown",
        focus=_EXPORT,
        at="+ 1",
        name="nothing known",
    ),
    Ignores(
        _HEAD + _CLASS + _NET.format(call="(x if torch.jit.is_scripting() else Scale.apply(x, self.w, 3))", fn="None"),
        observed=_SEEN,
        name="for eager code only",
    ),
    Ignores(_HEAD + _NET.format(call="x.apply(x)", fn="None"), observed=_SEEN, focus=_EXPORT, at="+ 1", name="another apply"),
)
