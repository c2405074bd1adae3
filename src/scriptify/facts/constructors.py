"""What calling a known class or function of torch, the builtins or the project gives."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from scriptify.facts.classes import is_outside_module
from scriptify.facts.imports import Ref
from scriptify.facts.model import Attribute, Kind
from scriptify.facts.values import UNKNOWN, Value, as_attribute, container, elements_of, joined, literal, of_kind, plain

if TYPE_CHECKING:
    from scriptify.facts.evaluate import Evaluator

_CONTAINERS = {"ModuleList": Kind.MODULE_LIST, "Sequential": Kind.SEQUENTIAL, "ModuleDict": Kind.MODULE_DICT}
_TENSORS = frozenset(
    "zeros ones empty full rand randn randint arange linspace logspace eye tensor as_tensor from_numpy zeros_like ones_like "
    "rand_like randn_like full_like empty_like cat stack Tensor FloatTensor LongTensor meshgrid tril triu".split()
)
_SAME = ("torch.nn.utils.", "torch.nn.utils.parametrizations.", "torch.nn.utils.parametrize.", "copy.")
_SAME_NAMES = frozenset({"spectral_norm", "weight_norm", "remove_spectral_norm", "remove_weight_norm", "deepcopy", "copy", "orthogonal"})
_PLAIN = {"int": "int", "len": "int", "float": "float", "bool": "bool", "str": "str", "isinstance": "bool", "hasattr": "bool"}


def known_call(evaluate: Evaluator, target: Ref, node: ast.Call) -> Value | None:
    """The value of ``target(...)``, or None where the project's own code has to be asked or nothing is known."""
    if not target.outside:
        return evaluate.classes.instance(target) if target.key in evaluate.classes.scopes else None
    head, _, name = target.name.rpartition(".")
    if head == "builtins":
        return _builtin(evaluate, name, node)
    if target.name in ("collections.OrderedDict", "typing.OrderedDict"):
        return _mapping(evaluate, node, Kind.DICT)
    if target.name == "functools.partial":
        return of_kind(Kind.FUNCTION)
    if target.name.startswith(_SAME) and name in _SAME_NAMES and node.args:
        return evaluate(node.args[0])
    if head.startswith("torch.nn") and name in _CONTAINERS:
        return _modules(evaluate, node, _CONTAINERS[name])
    if head.startswith("torch.nn") and name in ("Parameter", "UninitializedParameter"):
        return of_kind(Kind.PARAMETER)
    if head.startswith("torch.nn") and name == "Buffer":
        return of_kind(Kind.BUFFER)
    if head == "torch" and name in _TENSORS:
        return of_kind(Kind.TENSOR)
    if is_outside_module(target.name) or (name[:1].isupper() and name.endswith(("Module", "Loss", "Norm"))):
        return of_kind(Kind.MODULE, target.name)
    return None


def _modules(evaluate: Evaluator, node: ast.Call, kind: Kind) -> Value:
    if kind is Kind.MODULE_DICT:
        return _mapping(evaluate, node, kind)
    if node.keywords and not (kind is Kind.MODULE_LIST and node.keywords[0].arg == "modules"):
        return container(kind, None)
    if kind is Kind.SEQUENTIAL:
        only = evaluate.attribute(node.args[0]) if len(node.args) == 1 and not isinstance(node.args[0], ast.Starred) else None
        if only is not None and Kind.DICT in only.kinds:
            elements = elements_of(only) if only.kinds == {Kind.DICT} else None
            return container(kind, elements, only.element, only.keys)
        known = evaluate.arguments(node.args)
        return container(kind, known, joined([evaluate.element(arg) for arg in node.args]) if known is None else None)
    given = node.args[0] if node.args else node.keywords[0].value if node.keywords else None
    if given is None:
        return container(kind, [])
    inner = evaluate.attribute(given)
    return container(kind, elements_of(inner), as_attribute(evaluate.iterate(inner)))


def _mapping(evaluate: Evaluator, node: ast.Call, kind: Kind) -> Value:
    if not node.args and not node.keywords:
        return container(kind, []) if kind is Kind.MODULE_DICT else literal({})
    if node.keywords and (node.args or kind is Kind.MODULE_DICT or any(k.arg is None for k in node.keywords)):
        return container(kind, None)
    if node.keywords:
        return container(kind, [evaluate.attribute(k.value) for k in node.keywords], keys=tuple(str(k.arg) for k in node.keywords))
    pairs = _pairs(evaluate, node.args[0])
    if pairs is not None:
        return container(kind, list(pairs.values()), keys=tuple(pairs))
    inner = evaluate.attribute(node.args[0])
    if inner.kinds == {Kind.DICT}:
        return container(kind, elements_of(inner), inner.element, inner.keys)
    return container(kind, None)


def _pairs(evaluate: Evaluator, node: ast.expr) -> dict[str, Attribute] | None:
    """The entries of ``[("name", module), ...]``."""
    if not isinstance(node, (ast.List, ast.Tuple)):
        return None
    result: dict[str, Attribute] = {}
    for item in node.elts:
        if not isinstance(item, (ast.Tuple, ast.List)) or len(item.elts) != 2 or any(isinstance(e, ast.Starred) for e in item.elts):
            return None
        key = evaluate.attribute(item.elts[0])
        if not key.constant or not isinstance(key.value, str):
            return None
        result[key.value] = evaluate.attribute(item.elts[1])
    return result


def _builtin(evaluate: Evaluator, name: str, node: ast.Call) -> Value | None:
    if name in _PLAIN:
        return _converted(evaluate, name, node)
    if name in ("list", "tuple"):
        if not node.args:
            return literal([] if name == "list" else ())
        inner = evaluate.attribute(node.args[0])
        if inner.constant and isinstance(inner.value, (list, tuple)):
            return literal(list(inner.value) if name == "list" else tuple(inner.value))
        return container(Kind.LIST, elements_of(inner), as_attribute(evaluate.iterate(inner)))
    if name == "dict":
        return _mapping(evaluate, node, Kind.DICT)
    if name == "range":
        return Attribute("", frozenset({Kind.OTHER}), varies=True, element=plain("int"))
    if name == "getattr" and len(node.args) >= 2 and isinstance(node.args[1], ast.Constant) and str(node.args[1].value).isidentifier():
        return evaluate(ast.Attribute(node.args[0], str(node.args[1].value), ast.Load()))
    return UNKNOWN if name not in ("super", "setattr") else None


def _converted(evaluate: Evaluator, name: str, node: ast.Call) -> Value:
    if name == "len" and len(node.args) == 1:
        inner = evaluate.attribute(node.args[0])
        if inner.length is not None and inner.kind is not None:
            return literal(inner.length)
    if name in ("int", "float", "bool", "str") and len(node.args) == 1 and not node.keywords:
        inner = evaluate.attribute(node.args[0])
        if inner.constant and isinstance(inner.value, (bool, int, float)) and abs(inner.value) < 10**15:
            return literal({"int": int, "float": float, "bool": bool, "str": str}[name](inner.value))
    return plain(_PLAIN[name])
