"""Put a lambda's body in place of its calls."""

from __future__ import annotations

from collections.abc import Callable

import libcst as cst

from scriptify.transform import Edit
from scriptify.tree.core import Tree
from scriptify.tree.flow import all_parameters, own_nodes, stores_in
from scriptify.tree.hoist import CannotHoist, before
from scriptify.tree.substitute import COMPREHENSIONS, bound_inside, calm, free_names, substituted, variables

TAKERS = frozenset({"builtins.map", "builtins.filter", "builtins.sorted", "builtins.max", "builtins.min", "functools.reduce"})
# what has asked a function or generator for all it gives when it returns
_ASKING = frozenset(f"builtins.{name}" for name in ("sum", "any", "all", "list", "tuple", "set", "dict", "max", "min", "sorted")) | {
    "functools.reduce"
}
_LAZY = frozenset(f"builtins.{name}" for name in ("map", "filter", "zip", "enumerate"))

Quiet = Callable[[cst.BaseExpression], bool]


class CannotInline(Exception):
    """Why calls of a lambda have to stay (one clause)."""


def plain_parameters(lambda_: cst.Lambda) -> list[cst.Param]:
    """A lambda's parameters where all of them are plain and a call gives what its body does. Raises CannotInline."""
    if any(isinstance(node, cst.Yield | cst.Await) for node in own_nodes(lambda_)) or isinstance(lambda_.body, cst.Yield | cst.Await):
        raise CannotInline("it yields")
    params = lambda_.params
    plain = [*params.posonly_params, *params.params]
    if len(plain) != len(all_parameters(params)):
        raise CannotInline("its parameters are starred or keyword-only")
    return plain


def inlined_parameters(tree: Tree, lambda_: cst.Lambda) -> list[cst.Param]:
    """A lambda's plain parameters where its body can stand outside of it. Raises CannotInline."""
    parameters = plain_parameters(lambda_)
    if next(tree.find(cst.NamedExpr, lambda_), None) is not None:
        raise CannotInline("it assigns a name of its own with :=")
    if any(kept_late(tree, lambda_.body, parameter.name.value) for parameter in parameters):
        raise CannotInline("a function inside it keeps an argument")
    return parameters


def constant(node: cst.BaseExpression) -> bool:
    """Whether an expression is a literal."""
    if isinstance(node, cst.UnaryOperation):
        return constant(node.expression)
    if isinstance(node, cst.Tuple):
        return all(isinstance(e, cst.Element) and constant(e.value) for e in node.elements)
    return isinstance(node, cst.Integer | cst.Float | cst.SimpleString) or (
        isinstance(node, cst.Name) and node.value in ("None", "True", "False")
    )


def calls_inlined(tree: Tree, function: cst.FunctionDef, assign: cst.Assign, name: str, lambda_: cst.Lambda, quiet: Quiet) -> list[Edit]:
    """The edits that inline every use of ``name`` after ``name = lambda ...``. Raises CannotInline.

    ``quiet`` says of an expression whether working it out changes nothing: an argument is computed before the body, and
    in the body's text only after what stands in front of it there.
    """
    if len(stores_in(function.body, name)) != 1:
        raise CannotInline(f"{name} is bound more than once")
    statement = tree.own_statement(assign)
    block = tree.parent(statement) if statement is not None else None
    if statement is None or block is None:
        raise CannotInline("it shares its line with other code")
    parameters = plain_parameters(lambda_)
    if next(tree.find(cst.NamedExpr, lambda_), None) is not None:
        raise CannotInline("it assigns a name of its own with :=")
    if any(n.value == name for n in variables(lambda_)):
        raise CannotInline("it calls itself")
    edits: list[Edit] = []
    uses = [n for n in variables(function.body) if n.value == name and not tree.contains(assign, n)]
    for use in uses:
        if not tree.contains(block, use) or tree.line(use) <= tree.line(assign):
            raise CannotInline(f"{name} is used where it may not be set")
        above = tree.parent(use)
        _check_capture(tree, function, use, lambda_, {p.name.value for p in parameters})
        if isinstance(above, cst.Call) and above.func is use:
            edits.append(tree.replace_outer(above, f"({_inlined(tree, above, lambda_, parameters, quiet)})"))
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


def _inlined(tree: Tree, call: cst.Call, lambda_: cst.Lambda, parameters: list[cst.Param], quiet: Quiet) -> str:
    """A call's text with the lambda's body in place. Raises CannotInline."""
    given = _given(call, [p.name.value for p in parameters])
    if next(tree.find(cst.NamedExpr, call), None) is not None:
        raise CannotInline("an argument assigns a name with :=")
    texts: dict[str, str] = {}
    computed: list[str] = []
    for parameter in parameters:
        name = parameter.name.value
        value = given.get(name, parameter.default)
        if value is None:
            raise CannotInline("a call's arguments do not match its parameters")
        if parameter.default is not None and not constant(parameter.default):
            raise CannotInline("a default of its parameters is computed")
        if not constant(value) and kept_late(tree, lambda_.body, name):
            raise CannotInline("a function inside it keeps an argument")
        if not constant(value) and not _fixed(tree, value):
            computed.append(name)
            _check_moved(tree, lambda_.body, name, value, quiet)
        texts[name] = tree.operand(value)
    _check_order(tree, lambda_.body, {name: value for name, value in given.items() if name in computed})
    text = substituted(tree, lambda_.body, texts)
    if text is None:
        raise CannotInline("something inside it binds a name that is needed")
    return text


def _given(call: cst.Call, names: list[str]) -> dict[str, cst.BaseExpression]:
    """What a call gives for which parameter, in the order it is computed. Raises CannotInline."""
    given: dict[str, cst.BaseExpression] = {}
    for index, arg in enumerate(call.args):
        if arg.star or (arg.keyword is None and index >= len(names)):
            raise CannotInline("a call's arguments do not match its parameters")
        key = arg.keyword.value if arg.keyword is not None else names[index]
        if key not in names or key in given:
            raise CannotInline("a call's arguments do not match its parameters")
        given[key] = arg.value
    return given


def _fixed(tree: Tree, value: cst.BaseExpression) -> bool:
    """Whether an argument is a name that no function called in between can bind again."""
    if not isinstance(value, cst.Name):
        return False
    items = [*(item for by in tree.find(cst.Nonlocal) for item in by.names), *(item for by in tree.find(cst.Global) for item in by.names)]
    return all(item.name.value != value.value for item in items)


def kept_late(tree: Tree, node: cst.BaseExpression, name: str) -> bool:
    """Whether a function or generator inside an expression reads a name, perhaps only after the expression has been worked out."""
    for use in _reads(node, name):
        below: cst.CSTNode = use
        while below is not node:
            above = tree.parent(below)
            if above is None:
                break
            first = isinstance(above, cst.GeneratorExp) and tree.contains(above.for_in.iter, use)  # worked out at once
            if isinstance(above, cst.Lambda | cst.GeneratorExp) and not first and not _asked(tree, above):
                return True
            below = above
    return False


def _asked(tree: Tree, node: cst.BaseExpression) -> bool:
    """Whether what takes a function or generator has asked it for all it gives when it returns."""
    above = tree.parent(node)
    if isinstance(above, cst.CompFor) and above.iter is node:
        whole = next(found for found in tree.ancestors(above) if not isinstance(found, cst.CompFor))
        return not isinstance(whole, cst.GeneratorExp) or _asked(tree, whole)
    call = tree.parent(above) if isinstance(above, cst.Arg) else None
    if not isinstance(call, cst.Call):
        return isinstance(above, cst.Call) and above.func is node
    dotted = tree.dotted(call.func)
    joined = isinstance(call.func, cst.Attribute) and isinstance(call.func.value, cst.SimpleString)
    return dotted in _ASKING or joined or (dotted in _LAZY and _asked(tree, call))


def _check_moved(tree: Tree, body: cst.BaseExpression, name: str, value: cst.BaseExpression, quiet: Quiet) -> None:
    """Raises CannotInline where an argument would be computed more or less than once, or after what may change it."""
    uses = _reads(body, name)
    if len(uses) != 1 and not _cheap(value):
        raise CannotInline("an argument that is computed would be computed more or less than once")
    for use in uses:
        try:
            earlier = _earlier(tree, body, use)
        except CannotHoist:
            if _cheap(value) and quiet(body):
                continue
            raise CannotInline("an argument that is computed would be computed once per item, or not always") from None
        if not all(quiet(part) for part in earlier):
            raise CannotInline("an argument is computed before its body, which may change something before it reads that")


def _check_order(tree: Tree, body: cst.BaseExpression, computed: dict[str, cst.BaseExpression]) -> None:
    """Raises CannotInline where an argument that may have an effect is not computed first, as it is in the call."""
    loud = [name for name, value in computed.items() if not calm(tree, value)]
    if len(loud) > 1 or (loud and (next(iter(computed)) != loud[0] or _first_read(tree, body) != loud[0])):
        raise CannotInline("arguments that are computed would be computed in another order")


def _reads(body: cst.BaseExpression, name: str) -> list[cst.Name]:
    return [node for node in variables(body) if node.value == name]


def _earlier(tree: Tree, body: cst.BaseExpression, use: cst.Name) -> list[cst.BaseExpression]:
    """What a body works out before it reads a name. Raises CannotHoist where it does that per item, or that is not known."""
    found: list[cst.BaseExpression] = []
    child: cst.CSTNode = use
    for above in tree.ancestors(use):
        if child is body:
            break
        if isinstance(above, cst.BooleanOperation):
            found += [above.left] if child is above.right else []
        elif isinstance(above, cst.IfExp):
            found += [above.test] if child is not above.test else []
        else:
            found += before(above, child)
        child = above
    return found


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
