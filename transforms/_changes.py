"""Whether statements may change what an expression reads: what was worked out once must not be worked out again after that.

A loop works out its header once, an index its element once; a rewrite that asks again on every turn has to know that the
answer stays the same, or to hold it in a name.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import libcst as cst

from scriptify import schemas
from scriptify.facts.model import REGISTRIES, Attribute, Class
from scriptify.transforms._containers import Method, stored_attribute
from scriptify.transforms._flow_questions import binds, changed_by
from scriptify.transforms._getters import getter
from scriptify.transforms._infer_known import KEEPING_METHODS, TENSOR_METHODS
from scriptify.transforms._listed import CHANGERS
from scriptify.transforms._origins import same_object
from scriptify.transforms._reads import Depth, Read, chain, literal_start, reads

_CHANGERS = CHANGERS | frozenset(
    "add add_module appendleft discard extendleft popitem popleft register_module rotate setdefault update __setitem__ __delitem__ "
    "__iadd__".split()
)
_RESIZERS = frozenset("resize_ resize_as_ set_ squeeze_ unsqueeze_ t_ transpose_ swapaxes_ swapdims_ as_strided_".split())
_SETTERS = frozenset({"register_buffer", "register_parameter", "add_module", "register_module", "__setattr__", "__delattr__"})
_READING = frozenset(
    f"builtins.{name}"
    for name in (
        "abs all any bool dict enumerate float getattr hasattr id int isinstance len list max min print range repr reversed round set "
        "sorted str sum super tuple type zip"
    ).split()
)
_STORES = (cst.AssignTarget, cst.AugAssign, cst.AnnAssign, cst.For, cst.CompFor, cst.Del, cst.NamedExpr)


class Changes:
    """What statements of one method may change."""

    def __init__(self, method: Method, seen: frozenset[str] = frozenset(), exact: bool = False) -> None:
        """``exact``: only what certainly is the same object counts as such, and what a call is given it leaves alone."""
        self.method, self.tree, self.seen, self.exact = method, method.tree, seen, exact

    def may(self, node: cst.BaseExpression, statements: Sequence[cst.CSTNode]) -> bool:
        """Whether running the statements may change what an expression gives."""
        if changed_by(self.tree, node, statements):
            return True
        return any(self.changed(read, statements) for read in reads(self.tree, node, self.method.self_name))

    def list_itself(self, node: cst.BaseExpression, statements: Sequence[cst.CSTNode]) -> bool:
        """Whether the statements may put other modules in a list of modules, or another list in its place."""
        roots = {read.root for read in reads(self.tree, node, self.method.self_name)}
        if any(binds(statement, name) for name in roots for statement in statements):
            return True
        return self.refilled(node, statements)

    def refilled(self, node: cst.BaseExpression, statements: Sequence[cst.CSTNode]) -> bool:
        """Whether the statements append to a list of modules, take from it, or set an element; names bound again are not asked about."""
        exact = Changes(self.method, self.seen, exact=True)
        return any(exact.changed(read, statements) for read in reads(self.tree, node, self.method.self_name, Depth.ITEMS))

    def items(self, node: cst.BaseExpression, statements: Sequence[cst.CSTNode]) -> bool:
        """Whether the statements may change what a list or dict holds, under whatever name."""
        return any(self.changed(read, statements) for read in reads(self.tree, node, self.method.self_name, Depth.ITEMS))

    def earlier(self, node: cst.CSTNode, statement: cst.CSTNode) -> list[cst.CSTNode]:
        """The calls of a statement that are over before an expression of it is worked out."""
        start = self.tree.span(node)[0]
        return [call for call in self.tree.find(cst.Call, statement) if self.tree.span(call)[1] <= start]

    def changed(self, read: Read, statements: Sequence[cst.CSTNode]) -> bool:
        """Whether the statements may change what one read finds; that a local name is bound again is not asked here."""
        if self._kept(read):
            return False
        if any(self._by_stores(read, s) or self._by_calls(read, s) or self._by_own_methods(read, s) for s in statements):
            return True
        return self._by_property(read, statements)

    # what can't change

    def _kept(self, read: Read) -> bool:
        """Whether the read is of an attribute of self that only constructors of this file set."""
        if read.inside or read.root != self.method.self_name or len(read.path) != 1 or read.depth is Depth.SIZE:
            return False
        name, owner = read.path[0], self.method.owner
        known = self.method.facts.attribute(self.tree.path, self.method.class_name, name)
        if owner is None or not isinstance(known, Attribute) or known.changed:
            return False
        if any(name in c.attributes and c.path != self.tree.path for c in (owner, *self._family())):
            return False
        stores = [node for node in self.tree.find(cst.Attribute) if node.attr.value == name and stored_attribute(self.tree, node)]
        functions = [self.tree.enclosing(node, cst.FunctionDef) for node in stores]
        return all(function is not None and function.name.value == "__init__" for function in functions)

    def _family(self) -> Iterator[Class]:
        facts, owner = self.method.facts, self.method.owner
        if owner is not None:
            yield from (owner, *facts.ancestors(owner), *facts.descendants(owner))

    # what is worked out

    def _by_property(self, read: Read, statements: Sequence[cst.CSTNode]) -> bool:
        """Whether the read is of a property of self, and what that reads may be changed."""
        if read.root != self.method.self_name or not read.path:
            return False
        for owner in self._family():
            key = f"{owner.qualname}.{read.path[0]} read"
            if read.path[0] not in owner.properties or key in self.seen:
                continue
            function = getter(self.tree, owner.qualname, read.path[0]) if owner.path == self.tree.path else None
            below = Method(self.tree, self.method.facts, f"{owner.qualname}.{read.path[0]}", function) if function is not None else None
            if below is None or function is None:  # in another file, or cached: what it reads may be any attribute
                if any(isinstance(target, cst.Attribute) for statement in statements for target in self._stored(statement)):
                    return True
                continue
            inner = Changes(self.method, self.seen | {key}, self.exact)
            found = (own for own in reads(self.tree, function.body, below.self_name) if own.root == below.self_name)
            if any(inner.changed(replace(own, root=read.root), statements) for own in found):
                return True
        return False

    # stores

    def _stored(self, statement: cst.CSTNode) -> Iterator[cst.BaseExpression]:
        """What is assigned to, or deleted, below a statement: the parts of a tuple each."""
        for node in self.tree.find(cst.AsName, statement):
            yield from _parts(node.name)
        for kind in _STORES:
            for stored in self.tree.find(kind, statement):
                yield from _parts(stored.target if isinstance(stored, _STORES) else stored)

    def _by_stores(self, read: Read, statement: cst.CSTNode) -> bool:
        grown = [node.target for node in self.tree.find(cst.AugAssign, statement)]
        for target in self._stored(statement):
            if isinstance(target, cst.Attribute) and (target.attr.value in read.path or target.attr.value == "__dict__"):
                return True
            if isinstance(target, cst.Subscript) and _registry(target.value) and _may_be(target.slice[0].slice, read.path):
                return True
            held = target.value if isinstance(target, cst.Subscript) else target if target in grown else None
            kept = isinstance(target, cst.Subscript) and read.depth is Depth.LENGTH and not self._resizes(target)
            if held is not None and read.inside and not kept and self._alias(held, read):
                return True
        return any(read.root in _names(node) for node in self.tree.find(cst.Nonlocal, self.method.node))

    def _resizes(self, target: cst.Subscript) -> bool:
        """Whether storing there may change a length: a slice, a new key, or an item that is deleted."""
        index = target.slice[0].slice
        plain = isinstance(index, cst.Index) and not isinstance(index.value, cst.SimpleString | cst.FormattedString)
        return not plain or isinstance(self.tree.parent(target), cst.Del)

    # calls

    def _by_calls(self, read: Read, statement: cst.CSTNode) -> bool:
        return any(self._by_call(read, call) for call in self.tree.find(cst.Call, statement))

    def _by_call(self, read: Read, call: cst.Call) -> bool:
        func = call.func
        dotted = self.tree.dotted(func)
        if dotted in ("builtins.setattr", "builtins.delattr"):
            return bool(read.path) and self._may_name(call, 1, read.path)
        if isinstance(func, cst.Attribute) and func.attr.value in _SETTERS and read.path and self._may_name(call, 0, read.path):
            return True
        if isinstance(func, cst.Attribute) and self._by_method(read, func):
            return True
        if isinstance(func, cst.Name) and self._by_local(read, func.value):
            return True
        return not self._reading(call, dotted) and any(self._handed(read, argument.value) for argument in call.args)

    def _by_method(self, read: Read, func: cst.Attribute) -> bool:
        """Whether a method works in place on what is read."""
        name = func.attr.value
        if _registry(func.value) and name in _CHANGERS and read.path:
            return True
        works = name in _CHANGERS or (name.endswith("_") and not name.startswith("_"))
        if read.depth is Depth.SIZE:
            return name in _RESIZERS and self._alias(func.value, read)
        if read.depth is Depth.PARTS:
            return self._alias(func.value, read)
        return read.inside and works and self._alias(func.value, read)

    def _by_local(self, read: Read, name: str) -> bool:
        """Whether a function defined inside of this one changes it."""
        key = f"{self.method.qualname}.<locals>.{name}"
        if key in self.seen:
            return False
        inner = Changes(self.method, self.seen | {key}, self.exact)
        for by in self.method.bound(name):
            assign = self.tree.parent(by)
            value = assign.value if isinstance(assign, cst.Assign) else None
            made = value if isinstance(value, cst.Lambda) else by
            inside = isinstance(made, cst.Lambda | cst.FunctionDef) and made is not self.method.node
            if inside and isinstance(made, cst.Lambda | cst.FunctionDef) and inner.changed(read, [made.body]):
                return True
        return False

    def _reading(self, call: cst.Call, dotted: str) -> bool:
        """Whether a call only looks at what it is given, or keeps it as it is."""
        if dotted.startswith(("torch.", "math.")):
            return not dotted.endswith("_")
        name = call.func.attr.value if isinstance(call.func, cst.Attribute) else ""
        if name in _CHANGERS or name in TENSOR_METHODS or name in KEEPING_METHODS or schemas.method_gives_tensor(name):
            return True
        return dotted in _READING

    def _handed(self, read: Read, value: cst.BaseExpression) -> bool:
        """Whether a call is given what is read, or the object it is an attribute of."""
        if self.exact:
            return False
        for part in _parts(value):
            if read.path and chain(part) == (read.root, ()):
                return True
            if read.inside and chain(part) is not None and self._alias(part, read, certainly=True):
                return True
        return False

    def _may_name(self, call: cst.Call, position: int, names: tuple[str, ...]) -> bool:
        """Whether an argument that is the name of an attribute may be one of these."""
        return _may_be(call.args[position].value if len(call.args) > position else None, names)

    # the methods of self

    def _by_own_methods(self, read: Read, statement: cst.CSTNode) -> bool:
        """Whether a method or property of self that is named there changes an attribute of self."""
        if not read.path or read.root != self.method.self_name:
            return False
        named = {node.attr.value for node in self.tree.find(cst.Attribute, statement) if self._on_self(node.value)}
        return any(self._by_own(read, name) for name in sorted(named))

    def _on_self(self, node: cst.BaseExpression) -> bool:
        if isinstance(node, cst.Call):
            return self.tree.dotted(node.func) == "builtins.super"
        return isinstance(node, cst.Name) and node.value == self.method.self_name

    def _by_own(self, read: Read, name: str) -> bool:
        for owner in self._family():
            if name not in owner.methods and name not in owner.properties:
                continue
            qualname = f"{owner.qualname}.{name}"
            if qualname in self.seen:
                continue
            function = self.tree.function(qualname) if owner.path == self.tree.path else None
            if function is None:
                return True  # in another file, where it is not looked into
            below = Method(self.tree, self.method.facts, qualname, function)
            inner = Changes(below, self.seen | {qualname}, self.exact)
            if below.self_name and inner.changed(replace(read, root=below.self_name), [function.body]):
                return True
        return False

    # other names of the same thing

    def _alias(self, node: cst.BaseExpression, read: Read, certainly: bool = False) -> bool:
        """Whether an expression may be the object that is read."""
        spelt: cst.BaseExpression = cst.Name(read.root)
        for name in read.path:
            spelt = cst.Attribute(spelt, cst.Name(name))
        return same_object(self.method, node, spelt, certainly=certainly or self.exact)


def _parts(node: cst.CSTNode) -> Iterator[cst.BaseExpression]:
    """The values an expression holds or hands on: itself, or the parts of a display or a choice."""
    if isinstance(node, cst.Tuple | cst.List | cst.Set):
        for element in node.elements:
            yield from _parts(element.value)
    elif isinstance(node, cst.Dict):
        for item in node.elements:
            yield from _parts(item.value)
    elif isinstance(node, cst.IfExp):
        yield from _parts(node.body)
        yield from _parts(node.orelse)
    elif isinstance(node, cst.BaseExpression):
        yield node


def _names(node: cst.Nonlocal) -> set[str]:
    return {item.name.value for item in node.names}


def _registry(node: cst.BaseExpression) -> bool:
    """Whether an expression is ``self._modules`` or the like, whose items are attributes."""
    return isinstance(node, cst.Attribute) and node.attr.value in REGISTRIES


def _may_be(node: cst.CSTNode | None, names: tuple[str, ...]) -> bool:
    """Whether a value that is the name of an attribute may be one of these."""
    inner = node.value if isinstance(node, cst.Index) else node
    start = literal_start(inner)
    return start in names if isinstance(inner, cst.SimpleString) else any(name.startswith(start) for name in names)
