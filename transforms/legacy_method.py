"""SF701: Tensor methods that scripting does not know, by those it knows."""

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
    repeatable,
    rewrite,
)
from scriptify.transforms._legacy import is_size, requires_grad, shape_of
from scriptify.transforms._legacy_method_examples import EXAMPLES
from scriptify.transforms._number_lists import data_text, literal_data
from scriptify.transforms._numpy_dtypes import says_dtype
from scriptify.transforms._own_methods import may_be_own, own_because
from scriptify.transforms._sure_numbers import sure_number, sure_numbers, sure_size
from scriptify.tree import Tree

_ONLY_TENSORS = frozenset({"nelement", "ndimension", "new_tensor", "type_as"})
_RENAMED = {"nelement": "numel", "ndimension": "dim"}
_DTYPES = {"bool": "torch.bool", "bfloat16": "torch.bfloat16"}
_FACTORIES = frozenset({"new_zeros", "new_ones", "new_empty", "new_full"})


class LegacyMethod(Transform):
    """``x.nelement()`` -> ``x.numel()``, ``x.bool()`` -> ``x.to(torch.bool)``, ``x.new(2, 3)`` -> ``x.new_empty((2, 3))``.

    A few Tensor methods have no schema in TorchScript; each has an equal that does: the same values,
    dtype, device and ``requires_grad``.
    """

    code = "SF701"
    name = "legacy-method"
    phase = Phase.VALUES
    hints = (".nelement", ".ndimension", ".bool", ".bfloat16", ".numel", ".new", "torch.Tensor.", "requires_grad=")
    explains = (
        *(f"has no attribute or method '{name}'" for name in ("nelement", "ndimension", "bool", "bfloat16", "numel", "new_tensor", "new")),
        "attribute lookup is not defined on builtin",
        "aten::new_",
        "Keyword argument requires_grad unknown",
    )
    source = "https://docs.pytorch.org/docs/stable/jit_unsupported.html"
    examples = EXAMPLES

    def propose(self, tree: Tree, facts: Facts, focus: Focus | None = None) -> Iterator[Proposal]:
        """Every call of such a method on a Tensor in compiled code."""
        for body in bodies(tree, facts):
            for call in body.find(cst.Call):
                form = _form(body, call)
                if form is None:
                    continue
                try:
                    if form is not _shape_numel and may_be_own(body, call.func):
                        raise NoForm(own_because(call.func))
                    edits = form(body, call)
                except NoForm as reason:
                    yield decline(self, body, call, f"{tree.code(call.func)} is not known to scripting, and {reason}")
                else:
                    yield rewrite(self, body, call, f"{tree.code(call.func)} by a method that scripting knows", edits)


_Form = Callable[[Body, cst.Call], list[Edit]]


def _form(body: Body, call: cst.Call) -> _Form | None:
    """How to write a call otherwise, or None where it is none of these."""
    split = method(call)
    if split is None:
        return None
    value, name = split
    if body.dotted(value) == "torch.Tensor":
        return _unbound if call.args and not name.startswith("_") and name.islower() else None
    if name == "numel" and (of := shape_of(value)) is not None and body.tensor(of):
        return _shape_numel
    if name in _FACTORIES:
        return requires_grad if "requires_grad" in keywords(call) else None
    if name not in _ONLY_TENSORS and name not in _DTYPES and name != "new":
        return None
    if name not in _ONLY_TENSORS and not body.tensor(value):
        return None
    if name in _RENAMED:
        return _renamed
    if name in _DTYPES:
        return _to_dtype
    return _new if name == "new" else _new_tensor if name == "new_tensor" else None


def _renamed(body: Body, call: cst.Call) -> list[Edit]:
    if call.args or not isinstance(call.func, cst.Attribute):
        raise NoForm("it has arguments")
    return [body.tree.replace(call.func.attr, _RENAMED[call.func.attr.value])]


def _to_dtype(body: Body, call: cst.Call) -> list[Edit]:
    assert isinstance(call.func, cst.Attribute)
    if call.args:
        raise NoForm("it has arguments")
    start = body.tree.span(call.func.attr)[0]
    dtype = body.spell(_DTYPES[call.func.attr.value])
    return [Edit(body.tree.path, start, body.tree.span(call)[1], f"to({dtype})")]


def _shape_numel(body: Body, call: cst.Call) -> list[Edit]:
    assert isinstance(call.func, cst.Attribute)
    if call.args:
        raise NoForm("it has arguments")
    value = shape_of(call.func.value)
    assert value is not None
    edits = [Edit(body.tree.path, body.tree.outer_span(value)[1], body.tree.span(call)[1], ".numel()")]
    return body.when_scripted(call, edits) if _shaped(body) else edits


def _shaped(body: Body) -> bool:
    """Whether a class of the project has a shape or a number of elements of its own."""
    classes = body.facts.classes.values()
    return any({"shape", "size", "numel"} & {*known.methods, *known.properties, *known.attributes} for known in classes)


def _unbound(body: Body, call: cst.Call) -> list[Edit]:
    assert isinstance(call.func, cst.Attribute)
    arguments = positional(call)
    if not arguments or call.args[0].keyword is not None or not body.tensor(arguments[0]):
        raise NoForm("its first argument is not known to be a Tensor")
    rest = body.tree.text[body.tree.span(call.args[1])[0] : body.tree.span(call)[1]] if len(call.args) > 1 else ")"
    edits = [body.tree.replace(call, f"{body.tree.operand(arguments[0])}.{call.func.attr.value}({rest}")]
    # A subclass of Tensor may have a method of its own, past which the call goes.
    overridden = any(call.func.attr.value in known.methods for known in body.facts.classes.values())
    return body.when_scripted(call, edits) if overridden else edits


def _new(body: Body, call: cst.Call) -> list[Edit]:
    assert isinstance(call.func, cst.Attribute)
    only(call)
    arguments = positional(call)
    tree = body.tree
    start = tree.span(call.func.attr)[0]
    if len(arguments) == 1 and is_size(arguments[0]):
        edits = [tree.replace(call.func.attr, "new_empty")]
        return edits if sure_size(body, arguments[0]) else body.when_scripted(call, edits)
    if all(body.type_of(argument) == INT for argument in arguments):
        sizes = f"({listed(tree, arguments)}{',' if len(arguments) == 1 else ''})" if arguments else "0"
        edits = [Edit(tree.path, start, tree.span(call)[1], f"new_empty({sizes})")]
        # One argument that is called an int could be data; several are sizes, or an error in both.
        return edits if len(arguments) != 1 or sure_number(body, arguments[0]) == INT else body.when_scripted(call, edits)
    if len(arguments) == 1 and literal_data(body, arguments[0]):
        edits = _new_tensor(body, call)
        # A list by annotation only may be a Tensor, with which the new one shares its data.
        return edits if isinstance(arguments[0], cst.List | cst.ListComp) else body.when_scripted(call, edits)
    raise NoForm("whether its argument is a size or data is not known")


def _new_tensor(body: Body, call: cst.Call) -> list[Edit]:
    assert isinstance(call.func, cst.Attribute)
    found = only(call, "dtype", "device")
    arguments = positional(call)
    if len(arguments) != 1:
        raise NoForm("it has other arguments than its data")
    if not literal_data(body, arguments[0]) and not body.number(arguments[0]):
        raise NoForm("whether its data is a list of numbers is not known")
    value = call.func.value
    if len(found) < 2:
        repeatable(value)
    on = body.tree.code(value)
    dtype = body.tree.code(found["dtype"].value) if "dtype" in found else f"{on}.dtype"
    device = body.tree.code(found["device"].value) if "device" in found else f"{on}.device"
    code = body.tree.code(arguments[0])
    data = data_text(body, arguments[0]) if literal_data(body, arguments[0]) else code
    edits = [body.tree.replace(call, f"{body.spell('torch.tensor')}({data}, dtype={dtype}, device={device})")]
    same = data == code or sure_numbers(body, arguments[0])
    # A dtype or device of None is that of the tensor in one form, and the default in the other.
    stated = all(_stated(body, name, argument.value) for name, argument in found.items())
    return edits if same and stated else body.when_scripted(call, edits)


def _stated(body: Body, name: str, value: cst.BaseExpression) -> bool:
    if name == "dtype":
        return says_dtype(body, value, annotated=False)
    return isinstance(value, cst.SimpleString) or (isinstance(value, cst.Attribute) and value.attr.value == "device")
