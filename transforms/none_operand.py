"""SF116: an operation on an attribute that is None on some instance."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from scriptify.facts.model import Attribute, Facts, Kind
from scriptify.transform import Fires, Focus, Ignores, Phase, Proposal, Safety, Transform
from scriptify.transforms._before import lines_before, scripting, small_statement
from scriptify.transforms._refine import always_evaluated, raises_for_none
from scriptify.transforms._spot import Spot, spot
from scriptify.tree import Tree, own_nodes

_HEAD = "import torch\nfrom torch import nn\n\n\nclass Net(nn.Module):\n"
_INIT = (
    "    def __init__(self, rate=None, sizes=(1, 2)):\n        super().__init__()\n        self.rate = rate\n        self.sizes = sizes\n\n"
)
_FOCUS = "Expected a value of type 'Tensor' for argument 'self' but instead found type 'int'"


def _net(line: str, guard: str = "", end: str = "return x * keep") -> str:
    body = f"        if not self.training:\n            return x\n{guard}        {line}\n        {end}\n"
    return f"{_HEAD}{_INIT}    def forward(self, x):\n{body}"


_GUARD = '        if torch.jit.is_scripting() and self.rate is None:\n            raise TypeError("rate is None")\n'
_ENTRY = "Net().eval(), (torch.randn(2, 4),)"


class NoneOperand(Transform):
    """``keep = 1 - self.rate`` -> the same after ``if torch.jit.is_scripting() and self.rate is None: raise ...``.

    An instance whose ``rate`` is None never gets there, or would raise; the compiler compiles the line all the same.
    The inserted test it decides while compiling, and leaves the rest of the block out where it is true. Eager code
    and instances that have a value are not changed.
    """

    code = "SF116"
    name = "none-operand"
    phase = Phase.CONTROL
    safety = Safety.OBSERVED
    on_demand = True
    explains = ("but instead found type", "'NoneType' object", "NoneType")
    examples = (
        Fires(
            _net("keep = 1 - self.rate"), _net("keep = 1 - self.rate", _GUARD), entry=_ENTRY, focus=_FOCUS, at="keep = 1", name="arithmetic"
        ),
        Fires(
            _net("keep = -self.rate"),
            _net("keep = -self.rate", _GUARD),
            entry=_ENTRY,
            focus="Arguments for call are not valid: but instead found type 'NoneType'",
            at="keep = -",
            name="a sign",
        ),
        Fires(
            _net("keep = self.rate > 0.5", end="return x + 1 if keep else x"),
            _net("keep = self.rate > 0.5", _GUARD, end="return x + 1 if keep else x"),
            entry=_ENTRY,
            focus="but instead found type 'NoneType'",
            at="keep = self",
            name="an order",
        ),
        Ignores(_net("keep = 1 - self.rate"), name="not asked"),
        Ignores(_net("keep = 1 - self.rate", _GUARD), focus=_FOCUS, at="keep = 1", name="done"),
        Ignores(_net("keep = x.dim() > 1 and self.rate > 1", end="return x"), focus=_FOCUS, at="keep = x", name="not sure to be evaluated"),
        Ignores(_net("keep = self.sizes[0] - 1"), focus=_FOCUS, at="keep = self", name="never None"),
        Ignores(_net("keep = self.rate == 1", end="return x"), focus=_FOCUS, at="keep = self", name="None equals nothing"),
    )
    source = "https://docs.pytorch.org/docs/stable/jit_language_reference.html#metacompile-rules"

    def propose(self, tree: Tree, facts: Facts, focus: Focus | None = None) -> Iterator[Proposal]:
        """Yield the guard of the statement at the focus."""
        place = spot(tree, facts, focus)
        if place is None or focus is None or not self.answers(focus.message):
            return
        for node in own_nodes(place.function.body):
            if not isinstance(node, cst.Attribute) or not tree.lines(node)[0] <= focus.line <= tree.lines(node)[1]:
                continue
            name = place.self_attribute(node)
            if not name or not _may_be_none(place, name) or not raises_for_none(tree, node):
                continue
            small, statement = small_statement(tree, node), tree.statement(node)
            if small is None or statement is None or not always_evaluated(tree, node, statement) or _guarded(tree, statement, name):
                continue
            lines = [f"if {scripting(tree)} and {tree.code(node)} is None:", f'    raise TypeError("{name} is None")']
            edit = lines_before(tree, small, lines)
            if edit is None:
                continue
            imports = tree.imports.spell("torch.jit.is_scripting")[1]
            why = "the compiler compiles the line for an instance that never gets there; Python would raise there too"
            yield tree.rewrite(self, node, f"{tree.code(node)} is not None here", [edit], imports=imports, why=why)
            return


def _may_be_none(place: Spot, name: str) -> bool:
    """Whether the attribute is None on an instance, as far as runs and the source tell."""
    found = place.attribute(name)
    if not isinstance(found, Attribute):
        return False
    parameter = place.facts.parameter(place.tree.path, f"{place.owner_qualname}.__init__", found.text or name)
    default = getattr(parameter, "default", None) == "None"
    return Kind.NONE in found.kinds or None in found.values or (found.origin != "live" and default)


def _guarded(tree: Tree, statement: cst.CSTNode, name: str) -> bool:
    """Whether the statement before says so already."""
    block = tree.parent(statement)
    if not isinstance(block, cst.IndentedBlock):
        return False
    index = next(i for i, s in enumerate(block.body) if s is statement)
    before = block.body[index - 1] if index else None
    return isinstance(before, cst.If) and "is_scripting" in tree.code(before.test) and f".{name} is None" in tree.code(before.test)
