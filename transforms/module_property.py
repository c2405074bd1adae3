"""SF208: modules called through a property."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from scriptify.facts.model import Facts
from scriptify.transform import Declines, Fires, Focus, Ignores, Phase, Proposal, Safety, Transform
from scriptify.transforms._containers import Method, reached_methods
from scriptify.transforms._example_text import ENTRY
from scriptify.transforms._getters import getter, means_self
from scriptify.transforms._kept import is_target
from scriptify.transforms._patch import Patch
from scriptify.transforms._property_module import Property, named
from scriptify.tree import Tree
from scriptify.tree.substitute import fitted

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
    property only names a module, and names the same one on every instance, the module is named in its place. Where
    that rests on an attribute that may be set anew, or on a run, only scripted code names it, and asserts as much.
    The property itself stays as it is.
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
            _HEAD + "    def forward(self, x):\n        if torch.jit.is_scripting():\n            assert self.norm_name == 'bn1'\n"
            "        y = self.bn1(x) if torch.jit.is_scripting() else self.norm(x)  # first\n"
            "        return (self.bn1(y) if torch.jit.is_scripting() else self.norm(y)) * "
            "(self.bn1.weight if torch.jit.is_scripting() else self.norm.weight)\n",
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
        Declines(
            _PLAIN + "    @norm.setter\n    def norm(self, value):\n        self.other = value\n\n"
            "    def forward(self, x):\n        self.norm = None\n        return self.norm(x)\n",
            because="setter",
            name="set in the method",
        ),
        Declines(
            _PLAIN + "    def forward(self, x):\n        return self.norm(x)\n\n\n"
            "class Mixin:\n    @property\n    def norm(self):\n        return torch.relu\n\n\nclass Other(Mixin, Net):\n    pass\n",
            because="does more than name one module",
            name="given by a mixin",
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
            if node.attr.value == name and tree.code(node.value) == method.self_name and not method.dead(node) and means_self(method, node)
        ]
        called = [node for node in reads if isinstance(call := tree.parent(node), cst.Call) and call.func is node]
        if not called or getter(tree, method.class_name, name) is None or method.node.name.value == name:
            return
        if any(is_target(tree, read) for read in reads):
            yield tree.decline(self, called[0], f"{name} is set there, which is for the property's setter")
            return
        found = named(tree, method.facts, method.class_name, name)
        if found is None:
            because = f"the property {name} does more than name one module, or not the same on all instances; call the module itself"
            yield tree.decline(self, called[0], because)
            return
        yield self._rewrite(method, found, reads)

    def _rewrite(self, method: Method, found: Property, reads: list[cst.Attribute]) -> Proposal:
        tree = method.tree
        title = f"name self.{found.attribute} in place of the property {found.name}"
        why = "what a property gives is a value, and a module that is a value can't be called"
        if not found.checks:
            edits = [tree.replace(read.attr, found.attribute) for read in reads]
            return tree.rewrite(self, reads[0], title, edits, needs=found.needs, why=why)
        body = method.node.body
        if not isinstance(body, cst.IndentedBlock):
            return tree.decline(self, reads[0], "the method stands on one line; put its body on lines of its own")
        # Another instance, or a caller, may have the property name another module: eager code goes on asking it.
        spelt, imports = tree.imports.spell("torch.jit.is_scripting")
        patch = Patch(tree)
        whole = {id(unit): unit for unit in (_unit(tree, read) for read in reads)}.values()
        for unit in whole:
            if not any(other is not unit and tree.contains(other, unit) for other in whole):
                patch.replace(unit, _twin(tree, unit, reads, found.attribute, spelt))
        first = body.body[1 if method.node.get_docstring() and len(body.body) > 1 else 0]
        patch.before(first, [f"if {spelt}():", *(f"    assert {check}" for check in found.checks)])
        return tree.rewrite(self, reads[0], title, patch.edits(), imports=imports, needs=found.needs, why=why, safety=Safety.OBSERVED)


def _unit(tree: Tree, read: cst.BaseExpression) -> cst.BaseExpression:
    """The call of what is read, or the attribute of it, as far as it goes."""
    node, above = read, tree.parent(read)
    while (isinstance(above, cst.Attribute | cst.Subscript) and above.value is node) or (
        isinstance(above, cst.Call) and above.func is node
    ):
        node, above = above, tree.parent(above)
    return node


def _twin(tree: Tree, unit: cst.BaseExpression, reads: list[cst.Attribute], attribute: str, spelt: str) -> str:
    """The expression with the module's own name when scripting, and as it is in eager code."""
    start, text = tree.span(unit)[0], tree.code(unit)
    scripted = text
    for read in sorted((read for read in reads if read is unit or tree.contains(unit, read)), key=lambda read: -tree.span(read)[0]):
        first, last = tree.span(read.attr)
        scripted = f"{scripted[: first - start]}{attribute}{scripted[last - start :]}"
    return fitted(tree, unit, f"{scripted} if {spelt}() else {text}")
