"""What torch's callables take, as data: parameter names, order, TorchScript types, defaults.

The table (``operators.json``) is generated from torch's own operator schemas and annotations by
``python -m scriptify.schemas.generate`` and read on first use; nothing here imports torch. Only callables
that refuse an int where a float is meant, those that take a list of sizes, and the names of those that
give a Tensor, are in it.
Source: https://docs.pytorch.org/docs/stable/jit_builtin_functions.html
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from scriptify.facts.types import Type, parse

DATA = Path(__file__).with_name("operators.json")


@dataclass(frozen=True, slots=True)
class Formal:
    """One parameter of one overload; ``default``: it may be left out; ``keyword``: it is keyword-only."""

    name: str
    type: Type
    default: bool = False
    keyword: bool = False


Overload = tuple[Formal, ...]


@cache
def _data() -> Mapping[str, Any]:
    table: Mapping[str, Any] = json.loads(DATA.read_text(encoding="utf-8"))
    return table


def read(text: str) -> Overload:
    """An overload from its text in the table: ``Tensor input; float p=; *; bool train=``."""
    formals: list[Formal] = []
    keyword = False
    for part in text.split("; "):
        if part == "*":
            keyword = True
        elif part:
            type_, _, name = part.rpartition(" ")
            formals.append(Formal(name.removesuffix("="), parse(type_), name.endswith("="), keyword))
    return tuple(formals)


@cache
def function(dotted: str) -> tuple[Overload, ...]:
    """The overloads of a function by dotted name (``torch.nn.functional.pad``); empty when it is not in the table."""
    return tuple(map(read, _data()["functions"].get(dotted, ())))


@cache
def method(name: str) -> tuple[Overload, ...]:
    """The overloads of a Tensor method, without ``self``; empty when it is not in the table."""
    return tuple(map(read, _data()["methods"].get(name, ())))


@cache
def module(dotted: str) -> Overload:
    """The constructor of a module (``torch.nn.LeakyReLU``) whose ``float`` arguments must not be ints to be scripted.

    Other arguments have type ``Any``. Empty when it is not in the table.
    """
    return read(_data()["modules"].get(dotted, ""))


@cache
def names() -> frozenset[str]:
    """The last parts of all names in the table: a call of any other name is none of them."""
    data = _data()
    return frozenset(name.rpartition(".")[2] for key in ("functions", "methods", "modules") for name in data[key])


def takes_sizes(dotted: str) -> bool:
    """Whether a function takes its sizes one by one as well as in a list (``torch.zeros``)."""
    return dotted in _data()["size_functions"]


def method_takes_sizes(name: str) -> bool:
    """Whether a Tensor method takes its sizes one by one as well as in a list (``view``)."""
    return name in _data()["size_methods"]


def method_gives_tensor(name: str) -> bool:
    """Whether a method of a Tensor gives one Tensor in all its overloads (``lt``, ``view``; not ``max``, not ``chunk``)."""
    return name in _tensor_methods()


def function_gives_tensor(dotted: str) -> bool:
    """Whether a function of torch is an operator that gives one Tensor in all its overloads (``torch.acos``)."""
    return dotted in _tensor_functions()


@cache
def _tensor_functions() -> frozenset[str]:
    return frozenset(_data()["tensor_functions"])


@cache
def _tensor_methods() -> frozenset[str]:
    return frozenset(_data()["tensor_methods"])


def fits(actual: Type | None, formal: Type) -> bool:
    """Whether the compiler may take an argument of type ``actual`` (None: not known) for a parameter.

    It turns a Tensor or a bool into a number by itself, a tuple into a list, and never an int into a float.
    """
    if actual is None or not actual.known or formal.name == "Any" or actual == formal or formal.name in ("t", "Union"):
        return True
    if actual.name == "Union":
        return any(fits(member, formal) for member in actual.args)
    if formal.name == "Optional":
        return actual.name == "NoneType" or fits(actual, formal.args[0])
    if formal.name == "BroadcastingList":
        return fits(actual, formal.args[0]) or fits(actual, Type("List", formal.args))
    if formal.name == "List":
        return actual.name in ("List", "Tuple") and all(fits(item, formal.args[0]) for item in actual.args)
    if formal.name in ("float", "int", "number", "complex"):
        return actual.name in ("Tensor", "bool") or (formal.name == "number" and actual.name in ("int", "float", "complex"))
    return False


def matched(overload: Overload, positional: int, keywords: Sequence[str]) -> tuple[Formal, ...] | None:
    """The parameters that arguments go to, positional ones first, or None where the call does not fit the overload."""
    by_place = [formal for formal in overload if not formal.keyword]
    if positional > len(by_place):
        return None
    by_name = {formal.name: formal for formal in overload if formal not in by_place[:positional]}
    if any(keyword not in by_name for keyword in keywords):
        return None
    if any(not formal.default and name not in keywords for name, formal in by_name.items()):
        return None
    return (*by_place[:positional], *(by_name[keyword] for keyword in keywords))
