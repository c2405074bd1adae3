"""Forms for the functions of ``math`` that scripting lacks: worked out for literals, by whole numbers, or by what is nearest in it."""

from __future__ import annotations

import ast
import math
from collections.abc import Callable

import libcst as cst

from scriptify.transforms._expression import FLOAT, INT, Body, NoForm, only, positional
from scriptify.transforms._number_forms import one_number, within
from scriptify.tree.substitute import calm

_CONSTANTS = {"math.pi": math.pi, "math.e": math.e, "math.tau": math.tau}
_SIZE = 10_000  # no literal is so long, and a larger factorial no number to a tensor
Form = Callable[[Body, cst.Call], str]


def worked_out(body: Body, call: cst.Call, function: Callable[..., object]) -> str | None:
    """The value of a call whose arguments are all literals, as text; None where they are not."""
    if any(arg.star or arg.keyword for arg in call.args):
        return None
    try:
        values = [literal(body, arg.value) for arg in call.args]
        found = function(*values)
    except (NoForm, ValueError, TypeError, OverflowError):
        return None
    if isinstance(found, bool) or not isinstance(found, int | float) or not math.isfinite(found):
        return None
    return repr(found) if abs(found) < 2**63 else None


def literal(body: Body, node: cst.BaseExpression) -> object:
    """The number, or list of numbers, that literals spell. Raises NoForm for anything else."""
    if isinstance(node, cst.List | cst.Tuple):
        if any(isinstance(element, cst.StarredElement) for element in node.elements):
            raise NoForm("its list has starred elements")
        return [literal(body, element.value) for element in node.elements]
    if isinstance(node, cst.Attribute) and body.dotted(node) in _CONSTANTS:
        return _CONSTANTS[body.dotted(node)]
    plain = node.expression if isinstance(node, cst.UnaryOperation) and isinstance(node.operator, cst.Minus) else node
    if not isinstance(plain, cst.Integer | cst.Float):
        raise NoForm("its arguments are not literals")
    value = ast.literal_eval(body.tree.code(plain))
    if abs(value) > _SIZE and isinstance(plain, cst.Integer):
        raise NoForm("its arguments are too large")
    return value if plain is node else -value


def _of(function: Callable[..., object], otherwise: Form) -> Form:
    def build(body: Body, call: cst.Call) -> str:
        return worked_out(body, call, function) or otherwise(body, call)

    return build


def _none(body: Body, call: cst.Call) -> str:
    raise NoForm("there is no form of it that gives the same number for an argument that is not a literal")


def _ints(body: Body, call: cst.Call, count: int) -> list[str]:
    """The operands of a call of so many ints that can be written twice. Raises NoForm."""
    only(call)
    arguments = positional(call)
    if len(arguments) != count or any(body.certain.type_of(a) != INT or not calm(body.tree, a) for a in arguments):
        raise NoForm(f"whether it has {count} whole numbers that can be written twice is not known")
    return [body.tree.operand(argument) for argument in arguments]


def _lcm(body: Body, call: cst.Call) -> str:
    a, b = _ints(body, call, 2)
    return f"abs({a} * {b}) // max({body.spell('math')}.gcd({a}, {b}), 1)"


def _isqrt(body: Body, call: cst.Call) -> str:
    """The root of float64, which is one too large where a square below ``n`` is rounded up to it."""
    (n,) = _ints(body, call, 1)
    root = f"int({body.spell('math')}.sqrt({n}))"
    return within(body, positional(call)[0], f"{root} - int({root} * {root} > {n})", whole=True)


def _falling(body: Body, call: cst.Call) -> tuple[str, int]:
    """``n * (n - 1) * ..`` of as many factors as the second argument says, and that number. Raises NoForm."""
    only(call)
    arguments = positional(call)
    few = arguments[1] if len(arguments) == 2 else None
    if not isinstance(few, cst.Integer) or not 0 < few.evaluated_value < 5:
        raise NoForm("how many are chosen is not a small literal")
    if body.certain.type_of(arguments[0]) != INT or not calm(body.tree, arguments[0]):
        raise NoForm("whether it chooses from a whole number that can be written twice is not known")
    n = body.tree.operand(arguments[0])
    return " * ".join([n, *(f"({n} - {k})" for k in range(1, few.evaluated_value))]), few.evaluated_value


def _perm(body: Body, call: cst.Call) -> str:
    if len(call.args) == 1:
        return f"{body.spell('math')}.factorial({_ints(body, call, 1)[0]})"
    return within(body, positional(call)[0], _falling(body, call)[0], whole=True)


def _comb(body: Body, call: cst.Call) -> str:
    text, count = _falling(body, call)
    text = f"{text} // {math.factorial(count)}" if count > 1 else text
    return within(body, positional(call)[0], text, whole=True)


def _numbers(body: Body, nodes: list[cst.BaseExpression]) -> list[str]:
    if any(body.certain.type_of(node) not in (INT, FLOAT) or not calm(body.tree, node) for node in nodes):
        raise NoForm("whether its arguments are plain numbers that can be written twice is not known")
    return [body.tree.operand(node) for node in nodes]


def _hypot(body: Body, call: cst.Call) -> str:
    only(call)
    sides = _numbers(body, positional(call))
    if not sides:
        raise NoForm("it has no arguments")
    return f"{body.spell('math')}.sqrt({' + '.join(f'{side} * {side}' for side in sides)})"


def _dist(body: Body, call: cst.Call) -> str:
    only(call)
    points = positional(call)
    displays = [point for point in points if isinstance(point, cst.List | cst.Tuple)]
    if len(points) != 2 or len(displays) != 2 or len(displays[0].elements) != len(displays[1].elements) or not displays[0].elements:
        raise NoForm("its points are not written out")
    ends = [_numbers(body, [element.value for element in point.elements]) for point in displays]
    terms = (f"({p} - {q}) * ({p} - {q})" for p, q in zip(*ends, strict=True))
    return f"{body.spell('math')}.sqrt({' + '.join(terms)})"


def _exp2(body: Body, call: cst.Call) -> str:
    """A power of two, which stops where the number is too large for a float, as eager code does."""
    number = one_number(body, call)
    if not calm(body.tree, number):
        raise NoForm("for a large number it raises where the other form goes on, and its argument can't be tested first")
    operand = body.tree.operand(number)
    large = f"1024 <= {operand}" if body.certain.type_of(number) == INT else f"1024.0 <= {operand} < {body.spell('math')}.inf"
    return f"(2.0 ** float({body.tree.code(number)}) if not {large} else float(1 // 0))"


def _cbrt(value: float) -> float:
    """The cube root; Python before 3.11 has none of its own, so it is only worked out where it is exact."""
    root = round(abs(value) ** (1 / 3))
    if root**3 != abs(value):
        raise ValueError
    return math.copysign(float(root), value)


MISSING: dict[str, Form] = {
    "math.cbrt": _of(getattr(math, "cbrt", _cbrt), _none),
    "math.comb": _of(math.comb, _comb),
    "math.dist": _of(math.dist, _dist),
    "math.exp2": _of(lambda value: 2.0**value, _exp2),
    "math.fsum": _of(math.fsum, _none),
    "math.hypot": _of(math.hypot, _hypot),
    "math.isqrt": _of(math.isqrt, _isqrt),
    "math.lcm": _of(math.lcm, _lcm),
    "math.nextafter": _of(math.nextafter, _none),
    "math.perm": _of(math.perm, _perm),
    "math.ulp": _of(math.ulp, _none),
}
