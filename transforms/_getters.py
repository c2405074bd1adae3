"""The getters of properties, and whether a class below puts something else in the place of a member."""

from __future__ import annotations

import libcst as cst

from scriptify.facts.model import Class, Facts
from scriptify.transforms._containers import Method
from scriptify.tree import Tree


def getter(tree: Tree, class_name: str, name: str) -> cst.FunctionDef | None:
    """The getter of a property that a class of this file defines, decorated with nothing else."""
    owner = tree.class_(class_name)
    body = owner.body.body if owner is not None else ()
    found = [node for node in body if isinstance(node, cst.FunctionDef) and node.name.value == name]
    plain = [node for node in found if [tree.dotted(d.decorator) for d in node.decorators] == ["builtins.property"]]
    return plain[0] if len(plain) == 1 and found[0] is plain[0] else None


def overridden(facts: Facts, owner: Class, name: str) -> bool:
    """Whether a class below finds a member of that name elsewhere: its own, or that of another base (a mixin)."""
    above = {owner.key, *(known.key for known in facts.ancestors(owner))}
    for below in facts.descendants(owner):
        for known in (below, *facts.ancestors(below)):
            if known.key not in above and name in (*known.properties, *known.methods, *known.attributes):
                return True
    return False


def means_self(method: Method, node: cst.CSTNode) -> bool:
    """Whether the name of ``self`` means the method's own there."""
    for above in method.tree.ancestors(node):
        if above is method.node:
            return True
        if isinstance(above, cst.FunctionDef | cst.Lambda) and any(p.name.value == method.self_name for p in above.params.params):
            return False
    return False
