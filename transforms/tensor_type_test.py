"""SF742: ``x.type() == y.type()``, which scripting reads as a comparison of values."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from scriptify.facts.model import Facts
from scriptify.transform import Fires, Focus, Ignores, Phase, Proposal, Transform
from scriptify.transforms._before import scripting
from scriptify.transforms._infer import Inference
from scriptify.transforms._number import is_simple
from scriptify.transforms._signature import TENSOR, compiled
from scriptify.tree import Tree, own_nodes

_KINDS = {
    "Float": "float32",
    "Double": "float64",
    "Half": "float16",
    "BFloat16": "bfloat16",
    "Long": "int64",
    "Int": "int32",
    "Short": "int16",
    "Char": "int8",
    "Byte": "uint8",
    "Bool": "bool",
}
_HEAD = "import torch\nfrom torch import nn\n\n\nclass Net(nn.Module):\n"
_INIT = "    def __init__(self):\n        super().__init__()\n        self.register_buffer('w', torch.ones(4))\n\n"


def _net(test: str) -> str:
    return (
        f"{_HEAD}{_INIT}    def forward(self, x: torch.Tensor):\n        if {test}:\n            return x * self.w\n        return x + 1\n"
    )


def _fires(name: str, test: str, asked: str) -> Fires:
    after = f"(({asked}) if torch.jit.is_scripting() else {test})"
    return Fires(_net(test), _net(after), entry="Net(), (torch.randn(2, 4),)", silent=True, name=name)


_SAME = "self.w.data.dtype == x.data.dtype and self.w.data.device.type == x.data.device.type and self.w.data.layout == x.data.layout"
_HALF = 'x.dtype == torch.float16 and x.device.type == "cuda" and x.layout == torch.strided'


class TensorTypeTest(Transform):
    """``x.type() == y.type()`` -> ``((x.dtype == y.dtype and ...) if torch.jit.is_scripting() else x.type() == y.type())``.

    ``type()`` names a tensor's dtype, kind of device and layout. In scripted code it gives the tensor itself, so that
    such a test compares values, without a word where they are one number each.
    """

    code = "SF742"
    name = "tensor-type-test"
    phase = Phase.VALUES
    hints = (".type()",)
    explains = ("instead found type 'str'", "Boolean value of Tensor")
    examples = (
        _fires("two tensors", "self.w.data.type() == x.data.type()", _SAME),
        _fires("not the same", "self.w.data.type() != x.data.type()", f"not ({_SAME})"),
        _fires("a name", "x.type() == 'torch.cuda.HalfTensor'", _HALF),
        _fires("another name", "x.type() != 'torch.cuda.HalfTensor'", f"not ({_HALF})"),
        Ignores(_net("(True if torch.jit.is_scripting() else x.type() == self.w.type())"), name="for eager code only"),
        Ignores(_net("x.type(torch.float16).sum() == self.w.sum()"), name="a conversion"),
        Ignores(_net("x.type() == 'float'"), name="no name of a type"),
        Ignores("def same(x, y):\n    return x.type() == y.type()\n", name="not compiled"),
    )
    source = "https://docs.pytorch.org/docs/stable/generated/torch.Tensor.type.html"

    def propose(self, tree: Tree, facts: Facts, focus: Focus | None = None) -> Iterator[Proposal]:
        """Yield a rewrite for each such test of tensors in compiled code."""
        for qualname, function in compiled(tree, facts):
            inference: Inference | None = None
            for node in own_nodes(function.body):
                asked = _asked(tree, node)
                if asked is None or not isinstance(node, cst.Comparison):
                    continue
                inference = inference or Inference(tree, facts, qualname, function)
                if any(inference.type_of(value) != TENSOR for value in asked[1]):
                    continue
                text = f"(({asked[0]}) if {scripting(tree)} else {tree.code(node)})"
                imports = (*tree.imports.spell("torch.jit.is_scripting")[1], *tree.imports.spell("torch.strided")[1])
                why = "in scripted code type() gives the tensor itself, and the test compares values"
                edit = tree.replace(node, text[1:-1] if node.lpar else text)
                yield tree.rewrite(self, node, f"what {tree.code(node)} asks", [edit], imports=imports, why=why, silent=True)


def _asked(tree: Tree, node: cst.CSTNode) -> tuple[str, list[cst.BaseExpression]] | None:
    """What a comparison of types asks, in words of scripting, and the tensors it asks of."""
    if not isinstance(node, cst.Comparison) or len(node.comparisons) != 1:
        return None
    sign, above = node.comparisons[0].operator, tree.parent(node)
    if not isinstance(sign, cst.Equal | cst.NotEqual) or (isinstance(above, cst.IfExp) and above.orelse is node):
        return None
    left, right = _typed(node.left), _typed(node.comparisons[0].comparator)
    if left is None:
        return None
    if right is not None:
        a, b = tree.code(left), tree.code(right)
        text = f"{a}.dtype == {b}.dtype and {a}.device.type == {b}.device.type and {a}.layout == {b}.layout"
        found = [left, right]
    else:
        named = _named(tree, left, node.comparisons[0].comparator)
        if named is None:
            return None
        text, found = named, [left]
    return (f"not ({text})" if isinstance(sign, cst.NotEqual) else text), found


def _typed(node: cst.BaseExpression) -> cst.BaseExpression | None:
    """``x`` of ``x.type()``, where reading it twice is the same."""
    if isinstance(node, cst.Call) and not node.args and isinstance(node.func, cst.Attribute) and node.func.attr.value == "type":
        return node.func.value if is_simple(node.func.value) else None
    return None


def _named(tree: Tree, value: cst.BaseExpression, node: cst.BaseExpression) -> str | None:
    """The test for ``"torch.cuda.HalfTensor"`` and its like."""
    name = node.evaluated_value if isinstance(node, cst.SimpleString) else None
    if not isinstance(name, str) or not name.startswith("torch.") or not name.endswith("Tensor"):
        return None
    *devices, kind = name.removeprefix("torch.").removesuffix("Tensor").split(".")
    if kind not in _KINDS or devices not in ([], ["cuda"]):
        return None
    torch, text = tree.imports.spell("torch.strided")[0].rpartition(".")[0] or "torch", tree.code(value)
    device = devices[0] if devices else "cpu"
    return f'{text}.dtype == {torch}.{_KINDS[kind]} and {text}.device.type == "{device}" and {text}.layout == {torch}.strided'
