"""What type inference knows beforehand: functions and methods that give Tensors, literals, calls that may give several values."""

from __future__ import annotations

import ast

import libcst as cst

from scriptify.facts.model import Attribute, Kind
from scriptify.facts.types import NONE, Type
from scriptify.transforms._none_uses import ends_flow
from scriptify.transforms._signature import TENSOR
from scriptify.tree import own_nodes
from scriptify.tree.shapes import shape_read, size_read

DEPTH = 12
LEVELS = 3
INT, FLOAT, BOOL, STR = Type("int"), Type("float"), Type("bool"), Type("str")
NUMERIC = (TENSOR, INT, FLOAT, BOOL)
OPEN = ("Optional", "Union", "Any")
HOLDING = ("str", "List", "Tuple", "Dict", "Set")
# torch functions whose one result is a Tensor, whatever their arguments
TENSOR_FUNCTIONS = frozenset(
    """
    where zeros ones empty full rand randn randint randperm arange linspace logspace eye tensor as_tensor zeros_like ones_like empty_like
    full_like rand_like randn_like normal bernoulli cat concat hstack vstack stack sigmoid tanh relu exp log log2 log10 log1p sqrt
    rsqrt abs sign floor ceil round matmul bmm mm addmm baddbmm einsum tensordot softmax log_softmax clamp clip pow mul add sub div
    true_divide flatten reshape squeeze unsqueeze transpose permute roll flip tril triu outer cumsum cumprod gather masked_select
    index_select sin cos tan atan2 atan erf maximum minimum lerp cross norm mean logical_and logical_or logical_not isnan isfinite
    Tensor isinf broadcast_to tile cdist conv1d conv2d conv3d layer_norm dropout repeat_interleave square neg reciprocal fmod remainder
    """.split()
)
VARIABLES = ("torch.autograd.Variable", "torch.autograd.variable.Variable", "torch.Variable")
NOT_TENSOR_FUNCTIONAL = frozenset({"multi_head_attention_forward", "has_torch_function", "handle_torch_function"})
# methods that no common type but a Tensor has, and whose result is a Tensor
TENSOR_METHODS = frozenset(
    """
    unsqueeze unsqueeze_ masked_fill masked_fill_ permute contiguous detach expand expand_as view_as type_as new_zeros new_ones
    new_empty new_full sigmoid sigmoid_ softmax log_softmax relu relu_ tanh clamp clamp_ index_select normal_ uniform_ zero_ fill_
    bmm matmul flip roll gather scatter scatter_ repeat_interleave long half double unfold narrow sqrt rsqrt square mul div add_
    mul_ sub_ div_ copy_ requires_grad_ bernoulli_ cumsum triu tril logical_not
    """.split()
)
# ... and methods that keep a Tensor a Tensor, but that other types have too
KEEPING_METHODS = frozenset(
    """
    view reshape transpose to float clone repeat squeeze flatten mean sum t cpu cuda type int bool any all add sub exp log pow abs
    argmax argmin
    """.split()
)
# methods and functions that take a Tensor to pieces
PIECES = frozenset({"unbind", "chunk", "split", "tensor_split", "unsafe_chunk", "unsafe_split", "split_with_sizes"})
RECURRENT = ("RNN", "LSTM", "GRU", "MultiheadAttention", "AdaptiveLogSoftmax", "LSTMCell", "DataParallel", "DistributedDataParallel")
HANDING_ON = ("Identity",)


_FLAGS = ("as_tuple", "return_indices", "need_weights", "return_inverse", "return_counts")


def gives_several(node: cst.Call, dotted: str) -> bool:
    """Whether a call may give a tuple where its operator gives a Tensor: ``nonzero(as_tuple=True)``, ``where(mask)``, some pools."""
    flags = [arg.value for arg in node.args if arg.keyword is not None and arg.keyword.value in _FLAGS]
    if any(not isinstance(value, cst.Name) or value.value != "False" for value in flags):
        return True
    name = dotted.rpartition(".")[2]
    starred = any(arg.star for arg in node.args)  # what is expanded is not seen
    if "max_pool" in name:
        return starred or len(node.args) > (2 if "adaptive" in name else 6)
    return name in ("where", "nonzero") and (starred or (name == "where" and len(node.args) == 1))


def of_math(name: str) -> Type | None:
    """What a function of ``math`` gives; a product is of whatever it multiplies."""
    if name in ("floor", "ceil", "trunc", "factorial", "gcd", "lcm", "comb", "perm", "isqrt"):
        return INT
    return None if name == "prod" else BOOL if name.startswith("is") else FLOAT


def literal(node: cst.CSTNode) -> Type | None:
    if isinstance(node, cst.Integer):
        return INT
    if isinstance(node, cst.Float):
        return FLOAT
    if isinstance(node, cst.SimpleString | cst.ConcatenatedString):
        return STR if isinstance(node.evaluated_value, str) else None
    if isinstance(node, cst.FormattedString):
        return STR
    if isinstance(node, cst.Name) and node.value in ("True", "False", "None"):
        return Type(NONE) if node.value == "None" else BOOL
    if isinstance(node, cst.UnaryOperation) and isinstance(node.operator, cst.Minus):
        return literal(node.expression)
    return None


def may_end(function: cst.FunctionDef) -> bool:
    """Whether a function may come to its end without a return, is a generator, or is wrapped by what may give something else."""
    if function.decorators or function.asynchronous is not None or any(isinstance(n, cst.Yield) for n in own_nodes(function.body)):
        return True
    body: cst.BaseSuite = function.body
    while isinstance(body, cst.IndentedBlock) and isinstance(inner := body.body[-1], cst.With):
        body = inner.body
    return not isinstance(body, cst.IndentedBlock) or not ends_flow(body.body[-1])


def one_index(node: cst.Subscript) -> bool:
    return len(node.slice) == 1 and isinstance(node.slice[0].slice, cst.Index) and not isinstance(node.slice[0].slice.value, cst.Tuple)


def is_shape(node: cst.CSTNode) -> bool:
    return shape_read(node) or size_read(node)


def pools(attribute: Attribute) -> bool:
    """Whether the value is what a max pooling gives, which may be a pair."""
    last = attribute.items[-1:] if Kind.SEQUENTIAL in attribute.kinds and attribute.items else tuple(attribute.classes)
    return any("MaxPool" in name for name in last)


def only_pooled(text: str) -> bool:
    """Whether the source that makes a pooling shows that it gives no indices, by keyword or by position."""
    try:
        made = ast.parse(text.strip(), mode="eval")
    except (SyntaxError, ValueError):
        return False
    found = [node for node in ast.walk(made) if isinstance(node, ast.Call) and "MaxPool" in ast.unparse(node.func)]
    return bool(found) and not any(_may_give_indices(call) for call in found)


def _may_give_indices(call: ast.Call) -> bool:
    most = 1 if "Adaptive" in ast.unparse(call.func) else 3
    starred = any(isinstance(arg, ast.Starred) for arg in call.args)
    return starred or len(call.args) > most or any(k.arg in (None, "return_indices") for k in call.keywords)
