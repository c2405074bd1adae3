"""SF714: tests of a value's type that scripting can't read, where the compiled type answers them."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from scriptify.facts.model import Facts
from scriptify.facts.types import Type
from scriptify.transform import Declines, Edit, Fires, Focus, Ignores, Phase, Proposal, Safety, Transform
from scriptify.transforms._expression import TENSOR, Body, NoForm, bodies, decline, rewrite
from scriptify.tree import Tree
from scriptify.tree.substitute import calm

_HEAD = """import numpy as np
import torch
from torch import nn


class Net(nn.Module):
    def forward(self, x: torch.Tensor):
"""
_ENTRY = "Net(), (torch.randn(2, 4),)"
# what scripting can name in isinstance, and the compiled types that are instances
_READ = {
    "torch.Tensor": {"Tensor"},
    "builtins.int": {"int", "bool"},
    "builtins.float": {"float"},
    "builtins.bool": {"bool"},
    "builtins.str": {"str"},
    "builtins.list": {"List"},
    "builtins.tuple": {"Tuple"},
}
# what it can't name; none but a dict is the compiled type of anything
_UNREAD = {
    "builtins.dict": {"Dict"},
    "collections.OrderedDict": set(),
    "typing.Mapping": {"Dict"},
    "collections.abc.Mapping": {"Dict"},
    "builtins.set": set(),
    "builtins.frozenset": set(),
    "numpy.ndarray": set(),
    "torch.Size": set(),
    "torch.nn.Module": set(),
    "torch.nn.parameter.Parameter": set(),
    "torch.nn.Parameter": set(),
    "builtins.range": set(),
    "builtins.bytes": set(),
    "builtins.slice": set(),
    "builtins.type": set(),
}
# values that are one type to scripting and may be a narrower one in eager code
_NARROWER = {
    "List": ("torch.Size", "builtins.list", "builtins.tuple"),
    "Tuple": ("torch.Size", "builtins.tuple"),
    "Dict": ("collections.OrderedDict", "builtins.dict"),
    "Tensor": ("torch.nn.Parameter", "torch.nn.parameter.Parameter", "torch.Tensor"),
    "bool": ("builtins.int",),
}
_SETTLED = frozenset({"Tensor", "int", "float", "bool", "str", "Tuple", "List", "Dict"})


class TypeTest(Transform):
    """``isinstance(x, dict)`` -> ``False if torch.jit.is_scripting() else isinstance(x, dict)`` where ``x`` is a Tensor to scripting.

    Scripting reads only the types it has. It knows the type of every value, so a test for another one
    has one answer there, and the branch that can't be reached is not compiled.
    """

    code = "SF714"
    name = "type-test"
    phase = Phase.VALUES
    hints = ("isinstance", "type(")
    explains = ("Unknown type name", "type(Tensor 0) -> Tensor", "cannot be used as a value", "cannot be used in a type expression")
    source = "https://docs.pytorch.org/docs/stable/jit_language_reference.html#type-refinement"
    examples = (
        Fires(
            name="a dict",
            before=_HEAD + "        if isinstance(x, dict):\n            x = x['a']\n        return x + 1\n",
            after=_HEAD
            + "        if (False if torch.jit.is_scripting() else isinstance(x, dict)):\n            x = x['a']\n        return x + 1\n",
            entry=_ENTRY,
        ),
        Fires(
            name="one of several",
            before=_HEAD + "        if isinstance(x, (np.ndarray, torch.Tensor)):\n            return x * 2\n        return x\n",
            after=_HEAD
            + "        if (True if torch.jit.is_scripting() else isinstance(x, (np.ndarray, torch.Tensor))):\n"
            + "            return x * 2\n        return x\n",
            entry=_ENTRY,
        ),
        Fires(
            name="the type itself",
            before=_HEAD + "        if type(x) == list:\n            return x[0]\n        return x if type(x) is not dict else x[1]\n",
            after=_HEAD
            + "        if (False if torch.jit.is_scripting() else type(x) == list):\n            return x[0]\n"
            + "        return x if (True if torch.jit.is_scripting() else type(x) is not dict) else x[1]\n",
            entry=_ENTRY,
        ),
        Fires(
            name="one of several types, of a list",
            before=_HEAD + "        ks = [1, 2]\n        return x if type(ks) in (list, tuple) and type(x) not in (int, str) else x + 1\n",
            after=_HEAD
            + "        ks = [1, 2]\n        return x if (True if torch.jit.is_scripting() else type(ks) in (list, tuple)) and"
            + " (True if torch.jit.is_scripting() else type(x) not in (int, str)) else x + 1\n",
            entry=_ENTRY,
        ),
        Fires(
            name="not an array",
            before=_HEAD + "        if not isinstance(x, np.ndarray):\n            return x * 2\n        return torch.from_numpy(x)\n",
            after=_HEAD
            + "        if not (False if torch.jit.is_scripting() else isinstance(x, np.ndarray)):\n"
            + "            return x * 2\n        return torch.from_numpy(x)\n",
            entry=_ENTRY,
        ),
        Declines(
            name="not known",
            code=_HEAD.replace(": torch.Tensor", "") + "        if isinstance(x, dict):\n            x = x['a']\n        return x\n",
            because="give an entry",
        ),
        Declines(
            name="a Tensor that may be a Parameter",
            code=_HEAD + "        return x * 2 if isinstance(x, nn.Parameter) else x\n",
            because="differ",
        ),
        Ignores(
            name="types that scripting has", code=_HEAD + "        return x if isinstance(x, (torch.Tensor, list, tuple, int)) else x\n"
        ),
        Ignores(name="a class of the project", code=_HEAD + "        return x if isinstance(x, Net) else x\n"),
        Ignores(name="not compiled", code="def f(x):\n    return isinstance(x, dict)\n"),
    )

    def propose(self, tree: Tree, facts: Facts, focus: Focus | None = None) -> Iterator[Proposal]:
        """Every such test in compiled code."""
        for body in bodies(tree, facts):
            tests: list[cst.Call | cst.Comparison] = [*body.find(cst.Call), *body.find(cst.Comparison)]
            for node in tests:
                try:
                    edits = _edits(body, node)
                except NoForm as reason:
                    if isinstance(node, cst.Comparison) and _plain_tensor(body, node):
                        answer = str(isinstance(node.comparisons[0].operator, cst.Is | cst.Equal))
                        title = f"{tree.code(node)} is answered for scripting"
                        why = "a Tensor is no Parameter in the runs that were seen, and scripting tells them not apart"
                        yield rewrite(self, body, node, title, body.guarded(node, answer), why=why, safety=Safety.OBSERVED)
                        continue
                    yield decline(self, body, node, f"scripting can't read {tree.code(node)}, and {reason}")
                    continue
                if edits:
                    yield rewrite(self, body, node, f"{tree.code(node)} is answered for scripting", edits)


def _edits(body: Body, node: cst.Call | cst.Comparison) -> list[Edit]:
    found = _isinstance(body, node) if isinstance(node, cst.Call) else _type_is(body, node)
    if found is None:
        return []
    value, names, negated = found
    tables = [{**_READ, **_UNREAD}.get(name) for name in names]
    known: Type | None = body.certain.type_of(value)
    if None in tables or not calm(body.tree, value):
        return []
    display = _display(body, value) if isinstance(node, cst.Comparison) else ""
    if display:
        return body.guarded(node, str((display in names) != negated))
    if known is None or known.name not in _SETTLED:
        raise NoForm("the type of the value is not known; give an entry: its run shows it")
    narrow = [name for name in _NARROWER.get(known.name, ()) if isinstance(node, cst.Comparison) or name not in _READ]
    if any(name in narrow and name != "builtins.dict" for name in names):
        raise NoForm(f"whether a {known.name} is one in eager code can differ from call to call")
    answer = any(known.name in table for table in tables if table is not None)
    return body.guarded(node, str(answer != negated))


def _isinstance(body: Body, node: cst.Call) -> tuple[cst.BaseExpression, list[str], bool] | None:
    """The value and the types of an ``isinstance`` of which scripting can't read one."""
    if body.dotted(node.func) != "builtins.isinstance" or len(node.args) != 2:
        return None
    types = node.args[1].value
    nodes = [e.value for e in types.elements] if isinstance(types, cst.Tuple) else [types]
    names = [body.dotted(n) for n in nodes]
    return (node.args[0].value, names, False) if any(name in _UNREAD for name in names) else None


def _type_is(body: Body, node: cst.Comparison) -> tuple[cst.BaseExpression, list[str], bool] | None:
    """The value and the type of ``type(x) == T``."""
    call = node.left
    if len(node.comparisons) != 1 or not isinstance(call, cst.Call) or body.dotted(call.func) != "builtins.type" or len(call.args) != 1:
        return None
    sign, other = node.comparisons[0].operator, node.comparisons[0].comparator
    value = call.args[0].value
    if isinstance(sign, cst.In | cst.NotIn) and isinstance(other, cst.Tuple | cst.List | cst.Set):
        return value, [body.dotted(element.value) for element in other.elements], isinstance(sign, cst.NotIn)
    if not isinstance(sign, cst.Equal | cst.NotEqual | cst.Is | cst.IsNot):
        return None
    return value, [body.dotted(other)], isinstance(sign, cst.NotEqual | cst.IsNot)


def _plain_tensor(body: Body, node: cst.Comparison) -> bool:
    """Whether it is ``type(x) is torch.Tensor`` of what a run has shown to be a Tensor."""
    found = _type_is(body, node)
    if (
        found is None
        or found[1] != ["torch.Tensor"]
        or not isinstance(node.comparisons[0].operator, cst.Is | cst.Equal | cst.IsNot | cst.NotEqual)
    ):
        return False
    return calm(body.tree, found[0]) and body.certain.type_of(found[0]) == TENSOR


def _display(body: Body, value: cst.BaseExpression) -> str:
    """``builtins.list`` or ``builtins.tuple`` for a local name that is only ever assigned displays of it."""
    values = body.assigned(value)
    if values and all(isinstance(one, cst.List | cst.ListComp) for one in values):
        return "builtins.list"
    return "builtins.tuple" if values and all(isinstance(one, cst.Tuple) for one in values) else ""
