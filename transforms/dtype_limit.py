"""SF705: the limits of a dtype, as numbers."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from scriptify.facts.model import Facts
from scriptify.transform import Declines, Edit, Fires, Focus, Ignores, Phase, Proposal, Transform
from scriptify.transforms._expression import Body, NoForm, bodies, decline, rewrite
from scriptify.tree import Tree
from scriptify.tree.substitute import stable

_HEAD = """import torch
from torch import nn


class Net(nn.Module):
    def forward(self, x: torch.Tensor):
"""
_ENTRY = "Net(), (torch.randn(2, 4),)"
# float32 first, for most values have it
_FLOATS = {
    "float32": {"max": "3.4028234663852886e+38", "eps": "1.1920928955078125e-07", "tiny": "1.1754943508222875e-38"},
    "float64": {"max": "1.7976931348623157e+308", "eps": "2.220446049250313e-16", "tiny": "2.2250738585072014e-308"},
    "float16": {"max": "65504.0", "eps": "0.0009765625", "tiny": "6.103515625e-05"},
    "bfloat16": {"max": "3.3895313892515355e+38", "eps": "0.0078125", "tiny": "1.1754943508222875e-38"},
}
# a complex number has the limits of its parts
_PARTS = {"complex64": "float32", "complex128": "float64"}
_INTS = {"int64": (-(2**63), 2**63 - 1), "int32": (-(2**31), 2**31 - 1), "int16": (-32768, 32767), "int8": (-128, 127), "uint8": (0, 255)}
_ALIASES = {"half": "float16", "float": "float32", "double": "float64", "long": "int64", "int": "int32", "short": "int16"}


class DtypeLimit(Transform):
    """``torch.finfo(x.dtype).min`` -> the number for each dtype, for scripting; eager code keeps the call.

    Scripting has neither ``torch.finfo`` nor ``torch.iinfo``. A dtype named in the source has one
    number; that of a tensor is looked up where the function runs, and one that has none (an int's) raises KeyError
    when scripting, where eager code raises TypeError.
    """

    code = "SF705"
    name = "dtype-limit"
    phase = Phase.VALUES
    hints = ("finfo", "iinfo")
    explains = ("Unknown builtin op: aten::finfo", "Unknown builtin op: aten::iinfo")
    source = "https://docs.pytorch.org/docs/stable/type_info.html"
    examples = (
        Fires(
            name="a named dtype",
            before=_HEAD + "        return x.clamp(min=torch.finfo(torch.float32).eps) + torch.iinfo(torch.int8).max\n",
            after=_HEAD
            + "        return x.clamp(min=1.1920928955078125e-07 if torch.jit.is_scripting() else torch.finfo(torch.float32).eps)"
            + " + (127 if torch.jit.is_scripting() else torch.iinfo(torch.int8).max)\n",
            entry=_ENTRY,
        ),
        Fires(
            name="a tensor's dtype",
            before=_HEAD + "        return x.masked_fill(x > 0, torch.finfo(x.dtype).min)\n",
            after=_HEAD
            + "        return x.masked_fill(x > 0, {torch.float32: -3.4028234663852886e+38, torch.float64: -1.7976931348623157e+308,"
            + " torch.float16: -65504.0, torch.bfloat16: -3.3895313892515355e+38, torch.complex64: -3.4028234663852886e+38,"
            + " torch.complex128: -1.7976931348623157e+308}[x.dtype] if torch.jit.is_scripting() else torch.finfo(x.dtype).min)\n",
            entry=_ENTRY,
        ),
        Fires(
            name="of complex numbers",
            before=_HEAD + "        z = x.double() * 1j\n        return z.abs() + torch.finfo(z.dtype).eps\n",
            after=_HEAD
            + "        z = x.double() * 1j\n"
            + "        return z.abs() + ({torch.float32: 1.1920928955078125e-07, torch.float64: 2.220446049250313e-16,"
            + " torch.float16: 0.0009765625, torch.bfloat16: 0.0078125, torch.complex64: 1.1920928955078125e-07,"
            + " torch.complex128: 2.220446049250313e-16}[z.dtype] if torch.jit.is_scripting() else torch.finfo(z.dtype).eps)\n",
            entry=_ENTRY,
        ),
        Declines(name="an int dtype not named", code=_HEAD + "        return x + torch.iinfo(x.dtype).max\n", because="not named"),
        Declines(name="another property", code=_HEAD + "        return x + torch.finfo(x.dtype).bits\n", because="bits"),
        Ignores(name="not compiled", code="import torch\n\n\ndef f(x):\n    return torch.finfo(x.dtype).min\n"),
        Ignores(name="no limits", code=_HEAD + "        return x.to(torch.float32)\n"),
    )

    def propose(self, tree: Tree, facts: Facts, focus: Focus | None = None) -> Iterator[Proposal]:
        """Every property of ``torch.finfo`` and ``torch.iinfo`` in compiled code."""
        for body in bodies(tree, facts):
            for node in body.find(cst.Attribute):
                call = node.value
                if not isinstance(call, cst.Call) or body.dotted(call.func) not in ("torch.finfo", "torch.iinfo"):
                    continue
                try:
                    edits = _edits(body, node, call)
                except NoForm as reason:
                    yield decline(self, body, node, f"scripting has no {tree.code(call.func)}, and {reason}")
                else:
                    yield rewrite(self, body, node, f"{tree.code(node)} as a number for scripting", edits)


def _edits(body: Body, node: cst.Attribute, call: cst.Call) -> list[Edit]:
    if len(call.args) != 1 or call.args[0].star or call.args[0].keyword is not None:
        raise NoForm("its argument is not one dtype")
    what, value = node.attr.value, call.args[0].value
    dotted = body.dotted(value)
    named = dotted.removeprefix("torch.")
    named = _ALIASES.get(named, named)
    if body.dotted(call.func) == "torch.iinfo":
        if named not in _INTS or what not in ("min", "max"):
            raise NoForm("its dtype is not named, or has no such limit")
        return body.guarded(node, _int_text(named, what))
    if what not in ("min", "max", "eps", "tiny", "smallest_normal"):
        raise NoForm(f"{what} is no number of the table")
    if named in _FLOATS or named in _PARTS:
        return body.guarded(node, _number(named, what))
    if not stable(value):
        raise NoForm("its dtype would be computed more than once")
    text = body.tree.code(value)
    cases = [f"{body.spell(f'torch.{name}')}: {_number(name, what)}" for name in (*_FLOATS, *_PARTS)]
    return body.guarded(node, f"{{{', '.join(cases)}}}[{text}]")


def _int_text(named: str, what: str) -> str:
    low, high = _INTS[named]
    # the lowest int64 has no literal: its positive part is one too large
    return f"(-{high} - 1)" if what == "min" and named == "int64" else str(high if what == "max" else low)


def _number(named: str, what: str) -> str:
    table = _FLOATS[_PARTS.get(named, named)]
    return f"-{table['max']}" if what == "min" else table["tiny" if what == "smallest_normal" else what]
