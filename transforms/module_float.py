"""SF407: a number of unknown kind that a module of torch hands on as a float."""

from __future__ import annotations

import re
from collections.abc import Iterator

import libcst as cst

from scriptify import schemas
from scriptify.facts.model import Facts
from scriptify.schemas import Overload
from scriptify.transform import Declines, Edit, Fires, Focus, Ignores, Phase, Proposal, Transform
from scriptify.transforms._number import is_simple
from scriptify.tree import Tree

_WANTED = re.compile(r"Expected a value of type '(?:Optional\[)?float\]?' for argument '(\w+)' but instead found type 'int'")
_FOCUS = "layer_norm(Tensor input): Expected a value of type 'float' for argument 'eps' but instead found type 'int'"


def _net(make: str, more: str = "") -> str:
    init = f"    def __init__(self, config):\n        super().__init__()\n        self.norm = {make}\n"
    head = f"from types import SimpleNamespace\n\nimport torch\nfrom torch import nn\n{more}\n\nclass Net(nn.Module):\n"
    return f"{head}{init}\n    def forward(self, x):\n        return self.norm(x)\n"


_GUARDED = "float(config.eps) if isinstance(config.eps, int) else config.eps"
_ENTRY = "Net(SimpleNamespace(eps=1)), (torch.randn(2, 4),)"


class ModuleFloat(Transform):
    """``nn.LayerNorm(n, eps=cfg.eps)`` -> ``nn.LayerNorm(n, eps=float(cfg.eps) if isinstance(cfg.eps, int) else cfg.eps)``.

    A module hands such a number on to an operator that takes a float, and the compiler does not make one of an int.
    Where its kind is not known beforehand, an int becomes the float of the same value and all else stays what it is.
    """

    code = "SF407"
    name = "module-float"
    phase = Phase.VALUES
    on_demand = True
    explains = ("Expected a value of type 'float'", "Expected a value of type 'Optional[float]'")
    examples = (
        Fires(
            _net("nn.LayerNorm(4, eps=config.eps)"), _net(f"nn.LayerNorm(4, eps={_GUARDED})"), entry=_ENTRY, focus=_FOCUS, at="self.norm(x)"
        ),
        Fires(
            _net("nn.LayerNorm(4, config.eps)"),
            _net(f"nn.LayerNorm(4, {_GUARDED})"),
            entry=_ENTRY,
            focus=_FOCUS,
            at="self.norm(x)",
            name="by position",
        ),
        Fires(
            _net("Norm(4, eps=config.eps)", "\nNorm = torch.nn.LayerNorm\n"),
            _net(f"Norm(4, eps={_GUARDED})", "\nNorm = torch.nn.LayerNorm\n"),
            entry=_ENTRY,
            focus=_FOCUS,
            at="self.norm(x)",
            name="by another name",
        ),
        Declines(_net("nn.LayerNorm(4, eps=config.get('eps'))"), because="give it a name", focus=_FOCUS, at="self.norm(x)"),
        Ignores(_net("nn.LayerNorm(4, eps=config.eps)"), name="not asked"),
        Ignores(_net(f"nn.LayerNorm(4, eps={_GUARDED})"), focus=_FOCUS, at="self.norm(x)", name="done"),
        Ignores(_net("nn.LayerNorm(config.eps)"), focus=_FOCUS, at="self.norm(x)", name="another argument"),
    )
    source = "https://docs.pytorch.org/docs/stable/jit_builtin_functions.html"

    def propose(self, tree: Tree, facts: Facts, focus: Focus | None = None) -> Iterator[Proposal]:
        """Yield a rewrite for each module of torch whose argument the message names, those of the focused class first."""
        match = _WANTED.search(focus.message) if focus is not None else None
        if focus is None or match is None:
            return
        found = [(node, value) for node in tree.find(cst.Call) if (value := _argument(tree, facts, node, match[1])) is not None]
        owner = focus.scope.rpartition(".")[0]
        near = [(node, value) for node, value in found if owner and tree.scope(node).startswith(f"{owner}.")]
        for node, value in near or found:
            if isinstance(value, cst.Integer | cst.Float | cst.UnaryOperation | cst.IfExp):
                continue  # known already
            text = tree.code(value)
            if not is_simple(value):
                if not isinstance(value, cst.Call) or tree.dotted(value.func) != "builtins.float":
                    yield tree.decline(self, node, f"{match[1]} may be an int, which can't be a float in scripted code; give it a name")
                continue
            edit: Edit = tree.replace_outer(value, f"float({text}) if isinstance({text}, int) else {text}")
            why = "the module hands it on as a float, and the compiler does not make one of an int"
            yield tree.rewrite(self, node, f"{match[1]} as a float where it is an int", [edit], why=why)


def _argument(tree: Tree, facts: Facts, node: cst.Call, name: str) -> cst.BaseExpression | None:
    """What a call that makes a module of torch, in a module class, gives for a float parameter of that name."""
    owner = tree.enclosing(node, cst.ClassDef)
    known = facts.classes.get(f"{tree.path}::{tree.qualname(owner)}") if owner is not None else None
    if known is None or not known.is_module or any(arg.star for arg in node.args):
        return None
    formals = _constructor(tree, node.func)
    place = next((i for i, formal in enumerate(formals) if formal.name == name and "float" in formal.type.names()), None)
    if place is None:
        return None
    keyword = next((arg for arg in node.args if arg.keyword is not None and arg.keyword.value == name), None)
    positional = [arg for arg in node.args if arg.keyword is None]
    if keyword is not None:
        return keyword.value
    return positional[place].value if place < len(positional) else None


def _constructor(tree: Tree, func: cst.BaseExpression) -> Overload:
    """The parameters of the torch module that a name stands for, also by way of one assignment at the top level."""
    if not is_simple(func):
        return ()
    dotted = tree.dotted(func)
    if not dotted and isinstance(func, cst.Name):
        values = [
            small.value
            for statement in tree.module.body
            if isinstance(statement, cst.SimpleStatementLine)
            for small in statement.body
            if isinstance(small, cst.Assign) and any(isinstance(t.target, cst.Name) and t.target.value == func.value for t in small.targets)
        ]
        dotted = tree.dotted(values[-1]) if values and is_simple(values[-1]) else ""
    return schemas.module(dotted) if dotted.startswith("torch.") else ()
