"""Whether a class registers no module under two names: ``named_children()`` gives each module once, ``_modules`` each name."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from scriptify.facts.model import Attribute, Class, Kind
from scriptify.transforms._containers import Method, stored_attribute
from scriptify.transforms._own_walking import MODULES
from scriptify.tree import own_nodes

_REGISTERS = frozenset({"add_module", "register_module"})
_SETTERS = frozenset({"builtins.setattr", "builtins.delattr", "builtins.vars"})


def registered_once(method: Method) -> bool:
    """Whether every module of ``self`` is made by a constructor call of its own, and none is None, on every instance."""
    owner = method.owner
    if owner is None or owner.bases != ("torch.nn.Module",) or not any(a.kinds & MODULES for a in owner.attributes.values()):
        return False
    return all(_each_made(method, known) for known in (owner, *method.facts.descendants(owner)))


def _each_made(method: Method, owner: Class) -> bool:
    """Whether all that the text of one class registers is made there."""
    tree = method.tree
    text = tree.class_(owner.qualname) if owner.path == tree.path else None
    if text is None or any(attribute.changed for attribute in owner.attributes.values()):
        return False
    for name, value in _registered(method, text):
        known = owner.attributes.get(name)
        if known is None or (value is None and known.kinds & (MODULES | {Kind.OTHER})):
            return False
        if value is not None and _may_be_module(known) and not _made(known, value, tree.dotted(getattr(value, "func", value))):
            return False
    return True


def _registered(method: Method, text: cst.ClassDef) -> Iterator[tuple[str, cst.BaseExpression | None]]:
    """The names that the methods of a class give to attributes of ``self``, each with its value; None for one that is not its own.

    A name that is computed is ``""``.
    """
    tree = method.tree
    for function in (node for node in tree.find(cst.FunctionDef, text) if tree.enclosing(node, cst.ClassDef) is text):
        first = function.params.params[0].name.value if function.params.params else ""
        for node in own_nodes(function.body):
            if isinstance(node, cst.Attribute) and isinstance(node.value, cst.Name) and node.value.value == first:
                yield from _stored(method, node)
            elif isinstance(node, cst.Call):
                called = node.func.attr.value if isinstance(node.func, cst.Attribute) else ""
                if called in _REGISTERS and len(node.args) == 2:
                    name = node.args[0].value.evaluated_value if isinstance(node.args[0].value, cst.SimpleString) else ""
                    yield (name if isinstance(name, str) else ""), node.args[1].value
                elif called in _REGISTERS or tree.dotted(node.func) in _SETTERS:
                    yield "", None


def _stored(method: Method, node: cst.Attribute) -> Iterator[tuple[str, cst.BaseExpression | None]]:
    above = method.tree.parent(node)
    assign = method.tree.parent(above) if isinstance(above, cst.AssignTarget) else above
    if isinstance(assign, cst.Assign) and isinstance(above, cst.AssignTarget):
        yield node.attr.value, assign.value if len(assign.targets) == 1 else None
    elif isinstance(assign, cst.AnnAssign) and assign.target is node:
        yield node.attr.value, assign.value
    elif stored_attribute(method.tree, node):
        yield node.attr.value, None


def _may_be_module(known: Attribute) -> bool:
    return not known.kinds or bool(known.kinds & (MODULES | {Kind.OTHER}))


def _made(known: Attribute, value: cst.BaseExpression, called: str) -> bool:
    """Whether a value is a call of the one class that the attribute is known to be of."""
    if not isinstance(value, cst.Call) or known.kinds - MODULES or len(known.classes) != 1:
        return False
    (made,) = known.classes
    return called == made or (not called.startswith(("torch.", "builtins.")) and _last(value.func) == made.rpartition(".")[2])


def _last(node: cst.BaseExpression) -> str:
    return node.attr.value if isinstance(node, cst.Attribute) else node.value if isinstance(node, cst.Name) else ""
