"""SF820: adaptive pools that keep a size of their input."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from scriptify.facts.model import Facts
from scriptify.transform import Declines, Edit, Fires, Focus, Ignores, Import, Phase, Proposal, Transform
from scriptify.transforms._helper_text import above_definitions
from scriptify.tree import Tree

_POOLS = {
    "AdaptiveAvgPool2d": ("adaptive_avg_pool2d", ("height", "width"), ""),
    "AdaptiveAvgPool3d": ("adaptive_avg_pool3d", ("depth", "height", "width"), ""),
    "AdaptiveMaxPool2d": ("adaptive_max_pool2d", ("height", "width"), ", self.return_indices"),
    "AdaptiveMaxPool3d": ("adaptive_max_pool3d", ("depth", "height", "width"), ", self.return_indices"),
}
_FOCUS = "Expected a value of type 'List[int]' for argument 'output_size' but instead found type 'Tuple[NoneType, int]'."
_HEAD = "import torch\nimport torch.nn.functional as F\nfrom torch import nn\n"
_NET = """

class Net(nn.Module):
    def __init__(self, size=None):
        super().__init__()
        self.pool = {}

    def forward(self, x):
        return self.pool(x)
"""
_CLASS = '''

class _OpenAdaptiveAvgPool2d(nn.AdaptiveAvgPool2d):
    """An AdaptiveAvgPool2d some of whose sizes are None, the input's own: TorchScript has no type for them."""

    def forward(self, input):
        if not torch.jit.is_scripting():
            return super().forward(input)
        height, width = self.output_size
        sizes = [input.size(-2) if height is None else height, input.size(-1) if width is None else width]
        return F.adaptive_avg_pool2d(input, sizes)
'''


class OpenSize(Transform):
    """``nn.AdaptiveAvgPool2d((None, 1))`` -> ``_OpenAdaptiveAvgPool2d((None, 1))``, a subclass that also scripts.

    A size of None is the input's own. torch's module hands the sizes on as they are, and the compiler has no list with
    None in it. The subclass works them out when scripted, and computes what it did in eager code, without a parameter or
    a key of its own. ``isinstance`` holds as before; ``type(m) is nn.AdaptiveAvgPool2d`` does not, and is not asked by torch.
    """

    code = "SF820"
    name = "open-size"
    phase = Phase.CONTAINERS
    on_demand = True
    explains = ("for argument 'output_size' but instead found type",)
    hints = ("AdaptiveAvgPool", "AdaptiveMaxPool")
    source = "https://docs.pytorch.org/docs/stable/generated/torch.nn.AdaptiveAvgPool2d.html"
    examples = (
        Fires(
            _HEAD + _NET.format("nn.AdaptiveAvgPool2d((None, 1))"),
            _HEAD + _CLASS + _NET.format("_OpenAdaptiveAvgPool2d((None, 1))"),
            entry="Net(), (torch.rand(2, 3, 4, 5),)",
            focus=_FOCUS,
            name="a row for each",
        ),
        Fires(
            _HEAD + _CLASS + _NET.format("nn.Sequential(nn.AdaptiveAvgPool2d(output_size=[2, None]), nn.ReLU())"),
            _HEAD + _CLASS + _NET.format("nn.Sequential(_OpenAdaptiveAvgPool2d(output_size=[2, None]), nn.ReLU())"),
            entry="Net(), (torch.rand(2, 3, 4, 5),)",
            focus=_FOCUS,
            name="another one",
        ),
        Declines(_HEAD + _NET.format("nn.AdaptiveAvgPool2d(size)"), because="write its sizes", focus=_FOCUS),
        Ignores(_HEAD + _NET.format("nn.AdaptiveAvgPool2d((None, 1))"), name="not asked"),
        Ignores(_HEAD + _NET.format("nn.AdaptiveAvgPool2d((1, 1))"), focus=_FOCUS),
    )

    def propose(self, tree: Tree, facts: Facts, focus: Focus | None = None) -> Iterator[Proposal]:
        """Yield one rewrite for each pool with such sizes, or a decline where its sizes are not written there."""
        if focus is None or not self.answers(focus.message) or "None" not in focus.message:
            return
        unclear: list[cst.Call] = []
        found = False
        for call in tree.find(cst.Call):
            kind = tree.dotted(call.func).removeprefix("torch.nn.")
            size = _size(call) if kind in _POOLS else None
            if isinstance(size, cst.Tuple | cst.List) and any(_none(element.value) for element in size.elements):
                found = True
                yield self._subclassed(tree, call, kind)
            elif size is not None and not isinstance(size, cst.Tuple | cst.List | cst.Integer):
                unclear.append(call)
        if unclear and not found:
            yield tree.decline(self, unclear[0], f"what {tree.code(unclear[0])} was made with is not plain; write its sizes there")

    def _subclassed(self, tree: Tree, call: cst.Call, kind: str) -> Proposal:
        name = f"_Open{kind}"
        edits, imports = [tree.replace(call.func, name)], tuple[Import, ...]()
        if tree.class_(name) is None:
            helper, imports = _helper(tree, kind, name)
            edits.append(helper)
        why = "the compiler has no list of sizes with None in it; the subclass asks its input when scripted"
        return tree.rewrite(self, call, f"{tree.code(call)} as a subclass that scripts", edits, imports=imports, why=why)


def _size(call: cst.Call) -> cst.BaseExpression | None:
    for index, arg in enumerate(call.args):
        if not arg.star and (arg.keyword.value == "output_size" if arg.keyword is not None else index == 0):
            return arg.value
    return None


def _none(node: cst.BaseExpression) -> bool:
    return isinstance(node, cst.Name) and node.value == "None"


def _helper(tree: Tree, kind: str, name: str) -> tuple[Edit, tuple[Import, ...]]:
    """The subclass, as lines above the file's definitions."""
    function, sizes, more = _POOLS[kind]
    base, first = tree.imports.spell(f"torch.nn.{kind}")
    pooled, second = tree.imports.spell(f"torch.nn.functional.{function}")
    asked, third = tree.imports.spell("torch.jit.is_scripting")
    items = [f"input.size({place - len(sizes)}) if {size} is None else {size}" for place, size in enumerate(sizes)]
    lines = [
        f"class {name}({base}):",
        f'    """An {kind} some of whose sizes are None, the input\'s own: TorchScript has no type for them."""',
        "",
        "    def forward(self, input):",
        f"        if not {asked}():",
        "            return super().forward(input)",
        f"        {', '.join(sizes)} = self.output_size",
        f"        sizes = [{', '.join(items)}]",
        f"        return {pooled}(input, sizes{more})",
    ]
    return above_definitions(tree, lines), (*first, *second, *third)
