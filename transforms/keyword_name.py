"""SF702: NumPy's argument names ``axis`` and ``keepdims`` as torch's own."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from scriptify.facts.model import Facts
from scriptify.transform import Fires, Focus, Ignores, Phase, Proposal, Transform
from scriptify.transforms._expression import Body, bodies, keywords, method, near, rewrite
from scriptify.tree import Tree

_HEAD = """import numpy as np
import torch
from torch import nn


class Net(nn.Module):
    def forward(self, x: torch.Tensor):
"""
_ENTRY = "Net(), (torch.randn(2, 4),)"
_NAMES = {"axis": "dim", "keepdims": "keepdim"}
# functions and methods of torch whose schema has a ``dim`` and no ``axis`` of its own
_WITH_DIM = frozenset(
    """
    all amax amin aminmax any argmax argmin argsort cat chunk concat concatenate cosine_similarity count_nonzero cross cummax cummin
    cumprod cumprod_ cumsum cumsum_ diff gather index_add index_add_ index_copy_ index_fill index_fill_ index_select kthvalue
    log_softmax logcumsumexp logsumexp max mean median min mode nanmean nanmedian nanquantile nansum narrow prod quantile renorm
    repeat_interleave scatter scatter_ scatter_add scatter_add_ select size softmax sort split split_with_sizes squeeze squeeze_ stack
    std std_mean stride sum take_along_dim tensor_split topk trapz unbind unflatten unsqueeze unsqueeze_ var var_mean
    """.split()
)
_LINALG = frozenset({"norm", "vector_norm", "matrix_norm", "diagonal", "cross"})


class KeywordName(Transform):
    """``torch.cat(xs, axis=1)`` -> ``torch.cat(xs, dim=1)``, ``x.sum(1, keepdims=True)`` -> ``x.sum(1, keepdim=True)``.

    Eager torch takes NumPy's names for some arguments as other spellings of its own; the operators'
    schemas, which scripting goes by, have only torch's. A method of what only an annotation calls a Tensor
    may be NumPy's: eager code keeps its name there.
    """

    code = "SF702"
    name = "keyword-name"
    phase = Phase.VALUES
    hints = ("axis", "keepdims")
    explains = ("Arguments for call are not valid", "Keyword argument axis unknown", "Keyword argument keepdims unknown", "aten::")
    source = "https://docs.pytorch.org/docs/stable/jit_builtin_functions.html"
    examples = (
        Fires(
            name="functions",
            before=_HEAD + "        y = torch.cat([x, x], axis=1)\n        return torch.softmax(y, axis=-1)\n",
            after=_HEAD + "        y = torch.cat([x, x], dim=1)\n        return torch.softmax(y, dim=-1)\n",
            entry=_ENTRY,
        ),
        Fires(
            name="functions of linear algebra",
            before=_HEAD + "        return torch.linalg.norm(x, axis=1, keepdims=True)\n",
            after=_HEAD + "        return torch.linalg.norm(x, dim=1, keepdim=True)\n",
            entry=_ENTRY,
        ),
        Fires(
            name="methods",
            before=_HEAD + "        y = torch.relu(x)\n        return y - y.mean(axis=1, keepdims=True)\n",
            after=_HEAD + "        y = torch.relu(x)\n        return y - y.mean(dim=1, keepdim=True)\n",
            entry=_ENTRY,
        ),
        Fires(
            name="a method of what is annotated, but may be an array of NumPy",
            before=_HEAD + "        return x.sum(axis=1)\n",
            after=_HEAD + "        return x.sum(dim=1) if torch.jit.is_scripting() else x.sum(axis=1)\n",
            entry=_ENTRY,
        ),
        Fires(
            name="squeezed",
            before=_HEAD + "        return x.unsqueeze(axis=1).squeeze(axis = 1)\n",
            after=_HEAD + "        return (x.unsqueeze(dim=1) if torch.jit.is_scripting() else x.unsqueeze(axis=1)).squeeze(dim = 1)\n",
            entry=_ENTRY,
        ),
        Fires(
            name="keepdims alone",
            before=_HEAD + "        return torch.amax(x, (0, 1), keepdims=True)\n",
            after=_HEAD + "        return torch.amax(x, (0, 1), keepdim=True)\n",
            entry=_ENTRY,
        ),
        Fires(
            name="a method of something the compiler took for a Tensor",
            before=_HEAD + "        a, b = torch.max(x, 1)\n        return a.sum(axis=0)\n",
            after=_HEAD + "        a, b = torch.max(x, 1)\n        return a.sum(dim=0) if torch.jit.is_scripting() else a.sum(axis=0)\n",
            focus="Arguments for call are not valid. The following variants are available: aten::sum(Tensor self)",
            at="a.sum",
            entry=_ENTRY,
        ),
        Ignores(name="torch's names", code=_HEAD + "        return x.sum(dim=1, keepdim=True)\n"),
        Ignores(name="NumPy's own", code=_HEAD + "        n = np.sum([1, 2], axis=0)\n        return x * n\n"),
        Ignores(name="not known to be a Tensor", code=_HEAD + "        return self.helper(x).sum(axis=1)\n"),
        Ignores(name="not compiled", code="import torch\n\n\ndef f(x):\n    return torch.cat([x], axis=0)\n"),
    )

    def propose(self, tree: Tree, facts: Facts, focus: Focus | None = None) -> Iterator[Proposal]:
        """Every such argument of a torch function or Tensor method in compiled code."""
        for body in bodies(tree, facts):
            for call in body.find(cst.Call):
                found = [arg for name, arg in keywords(call).items() if name in _NAMES]
                if not found or not _of_torch(body, call, focus) or _clash(call):
                    continue
                edits = [tree.replace(arg.keyword, _NAMES[arg.keyword.value]) for arg in found if arg.keyword is not None]
                split = method(call)
                if split is not None and not body.dotted(call.func).startswith("torch."):
                    edits = body.leaning(split[0], call, edits)
                yield rewrite(self, body, call, f"{tree.code(call.func)} with torch's argument names", edits)


def _of_torch(body: Body, call: cst.Call, focus: Focus | None) -> bool:
    dotted = body.dotted(call.func)
    if dotted.startswith("torch.linalg."):
        return dotted.removeprefix("torch.linalg.") in _LINALG
    if dotted.startswith("torch."):
        return dotted.count(".") == 1 and dotted.removeprefix("torch.") in _WITH_DIM
    split = method(call)
    if split is None or split[1] not in _WITH_DIM or body.dotted(split[0]):
        return False
    asked = focus is not None and near(body.tree, call, focus) and f"aten::{split[1]}(" in focus.message
    return asked or body.surely(split[0])


def _clash(call: cst.Call) -> bool:
    """Whether an argument is given under both names, which is an error that stays one."""
    names = keywords(call)
    return any(theirs in names and ours in names for theirs, ours in _NAMES.items())
