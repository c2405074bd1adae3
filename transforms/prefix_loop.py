"""SF504: loops that take a prefix off a checkpoint's keys by hand."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

import libcst as cst

from scriptify.facts.model import Facts
from scriptify.transform import Edit, Focus, Phase, Proposal, Safety, Transform
from scriptify.transforms._prefix_loop_examples import EXAMPLES
from scriptify.tree import Tree

CONSUME = "torch.nn.modules.utils.consume_prefix_in_state_dict_if_present"
WHY = "torch's own function does the same in one line, and keeps the versions of the modules (_metadata) that a new dict loses"
_EMPTY = ("builtins.dict", "collections.OrderedDict")


class PrefixLoop(Transform):
    """A loop that copies a checkpoint under keys without a prefix -> ``consume_prefix_in_state_dict_if_present(state, "module.")``.

    torch's function takes one whole leading prefix off the keys of a state dict in place, and off the names in its
    ``_metadata``; a new dict has none, so modules load as if they were saved before there were versions. Rewritten
    are loops and comprehensions that do just that (SF502 first makes those right that cut more), over what
    ``torch.load`` has just given and nothing else reads, into a dict that only ``load_state_dict`` takes. It
    needs ``--unsafe``: a module that reads its version loads as its present self and not as an old one.
    """

    code = "SF504"
    name = "prefix-loop"
    phase = Phase.DEPLOY
    safety = Safety.API
    hints = ("load_state_dict(",)
    source = "https://docs.pytorch.org/docs/stable/generated/torch.nn.modules.utils.consume_prefix_in_state_dict_if_present.html"
    examples = EXAMPLES

    def propose(self, tree: Tree, facts: Facts, focus: Focus | None = None) -> Iterator[Proposal]:
        """Yield a rewrite for each such loop, and a decline where something else sees the dicts."""
        for loop in tree.find(cst.For):
            yield from self._loop(tree, loop)
        for comprehension in tree.find(cst.DictComp):
            yield from self._comprehension(tree, comprehension)

    def _loop(self, tree: Tree, loop: cst.For) -> Iterator[Proposal]:
        names = _items(loop.target, loop.iter)
        found = _stored(tree, loop, names) if names and loop.orelse is None and loop.asynchronous is None else None
        if names is None or found is None:
            return
        new, prefix = found
        if reason := self._unfit(tree, loop, names.source, new):
            yield tree.decline(self, loop, reason)
            return
        if left := _seen_later(tree, loop, names):
            yield tree.decline(self, loop, f"{left} is used outside of the loop too")
            return
        made = _binding(tree, loop, new)
        takers = [name for name in _uses(tree, _scope(tree, loop), new) if not tree.contains(loop, name)]
        if made is None or not tree.own_line(loop):
            yield tree.decline(self, loop, f"{new} is not made empty by a statement of its own")
            return
        call, imports = tree.imports.spell(CONSUME)
        line = f'{call}({names.source}, "{prefix}")'
        edits: list[Edit] = [
            tree.remove(made),
            tree.replace_statement(loop, _commented(tree, line, made, loop)),
            *(tree.replace(name, names.source) for name in takers if not tree.contains(made, name)),
        ]
        yield tree.rewrite(self, loop, f"let torch take {prefix} off the keys", edits, imports=imports, why=WHY)

    def _comprehension(self, tree: Tree, node: cst.DictComp) -> Iterator[Proposal]:
        inner = node.for_in
        names = _items(inner.target, inner.iter)
        if names is None or inner.ifs or inner.inner_for_in is not None or inner.asynchronous is not None:
            return
        prefix = _prefix(tree, node.key, names.key)
        if not prefix or not isinstance(node.value, cst.Name) or node.value.value != names.value:
            return
        statement = tree.own_statement(node)
        target = _assigned(statement, node)
        direct = _is_loaded(tree.parent(tree.parent(node) or node), node)
        if not target and not direct:
            return
        if statement is None:
            return
        if reason := self._unfit(tree, node, names.source, target):
            yield tree.decline(self, node, reason)
            return
        call, imports = tree.imports.spell(CONSUME)
        line = f'{call}({names.source}, "{prefix}")'
        if target:
            edits = [tree.replace_statement(statement, [line])]
            if target != names.source:
                scope = _scope(tree, node)
                takers = [name for name in _uses(tree, scope, target) if not tree.contains(statement, name)]
                edits += [tree.replace(name, names.source) for name in takers]
        else:
            edits = [tree.before(statement, [line]), tree.replace_outer(node, names.source)]
        yield tree.rewrite(self, node, f"let torch take {prefix} off the keys", edits, imports=imports, why=WHY)

    def _unfit(self, tree: Tree, at: cst.CSTNode, source: str, new: str) -> str:
        """Why the dict can't be changed in place, or ``""``."""
        scope = _scope(tree, at)
        statement = tree.statement(at) or at
        inside = [name for name in _uses(tree, scope, source) if tree.contains(statement, name)]
        others = [name for name in _uses(tree, scope, source) if name not in inside]
        made = [name for name in others if _is_fresh(tree, name)]
        if source != new:
            late = [name for name in others if name not in made]
            if len(made) != 1 or late or len(inside) != 1 or tree.line(made[0]) >= tree.line(statement):
                return f"{source} is not just what torch.load gave and this loop reads: changing it in place would be seen"
        elif len(made) != 1 or tree.line(made[0]) >= tree.line(statement):
            return f"{source} is not just what torch.load gave: changing it in place would be seen"
        else:
            late = [name for name in others if name not in made]
        takers = late if source == new else [name for name in _uses(tree, scope, new) if not tree.contains(statement, name)] if new else []
        binding = _binding(tree, at, new) if isinstance(at, cst.For) else None
        for name in takers:
            if binding is not None and tree.contains(binding, name):
                continue
            if not _is_loaded(tree.parent(tree.parent(name) or name), name) or tree.line(name) < tree.line(statement):
                return f"{new or source} goes elsewhere than into load_state_dict"
        return ""


@dataclass(frozen=True, slots=True)
class _Items:
    """``for key, value in source.items()``, by name."""

    key: str
    value: str
    source: str


def _items(target: cst.BaseExpression, walked: cst.BaseExpression) -> _Items | None:
    parts = [element.value for element in target.elements] if isinstance(target, cst.Tuple) else []
    call = walked.func if isinstance(walked, cst.Call) and not walked.args else None
    if len(parts) != 2 or not isinstance(call, cst.Attribute) or call.attr.value != "items" or not isinstance(call.value, cst.Name):
        return None
    key, value = parts
    if not isinstance(key, cst.Name) or not isinstance(value, cst.Name) or key.value == value.value:
        return None
    return _Items(key.value, value.value, call.value.value)


def _stored(tree: Tree, loop: cst.For, names: _Items | None) -> tuple[str, str] | None:
    """The dict that a loop fills with the same values under keys without a prefix, and the prefix."""
    body = loop.body.body if isinstance(loop.body, cst.IndentedBlock) else []
    small = [part for line in body if isinstance(line, cst.SimpleStatementLine) for part in line.body]
    if names is None or len(small) != len(body) or len(small) not in (1, 2):
        return None
    store, key, spelt = small[-1], names.key, ""
    if len(small) == 2:
        first = small[0]
        if not isinstance(first, cst.Assign) or len(first.targets) != 1 or not isinstance(first.targets[0].target, cst.Name):
            return None
        key, spelt = first.targets[0].target.value, _prefix(tree, first.value, names.key)
    if not isinstance(store, cst.Assign) or len(store.targets) != 1 or not isinstance(store.targets[0].target, cst.Subscript):
        return None
    place, value = store.targets[0].target, store.value
    part = place.slice[0].slice if len(place.slice) == 1 else None
    if not isinstance(place.value, cst.Name) or not isinstance(part, cst.Index):
        return None
    if not isinstance(value, cst.Name) or value.value != names.value or key == names.value:
        return None
    if len(small) == 1:
        spelt = _prefix(tree, part.value, key)
    elif not isinstance(part.value, cst.Name) or part.value.value != key:
        return None
    return (place.value.value, spelt) if spelt else None


def _prefix(tree: Tree, node: cst.BaseExpression, key: str) -> str:
    """The prefix that an expression takes off the name ``key`` where it is there, and nothing else; ``""`` for any other."""
    try:
        parsed = ast.parse(f"({tree.code(node)})", mode="eval").body
    except (SyntaxError, ValueError):
        return ""
    match parsed:
        case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr="removeprefix"), args=[ast.Constant(value=str(text))], keywords=[]):
            names, length = {name}, len(text)
        case ast.IfExp(
            test=ast.Call(
                func=ast.Attribute(value=ast.Name(id=asked), attr="startswith"),
                args=[ast.Constant(value=str(text))],
                keywords=[],
            ),
            body=ast.Subscript(value=ast.Name(id=cut), slice=ast.Slice(lower=lower, upper=None, step=None)),
            orelse=ast.Name(id=kept),
        ):
            names, length = {asked, cut, kept}, _length(lower)
        case _:
            return ""
    return text if names == {key} and length == len(text) and text.endswith(".") and _plain(text) else ""


def _plain(text: str) -> bool:
    return text.replace(".", "").replace("_", "").isalnum()


def _length(node: ast.expr | None) -> int:
    match node:
        case ast.Constant(value=int(number)):
            return number
        case ast.Call(func=ast.Name(id="len"), args=[ast.Constant(value=str(text))], keywords=[]):
            return len(text)
    return -1


def _commented(tree: Tree, line: str, *gone: cst.CSTNode) -> list[str]:
    """The line that stays, with the comments of what goes: whole lines of them above it, others behind it."""
    above, behind = list[str](), list[str]()
    for node in gone:
        first, last = tree.statement_span(node)
        for number in range(tree.line_of(first), tree.line_of(last - 1) + 1):
            found = _comment(tree.text[tree.line_start(number) : tree.line_end(number)])
            if found:
                (behind if found[0] else above).append(found[1])
    return [*above, "  ".join([line, *behind])]


def _comment(line: str) -> tuple[str, str] | None:
    """The code and the comment of one line. The lines of these loops hold no text with a ``#`` but in a prefix, which has none."""
    code, mark, words = line.strip().partition("#")
    return (code, mark + words) if mark else None


def _scope(tree: Tree, node: cst.CSTNode) -> cst.CSTNode:
    return tree.enclosing(node, cst.FunctionDef) or tree.module


def _uses(tree: Tree, scope: cst.CSTNode, name: str) -> list[cst.Name]:
    """Every mention of a name in a scope, its inner functions included, but no attribute and no keyword of that name."""
    found = []
    for node in tree.find(cst.Name, scope):
        above = tree.parent(node)
        attribute = isinstance(above, cst.Attribute) and above.attr is node
        keyword = isinstance(above, cst.Arg) and above.keyword is node
        if node.value == name and not attribute and not keyword:
            found.append(node)
    return found


def _seen_later(tree: Tree, loop: cst.For, names: _Items) -> str:
    """A name that the loop binds and something outside of it mentions, or ``""``."""
    bound = {name.value for name in tree.find(cst.Name, loop) if isinstance(tree.parent(name), cst.AssignTarget)}
    scope = _scope(tree, loop)
    for name in sorted(bound | {names.key, names.value}):
        if len(_uses(tree, scope, name)) > len(_uses(tree, loop, name)):
            return name
    return ""


def _is_fresh(tree: Tree, name: cst.Name) -> bool:
    """Whether a mention binds the name to what ``torch.load`` gives, or to one literal entry of it."""
    target = tree.parent(name)
    assign = tree.parent(target) if target is not None else None
    if not isinstance(target, cst.AssignTarget) or not isinstance(assign, cst.Assign) or len(assign.targets) != 1:
        return False
    value = assign.value
    while isinstance(value, cst.Subscript) and len(value.slice) == 1:
        part = value.slice[0].slice
        if not isinstance(part, cst.Index) or not isinstance(part.value, cst.SimpleString):
            return False
        value = value.value
    # Several ways to get there, or a loop around it, would make one name several dicts.
    return isinstance(value, cst.Call) and tree.dotted(value.func) == "torch.load" and _scope(tree, name) is _above_blocks(tree, assign)


def _above_blocks(tree: Tree, node: cst.CSTNode) -> cst.CSTNode | None:
    """The function or module whose own block holds a statement; None where an ``if``, a loop or the like is between."""
    for above in tree.ancestors(node):
        if isinstance(above, cst.FunctionDef | cst.Module):
            return above
        if isinstance(above, cst.BaseCompoundStatement) and not isinstance(above, cst.With):
            return None
    return None


def _binding(tree: Tree, node: cst.CSTNode, name: str) -> cst.SimpleStatementLine | None:
    """The statement above that makes the name an empty dict, if it is the only one that binds it."""
    bound = [use for use in _uses(tree, _scope(tree, node), name) if isinstance(tree.parent(use), cst.AssignTarget)]
    line = tree.statement(bound[0]) if len(bound) == 1 else None
    if not isinstance(line, cst.SimpleStatementLine) or len(line.body) != 1 or not isinstance(line.body[0], cst.Assign):
        return None
    value = line.body[0].value
    empty = isinstance(value, cst.Dict) and not value.elements
    empty = empty or (isinstance(value, cst.Call) and not value.args and tree.dotted(value.func) in _EMPTY)
    beside = tree.parent(line) is tree.parent(node)
    return line if empty and beside and len(line.body[0].targets) == 1 and tree.line(line) < tree.line(node) else None


def _assigned(statement: cst.CSTNode | None, node: cst.CSTNode) -> str:
    """The name a statement gives to just this value."""
    if isinstance(statement, cst.SimpleStatementLine) and len(statement.body) == 1 and isinstance(statement.body[0], cst.Assign):
        assign = statement.body[0]
        if assign.value is node and len(assign.targets) == 1 and isinstance(assign.targets[0].target, cst.Name):
            return assign.targets[0].target.value
    return ""


def _is_loaded(call: cst.CSTNode | None, node: cst.CSTNode) -> bool:
    """Whether a node is the first argument of ``load_state_dict``."""
    if not isinstance(call, cst.Call) or not isinstance(call.func, cst.Attribute) or call.func.attr.value != "load_state_dict":
        return False
    return bool(call.args) and call.args[0].value is node
