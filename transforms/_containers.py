"""Which expressions of a method are containers of modules, and how its loops walk over them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import libcst as cst

from scriptify.facts.model import Attribute, Class, Facts, Kind
from scriptify.transform import Focus
from scriptify.transforms._asked_elements import asked_lists, list_name
from scriptify.transforms._own_walking import own_walking
from scriptify.tree import Tree, bindings, own_nodes

INDEX_STEM = "Expected integer literal for index"
LISTS = frozenset({Kind.MODULE_LIST, Kind.SEQUENTIAL})
_BASES = {"ModuleList": Kind.MODULE_LIST, "Sequential": Kind.SEQUENTIAL, "ModuleDict": Kind.MODULE_DICT}


@dataclass(frozen=True, slots=True)
class Container:
    """A ModuleList or Sequential as the source names it; ``attribute`` is what is known of it, if anything."""

    text: str
    attribute: Attribute | None = None
    asked: bool = False
    own: str = ""

    @property
    def trouble(self) -> str:
        """Why a loop over it may give something else than its indices do; ``""`` where they give the same."""
        return self.own or (f"{self.text} may hold None: the compiler drops it and positions shift" if self.holes else "")

    @property
    def holes(self) -> bool:
        """Whether it may hold None somewhere: the compiler drops those, so positions shift.

        Where source shows every element, that tells; else the code that asks an element for None does.
        """
        found = self.attribute
        if found is not None and found.may_hold_none:
            return True
        return self.asked and not (found is not None and _all_shown(found))


class Method:
    """One function scripting compiles, with what is known of the modules it can name."""

    def __init__(self, tree: Tree, facts: Facts, qualname: str, node: cst.FunctionDef, focus: Focus | None = None) -> None:
        self.tree, self.facts, self.qualname, self.node, self.focus = tree, facts, qualname, node, focus
        function = facts.function(tree.path, qualname)
        self.owner: Class | None = facts.owner(tree.path, qualname)
        self.class_name = function.owner if function else ""
        params = [*node.params.posonly_params, *node.params.params]
        static = function is not None and any(d.endswith(("staticmethod", "classmethod")) for d in function.decorators)
        self.self_name = params[0].name.value if params and self.class_name and not static else ""
        self._bound: dict[str, list[cst.CSTNode]] = {}
        for name, by in bindings(node.body):
            self._bound.setdefault(name.value, []).append(by)
        self.parameters = {param.name.value for param in params}

    def bound(self, name: str) -> list[cst.CSTNode]:
        """The nodes that bind a local name; a parameter counts as bound by the function."""
        return [*([self.node] if name in self.parameters else []), *self._bound.get(name, [])]

    def attribute(self, node: cst.BaseExpression) -> Attribute | None:
        """What is known of the module or value an expression names, or None."""
        if isinstance(node, cst.Name):
            return self._named(node)
        if isinstance(node, cst.Attribute):
            if isinstance(node.value, cst.Name) and node.value.value == self.self_name and self.self_name:
                found = self.facts.attribute(self.tree.path, self.class_name, node.attr.value)
                return found if isinstance(found, Attribute) else None
            above = self.attribute(node.value)
            return self._below(above, node.attr.value) if above else None
        if isinstance(node, cst.Subscript) and not isinstance(node.slice[0].slice, cst.Slice):
            above = self.attribute(node.value)
            return above.element if above and above.kinds and above.kinds <= LISTS else None
        return None

    def _below(self, above: Attribute, name: str) -> Attribute | None:
        classes = [self._class(dotted) for dotted in above.classes]
        if not classes or None in classes:
            return None
        found = [self.facts.attribute(owner.path, owner.qualname, name) for owner in classes if owner]
        known = [a for a in found if isinstance(a, Attribute)]
        if len(known) != len(found) or any(a.kinds != known[0].kinds for a in known):
            return None
        lengths = frozenset().union(*(a.lengths for a in known)) if all(a.lengths for a in known) else frozenset()
        return replace(known[0], lengths=lengths, holes=any(a.may_hold_none for a in known), changed=any(a.changed for a in known))

    def _class(self, dotted: str) -> Class | None:
        for owner in self.facts.classes.values():
            module = owner.path.removesuffix(".py").removesuffix("/__init__").replace("\\", "/").strip("./").replace("/", ".")
            if dotted == f"{module}.{owner.qualname}" or f"{module}.{owner.qualname}".endswith(f".{dotted}") or dotted == owner.qualname:
                return owner
        return None

    def _named(self, node: cst.Name) -> Attribute | None:
        if node.value == self.self_name:
            return self._own_kind()
        by = self.bound(node.value)
        if len(by) != 1:
            return None
        if isinstance(by[0], cst.AssignTarget):
            assign = self.tree.parent(by[0])
            if isinstance(assign, cst.Assign) and len(assign.targets) == 1 and isinstance(by[0].target, cst.Name):
                return None if isinstance(assign.value, cst.Name) else self.attribute(assign.value)
        if isinstance(by[0], cst.For | cst.CompFor):
            for target, container in self.walked(by[0]):
                if target.value == node.value and container.attribute is not None:
                    return container.attribute.element
        return None

    def _own_kind(self) -> Attribute | None:
        if self.owner is None:
            return None
        for owner in (self.owner, *self.facts.ancestors(self.owner)):
            for base in owner.bases:
                if base.startswith("torch.nn.") and base.rpartition(".")[2] in _BASES:
                    return Attribute(self.self_name, frozenset({_BASES[base.rpartition(".")[2]]}))
        return None

    def container(self, node: cst.BaseExpression) -> Container | None:
        """The container an expression names: known from facts, or named by the compiler's message."""
        text = "".join(self.tree.code(node).split())
        found = self.attribute(node)
        if found is not None and found.kinds and found.kinds <= LISTS:
            return Container(text, found, list_name(node) in asked_lists(self.tree), self.own_walking(node, found))
        if found is not None and found.kinds - LISTS - {Kind.OTHER, Kind.MODULE}:
            return None
        if isinstance(node, cst.Attribute | cst.Name | cst.Subscript) and self._named_by_compiler(node):
            return Container(text, None, list_name(node) in asked_lists(self.tree))
        return None

    def own_walking(self, node: cst.BaseExpression, found: Attribute, besides: bool = True) -> str:
        """Why walking a list or dict of modules and indexing it may differ, by what its class defines; ``""`` where they don't."""
        if isinstance(node, cst.Name) and node.value == self.self_name:
            classes = [self.owner, *self.facts.descendants(self.owner)] if self.owner else []
        else:
            classes = [known for dotted in sorted(found.classes) if (known := self._class(dotted)) is not None]
        return own_walking(self.facts, classes, besides)

    def _named_by_compiler(self, node: cst.BaseExpression) -> bool:
        focus = self.focus
        if focus is None or INDEX_STEM not in focus.message or not focus.line or focus.path != self.tree.path:
            return False
        parent = self.tree.parent(node)
        if not isinstance(parent, cst.Subscript) or parent.value is not node:
            return False
        first, last = self.tree.lines(parent)
        return first <= focus.line <= last and not _literal(parent)

    def walked(self, loop: cst.For | cst.CompFor) -> list[tuple[cst.Name, Container]]:
        """The loop variables that are bound to elements of containers, each with its container."""
        found: list[tuple[cst.Name, Container]] = []
        self._walk(loop.target, loop.iter, found)
        return found

    def _walk(self, target: cst.BaseExpression, walked: cst.BaseExpression, found: list[tuple[cst.Name, Container]]) -> None:
        called = builtin_call(self.tree, walked)
        parts = [e.value for e in target.elements] if isinstance(target, cst.Tuple | cst.List) else []
        if called and called[0] == "enumerate" and len(parts) == 2 and called[1]:
            self._walk(parts[1], called[1][0], found)
        elif called and called[0] == "zip" and len(parts) == len(called[1]):
            for part, inner in zip(parts, called[1], strict=True):
                self._walk(part, inner, found)
        elif isinstance(target, cst.Name) and isinstance(walked, cst.Attribute | cst.Name | cst.Subscript):
            container = self.container(walked)
            if container is not None:
                found.append((target, container))

    def index_uses(self, within: cst.CSTNode) -> Iterator[tuple[cst.Subscript, Container, cst.BaseExpression]]:
        """Every ``container[index]`` below a node whose index the compiler does not take, with container and index."""
        for node in own_nodes(within):
            if isinstance(node, cst.Subscript) and len(node.slice) == 1 and not _literal(node) and not self.dead(node):
                part = node.slice[0].slice
                if isinstance(part, cst.Index) and not self.constant(part.value):
                    container = self.container(node.value)
                    if container is not None:
                        yield node, container, part.value

    def may_pick_none(self, within: cst.CSTNode) -> str:
        """The text of a container that is indexed below a node and may hold None, or ``""``."""
        found = (self.container(node.value) for node in self.tree.find(cst.Subscript, within))
        return next((container.text for container in found if container is not None and container.holes), "")

    def constant(self, index: cst.BaseExpression) -> bool:
        """Whether the compiler takes the index as a constant: an attribute in ``__constants__`` or annotated Final."""
        if not isinstance(index, cst.Attribute) or not isinstance(index.value, cst.Name) or index.value.value != self.self_name:
            return False
        return self.declared(index.attr.value)

    def declared(self, name: str) -> bool:
        """Whether the class says that ``self.<name>`` never changes: any other attribute may be set anew by a caller."""
        line = [self.owner, *self.facts.ancestors(self.owner)] if self.owner else []
        return any(name in owner.constants or "Final" in owner.annotations.get(name, "") for owner in line)

    def steady(self, name: str) -> bool:
        """Whether ``self.<name>`` is assigned in this file's class only by its constructor, and by no class below."""
        owner = self.tree.class_(self.class_name)
        if owner is None or self.owner is None or any(name in below.attributes for below in self.facts.descendants(self.owner)):
            return False
        for node in self.tree.find(cst.Attribute):
            if node.attr.value == name and stored_attribute(self.tree, node):
                function = self.tree.enclosing(node, cst.FunctionDef)
                if not self.tree.contains(owner, node) or function is None or function.name.value != "__init__":
                    return False
        return True

    def dead(self, node: cst.CSTNode) -> bool:
        """Whether the node stands in a branch that is left out when scripting."""
        below = node
        for above in self.tree.ancestors(node):
            if isinstance(above, cst.If | cst.IfExp):
                scripting = self._scripting(above.test)
                if scripting is not None and below is (above.orelse if scripting else above.body):
                    return True
            if isinstance(above, cst.IndentedBlock) and self._after_return(above, below):
                return True
            if above is self.node:
                return False
            below = above
        return False

    def _after_return(self, block: cst.IndentedBlock, below: cst.CSTNode) -> bool:
        for statement in block.body:
            if statement is below:
                return False
            if isinstance(statement, cst.If) and self._scripting(statement.test) and isinstance(statement.body, cst.IndentedBlock):
                last = statement.body.body[-1]
                if isinstance(last, cst.SimpleStatementLine) and isinstance(last.body[-1], cst.Return | cst.Raise):
                    return True
        return False

    def _scripting(self, test: cst.BaseExpression) -> bool | None:
        if isinstance(test, cst.UnaryOperation) and isinstance(test.operator, cst.Not):
            inner = self._scripting(test.expression)
            return None if inner is None else not inner
        called = self.tree.dotted(test.func) if isinstance(test, cst.Call) else ""
        return True if called == "torch.jit.is_scripting" else None


def stored_attribute(tree: Tree, node: cst.Attribute) -> bool:
    """Whether something is assigned to the attribute there, alone or as one of several targets."""
    below: cst.CSTNode = node
    above = tree.parent(below)
    while isinstance(above, cst.Element | cst.StarredElement | cst.Tuple | cst.List) and above is not None:
        below, above = above, tree.parent(above)
    if isinstance(above, cst.For | cst.CompFor | cst.AnnAssign | cst.AugAssign):
        return above.target is below
    return isinstance(above, cst.AssignTarget | cst.AsName | cst.Del)


def _all_shown(container: Attribute) -> bool:
    """Whether source shows every element to be a module; a run shows those of its own instances only."""
    element = container.element
    if container.origin == "live" or container.changed or element is None:
        return False
    return bool(element.kinds) and element.kinds <= {Kind.MODULE, *_BASES.values()}


def _literal(node: cst.Subscript) -> bool:
    part = node.slice[0].slice
    if not isinstance(part, cst.Index):
        return False
    value = part.value
    if isinstance(value, cst.UnaryOperation) and isinstance(value.operator, cst.Minus):
        value = value.expression
    return isinstance(value, cst.Integer)


def builtin_call(tree: Tree, node: cst.CSTNode) -> tuple[str, list[cst.BaseExpression]] | None:
    """The name and positional arguments of a call of a builtin; None for anything else or with keywords or stars."""
    if not isinstance(node, cst.Call) or any(arg.keyword or arg.star for arg in node.args):
        return None
    dotted = tree.dotted(node.func)
    if not dotted.startswith("builtins."):
        return None
    return dotted.removeprefix("builtins."), [arg.value for arg in node.args]


def reached_methods(tree: Tree, facts: Facts, focus: Focus | None) -> Iterator[Method]:
    """The functions of a file that scripting compiles, outermost definitions only."""
    last = dict(tree.functions())
    for qualname, node in last.items():
        if "<locals>" not in qualname and facts.reached(tree.path, qualname):
            method = Method(tree, facts, qualname, node, focus)
            if not any(method.bound(name) for name in ("range", "enumerate", "zip", "len", "reversed")):
                yield method
