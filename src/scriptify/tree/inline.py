"""Put a lambda's body in place of its calls."""

from __future__ import annotations

import libcst as cst

from scriptify.transform import Edit
from scriptify.tree.core import Tree
from scriptify.tree.flow import all_parameters, stores_in
from scriptify.tree.substitute import COMPREHENSIONS, bound_inside, calm, free_names, substituted, variables

TAKERS = frozenset({"builtins.map", "builtins.filter", "builtins.sorted", "builtins.max", "builtins.min", "functools.reduce"})


class CannotInline(Exception):
    """Why calls of a lambda have to stay (one clause)."""


def plain_parameters(lambda_: cst.Lambda) -> list[cst.Param]:
    """A lambda's parameters where all of them are plain. Raises CannotInline."""
    params = lambda_.params
    plain = [*params.posonly_params, *params.params]
    if len(plain) != len(all_parameters(params)):
        raise CannotInline("its parameters are starred or keyword-only")
    return plain


def constant(node: cst.BaseExpression) -> bool:
    """Whether an expression is a literal."""
    if isinstance(node, cst.UnaryOperation):
        return constant(node.expression)
    if isinstance(node, cst.Tuple):
        return all(isinstance(e, cst.Element) and constant(e.value) for e in node.elements)
    return isinstance(node, cst.Integer | cst.Float | cst.SimpleString) or (
        isinstance(node, cst.Name) and node.value in ("None", "True", "False")
    )


def calls_inlined(tree: Tree, function: cst.FunctionDef, assign: cst.Assign, name: str, lambda_: cst.Lambda) -> list[Edit]:
    """The edits that inline every use of ``name`` after ``name = lambda ...``. Raises CannotInline."""
    if len(stores_in(function.body, name)) != 1:
        raise CannotInline(f"{name} is bound more than once")
    statement = tree.statement(assign)
    block = tree.parent(statement) if statement is not None else None
    if statement is None or block is None or not tree.own_line(statement):
        raise CannotInline("it shares its line with other code")
    parameters = plain_parameters(lambda_)
    edits: list[Edit] = []
    uses = [n for n in variables(function.body) if n.value == name and not tree.contains(assign, n)]
    for use in uses:
        if not tree.contains(block, use) or tree.line(use) <= tree.line(assign):
            raise CannotInline(f"{name} is used where it may not be set")
        above = tree.parent(use)
        _check_capture(tree, function, use, lambda_, {p.name.value for p in parameters})
        if isinstance(above, cst.Call) and above.func is use:
            edits.append(tree.replace_outer(above, f"({inlined(tree, above, lambda_, parameters)})"))
            if any(tree.contains(above, other) and other is not use for other in uses):
                raise CannotInline(f"a call of {name} stands in an argument of another")
        elif isinstance(above, cst.Arg) and isinstance(call := tree.parent(above), cst.Call) and tree.dotted(call.func) in TAKERS:
            edits.append(tree.replace(use, tree.code(lambda_)))
        else:
            raise CannotInline(f"{name} is used other than by calling it")
    return [tree.remove(statement), *edits]


def _check_capture(tree: Tree, function: cst.FunctionDef, use: cst.Name, lambda_: cst.Lambda, own: set[str]) -> None:
    """Raises CannotInline where a comprehension or function around the use binds a name that the lambda takes from outside."""
    wanted = free_names(lambda_.body) - own
    for above in tree.ancestors(use):
        if above is function:
            return
        if isinstance(above, COMPREHENSIONS) and bound_inside(above) & wanted:
            raise CannotInline("a comprehension around a call binds a name that it uses")
        if isinstance(above, cst.Lambda | cst.FunctionDef):
            raise CannotInline("it is used inside another function")


def inlined(tree: Tree, call: cst.Call, lambda_: cst.Lambda, parameters: list[cst.Param]) -> str:
    """A call's text with the lambda's body in place. Raises CannotInline."""
    given: dict[str, cst.BaseExpression] = {}
    names = [p.name.value for p in parameters]
    for index, arg in enumerate(call.args):
        if arg.star or (arg.keyword is None and index >= len(names)):
            raise CannotInline("a call's arguments do not match its parameters")
        key = arg.keyword.value if arg.keyword is not None else names[index]
        if key not in names or key in given:
            raise CannotInline("a call's arguments do not match its parameters")
        given[key] = arg.value
    texts: dict[str, str] = {}
    moved = 0
    for parameter in parameters:
        value = given.get(parameter.name.value, parameter.default)
        if value is None:
            raise CannotInline("a call's arguments do not match its parameters")
        if parameter.name.value not in given and not constant(value):
            raise CannotInline("a default of its parameters is computed")
        count = sum(n.value == parameter.name.value for n in variables(lambda_.body))
        if not isinstance(value, cst.Name) and not constant(value):
            moved += not calm(tree, value)
            first = _first_read(tree, lambda_.body) if not calm(tree, value) else parameter.name.value
            if count != 1 and not _cheap(value):
                raise CannotInline("an argument that is computed would be computed more or less than once")
            if moved > 1 or first != parameter.name.value:
                raise CannotInline("arguments that are computed would be computed in another order")
        texts[parameter.name.value] = tree.operand(value)
    text = substituted(tree, lambda_.body, texts)
    if text is None:
        raise CannotInline("something inside it binds a name that is needed")
    return text


def _cheap(value: cst.BaseExpression) -> bool:
    return isinstance(value, cst.Attribute) and isinstance(value.value, cst.Name | cst.Attribute)


def _first_read(tree: Tree, body: cst.BaseExpression) -> str:
    """The argument that a body surely evaluates before anything that could have an effect, or ``""``."""
    node: cst.CSTNode = body
    while True:
        if isinstance(node, cst.Name):
            return node.value
        if isinstance(node, cst.BinaryOperation | cst.Comparison | cst.BooleanOperation):
            node = node.left
        elif isinstance(node, cst.Attribute | cst.Subscript):
            node = node.value
        elif isinstance(node, cst.UnaryOperation):
            node = node.expression
        elif isinstance(node, cst.Call):
            named = isinstance(node.func, cst.Name) or tree.dotted(node.func) != ""
            on_self = isinstance(node.func, cst.Attribute) and isinstance(node.func.value, cst.Name) and node.func.value.value == "self"
            node = node.args[0].value if (named or on_self) and node.args else node.func
        else:
            return ""
