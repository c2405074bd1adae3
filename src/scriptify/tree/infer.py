"""A modest guess at the TorchScript type of an expression, from the source and the facts; None wherever it is not plain."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import libcst as cst

from scriptify.facts.model import Facts, Unknown
from scriptify.facts.types import NONE, Type, parse
from scriptify.tree.core import Tree
from scriptify.tree.flow import stores_in
from scriptify.tree.shapes import shape_read

INT, FLOAT, BOOL, STR, TENSOR = Type("int"), Type("float"), Type("bool"), Type("str"), Type("Tensor")
INTS, TENSORS = Type("List", (INT,)), Type("List", (TENSOR,))
_CALLS = {
    "builtins.len": INT,
    "builtins.int": INT,
    "builtins.float": FLOAT,
    "builtins.str": STR,
    "builtins.bool": BOOL,
    "builtins.range": INTS,
    "torch.chunk": TENSORS,
    "torch.split": TENSORS,
    "torch.unbind": TENSORS,
    "torch.tensor_split": TENSORS,
}
_TENSOR_FUNCTIONS = frozenset(
    "cat stack zeros ones empty full rand randn zeros_like ones_like empty_like full_like rand_like randn_like arange linspace tensor "
    "matmul bmm mm add sub mul div where relu sigmoid tanh softmax log_softmax exp log sqrt abs clamp cumsum conv1d conv2d conv3d linear "
    "interpolate pad dropout leaky_relu gelu normalize avg_pool2d adaptive_avg_pool2d flatten reshape permute transpose squeeze unsqueeze "
    "roll flip einsum maximum minimum".split()
)
_TENSOR_METHODS = frozenset(
    "view reshape permute transpose contiguous squeeze unsqueeze flatten expand repeat float long half double to type clone detach exp log "
    "sqrt abs relu sigmoid tanh softmax mul add sub div matmul bmm mm clamp t cuda cpu type_as expand_as view_as roll flip masked_fill "
    "index_select gather scatter cumsum unfold narrow select diff square pow neg".split()
)
_LISTS = frozenset({"chunk", "split", "unbind", "tensor_split"})
_INTS = frozenset({"size", "dim", "numel", "ndimension", "nelement", "stride", "element_size"})
_DEPTH = 8


@dataclass(frozen=True)
class Guess:
    """Guesses types within one function; ``names`` are variables whose types are known besides the facts."""

    tree: Tree
    facts: Facts
    qualname: str
    function: cst.FunctionDef
    names: Mapping[str, Type | None] = field(default_factory=dict)
    depth: int = 0

    def knowing(self, names: Mapping[str, Type | None]) -> Guess:
        """The same guess with more names."""
        return replace(self, names={**self.names, **names})

    def of(self, node: cst.CSTNode | None) -> Type | None:
        """The type of an expression, or None."""
        if self.depth > _DEPTH or node is None:
            return None
        method = getattr(replace(self, depth=self.depth + 1), f"_{type(node).__name__.lower()}", None)
        found = method(node) if method is not None else None
        return found if isinstance(found, Type) and found.known else None

    def element(self, iterable: cst.BaseExpression) -> Type | None:
        """The type of the items a loop over an expression gives, or None."""
        if isinstance(iterable, cst.Call):
            called = self.tree.dotted(iterable.func)
            if called == "builtins.enumerate" and iterable.args:
                inner = self.element(iterable.args[0].value)
                return Type("Tuple", (INT, inner)) if inner else None
            if called == "builtins.zip" and iterable.args:
                parts = [self.element(arg.value) for arg in iterable.args]
                return Type("Tuple", tuple(p for p in parts if p)) if all(parts) else None
        if isinstance(iterable, cst.Tuple):
            return _same([self.of(e.value) for e in iterable.elements])
        return item_of(self.of(iterable))

    def targets(self, target: cst.BaseExpression, type_: Type | None) -> dict[str, Type | None]:
        """The types of the names a loop target binds."""
        if isinstance(target, cst.Name):
            return {target.value: type_}
        names: dict[str, Type | None] = {}
        if isinstance(target, cst.Tuple | cst.List):
            fits = type_ is not None and type_.name == "Tuple" and len(type_.args) == len(target.elements)
            for index, element in enumerate(target.elements):
                inner = type_.args[index] if fits and type_ else (type_.args[0] if type_ and type_.name == "List" else None)
                names.update(self.targets(element.value, inner))
        return names

    def _name(self, node: cst.Name) -> Type | None:
        if node.value in self.names:
            return self.names[node.value]
        if node.value in ("True", "False"):
            return BOOL
        local = self.facts.local(self.tree.path, self.qualname, node.value)
        if not isinstance(local, Unknown):
            return local.type
        parameter = self.facts.parameter(self.tree.path, self.qualname, node.value)
        stores = stores_in(self.function.body, node.value)
        if not isinstance(parameter, Unknown):
            if stores:
                return None
            if parameter.annotation:
                return _read(parameter.annotation)
            return parameter.observed.type if parameter.observed else None
        return self._assigned(stores)

    def _assigned(self, stores: list[cst.CSTNode]) -> Type | None:
        if len(stores) != 1:
            return None
        by = stores[0]
        above = self.tree.parent(by)
        if isinstance(by, cst.AnnAssign):
            return _read(self.tree.code(by.annotation.annotation))
        if isinstance(by, cst.AssignTarget) and isinstance(by.target, cst.Name) and isinstance(above, cst.Assign):
            return self.of(above.value)
        return None

    def _integer(self, node: cst.Integer) -> Type:
        return INT

    def _float(self, node: cst.Float) -> Type:
        return FLOAT

    def _simplestring(self, node: cst.SimpleString) -> Type | None:
        return STR if "b" not in node.prefix.lower() else None

    def _formattedstring(self, node: cst.FormattedString) -> Type:
        return STR

    def _unaryoperation(self, node: cst.UnaryOperation) -> Type | None:
        return BOOL if isinstance(node.operator, cst.Not) else self.of(node.expression)

    def _comparison(self, node: cst.Comparison) -> Type | None:
        sides = {self.of(node.left), *(self.of(c.comparator) for c in node.comparisons)}
        return BOOL if sides <= {INT, FLOAT, BOOL, STR} else None

    def _binaryoperation(self, node: cst.BinaryOperation) -> Type | None:
        left, right = self.of(node.left), self.of(node.right)
        if TENSOR in (left, right):
            return TENSOR
        if {left, right} <= {INT, FLOAT}:
            if isinstance(node.operator, cst.Power):
                return None
            return FLOAT if FLOAT in (left, right) or isinstance(node.operator, cst.Divide) else INT
        return left if left == right and left is not None and left.name in ("List", "str") and isinstance(node.operator, cst.Add) else None

    def _ifexp(self, node: cst.IfExp) -> Type | None:
        return _same([self.of(node.body), self.of(node.orelse)])

    def _list(self, node: cst.List) -> Type | None:
        inner = _same([self.of(e.value) if isinstance(e, cst.Element) else None for e in node.elements])
        return Type("List", (inner,)) if inner else None

    def _tuple(self, node: cst.Tuple) -> Type | None:
        parts = [self.of(e.value) if isinstance(e, cst.Element) else None for e in node.elements]
        return Type("Tuple", tuple(p for p in parts if p)) if parts and all(parts) else None

    def _listcomp(self, node: cst.ListComp) -> Type | None:
        inner = self.knowing(self.targets(node.for_in.target, self.element(node.for_in.iter))).of(node.elt)
        return Type("List", (inner,)) if inner else None

    def _attribute(self, node: cst.Attribute) -> Type | None:
        if shape_read(node):
            return INTS
        if node.attr.value == "ndim":
            return INT
        owner = self.facts.owner(self.tree.path, self.qualname)
        if owner is not None and isinstance(node.value, cst.Name) and node.value.value == "self":
            attribute = self.facts.attribute(self.tree.path, owner.qualname, node.attr.value)
            if not isinstance(attribute, Unknown) and attribute.type is not None:
                return attribute.type
        return None

    def _subscript(self, node: cst.Subscript) -> Type | None:
        base = self.of(node.value)
        if base is None or len(node.slice) != 1:
            return None
        index = node.slice[0].slice
        if base.name == "Tuple" and isinstance(index, cst.Index) and isinstance(index.value, cst.Integer):
            place = index.value.evaluated_value
            return base.args[place] if place < len(base.args) else None
        if base.name == "Tuple" and isinstance(index, cst.Index):
            return item_of(base)
        if base.name != "List":
            return None
        return base.args[0] if isinstance(node.slice[0].slice, cst.Index) else base

    def _call(self, node: cst.Call) -> Type | None:
        dotted = self.tree.dotted(node.func)
        if dotted in _CALLS:
            return _CALLS[dotted]
        if dotted.startswith("torch.") and dotted.rpartition(".")[2] in _TENSOR_FUNCTIONS:
            return TENSOR
        if dotted in ("builtins.list", "builtins.sorted") and len(node.args) == 1:
            inner = self.element(node.args[0].value)
            return Type("List", (inner,)) if inner else None
        if not isinstance(node.func, cst.Attribute):
            return None
        method = node.func.attr.value
        if method in _INTS:
            return INT if node.args or method not in ("size", "stride") else INTS
        if method in _LISTS:
            return TENSORS if self.of(node.func.value) == TENSOR else None
        return TENSOR if method in _TENSOR_METHODS and self.of(node.func.value) == TENSOR else None


def item_of(type_: Type | None) -> Type | None:
    """What a loop over a value of a type gives, or None."""
    if type_ is None:
        return None
    if type_ == TENSOR:
        return TENSOR
    if type_.name == "List" and type_.args:
        return type_.args[0]
    return _same(list(type_.args)) if type_.name == "Tuple" else None


def _same(types: list[Type | None]) -> Type | None:
    return types[0] if types and all(t is not None and t == types[0] for t in types) else None


def _read(text: str) -> Type | None:
    try:
        found = parse(text)
    except ValueError:
        return None
    return None if found.name == NONE else found
