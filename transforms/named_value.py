"""SF120: members of enumerations and fields of named tuples that an instance holds."""

from __future__ import annotations

import re
from collections.abc import Iterator

import libcst as cst

from scriptify.facts.model import Attribute, Facts
from scriptify.transform import Declines, Fires, Focus, Ignores, Phase, Proposal, Transform
from scriptify.transforms._expression import Body, bodies, decline, rewrite
from scriptify.tree import Tree

_FIELD = re.compile(r"'Tuple\[.*\]' object has no attribute or method '(\w+)'")
_HEAD = """import enum
from typing import NamedTuple

import torch
from torch import nn


class Mode(enum.IntEnum):
    A = 1
    B = 2


class Config(NamedTuple):
    scale: int
    name: str


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.mode = Mode.B
        self.config = Config(3, 'a')

    def forward(self, x: torch.Tensor):
"""
_ENTRY = "Net(), (torch.randn(2, 3),)"
_NUMBER = "Expected a value of type 'Tensor' for argument 'self' but instead found type 'int'"
_TUPLE = "'Tuple[int, str]' object has no attribute or method 'scale'"
_MIXED = ({"enum.IntEnum"}, {"builtins.int", "enum.Enum"}, {"builtins.str", "enum.Enum"}, {"enum.StrEnum"}, {"enum.IntFlag"})


def _net(body: str) -> str:
    return _HEAD + "".join(f"        {line}\n" for line in body.splitlines())


class NamedValue(Transform):
    """``self.mode == Mode.A`` of an ``IntEnum`` -> ``== Mode.A.value``; ``self.config.scale`` of a named tuple -> ``self.config[0]``.

    An attribute that holds a member of an ``IntEnum`` is a plain int to the compiler, one that holds a named tuple a plain
    tuple. Such a member equals its value and such a field is an item, in eager code too.
    """

    code = "SF120"
    name = "named-value"
    phase = Phase.VALUES
    on_demand = True
    explains = ("found type 'int'", "found type 'str'", "found type 'Enum", "object has no attribute or method", "'__torch__")
    hints = ("Enum", "NamedTuple", "namedtuple")
    source = "https://docs.pytorch.org/docs/stable/jit_language_reference.html#named-tuples"
    examples = (
        Fires(
            _net("if self.mode == Mode.A:\n    return x + 1\nreturn x"),
            _net("if self.mode == Mode.A.value:\n    return x + 1\nreturn x"),
            entry=_ENTRY,
            focus=_NUMBER,
            at="if self.mode",
            name="a member",
        ),
        Fires(
            _net("return x * self.config.scale"),
            _net("return x * self.config[0]"),
            entry=_ENTRY,
            focus=_TUPLE,
            at="return",
            name="a field",
        ),
        Declines(
            _HEAD.replace("Config(3, 'a')", "make()") + "        return x * self.config.scale\n",
            because="not known",
            focus=_TUPLE,
            at="return",
        ),
        Ignores(_net("return x * self.config.scale if self.mode == Mode.A else x")),
    )

    def propose(self, tree: Tree, facts: Facts, focus: Focus | None = None) -> Iterator[Proposal]:
        """Members and fields in the focused function."""
        if focus is None or focus.path != tree.path or not self.answers(focus.message):
            return
        match = _FIELD.search(focus.message)
        for body in bodies(tree, facts):
            if focus.scope and body.qualname != focus.scope:
                continue
            for node in body.find(cst.Attribute):
                if match is not None and node.attr.value == match[1]:
                    yield from self._field(body, node)
                elif match is None and _member(tree, node) and _compared(tree, node):
                    why = "a member of such an enumeration equals its value, and an attribute that holds one is its value to the compiler"
                    edit = tree.insert(tree.span(node)[1], ".value")
                    yield rewrite(self, body, node, f"{tree.code(node)} by its value", [edit], why=why)

    def _field(self, body: Body, node: cst.Attribute) -> Iterator[Proposal]:
        tree, held = body.tree, node.value
        if not isinstance(held, cst.Attribute) or tree.code(held.value) != "self":
            return
        owner = body.facts.owner(tree.path, body.qualname)
        found = body.facts.attribute(tree.path, owner.qualname, held.attr.value) if owner is not None else None
        fields = _fields(tree, found) if isinstance(found, Attribute) else None
        if fields is None or node.attr.value not in fields:
            yield decline(self, body, node, f"which named tuple {tree.code(held)} holds is not known; read its fields by number")
            return
        text = f"{tree.code(held)}[{fields.index(node.attr.value)}]"
        why = "a named tuple that an instance holds is a plain tuple to the compiler"
        yield rewrite(self, body, node, f"{tree.code(node)} by its place", [tree.replace(node, text)], why=why)


def _bases(tree: Tree, owner: cst.ClassDef) -> set[str]:
    return {tree.dotted(base.value) for base in owner.bases}


def _member(tree: Tree, node: cst.Attribute) -> bool:
    """``Mode.A`` of an enumeration of this file whose members equal their values."""
    owner = tree.class_(node.value.value) if isinstance(node.value, cst.Name) else None
    if owner is None or _bases(tree, owner) not in _MIXED or any(isinstance(s, cst.FunctionDef) for s in owner.body.body):
        return False
    names = [
        target.target.value
        for statement in owner.body.body
        if isinstance(statement, cst.SimpleStatementLine)
        for small in statement.body
        if isinstance(small, cst.Assign)
        for target in small.targets
        if isinstance(target.target, cst.Name)
    ]
    return node.attr.value in names


def _compared(tree: Tree, node: cst.Attribute) -> bool:
    above = tree.parent(node)
    if isinstance(above, cst.ComparisonTarget):
        return isinstance(above.operator, cst.Equal | cst.NotEqual | cst.LessThan | cst.GreaterThan)
    plain = isinstance(above, cst.Comparison) and above.left is node
    return plain and isinstance(above, cst.Comparison) and isinstance(above.comparisons[0].operator, cst.Equal | cst.NotEqual)


def _fields(tree: Tree, found: Attribute) -> list[str] | None:
    """The fields of the named tuple that an attribute holds, in order."""
    names = {dotted.rpartition(".")[2] for dotted in found.classes} or {found.text.partition("(")[0]}
    owner = tree.class_(names.pop()) if len(names) == 1 else None
    if owner is None or _bases(tree, owner) != {"typing.NamedTuple"}:
        return None
    return [
        small.target.value
        for statement in owner.body.body
        if isinstance(statement, cst.SimpleStatementLine)
        for small in statement.body
        if isinstance(small, cst.AnnAssign) and isinstance(small.target, cst.Name)
    ]
