"""How calls of ``math`` and ``numpy`` on plain numbers are written for scripting: tables of forms with equal results."""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass

import libcst as cst

from scriptify.facts.types import Type
from scriptify.transforms._expression import FLOAT, INT, Body, NoForm, method, only, positional
from scriptify.transforms._number_lists import data_text, literal_data
from scriptify.transforms._signs import finite, nonnegative, positive
from scriptify.transforms._sure_numbers import sure_number
from scriptify.tree.shapes import shape_read
from scriptify.tree.substitute import calm

INTS, FLOATS = Type("List", (INT,)), Type("List", (FLOAT,))
Form = Callable[[Body, cst.Call], str]


def _never(_body: Body, _call: cst.Call) -> bool:
    return False


@dataclass(frozen=True, slots=True)
class Known:
    """A form; ``same`` says of a call whether eager code sees no difference either, so that no guard is needed."""

    build: Form
    same: Callable[[Body, cst.Call], bool] = _never


def one_number(body: Body, call: cst.Call) -> cst.BaseExpression:
    """The single argument of a call, a plain number. Raises NoForm."""
    only(call)
    arguments = positional(call)
    if len(arguments) != 1:
        raise NoForm("it has other arguments than one number")
    if body.certain.type_of(arguments[0]) not in (INT, FLOAT):
        raise NoForm("whether its argument is a plain number is not known")
    return arguments[0]


def of_math(name: str) -> Form:
    """``math.name(x)``."""

    def build(body: Body, call: cst.Call) -> str:
        return f"{body.spell('math')}.{name}({body.tree.code(one_number(body, call))})"

    return build


def whole(name: str) -> Form:
    """``float(math.name(x))`` of a float: of an int, NumPy gives a float or an int, by its version."""

    def build(body: Body, call: cst.Call) -> str:
        if body.certain.type_of(number := one_number(body, call)) != FLOAT:
            raise NoForm("of a whole number NumPy gives a float or an int, by its version")
        math, text = body.spell("math"), body.tree.code(number)
        if finite(body, number):
            return f"float({math}.{name}({text}))"
        if not calm(body.tree, number):
            raise NoForm("it hands infinity on where the other form stops, and its argument can't be written twice")
        return f"(float({math}.{name}({text})) if {math}.isfinite({text}) else {text})"

    return build


def of_builtin(name: str) -> Form:
    """``name(x)``."""

    def build(body: Body, call: cst.Call) -> str:
        return f"{name}({body.tree.code(one_number(body, call))})"

    return build


def single(body: Body, call: cst.Call) -> str:
    """``float(x)`` of a number that float32 holds; any other as float32 rounds it."""
    number = one_number(body, call)
    text = f"float({body.tree.code(number)})"
    value = number.evaluated_value if isinstance(number, cst.Integer | cst.Float) else None
    if isinstance(value, int | float) and abs(value) < 2**24 and struct.unpack("f", struct.pack("f", value))[0] == value:
        return text
    torch = body.spell("torch.tensor").removesuffix(".tensor")
    return f"float({torch}.tensor({text}, dtype={torch}.float32).item())"


def of_two(name: str) -> Form:
    """``name(a, b)`` of two numbers of one type."""

    def build(body: Body, call: cst.Call) -> str:
        only(call)
        arguments = positional(call)
        kinds = {body.certain.type_of(argument) for argument in arguments}
        if len(arguments) != 2 or kinds not in ({INT}, {FLOAT}):
            raise NoForm("whether it has two plain numbers of one type is not known")
        return f"{name}({body.tree.code(arguments[0])}, {body.tree.code(arguments[1])})"

    return build


def within(body: Body, number: cst.BaseExpression, text: str, strict: bool = False, whole: bool = False) -> str:
    """A form of what is only defined for numbers of zero or more (``strict``: of more), which stops for others as eager code does.

    Scripted code gives a NaN, or whatever the form comes to, where ``math`` raises. Raises NoForm where the number
    can't be written twice.
    """
    if (positive if strict else nonnegative)(body, number):
        return text
    if not calm(body.tree, number):
        raise NoForm("for what it is not defined for it raises where the other form would go on; its argument can't be tested first")
    sign, other = (">", "<=") if strict else (">=", "<")
    operand = body.tree.operand(number)
    # A NaN is handed on by ``math`` too.
    test = f"{operand} {sign} 0" if body.certain.type_of(number) == INT else f"not {operand} {other} 0"
    return f"({text} if {test} else {'1 // 0' if whole else 'float(1 // 0)'})"


def log2_within(body: Body, call: cst.Call) -> str:
    """The logarithm of what is more than zero."""
    return within(body, one_number(body, call), log2(body, call), strict=True)


def sqrt_within(body: Body, call: cst.Call) -> str:
    """The root of what is zero or more."""
    return within(body, one_number(body, call), of_math("sqrt")(body, call))


def log2(body: Body, call: cst.Call) -> str:
    """The logarithm as float64 of one element: exact for powers of two, which a quotient of logarithms is not."""
    text = body.tree.code(one_number(body, call))
    torch = body.spell("torch.log2").removesuffix(".log2")
    return f"float({torch}.log2({torch}.tensor(float({text}), dtype={torch}.float64)).item())"


def product(body: Body, call: cst.Call) -> str:
    """A product of ints, or of a display's numbers in order."""
    only(call)
    arguments = positional(call)
    if len(arguments) != 1:
        raise NoForm("it has other arguments than a list")
    items = arguments[0]
    if isinstance(items, cst.List | cst.Tuple) and len(items.elements) > 1 and _numbers(body, items):
        return " * ".join(body.tree.operand(element.value) for element in items.elements)
    shape = _whole_shape(items)
    if shape is not None and body.stated(shape) == Type("Tensor"):
        return f"{body.tree.operand(shape)}.numel()"
    known = body.certain.type_of(items)
    if not (known == INTS or shape is not None or is_shape_slice(items)):
        raise NoForm("whether its argument is a list of ints is not known")
    return f"int({body.spell('torch.tensor')}({body.tree.code(items)}).prod().item())"


def same_product(body: Body, call: cst.Call) -> bool:
    """Whether it is a product written out, or the number of elements of what is a Tensor whoever calls.

    A list by annotation alone may hold floats, and what is made a tensor to be multiplied follows the default device.
    """
    items = call.args[0].value
    if isinstance(items, cst.List | cst.Tuple):
        return len(items.elements) > 1 and all(sure_number(body, element.value) is not None for element in items.elements)
    shape = _whole_shape(items)
    return shape is not None and body.proved(shape)


def _numbers(body: Body, items: cst.List | cst.Tuple) -> bool:
    plain = all(isinstance(element, cst.Element) for element in items.elements)
    return plain and all(body.certain.type_of(element.value) in (INT, FLOAT) for element in items.elements)


def _whole_shape(node: cst.BaseExpression) -> cst.BaseExpression | None:
    """``x`` of ``x.shape`` and ``x.size()``."""
    if shape_read(node):
        return node.value
    split = method(node) if isinstance(node, cst.Call) and not node.args else None
    return split[0] if split is not None and split[1] == "size" else None


def is_shape_slice(node: cst.BaseExpression) -> bool:
    """``x.shape[1:]``: ints, whatever x is."""
    if not isinstance(node, cst.Subscript) or len(node.slice) != 1 or not isinstance(node.slice[0].slice, cst.Slice):
        return False
    return _whole_shape(node.value) is not None


def truncated(body: Body, call: cst.Call) -> str:
    """``int(x)``; of what may be infinite by ``floor`` or ``ceil``, which stop there: scripted ``int`` gives some number."""
    number = one_number(body, call)
    if finite(body, number):
        return f"int({body.tree.code(number)})"
    if not calm(body.tree, number):
        raise NoForm("of infinity it raises where scripted int() goes on, and its argument can't be written twice")
    math, text = body.spell("math"), body.tree.code(number)
    return f"({math}.floor({text}) if {body.tree.operand(number)} >= 0 else {math}.ceil({text}))"


def same_truncated(body: Body, call: cst.Call) -> bool:
    """Whether it is of a number whoever calls: a Tensor has no ``trunc`` for ``math``."""
    return sure_number(body, call.args[0].value) is not None


def close(body: Body, call: cst.Call) -> str:
    """``math.isclose`` by its definition."""
    found = only(call, "rel_tol", "abs_tol")
    arguments = positional(call)
    if len(arguments) != 2 or any(body.certain.type_of(a) not in (INT, FLOAT) or not calm(body.tree, a) for a in arguments):
        raise NoForm("its arguments are not plain numbers that can be written twice")
    if any(not calm(body.tree, arg.value) for arg in found.values()):
        raise NoForm("a tolerance is computed")
    if any(not nonnegative(body, arg.value) for arg in found.values()):
        raise NoForm("of a tolerance below zero it raises where the other form goes on")
    a, b = map(body.tree.operand, arguments)
    relative = body.tree.operand(found["rel_tol"].value) if "rel_tol" in found else "1e-09"
    absolute = body.tree.operand(found["abs_tol"].value) if "abs_tol" in found else "0.0"
    math = body.spell("math")
    bound = f"max({relative} * max(abs({a}), abs({b})), {absolute})"
    return f"({a} == {b} or ({math}.isfinite(float({a})) and {math}.isfinite(float({b})) and abs({a} - {b}) <= {bound}))"


def power(body: Body, call: cst.Call) -> str:
    """``a ** b`` of two numbers of which one is a float."""
    only(call)
    arguments = positional(call)
    types = [body.certain.type_of(argument) for argument in arguments]
    if len(arguments) != 2 or FLOAT not in types or not set(types) <= {INT, FLOAT}:
        raise NoForm("whether its arguments are plain numbers, one of them a float, is not known")
    if not (positive(body, arguments[0]) or nonnegative(body, arguments[1])):
        raise NoForm("of zero with a negative exponent NumPy gives infinity, where scripted code stops")
    return f"{body.tree.operand(arguments[0])} ** {body.tree.operand(arguments[1])}"


def rounded(body: Body, call: cst.Call) -> str:
    """``round(x, n)`` of literals, worked out."""
    only(call, "ndigits")
    values = [arg.value for arg in call.args if not arg.star]
    if len(values) != 2 or not isinstance(values[0], cst.Float) or not isinstance(values[1], cst.Integer):
        raise NoForm("scripting can't round to digits")
    return repr(round(float(values[0].evaluated_value), int(values[1].evaluated_value)))


def array(body: Body, call: cst.Call) -> str:
    """``torch.from_numpy(np.array([1.0]))``: a tensor of the numbers, in NumPy's types."""
    only(call)
    arguments = positional(call)
    inner = arguments[0] if len(arguments) == 1 else None
    if not isinstance(inner, cst.Call) or body.dotted(inner.func) not in ("numpy.array", "numpy.asarray"):
        raise NoForm("what NumPy gives it is not a list of numbers")
    only(inner)
    data = positional(inner)
    if len(data) != 1 or not isinstance(data[0], cst.List) or not literal_data(body, data[0]):
        raise NoForm("what NumPy gives it is not a list of numbers")
    text = data_text(body, data[0])
    floats = text != body.tree.code(data[0]) or any(True for _ in body.tree.find(cst.Float, data[0]))
    floats = floats or not all_ints(body, data[0])
    torch = body.spell("torch.tensor").removesuffix(".tensor")
    return f"{torch}.tensor({text}, dtype={torch}.{'float64' if floats else 'int64'})"


def all_ints(body: Body, node: cst.BaseExpression) -> bool:
    """Whether a list, nested or not, is of whole numbers alone."""
    if isinstance(node, cst.List):
        return all(all_ints(body, element.value) for element in node.elements)
    return body.type_of(node) in (INT, INTS)


_SHARED_NAMES = "sqrt exp log log10 log1p expm1 sin cos tan sinh cosh tanh".split()
NUMPY: dict[str, Known] = {
    **{f"numpy.{name}": Known(of_math(name)) for name in _SHARED_NAMES},
    **{f"numpy.{new}": Known(of_math(old)) for new, old in (("arctan", "atan"), ("arcsin", "asin"), ("arccos", "acos"))},
    "numpy.floor": Known(whole("floor")),
    "numpy.ceil": Known(whole("ceil")),
    "numpy.log2": Known(log2),
    "numpy.abs": Known(of_builtin("abs")),
    "numpy.absolute": Known(of_builtin("abs")),
    "numpy.prod": Known(product),
    "numpy.product": Known(product),
    "numpy.power": Known(power),
    "numpy.float32": Known(single),
    "numpy.float64": Known(of_builtin("float")),
    "numpy.int64": Known(truncated),
    "numpy.int32": Known(truncated),
}
MATH: dict[str, Known] = {
    "math.log2": Known(log2_within),
    "math.prod": Known(product, same_product),
    "math.trunc": Known(truncated, same_truncated),
    "math.isclose": Known(close),
    "torch.from_numpy": Known(array),
    "torch.sym_int": Known(truncated),
    "torch.sym_float": Known(of_builtin("float")),
    "torch.sym_max": Known(of_two("max")),
    "torch.sym_min": Known(of_two("min")),
    "torch.sym_sqrt": Known(sqrt_within),
}
