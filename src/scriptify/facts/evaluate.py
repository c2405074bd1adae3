"""What an expression may hold, read off its source: constructors, literals, containers, loops over them."""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import dataclass, replace

from scriptify.facts.arithmetic import arithmetic
from scriptify.facts.classes import Table
from scriptify.facts.constructors import known_call
from scriptify.facts.imports import Names, Ref
from scriptify.facts.model import Attribute, Kind
from scriptify.facts.scan import Scope
from scriptify.facts.values import (
    UNKNOWN,
    Value,
    as_attribute,
    container,
    elements_of,
    joined,
    literal,
    of_kind,
    plain,
    unsized,
)

_DEPTH = 25
_KEEPS = frozenset({"to", "cuda", "cpu", "eval", "train", "requires_grad_", "float", "half", "double", "apply", "type"})


@dataclass
class Evaluator:
    """Evaluates expressions of one scope. The hooks say what locals and ``self`` hold and what a call in the project gives."""

    classes: Table
    path: str
    scope: Scope
    local: Callable[[str], Value | None]
    self_name: str
    self_attribute: Callable[[str], Attribute | None]
    project_call: Callable[[ast.Call, Value | None], Value | None]
    depth: int = 0

    @property
    def names(self) -> Names:
        """Resolves names."""
        return self.classes.names

    def __call__(self, node: ast.expr) -> Value:
        """The abstract value; UNKNOWN where nothing can be said."""
        if self.depth > _DEPTH:
            return UNKNOWN
        self.depth += 1
        try:
            return self._evaluate(node)
        finally:
            self.depth -= 1

    def attribute(self, node: ast.expr) -> Attribute:
        """The abstract value as an attribute would hold it."""
        return as_attribute(self(node))

    def _evaluate(self, node: ast.expr) -> Value:
        if isinstance(node, ast.Constant):
            return literal(node.value) if not isinstance(node.value, bytes) and node.value is not ... else UNKNOWN
        if isinstance(node, ast.Name):
            return self._name(node)
        if isinstance(node, ast.Attribute):
            return self._attribute(node)
        if isinstance(node, ast.Call):
            return self._call(node)
        if isinstance(node, (ast.List, ast.Tuple)):
            return self._display(node)
        if isinstance(node, ast.Dict):
            return self._dict(node)
        if isinstance(node, (ast.ListComp, ast.GeneratorExp)):
            return self._comprehension(node)
        if isinstance(node, ast.DictComp):
            return container(Kind.DICT, None, self.attribute(node.value))
        if isinstance(node, ast.IfExp):
            return joined([self.attribute(node.body), self.attribute(node.orelse)])
        if isinstance(node, ast.Subscript):
            return self._subscript(node)
        if isinstance(node, ast.Lambda):
            return of_kind(Kind.FUNCTION)
        return self._operator(node)

    def _name(self, node: ast.Name) -> Value:
        value = self.local(node.id)
        if value is not None:
            return value
        ref = self.names.name(node.id, self.path, self.scope)
        return ref if ref is not None else UNKNOWN

    def _attribute(self, node: ast.Attribute) -> Value:
        if isinstance(node.value, ast.Name) and node.value.id == self.self_name:
            return self.self_attribute(node.attr) or UNKNOWN
        ref = self.names.expression(node, self.path, self.scope)
        if ref is not None and (not isinstance(node.value, ast.Name) or self.local(node.value.id) is None):
            return ref
        base = self(node.value)
        if isinstance(base, Ref):
            return self.names.attribute(base, node.attr, self.path) or UNKNOWN
        return self.classes.attribute(base, node.attr) if isinstance(base, Attribute) else UNKNOWN

    def _display(self, node: ast.List | ast.Tuple) -> Value:
        elements = self.arguments(node.elts)
        if elements is None:
            return container(Kind.LIST, None, joined([self.element(e) for e in node.elts]))
        if elements and not all(e.constant for e in elements):
            return container(Kind.LIST, elements)
        values = [e.value for e in elements]
        return literal(values) if isinstance(node, ast.List) else literal(tuple(values))

    def element(self, node: ast.expr) -> Attribute:
        """One element of a display; of a starred one, what it is made of."""
        if not isinstance(node, ast.Starred):
            value = self.attribute(node)
            # A container that still has a name of its own may change after it was put in here.
            return unsized(value) if isinstance(node, (ast.Name, ast.Attribute)) and not value.constant else value
        return as_attribute(self.iterate(self(node.value)))

    def arguments(self, nodes: list[ast.expr]) -> list[Attribute] | None:
        """The values of a list of expressions with starred ones laid out, or None where their number is not known."""
        result: list[Attribute] = []
        for node in nodes:
            if isinstance(node, ast.Starred):
                inner = elements_of(self.attribute(node.value))
                if inner is None:
                    return None
                result.extend(inner)
            else:
                result.append(self.element(node))
        return result

    def _dict(self, node: ast.Dict) -> Value:
        elements = [self.attribute(value) for value in node.values]
        keys = [self.attribute(key) if key is not None else UNKNOWN for key in node.keys]
        if not all(key.constant for key in keys):
            return container(Kind.DICT, None, joined(elements))
        names = [key.value for key in keys]
        try:
            if elements and not all(e.constant for e in elements):
                texts = tuple(name for name in names if isinstance(name, str))
                return container(Kind.DICT, elements, keys=texts if len(set(texts)) == len(names) else ())
            return literal(dict(zip(names, (e.value for e in elements), strict=True)))
        except TypeError:
            return container(Kind.DICT, None, joined(elements))

    def _comprehension(self, node: ast.ListComp | ast.GeneratorExp) -> Value:
        element = self._inside(node)
        generator = node.generators[0]
        count = self.count(generator.iter) if len(node.generators) == 1 and not generator.ifs else None
        if count is None:
            return container(Kind.LIST, None, element)
        return container(Kind.LIST, [element] * count, element)

    def _inside(self, node: ast.ListComp | ast.GeneratorExp) -> Attribute:
        """One element, the loop variables bound."""
        bound: dict[str, Value] = {}
        outer, local = self.local, self.local
        self.local = lambda name: bound[name] if name in bound else local(name)
        try:
            for generator in node.generators:
                bind(generator.target, self.loop(generator.iter), bound)
            return self.attribute(node.elt)
        finally:
            self.local = outer

    def turn(self, node: ast.expr, index: int) -> Value | None:
        """What a loop gives at one turn, where the source says so."""
        if isinstance(node, ast.Call):
            ref = self.names.expression(node.func, self.path, self.scope)
            name = ref.name.removeprefix("builtins.") if ref is not None and ref.outside else ""
            if name == "range":
                bounds = [self.attribute(arg) for arg in node.args]
                return literal(range(*(b.value for b in bounds))[index]) if self.count(node) is not None else None
            if name == "enumerate" and len(node.args) == 1 and not node.keywords:
                inner = self.turn(node.args[0], index)
                return (literal(index), inner) if inner is not None else None
            if name == "zip":
                parts = [self.turn(arg, index) for arg in node.args]
                return tuple(part for part in parts if part is not None) if None not in parts else None
            return None
        elements = elements_of(self.attribute(node))
        return elements[index] if elements is not None and index < len(elements) else None

    def count(self, node: ast.expr) -> int | None:
        """How often a loop over an expression turns, where the source says so."""
        if isinstance(node, ast.Call):
            ref = self.names.expression(node.func, self.path, self.scope)
            if ref == Ref("", "builtins.range"):
                bounds = [self.attribute(arg) for arg in node.args]
                if bounds and len(bounds) < 4 and all(b.constant and type(b.value) is int for b in bounds):
                    size = len(range(*(b.value for b in bounds))) if len(bounds) < 3 or bounds[2].value else 0
                    return size if size < 1000 else None
                return None
            if ref is not None and ref.name in ("builtins.enumerate", "builtins.reversed", "builtins.list", "builtins.tuple") and node.args:
                return self.count(node.args[0])
            if ref == Ref("", "builtins.zip") and node.args:
                counts = [self.count(arg) for arg in node.args]
                return min(c for c in counts if c is not None) if None not in counts else None
            return None
        value = self(node)
        if isinstance(value, Attribute) and value.constant and isinstance(value.value, (list, tuple, str, dict)):
            return len(value.value)
        return value.length if isinstance(value, Attribute) else None

    def _subscript(self, node: ast.Subscript) -> Value:
        base = self(node.value)
        if isinstance(node.slice, ast.Slice):
            return container(Kind.LIST, None, base.element) if isinstance(base, Attribute) and base.element else UNKNOWN
        index = self.attribute(node.slice)
        if isinstance(base, tuple):
            place = index.value if index.constant else None
            return base[place] if type(place) is int and -len(base) <= place < len(base) else UNKNOWN
        if not isinstance(base, Attribute):
            return UNKNOWN
        if base.constant and index.constant:
            try:
                return literal(base.value[index.value])
            except (TypeError, LookupError):
                return UNKNOWN
        elements = elements_of(base)
        if elements is not None and index.constant and type(index.value) is int and -len(elements) <= index.value < len(elements):
            return elements[index.value]
        if elements is not None and index.constant and index.value in base.keys:
            return elements[base.keys.index(index.value)]
        return base.element or UNKNOWN

    def iterate(self, value: Value) -> Value:
        """What a loop over a value gives each turn."""
        if isinstance(value, tuple):
            return joined([as_attribute(v) for v in value])
        if isinstance(value, Ref):
            return UNKNOWN
        if value.element is not None and value.kinds.isdisjoint({Kind.DICT, Kind.MODULE_DICT}):
            return value.element
        if value.constant and isinstance(value.value, (list, tuple)):
            return joined([literal(item) for item in value.value])
        if value.kinds == {Kind.MODULE_DICT}:
            return plain("str")
        return UNKNOWN

    def loop(self, node: ast.expr) -> Value:
        """What a loop over an expression gives each turn; ``enumerate`` and ``zip`` give several side by side."""
        if isinstance(node, ast.Call):
            ref = self.names.expression(node.func, self.path, self.scope)
            name = ref.name.removeprefix("builtins.") if ref is not None and ref.outside else ""
            if name == "enumerate" and node.args:
                return (plain("int"), self.loop(node.args[0]))
            if name == "zip" and node.args:
                return tuple(self.loop(arg) for arg in node.args)
            if name in ("reversed", "list", "tuple", "sorted", "iter") and node.args:
                return self.loop(node.args[0])
            if name == "range":
                return plain("int")
            if isinstance(node.func, ast.Attribute) and not node.args:
                return self._dict_loop(node.func)
        return self.iterate(self(node))

    def _dict_loop(self, func: ast.Attribute) -> Value:
        base = self.attribute(func.value)
        if base.kinds and base.kinds <= {Kind.MODULE_DICT, Kind.DICT} and base.element is not None:
            if func.attr == "items":
                return (plain("str") if base.kinds == {Kind.MODULE_DICT} else UNKNOWN, base.element)
            if func.attr == "values":
                return base.element
        if func.attr == "children" and base.kinds and all(k.container for k in base.kinds) and base.element is not None:
            return base.element
        return UNKNOWN

    def _operator(self, node: ast.expr) -> Value:
        if isinstance(node, ast.UnaryOp):
            inner = self.attribute(node.operand)
            if isinstance(node.op, ast.Not):
                return plain("bool")
            if isinstance(node.op, ast.USub) and inner.constant and isinstance(inner.value, (int, float)):
                return literal(-inner.value)
            return replace(inner, values=(), varies=True) if inner.kinds == {Kind.VALUE} else UNKNOWN
        if isinstance(node, ast.BoolOp):
            return joined([self.attribute(value) for value in node.values])
        if isinstance(node, ast.Compare):
            by_identity = all(isinstance(op, (ast.Is, ast.IsNot)) for op in node.ops)
            sides = [] if by_identity else [self.attribute(side) for side in (node.left, *node.comparators)]
            return plain("bool") if all(side.kinds <= {Kind.VALUE, Kind.NONE} for side in sides) else UNKNOWN
        if isinstance(node, ast.JoinedStr):
            return plain("str")
        if isinstance(node, ast.BinOp):
            return arithmetic(node.op, self.attribute(node.left), self.attribute(node.right))
        if isinstance(node, ast.NamedExpr):
            return self(node.value)
        return UNKNOWN

    def _call(self, node: ast.Call) -> Value:
        func = node.func
        target: Value | None = None
        method_of_self = isinstance(func, ast.Attribute) and isinstance(func.value, ast.Name) and func.value.id == self.self_name
        if not method_of_self:
            target = self(func)
            if isinstance(target, Ref) and (found := known_call(self, target, node)) is not None:
                return found
        if (given := self.project_call(node, target)) is not None:
            return given
        if isinstance(func, ast.Attribute) and func.attr in _KEEPS and not method_of_self:
            base = self(func.value)
            if isinstance(base, Attribute) and base.kinds and base.kinds.isdisjoint({Kind.OTHER, Kind.VALUE}):
                return base
        return UNKNOWN


def bind(target: ast.expr, value: Value, bound: dict[str, Value]) -> None:
    """Give the names of a loop target their values."""
    if isinstance(target, ast.Name):
        bound[target.id] = value
    elif isinstance(target, (ast.Tuple, ast.List)):
        fits = isinstance(value, tuple) and len(value) == len(target.elts)
        for index, item in enumerate(target.elts):
            bind(item, value[index] if fits and isinstance(value, tuple) else UNKNOWN, bound)
    elif isinstance(target, ast.Starred):
        bind(target.value, UNKNOWN, bound)
