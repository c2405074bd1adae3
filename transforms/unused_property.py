"""SF207: properties that scripting compiles though nothing scripted reads them."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from scriptify.facts.model import Class, Facts
from scriptify.transform import Focus, Phase, Proposal, Transform
from scriptify.transforms._containers import Method, builtin_call
from scriptify.transforms._unused_property_examples import EXAMPLES
from scriptify.tree import Tree, own_nodes


class UnusedProperty(Transform):
    """``@property`` with code the compiler refuses -> ``@torch.jit.unused`` under it.

    Every property of a module's class is compiled, used or not, with its setter. One that no scripted function
    reads is left out by ``torch.jit.unused``; eager sees no difference.
    """

    code = "SF207"
    name = "unused-property"
    phase = Phase.CONTAINERS
    explains = ("<--- HERE", 'File "')
    hints = ("property",)
    source = "https://docs.pytorch.org/docs/stable/generated/torch.jit.unused.html"
    examples = EXAMPLES

    def propose(self, tree: Tree, facts: Facts, focus: Focus | None = None) -> Iterator[Proposal]:
        """Properties with a computed getattr (certain to be refused), or where the compiler stopped in one."""
        for qualname, node in tree.functions():
            owner = facts.owner(tree.path, qualname)
            getter = _decorator(tree, node, "builtins.property")
            if owner is None or not owner.is_module or getter is None or _decorator(tree, node, "torch.jit.unused") is not None:
                continue
            asked = focus is not None and focus.line > 0 and any(tree.focused(part, focus) for part in self._parts(tree, node))
            if not (asked if focus is not None else self._refused(tree, facts, qualname, node)):
                continue
            if self._read(tree, facts, owner, node.name.value):
                because = f"a scripted function reads self.{node.name.value}; write its value in place there"
                yield tree.decline(self, node, because)
                continue
            spelt, imports = tree.imports.spell("torch.jit.unused")
            line = tree.line_end(tree.lines(getter)[1])
            edit = tree.insert(line, tree.block([f"@{spelt}"], tree.indent(getter)))
            title = f"leave the property {node.name.value} out of scripting"
            why = "all properties of a module are compiled, used or not"
            yield tree.rewrite(self, node, title, [edit], imports=imports, why=why)

    def _parts(self, tree: Tree, node: cst.FunctionDef) -> list[cst.FunctionDef]:
        """The getter with its setter and deleter, which are compiled with it."""
        name, parent = node.name.value, tree.parent(node)
        others = parent.body if isinstance(parent, cst.IndentedBlock) else ()
        related = [
            other
            for other in others
            if isinstance(other, cst.FunctionDef)
            and any(tree.code(d.decorator) in (f"{name}.setter", f"{name}.deleter") for d in other.decorators)
        ]
        return [node, *related]

    def _refused(self, tree: Tree, facts: Facts, qualname: str, node: cst.FunctionDef) -> bool:
        method = Method(tree, facts, qualname, node)
        for found in own_nodes(node.body):
            called = builtin_call(tree, found)
            if called and called[0] == "getattr" and len(called[1]) > 1 and not isinstance(called[1][1], cst.SimpleString):
                return not method.dead(found)
        return False

    def _read(self, tree: Tree, facts: Facts, owner: Class, name: str) -> bool:
        """Whether a function of the file that scripting compiles (but no other property) reads an attribute of that name."""
        for qualname, node in tree.functions():
            properties = (c.properties for c in facts.classes.values())
            if not facts.reached(tree.path, qualname) or any(node.name.value in names for names in properties):
                continue
            method = Method(tree, facts, qualname, node)
            for found in own_nodes(node.body):
                if isinstance(found, cst.Attribute) and found.attr.value == name and not method.dead(found):
                    return True
        return False


def _decorator(tree: Tree, node: cst.FunctionDef, dotted: str) -> cst.Decorator | None:
    return next((d for d in node.decorators if tree.dotted(d.decorator) == dotted), None)
