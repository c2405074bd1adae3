"""Whether a method's receiver may be a Tensor at all: modules are turned to ``half()`` too, and a library has a ``relu`` of its own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import libcst as cst

from scriptify.facts.model import Attribute, Kind
from scriptify.transforms._own_scope import comprehension_variable
from scriptify.tree.flow import all_parameters, bindings, parameter_names

if TYPE_CHECKING:
    from scriptify.transforms._infer import Inference

# Methods that modules have as well: a value nobody has seen may be one.
SHARED = frozenset({"half", "float", "double", "long", "bfloat16", "type", "to", "cpu", "cuda", "requires_grad_", "zero_grad", "apply"})
_SAME = SHARED | {"eval", "train", "share_memory", "clone", "detach", "contiguous"}
_TENSORS = frozenset({Kind.PARAMETER, Kind.BUFFER, Kind.TENSOR, Kind.VALUE})
_HOLDERS = frozenset({Kind.LIST, Kind.DICT, Kind.MODULE_LIST, Kind.SEQUENTIAL, Kind.MODULE_DICT})
_CALLED = frozenset({Kind.MODULE, Kind.SEQUENTIAL, Kind.FUNCTION})
# What of a module is a Tensor, whatever the module is.
_OF_MODULE = frozenset({"weight", "bias", "data", "grad", "running_mean", "running_var", "in_proj_weight", "in_proj_bias"})
_OF_PARAMETERS = frozenset({"parameters", "buffers", "named_parameters", "named_buffers"})
_OF_MODULES = frozenset({"children", "modules", "named_children", "named_modules"})
_NAMED = frozenset({"named_parameters", "named_buffers", "named_children", "named_modules", "items"})
_PASSED_ON = frozenset(f"builtins.{name}" for name in ("list", "tuple", "reversed", "iter", "sorted"))
_RECKONED = frozenset(f"builtins.{name}" for name in ("abs", "max", "min", "sum", "pow"))
_TENSOR_NAMES = ("Tensor", "Parameter", "Variable", "Any", "object")
_DEPTH = 8
Path = tuple[int, ...]


def may_be_tensor(types: Inference, node: cst.BaseExpression, method: str) -> bool:
    """Whether a value that has a Tensor's method may be a Tensor; for one that modules have too it must not be out of sight."""
    found = _Receivers(types).value(node, _DEPTH)
    return found is True or (found is None and method not in SHARED)


def _all(answers: Iterable[bool | None]) -> bool | None:
    """False where one is, else None where one is."""
    found = list(answers)
    return False if False in found else None if None in found or not found else True


class _Receivers:
    """Answers within one function: True for what a Tensor's place is, False for what is something else, None for what is not seen."""

    def __init__(self, types: Inference) -> None:
        self._types, self._tree = types, types.tree
        self._asked: set[tuple[str, Path, bool]] = set()

    def value(self, node: cst.CSTNode | None, depth: int) -> bool | None:
        """Whether the value of an expression may be a Tensor."""
        if node is None or depth <= 0:
            return None
        if isinstance(node, cst.Name):
            return self._name(node, (), False, depth)
        if isinstance(node, cst.Attribute):
            return self._attribute(node, depth)
        if isinstance(node, cst.Call):
            return self._call(node, depth)
        if isinstance(node, cst.Subscript):
            base = self.value(node.value, depth - 1)
            return base if base is True else self._item(node.value, (), depth - 1)
        if isinstance(node, cst.IfExp):
            return _all((self.value(node.body, depth - 1), self.value(node.orelse, depth - 1)))
        if isinstance(node, cst.BooleanOperation):
            return _all((self.value(node.left, depth - 1), self.value(node.right, depth - 1)))
        if isinstance(node, cst.NamedExpr):
            return self.value(node.value, depth - 1)
        return True if isinstance(node, cst.BinaryOperation | cst.UnaryOperation | cst.Comparison) else None

    # names

    def _name(self, node: cst.Name, path: Path, item: bool, depth: int) -> bool | None:
        """What a name stands for, or (``item``) what it holds, at ``path`` in it."""
        own = comprehension_variable(self._tree, node)
        if own is not None:
            return self._binding(own, node.value, path, item, depth - 1)
        if (node.value, path, item) in self._asked:
            return True  # a name that rests on itself is what its other bindings are
        self._asked.add((node.value, path, item))
        try:
            return self._bound(node, path, item, depth - 1)
        finally:
            self._asked.discard((node.value, path, item))

    def _bound(self, node: cst.Name, path: Path, item: bool, depth: int) -> bool | None:
        name = node.value
        for scope in self._scopes(node):
            params = [p for p in all_parameters(scope.params) if p.name.value == name]
            found = [by for bound, by in bindings(scope.body) if bound.value == name and not isinstance(by, cst.CompFor)]
            if params or found:
                outside = any(isinstance(by, cst.Global | cst.Nonlocal) for by in found)
                answers = [self._parameter(scope, param) for param in params]
                return None if outside else _all([*answers, *(self._binding(by, name, path, item, depth) for by in found)])
        found = [by for bound, by in bindings(self._tree.module) if bound.value == name and not isinstance(by, cst.CompFor)]
        return _all(self._binding(by, name, path, item, depth) for by in found) if found else False

    def _scopes(self, node: cst.CSTNode) -> Iterator[cst.FunctionDef | cst.Lambda]:
        for above in self._tree.ancestors(node):
            if isinstance(above, cst.FunctionDef | cst.Lambda):
                yield above

    def _parameter(self, scope: cst.FunctionDef | cst.Lambda, param: cst.Param) -> bool | None:
        if isinstance(scope, cst.FunctionDef) and param.name.value == self._self_name(scope):
            return False
        return True if param.annotation is None else self._annotated(param.annotation.annotation)

    def _self_name(self, scope: cst.FunctionDef) -> str:
        above = next((a for a in self._tree.ancestors(scope) if isinstance(a, cst.FunctionDef | cst.ClassDef)), None)
        params = all_parameters(scope.params)
        static = any(isinstance(d.decorator, cst.Name) and d.decorator.value == "staticmethod" for d in scope.decorators)
        return params[0].name.value if isinstance(above, cst.ClassDef) and params and not static else ""

    def _annotated(self, node: cst.BaseExpression) -> bool | None:
        """Whether an annotation names a Tensor, or something that is not seen to be a class."""
        if isinstance(node, cst.SimpleString):
            return True if any(word in node.value for word in _TENSOR_NAMES) else None
        if isinstance(node, cst.Subscript | cst.BinaryOperation):
            names = [n for n in self._tree.find(cst.Name, node) if not isinstance(self._tree.parent(n), cst.Attribute)]
            names += [n.attr for n in self._tree.find(cst.Attribute, node)]
            return any(n.value.endswith(_TENSOR_NAMES) for n in names)
        dotted = self._tree.dotted(node)
        last = dotted or self._tree.code(node)
        if last.endswith(_TENSOR_NAMES):
            return True
        return False if dotted else self._alias(node)

    def _alias(self, node: cst.BaseExpression) -> bool | None:
        """A name of the file's own in an annotation: a class of it is no Tensor; another name may stand for one."""
        if not isinstance(node, cst.Name):
            return None
        return False if any(by.name is bound for bound, by in self._classes(node.value)) else None

    def _classes(self, name: str) -> Iterator[tuple[cst.Name, cst.ClassDef]]:
        for bound, by in bindings(self._tree.module):
            if bound.value == name and isinstance(by, cst.ClassDef):
                yield bound, by

    def _binding(self, by: cst.CSTNode, name: str, path: Path, item: bool, depth: int) -> bool | None:
        if isinstance(by, cst.ImportAlias | cst.FunctionDef | cst.ClassDef | cst.AsName):
            return False
        if isinstance(by, cst.AnnAssign):
            stated = self._annotated(by.annotation.annotation)
            return stated if item or by.value is None or stated is False else _all((stated, self._at(by.value, path, depth)))
        if isinstance(by, cst.AugAssign):
            return True
        if isinstance(by, cst.NamedExpr):
            return self._item(by.value, path, depth) if item else self._at(by.value, path, depth)
        if isinstance(by, cst.For | cst.CompFor):
            place = _place(by.target, name)
            return None if place is None or item else self._item(by.iter, place + path, depth)
        if isinstance(by, cst.AssignTarget):
            assign, place = self._tree.parent(by), _place(by.target, name)
            if not isinstance(assign, cst.Assign) or place is None:
                return None
            return self._item(assign.value, place + path, depth) if item and not place else self._at(assign.value, place + path, depth)
        return None

    # pieces

    def _at(self, node: cst.BaseExpression, path: Path, depth: int) -> bool | None:
        """What stands at a path in a value that is taken to pieces."""
        if not path:
            return self.value(node, depth)
        if isinstance(node, cst.Tuple | cst.List):
            if any(isinstance(e, cst.StarredElement) for e in node.elements) or path[0] >= len(node.elements):
                return None
            return self._at(node.elements[path[0]].value, path[1:], depth - 1)
        return self._item(node, path[1:], depth)

    def _item(self, node: cst.BaseExpression, path: Path, depth: int) -> bool | None:
        """What a loop over a value gives, or an index into it, at a path in that."""
        if depth <= 0:
            return None
        if isinstance(node, cst.Tuple | cst.List):
            return _all(self._at(e.value, path, depth - 1) for e in node.elements)
        if isinstance(node, cst.ListComp | cst.GeneratorExp | cst.SetComp):
            return self._at(node.elt, path, depth - 1)
        if isinstance(node, cst.BinaryOperation):
            return _all((self._item(node.left, path, depth - 1), self._item(node.right, path, depth - 1)))
        if isinstance(node, cst.IfExp):
            return _all((self._item(node.body, path, depth - 1), self._item(node.orelse, path, depth - 1)))
        if isinstance(node, cst.Name):
            known = self._name(node, path, True, depth - 1)
            return known if known is not None else True if self._name(node, (), False, depth - 1) else None
        if isinstance(node, cst.Attribute):
            return self._held(node, depth)
        if isinstance(node, cst.Subscript):
            return self._item(node.value, path, depth - 1)
        return self._of_call(node, path, depth - 1) if isinstance(node, cst.Call) else None

    def _of_call(self, node: cst.Call, path: Path, depth: int) -> bool | None:
        """What a loop over the result of a call gives."""
        dotted, first = self._tree.dotted(node.func), node.args[0].value if node.args else None
        if first is not None and dotted in _PASSED_ON:
            return self._item(first, path, depth)
        if first is not None and dotted == "builtins.enumerate" and path:
            return self._item(first, path[1:], depth) if path[0] else False
        if dotted == "builtins.zip" and path:
            return self._item(node.args[path[0]].value, path[1:], depth) if path[0] < len(node.args) else None
        func = node.func
        if isinstance(func, cst.Attribute):
            name = func.attr.value
            if name in _NAMED and path[:1] == (0,):
                return False
            if name in _OF_MODULES or (name == "keys" and not node.args):
                return False
            if name in _OF_PARAMETERS:
                return True
            if name in ("values", "items") and not node.args:
                return self._item(func.value, path[1:] if name == "items" else path, depth)
        return self._call(node, depth)

    # attributes and calls

    def attribute(self, node: cst.CSTNode) -> Attribute | None:
        """What is known of an attribute of ``self``, whatever the method calls it."""
        if not isinstance(node, cst.Attribute) or not isinstance(node.value, cst.Name):
            return None
        scope = next(self._scopes(node), None)
        if not isinstance(scope, cst.FunctionDef) or node.value.value != self._self_name(scope):
            return None
        owner = self._types.facts.owner(self._tree.path, self._types.qualname)
        found = self._types.facts.attribute(self._tree.path, owner.qualname, node.attr.value) if owner else None
        return found if isinstance(found, Attribute) else None

    def _attribute(self, node: cst.Attribute, depth: int) -> bool | None:
        held = self.attribute(node)
        if held is not None and held.kinds:
            return held.kinds <= _TENSORS
        if node.attr.value in _OF_MODULE:
            return None if self._names_code(node.value) else True
        if self._names_code(node.value):
            return False
        if isinstance(node.value, cst.Name) and node.value.value in self._selves(node):
            return None  # of a class above that is out of sight, or set by name
        return self.value(node.value, depth - 1)

    def _selves(self, node: cst.CSTNode) -> set[str]:
        return {self._self_name(scope) for scope in self._scopes(node) if isinstance(scope, cst.FunctionDef)}

    def _held(self, node: cst.Attribute, depth: int) -> bool | None:
        """What a loop over an attribute gives."""
        held = self.attribute(node)
        if held is None or not held.kinds:
            return self._attribute(node, depth)
        if held.kinds <= _TENSORS or any(name.startswith("torch.nn.") and "ParameterList" in name for name in held.classes):
            return True
        if not held.kinds <= _HOLDERS:
            return None if Kind.OTHER in held.kinds else False
        if not held.kinds <= {Kind.LIST, Kind.DICT}:
            return False
        return held.element.kinds <= _TENSORS if held.element is not None and held.element.kinds else None

    def _names_code(self, node: cst.BaseExpression) -> bool:
        """Whether an expression is an imported name, a class, or something named through one."""
        while isinstance(node, cst.Attribute):
            node = node.value
        return isinstance(node, cst.Name) and self._own(node) is None and (bool(self._tree.dotted(node)) or self._code(node))

    def _own(self, node: cst.Name) -> cst.CSTNode | None:
        """The function that binds a name as a variable of its own."""
        for scope in self._scopes(node):
            found = [by for bound, by in bindings(scope.body) if bound.value == node.value]
            code = bool(found) and all(isinstance(by, cst.ImportAlias | cst.ClassDef | cst.FunctionDef | cst.AsName) for by in found)
            if node.value in parameter_names(scope) or (found and not code):
                return scope
        return None

    def _code(self, node: cst.Name) -> bool:
        found = [by for bound, by in bindings(self._tree.module) if bound.value == node.value]
        code = (cst.ImportAlias, cst.AsName, cst.ClassDef, cst.FunctionDef)
        local = [by for scope in self._scopes(node) for bound, by in bindings(scope.body) if bound.value == node.value]
        return any(isinstance(by, code) for by in local or found)

    def _call(self, node: cst.Call, depth: int) -> bool | None:
        func = node.func
        own = isinstance(func, cst.Name) and self._own(func) is not None
        dotted = "" if own or (isinstance(func, cst.Attribute) and not self._names_code(func)) else self._tree.dotted(func)
        first = node.args[0].value if node.args else None
        if dotted in ("copy.copy", "copy.deepcopy"):
            return self.value(first, depth - 1)
        if dotted.startswith("builtins."):
            return dotted in _RECKONED
        if self._makes(func, dotted):
            return False
        head = dotted.partition(".")[0]
        if head == "torch":
            return True
        if head in _OTHER_ARRAYS:
            return False
        if isinstance(func, cst.Attribute) and not dotted and not self._names_code(func):
            return self._method_call(func, depth)
        return None

    def _method_call(self, func: cst.Attribute, depth: int) -> bool | None:
        held = self.attribute(func)
        if held is not None and held.kinds and held.kinds <= _CALLED:
            return True  # what a module gives
        base = self.value(func.value, depth - 1)
        return base if base is True or func.attr.value in _SAME else None

    def _makes(self, func: cst.BaseExpression, dotted: str) -> bool:
        """Whether a call makes an instance of a class that is no Tensor: one of the file, or one that is named like a class."""
        if isinstance(func, cst.Call) and self._tree.dotted(func.func) == "builtins.type":
            return True
        if isinstance(func, cst.Attribute) and func.attr.value == "__class__":
            return True
        last = func.attr.value if isinstance(func, cst.Attribute) else func.value if isinstance(func, cst.Name) else ""
        if last.endswith(("Tensor", "Parameter", "Variable")):
            return False
        if isinstance(func, cst.Name) and any(True for _ in self._classes(func.value)):
            return self._own(func) is None
        named = last.lstrip("_")[:1].isupper() and not last.isupper()
        return named and (bool(dotted) or self._names_code(func))


_OTHER_ARRAYS = frozenset({"numpy", "scipy", "pandas", "cupy", "jax", "math", "random", "cv2", "PIL"})


def _place(target: cst.BaseExpression, name: str) -> Path | None:
    """Where a name stands in what a target takes to pieces; None behind a star."""
    if isinstance(target, cst.Name):
        return () if target.value == name else None
    if isinstance(target, cst.Tuple | cst.List):
        for index, element in enumerate(target.elements):
            if isinstance(element, cst.StarredElement):
                return None
            inner = _place(element.value, name)
            if inner is not None:
                return (index, *inner)
    return None
