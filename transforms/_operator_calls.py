"""Functions of ``operator`` as the operators they are."""

from __future__ import annotations

import libcst as cst

from scriptify.transforms._expression import Body, NoForm, positional
from scriptify.tree.substitute import calm, source

BINARY = {
    **{"add": "+", "concat": "+", "sub": "-", "mul": "*", "truediv": "/", "floordiv": "//", "mod": "%", "pow": "**", "matmul": "@"},
    **{"and_": "&", "or_": "|", "xor": "^", "lshift": "<<", "rshift": ">>"},
    **{"eq": "==", "ne": "!=", "lt": "<", "le": "<=", "gt": ">", "ge": ">=", "is_": "is", "is_not": "is not"},
}
_UNARY = {"neg": "-", "pos": "+", "inv": "~", "invert": "~", "not_": "not "}
_CALLS = {"abs": "abs", "truth": "bool"}


def operator_text(body: Body, call: cst.Call, dotted: str) -> str:
    """What ``operator.name(...)`` computes, written with its operator; ``""`` for names that are none. Raises NoForm."""
    name = dotted.removeprefix("operator.").removeprefix("__")
    name = name[:-2] if name.endswith("__") else name
    name = f"{name}_" if f"{name}_" in (*BINARY, *_UNARY) else name
    if name not in (*BINARY, *_UNARY, *_CALLS, "getitem", "contains"):
        return ""
    tree, given = body.tree, positional(call)
    if len(given) != (1 if name in _UNARY or name in _CALLS else 2) or any(arg.keyword for arg in call.args):
        raise NoForm("its arguments are not written out one by one")
    first = tree.operand(given[0])
    if name in _UNARY:
        return f"{_UNARY[name]}{first}"
    if name in _CALLS:
        return body.builtins(f"{_CALLS[name]}({source(tree, given[0])})")
    if name == "getitem":
        return f"{first}[{tree.code(given[1])}]"
    if name == "contains":
        if not calm(tree, given[0]) or not calm(tree, given[1]):
            raise NoForm("its arguments would be computed in another order")
        return f"{tree.operand(given[1])} in {first}"
    return f"{first} {BINARY[name]} {tree.operand(given[1])}"


def got_text(body: Body, call: cst.Call, maker: cst.Call, dotted: str) -> str:
    """``operator.attrgetter('a')(x)`` as ``x.a``, ``methodcaller('m', 1)(x)`` as ``x.m(1)``. Raises NoForm."""
    tree, given = body.tree, positional(call)
    names = [arg.value for arg in maker.args[:1]]
    if (
        len(given) != 1
        or not names
        or maker.args[0].keyword is not None
        or maker.args[0].star
        or not isinstance(names[0], cst.SimpleString)
    ):
        raise NoForm("it is called in another way")
    name = names[0].evaluated_value
    if not isinstance(name, str) or not all(part.isidentifier() and not part.startswith("__") for part in name.split(".")):
        raise NoForm("its name is no plain one")
    owner = tree.operand(given[0])
    if dotted == "operator.attrgetter":
        if len(maker.args) != 1:
            raise NoForm("it gets several attributes")
        return f"{owner}.{name}"
    if "." in name or not calm(tree, given[0]):
        raise NoForm("its arguments would be computed in another order")
    rest = [tree.code(arg).rstrip().rstrip(",") for arg in maker.args[1:]]
    return f"{owner}.{name}({', '.join(rest)})"
