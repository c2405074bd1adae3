"""Uses of an Optional that the compiler does not know to be there, where None would raise anyway."""

from __future__ import annotations

import re
from collections.abc import Iterator

import libcst as cst

from scriptify.facts.types import Type
from scriptify.transform import Edit, Focus
from scriptify.transforms._before import scripting
from scriptify.transforms._none_uses import SOME, Uses
from scriptify.transforms._signature import declared, has_parameter
from scriptify.tree import Tree, own_nodes, stores_in
from scriptify.tree.flow import all_parameters

UNREFINED = (
    "found type 'Optional[",
    "found type 'List[Optional[",
    "'Optional[",
    "Could not match type Optional[",
    "value of type Optional[",
)
_OPTIONAL = re.compile(r"Optional\[")
_ORDERED = (cst.LessThan, cst.LessThanEqual, cst.GreaterThan, cst.GreaterThanEqual)
_RAISING = (cst.Add, cst.Subtract, cst.Multiply, cst.Divide, cst.MatrixMultiply, cst.FloorDivide, cst.Modulo, cst.Power)


def asks(message: str) -> bool:
    """Whether a compiler message complains of an Optional that was not refined."""
    return any(stem in message for stem in UNREFINED) and _OPTIONAL.search(message) is not None


def unrefined(tree: Tree, function: cst.FunctionDef, focus: Focus) -> Iterator[tuple[cst.Name, list[Edit], str]]:
    """For each use at the focus: the name, the edits that refine it, and the statement of what they do."""
    for name, type_ in optionals(tree, function):
        uses = Uses(tree, function, name)
        for load in uses.others:
            statement = tree.statement(load)
            if statement is None or not focus.covers(tree.path, *tree.lines(statement)) or uses.state(load) == SOME:
                continue
            if _asserted(tree, statement, name) or _kept_for_scripting(tree, load):
                continue
            flag = _flag(tree, function, uses, load)
            if flag is not None:
                yield load, [tree.replace(flag, f"{name} is not None")], name
                break
            if type_.optional and raises_for_none(tree, load):
                together = [u for u in uses.others if tree.statement(u) is statement and uses.state(u) != SOME]
                yield load, _edits(tree, [u for u in together if raises_for_none(tree, u)], statement), name
                break


def _flag(tree: Tree, function: cst.FunctionDef, uses: Uses, load: cst.Name) -> cst.Name | None:
    """The ``has`` of ``if has:`` around a use, where ``has = p is not None`` and neither is assigned again."""
    if uses.stores:
        return None
    node: cst.CSTNode = load
    for above in tree.ancestors(load):
        if isinstance(above, cst.If | cst.IfExp) and node is above.body and isinstance(above.test, cst.Name):
            stores = stores_in(function.body, above.test.value)
            assign = tree.parent(stores[0]) if len(stores) == 1 and not has_parameter(function, above.test.value) else None
            value = assign.value if isinstance(assign, cst.Assign) and isinstance(assign.targets[0].target, cst.Name) else None
            if isinstance(value, cst.Comparison) and uses.says(value, True) == SOME:
                return above.test
        node = above
    return None


def optionals(tree: Tree, function: cst.FunctionDef) -> list[tuple[str, Type]]:
    """The names annotated Optional in a function: parameters and locals."""
    found: list[tuple[str, Type]] = []
    for param in all_parameters(function.params):
        type_ = declared(tree, param.annotation.annotation) if param.annotation is not None else None
        if type_ is not None and type_.optional:
            found.append((param.name.value, type_))
    for node in own_nodes(function.body):
        if isinstance(node, cst.AnnAssign) and isinstance(node.target, cst.Name):
            type_ = declared(tree, node.annotation.annotation)
            if type_ is not None and type_.optional:
                found.append((node.target.value, type_))
    return found


def raises_for_none(tree: Tree, load: cst.BaseExpression) -> bool:
    """Whether evaluating the use raises TypeError or AttributeError when the name is None."""
    above = tree.parent(load)
    if isinstance(above, cst.BinaryOperation):
        written = isinstance(above.operator, cst.Modulo) and above.right is load  # ``"%s" % None`` is a text
        return isinstance(above.operator, _RAISING) and not written
    if isinstance(above, cst.Comparison):
        return all(isinstance(c.operator, _ORDERED) for c in above.comparisons[:1])
    if isinstance(above, cst.ComparisonTarget):
        return isinstance(above.operator, _ORDERED)
    if isinstance(above, cst.UnaryOperation):
        return not isinstance(above.operator, cst.Not)
    if isinstance(above, cst.Attribute):
        return above.value is load and not above.attr.value.startswith("__")
    if isinstance(above, cst.Subscript):
        return above.value is load
    if isinstance(above, cst.For | cst.CompFor):
        return above.iter is load
    if isinstance(above, cst.Arg):
        call = tree.parent(above)
        return isinstance(call, cst.Call) and tree.dotted(call.func).removeprefix("builtins.") in ("len", "range", "enumerate", "zip")
    return False


def _edits(tree: Tree, found: list[cst.Name], statement: cst.CSTNode) -> list[Edit]:
    """An ``assert`` before a statement that is sure to evaluate one of the uses, else an unwrap in place of each; in scripted code only.

    Eager code keeps the error that None raises there, which a caller may catch.
    """
    if tree.own_line(statement) and any(always_evaluated(tree, load, statement) for load in found):
        return [tree.before(statement, [f"if {scripting(tree)}:", f"    assert {found[0].value} is not None"])]
    unwrap, _ = tree.imports.spell("torch.jit._unwrap_optional")
    return [tree.replace(load, f"({unwrap}({load.value}) if {scripting(tree)} else {load.value})") for load in found]


def _asserted(tree: Tree, statement: cst.CSTNode, name: str) -> bool:
    """Whether the statement before is such an ``assert``."""
    block = tree.parent(statement)
    if not isinstance(block, cst.IndentedBlock):
        return False
    index = list(block.body).index(statement)  # type: ignore[arg-type]
    before = block.body[index - 1] if index else None
    if not isinstance(before, cst.If) or tree.code(before.test) != scripting(tree):
        return False
    return any(tree.code(line).startswith(f"assert {name} is not None") for line in before.body.body)


def _kept_for_scripting(tree: Tree, load: cst.Name) -> bool:
    """Whether a use stands in such an unwrap, or is what eager code has in place of it."""
    return any(isinstance(above, cst.IfExp) and tree.code(above.test) == scripting(tree) for above in tree.ancestors(load))


def always_evaluated(tree: Tree, load: cst.BaseExpression, statement: cst.CSTNode) -> bool:
    """Whether running the statement evaluates the use, before anything with an effect."""
    node: cst.CSTNode = load
    for above in tree.ancestors(load):
        if isinstance(above, cst.IfExp | cst.BooleanOperation | cst.Lambda | cst.BaseComp | cst.CompFor | cst.NamedExpr):
            return False
        if above is statement:
            tested = isinstance(above, cst.If) and node is above.test and not _elif(tree, above)
            return tested or isinstance(above, cst.SimpleStatementLine)
        node = above
    return False


def _elif(tree: Tree, node: cst.If) -> bool:
    return isinstance(tree.parent(node), cst.If)
