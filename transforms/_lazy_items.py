"""Items with a condition that are asked for one by one: in a loop's header, in another comprehension, in ``any`` and ``all``."""

from __future__ import annotations

from collections.abc import Callable

import libcst as cst

from scriptify.transform import Edit
from scriptify.tree import Tree
from scriptify.tree.flow import kept_by_others, stores_in
from scriptify.tree.inline import CannotInline, inlined_parameters
from scriptify.tree.loops import LoopText, clauses
from scriptify.tree.substitute import FreshNames, free_names, source


def lazy_filter(tree: Tree, call: cst.Call, names: FreshNames, condition: Callable[[cst.Call], tuple[list[str], str]]) -> list[Edit]:
    """``filter`` in the header of a loop or comprehension; none elsewhere. Raises CannotInline."""
    above = tree.parent(call)
    items = iterated(tree, call.args[1].value)
    if isinstance(above, cst.CompFor) and above.iter is call:
        if not isinstance(above.target, cst.Name):
            raise CannotInline("its items are taken apart")
        if above.target.value in free_names(call.args[0].value):
            raise CannotInline("its function reads an outer name that the comprehension gives to its items")
        test = _applied(tree, call.args[0].value, above.target.value)
        return [tree.replace_outer(call, f"{items} if {test}")]
    if not isinstance(above, cst.For) or above.iter is not call:
        return []
    function = call.args[0].value
    if isinstance(function, cst.Name) and stores_in(above.body, function.value):
        raise CannotInline("the loop binds its function anew")
    own = isinstance(above.target, cst.Name) and above.target.value not in free_names(function)
    if own and isinstance(above.target, cst.Name) and _only_inside(tree, names, above):
        test = _applied(tree, call.args[0].value, above.target.value)
        return [tree.replace_outer(call, items), _first_lines(tree, above, _skip(test))]
    chosen, test = condition(call)
    lines = [*_skip(test), f"{tree.code(above.target)} = {chosen[0]}"]
    return [tree.replace_outer(above.target, chosen[0]), tree.replace_outer(call, items), _first_lines(tree, above, lines)]


def lazy_generator(tree: Tree, node: cst.GeneratorExp, names: FreshNames, hidden: set[str]) -> list[Edit]:
    """A generator with one loop and conditions, where a loop or ``any`` and ``all`` goes through it; none elsewhere.

    ``hidden`` are the names that the function itself gives a meaning.
    """
    above = tree.parent(node)
    if node.for_in.inner_for_in is None and not node.for_in.ifs:
        return []
    clause = clauses(tree, node)
    text = LoopText(tree)
    if isinstance(above, cst.For) and above.iter is node and node.for_in.inner_for_in is None:
        renamed = {name: names.keep(name, [node]) for name in clause.bound}
        target, items, conditions = clause.loops[0]
        tests = [text.of(condition, renamed) for condition in conditions]
        lines = [line for test in tests for line in _skip(test)]
        lines.append(f"{tree.code(above.target)} = {text.of(clause.item, renamed)}")
        edits = [tree.replace_outer(above.target, text.of(target, renamed)), tree.replace_outer(node, text.of(items, {}))]
        return [*edits, _first_lines(tree, above, lines)]
    user = tree.parent(above) if isinstance(above, cst.Arg) else None
    asked = tree.dotted(user.func) if isinstance(user, cst.Call) and len(user.args) == 1 else ""
    if asked not in ("builtins.any", "builtins.all") or asked.rpartition(".")[2] in hidden:
        return []
    inner = _asked(tree, node.elt, node.for_in, asked)
    start, end = tree.outer_span(node)
    bracketed = tree.text[start:end].startswith("(") and len(node.lpar) > 0
    return [Edit(tree.path, start, end, f"({inner})" if bracketed else inner)]


def _asked(tree: Tree, item: cst.BaseExpression, part: cst.CompFor, asked: str) -> str:
    """The generator without conditions and inner loops that ``any`` or ``all`` answers alike, as lazily."""
    name = asked.rpartition(".")[2]
    inner = f"{name}({_asked(tree, item, part.inner_for_in, asked)})" if part.inner_for_in is not None else _operand(tree, item)
    tests = [_operand(tree, condition.test) for condition in part.ifs]
    whole = " and ".join([*tests, inner]) if name == "any" else " or ".join([*(f"not ({test})" for test in tests), inner])
    return f"{whole} for {tree.code(part.target)} in {source(tree, part.iter)}"


def _applied(tree: Tree, function: cst.BaseExpression, item: str) -> str:
    """What a function asks of an item, as an operand."""
    if tree.code(function) == "None":
        return item
    if isinstance(function, cst.Lambda):
        parameters = inlined_parameters(tree, function)
        if len(parameters) != 1 or parameters[0].default is not None:
            raise CannotInline("its lambda takes another number of arguments, or has defaults")
        text = LoopText(tree).of(function.body, {parameters[0].name.value: item})
        simple = isinstance(function.body, cst.Comparison | cst.Call | cst.Name | cst.Attribute)
        return text if simple or text.startswith("(") else f"({text})"
    if not isinstance(function, cst.Name | cst.Attribute):
        raise CannotInline("its function is itself computed")
    return f"{tree.code(function)}({item})"


def _operand(tree: Tree, node: cst.BaseExpression) -> str:
    text = source(tree, node)
    return text if isinstance(node, cst.Comparison) and "\n" not in text else tree.operand(node)


def _skip(test: str) -> list[str]:
    """The lines that go on with the next item where a test fails."""
    return [f"if not ({test}):", "    continue"]


def _only_inside(tree: Tree, names: FreshNames, loop: cst.For) -> bool:
    """Whether a loop's name is used in the loop alone, so that it may hold items that are passed over."""
    name = loop.target.value if isinstance(loop.target, cst.Name) else ""
    function = tree.enclosing(loop, cst.FunctionDef)
    if function is None or kept_by_others(function, name, loop.iter):
        return False
    return loop.orelse is None and names.keep(name, [loop]) == name


def iterated(tree: Tree, node: cst.BaseExpression) -> str:
    """What a comprehension goes through, as text: a conditional in parentheses, whose ``if`` would be the comprehension's."""
    return tree.operand(node) if isinstance(node, cst.IfExp | cst.Lambda | cst.NamedExpr) else source(tree, node)


def _first_lines(tree: Tree, loop: cst.For, lines: list[str]) -> Edit:
    """The edit that puts lines at the start of a loop's body."""
    if not isinstance(loop.body, cst.IndentedBlock):
        raise CannotInline("the loop stands on one line")
    return tree.before(loop.body.body[0], lines)
