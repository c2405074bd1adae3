"""SF808: modules of torch made inside forward."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import libcst as cst

from scriptify.facts.model import Facts
from scriptify.transform import Edit, Focus, Import, Phase, Proposal, Transform
from scriptify.transforms._changes import Changes
from scriptify.transforms._containers import Method
from scriptify.transforms._functional import ROWS, STATEFUL, Row, module_name
from scriptify.transforms._functional_examples import EXAMPLES
from scriptify.tree import Tree, bindings, loads, stores_in
from scriptify.tree.hoist import eager_only, reached_functions
from scriptify.tree.substitute import calm, free_names, source


class CannotCall(Exception):
    """The module has to stay, and why (one clause)."""


@dataclass(frozen=True, slots=True)
class Made:
    """A module made on the spot: the constructor's call, its row, and what the function gets of it by keyword (or place)."""

    node: cst.Call
    name: str
    row: Row
    given: tuple[tuple[str, str], ...]

    def call(self, tree: Tree, function: str, inputs: list[str]) -> str:
        """The text of the function's call."""
        given = [text if not keyword else f"{keyword}={text}" for keyword, text in self.given]
        named = {keyword for keyword, _ in self.given}
        more = [f"{keyword}={text}" for keyword, text in self.row.always if keyword not in named]
        return f"{function}({', '.join([*inputs, *given, *more])})"


class FunctionalModule(Transform):
    """``nn.Upsample(scale_factor=s, mode="bilinear")(x)`` -> ``F.interpolate(x, scale_factor=s, mode="bilinear")``.

    Compiled code can't make a module. One that holds neither parameters nor buffers only passes its arguments on, so
    the function its own ``forward`` calls gives the same; also where the module has a name first and is then only
    called. A module made on the spot is in training mode, whatever the mode of the one around it: so is the function.
    """

    code = "SF808"
    name = "functional-module"
    phase = Phase.SYNTAX
    explains = ("Cannot instantiate class",)
    hints = ("nn.", *ROWS)
    source = "https://docs.pytorch.org/docs/stable/nn.functional.html"
    examples = EXAMPLES

    def propose(self, tree: Tree, facts: Facts, focus: Focus | None = None) -> Iterator[Proposal]:
        """Yield a rewrite for each module made in compiled code, or the reason why it stays."""
        if focus is not None and not self.answers(focus.message):
            return
        for qualname, function in reached_functions(tree, facts):
            for call in tree.find(cst.Call, function.body):
                name = module_name(tree.dotted(call.func))
                if name not in ROWS and name not in STATEFUL:
                    continue
                if eager_only(tree, call) or not tree.focused(tree.statement(call) or call, focus) or _shadowed(tree, call, function):
                    continue
                if name in STATEFUL:
                    because = f"nn.{name} made in forward has parameters or state that are new at each call; make it in __init__"
                    yield tree.decline(self, call, because)
                    continue
                try:
                    yield self._rewritten(tree, call, name, Method(tree, facts, qualname, function))
                except CannotCall as error:
                    yield tree.decline(self, call, f"nn.{name} can't be made in scripted code, and {error}")

    def _rewritten(self, tree: Tree, call: cst.Call, name: str, method: Method) -> Proposal:
        made, function = _made(tree, call, name), method.node
        spelt, imports = tree.imports.spell(made.row.function)
        if spelt.partition(".")[0] in {bound.value for bound, _ in bindings(function.body)}:
            raise CannotCall(f"the name {spelt.partition('.')[0]} means something else here")
        above = tree.parent(call)
        if isinstance(above, cst.Call) and above.func is call:
            edits = [tree.replace(above, made.call(tree, spelt, _inputs(tree, above, made.row)))]
        else:
            edits = _named(tree, made, spelt, method)
        return self._answer(tree, call, spelt, edits, imports)

    def _answer(self, tree: Tree, call: cst.Call, spelt: str, edits: list[Edit], imports: tuple[Import, ...]) -> Proposal:
        why = "compiled code can't make a module; this one only calls the function"
        return tree.rewrite(self, call, f"call {spelt} itself", edits, imports=imports, why=why)


def _made(tree: Tree, call: cst.Call, name: str) -> Made:
    row = ROWS[name]
    given: list[tuple[str, str]] = []
    for position, arg in enumerate(call.args):
        if arg.star:
            raise CannotCall("its arguments are starred")
        keyword = arg.keyword.value if arg.keyword is not None else row.takes[position] if position < len(row.takes) else ""
        if keyword not in row.takes or not keyword:
            raise CannotCall(
                f"its argument {arg.keyword.value if arg.keyword is not None else position + 1} has no counterpart in the function"
            )
        if not calm(tree, arg.value):
            raise CannotCall("its arguments do more than read")
        if isinstance(arg.value, cst.Name) and arg.value.value == "None":
            continue  # the default of every parameter that takes it
        placed = arg.keyword is None and position < row.places and len(given) == position
        given.append(("" if placed else keyword, source(tree, arg.value)))
    return Made(call, name, row, tuple(given))


def _inputs(tree: Tree, call: cst.Call, row: Row) -> list[str]:
    if len(call.args) != row.inputs or any(arg.star or arg.keyword for arg in call.args):
        raise CannotCall("it is called in another way than the function")
    return [source(tree, arg.value) for arg in call.args]


def _named(tree: Tree, made: Made, spelt: str, method: Method) -> list[Edit]:
    """The edits where the module has a name first: its calls become the function's, and the name goes."""
    assign, function = tree.parent(made.node), method.node
    target = assign.targets[0].target if isinstance(assign, cst.Assign) and len(assign.targets) == 1 else None
    line = tree.parent(assign) if assign is not None else None
    if not isinstance(target, cst.Name) or not isinstance(line, cst.SimpleStatementLine) or not tree.own_line(line):
        raise CannotCall("it is neither called at once nor given a name of its own first")
    name, block = target.value, tree.parent(line)
    if block is None or len(stores_in(function, name)) != 1 or _outer(tree, function, name):
        raise CannotCall(f"{name} is also something else")
    edits, end = [tree.remove(line)], tree.span(line)[1]
    uses = loads(function, name)
    for use in uses:
        above = tree.parent(use)
        if not isinstance(above, cst.Call) or above.func is not use:
            raise CannotCall(f"{name} is used for more than calls")
        if tree.span(use)[0] < end or not tree.contains(block, use) or _nested(tree, use, function):
            raise CannotCall(f"{name} is called where it may not be made yet")
        edits.append(tree.replace(above, made.call(tree, spelt, _inputs(tree, above, made.row))))
    spans = sorted((edit.start, edit.end) for edit in edits)
    if any(first[1] > second[0] for first, second in pairwise(spans)):
        raise CannotCall("its result is given to itself")
    wanted = free_names(made.node) if made.given else set()
    for bound, _ in bindings(function.body):
        if bound.value in wanted and tree.span(bound)[0] > end:
            raise CannotCall(f"{bound.value}, which it is made with, is bound again")
    between = [s for s in block.children if tree.span(s)[0] >= end and any(tree.span(s)[0] <= tree.span(use)[0] for use in uses)]
    read = [arg.value for arg in made.node.args if isinstance(arg.value, cst.Attribute | cst.Subscript | cst.Call)]
    if any(_may_change(tree, value, function, end) or Changes(method).may(value, between) for value in read):
        raise CannotCall("what it is made with may change before it is called")
    return edits


def _may_change(tree: Tree, value: cst.BaseExpression, function: cst.FunctionDef, after: int) -> bool:
    """Whether an attribute that the arguments read is assigned below."""
    read = {node.attr.value for node in tree.find(cst.Attribute, value)}
    stored = (t.target for t in tree.find(cst.AssignTarget, function.body) if tree.span(t)[0] > after)
    return any(isinstance(target, cst.Attribute | cst.Subscript) and _last(target) in read for target in stored)


def _last(target: cst.CSTNode) -> str:
    while isinstance(target, cst.Subscript):
        target = target.value
    return target.attr.value if isinstance(target, cst.Attribute) else ""


def _outer(tree: Tree, function: cst.FunctionDef, name: str) -> bool:
    """Whether a name is global or nonlocal in the function."""
    statements: list[cst.Global | cst.Nonlocal] = [*tree.find(cst.Global, function), *tree.find(cst.Nonlocal, function)]
    return any(item.name.value == name for statement in statements for item in statement.names)


def _nested(tree: Tree, node: cst.CSTNode, function: cst.FunctionDef) -> bool:
    nearest = next((above for above in tree.ancestors(node) if isinstance(above, cst.FunctionDef | cst.Lambda)), None)
    return nearest is not function


def _shadowed(tree: Tree, call: cst.Call, function: cst.FunctionDef) -> bool:
    """Whether the class's first name is a local of the function."""
    node: cst.CSTNode = call.func
    while isinstance(node, cst.Attribute):
        node = node.value
    names = {bound.value for bound, _ in bindings(function)} | {param.name.value for param in function.params.params}
    return isinstance(node, cst.Name) and node.value in names
