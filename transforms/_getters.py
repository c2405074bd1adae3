"""The getters of properties."""

from __future__ import annotations

import libcst as cst

from scriptify.tree import Tree


def getter(tree: Tree, class_name: str, name: str) -> cst.FunctionDef | None:
    """The getter of a property that a class of this file defines, decorated with nothing else."""
    owner = tree.class_(class_name)
    body = owner.body.body if owner is not None else ()
    found = [node for node in body if isinstance(node, cst.FunctionDef) and node.name.value == name]
    plain = [node for node in found if [tree.dotted(d.decorator) for d in node.decorators] == ["builtins.property"]]
    return plain[0] if len(plain) == 1 and found[0] is plain[0] else None
