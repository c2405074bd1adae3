"""SF706: calls and tests that have an equal which scripting knows."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from scriptify.facts.model import Facts
from scriptify.transform import Edit, Fires, Focus, Ignores, Phase, Proposal, Transform
from scriptify.transforms._expression import FLOAT, INT, Body, NoForm, bodies, decline, keywords, rewrite
from scriptify.tree import Tree
from scriptify.tree.substitute import stable

_HEAD = """import torch
import torch.nn.functional as F
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Conv2d(4, 4, 1)

    def forward(self, x: torch.Tensor):
"""
_ENTRY = "Net(), (torch.randn(2, 4, 8, 8),)"
_POOLS = {f"adaptive_{kind}_pool{n}d": n for kind in ("avg", "max") for n in (2, 3)}


class EqualCall(Transform):
    """``self.layer.__call__(x)`` -> ``self.layer(x)``, ``0.0 in t`` -> ``bool((t == 0.0).any())``, and others alike.

    Also sizes left open in adaptive pooling, and whether an ONNX export runs:
    each is written as what eager torch makes of it, which scripting can read.
    """

    code = "SF706"
    name = "equal-call"
    phase = Phase.VALUES
    hints = ("__call__", " in ", "adaptive_", "is_in_onnx_export")
    explains = (
        "Compiled functions can't take variable number of arguments",
        "aten::__contains__",
        "adaptive_",
        "import statements aren't supported",
        "Arguments for call are not valid",
        "is_in_onnx_export",
    )
    source = "https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.adaptive_avg_pool2d.html"
    examples = (
        Fires(
            name="called by its name",
            before=_HEAD + "        return self.layer.__call__(x)\n",
            after=_HEAD + "        return self.layer(x)\n",
            entry=_ENTRY,
        ),
        Fires(
            name="a value in a tensor",
            before=_HEAD + "        if 0.0 in x or 1 not in x:\n            return x\n        return x + 1\n",
            after=_HEAD
            + "        if (bool((x == 0.0).any()) if torch.jit.is_scripting() else 0.0 in x)"
            + " or (not bool((x == 1).any()) if torch.jit.is_scripting() else 1 not in x):\n"
            + "            return x\n        return x + 1\n",
            entry=_ENTRY,
        ),
        Fires(
            name="a value in what an operator gave",
            before=_HEAD + "        y = torch.abs(x)\n        return x if 1 not in y else x + 1\n",
            after=_HEAD + "        y = torch.abs(x)\n        return x if not bool((y == 1).any()) else x + 1\n",
            entry=_ENTRY,
        ),
        Fires(
            name="a size left open",
            before=_HEAD + "        return F.adaptive_avg_pool2d(x, (None, 1))\n",
            after=_HEAD + "        return F.adaptive_avg_pool2d(x, (x.shape[-2], 1))\n",
            entry=_ENTRY,
        ),
        Fires(
            name="an export",
            before=_HEAD + "        if torch.onnx.is_in_onnx_export():\n            return x + 1\n        return x\n",
            after=_HEAD
            + "        if (False if torch.jit.is_scripting() else torch.onnx.is_in_onnx_export()):\n"
            + "            return x + 1\n        return x\n",
            entry=_ENTRY,
        ),
        Ignores(name="in a list", code=_HEAD + "        return x if x.dim() in [1, 4] else x\n"),
        Ignores(name="scripting's own", code=_HEAD + "        return F.interpolate(F.adaptive_avg_pool2d(x, (2, 1)), size=(4, 4))\n"),
        Ignores(
            name="the function of a class",
            code=_HEAD + "        return nn.Module.__call__(self.layer, x)\n",
        ),
        Ignores(name="not compiled", code="def f(x):\n    return x.__call__(2)\n"),
    )

    def propose(self, tree: Tree, facts: Facts, focus: Focus | None = None) -> Iterator[Proposal]:
        """Every such call or test in compiled code."""
        for body in bodies(tree, facts):
            nodes: list[cst.Call | cst.Comparison] = [*body.find(cst.Call), *body.find(cst.Comparison)]
            for node in nodes:
                try:
                    edits = _call(body, node) if isinstance(node, cst.Call) else _contains(body, node)
                except NoForm as reason:
                    yield decline(self, body, node, f"scripting can't read {tree.code(node)}, and {reason}")
                    continue
                if edits:
                    yield rewrite(self, body, node, f"{tree.code(node)} as scripting reads it", edits)


def _call(body: Body, call: cst.Call) -> list[Edit]:
    tree, dotted = body.tree, body.dotted(call.func)
    name = dotted.removeprefix("torch.nn.functional.")
    if dotted == "torch.onnx.is_in_onnx_export":
        return body.guarded(call, "False")
    if name != dotted and name in _POOLS:
        return _pooled(body, call, _POOLS[name])
    func = call.func
    if (
        isinstance(func, cst.Attribute)
        and func.attr.value == "__call__"
        and isinstance(func.value, cst.Name | cst.Attribute | cst.Subscript)
    ):
        root: cst.BaseExpression = func.value
        while isinstance(root, cst.Attribute | cst.Subscript):
            root = root.value
        # Of a class that the file imports or makes (nn.Module.__call__(m, x)) it is a function, and the class itself a constructor.
        if isinstance(root, cst.Name) and func.value is not root and root.value in body.hidden:
            return [tree.replace(func, tree.code(func.value))]
    return []


def _pooled(body: Body, call: cst.Call, dimensions: int) -> list[Edit]:
    plain = [arg.value for arg in call.args if arg.keyword is None and not arg.star]
    size = plain[1] if len(plain) > 1 else None
    size = keywords(call)["output_size"].value if size is None and "output_size" in keywords(call) else size
    if not isinstance(size, cst.Tuple | cst.List) or len(size.elements) != dimensions or not plain:
        return []
    open_ = [n for n, e in enumerate(size.elements) if isinstance(e.value, cst.Name) and e.value.value == "None"]
    if not open_:
        return []
    if not stable(plain[0]):
        raise NoForm("its input would be computed more than once")
    text = body.tree.code(plain[0])
    return [body.tree.replace(size.elements[n].value, f"{text}.shape[{n - dimensions}]") for n in open_]


def _contains(body: Body, node: cst.Comparison) -> list[Edit]:
    """``v in t``: whether an element equals, by what ``Tensor.__contains__`` does."""
    target = node.comparisons[0]
    if len(node.comparisons) != 1 or not isinstance(target.operator, cst.In | cst.NotIn) or not body.surely(target.comparator):
        return []
    if body.certain.type_of(node.left) not in (INT, FLOAT):
        raise NoForm("whether it looks for a plain number is not known")
    text = f"bool(({body.tree.operand(target.comparator)} == {body.tree.operand(node.left)}).any())"
    if not body.proved(target.comparator):
        return body.guarded(node, text if isinstance(target.operator, cst.In) else f"not {text}")
    if isinstance(target.operator, cst.In):
        return [body.tree.replace(node, text)]
    above = body.tree.parent(node)
    plain = body.alone(node) or isinstance(above, cst.BooleanOperation | cst.If | cst.IfExp | cst.While | cst.Assert)
    return [body.tree.replace(node, f"not {text}" if plain else f"(not {text})")]
