"""SF803: private names, which Python spells with the class in front and the compiler does not."""

from __future__ import annotations

import re
from collections.abc import Iterator

import libcst as cst

from scriptify.facts.model import Facts
from scriptify.transform import Declines, Edit, Fires, Focus, Ignores, Phase, Proposal, Transform
from scriptify.transforms._spot import spot
from scriptify.tree import Tree, own_nodes

_NAMED = re.compile(r"(?:has no attribute|nonexistent attribute:|has no attribute or method) '?(__\w+)")
_HEAD = "import torch\nfrom torch import nn\n\n\n"
_NET = """class {name}(nn.Module):
    def __init__(self):
        super().__init__()
        self.__k = 3

    def forward(self, x):
        return {body}
{more}"""
_HELPER = "\n    def {name}(self, x):\n        return x + 1\n"


def _net(body: str, more: str = "", name: str = "Net") -> str:
    return _HEAD + _NET.format(name=name, body=body, more=more)


class PrivateName(Transform):
    """``self.__k`` in ``class Net`` -> ``self._Net__k``, which is what Python reads there.

    Inside a class body Python puts the class's name before a name with two leading underscores; the compiler
    looks for the name as written. Written out, both find the same attribute, so nothing is renamed. A
    private method is defined under its full name too, which is the name it has already.
    """

    code = "SF803"
    name = "private-name"
    phase = Phase.CONTROL
    explains = ("has no attribute '__", "Tried to set nonexistent attribute: __", "has no attribute or method '__")
    hints = (".__",)
    on_demand = True
    source = "https://docs.python.org/3/reference/expressions.html#private-name-mangling"
    examples = (
        Fires(
            _net("x * self.__k"),
            _net("x * self._Net__k"),
            entry="Net(), (torch.rand(2),)",
            focus="has no attribute '__k'",
            at="return x * self.__k",
            name="attribute",
        ),
        Fires(
            _net("self.__f(x)", _HELPER.format(name="__f")),
            _net("self._Net__f(x)", _HELPER.format(name="_Net__f")),
            entry="Net(), (torch.rand(2),)",
            focus="has no attribute '__f'",
            at="return self.__f(x)",
            name="method",
        ),
        Fires(
            _net("x * self.__k + self.__k", name="_Net"),
            _net("x * self._Net__k + self._Net__k", name="_Net"),
            entry="_Net(), (torch.rand(2),)",
            focus="has no attribute '__k'",
            at="return x * self.__k",
            name="private class",
        ),
        Declines(_net("x * self.__k", name="__"), because="only underscores", focus="has no attribute '__k'", at="return x"),
        Ignores(_net("x * self.__k")),
        Ignores(_net("x * self.__len__()"), focus="has no attribute '__len__'", at="return x"),
    )

    def propose(self, tree: Tree, facts: Facts, focus: Focus | None = None) -> Iterator[Proposal]:
        """Yield one rewrite for all uses of the name in the class's compiled methods."""
        place = spot(tree, facts, focus)
        match = _NAMED.search(focus.message) if focus is not None else None
        if place is None or place.owner is None or match is None or match[1].endswith("__"):
            return
        name, stem = match[1], place.owner.name.value.lstrip("_")
        if not stem:
            yield tree.decline(
                self, place.statement() or place.function, "the class's name is only underscores, so Python leaves the name alone"
            )
            return
        full = f"_{stem}{name}"
        edits: list[Edit] = []
        for qualname, function in tree.functions():
            if not qualname.startswith(f"{place.owner_qualname}.") or tree.enclosing(function, cst.ClassDef) is not place.owner:
                continue
            if function.name.value == name:
                edits.append(tree.replace(function.name, full))
            if facts.reached(tree.path, qualname):
                nodes = (n for n in own_nodes(function.body) if isinstance(n, cst.Attribute) and n.attr.value == name)
                edits += [tree.replace(node.attr, full) for node in nodes]
        if edits:
            why = "Python reads this name with the class's name in front; the compiler reads it as written"
            yield tree.rewrite(self, place.statement() or place.function, f"write {name} as {full}", edits, why=why)
