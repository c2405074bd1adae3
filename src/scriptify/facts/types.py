"""TorchScript types as a small algebra: parse, print, and join what several calls have shown.

A type is written the way the compiler writes it: ``Tensor``, ``Optional[List[Tensor]]``,
``Dict[str, int]``, ``Tuple[Tensor, Tensor]``. ``NoneType`` stands for None alone, ``List[?]`` for a
list that was always empty. Source: https://docs.pytorch.org/docs/stable/jit_language_reference.html
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

NONE = "NoneType"
EMPTY = "?"
SCALARS = frozenset({"int", "float", "bool", "complex", "str", "Tensor", "Device", "NoneType"})
GENERICS = frozenset({"Optional", "List", "Dict", "Tuple", "Union"})


_SPELT = {
    "None": NONE,
    "list": "List",
    "dict": "Dict",
    "tuple": "Tuple",
    "Parameter": "Tensor",
    "FloatTensor": "Tensor",
    "LongTensor": "Tensor",
}


@dataclass(frozen=True, slots=True)
class Type:
    """A parsed type: its head and arguments."""

    name: str
    args: tuple[Type, ...] = ()

    def __str__(self) -> str:
        if not self.args:
            return "Tuple[()]" if self.name == "Tuple" else self.name
        return f"{self.name}[{', '.join(map(str, self.args))}]"

    @property
    def known(self) -> bool:
        """Whether no part of it is an empty container's unknown element."""
        return self.name != EMPTY and all(arg.known for arg in self.args)

    @property
    def optional(self) -> bool:
        """Whether None is among its values."""
        return self.name in ("Optional", NONE)

    @property
    def stripped(self) -> Type:
        """The type without an outer Optional."""
        return self.args[0] if self.name == "Optional" else self

    def names(self) -> set[str]:
        """The heads used anywhere in it (``{"Optional", "List", "Tensor"}``), for imports."""
        return {self.name}.union(*(arg.names() for arg in self.args))


def parse(text: str) -> Type:
    """Read a type as the compiler or an annotation writes it.

    ``torch.`` and ``typing.`` prefixes, ``X | None`` and lower-case ``list``/``dict``/``tuple`` are
    understood. Raises ValueError when brackets do not match.
    """
    parts = _split(text, "|")
    if len(parts) > 1:
        return join(parse(part) for part in parts)
    text = text.strip()
    if not text.endswith("]"):
        if "[" in text or "]" in text:
            raise ValueError(f"not a type: {text!r}")
        return Type(_head(text))
    head, bracket, inner = text[:-1].partition("[")
    if not bracket:
        raise ValueError(f"not a type: {text!r}")
    args = tuple(parse(part) for part in _split(inner, ",") if part.strip() and part.strip() != "()")
    name = _head(head)
    if name == "Union":
        return join(args)
    if name == "Optional" and args:
        return optional(args[0])
    return Type(name, args)


def _head(text: str) -> str:
    text = text.strip().strip("\"'")
    for prefix in ("torch.nn.parameter.", "torch.nn.", "typing.", "torch.", "builtins.", "nn."):
        text = text.removeprefix(prefix)
    return _SPELT.get(text, text)


def _split(text: str, separator: str) -> list[str]:
    parts, depth, start = [], 0, 0
    for index, char in enumerate(text):
        if char in "[(":
            depth += 1
        elif char in "])":
            depth -= 1
        elif char == separator and depth == 0:
            parts.append(text[start:index])
            start = index + 1
        if depth < 0:
            raise ValueError(f"not a type: {text!r}")
    if depth:
        raise ValueError(f"not a type: {text!r}")
    return [*parts, text[start:]]


def optional(inner: Type) -> Type:
    """``Optional[inner]``, never nested."""
    return inner if inner.optional else Type("Optional", (inner,))


def join(types: Iterable[Type]) -> Type:
    """The one type that takes every value seen.

    None and T give Optional[T], int and float give float, an empty list takes the other's element,
    tuples join element by element, tuples of several lengths and one element type become a List.
    What has no such type becomes a Union (its members sorted).
    """
    result: Type | None = None
    for item in types:
        result = item if result is None else _pair(result, item)
    return result if result is not None else Type(EMPTY)


def _pair(a: Type, b: Type) -> Type:
    if a == b or b.name == EMPTY:
        return a
    if a.name == EMPTY:
        return b
    if a.optional or b.optional:
        inner = join(t.stripped for t in (a, b) if t.name != NONE)
        return inner if inner.name == EMPTY else optional(inner)
    if {a.name, b.name} == {"int", "float"}:
        return Type("float")
    if a.name == b.name == "Tuple" and len(a.args) == len(b.args):
        return Type("Tuple", tuple(map(_pair, a.args, b.args)))
    if a.name == b.name and a.name in ("List", "Dict") and len(a.args) == len(b.args):
        return Type(a.name, tuple(map(_pair, a.args, b.args)))
    if {a.name, b.name} <= {"Tuple", "List"}:
        element = join([*a.args, *b.args])
        if element.name not in ("Union", EMPTY):
            return Type("List", (element,))
    members = {str(m): m for t in (a, b) for m in (t.args if t.name == "Union" else (t,))}
    return Type("Union", tuple(members[key] for key in sorted(members)))


def annotation(type_: Type) -> str | None:
    """The type as an annotation the compiler takes, or None where it has no such spelling."""
    if not type_.known or type_.name == NONE:
        return None
    if type_.name in ("Union", "Any") or (not type_.args and type_.name not in SCALARS | {"Tuple"}):
        return None
    if type_.name == "Device":
        return "torch.device"
    if type_.args:
        inner = [annotation(arg) for arg in type_.args]
        return None if None in inner else f"{type_.name}[{', '.join(map(str, inner))}]"
    return str(type_)
