"""SF119: annotations that name what is not there when the program runs."""

from __future__ import annotations

import re
from collections.abc import Iterator

import libcst as cst

from scriptify.facts.model import Facts, Observed, Parameter
from scriptify.facts.types import NONE
from scriptify.transform import Declines, Fires, Focus, Ignores, Phase, Proposal, Safety, Transform
from scriptify.transforms._signature import annotate, compiled, own_parameters, spell, type_commented
from scriptify.tree import Tree

_MESSAGE = re.compile(r"Unknown type name '([\w.]+)'")
_HEAD = "import torch\nfrom torch import nn\n\n\nclass Net(nn.Module):\n"
_CHECKED = "from __future__ import annotations\n\nfrom typing import TYPE_CHECKING\n\n" + _HEAD.replace(
    "\n\n\nclass", "\n\nif TYPE_CHECKING:\n    from torch import Tensor as Ten\n\n\nclass"
)
_ENTRY = "Net(), (torch.randn(2, 3),)"
_FOCUS = "Unknown type name '{}':"


class UnknownAnnotation(Transform):
    """``def forward(self, x: "Image")`` with no ``Image`` in sight -> ``x: torch.Tensor``, as a run has shown.

    A text, or a name that only type checkers import, is an annotation that Python never looks up. The compiler
    does. It gets the type that the parameter had in a run; so does a name that stands for no type the compiler has.
    """

    code = "SF119"
    name = "unknown-annotation"
    phase = Phase.SIGNATURES
    safety = Safety.OBSERVED
    on_demand = True
    explains = ("Unknown type name",)
    hints = (":",)
    source = "https://docs.pytorch.org/docs/stable/jit_language_reference.html#types"
    examples = (
        Fires(
            _HEAD + '    def forward(self, x: "Image", n=1):\n        return x + n\n',
            _HEAD + "    def forward(self, x: torch.Tensor, n=1):\n        return x + n\n",
            focus=_FOCUS.format("Image"),
            at="def forward",
            observed=Observed(parameters={"Net.forward": {"x": "Tensor"}}),
            name="a text",
        ),
        Fires(
            _CHECKED + "    def forward(self, x: Ten) -> Ten:\n        return x + 1\n",
            _CHECKED + "    def forward(self, x: torch.Tensor) -> Ten:\n        return x + 1\n",
            focus=_FOCUS.format("Ten"),
            at="def forward",
            observed=Observed(parameters={"Net.forward": {"x": "Tensor"}}),
            name="for type checkers only",
        ),
        Declines(
            _HEAD + '    def forward(self, x: "Image"):\n        return x + 1\n',
            because="no run",
            focus=_FOCUS.format("Image"),
            at="def forward",
        ),
        Ignores(_HEAD + '    def forward(self, x: "Image"):\n        return x + 1\n'),
        Ignores(_HEAD + "    def forward(self, x: torch.Tensor):\n        return x + 1\n", focus=_FOCUS.format("Image"), at="def forward"),
    )

    def propose(self, tree: Tree, facts: Facts, focus: Focus | None = None) -> Iterator[Proposal]:
        """Every annotation of a parameter with the name of the message."""
        found = _MESSAGE.search(focus.message) if focus is not None else None
        if found is None:
            return
        for qualname, function in compiled(tree, facts, focus):
            if type_commented(tree, function):
                continue
            for param in own_parameters(tree, function):
                fact = facts.parameter(tree.path, qualname, param.name.value)
                if param.annotation is None or not isinstance(fact, Parameter) or not _names(tree, param.annotation.annotation, found[1]):
                    continue
                live = fact.given or fact.observed
                spelled = spell(tree, live.type) if live is not None and live.type.known and live.type.name != NONE else None
                edit = annotate(tree, param, spelled.text) if spelled is not None else None
                if spelled is None or edit is None:
                    because = f"nothing called {found[1]} is there when the program runs, and no run has shown what {param.name.value} is"
                    yield tree.decline(self, param, because)
                    continue
                title = f"{param.name.value}: {spelled.text}"
                why = "the compiler looks annotations up, which Python does not do for these"
                yield tree.rewrite(self, param, title, [edit], imports=spelled.imports, why=why)


def _names(tree: Tree, node: cst.BaseExpression, name: str) -> bool:
    """Whether an annotation is, or holds, a name."""
    if isinstance(node, cst.SimpleString):
        return isinstance(node.evaluated_value, str) and re.search(rf"\b{re.escape(name)}\b", node.evaluated_value) is not None
    return any(tree.code(part) == name for kind in (cst.Name, cst.Attribute) for part in tree.find(kind, node))
