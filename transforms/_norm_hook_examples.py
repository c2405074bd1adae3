"""Examples of SF809."""

from __future__ import annotations

from scriptify.facts.model import Attribute, Kind, Observed
from scriptify.transform import Declines, Fires, Ignores
from scriptify.transforms._norm_hook_text import PUT, SPECTRAL_HOOK, SPECTRAL_SETTINGS, TRANSPOSED, WEIGHT_HOOK

_HEAD = """\
import torch
import torch.nn.functional as F
from torch import nn
from torch.nn.utils import spectral_norm, weight_norm
"""
_CLASS = """

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = {made}

    def forward(self, x):
        return self.layer(x) * 2
{more}"""
_PREPARE = "\n    def __prepare_scriptable__(self):\n        return {}(self)\n"
_WORDS = {
    "Tuple": "Tuple",
    "Tensor": "torch.Tensor",
    "normalize": "F.normalize",
    **{name: f"torch.{name}" for name in ("_weight_norm", "no_grad", "mv", "dot")},
}
_KINDS = {
    "WeightNorm": ("torch.nn.utils.weight_norm.WeightNorm", "_weight_norm_hook", WEIGHT_HOOK, ()),
    "SpectralNorm": ("torch.nn.utils.spectral_norm.SpectralNorm", "_spectral_norm_hook", SPECTRAL_HOOK, SPECTRAL_SETTINGS),
}


def _seen(kind: str, on: str) -> Observed:
    hooks = frozenset({(_KINDS[kind][0] if kind in _KINDS else f"example.{kind}", f"torch.nn.modules.{on}")})
    layer = Attribute("layer", frozenset({Kind.MODULE}), classes=frozenset({f"torch.nn.modules.{on}"}), hooks=hooks)
    return Observed(attributes={"Net": {"layer": layer}})


def _message(kind: str) -> str:
    return f"'{kind}' object has no attribute '__name__'"


def _fires(kind: str, on: str, made: str, entry: str, name: str) -> Fires:
    dotted, hook, text, settings = _KINDS[kind]
    parts = [text.format(name=hook, **_WORDS)]
    cases = [f"            if type(hook) is {kind}:", *settings, f"                module._forward_pre_hooks[key] = {hook}"]
    types = ""
    if "Transpose" in on:
        size = on[-2:]
        parts.append(TRANSPOSED.format(name=f"_conv_transpose{size}", call=f"F.conv_transpose{size}", **_WORDS))
        cases.append(f"            if type(module).forward is nn.ConvTranspose{size}.forward:")
        cases.append(f"                module.forward = types.MethodType(_conv_transpose{size}, module)")
        types = "import types\n"
    parts.append(PUT.format(helper="_scriptable_norms", kinds=f"({kind},)", cases="\n".join(cases)))
    imports = f"{types}from {dotted.rpartition('.')[0]} import {kind}\nfrom typing import Tuple\n"
    helpers = "\n\n" + "\n\n\n".join(parts) + "\n"
    return Fires(
        _HEAD + _CLASS.format(made=made, more=""),
        _HEAD + imports + helpers + _CLASS.format(made=made, more=_PREPARE.format("_scriptable_norms")),
        entry=f"Net(), ({entry},)",
        observed=_seen(kind, on),
        focus=_message(kind),
        name=name,
    )


EXAMPLES = (
    _fires("WeightNorm", "linear.Linear", "weight_norm(nn.Linear(4, 3))", "torch.randn(2, 4)", "weight_norm"),
    _fires("WeightNorm", "conv.Conv2d", "weight_norm(nn.Conv2d(2, 3, 3), dim=None)", "torch.randn(1, 2, 5, 5)", "over the whole tensor"),
    _fires(
        "WeightNorm",
        "conv.ConvTranspose1d",
        "nn.Sequential(nn.ReLU(), weight_norm(nn.ConvTranspose1d(2, 3, 4, 2, padding=1)))",
        "torch.randn(1, 2, 5)",
        "transposed",
    ),
    _fires("SpectralNorm", "conv.Conv1d", "spectral_norm(nn.Conv1d(2, 3, 3))", "torch.randn(1, 2, 5)", "spectral_norm"),
    _fires(
        "SpectralNorm",
        "conv.ConvTranspose2d",
        "spectral_norm(nn.ConvTranspose2d(2, 3, 3, bias=False), n_power_iterations=2, eps=1e-6)",
        "torch.randn(1, 2, 5, 5)",
        "spectral_norm, transposed",
    ),
    Declines(
        _HEAD + _CLASS.format(made="equalized(nn.Linear(4, 3))", more=""),
        because="do its work in forward",
        observed=_seen("Equalized", "linear.Linear"),
        focus=_message("Equalized"),
        name="another hook",
    ),
    Declines(
        _HEAD + _CLASS.format(made="weight_norm(nn.Linear(4, 3))", more=_PREPARE.format("remade")),
        because="of its own",
        observed=_seen("WeightNorm", "linear.Linear"),
        focus=_message("WeightNorm"),
        name="prepared already",
    ),
    Ignores(_HEAD + _CLASS.format(made="weight_norm(nn.Linear(4, 3))", more=""), focus=_message("WeightNorm"), name="no run"),
    Ignores(
        _HEAD + _CLASS.format(made="weight_norm(nn.Linear(4, 3))", more=""), observed=_seen("WeightNorm", "linear.Linear"), name="no word"
    ),
)
