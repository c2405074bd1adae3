"""What ``callable``, ``hasattr`` and ``issubclass`` answer for values whose type is known."""

from __future__ import annotations

import builtins

import libcst as cst

from scriptify import schemas
from scriptify.facts.model import Kind
from scriptify.facts.types import Type
from scriptify.transforms._expression import TENSOR, Body, NoForm, positional
from scriptify.transforms._infer_known import TENSOR_FUNCTIONS
from scriptify.tree.flow import parameter_names, stores_in
from scriptify.tree.substitute import calm

_PLAIN = {"int": (int,), "float": (float,), "bool": (bool,), "str": (str,), "List": (list, tuple), "Tuple": (tuple,), "Dict": (dict,)}
_TENSOR_HAS = frozenset(
    """
    shape dtype device ndim data grad requires_grad is_cuda is_leaf grad_fn layout size dim numel nelement view reshape permute
    transpose contiguous detach clone cpu cuda to item tolist numpy mean sum max min abs float double half int long bool type
    unsqueeze squeeze flatten expand repeat chunk split unbind backward T mT stride storage names is_sparse is_contiguous
    __len__ __iter__ __getitem__ __add__ __mul__ __array__
    """.split()
)
_TENSOR_LACKS = frozenset(
    """
    keys items append extend update tensors decompose logits sample last_hidden_state hidden_states latent_dist to_dict to_tuple
    forward parameters named_parameters children modules state_dict astype image_sizes boxes features pooler_output __call__
    rgb convert read fields _asdict _fields
    """.split()
)
_NO_CALL = {Kind.PARAMETER, Kind.BUFFER, Kind.TENSOR, Kind.NONE, Kind.LIST, Kind.DICT, Kind.MODULE_LIST, Kind.MODULE_DICT}


def is_callable(body: Body, call: cst.Call) -> bool:
    """What ``callable(value)`` is. Raises NoForm where that is not known."""
    given = positional(call)
    if len(given) != 1 or not calm(body.tree, given[0]):
        raise NoForm("what it is asked about is itself computed")
    value = given[0]
    known = body.certain.type_of(value)
    if known is not None and known.name in (*_PLAIN, "Tensor"):
        return False
    attribute = body.types.self_attribute(value)
    if attribute is not None and attribute.kinds and not attribute.missing:
        kinds = set(attribute.kinds)
        if kinds <= {Kind.MODULE, Kind.SEQUENTIAL, Kind.FUNCTION}:
            return True
        if kinds <= _NO_CALL or (kinds == {Kind.VALUE} and attribute.type is not None and attribute.type.name in _PLAIN):
            return False
    if _function(body, value):
        return True
    raise NoForm("whether this can be called is not known; give an entry: its run shows it")


def local_function(body: Body, value: cst.BaseExpression) -> bool:
    """Whether a local name is only ever a lambda or a function defined here."""
    if not isinstance(value, cst.Name) or value.value in parameter_names(body.function):
        return False
    above = [
        body.tree.parent(store) if isinstance(store, cst.AssignTarget) else store for store in stores_in(body.function.body, value.value)
    ]
    return bool(above) and all(isinstance(by, cst.FunctionDef) or isinstance(getattr(by, "value", None), cst.Lambda) for by in above)


def _function(body: Body, value: cst.BaseExpression, depth: int = 4) -> bool:
    """Whether an expression names a function: one of torch's, of this file, or a local name for one."""
    if isinstance(value, cst.Lambda):
        return True
    dotted = body.dotted(value)
    head, _, last = dotted.rpartition(".")
    if head == "torch.nn.functional" or (head == "torch" and last in TENSOR_FUNCTIONS):
        return True
    if isinstance(value, cst.Name) and value.value not in body.hidden:
        return body.tree.function(value.value) is not None
    if not isinstance(value, cst.Name) or depth == 0 or value.value in parameter_names(body.function):
        return False
    stores = stores_in(body.function.body, value.value)
    above = [body.tree.parent(store) if isinstance(store, cst.AssignTarget) else store for store in stores]
    sources = [
        isinstance(by, cst.FunctionDef) or (isinstance(by, cst.Assign) and len(by.targets) == 1 and _function(body, by.value, depth - 1))
        for by in above
    ]
    return bool(sources) and all(sources)


def has_attribute(body: Body, call: cst.Call) -> bool | None:
    """What ``hasattr(value, 'name')`` is for a value that is no module; None where it is not such a question. Raises NoForm."""
    given = positional(call)
    if len(given) < 2 or not isinstance(given[1], cst.SimpleString) or not calm(body.tree, given[0]):
        return None
    name = given[1].evaluated_value
    known = body.certain.type_of(given[0])
    if not isinstance(name, str) or known is None:
        return None if known is None and body.type_of(given[0]) != TENSOR else _unknown()
    if known == TENSOR:
        if name in _TENSOR_HAS or schemas.method_gives_tensor(name):
            return True
        if name in _TENSOR_LACKS and not _set_somewhere(body, name):
            return False
        raise NoForm(f"a Tensor of scripting carries no attributes but its own, and whether {name!r} is one is not known")
    answers = {hasattr(kind, name) for kind in _PLAIN.get(known.name, ())}
    if len(answers) == 1:
        return answers.pop()
    return None if not answers else _unknown()


def _unknown() -> bool:
    raise NoForm("the type of the value is not known; give an entry: its run shows it")


def _set_somewhere(body: Body, name: str) -> bool:
    """Whether the file itself gives something an attribute of this name, or has a class with one."""
    stored = (target.target for target in body.tree.find(cst.AssignTarget))
    return any(
        isinstance(target, cst.Attribute) and target.attr.value == name and body.tree.code(target.value) != "self" for target in stored
    )


def is_subclass(body: Body, call: cst.Call) -> bool:
    """What ``issubclass(A, B)`` is for classes named in it. Raises NoForm."""
    given = positional(call)
    if len(given) != 2:
        raise NoForm("it is called in another way")
    first = _class_name(body, given[0])
    others = [e.value for e in given[1].elements] if isinstance(given[1], cst.Tuple) else [given[1]]
    if isinstance(given[0], cst.Call) and body.dotted(given[0].func) == "builtins.type" and len(given[0].args) == 1:
        return _subclass_of(body, body.certain.type_of(given[0].args[0].value), [body.dotted(other) for other in others])
    answers = [_below(body, first, _class_name(body, other)) for other in others]
    if True in answers:
        return True
    if None in answers:
        raise NoForm("the classes are not known")
    return False


def _class_name(body: Body, node: cst.BaseExpression) -> str:
    """The dotted name of a class, or the plain one of a class of this file."""
    local = isinstance(node, cst.Name) and node.value not in body.hidden and body.tree.class_(node.value) is not None
    return body.tree.code(node) if local else body.dotted(node)


def _subclass_of(body: Body, known: Type | None, others: list[str]) -> bool:
    if known == TENSOR and "torch.Tensor" in others:
        return True
    raise NoForm("the classes are not known")


def _below(body: Body, name: str, other: str) -> bool | None:
    """Whether a class is another or derives from it; None where that is not known."""
    if not name or not other:
        return None
    if name == other:
        return True
    if name.startswith("builtins.") and other.startswith("builtins."):
        classes = [getattr(builtins, part.removeprefix("builtins."), None) for part in (name, other)]
        first, second = classes
        return issubclass(first, second) if isinstance(first, type) and isinstance(second, type) else None
    layer = name.startswith("torch.nn.") and name.rpartition(".")[2][:1].isupper() and name != "torch.nn.Parameter"
    if layer and name.count(".") == 2 and other == "torch.nn.Module":
        return True
    found = body.tree.class_(name) if "." not in name else None
    if found is not None:
        above = [_below(body, _class_name(body, base.value), other) for base in found.bases]
        return True if True in above else None
    return None
