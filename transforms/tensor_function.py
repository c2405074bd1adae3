"""SF707: Tensor methods that have no schema for their arguments, through the torch functions that do."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from scriptify.facts.model import Facts, Observed
from scriptify.transform import Declines, Edit, Fires, Focus, Ignores, Phase, Proposal, Transform
from scriptify.transforms._expression import (
    FLOAT,
    INT,
    STR,
    Body,
    NoForm,
    bodies,
    decline,
    keywords,
    method,
    near,
    positional,
    rewrite,
    without,
)
from scriptify.transforms._taken_apart import taken_apart
from scriptify.tree import Tree

_HEAD = """import torch
from torch import nn


class Net(nn.Module):
    def forward(self, x: torch.Tensor):
"""
_BARE = _HEAD.replace(": torch.Tensor", "")
_ENTRY = "Net(), (torch.randn(2, 4),)"
_FLAGS = ("sorted", "return_inverse", "return_counts")
_UNIQUE = frozenset({"unique", "unique_consecutive"})


class TensorFunction(Transform):
    """``x.norm(dim=1)`` -> ``torch.norm(x, dim=1)``, ``x.unique()`` -> ``torch.unique(x)``, and others alike.

    ``x.nonzero(as_tuple=True)`` -> ``torch.where(x)``.

    These methods are written in Python around the operator: scripting sees the operator alone, which
    lacks their defaults or their arguments. The function of the same name has both, and is what the method calls.
    """

    code = "SF707"
    name = "tensor-function"
    phase = Phase.VALUES
    hints = (".norm(", "unique", "nonzero", "__len__")
    explains = (
        "has no attribute or method 'unique'",
        "has no attribute or method '__len__'",
        "Arguments for call are not valid",
        "aten::norm",
        "aten::nonzero",
        "The following operation failed in the TorchScript interpreter",
    )
    source = "https://docs.pytorch.org/docs/stable/generated/torch.Tensor.norm.html"
    examples = (
        Fires(
            name="a norm along a dimension",
            before=_HEAD + "        return x / x.norm(dim=1, keepdim=True) + (x * 2).norm(p='fro')\n",
            after=_HEAD + "        return x / torch.norm(x, dim=1, keepdim=True) + torch.norm(x * 2, p='fro')\n",
            entry=_ENTRY,
        ),
        Fires(
            name="distinct values",
            before=_HEAD + "        u, n = (x > 0).long().unique(return_counts=True)  # labels\n        return u, n, x.unique()\n",
            after=_HEAD
            + "        u, n = torch.unique((x > 0).long(), return_counts=True)  # labels\n        return u, n, torch.unique(x)\n",
            entry=_ENTRY,
        ),
        Fires(
            name="distinct neighbours",
            before=_HEAD + "        return x.unique_consecutive()\n",
            after=_HEAD + "        return torch.unique_consecutive(x)\n",
            entry=_ENTRY,
            silent=True,
        ),
        Fires(
            name="where it is not zero",
            before=_HEAD + "        i, j = (x > 0).nonzero(as_tuple=True)\n        return i, j, torch.nonzero(x, as_tuple=False)\n",
            after=_HEAD + "        i, j = torch.where(x > 0)\n        return i, j, torch.nonzero(x)\n",
            entry=_ENTRY,
        ),
        Fires(
            name="a tuple that is taken apart",
            before=_HEAD
            + "        at = x.nonzero(as_tuple=True)\n        for one in at:\n            x = x + one.sum()\n"
            + "        return x * len(at), torch.stack(at), at[0], torch.nonzero(x, as_tuple=True)[1]\n",
            after=_HEAD
            + "        at = torch.where(x)\n        for one in at:\n            x = x + one.sum()\n"
            + "        return x * len(at), torch.stack(at), at[0], torch.where(x)[1]\n",
            entry=_ENTRY,
        ),
        Declines(
            name="a tuple that is handed out",
            code=_HEAD + "        return (x > 0).nonzero(as_tuple=True)\n",
            because="gives a list",
        ),
        Declines(
            name="a tuple that has a name and is handed out",
            code=_HEAD + "        at = torch.nonzero(x, as_tuple=True)\n        return at, at[0]\n",
            because="gives a list",
        ),
        Declines(
            name="a tuple that is given on",
            code=_HEAD + "        return self.take(x, *x.nonzero(as_tuple=True))\n",
            because="gives a list",
        ),
        Fires(
            name="elements where it is not zero",
            before=_HEAD + "        mask = x > 0\n        return x[mask.nonzero(as_tuple=True)]\n",
            after=_HEAD
            + "        mask = x > 0\n        return x[(mask != 0 if torch.jit.is_scripting() else mask.nonzero(as_tuple=True))]\n",
            entry=_ENTRY,
        ),
        Fires(
            name="what only a run has shown to be a Tensor",
            before=_BARE + "        return x / x.norm(dim=1, keepdim=True)\n",
            after=_BARE
            + "        return x / (torch.norm(x, dim=1, keepdim=True) if torch.jit.is_scripting() else x.norm(dim=1, keepdim=True))\n",
            observed=Observed(parameters={"Net.forward": {"x": "Tensor"}}),
            entry=_ENTRY,
        ),
        Fires(
            name="the length by its method",
            before=_HEAD + "        return x * x.__len__()\n",
            after=_HEAD + "        return x * len(x)\n",
            entry=_ENTRY,
        ),
        Declines(
            name="a flag that is computed",
            code=_HEAD + "        return x.unique(return_counts=x.size(0) > 1)[0]\n",
            because="return_counts is not a literal",
        ),
        Ignores(
            name="as the operators take them",
            code=_HEAD + "        return x.norm(2, dim=1) + x.norm() + torch.norm(x, dim=1) + x.nonzero().sum() + torch.unique(x).sum()\n",
        ),
        Ignores(name="somebody else's method", code=_HEAD.replace("torch.Tensor", "dict") + "        return x.norm(dim=1)\n"),
        Ignores(name="not compiled", code="import torch\n\n\ndef f(x: torch.Tensor):\n    return x.norm(dim=1)\n"),
    )

    def propose(self, tree: Tree, facts: Facts, focus: Focus | None = None) -> Iterator[Proposal]:
        """Every such call in compiled code."""
        for body in bodies(tree, facts):
            for call in body.find(cst.Call):
                try:
                    edits = _edits(body, call, focus)
                except NoForm as reason:
                    yield decline(self, body, call, f"{tree.code(call.func)} can't be called like this when scripted: {reason}")
                    continue
                if edits:
                    silent = (method(call) or ("", ""))[1] == "unique_consecutive"
                    yield rewrite(self, body, call, f"{tree.code(call.func)} as a function that scripting has", edits, silent=silent)


def _edits(body: Body, call: cst.Call, focus: Focus | None) -> list[Edit]:
    if body.dotted(call.func) == "torch.nonzero":
        return _nonzero(body, call, None)
    split = method(call)
    if split is None or body.dotted(split[0]):
        return []
    value, name = split
    if name not in _UNIQUE and name not in ("norm", "nonzero", "__len__"):
        return []
    asked = near(body.tree, call, focus) and focus is not None and name in focus.message
    if not (body.surely(value) or asked):
        return []
    if name == "nonzero":
        return _nonzero(body, call, value)
    if name == "__len__":
        return (
            body.leaning(value, call, [body.tree.replace(call, f"len({body.tree.code(value)})")], annotated=True) if not call.args else []
        )
    if name == "norm":
        return _through(body, call, value, "norm") if _refused_norm(body, call) else []
    for flag in _FLAGS:
        given = keywords(call).get(flag)
        if given is not None and body.tree.code(given.value) not in ("True", "False"):
            raise NoForm(f"{flag} is not a literal, so what it returns is not known")
    return _through(body, call, value, name)


def _through(body: Body, call: cst.Call, value: cst.BaseExpression, name: str) -> list[Edit]:
    """``x.name(args)`` as ``torch.name(x, args)``."""
    tree = body.tree
    if any(arg.star for arg in call.args):
        raise NoForm("it has starred arguments")
    start = tree.span(call)[0]
    end = tree.span(call.args[0])[0] if call.args else tree.span(call)[1] - 1
    text = f"{body.spell(f'torch.{name}')}({tree.code(value)}{', ' if call.args else ''}"
    return body.leaning(value, call, [Edit(tree.path, start, end, text)], annotated=True)


def _refused_norm(body: Body, call: cst.Call) -> bool:
    """Whether the operator's schemas have no place for these arguments: they need a number ``p`` before the rest."""
    found, plain = keywords(call), [arg.value for arg in call.args if arg.keyword is None]
    power = plain[0] if plain else found["p"].value if "p" in found else None
    if power is None:
        return bool(found)
    if body.type_of(power) == STR:
        return True
    dims = found["dim"].value if "dim" in found else plain[1] if len(plain) > 1 else None
    if dims is not None and body.tree.code(dims) == "None":
        return True
    return "dtype" in found and dims is not None and len(plain) < 3 and "keepdim" not in found and body.type_of(power) in (INT, FLOAT)


def _nonzero(body: Body, call: cst.Call, value: cst.BaseExpression | None) -> list[Edit]:
    """``nonzero`` with ``as_tuple``: the operator gives one tensor, ``torch.where`` of one gives the tuple."""
    flag = keywords(call).get("as_tuple")
    if flag is None or len(keywords(call)) > 1:
        return []
    tree, text = body.tree, body.tree.code(flag.value)
    given = positional(call)
    if text not in ("True", "False"):
        raise NoForm("as_tuple is not a literal, so what it returns is not known")
    if value is None and len(given) != 1:
        return []
    tested = value if value is not None else given[0]
    if text == "False":
        edits = [without(tree, call, flag)]
        return edits if value is None else body.leaning(value, call, edits, annotated=True)
    above = tree.parent(tree.parent(tree.parent(call) or call) or call)
    if isinstance(above, cst.Subscript) and len(above.slice) == 1 and above.value is not call:
        return body.guarded(call, f"{tree.operand(tested)} != 0")
    if not taken_apart(body, call):
        raise NoForm("torch.where, which scripting has, gives a list there and no tuple; take it apart where it is made")
    where = f"{body.spell('torch.where')}({tree.code(tested)})"
    return [tree.replace(call, where)] if value is None else body.leaning(value, call, [tree.replace(call, where)], annotated=True)
