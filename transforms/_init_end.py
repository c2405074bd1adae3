"""What ``__init__`` can note in its last line for good."""

from __future__ import annotations

import libcst as cst

from scriptify.transforms._spot import Spot
from scriptify.tree import Tree, own_nodes


def open_end(tree: Tree, init: cst.FunctionDef) -> bool:
    """Whether a line can follow the last one of ``__init__``, and every call gets there."""
    if not isinstance(init.body, cst.IndentedBlock) or not tree.own_line(init.body.body[-1]):
        return False
    return not any(isinstance(node, cst.Return) for node in own_nodes(init.body))


def always_set(block: cst.BaseSuite, self_name: str, name: str) -> bool:
    """Whether the statements of a block set an attribute whichever way they go."""
    for statement in block.body:
        if isinstance(statement, cst.If):
            other = statement.orelse
            arms = [statement.body, other.body if isinstance(other, cst.Else) else cst.IndentedBlock([other]) if other else None]
            if all(arm is not None and (always_set(arm, self_name, name) or _raises(arm)) for arm in arms):
                return True
        for small in statement.body if isinstance(statement, cst.SimpleStatementLine) else ():
            targets = [t.target for t in small.targets] if isinstance(small, cst.Assign) else []
            targets += [small.target] if isinstance(small, cst.AnnAssign) and small.value is not None else []
            for target in targets:
                if isinstance(target, cst.Attribute) and target.attr.value == name and _is(target.value, self_name):
                    return True
    return False


def _is(node: cst.BaseExpression, name: str) -> bool:
    return isinstance(node, cst.Name) and node.value == name


def _raises(block: cst.BaseSuite) -> bool:
    last = block.body[-1]
    return isinstance(last, cst.SimpleStatementLine) and isinstance(last.body[-1], cst.Raise)


def stored_elsewhere(place: Spot, name: str) -> str:
    """Why what the class's ``__init__`` leaves in an attribute may not last, or ``""``."""
    tree, held = place.tree, place.attribute(name)
    if held is not None and held.changed:
        return f"self.{name} is set by code elsewhere too, so what __init__ notes may not last"
    init = f"{place.owner_qualname}.__init__"
    assigned = False
    for node in tree.find(cst.Attribute):
        above = tree.parent(node)
        if node.attr.value != name or not isinstance(above, cst.AssignTarget | cst.AugAssign | cst.AnnAssign) or above.target is not node:
            continue
        owner = tree.enclosing(node, cst.ClassDef)
        if tree.scope(node) == init:
            assigned = True
        elif owner is None or owner is place.owner or _related(place, tree.qualname(owner)):
            return f"self.{name} is assigned in {tree.scope(node) or 'the module'} too, so what __init__ notes may not last"
    known = place.known_class
    for below in place.facts.descendants(known) if known is not None else ():
        found = below.attributes.get(name)
        stated = found.stated if found is not None and found.origin == "live" else found
        if stated is not None and below.path != tree.path:
            return f"self.{name} is assigned in {below.qualname} of {below.path} too, so what __init__ notes may not last"
    return "" if assigned else f"self.{name} is not assigned in {init}"


def _related(place: Spot, qualname: str) -> bool:
    known = place.known_class
    return known is not None and any(c.qualname == qualname for c in (*place.facts.ancestors(known), *place.facts.descendants(known)))
