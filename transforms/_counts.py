"""How many modules a constructor puts into a container, as an expression of the constructor's own names.

Two lists built by loops over the same range have the same length whatever the configuration: that proof needs
no run. What can't be followed exactly gives None.
"""

from __future__ import annotations

from functools import cached_property

import libcst as cst

from scriptify.facts.model import Facts
from scriptify.transforms._containers import builtin_call
from scriptify.transforms._linear import Linear, atom, turns
from scriptify.tree import Tree, own_nodes, stores_in

_CHANGES = frozenset(
    {"append", "extend", "insert", "pop", "remove", "clear", "add_module", "register_module", "reverse", "sort", "__delitem__"}
)
_SMALL = 6


class Counts:
    """The constructor of one class, where it stands in this file."""

    def __init__(self, tree: Tree, facts: Facts, class_name: str) -> None:
        self.tree = tree
        owner = facts.classes.get(f"{tree.path}::{class_name}")
        self.node = tree.class_(class_name) if class_name else None
        self.init = tree.function(f"{class_name}.__init__") if self.node is not None else None
        self.unchanged = {name for name, held in owner.attributes.items() if not held.changed} if owner else set()
        self.inherited = {name for below in facts.descendants(owner) for name in below.attributes} if owner else set()

    @cached_property
    def self_name(self) -> str:
        """The constructor's first parameter."""
        params = self.init.params.params if self.init else ()
        return params[0].name.value if params else ""

    def length(self, name: str) -> Linear | None:
        """The length of ``self.<name>`` once constructed."""
        if self.init is None or not self.self_name or not self._stable(name):
            return None
        return self._size(f"{self.self_name}.{name}", None, 0)

    def value(self, name: str) -> Linear | None:
        """The value of ``self.<name>`` where it is assigned once, in the constructor's own block."""
        node = self.assigned(name)
        return self.linear(node, 0) if node is not None else None

    def alias(self, name: str) -> str:
        """The constructor's own name for what ``self.<name>`` holds, or ``""``."""
        node = self.assigned(name)
        return f"init:{node.value}" if isinstance(node, cst.Name) and self._steady(node.value) else ""

    def assigned(self, name: str) -> cst.BaseExpression | None:
        """What the constructor assigns to ``self.<name>``, where that is the only assignment."""
        if self.init is None or not self.self_name or not self._stable(name):
            return None
        for statement in self.statements():
            for small in statement.body if isinstance(statement, cst.SimpleStatementLine) else ():
                if isinstance(small, cst.Assign) and any(self._text(t.target) == f"{self.self_name}.{name}" for t in small.targets):
                    return small.value
        return None

    def statements(self) -> list[cst.BaseStatement]:
        """The statements of the constructor's own block."""
        body = self.init.body if self.init else None
        return [s for s in body.body if isinstance(s, cst.BaseStatement)] if isinstance(body, cst.IndentedBlock) else []

    def _text(self, node: cst.CSTNode) -> str:
        return "".join(self.tree.code(node).split())

    def _stable(self, name: str) -> bool:
        """Whether only the constructor gives ``self.<name>`` its value, once, and nobody else in the project adds to it.

        Code outside the project that changes the attribute is not seen.
        """
        if self.node is None or name in self.inherited or name not in self.unchanged:
            return False
        assigned = 0
        for node in self.tree.find(cst.Attribute, self.node):
            if node.attr.value != name or not isinstance(node.value, cst.Name):
                continue
            parent = self.tree.parent(node)
            inside = self.init is not None and self.tree.contains(self.init, node)
            if isinstance(parent, cst.AssignTarget | cst.AnnAssign) and parent.target is node:
                assigned += 1 if inside else 2
            elif (
                (isinstance(parent, cst.AugAssign | cst.Del) and parent.target is node)
                or isinstance(parent, cst.Element)
                or (not inside and (self._changed(node) or isinstance(self.tree.parent(parent) if parent else None, cst.Del)))
            ):
                return False
        return assigned == 1

    def _changed(self, node: cst.CSTNode) -> bool:
        """Whether a method that changes a list is called on the node."""
        parent = self.tree.parent(node)
        return isinstance(parent, cst.Attribute) and parent.value is node and parent.attr.value in _CHANGES

    def _steady(self, name: str) -> bool:
        """Whether a name of the constructor is bound once (as a parameter, or by one assignment) and never changed."""
        if self.init is None:
            return False
        params = {p.name.value for p in (*self.init.params.posonly_params, *self.init.params.params, *self.init.params.kwonly_params)}
        stores = len(stores_in(self.init.body, name)) + (name in params)
        uses = [n for n in self.tree.find(cst.Name, self.init.body) if n.value == name]
        subscripted = any(isinstance(self.tree.parent(n), cst.Subscript) and self._stored(n) for n in uses)
        return stores == 1 and not subscripted and not any(self._changed(n) for n in uses)

    def _stored(self, node: cst.CSTNode) -> bool:
        above = self.tree.parent(self.tree.parent(node) or node)
        return isinstance(above, cst.AssignTarget | cst.AugAssign | cst.Del)

    def linear(self, node: cst.BaseExpression, depth: int) -> Linear | None:
        """An integer expression of the constructor; None for what may change or has effects."""
        if depth > _SMALL:
            return None
        if isinstance(node, cst.Integer):
            return Linear(node.evaluated_value)
        if isinstance(node, cst.UnaryOperation) and isinstance(node.operator, cst.Minus):
            inner = self.linear(node.expression, depth + 1)
            return inner.times(-1) if inner is not None else None
        if isinstance(node, cst.BinaryOperation):
            return self._binary(node, depth)
        if isinstance(node, cst.Name) and self._steady(node.value):
            value = self._local(node.value)
            found = self.linear(value, depth + 1) if value is not None else None
            return found if found is not None else atom(f"init:{node.value}")
        if isinstance(node, cst.Attribute) and self._text(node.value) == self.self_name and self._stable(node.attr.value):
            value = self.assigned(node.attr.value)
            found = self.linear(value, depth + 1) if value is not None and not isinstance(value, cst.Call) else None
            return found if found is not None else atom(f"self.{node.attr.value}")
        called = builtin_call(self.tree, node)
        if called and called[0] == "len" and len(called[1]) == 1:
            return self._count(called[1][0], depth + 1)
        return None

    def _binary(self, node: cst.BinaryOperation, depth: int) -> Linear | None:
        left, right = self.linear(node.left, depth + 1), self.linear(node.right, depth + 1)
        if left is None or right is None:
            return None
        if isinstance(node.operator, cst.Add):
            return left.plus(right)
        if isinstance(node.operator, cst.Subtract):
            return left.minus(right)
        if isinstance(node.operator, cst.Multiply):
            if right.number is not None:
                return left.times(right.number)
            return right.times(left.number) if left.number is not None else None
        return None

    def _local(self, name: str) -> cst.BaseExpression | None:
        stores = stores_in(self.init.body, name) if self.init else []
        assign = self.tree.parent(stores[0]) if len(stores) == 1 else None
        if not isinstance(assign, cst.Assign) or not isinstance(stores[0], cst.AssignTarget):
            return None
        return assign.value if isinstance(stores[0].target, cst.Name) else None

    def _count(self, node: cst.BaseExpression, depth: int) -> Linear | None:
        """How often a loop over the expression turns."""
        called = builtin_call(self.tree, node)
        if called and called[0] == "range":
            ends = [self.linear(argument, depth + 1) for argument in called[1]]
            if len(ends) == 1:
                return turns(ends[0]) if ends[0] is not None else None
            step = ends[2].number if len(ends) == 3 and ends[2] is not None else 1
            if len(ends) < 2 or ends[0] is None or ends[1] is None or step not in (1, -1):
                return None
            return turns(ends[1].minus(ends[0]).times(step))
        if called and called[0] in ("enumerate", "list", "tuple", "reversed") and called[1]:
            return self._count(called[1][0], depth + 1)
        if isinstance(node, cst.List | cst.Tuple):
            return Linear(len(node.elements)) if not any(isinstance(e, cst.StarredElement) for e in node.elements) else None
        return self._opaque(node)

    def _opaque(self, node: cst.BaseExpression) -> Linear | None:
        """The length of a list that nobody changes, as an atom."""
        if isinstance(node, cst.Name):
            return atom(f"len(init:{node.value})") if self._steady(node.value) else None
        if isinstance(node, cst.Attribute) and self._text(node.value) == self.self_name and self._stable(node.attr.value):
            return atom(f"len({self.alias(node.attr.value) or 'self.' + node.attr.value})")
        return None

    def _size(self, target: str, until: cst.CSTNode | None, depth: int) -> Linear | None:
        """How long the list named ``target`` is after the constructor (or before the statement ``until``)."""
        size: Linear | None = None
        for statement in self.statements():
            if until is not None and self.tree.contains(statement, until):
                break
            if not any(self._text(n) == target for n in own_nodes(statement) if isinstance(n, cst.Attribute | cst.Name)):
                continue
            size = self._after(statement, target, size, depth)
        return size

    def _after(self, statement: cst.BaseStatement, target: str, size: Linear | None, depth: int) -> Linear | None:
        if isinstance(statement, cst.SimpleStatementLine):
            for small in statement.body:
                if isinstance(small, cst.Assign) and any(self._text(t.target) == target for t in small.targets):
                    size = self._built(small.value, statement, depth) if len(small.targets) == 1 else None
                elif self._appends(small, target):
                    size = size.plus(Linear(1)) if size is not None else None
                elif self._touches(small, target):
                    size = None
            return size
        if isinstance(statement, cst.For) and isinstance(statement.body, cst.IndentedBlock) and size is not None:
            return self._looped(statement, target, size)
        return None if self._touches(statement, target) else size

    def _looped(self, loop: cst.For, target: str, size: Linear) -> Linear | None:
        direct = [small for line in loop.body.body if isinstance(line, cst.SimpleStatementLine) for small in line.body]
        appends = [small for small in direct if self._appends(small, target)]
        others = sum(self._touches(node, target) for node in own_nodes(loop) if isinstance(node, cst.BaseSmallStatement))
        left = any(isinstance(node, cst.Break | cst.Continue | cst.Return) for node in own_nodes(loop))
        if others != len(appends) or left or loop.orelse:
            return None if others else size
        count = self._count(loop.iter, 0)
        return size.plus(count, len(appends)) if count is not None else None

    def _appends(self, small: cst.CSTNode, target: str) -> bool:
        call = small.value if isinstance(small, cst.Expr) else None
        return isinstance(call, cst.Call) and self._text(call.func) == f"{target}.append" and len(call.args) == 1

    def _touches(self, node: cst.CSTNode, target: str) -> bool:
        """Whether the list may be changed below the node: a changing method, an assignment, or handed to somebody else."""
        for found in (node, *own_nodes(node)):
            if not isinstance(found, cst.Attribute | cst.Name) or self._text(found) != target:
                continue
            parent = self.tree.parent(found)
            if self._changed(found) or isinstance(parent, cst.AssignTarget | cst.AugAssign | cst.Del | cst.Assign):
                return True
            if isinstance(parent, cst.Arg) and not parent.star and not self._harmless(parent):
                return True
        return False

    def _harmless(self, argument: cst.Arg) -> bool:
        call = self.tree.parent(argument)
        return isinstance(call, cst.Call) and (self.tree.dotted(call.func).startswith(("builtins.", "torch.nn.")))

    def _built(self, node: cst.BaseExpression, statement: cst.CSTNode, depth: int) -> Linear | None:
        """The length of the container or list an expression makes."""
        if depth > _SMALL:
            return None
        if isinstance(node, cst.ListComp | cst.GeneratorExp):
            inner = node.for_in
            return self._count(inner.iter, 0) if not inner.ifs and inner.inner_for_in is None else None
        if isinstance(node, cst.List | cst.Tuple):
            return self._count(node, 0)
        if isinstance(node, cst.Name):
            return self._size(node.value, statement, depth + 1)
        if isinstance(node, cst.Call) and not any(arg.keyword for arg in node.args):
            name = self.tree.dotted(node.func)
            if name in ("torch.nn.ModuleList", "torch.nn.modules.ModuleList") and len(node.args) < 2 and not any(a.star for a in node.args):
                return self._built(node.args[0].value, statement, depth + 1) if node.args else Linear()
            if name == "torch.nn.Sequential":
                if len(node.args) == 1 and node.args[0].star == "*":
                    return self._built(node.args[0].value, statement, depth + 1)
                return None if any(arg.star for arg in node.args) or len(node.args) == 1 else Linear(len(node.args))
        return None
