"""Questions about the flow around a statement that loop rewrites have to ask."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import libcst as cst

from scriptify.tree import Tree, bindings, loads, own_nodes, stores_in

_PURE_CALLS = frozenset({"builtins.len", "builtins.int", "builtins.min", "builtins.max", "builtins.abs"})
_PURE_METHODS = frozenset({"size", "dim", "numel"})
_PLAIN = (cst.Name, cst.Attribute, cst.Integer, cst.Float, cst.SimpleString)


def jumps(loop: cst.CSTNode) -> Iterator[cst.CSTNode]:
    """The break and continue statements below a node that belong to a loop around it (or to the node, if it is one)."""
    stack: list[cst.CSTNode] = [loop.body] if isinstance(loop, cst.For | cst.While) else [loop]
    while stack:
        node = stack.pop()
        if isinstance(node, cst.Break | cst.Continue):
            yield node
        elif isinstance(node, cst.For | cst.While):
            if node.orelse is not None:
                stack.append(node.orelse)
        elif not isinstance(node, cst.FunctionDef | cst.ClassDef | cst.Lambda):
            stack.extend(node.children)


def caught(tree: Tree, function: cst.FunctionDef, node: cst.CSTNode) -> bool:
    """Whether the function itself may go on after an exception that is raised at a node: a ``try`` or ``with`` is around it."""
    below = node
    for above in tree.ancestors(node):
        if above is function:
            return False
        if isinstance(above, cst.Try | cst.TryStar) and below is above.body and above.handlers:
            return True
        if isinstance(above, cst.With) and below is above.body and not all(_lets_through(tree, item) for item in above.items):
            return True
        below = above
    return False


def _lets_through(tree: Tree, item: cst.WithItem) -> bool:
    return isinstance(item.item, cst.Call) and tree.dotted(item.item.func).startswith("torch.")


def escaping_jumps(statement: cst.CSTNode) -> bool:
    """Whether a statement holds a break or continue of a loop around it."""
    if isinstance(statement, cst.For | cst.While):
        return statement.orelse is not None and any(jumps(statement.orelse))
    return any(jumps(statement))


def block_of(tree: Tree, statement: cst.CSTNode) -> Sequence[cst.CSTNode] | None:
    """The statements of the indented block a statement stands in, or None for a one-line suite."""
    above = tree.parent(statement)
    return above.body if isinstance(above, cst.IndentedBlock) else None


def used_after(tree: Tree, function: cst.FunctionDef, node: cst.CSTNode, name: str) -> bool:
    """Whether a name is read outside ``node`` where the value it got there could still be seen."""
    for load in loads(function.body, name):
        if tree.contains(node, load):
            continue
        if any(_rebinds(tree, above, load, name) for above in tree.ancestors(load)):
            continue
        if tree.span(load)[0] > tree.span(node)[0] or _looped(tree, function, node, load):
            return True
    return False


def _rebinds(tree: Tree, above: cst.CSTNode, load: cst.CSTNode, name: str) -> bool:
    """Whether a loop or comprehension around the read gives the name its own value."""
    if isinstance(above, cst.For) and tree.contains(above.body, load):
        return name in _targets(above)
    comps = (cst.ListComp, cst.GeneratorExp, cst.SetComp, cst.DictComp)
    return isinstance(above, comps) and name in _targets(above.for_in)


def _targets(node: cst.For | cst.CompFor) -> set[str]:
    return {n.value for n in (node.target, *own_nodes(node.target)) if isinstance(n, cst.Name)}


def _looped(tree: Tree, function: cst.FunctionDef, node: cst.CSTNode, load: cst.CSTNode) -> bool:
    """Whether an enclosing loop leads from the node back to the read."""
    for above in tree.ancestors(node):
        if above is function:
            return False
        if isinstance(above, cst.For | cst.While) and tree.contains(above, load):
            return True
    return False


def bound_before(tree: Tree, function: cst.FunctionDef, statement: cst.CSTNode, name: str) -> bool:
    """Whether a name has a value before a statement: a parameter, or bound earlier in the text."""
    start = tree.span(statement)[0]
    if any(isinstance(by, cst.CSTNode) and tree.span(found)[0] < start for found, by in bindings(function.body) if found.value == name):
        return True
    params = function.params
    return name in {p.name.value for p in (*params.posonly_params, *params.params, *params.kwonly_params)}


def names_in(node: cst.CSTNode) -> set[str]:
    """The names read in an expression."""
    return {n.value for n in (node, *own_nodes(node)) if isinstance(n, cst.Name)}


def pure(tree: Tree, node: cst.CSTNode) -> bool:
    """Whether an expression only reads: names, attributes, items, arithmetic, lengths and sizes."""
    for found in (node, *own_nodes(node)):
        if isinstance(found, cst.Call):
            name = tree.dotted(found.func)
            method = found.func.attr.value if isinstance(found.func, cst.Attribute) else ""
            if name not in _PURE_CALLS and method not in _PURE_METHODS:
                return False
        elif isinstance(found, cst.NamedExpr | cst.Await | cst.Yield | cst.Lambda | cst.ListComp | cst.GeneratorExp | cst.DictComp):
            return False
    return True


def binds(statement: cst.CSTNode, name: str) -> bool:
    """Whether a statement, or one below it, binds a name."""
    own = isinstance(statement, cst.For) and name in _targets(statement)
    named = isinstance(statement, cst.FunctionDef | cst.ClassDef) and statement.name.value == name
    return own or named or bool(stores_in(statement, name))


def changed_by(tree: Tree, node: cst.BaseExpression, statements: Sequence[cst.CSTNode]) -> bool:
    """Whether statements may change what an expression reads: a name bound again, or an attribute assigned."""
    names = names_in(node)
    stores = cst.AssignTarget | cst.AugAssign
    items = cst.Attribute | cst.Subscript
    reads_attributes = any(isinstance(n, cst.Attribute | cst.Subscript) for n in (node, *own_nodes(node)))
    for statement in statements:
        if any(binds(statement, name) for name in names):
            return True
        for found in own_nodes(statement):
            if reads_attributes and isinstance(found, stores) and isinstance(found.target, items):
                return True
    return False


def always_evaluated(tree: Tree, statement: cst.CSTNode, node: cst.CSTNode) -> bool:
    """Whether running a statement always evaluates an expression of it, once."""
    below = node
    for above in tree.ancestors(node):
        if isinstance(above, cst.IfExp) and below is not above.test:
            return False
        if isinstance(above, cst.BooleanOperation) and below is not above.left:
            return False
        if isinstance(above, cst.Lambda | cst.ListComp | cst.GeneratorExp | cst.SetComp | cst.DictComp | cst.While | cst.Assert):
            return False
        if isinstance(above, cst.Comparison) and len(above.comparisons) > 1:
            return False
        if above is statement:
            return not isinstance(above, cst.While)
        below = above
    return False


def first_evaluated(tree: Tree, statement: cst.CSTNode, node: cst.CSTNode) -> bool:
    """Whether nothing but plain names and attributes is evaluated before an expression of a statement."""
    if not always_evaluated(tree, statement, node):
        return False
    start = tree.span(node)[0]
    inside = {id(above) for above in tree.ancestors(node)}
    for found in own_nodes(statement):
        if not isinstance(found, cst.BaseExpression) or id(found) in inside or tree.span(found)[0] >= start:
            continue
        if not isinstance(found, (*_PLAIN, cst.Tuple, cst.List)) and not isinstance(tree.parent(found), cst.AssignTarget):
            return False
    return not isinstance(statement, cst.For | cst.While) or tree.contains(getattr(statement, "iter", node), node)
