"""Whether working a value out changes nothing else, so that leaving it out, or doing it elsewhere, is not noticed.

Not so for methods that work in place (``mul_``), ``out=`` and ``inplace=``, random numbers, whose generator moves on, modules and
functions that keep count (``batch_norm``), and any call of which that is not known.
"""

from __future__ import annotations

import libcst as cst

from scriptify import schemas
from scriptify.transforms._expression import Body, keywords
from scriptify.transforms._infer_known import KEEPING_METHODS, TENSOR_FUNCTIONS, TENSOR_METHODS

_LOUD = (cst.NamedExpr, cst.Await, cst.Yield, cst.Lambda)
_RANDOM = ("rand", "bernoulli", "binomial", "multinomial", "normal", "poisson", "dropout", "rrelu", "gumbel", "fractional", "attention")
_STATEFUL = (
    "batch_norm",
    "instance_norm",
    "embedding",
    "fake_quant",
    "renorm",
    "resize",
    "from_file",
    "backward",
    "pin_memory",
    "threshold",
)
_RANDOM_NAMES = frozenset({"normal", "rand", "randn", "randint", "randperm", "rand_like", "randn_like", "randint_like", "bernoulli"})
_IN_PLACE = frozenset({"out", "inplace", "generator", "max_norm"})
_BUILTINS = frozenset(
    f"builtins.{name}"
    for name in (
        "len",
        "int",
        "float",
        "bool",
        "str",
        "abs",
        "max",
        "min",
        "sum",
        "range",
        "round",
        "list",
        "tuple",
        "enumerate",
        "isinstance",
    )
)
_OF_TORCH = frozenset(
    f"torch.{name}"
    for name in "max min topk sort split chunk unbind median var_mean std_mean unique nonzero meshgrid numel is_tensor finfo iinfo".split()
) | {"torch.jit.is_scripting", "torch.jit.annotate"}
# functions of torch.nn.functional in Python that have no place to work in
_FUNCTIONAL = frozenset(
    f"torch.nn.functional.{name}"
    for name in (
        "softmax log_softmax sigmoid tanh softsign normalize interpolate pad layer_norm group_norm cosine_similarity mse_loss l1_loss "
        "smooth_l1_loss cross_entropy nll_loss kl_div binary_cross_entropy binary_cross_entropy_with_logits unfold fold grid_sample "
        "affine_grid max_pool1d max_pool2d max_pool3d adaptive_max_pool2d adaptive_avg_pool2d adaptive_avg_pool3d"
    ).split()
)
_METHODS = frozenset(
    "size dim numel item tolist max min topk sort split chunk unbind median stride element_size is_floating_point data_ptr nelement "
    "ndimension is_contiguous unique is_complex".split()
)
# methods of text, lists and dicts that only read
_READS = frozenset("keys values items get format join lower upper startswith endswith strip split copy index count".split())
_READ_TYPES = ("str", "List", "Dict", "Tuple")


def quiet(body: Body, node: cst.BaseExpression) -> bool:
    """Whether a value is worked out without changing anything; False where that is not known.

    What it is reckoned from is taken for what the compiler takes it for: the question is what scripted code may leave out.
    """
    if any(True for kind in _LOUD for _ in body.tree.find(kind, node)):
        return False
    if any(_property(body, attribute) for attribute in body.tree.find(cst.Attribute, node)):
        return False
    return all(_quiet_call(body, call) for call in body.tree.find(cst.Call, node))


def _property(body: Body, node: cst.Attribute) -> bool:
    """Whether an attribute of the object itself is a property, which is a call."""
    owner = body.facts.owner(body.tree.path, body.qualname)
    if owner is None or not isinstance(node.value, cst.Name):
        return False
    related = [owner, *body.facts.ancestors(owner), *body.facts.descendants(owner)]
    return any(node.attr.value in known.properties for known in related)


def _quiet_call(body: Body, call: cst.Call) -> bool:
    if _IN_PLACE & set(keywords(call)) or any(arg.star == "**" for arg in call.args):
        return False
    dotted = body.dotted(call.func)
    if dotted:
        return _quiet_function(dotted)
    if not isinstance(call.func, cst.Attribute):
        return False
    name, value = call.func.attr.value, call.func.value
    known = body.type_of(value)
    if known is not None and known.name in _READ_TYPES:
        return name in _READS
    if _noisy(name) or not body.tensor(value):
        return False
    return name in _METHODS or name in TENSOR_METHODS or name in KEEPING_METHODS or schemas.method_gives_tensor(name)


def _quiet_function(dotted: str) -> bool:
    head, _, last = dotted.rpartition(".")
    if dotted in _BUILTINS or dotted in _OF_TORCH or dotted in _FUNCTIONAL or head == "math":
        return True
    if _noisy(last):
        return False
    return (head == "torch" and last in TENSOR_FUNCTIONS) or schemas.function_gives_tensor(dotted)


def _noisy(name: str) -> bool:
    """Whether a function or method of that name works in place, draws numbers, or keeps something."""
    return name.endswith("_") or name.startswith("_") or name in _RANDOM_NAMES or any(part in name for part in (*_RANDOM, *_STATEFUL))
