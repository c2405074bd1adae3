"""What a local name can stand for: functions and modules, and what decides between them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import libcst as cst

from scriptify.transform import Edit
from scriptify.transforms._expression import INT, STR, Body
from scriptify.transforms._kept import steady
from scriptify.tree import Tree, own_nodes
from scriptify.tree.flow import bindings, loads, parameter_names
from scriptify.tree.substitute import FreshNames, free_names, source, stable

Ways = Sequence[tuple[str, str]]
"""Conditions with the texts of what is called; the last one's condition is not asked."""


@dataclass
class Choice:
    """One name: the edits that take its assignments away, and the ways a use of it can go."""

    name: str
    node: cst.CSTNode
    function: cst.FunctionDef
    tree: Tree
    names: FreshNames
    edits: list[Edit] = field(default_factory=list)
    plain: Ways = ()
    table: dict[str, str] = field(default_factory=dict)

    def head(self, use: cst.Name) -> cst.BaseExpression:
        """The part of a use that is replaced by what is called."""
        above = self.tree.parent(use)
        return above if self.table and isinstance(above, cst.Subscript) else use

    def ways(self, use: cst.Name) -> tuple[Ways, list[str]]:
        """The ways a use can go, and the lines that have to run before."""
        if not self.table:
            return self.plain, []
        key = _key(self.tree, use)
        assert key is not None
        text = self.tree.code(key)
        if text in self.table:
            return [("", self.table[text])], []
        ways = [(f"{text} == {known}", ref) for known, ref in self.table.items()]
        lines = [f"if {text} not in [{', '.join(self.table)}]:", f"    raise KeyError({text})"]
        return ways, lines


def choice_of(body: Body, name: str) -> Choice | None:
    """What a local name stands for, where that is functions or modules only and more than one; else None."""
    tree, function = body.tree, body.function
    if name in parameter_names(function):
        return None
    stores = [by for bound, by in bindings(function.body) if bound.value == name]
    if not stores or any(isinstance(node, cst.Global | cst.Nonlocal) for node in own_nodes(function.body)):
        return None
    names = FreshNames(tree, function)
    table = _table(body, name, stores)
    if table is not None:
        return Choice(name, stores[0], function, tree, names, [_removed(tree, stores[0])], table=table)
    whole = _by_condition(body, name, stores)
    if whole is not None:
        ways, edit = whole
        return Choice(name, stores[0], function, tree, names, [edit], plain=ways)
    return _by_number(body, name, stores, names)


def _value(tree: Tree, by: cst.CSTNode) -> cst.BaseExpression | None:
    """What an assignment to one plain name assigns."""
    above = tree.parent(by)
    plain = isinstance(by, cst.AssignTarget) and isinstance(by.target, cst.Name) and isinstance(above, cst.Assign)
    return above.value if plain and isinstance(above, cst.Assign) and len(above.targets) == 1 else None


def _line(tree: Tree, by: cst.CSTNode) -> cst.SimpleStatementLine | None:
    line = tree.statement(by)
    return line if isinstance(line, cst.SimpleStatementLine) and tree.own_line(line) else None


def _removed(tree: Tree, by: cst.CSTNode) -> Edit:
    line = _line(tree, by)
    assert line is not None
    return _comments_of(tree, line)


def _comments_of(tree: Tree, statement: cst.CSTNode) -> Edit:
    """Takes a statement out; the comments inside stay."""
    start = tree.span(statement)[0]
    notes = [comment.value for comment in tree.find(cst.Comment, statement) if tree.span(comment)[0] >= start]
    return tree.replace_statement(statement, notes) if notes else tree.remove(statement)


def _reference(body: Body, node: cst.BaseExpression) -> str:
    """The text of something callable that is the same whenever it is read: ``F.relu``, ``self.conv``; ``""`` for anything else."""
    if not isinstance(node, cst.Name | cst.Attribute) or not stable(node):
        return ""
    text = body.tree.code(node)
    dotted = body.dotted(node)
    if dotted.startswith("torch.") or dotted in ("builtins.abs", "builtins.len", "builtins.sum", "builtins.max", "builtins.min"):
        return text
    if isinstance(node, cst.Name):
        defined = [s for s in body.tree.module.body if isinstance(s, cst.FunctionDef) and s.name.value == node.value]
        return text if defined and node.value not in body.hidden else ""
    if text.startswith("self.") and not any(
        isinstance(n, cst.AssignTarget | cst.AugAssign)
        and body.tree.code(n.target).startswith("self.")
        and text.startswith(body.tree.code(n.target))
        for n in own_nodes(body.function.body)
    ):
        return text if isinstance(node, cst.Attribute) and _held(body, node) else ""
    return ""


def _table(body: Body, name: str, stores: list[cst.CSTNode]) -> dict[str, str] | None:
    """The functions of a local dict by the texts of their keys."""
    value = _value(body.tree, stores[0]) if len(stores) == 1 else None
    if not isinstance(value, cst.Dict) or not value.elements or _line(body.tree, stores[0]) is None:
        return None
    found: dict[str, str] = {}
    for element in value.elements:
        if not isinstance(element, cst.DictElement) or not isinstance(element.key, cst.SimpleString | cst.Integer):
            return None
        found[body.tree.code(element.key)] = _reference(body, element.value)
    values = [
        e.key.evaluated_value
        for e in value.elements
        if isinstance(e, cst.DictElement) and isinstance(e.key, cst.SimpleString | cst.Integer)
    ]
    if len(set(values)) < len(values) or not _always(body, name, stores[0]):
        return None
    keys = [_key(body.tree, use) for use in loads(body.function.body, name)]
    # A tensor equals a number, but finds no key.
    plain = all(key is not None and stable(key) and body.certain.type_of(key) in (STR, INT) for key in keys)
    return found if all(found.values()) and plain else None


def _key(tree: Tree, use: cst.Name) -> cst.BaseExpression | None:
    above = tree.parent(use)
    if not isinstance(above, cst.Subscript) or above.value is not use or len(above.slice) != 1:
        return None
    call = tree.parent(above)
    index = above.slice[0].slice
    return index.value if isinstance(index, cst.Index) and isinstance(call, cst.Call) and call.func is above else None


def _by_condition(body: Body, name: str, stores: list[cst.CSTNode]) -> tuple[Ways, Edit] | None:
    """The ways of a name that one conditional expression, or one if statement with nothing else in it, decides."""
    tree = body.tree
    if len(stores) == 1:
        value = _value(tree, stores[0])
        line = _line(tree, stores[0])
        alone = line is not None and _always(body, name, line)
        ways = _ways(body, value) if isinstance(value, cst.IfExp) and alone else None
        return (ways, _removed(tree, stores[0])) if ways is not None and _lasting(body, stores[0], ways) else None
    top = tree.enclosing(stores[0], cst.If)
    if top is None or not tree.own_line(top) or not _always(body, name, top):
        return None
    ways = _chain(body, name, top)
    if ways is None or len(ways) != len(stores) or not _lasting(body, top, ways):
        return None
    return ways, _comments_of(tree, top)


def _always(body: Body, name: str, by: cst.CSTNode) -> bool:
    """Whether a statement has run wherever a name is read: it stands before, in a block around, and not in another function."""
    tree, line = body.tree, body.tree.statement(by)
    block = tree.parent(line) if line is not None else None
    if line is None or block is None:
        return False
    end = tree.span(line)[1]
    return all(tree.contains(block, use) and tree.span(use)[0] > end for use in loads(body.function.body, name))


def _ways(body: Body, value: cst.BaseExpression) -> Ways | None:
    if isinstance(value, cst.IfExp):
        first, rest = _reference(body, value.body), _ways(body, value.orelse)
        return [(source(body.tree, value.test), first), *rest] if first and rest is not None else None
    text = _reference(body, value)
    return [("", text)] if text else None


def _chain(body: Body, name: str, top: cst.If) -> Ways | None:
    """``if a: name = f elif b: name = g else: name = h`` as ways."""
    tree = body.tree
    ways: list[tuple[str, str]] = []
    node: cst.If | cst.Else | None = top
    while node is not None:
        lines = node.body.body if isinstance(node.body, cst.IndentedBlock) else ()
        line = lines[0] if len(lines) == 1 else None
        small = line.body[0] if isinstance(line, cst.SimpleStatementLine) and len(line.body) == 1 else None
        if not isinstance(small, cst.Assign) or len(small.targets) != 1 or tree.code(small.targets[0].target) != name:
            return None
        text = _reference(body, small.value)
        if not text:
            return None
        if isinstance(node, cst.Else):
            return [*ways, ("", text)]
        ways.append((source(tree, node.test), text))
        node = node.orelse
    return None


def _lasting(body: Body, by: cst.CSTNode, ways: Ways) -> bool:
    """Whether the conditions hold as long as the function runs: made of names and attributes that nothing in it assigns again."""
    line = body.tree.statement(by)
    looped = line is None or any(isinstance(above, cst.For | cst.While) for above in body.tree.ancestors(line))
    for test, _ in ways[:-1]:
        node = cst.parse_expression(test)
        if any(isinstance(n, cst.Subscript) for n in _below(node)) or not _unchanged(body, node):
            return False
        if any(isinstance(n, cst.Call) and body.tree.module.code_for_node(n.func) not in _STATIC for n in _below(node)):
            return False
        for name in free_names(node):
            bound = [b for b, _ in bindings(body.function.body) if b.value == name]
            given = name in parameter_names(body.function)
            if len(bound) + given > 1 or (looped and bound):
                return False
        attributes = {body.tree.module.code_for_node(n) for n in _below(node) if isinstance(n, cst.Attribute)}
        for n in own_nodes(body.function.body):
            if isinstance(n, cst.AssignTarget | cst.AugAssign) and body.tree.code(n.target) in attributes:
                return False
    return True


def _unchanged(body: Body, test: cst.CSTNode) -> bool:
    """Whether nothing that the function does changes what a condition asks: a Tensor in place, an attribute in a method."""
    calls = [call.func for call in body.tree.find(cst.Call, body.function.body) if isinstance(call.func, cst.Attribute)]
    changed = {body.tree.code(func.value) for func in calls if func.attr.value.endswith("_")}
    if any(isinstance(n, cst.Name | cst.Attribute) and body.tree.module.code_for_node(n) in changed for n in _below(test)):
        return False
    return all(_held(body, n) for n in _below(test) if isinstance(n, cst.Attribute))


def _held(body: Body, node: cst.Attribute) -> bool:
    """Whether an attribute stays what it is while the function runs: no method of the module's own is called, or none sets it."""
    owner = body.facts.owner(body.tree.path, body.qualname)
    own = set(owner.methods) if owner is not None else set()
    calls = (call.func for call in body.tree.find(cst.Call, body.function.body))
    called = any(isinstance(func, cst.Attribute) and func.attr.value in own and body.tree.code(func.value) == "self" for func in calls)
    return not called or steady(body.tree, node, body.function.body)


_STATIC = ("isinstance", "hasattr", "torch.jit.is_scripting")


def _below(node: cst.CSTNode) -> list[cst.CSTNode]:
    found, stack = [], [node]
    while stack:
        current = stack.pop()
        found.append(current)
        stack.extend(current.children)
    return found


def _by_number(body: Body, name: str, stores: list[cst.CSTNode], names: FreshNames) -> Choice | None:
    """The name as a number that says which it stands for."""
    tree = body.tree
    refs: list[str] = []
    edits: list[Edit] = []
    number = names.fresh(f"{name}_choice")

    def index(ref: str) -> int:
        if ref not in refs:
            refs.append(ref)
        return refs.index(ref)

    for by in stores:
        if isinstance(by, cst.For):
            edit = _loop(body, by, name, number, index)
        else:
            edit = _assigned(body, by, name, number, index)
        if edit is None:
            return None
        edits.append(edit)
    if len(refs) < 2:
        return None
    ways = [(f"{number} == {place}", ref) for place, ref in enumerate(refs)]
    return Choice(name, stores[0], body.function, tree, names, edits, plain=ways)


def _assigned(body: Body, by: cst.CSTNode, name: str, number: str, index: Callable[[str], int]) -> Edit | None:
    tree = body.tree
    value = _value(tree, by)
    ways = _ways(body, value) if value is not None else None
    small = tree.parent(by)
    if ways is None or small is None:
        return None
    chain = "".join(f"{index(ref)} if {test} else " for test, ref in ways[:-1]) + str(index(ways[-1][1]))
    chain = f"({chain})" if "\n" in chain else chain
    return tree.replace(small, f"{number} = {chain}")


def _loop(body: Body, loop: cst.For, name: str, number: str, index: Callable[[str], int]) -> Edit | None:
    tree = body.tree
    if loop.orelse is not None or not isinstance(loop.target, cst.Name) or not isinstance(loop.iter, cst.List | cst.Tuple):
        return None
    refs = [_reference(body, element.value) for element in loop.iter.elements]
    if not all(refs) or len(set(refs)) != len(refs) or [index(ref) for ref in refs] != list(range(len(refs))):
        return None
    start, end = tree.span(loop.target)[0], tree.outer_span(loop.iter)[1]
    return Edit(tree.path, start, end, f"{number} in range({len(refs)})")
