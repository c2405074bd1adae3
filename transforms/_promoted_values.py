"""Whether a value added to an int64 zero without dimensions gives what it gives added to Python's 0.

It does not where it is itself without dimensions and of a smaller integer type: a Tensor's dtype counts there, a number's does not.
"""

from __future__ import annotations

from collections.abc import Iterable

import libcst as cst

from scriptify.facts.model import Kind
from scriptify.transforms._calls import calls
from scriptify.transforms._expression import Body
from scriptify.transforms._infer_known import FLOAT, may_end
from scriptify.tree.flow import loads, own_nodes

_DEPTH = 6
# what gives floats whatever it is given, or sums, which give int64 of smaller integers
_FLOATING = frozenset(
    """
    exp expm1 log log2 log10 log1p sqrt rsqrt sigmoid logsigmoid tanh sin cos tan atan erf reciprocal softmax log_softmax softplus gelu
    silu logsumexp mean std var norm sum cosine_similarity normalize true_divide
    """.split()
)
_CASTS = frozenset({"float", "double", "half", "long", "bfloat16"})
_WITH_DIMENSIONS = frozenset({"cat", "concat", "stack", "hstack", "vstack", "unsqueeze", "bmm", "one_hot", "conv1d", "conv2d", "conv3d"})
_KEEPING = frozenset({"abs", "neg", "square", "clone", "detach", "contiguous", "pow", "mul", "add", "sub", "clamp"})
_LOSSES = ("_loss", "cross_entropy", "with_logits", "kl_div")
_FLOAT_MODULES = ("Conv", "Linear", "Norm", "Loss", "Embedding", "Sigmoid", "Tanh", "Softmax", "Softplus", "GELU", "SiLU", "Similarity")
_CHANGING = frozenset({"dtype", "out", "reduction", "reduce", "size_average", "rounding_mode"})
_ASKING = frozenset({"builtins.sum", "builtins.len", "builtins.zip", "builtins.enumerate"})


def promotes(body: Body, node: cst.BaseExpression, depth: int = _DEPTH) -> bool:
    """Whether a Tensor is certainly of floats, complex numbers or int64, or has dimensions."""
    if depth <= 0:
        return False
    if isinstance(node, cst.UnaryOperation):
        return promotes(body, node.expression, depth)
    if isinstance(node, cst.BinaryOperation):
        return _operation(body, node, depth)
    if isinstance(node, cst.IfExp):
        return promotes(body, node.body, depth) and promotes(body, node.orelse, depth)
    if isinstance(node, cst.Name):
        return all_promote(body, body.assigned(node), depth - 1)
    if isinstance(node, cst.Attribute):
        attribute = body.types.self_attribute(node)
        return attribute is not None and attribute.kinds == {Kind.PARAMETER} and not attribute.missing
    return isinstance(node, cst.Call) and _call(body, node, depth)


def all_promote(body: Body, nodes: Iterable[cst.BaseExpression], depth: int = _DEPTH) -> bool:
    """Whether there are any, and all of them are ``promotes``."""
    values = list(nodes)
    return bool(values) and all(promotes(body, value, depth) for value in values)


def items(body: Body, node: cst.BaseExpression) -> list[cst.BaseExpression]:
    """What a list holds, as expressions; none where it may hold anything else."""
    if isinstance(node, cst.ListComp | cst.GeneratorExp):
        return [node.elt]
    if isinstance(node, cst.List | cst.Tuple):
        starred = any(not isinstance(element, cst.Element) for element in node.elements)
        return [] if starred else [element.value for element in node.elements]
    if not isinstance(node, cst.Name):
        return []
    values = body.assigned(node)
    added = [_appended(body, load) for load in loads(body.function.body, node.value)]
    if (
        not values
        or any(isinstance(value, cst.Name) or not isinstance(value, cst.List | cst.ListComp) for value in values)
        or None in added
    ):
        return []
    found = [items(body, value) for value in values]
    if any(not inner for value, inner in zip(values, found, strict=True) if not isinstance(value, cst.List) or value.elements):
        return []
    return [item for inner in (*found, *added) if inner for item in inner]


def _appended(body: Body, load: cst.Name) -> list[cst.BaseExpression] | None:
    """What a use of a list's name puts into it; None where that is not known."""
    above = body.tree.parent(load)
    user = body.tree.parent(above) if above is not None else None
    if isinstance(above, cst.Attribute) and isinstance(user, cst.Call) and user.func is above:
        return [user.args[0].value] if above.attr.value == "append" and len(user.args) == 1 else None
    if isinstance(above, cst.Arg) and isinstance(user, cst.Call):
        return [] if body.dotted(user.func) in _ASKING else None
    if isinstance(above, cst.Subscript) and not isinstance(user, cst.AssignTarget | cst.AugAssign | cst.Del):
        return []
    return [] if isinstance(above, cst.For) else None


def _operation(body: Body, node: cst.BinaryOperation, depth: int) -> bool:
    if isinstance(node.operator, cst.Divide):
        return True
    if not isinstance(node.operator, cst.Add | cst.Subtract | cst.Multiply | cst.FloorDivide | cst.Modulo | cst.Power):
        return False
    return any(body.type_of(side) == FLOAT or (body.tensor(side) and promotes(body, side, depth - 1)) for side in (node.left, node.right))


def _call(body: Body, node: cst.Call, depth: int) -> bool:
    if any(arg.star or (arg.keyword is not None and arg.keyword.value in _CHANGING) for arg in node.args):
        return False
    head, _, name = body.dotted(node.func).rpartition(".")
    if head in ("torch", "torch.nn.functional"):
        if name in _KEEPING and node.args:
            return body.tensor(node.args[0].value) and promotes(body, node.args[0].value, depth - 1)
        return name in _FLOATING or name in _WITH_DIMENSIONS or (head.endswith("functional") and name.endswith(_LOSSES))
    if head:
        return _returned(body, node, depth)
    if not isinstance(node.func, cst.Attribute):
        return False
    attribute = body.types.self_attribute(node.func)
    if attribute is not None and attribute.kinds == {Kind.MODULE}:
        if attribute.classes and all(_of_floats(class_) for class_ in attribute.classes):
            return not any(word in attribute.text for word in _CHANGING)
        return _returned(body, node, depth)
    name, value = node.func.attr.value, node.func.value
    if not body.tensor(value):
        return _returned(body, node, depth)
    if name in _KEEPING:
        return promotes(body, value, depth - 1)
    return name in _CASTS or ((name in _FLOATING or name in _WITH_DIMENSIONS) and body.tensor(node))


def _of_floats(class_: str) -> bool:
    return class_.startswith("torch.nn.") and any(word in class_.rpartition(".")[2] for word in _FLOAT_MODULES)


def _returned(body: Body, node: cst.Call, depth: int) -> bool:
    """Whether all that a function of this file returns promotes so."""
    site = calls(body.facts).by_span.get((body.tree.path, *body.tree.span(node)))
    if site is None or not site.certain or not site.callees:
        return False
    for path, qualname in site.callees:
        function = body.tree.function(qualname) if path == body.tree.path else None
        if function is None or may_end(function):
            return False
        inner = Body(body.tree, body.facts, qualname, function)
        returns = [found.value for found in own_nodes(function.body) if isinstance(found, cst.Return)]
        given = [value for value in returns if value is not None]
        if len(given) < len(returns) or not all(inner.tensor(value) for value in given) or not all_promote(inner, given, depth - 2):
            return False
    return True
