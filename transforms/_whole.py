"""Whole numbers: which expressions Python gives an int for, where the compiler gives a float, and which are never negative."""

from __future__ import annotations

import libcst as cst

from scriptify.facts.types import Type
from scriptify.transforms._infer_known import FLOAT, INT
from scriptify.transforms._number import Numbers, literal_int
from scriptify.tree.flow import stores_in
from scriptify.tree.shapes import shape_read

STRICT = "strict"
SILENT = "silent"
SAME = "same"
INT_TENSORS = frozenset(
    {"long", "int", "short", "argmax", "argmin", "argsort", "randint", "randint_like", "randperm", "bincount", "nonzero"}
)
BITS = (
    cst.BitAnd,
    cst.BitOr,
    cst.BitXor,
    cst.LeftShift,
    cst.RightShift,
    cst.BitAndAssign,
    cst.BitOrAssign,
    cst.BitXorAssign,
    cst.LeftShiftAssign,
    cst.RightShiftAssign,
)
SIZES = frozenset("view reshape expand repeat permute new_zeros new_ones new_empty zeros ones empty rand randn narrow split chunk".split())


class Whole(Numbers):
    """Types as Python has them: ``int ** int`` and ``round(x)`` are ints."""

    def type_of(self, node: cst.CSTNode | None, depth: int = 6) -> Type | None:
        """The type of an expression in eager Python."""
        if isinstance(node, cst.BinaryOperation) and isinstance(node.operator, cst.Power):
            sides = (self.type_of(node.left, depth - 1), self.type_of(node.right, depth - 1)) if depth > 0 else (None, None)
            return INT if sides == (INT, INT) else FLOAT if FLOAT in sides and None not in sides else None
        if isinstance(node, cst.Call) and is_round(self, node):
            return INT
        return super().type_of(node, depth)

    def never_negative(self, node: cst.CSTNode, depth: int = 6) -> bool:
        """Whether an int is certainly zero or more."""
        if depth <= 0:
            return False
        if (literal := literal_int(node)) is not None:
            return literal >= 0
        if isinstance(node, cst.Name):
            return self._name_never_negative(node.value, depth)
        if isinstance(node, cst.Attribute):
            found = self.self_attribute(node)
            if found is not None and found.values and not found.varies:
                return all(type(value) is int and value >= 0 for value in found.values)
            return node.attr.value == "ndim"
        if isinstance(node, cst.BinaryOperation) and isinstance(
            node.operator, cst.Add | cst.Multiply | cst.FloorDivide | cst.Modulo | cst.Power
        ):
            return self.never_negative(node.left, depth - 1) and self.never_negative(node.right, depth - 1)
        if isinstance(node, cst.Call):
            return self._call_never_negative(node, depth)
        return isinstance(node, cst.Subscript) and shape_read(node.value)

    def _call_never_negative(self, node: cst.Call, depth: int) -> bool:
        if isinstance(node.func, cst.Name):
            if node.func.value in ("len", "abs") and self.builtin(node.func.value):
                return True
            return node.func.value == "max" and self.builtin("max") and any(self.never_negative(arg.value, depth - 1) for arg in node.args)
        method = node.func.attr.value if isinstance(node.func, cst.Attribute) else ""
        return method in ("size", "dim", "numel") and not _of_self(node)

    def _name_never_negative(self, name: str, depth: int) -> bool:
        stores = stores_in(self.function.body, name)
        given = name in {param.name.value for param in self.function.params.params}
        return bool(stores) and not given and all(self._store_never_negative(by, name, depth) for by in stores)

    def _store_never_negative(self, by: cst.CSTNode, name: str, depth: int) -> bool:
        if isinstance(by, cst.AssignTarget):
            assign = self.tree.parent(by)
            return isinstance(by.target, cst.Name) and isinstance(assign, cst.Assign) and self.never_negative(assign.value, depth - 1)
        if not isinstance(by, cst.For | cst.CompFor) or not isinstance(by.iter, cst.Call):
            return False
        called = self.tree.dotted(by.iter.func)
        arguments = [arg.value for arg in by.iter.args if arg.keyword is None and not arg.star]
        if len(arguments) < len(by.iter.args) or not arguments:
            return False
        if called == "builtins.range" and isinstance(by.target, cst.Name):
            if len(arguments) == 3 and (literal_int(arguments[2]) or 0) <= 0:
                return False
            return len(arguments) == 1 or self.never_negative(arguments[0], depth - 1)
        first = by.target.elements[0].value if isinstance(by.target, cst.Tuple) else None
        return called == "builtins.enumerate" and len(arguments) == 1 and isinstance(first, cst.Name) and first.value == name

    def context(self, node: cst.BaseExpression, depth: int = 4) -> str:
        """What becomes of an int that the compiler makes a float: ``strict`` where only an int is taken, ``silent``
        where the difference shows in a result, ``same`` where it does not or where that can't be told.
        """
        first = node
        node, above = self._root(node)
        inside = (part for part in (first, *self.tree.ancestors(first)) if self.tree.contains(node, part))
        if any(isinstance(part, cst.BinaryOperation) and isinstance(part.operator, BITS) for part in inside):
            return STRICT
        if isinstance(above, cst.AugAssign):
            return STRICT if isinstance(above.operator, BITS) else SAME
        if isinstance(above, cst.BinaryOperation):
            other = above.right if above.left is node else above.left
            return SILENT if not isinstance(above.operator, cst.Divide) and self._int_tensor(other, depth) else SAME
        if isinstance(above, cst.Index | cst.Slice):
            return STRICT
        if isinstance(above, cst.Return):
            return SILENT
        if isinstance(above, cst.Arg):
            return self._argument(above)
        if isinstance(above, cst.Element):
            display = self.tree.parent(above)
            return self.context(display, depth) if isinstance(display, cst.List | cst.Tuple) else SAME
        if isinstance(above, cst.ListComp) and above.elt is node:
            return SILENT
        if isinstance(above, cst.Assign) and len(above.targets) == 1 and isinstance(above.targets[0].target, cst.Name) and depth > 0:
            return self.of_name(above.targets[0].target.value, depth)
        return SAME

    def _root(self, node: cst.BaseExpression) -> tuple[cst.BaseExpression, cst.CSTNode | None]:
        """The largest int expression around a node, and what stands above it."""
        above = self.tree.parent(node)
        while True:
            grows = isinstance(above, cst.BinaryOperation | cst.UnaryOperation) and self.type_of(above) == INT
            if isinstance(above, cst.IfExp) and above.test is not node:
                grows = self.type_of(above) == INT
            if not grows or not isinstance(above, cst.BaseExpression):
                return node, above
            node, above = above, self.tree.parent(above)

    def of_name(self, name: str, depth: int = 4) -> str:
        """What becomes of a local name, over all its uses; see :meth:`context`."""
        uses = [n for n in self.tree.find(cst.Name, self.function.body) if n.value == name and not self._is_store(n)]
        found = {self.context(use, depth - 1) for use in uses}
        return next((kind for kind in (STRICT, SILENT) if kind in found), SAME)

    def _is_store(self, name: cst.Name) -> bool:
        above = self.tree.parent(name)
        return isinstance(above, cst.AssignTarget | cst.Attribute | cst.Param) or (isinstance(above, cst.Arg) and above.keyword is name)

    def _argument(self, arg: cst.Arg) -> str:
        call = self.tree.parent(arg)
        if not isinstance(call, cst.Call):
            return SAME
        dotted = self.tree.dotted(call.func)
        last = call.func.attr.value if isinstance(call.func, cst.Attribute) else dotted.rpartition(".")[2]
        keyword = arg.keyword.value if arg.keyword is not None else ""
        sized = last in SIZES or keyword in ("dim", "size", "kernel_size", "stride", "padding", "dilation", "groups")
        if dotted == "builtins.range" or (sized and _of_torch(call, dotted)):
            return STRICT
        if dotted in ("torch.arange", "torch.full", "torch.tensor"):
            return SILENT if not any(other.keyword is not None and other.keyword.value == "dtype" for other in call.args) else SAME
        return SILENT if last == "append" else SAME

    def _int_tensor(self, node: cst.CSTNode, depth: int) -> bool:
        """Whether an expression is certainly a tensor of ints."""
        if isinstance(node, cst.Name) and depth > 0:
            stores = stores_in(self.function.body, node.value)
            values = [self.tree.parent(by) for by in stores if isinstance(by, cst.AssignTarget) and isinstance(by.target, cst.Name)]
            assigned = [v.value for v in values if isinstance(v, cst.Assign)]
            return bool(assigned) and len(assigned) == len(stores) and all(self._int_tensor(v, depth - 1) for v in assigned)
        if isinstance(node, cst.Subscript):
            return self._int_tensor(node.value, depth - 1)
        if not isinstance(node, cst.Call):
            return False
        last = node.func.attr.value if isinstance(node.func, cst.Attribute) else ""
        if self.tree.dotted(node.func) == "torch.arange":
            return all(
                arg.keyword is None and self.type_of(arg.value) == INT
                for arg in node.args
                if arg.keyword is None or arg.keyword.value != "device"
            )
        return last in INT_TENSORS and not any(arg.keyword is not None and arg.keyword.value == "dtype" for arg in node.args)


def _of_self(call: cst.Call) -> bool:
    """Whether a call is of a method of the module's own."""
    func = call.func
    return isinstance(func, cst.Attribute) and isinstance(func.value, cst.Name) and func.value.value == "self"


def _of_torch(call: cst.Call, dotted: str) -> bool:
    """Whether a call is of torch or of a Tensor's method: a function of the project may take floats by any name."""
    return dotted.startswith("torch.") or (isinstance(call.func, cst.Attribute) and not dotted and not _of_self(call))


def is_round(numbers: Numbers, node: cst.Call) -> bool:
    """Whether a call rounds a number to an int."""
    if not isinstance(node.func, cst.Name) or node.func.value != "round" or not numbers.builtin("round") or len(node.args) != 1:
        return False
    return numbers.type_of(node.args[0].value) in (INT, FLOAT)
