"""SF704: ``torch.Tensor(...)``, ``torch.FloatTensor(...)``, ``Variable(...)`` and Python types as dtypes, in today's words."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import libcst as cst

from scriptify.facts.model import Facts
from scriptify.transform import Edit, Focus, Phase, Proposal, Transform
from scriptify.transforms._expression import (
    INT,
    Body,
    NoForm,
    bodies,
    decline,
    keywords,
    listed,
    method,
    only,
    positional,
    rewrite,
)
from scriptify.transforms._infer_known import VARIABLES
from scriptify.transforms._legacy import is_size, requires_grad
from scriptify.transforms._legacy_constructor_examples import EXAMPLES
from scriptify.transforms._number_lists import data_text, literal_data
from scriptify.transforms._own_methods import may_be_own, own_because
from scriptify.transforms._sure_numbers import sure_number, sure_numbers, sure_size
from scriptify.tree import Tree

_KINDS = {
    "FloatTensor": "torch.float32",
    "DoubleTensor": "torch.float64",
    "HalfTensor": "torch.float16",
    "BFloat16Tensor": "torch.bfloat16",
    "LongTensor": "torch.int64",
    "IntTensor": "torch.int32",
    "ShortTensor": "torch.int16",
    "CharTensor": "torch.int8",
    "ByteTensor": "torch.uint8",
    "BoolTensor": "torch.bool",
}
_FLOATS = frozenset({"FloatTensor", "DoubleTensor", "HalfTensor", "BFloat16Tensor"})
_IN_PLACE = frozenset({"fill_", "zero_"})
_FACTORIES = frozenset(
    f"torch.{name}"
    for name in (
        "zeros ones empty full rand randn arange linspace eye zeros_like ones_like empty_like full_like rand_like randn_like"
    ).split()
)
# Methods that give a Tensor itself or a copy.
_MOVING = frozenset({"to", "cuda", "cpu", "float", "double", "half", "long"})
_OF_ARRAYS = frozenset({"sum", "mean"})  # NumPy's methods take a dtype too, and know none of torch's
_WITH_DTYPE = _OF_ARRAYS | {"new_ones", "new_zeros", "new_full", "new_empty", "to"}
_PYTHON = {"builtins.float": "torch.float64", "builtins.int": "torch.int64", "builtins.bool": "torch.bool"}


class LegacyConstructor(Transform):
    """``torch.Tensor([1, 2])`` -> ``torch.tensor([1.0, 2.0])``, ``Variable(t)`` -> ``t.detach()``.

    Scripting knows neither ``torch.Tensor`` as a constructor nor ``Variable`` (which has meant "the same data,
    detached" since torch 0.4), nor Python's ``float`` as a dtype, nor ``requires_grad`` of a
    factory; and ``torch.FloatTensor(x.size())`` it takes for the numbers of a shape. What a factory has just made, or
    ``.data``, is detached already. A typed constructor stays on the CPU whatever the default device is. ``torch.Tensor(..)``
    takes its device from the default tensor type, which no factory does, and a list for a number: eager code keeps it,
    unless what it makes is moved to a stated device at once.
    """

    code = "SF704"
    name = "legacy-constructor"
    phase = Phase.VALUES
    hints = ("Tensor", "Variable", "requires_grad", "dtype=")
    explains = (
        "Unknown builtin op: aten::Tensor",
        "LegacyTypedConstructor",
        "Can't get source for <class 'torch.cuda.",
        "Class Variable does not have an __init__ function defined",
        "torch.autograd.variable.Variable",
        "Keyword argument requires_grad unknown",
        "__float__ cannot be used as a value",
        "__int__ cannot be used as a value",
        "__bool__ cannot be used as a value",
        "'torch.tensortype'",
        "expected scalar type",
    )
    source = "https://docs.pytorch.org/docs/stable/tensors.html#torch.Tensor"
    examples = EXAMPLES

    def propose(self, tree: Tree, facts: Facts, focus: Focus | None = None) -> Iterator[Proposal]:
        """Every such call in compiled code."""
        for body in bodies(tree, facts):
            for call in body.find(cst.Call):
                form = _form(body, call)
                if form is None:
                    continue
                try:
                    edits = form(body, call)
                except NoForm as reason:
                    yield decline(self, body, call, f"{tree.code(call.func)} is not known to scripting in this form, and {reason}")
                else:
                    silent = form is _constructor and _misread(body, call)
                    yield rewrite(self, body, call, f"{tree.code(call.func)} in a form that scripting knows", edits, silent=silent)
            yield from self._dtypes(body)

    def _dtypes(self, body: Body) -> Iterator[Proposal]:
        for arg in body.find(cst.Arg):
            if arg.keyword is None or arg.keyword.value != "dtype" or body.dotted(arg.value) not in _PYTHON:
                continue
            call = body.tree.parent(arg)
            of_torch = isinstance(call, cst.Call) and body.dotted(call.func).startswith("torch.")
            split = method(call) if isinstance(call, cst.Call) and not of_torch else None
            if not of_torch and (split is None or split[1] not in _WITH_DTYPE):
                continue
            try:
                edits = [body.tree.replace(arg.value, body.spell(_PYTHON[body.dotted(arg.value)]))]
                if isinstance(call, cst.Call) and split is not None and (split[1] in _OF_ARRAYS or may_be_own(body, call.func)):
                    edits = body.leaning(split[0], call, edits)
            except NoForm as reason:
                yield decline(self, body, arg, f"a Python type is no dtype to scripting, and {reason}")
            else:
                yield rewrite(self, body, arg, f"dtype={body.tree.code(arg.value)} by torch's own name", edits)


_Form = Callable[[Body, cst.Call], list[Edit]]


def _kind(dotted: str) -> tuple[str, str] | None:
    """The constructor's name (``FloatTensor``, or ``Tensor``) and its device (``""`` or ``cuda``)."""
    for prefix, device in (("torch.cuda.", "cuda"), ("torch.", "")):
        if dotted.startswith(prefix):
            name = dotted.removeprefix(prefix)
            return (name, device) if name in _KINDS or dotted == "torch.Tensor" else None
    return None


def _form(body: Body, call: cst.Call) -> _Form | None:
    dotted = body.dotted(call.func)
    kind = _kind(dotted)
    if kind is not None:
        return None if _accepted(body, call, *kind) else _constructor
    if dotted in VARIABLES:
        return _variable
    if dotted in _FACTORIES and "requires_grad" in keywords(call):
        return requires_grad
    split = method(call)
    if split is not None and split[1] == "type" and len(call.args) == 1 and _cast_kind(body, call.args[0].value) is not None:
        return _cast if body.tensor(split[0]) else None
    return None


def _constructor(body: Body, call: cst.Call) -> list[Edit]:
    found = _kind(body.dotted(call.func))
    assert found is not None
    name, device = found
    only(call)
    arguments = positional(call)
    held = name not in _KINDS and _moved(body, call)
    extra = f", dtype={body.spell(_KINDS[name])}" if name in _KINDS else ""
    # A typed constructor gives a tensor of the CPU whatever the default device is; torch.empty follows the default.
    extra += f", device={device or 'cpu'!r}" if name in _KINDS or held else ""
    text, same = _made(body, name, arguments, extra)
    # torch.Tensor takes its device from the default tensor type alone, which no factory does: eager code keeps it.
    if same and (name in _KINDS or held):
        return [body.tree.replace(call, text)]
    return body.guarded(call, text)


def _made(body: Body, name: str, arguments: list[cst.BaseExpression], extra: str) -> tuple[str, bool]:
    """What makes the same tensor, and whether it does so whatever a caller gives. Raises NoForm."""
    tree = body.tree
    empty = body.spell("torch.empty")
    if not arguments or (len(arguments) == 1 and isinstance(arguments[0], cst.List) and not arguments[0].elements):
        return f"{empty}(0{extra})", True
    first = arguments[0]
    if len(arguments) == 1 and is_size(first):
        return f"{empty}({listed(tree, arguments)}{extra})", sure_size(body, first)
    if all(body.type_of(argument) == INT for argument in arguments):
        # One argument that is called an int could be data; several are sizes, or an error in both.
        return f"{empty}({listed(tree, arguments)}{extra})", len(arguments) > 1 or sure_number(body, first) == INT
    if len(arguments) != 1 or not literal_data(body, first):
        raise NoForm("whether its argument is a size, numbers or a tensor is not known")
    if name in _KINDS and name not in _FLOATS and "float" in str(body.type_of(first)):
        raise NoForm("its numbers are floats and would be cut")
    data = data_text(body, first, floats=name not in _KINDS)
    return f"{body.spell('torch.tensor')}({data}{extra})", sure_numbers(body, first)


def _moved(body: Body, call: cst.Call) -> bool:
    """Whether what is made goes to a stated device at once, so that where it was made shows nowhere."""
    func = body.tree.parent(call)
    above = body.tree.parent(func) if isinstance(func, cst.Attribute) else None
    if not isinstance(func, cst.Attribute) or func.value is not call or not isinstance(above, cst.Call) or above.func is not func:
        return False
    if func.attr.value in _IN_PLACE:
        return _moved(body, above)
    if func.attr.value != "to" or not above.args:
        return func.attr.value in ("cpu", "cuda", "type_as")
    where = above.args[0]
    named = where.keyword is not None and where.keyword.value == "device"
    to_device = isinstance(where.value, cst.Attribute) and where.value.attr.value == "device"
    return not where.star and (named or (where.keyword is None and (to_device or isinstance(where.value, cst.SimpleString))))


def _misread(body: Body, call: cst.Call) -> bool:
    """Whether the compiler takes the call for something else: the numbers of a shape as data."""
    kind = _kind(body.dotted(call.func))
    return kind is not None and kind[0] in _KINDS and not kind[1] and any(is_size(arg.value) for arg in call.args)


def _accepted(body: Body, call: cst.Call, name: str, device: str) -> bool:
    """Whether the compiler takes a typed constructor as it is: ints for sizes, or numbers of one type."""
    if device or name in ("Tensor", "BFloat16Tensor") or any(arg.star or arg.keyword for arg in call.args):
        return False
    values = [arg.value for arg in call.args]
    if any(is_size(value) for value in values):
        return False
    if len(values) != 1 or not isinstance(values[0], cst.List) or not literal_data(body, values[0]):
        return True
    return data_text(body, values[0]) == body.tree.code(values[0])


def _variable(body: Body, call: cst.Call) -> list[Edit]:
    found = only(call, "requires_grad", "volatile")
    arguments = positional(call)
    if len(arguments) != 1 or not body.tensor(arguments[0]):
        raise NoForm("what it holds is not known to be a Tensor")
    flag = body.tree.code(found["requires_grad"].value) if "requires_grad" in found else "False"
    if "volatile" in found:
        raise NoForm("volatile has had no meaning since torch 0.4")
    tail = "" if flag == "False" else f".requires_grad_({flag})"
    detached = "" if _detached(body, arguments[0]) else ".detach()"
    text = f"{body.tree.operand(arguments[0])}{detached}{tail}"
    # Variable takes a number for a flag, which the method does not take.
    return [body.tree.replace(call, text)] if flag in ("True", "False") else body.guarded(call, text)


def _detached(body: Body, node: cst.BaseExpression) -> bool:
    """Whether an expression gives a Tensor of its own that needs no gradient: fresh from a factory, or ``.data``."""
    if isinstance(node, cst.Attribute):
        return node.attr.value == "data"
    if not isinstance(node, cst.Call):
        return False
    split = method(node)
    if split is not None and split[1] in _MOVING:
        return _detached(body, split[0])
    return (
        body.dotted(node.func) in _FACTORIES and not {"out", "requires_grad"} & keywords(node).keys() and not any(a.star for a in node.args)
    )


def _cast_kind(body: Body, node: cst.BaseExpression) -> tuple[str, str] | None:
    if isinstance(node, cst.SimpleString):
        value = node.evaluated_value
        found = _kind(value) if isinstance(value, str) else None
    else:
        found = _kind(body.dotted(node))
    return found if found is not None and found[0] in _KINDS else None


def _cast(body: Body, call: cst.Call) -> list[Edit]:
    assert isinstance(call.func, cst.Attribute)
    found = _cast_kind(body, call.args[0].value)
    assert found is not None
    if call.args[0].keyword is not None:
        raise NoForm("it has keyword arguments")
    if may_be_own(body, call.func):
        raise NoForm(own_because(call.func))
    name, device = found
    text = f"to({body.spell('torch.device')}({device or 'cpu'!r}), {body.spell(_KINDS[name])})"
    return [Edit(body.tree.path, body.tree.span(call.func.attr)[0], body.tree.span(call)[1], text)]
