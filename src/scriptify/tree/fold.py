"""What folding a function over items looks like: the function as text, and what is known of the items."""

from __future__ import annotations

from dataclasses import dataclass

import libcst as cst

from scriptify.facts.model import Facts
from scriptify.tree.core import Tree
from scriptify.tree.flow import all_parameters, parameter_names, stores_in
from scriptify.tree.infer import Guess
from scriptify.tree.inline import kept_late
from scriptify.tree.shapes import shape_read
from scriptify.tree.substitute import FreshNames, bound_inside, one_line, stable, substituted, variables

OPERATORS = {
    "add": "+",
    "concat": "+",
    "sub": "-",
    "mul": "*",
    "truediv": "/",
    "floordiv": "//",
    "mod": "%",
    "pow": "**",
    "matmul": "@",
    "and_": "&",
    "or_": "|",
    "xor": "^",
    "lshift": "<<",
    "rshift": ">>",
}
_ARITHMETIC = frozenset({"add", "sub", "mul", "truediv", "floordiv", "mod"})
_SEQUENCE_CALLS = frozenset({"builtins.list", "builtins.tuple", "builtins.sorted", "torch.chunk", "torch.split", "torch.unbind"})
_SEQUENCE_METHODS = frozenset({"chunk", "split", "unbind", "size"})


class CannotFold(Exception):
    """Why a fold has no other form (one clause)."""


@dataclass(frozen=True)
class Step:
    """One step of a fold: how to write it for an accumulator and an item.

    ``lambda_`` is the function where it is a lambda; else ``operator`` is a Python operator, or
    ``called`` the text of a named function.
    """

    lambda_: cst.Lambda | None = None
    operator: str = ""
    called: str = ""
    arithmetic: bool = False
    parameters: tuple[str, ...] = ()
    defaults: tuple[tuple[str, str], ...] = ()

    @property
    def result(self) -> str:
        """A name for the accumulator."""
        return "total" if self.operator == "+" else "product" if self.operator == "*" else "result"

    @property
    def item_base(self) -> str:
        """A name for an item."""
        return self.parameters[1] if self.parameters and self.parameters[1].strip("_") else "item"

    @property
    def item_names(self) -> tuple[str, ...]:
        """The lambda's own name for an item."""
        return self.parameters[1:2]

    @property
    def result_names(self) -> tuple[str, ...]:
        """The lambda's own name for the accumulator."""
        return self.parameters[:1]

    @property
    def once(self) -> bool:
        """Whether the accumulator occurs only once in a step, so that any text can stand for it."""
        if self.lambda_ is None:
            return True
        return sum(name.value == self.parameters[0] for name in variables(self.lambda_.body)) <= 1

    def loop_name(self, names: FreshNames, call: cst.Call) -> str:
        """The loop's variable: the lambda's own name where that clashes with nothing."""
        if self.lambda_ is None:
            return names.fresh("item")
        return names.keep(self.parameters[1], [self.lambda_], self.item_base)

    def text(self, result: str, item: str, tree: Tree) -> str:
        """The expression of one step. Raises CannotFold where replacing the names could capture one."""
        if self.operator:
            return f"{result} {self.operator} {item}"
        if self.lambda_ is None:
            return f"{self.called}({result}, {item})"
        body = self.lambda_.body
        text = substituted(tree, body, {self.parameters[0]: result, self.parameters[1]: item, **dict(self.defaults)})
        if text is None:
            raise CannotFold("a lambda or comprehension inside its function binds a name that is needed")
        return one_line(tree, body, text)


def step_of(tree: Tree, function: cst.BaseExpression, hidden: set[str]) -> Step:
    """How to write one step of ``function``; ``hidden`` are the names that have a meaning of their own there. Raises CannotFold."""
    if isinstance(function, cst.Lambda):
        return _lambda_step(tree, function)
    dotted = "" if {name.value for name in variables(function)} & hidden else tree.dotted(function)
    if dotted.startswith(("operator.", "_operator.")):
        word = dotted.rpartition(".")[2].strip("_")
        word = {"and": "and_", "or": "or_"}.get(word, word)
        if word in OPERATORS:
            return Step(operator=OPERATORS[word], arithmetic=word in _ARITHMETIC)
        raise CannotFold(f"operator.{word} has no operator that could be written instead")
    if not isinstance(function, cst.Name | cst.Attribute) or not stable(function):
        raise CannotFold("its function is itself computed")
    return Step(called=tree.code(function), arithmetic=dotted in ("builtins.max", "builtins.min"))


def _lambda_step(tree: Tree, function: cst.Lambda) -> Step:
    params = all_parameters(function.params)
    plain = [*function.params.posonly_params, *function.params.params]
    if len(plain) != len(params) or len(plain) < 2:
        raise CannotFold("its lambda does not take exactly two plain arguments")
    defaults: list[tuple[str, str]] = []
    for extra in plain[2:]:
        if extra.default is None or not stable(extra.default) or isinstance(extra.default, cst.Lambda):
            raise CannotFold("a default of its lambda is computed")
        defaults.append((extra.name.value, tree.operand(extra.default)))
    if {p.name.value for p in plain} & bound_inside(function.body):
        raise CannotFold("something inside its lambda binds the lambda's own parameter again")
    if any(next(tree.find(kind, function.body), None) is not None for kind in (cst.Yield, cst.Await, cst.NamedExpr)):
        raise CannotFold("its lambda yields or assigns")
    if any(kept_late(tree, function.body, p.name.value) for p in plain):
        raise CannotFold("a function inside its lambda keeps what it is given")
    return Step(lambda_=function, parameters=(plain[0].name.value, plain[1].name.value), defaults=tuple(defaults))


def strip_list(tree: Tree, node: cst.BaseExpression) -> cst.BaseExpression:
    """``range(n)`` or a literal inside ``list(...)``/``tuple(...)``; anything else as it is (a copy may matter)."""
    if isinstance(node, cst.Call) and tree.dotted(node.func) in ("builtins.list", "builtins.tuple") and len(node.args) == 1:
        inner = node.args[0]
        if inner.keyword or inner.star:
            return node
        is_range = isinstance(inner.value, cst.Call) and tree.dotted(inner.value.func) == "builtins.range"
        if is_range or isinstance(inner.value, cst.List | cst.Tuple):
            return inner.value
    return node


def indices_of(tree: Tree, node: cst.BaseExpression) -> list[int] | None:
    """The numbers of a ``range`` with literal bounds, of ``list`` of one, or of a literal list of integers; else None."""
    node = strip_list(tree, node)
    if isinstance(node, cst.List | cst.Tuple):
        found = [literal_int(e.value) if isinstance(e, cst.Element) else None for e in node.elements]
        return None if not found or None in found else [n for n in found if n is not None]
    if not isinstance(node, cst.Call) or tree.dotted(node.func) != "builtins.range":
        return None
    bounds = [literal_int(arg.value) for arg in node.args if not arg.star and not arg.keyword]
    known = [bound for bound in bounds if bound is not None]
    if len(known) != len(node.args) or not 1 <= len(known) <= 3 or (len(known) == 3 and known[2] == 0):
        return None
    numbers_ = range(*known)
    return list(numbers_) if len(numbers_) <= 1000 else None


def literal_int(node: cst.BaseExpression) -> int | None:
    """The value of an integer literal, with or without a minus."""
    if isinstance(node, cst.UnaryOperation) and isinstance(node.operator, cst.Minus):
        inner = literal_int(node.expression)
        return None if inner is None else -inner
    return node.evaluated_value if isinstance(node, cst.Integer) else None


def numbers(node: cst.BaseExpression) -> bool:
    """Whether an expression is a number literal."""
    if isinstance(node, cst.UnaryOperation):
        return numbers(node.expression)
    return isinstance(node, cst.Integer | cst.Float)


def is_sequence(tree: Tree, function: cst.FunctionDef, node: cst.BaseExpression, guess: Guess) -> bool:
    """Whether an expression is known to be a list, a tuple or a tensor: something with a length that can be sliced."""
    if _written(tree, function, node, guess):
        return True
    known = guess.of(node)
    return known is not None and known.name in ("List", "Tuple", "Tensor")


def promised(tree: Tree, function: cst.FunctionDef, node: cst.BaseExpression, guess: Guess) -> bool:
    """Whether only a type says that an expression is a list or tuple: an eager caller may give it anything that has items."""
    known = guess.of(node)
    return known is not None and known.name in ("List", "Tuple") and not _written(tree, function, node, guess)


def _written(tree: Tree, function: cst.FunctionDef, node: cst.BaseExpression, guess: Guess) -> bool:
    """Whether the source shows that an expression is a list, a tuple or the like, whatever a caller passes."""
    if isinstance(node, cst.List | cst.Tuple | cst.ListComp):
        return True
    if isinstance(node, cst.Call):
        if tree.dotted(node.func) in _SEQUENCE_CALLS:
            return True
        return _sequence_method(guess.facts, node)
    if shape_read(node):
        return True
    if isinstance(node, cst.Subscript) and len(node.slice) == 1 and isinstance(node.slice[0].slice, cst.Slice):
        return True
    return isinstance(node, cst.Name) and _only_lists(tree, function, node.value, guess.facts)


def _sequence_method(facts: Facts, node: cst.Call) -> bool:
    """``x.chunk(2)``, ``x.size()``: methods of a tensor that give a sequence; one that a class of the project has may give anything."""
    if not isinstance(node.func, cst.Attribute) or node.func.attr.value not in _SEQUENCE_METHODS:
        return False
    if any(node.func.attr.value in known.methods for known in facts.classes.values()):
        return False
    return node.func.attr.value != "size" or not node.args


def _only_lists(tree: Tree, function: cst.FunctionDef, name: str, facts: Facts) -> bool:
    """Whether everything that a local name ever stands for is a list or tuple; a parameter is what a caller gives, too."""
    if name in parameter_names(function) | declared(tree, function):
        return False
    stores = stores_in(function.body, name)
    values = [_value(tree, by) for by in stores]
    return bool(values) and all(value is not None and _list_like(tree, value, facts) for value in values)


def _value(tree: Tree, by: cst.CSTNode) -> cst.BaseExpression | None:
    above = tree.parent(by)
    if isinstance(by, cst.AssignTarget) and isinstance(by.target, cst.Name) and isinstance(above, cst.Assign):
        return above.value
    return by.value if isinstance(by, cst.AnnAssign | cst.AugAssign) else None


def _list_like(tree: Tree, value: cst.BaseExpression, facts: Facts) -> bool:
    if isinstance(value, cst.List | cst.Tuple | cst.ListComp):
        return True
    if isinstance(value, cst.BinaryOperation) and isinstance(value.operator, cst.Add | cst.Multiply):
        return _list_like(tree, value.left, facts) or _list_like(tree, value.right, facts)
    if not isinstance(value, cst.Call):
        return shape_read(value)
    return tree.dotted(value.func) in _SEQUENCE_CALLS or _sequence_method(facts, value)


def declared(tree: Tree, function: cst.FunctionDef) -> set[str]:
    """The names a function declares global or nonlocal."""
    nodes: list[cst.Global | cst.Nonlocal] = [*tree.find(cst.Global, function), *tree.find(cst.Nonlocal, function)]
    return {item.name.value for node in nodes for item in node.names}


def submodule(node: cst.BaseExpression) -> bool:
    """``self.layers[0]``: one module of a container, by a literal index."""
    if not isinstance(node, cst.Subscript) or len(node.slice) != 1 or not isinstance(node.slice[0].slice, cst.Index):
        return False
    base = node.value
    on_self = isinstance(base, cst.Attribute) and isinstance(base.value, cst.Name) and base.value.value == "self"
    return on_self and literal_int(node.slice[0].slice.value) is not None
