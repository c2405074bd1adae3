"""What ``self.name`` may hold, for tests of it: None or not, and whether its truth is that of being there."""

from __future__ import annotations

from dataclasses import dataclass

import libcst as cst

from scriptify.facts.model import Attribute, Facts, Kind, Parameter
from scriptify.tree import Tree

_SIZED_CLASSES = ("Sequential", "ModuleList", "ModuleDict", "ParameterList", "ParameterDict", "BufferList", "BufferDict")


@dataclass(frozen=True, slots=True)
class Held:
    """``none``: some instance may hold None. ``known``: every kind it may hold is known. ``there``: true whenever not None."""

    attribute: Attribute | None
    none: bool
    known: bool
    there: bool
    sized: bool

    @property
    def origin(self) -> str:
        """Where it was learnt."""
        return self.attribute.origin if self.attribute is not None else "source"


def is_self_attribute(node: cst.CSTNode) -> bool:
    """Whether a node is ``self.name``."""
    return isinstance(node, cst.Attribute) and isinstance(node.value, cst.Name) and node.value.value == "self"


def held(tree: Tree, facts: Facts, qualname: str, name: str) -> Held | None:
    """What is known of ``self.name`` in a method; None outside of a class, or for an attribute some instance lacks."""
    owner = facts.owner(tree.path, qualname)
    if owner is None:
        return None
    found = facts.attribute(tree.path, owner.qualname, name)
    if not isinstance(found, Attribute) or found.missing or not found.kinds:
        return None
    none = Kind.NONE in found.kinds or any(value is None for value in found.values)
    others = found.kinds - {Kind.NONE}
    if not none and found.origin != "live":
        none = _default_is_none(facts, tree.path, f"{owner.qualname}.__init__", found.text)
    known = Kind.OTHER not in others
    sized = bool(others) and others <= {Kind.SEQUENTIAL, Kind.MODULE_LIST, Kind.MODULE_DICT, Kind.LIST, Kind.DICT}
    there = known and all(_true(facts, found, kind) for kind in others)
    return Held(found, none, known, there, sized)


def _default_is_none(facts: Facts, path: str, init: str, text: str) -> bool:
    """Whether the attribute is a parameter of the constructor that may be left out, and is None then."""
    parameter = facts.parameter(path, init, text) if text.isidentifier() else None
    return isinstance(parameter, Parameter) and parameter.default == "None"


def _true(facts: Facts, found: Attribute, kind: Kind) -> bool:
    """Whether what is of that kind is always true."""
    if kind is Kind.MODULE:
        classes = found.classes - {"NoneType"}  # a run counts None among the classes of what it saw
        return bool(classes) and all(_plain_module(facts, name) for name in classes)
    if kind is Kind.FUNCTION:
        return True
    if kind in (Kind.SEQUENTIAL, Kind.MODULE_LIST, Kind.MODULE_DICT, Kind.LIST, Kind.DICT):
        return bool(found.lengths) and 0 not in found.lengths
    if kind is Kind.VALUE:
        return not found.varies and bool(found.values) and all(value is None or bool(value) for value in found.values)
    return False


def _plain_module(facts: Facts, dotted: str) -> bool:
    """Whether a module class defines neither ``__len__`` nor ``__bool__``."""
    last = dotted.rpartition(".")[2]
    if dotted.startswith("torch.nn."):
        return last not in _SIZED_CLASSES
    owners = [c for c in facts.classes.values() if c.qualname == last or dotted.endswith(f".{c.qualname}")]
    if not owners:
        return False
    for owner in owners:
        line = [owner, *facts.ancestors(owner)]
        if any("__len__" in c.methods or "__bool__" in c.methods for c in line):
            return False
        bases = [b for c in line for b in c.bases if b not in facts.classes]
        if any(not b.startswith("torch.nn.") or b.rpartition(".")[2] in _SIZED_CLASSES for b in bases):
            return False
    return True
