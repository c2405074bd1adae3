"""Forms for NumPy on plain numbers and on lists of them."""

from __future__ import annotations

from collections.abc import Callable

import libcst as cst

from scriptify.facts.types import Type
from scriptify.transforms._expression import FLOAT, INT, Body, NoForm, keywords, only, positional
from scriptify.transforms._number_forms import INTS, NUMPY, Known, all_ints, is_shape_slice, one_number
from scriptify.transforms._number_lists import data_text, literal_data
from scriptify.transforms._signs import finite
from scriptify.tree.shapes import shape_read
from scriptify.tree.substitute import FreshNames, calm

Form = Callable[[Body, cst.Call], str]
FLOATS = Type("List", (FLOAT,))


def _as_one_type(body: Body, nodes: list[cst.BaseExpression]) -> list[str]:
    """Numbers as texts of one type, which NumPy's result has too. Raises NoForm."""
    kinds = [body.certain.type_of(node) for node in nodes]
    if not kinds or any(kind not in (INT, FLOAT) for kind in kinds):
        raise NoForm("whether its arguments are plain numbers is not known")
    mixed = INT in kinds and FLOAT in kinds
    texts = [body.tree.code(node) for node in nodes]
    return [f"float({text})" if mixed and kind == INT else text for text, kind in zip(texts, kinds, strict=True)]


def _nan_first(body: Body, nodes: list[cst.BaseExpression], form: str) -> str:
    """A choice by Python's order among numbers, or a NaN among them: NumPy hands it on, and Python's order passes over it."""
    for node in reversed([node for node in nodes if not finite(body, node)]):
        if not calm(body.tree, node):
            raise NoForm("NumPy hands a NaN on, and its argument can't be asked whether it is one without computing it twice")
        text = body.tree.code(node)
        form = f"{text} if {body.spell('math')}.isnan({text}) else {form}"  # the compiler takes v != v for False
    return form


def _clip(body: Body, call: cst.Call) -> str:
    """By Python's bounds."""
    only(call)
    arguments = positional(call)
    if len(arguments) != 3:
        raise NoForm("it has other arguments than a number and two bounds")
    value, low, high = _as_one_type(body, arguments)
    return _nan_first(body, arguments, f"min(max({value}, {low}), {high})")


def _of_pair(name: str) -> Form:
    def build(body: Body, call: cst.Call) -> str:
        only(call)
        arguments = positional(call)
        if len(arguments) != 2:
            raise NoForm("it has other arguments than two numbers")
        return _nan_first(body, arguments, f"{name}({', '.join(_as_one_type(body, arguments))})")

    return build


def _list(body: Body, call: cst.Call) -> tuple[str, cst.BaseExpression]:
    """The one list of numbers a call is given, as a text that scripting takes for a list, and its node. Raises NoForm."""
    only(call)
    arguments = positional(call)
    if len(arguments) != 1:
        raise NoForm("it has other arguments than a list")
    node = arguments[0]
    if isinstance(node, cst.List | cst.Tuple) and node.elements:
        if any(isinstance(element, cst.StarredElement) for element in node.elements):
            raise NoForm("its list has starred elements")
        return f"[{', '.join(_as_one_type(body, [element.value for element in node.elements]))}]", node
    shape = shape_read(node) and body.surely(node.value)
    if shape or is_shape_slice(node) or body.certain.type_of(node) in (INTS, FLOATS):
        return body.tree.code(node), node
    raise NoForm("whether its argument is a list of plain numbers is not known")


def _of_list(name: str) -> Form:
    def build(body: Body, call: cst.Call) -> str:
        return f"{name}({_list(body, call)[0]})"

    return build


def _best(name: str) -> Form:
    def build(body: Body, call: cst.Call) -> str:
        text, node = _list(body, call)
        if isinstance(node, cst.List | cst.Tuple):
            return _nan_first(body, [element.value for element in node.elements], f"{name}({text})")
        _whole(body, node)
        return f"{name}({text})"

    return build


def _whole(body: Body, node: cst.BaseExpression) -> None:
    """Raise NoForm for a list that may hold a NaN, which NumPy finds and Python's order passes over."""
    nodes = [element.value for element in node.elements] if isinstance(node, cst.List | cst.Tuple) else []
    if not (all(finite(body, each) for each in nodes) if nodes else body.certain.type_of(node) != FLOATS):
        raise NoForm("NumPy finds a NaN in its list, which Python's order passes over")


def _mean(body: Body, call: cst.Call) -> str:
    text, node = _list(body, call)
    if not calm(body.tree, node):
        raise NoForm("its list would be computed twice")
    count = str(len(node.elements)) if isinstance(node, cst.List | cst.Tuple) else f"len({text})"
    return f"sum({text}) / {count}"


def _argument(best: str) -> Form:
    def build(body: Body, call: cst.Call) -> str:
        text, node = _list(body, call)
        if not calm(body.tree, node):
            raise NoForm("its list would be computed twice")
        _whole(body, node)
        listed = text if isinstance(node, cst.List | cst.Tuple) else body.tree.operand(node)
        return f"{listed}.index({best}({text}))"

    return build


def _square(body: Body, call: cst.Call) -> str:
    number = one_number(body, call)
    if not calm(body.tree, number):
        raise NoForm("its argument would be computed twice")
    text = body.tree.operand(number)
    return f"{text} * {text}"


def _of_float(name: str) -> Form:
    def build(body: Body, call: cst.Call) -> str:
        return f"{body.spell('math')}.{name}(float({body.tree.code(one_number(body, call))}))"

    return build


def _rounded(body: Body, call: cst.Call) -> str:
    number = one_number(body, call)
    if body.certain.type_of(number) != FLOAT:
        raise NoForm("whether it rounds a float is not known")
    return f"round({body.tree.code(number)})"


def sequence(body: Body, call: cst.Call) -> str:
    """A list of the numbers of a one-dimensional array. Raises NoForm."""
    build = _SEQUENCES.get(body.dotted(call.func))
    if build is None:
        raise NoForm("there is no form of it for scripting")
    return build(body, call)


def kind(body: Body, call: cst.Call) -> Type | None:
    """The type of the elements of such an array."""
    dotted = body.dotted(call.func)
    values = [arg.value for arg in call.args]
    if dotted == "numpy.arange":
        return INT if all(body.certain.type_of(value) == INT for value in values) else FLOAT
    if dotted in ("numpy.array", "numpy.asarray"):
        return INT if values and all_ints(body, values[0]) else FLOAT
    return FLOAT


def _arange(body: Body, call: cst.Call) -> str:
    only(call)
    arguments = positional(call)
    if not 0 < len(arguments) < 4 or any(body.certain.type_of(a) != INT for a in arguments):
        raise NoForm("whether its bounds are whole numbers is not known")
    return f"list(range({', '.join(body.tree.code(a) for a in arguments)}))"


def _linspace(body: Body, call: cst.Call) -> str:
    """By NumPy's own steps: multiples of the step, and the end itself at the end."""
    found = only(call, "num")
    arguments = positional(call)
    count = arguments[2] if len(arguments) == 3 else found["num"].value if "num" in found and len(arguments) == 2 else None
    if count is None or not isinstance(count, cst.Integer) or not 1 < count.evaluated_value <= 64:
        raise NoForm("how many numbers it gives is not a small literal")
    ends = arguments[:2]
    if any(body.certain.type_of(a) not in (INT, FLOAT) or not calm(body.tree, a) for a in ends):
        raise NoForm("whether its ends are plain numbers is not known")
    start, stop = map(body.tree.operand, ends)
    last = count.evaluated_value - 1
    k = FreshNames(body.tree, body.function).fresh("k")
    return f"[{k} * (({stop} - {start}) / {last}) + {start} for {k} in range({last})] + [float({stop})]"


def _filled(value: str) -> Form:
    def build(body: Body, call: cst.Call) -> str:
        only(call)
        arguments = positional(call)
        if len(arguments) != 1 or body.certain.type_of(arguments[0]) != INT:
            raise NoForm("whether it has one dimension is not known")
        return f"[{value}] * {body.tree.operand(arguments[0])}"

    return build


def _data(body: Body, call: cst.Call) -> str:
    only(call)
    arguments = positional(call)
    data = arguments[0] if len(arguments) == 1 else None
    if not isinstance(data, cst.List) or not literal_data(body, data) or keywords(call):
        raise NoForm("it is not made of a written list of numbers")
    return data_text(body, data)


_SEQUENCES: dict[str, Form] = {
    "numpy.arange": _arange,
    "numpy.linspace": _linspace,
    "numpy.zeros": _filled("0.0"),
    "numpy.ones": _filled("1.0"),
    "numpy.array": _data,
    "numpy.asarray": _data,
}
SEQUENCES = frozenset(_SEQUENCES)
ON_NUMBERS: dict[str, Known] = {
    **NUMPY,
    "numpy.clip": Known(_clip),
    "numpy.maximum": Known(_of_pair("max")),
    "numpy.minimum": Known(_of_pair("min")),
    "numpy.sum": Known(_of_list("sum")),
    **{f"numpy.{prefix}{name}": Known(_best(name)) for name in ("max", "min") for prefix in ("", "a")},
    "numpy.mean": Known(_mean),
    "numpy.argmax": Known(_argument("max")),
    "numpy.argmin": Known(_argument("min")),
    "numpy.square": Known(_square),
    "numpy.round": Known(_rounded),
    "numpy.rint": Known(_rounded),
    **{f"numpy.{name}": Known(_of_float(name)) for name in ("isnan", "isinf", "isfinite")},
    "numpy.deg2rad": Known(_of_float("radians")),
    "numpy.radians": Known(_of_float("radians")),
    "numpy.rad2deg": Known(_of_float("degrees")),
}
