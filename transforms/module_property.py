"""SF208: modules called through a property."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from scriptify.facts.model import Facts
from scriptify.transform import Declines, Fires, Focus, Ignores, Phase, Proposal, Safety, Transform
from scriptify.transforms._containers import Method, reached_methods
from scriptify.transforms._example_text import ENTRY
from scriptify.transforms._getters import getter
from scriptify.transforms._property_module import Property, named
from scriptify.tree import Tree

_HEAD = """import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.bn1 = nn.LayerNorm(4)
        self.norm_name = "bn1"

    @property
    def norm(self):
        \"\"\"The norm layer.\"\"\"
        return getattr(self, self.norm_name)

"""
_PLAIN = _HEAD.replace("getattr(self, self.norm_name)", "self.bn1")


class ModuleProperty(Transform):
    """``self.norm1(x)`` with a property ``norm1`` that returns ``self.bn1`` -> ``self.bn1(x)``.

    What a property gives is a plain value to the compiler, and a module that is a value can't be called. Where the
    property only names a module, and names the same one on every instance, the module is named in its place; the
    property itself stays as it is for everybody else.
    """

    code = "SF208"
    name = "module-property"
    phase = Phase.CONTAINERS
    explains = ("has no attribute or method '__call__'", "has no attribute or method 'forward'")
    hints = ("property",)
    source = "https://docs.pytorch.org/docs/stable/jit_language_reference.html"
    examples = (
        Fires(
            _HEAD + "    def forward(self, x):\n        y = self.norm(x)  # first\n        return self.norm(y) * self.norm.weight\n",
            _HEAD + "    def forward(self, x):\n        y = self.bn1(x)  # first\n        return self.bn1(y) * self.bn1.weight\n",
            name="by a computed name",
        ),
        Fires(
            _PLAIN + "    def forward(self, x):\n        return torch.relu(self.norm(x))\n",
            _PLAIN + "    def forward(self, x):\n        return torch.relu(self.bn1(x))\n",
            entry=ENTRY,
            name="by its own name",
        ),
        Declines(
            _HEAD.replace("return getattr", "print(1)\n        return getattr")
            + "    def forward(self, x):\n        return self.norm(x)\n",
            because="does more than name one module",
        ),
        Declines(
            _HEAD + "    def forward(self, x):\n        return self.norm(x)\n\n\nclass Other(Net):\n"
            "    @property\n    def norm(self):\n        return torch.relu\n",
            because="does more than name one module",
        ),
        Ignores(_HEAD + "    def forward(self, x):\n        return self.bn1(x)\n", name="not called"),
        Ignores(
            _PLAIN + "    def forward(self, x):\n        return self.bn1(x) * self.norm.eps\n",
            name="read only",
        ),
        Ignores(
            _HEAD.replace("getattr(self, self.norm_name)", "2.0") + "    def forward(self, x):\n        return self.bn1(x) * self.norm\n",
            name="a number",
        ),
    )

    def propose(self, tree: Tree, facts: Facts, focus: Focus | None = None) -> Iterator[Proposal]:
        """Yield one rewrite for each property through which a function calls a module."""
        for method in reached_methods(tree, facts, focus):
            if not method.self_name or method.owner is None or method.owner.path != tree.path:
                continue
            for name in method.owner.properties:
                yield from self._property(method, name)

    def _property(self, method: Method, name: str) -> Iterator[Proposal]:
        tree = method.tree
        reads = [
            node
            for node in tree.find(cst.Attribute, method.node.body)
            if node.attr.value == name and tree.code(node.value) == method.self_name and not method.dead(node) and _own(method, node)
        ]
        called = [node for node in reads if isinstance(call := tree.parent(node), cst.Call) and call.func is node]
        if not called or getter(tree, method.class_name, name) is None or method.node.name.value == name:
            return
        found = named(tree, method.facts, method.class_name, name)
        if found is None:
            because = f"the property {name} does more than name one module, or not the same on all instances; call the module itself"
            yield tree.decline(self, called[0], because)
            return
        yield self._rewrite(method, found, reads)

    def _rewrite(self, method: Method, found: Property, reads: list[cst.Attribute]) -> Proposal:
        tree = method.tree
        edits = [tree.replace(read.attr, found.attribute) for read in reads]
        safety = None if found.certain else Safety.OBSERVED
        title = f"name self.{found.attribute} in place of the property {found.name}"
        why = "what a property gives is a value, and a module that is a value can't be called"
        return tree.rewrite(self, reads[0], title, edits, needs=found.needs, why=why, safety=safety)


def _own(method: Method, node: cst.CSTNode) -> bool:
    """Whether ``self`` means the method's own there."""
    for above in method.tree.ancestors(node):
        if above is method.node:
            return True
        if isinstance(above, cst.FunctionDef | cst.Lambda) and any(p.name.value == method.self_name for p in above.params.params):
            return False
    return False
