"""Properties that only name a module: ``return getattr(self, self.norm1_name)`` or ``return self.bn1``."""

from __future__ import annotations

from dataclasses import dataclass

import libcst as cst

from scriptify.facts.model import Attribute, Facts
from scriptify.transform import Need
from scriptify.transforms._containers import Method, builtin_call
from scriptify.transforms._getters import getter, overridden
from scriptify.transforms._name_values import Names
from scriptify.transforms._own_walking import MODULES
from scriptify.tree import Tree


@dataclass(frozen=True, slots=True)
class Property:
    """A property, the attribute it gives on every instance, and the facts that tells.

    ``checks``: under which conditions, where setting an attribute anew, or another instance, makes it name another module.
    """

    name: str
    attribute: str
    needs: tuple[Need, ...] = ()
    checks: tuple[str, ...] = ()


def named(tree: Tree, facts: Facts, class_name: str, name: str) -> Property | None:
    """The property of that name as the module it names; None where it does more, or where a class below gives it another meaning."""
    node = getter(tree, class_name, name)
    owner = facts.classes.get(f"{tree.path}::{class_name}")
    if node is None or owner is None or not isinstance(node.body, cst.IndentedBlock):
        return None
    if overridden(facts, owner, name):
        return None
    statements = [s for s in node.body.body if not _docstring(s)]
    last = statements[0] if len(statements) == 1 else None
    small = last.body[0] if isinstance(last, cst.SimpleStatementLine) and len(last.body) == 1 else None
    value = small.value if isinstance(small, cst.Return) else None
    method = Method(tree, facts, f"{class_name}.{name}", node)
    reader = Names(method)
    text = _attribute(method, reader, value) if value is not None else None
    found = facts.attribute(tree.path, class_name, text) if text else None
    if not text or not isinstance(found, Attribute) or found.missing or not found.kinds or not found.kinds <= MODULES:
        return None
    return Property(name, text, tuple(reader.needs), tuple(reader.checks.values()))


def _attribute(method: Method, reader: Names, value: cst.BaseExpression) -> str | None:
    if isinstance(value, cst.Attribute) and method.tree.code(value.value) == method.self_name:
        return value.attr.value
    called = builtin_call(method.tree, value)
    if not called or called[0] != "getattr" or len(called[1]) != 2 or method.tree.code(called[1][0]) != method.self_name:
        return None
    name = called[1][1]
    found = name.evaluated_value if isinstance(name, cst.SimpleString) else reader.value(name, {})
    return found if isinstance(found, str) and found.isidentifier() else None


def _docstring(statement: cst.CSTNode) -> bool:
    if not isinstance(statement, cst.SimpleStatementLine) or not isinstance(statement.body[0], cst.Expr):
        return False
    return isinstance(statement.body[0].value, cst.SimpleString | cst.ConcatenatedString)
