"""The best known type of a parameter, and which annotations the compiler understands."""

from __future__ import annotations

import ast
import re

from scriptify.facts.model import Facts, Parameter, TypeFact, Unknown
from scriptify.facts.types import GENERICS, SCALARS, Type, join, optional, parse

_ARITY = {"Optional": (1, 1), "List": (1, 1), "Dict": (2, 2), "Tuple": (0, 99), "Union": (1, 99)}
_DOC_TYPES = {
    "integer": "int",
    "boolean": "bool",
    "string": "str",
    "double": "float",
    "tensor": "Tensor",
    "torch.tensor": "Tensor",
    "torch tensor": "Tensor",
    "4d tensor": "Tensor",
    "torch.floattensor": "Tensor",
    "torch.longtensor": "Tensor",
}
_DOC_LIST = re.compile(r"(?:a\s+)?(list|sequence)\s*(?:of\s+|\[\s*)([\w.]+?)s?\s*\]?$", re.IGNORECASE)


def usable(text: str | None) -> Type | None:
    """The type an annotation states, or None where it is missing or the compiler has no such type."""
    if not text:
        return None
    text = text.strip()
    if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'":
        text = text[1:-1]
    try:
        type_ = parse(" ".join(text.split()))
    except (ValueError, RecursionError):
        return None
    return type_ if _known(type_) else None


def _known(type_: Type) -> bool:
    if type_.name in GENERICS:
        low, high = _ARITY[type_.name]
        return low <= len(type_.args) <= high and all(map(_known, type_.args))
    return type_.name in SCALARS and not type_.args


def literal_type(text: str | None) -> Type | None:
    """The type of a default written as a literal (None included), or None."""
    if text is None:
        return None
    try:
        return value_type(ast.literal_eval(text))
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return None


def value_type(value: object) -> Type | None:
    """The TorchScript type of a plain value, or None where it has none."""
    if value is None:
        return Type("NoneType")
    if isinstance(value, (bool, int, float, complex, str)):
        return Type(type(value).__name__)
    if isinstance(value, tuple):
        parts = [value_type(item) for item in value]
        return Type("Tuple", tuple(p for p in parts if p is not None)) if None not in parts else None
    if isinstance(value, list):
        parts = [value_type(item) for item in value]
        return Type("List", (join(p for p in parts if p is not None),)) if None not in parts else None
    if isinstance(value, dict):
        keys, values = [value_type(k) for k in value], [value_type(v) for v in value.values()]
        if None in keys or None in values:
            return None
        return Type("Dict", (join(k for k in keys if k), join(v for v in values if v)))
    return None


def documented(text: str) -> Type | None:
    """The type a docstring states, or None where it is prose the compiler has no type for."""
    parts = [part.strip() for part in _outer_commas(text)]
    may_be_none = any(part.lower() in ("optional", "none") or re.fullmatch(r"default\W*none", part.lower()) for part in parts[1:])
    head = re.sub(r"\s+or\s+None$|^None\s+or\s+", "", parts[0])
    may_be_none = (may_be_none and any("none" in part.lower() for part in parts[1:])) or head != parts[0]
    head = head.strip("`*: ").removeprefix("class:`").strip("`~")
    type_ = usable(_DOC_TYPES.get(head.lower(), head))
    if type_ is None and (match := _DOC_LIST.match(head)):
        inner = usable(_DOC_TYPES.get(match[2].lower(), match[2]))
        type_ = Type("List", (inner,)) if inner is not None else None
    if type_ is None or type_.name in ("NoneType", "Union"):
        return None
    return optional(type_) if may_be_none else type_


def _outer_commas(text: str) -> list[str]:
    parts, depth, current = [], 0, ""
    for char in text:
        depth += (char in "[({") - (char in "])}")
        if char == "," and depth == 0:
            parts.append(current)
            current = ""
        else:
            current += char
    return [*parts, current]


def parameter_type(facts: Facts, path: str, qualname: str, name: str) -> TypeFact | Unknown:
    """The type of a parameter: usable annotation, else live, else the default's, else the docstring's.

    A default of None alone says nothing: such a parameter is Unknown unless a run or the docstring
    tells what else it takes.
    """
    parameter = facts.parameter(path, qualname, name)
    if isinstance(parameter, Unknown):
        return parameter
    if (declared := usable(parameter.annotation)) is not None:
        return TypeFact(declared, "annotation", parameter.annotation or "")
    if parameter.annotation:
        written = " ".join(parameter.annotation.split())
        return _seen(parameter) or Unknown(f"the compiler has no type {written} (parameter {name} of {qualname})")
    return _seen(parameter) or _from_source(parameter, qualname)


def _seen(parameter: Parameter) -> TypeFact | None:
    return parameter.observed if parameter.observed is not None and parameter.observed.type.known else None


def _from_source(parameter: Parameter, qualname: str) -> TypeFact | Unknown:
    default = literal_type(parameter.default)
    stated = documented(parameter.documented) if parameter.documented else None
    if default == Type("int") and stated == Type("float"):
        # scale=1 with "scale (float)": the literal is only short for 1.0.
        return TypeFact(stated, "docstring", parameter.documented)
    if default is not None and default.name != "NoneType" and default.known:
        return TypeFact(default, "default", parameter.default or "")
    if stated is not None:
        return TypeFact(optional(stated) if default is not None else stated, "docstring", parameter.documented)
    return Unknown(f"neither an annotation, a run, a default nor the docstring tells the type of {parameter.name} in {qualname}")
