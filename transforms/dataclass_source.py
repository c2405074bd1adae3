"""SF812: dataclasses that scripted code makes."""

from __future__ import annotations

import re
from collections.abc import Iterator

import libcst as cst

from scriptify.facts.model import Facts
from scriptify.transform import Declines, Fires, Focus, Ignores, Phase, Proposal, Transform
from scriptify.transforms._signature import declared
from scriptify.tree import Tree

_MESSAGE = re.compile(r"Failed to get source for <function (\w+)\.__init__")
_HEAD = "import dataclasses\n\nimport torch\nfrom torch import nn\n\n\n"
_OUT = "@dataclasses.dataclass\nclass Out:\n    a: torch.Tensor\n    n: int = 3\n"
_NET = "\n\nclass Net(nn.Module):\n    def forward(self, x: torch.Tensor):\n        out = Out(x, 2)\n        return out.a * out.n\n"
_FOCUS = "Failed to get source for <function Out.__init__ at 0x7f> using inspect.getsource"


class DataclassSource(Transform):
    """``@dataclass class Out: ...`` that scripted code makes -> ``@torch.jit.script`` above it.

    The ``__init__`` of a dataclass has no source to compile; ``torch.jit.script`` on the class makes one from
    its fields, and gives back the same class. Fields of types the compiler lacks would be refused when the file is imported,
    so only a class with plain ones is marked.
    """

    code = "SF812"
    name = "dataclass-source"
    phase = Phase.DEPLOY
    on_demand = True
    explains = ("Failed to get source for <function",)
    hints = ("dataclass",)
    source = "https://docs.pytorch.org/docs/stable/jit_language_reference.html#torchscript-classes"
    examples = (
        Fires(
            _HEAD + _OUT + _NET,
            _HEAD + "@torch.jit.script\n" + _OUT + _NET,
            entry="Net(), (torch.randn(2, 3),)",
            focus=_FOCUS,
        ),
        Declines(_HEAD + _OUT.replace("int = 3", "list = None") + _NET, because="field n", focus=_FOCUS),
        Declines(_HEAD + _OUT + "\n    def twice(self):\n        return self.a * 2\n" + _NET, because="methods", focus=_FOCUS),
        Ignores(_HEAD + _OUT + _NET),
    )

    def propose(self, tree: Tree, facts: Facts, focus: Focus | None = None) -> Iterator[Proposal]:
        """Mark the class that the message names."""
        found = _MESSAGE.search(focus.message) if focus is not None else None
        owner = tree.class_(found.group(1)) if found is not None else None
        if owner is None or not owner.decorators:
            return
        names = [tree.dotted(d.decorator.func if isinstance(d.decorator, cst.Call) else d.decorator) for d in owner.decorators]
        if names != ["dataclasses.dataclass"]:
            return
        reason = _obstacle(tree, owner)
        if reason:
            yield tree.decline(self, owner, f"{owner.name.value} has no source for the compiler, and can't be marked: {reason}")
            return
        spelt, imports = tree.imports.spell("torch.jit.script")
        edit = tree.insert(tree.line_start(tree.line(owner.decorators[0])), f"{tree.indent(owner)}@{spelt}{tree.newline}")
        why = "the compiler needs the source of __init__, which a dataclass has only when it is marked"
        yield tree.rewrite(self, owner, f"{owner.name.value} is made known to the compiler", [edit], imports=imports, why=why)


def _obstacle(tree: Tree, owner: cst.ClassDef) -> str:
    if owner.bases or owner.keywords or isinstance(tree.parent(owner), cst.IndentedBlock):
        return "it has a base class, or does not stand at the top of the file"
    for statement in owner.body.body:
        if not isinstance(statement, cst.SimpleStatementLine):
            return "it has methods"
        for small in statement.body:
            if isinstance(small, cst.Expr) and isinstance(small.value, cst.SimpleString):
                continue
            if not isinstance(small, cst.AnnAssign) or not isinstance(small.target, cst.Name):
                return "it has more than annotated fields"
            if declared(tree, small.annotation.annotation) is None or isinstance(small.annotation.annotation, cst.SimpleString):
                return f"the type of its field {small.target.value} is nothing to the compiler"
            if isinstance(small.value, cst.Call):
                return f"the default of its field {small.target.value} is computed"
    return ""
