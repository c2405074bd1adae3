"""``for i in range(1, 5): x = getattr(self, f"layer{i}")(x)`` -> a loop over a tuple of the modules themselves."""

from __future__ import annotations

import re
from collections.abc import Sequence

import libcst as cst

from scriptify.facts.model import HOOKING, Attribute
from scriptify.transform import Decline, Edit, Rewrite, Safety, Transform
from scriptify.transforms._bounds import lives
from scriptify.transforms._changes import Changes
from scriptify.transforms._containers import Method, builtin_call
from scriptify.transforms._flow_questions import always_evaluated, caught, jumps, names_in
from scriptify.transforms._item_names import FreshNames
from scriptify.transforms._kept import used_within
from scriptify.transforms._module_values import calls_of, outermost
from scriptify.transforms._name_values import Access, Names, Turns
from scriptify.transforms._patch import Patch
from scriptify.transforms._reads import Depth, Read
from scriptify.transforms._split import split
from scriptify.tree import loads, own_nodes, stores_in
from scriptify.tree.substitute import fitted

_STOPPING = frozenset({"builtins.any", "builtins.all"})
WHY = "the compiler takes attribute names and keys as string literals only; a loop over a tuple is unrolled"


class NameLoops:
    """Rewrites the loops of one method whose variable makes up names."""

    def __init__(self, by: Transform, method: Method, names: FreshNames) -> None:
        self.by, self.method, self.names = by, method, names
        self.tree = method.tree

    def rewrite(self, loop: cst.For | cst.CompFor, place: cst.CSTNode, accesses: Sequence[Access]) -> Rewrite | Decline:
        """The rewrite of a loop (or comprehension) with the accesses in it that depend on its variables."""
        reader = Names(self.method)
        turns = reader.turns(loop)
        if turns is None:
            text = self.tree.code(loop.iter)
            return self.tree.decline(
                self.by, loop, f"the names come from {text}, whose values are not known; give an entry: its run shows them"
            )
        if isinstance(loop, cst.For) and (loop.orelse is not None or any(jumps(loop))):
            return self.tree.decline(self.by, loop, "a loop over modules is unrolled and can have no break, continue or else")
        body = loop.body if isinstance(loop, cst.For) else place
        if isinstance(loop, cst.For) and any(stores_in(body, name) for name in turns.variables):
            return self.tree.decline(self.by, loop, "the loop's variable is assigned in its body")
        groups: dict[str, list[Access]] = {}
        columns: dict[str, list[str]] = {}
        methods = set(self.method.owner.methods) if self.method.owner else set()
        for access in accesses:
            key = "".join(self.tree.code(access.node).split())
            known = next((other for other, members in groups.items() if members and other == key), None)
            groups.setdefault(key, []).append(access)
            if known is not None:
                continue
            spelt = [access.spelt(reader.value(access.name, dict(zip(turns.variables, row, strict=True)))) for row in turns.rows]
            texts = [text for text in spelt if text is not None]
            if len(texts) != len(spelt):
                return self.tree.decline(self.by, loop, f"the names {self.tree.code(access.name)} stands for are not known")
            if any(text.rpartition(".")[2] in methods for text in texts):
                return self.tree.decline(self.by, loop, "the names are of methods, which no tuple can hold when scripting")
            if self._set_there(access, texts, self._while(place, body)):
                reason = f"the loop sets what {self.tree.code(access.node)} reads, and a tuple of all would be read before it"
                return self.tree.decline(self.by, loop, reason)
            if not self._there(loop, place, body, access, texts):
                reason = f"not every turn is sure to read {self.tree.code(access.node)}, and one of the names may be missing"
                return self.tree.decline(self.by, loop, reason)
            twin = next((other for other, column in columns.items() if column == texts), key)
            if twin != key:
                groups[twin] += groups.pop(key)
            columns[twin] = texts
        return self._made(loop, place, body, turns, groups, columns, reader)

    def _set_there(self, access: Access, texts: list[str], body: cst.CSTNode) -> bool:
        """Whether the body may set one of the attributes, or keys, or the object that has them, in one turn for another."""
        changes, base = Changes(self.method), access.base.split(".")
        if stores_in(body, base[0]):
            return True
        if access.item:
            return isinstance(access.node, cst.Subscript) and changes.list_itself(access.node.value, [body])
        names = [text.rpartition(".")[2] for text in texts]
        return any(changes.changed(Read(base[0], (*base[1:], name), Depth.VALUE), [body]) for name in names)

    def _while(self, place: cst.CSTNode, body: cst.CSTNode) -> cst.CSTNode:
        """What runs while the names are read: of a generator expression that may be all that goes through it."""
        return used_within(self.tree, place, self.method.node) if isinstance(place, cst.GeneratorExp) else body

    def _each_turn(self, loop: cst.For | cst.CompFor, place: cst.CSTNode, body: cst.CSTNode, access: Access) -> bool:
        """Whether each turn certainly reads its name, and no turn is left out."""
        if isinstance(loop, cst.For):
            statement = self.tree.statement(access.node)
            straight = statement is not None and self.tree.parent(statement) is body
            leaves = any(isinstance(node, cst.Return) for node in own_nodes(body))
            return straight and not leaves and statement is not None and always_evaluated(self.tree, statement, access.node)
        whole = self._while(place, body)
        if whole is not place and not (isinstance(whole, cst.Call) and self.tree.dotted(whole.func) not in _STOPPING):
            return False
        parts = [part for part in (getattr(place, name, None) for name in ("elt", "key", "value")) if part is not None]
        part = next((part for part in parts if self.tree.contains(part, access.node)), None)
        if part is None or loop.ifs or loop.inner_for_in is not None:
            return False
        return part is access.node or always_evaluated(self.tree, part, access.node)

    def _there(self, loop: cst.For | cst.CompFor, place: cst.CSTNode, body: cst.CSTNode, access: Access, texts: list[str]) -> bool:
        """Whether each turn reads its name (so that reading all at once fails where it did), or all names are known."""
        if self._each_turn(loop, place, body, access) and not caught(self.tree, self.method.node, place):
            return True
        if access.item or access.base != self.method.self_name:
            return False
        names = [text.rpartition(".")[2] for text in texts]
        found = [self.method.facts.attribute(self.tree.path, self.method.class_name, name) for name in names]
        return all(isinstance(a, Attribute) and not a.missing for a in found)

    def _made(
        self,
        loop: cst.For | cst.CompFor,
        place: cst.CSTNode,
        body: cst.CSTNode,
        turns: Turns,
        groups: dict[str, list[Access]],
        columns: dict[str, list[str]],
        reader: Names,
    ) -> Rewrite | Decline:
        patch, items = Patch(self.tree), list[str]()
        called: list[tuple[cst.Call, str]] = []
        for accesses in groups.values():
            alias = next((a for access in accesses if (a := self._alias(loop, access))), None)
            item = alias[0] if alias else self.names.take(*(_wishes(self.tree.code(accesses[0].name)) or ["module"]))
            items.append(item)
            for access in accesses:
                parent = self.tree.parent(access.node)
                if alias and access.node is alias[2].value:
                    patch.remove(alias[1])
                    called += [(call, item) for call in calls_of(loop.body if isinstance(loop, cst.For) else body, item)]
                elif isinstance(parent, cst.Call) and parent.func is access.node:
                    called.append((parent, item))
                else:
                    patch.replace_outer(access.node, item)
        apart = bool(reader.checks)
        self._calls(patch, called, groups, items, apart)
        used = self._used(turns, loop, body, groups)
        target, walked = self._header(turns, used, items, list(columns.values()))
        patch.replace_outer(loop.target, target)
        patch.replace_outer(loop.iter, walked)
        imports = self.tree.imports.spell("torch.jit.is_scripting")[1] if called else ()
        title = f"walk over {', '.join(c[0] for c in columns.values())} and the others by name"
        edits = self._display(place, groups, columns) or patch.edits()
        if apart:
            collected = self._buffers(place, groups)
            if collected is not None:
                return self._split(place, [collected[0]], reader, f"collect {collected[1]}", [collected[2]])
            return self._split(place, edits, reader, title, [*reader.checks.values()], bool(called))
        safety = Safety.OBSERVED if called and HOOKING in self.method.facts.mentions else None
        return self.tree.rewrite(self.by, place, title, edits, imports=imports, needs=reader.needs, why=WHY, safety=safety)

    def _display(self, place: cst.CSTNode, groups: dict[str, list[Access]], columns: dict[str, list[str]]) -> list[Edit]:
        """A list of the attributes themselves, for a comprehension of nothing else that are no modules."""
        accesses = [access for members in groups.values() for access in members]
        if not isinstance(place, cst.ListComp) or place.for_in.ifs or place.for_in.inner_for_in or len(accesses) != 1:
            return []
        if accesses[0].node is not place.elt or accesses[0].base == self.method.self_name or accesses[0].item:
            return []
        (column,) = columns.values()
        return [self.tree.replace(place, f"[{', '.join(column)}]")]

    def _buffers(self, place: cst.CSTNode, groups: dict[str, list[Access]]) -> tuple[Edit, str, str] | None:
        """All buffers of a submodule for a comprehension that names each, and the check that their names are those.

        The check is made by the scripted module itself, so it holds for instances of any size.
        """
        accesses = [access for members in groups.values() for access in members]
        if not isinstance(place, cst.ListComp) or place.for_in.ifs or place.for_in.inner_for_in or len(accesses) != 1:
            return None
        access, target, walked = accesses[0], place.for_in.target, place.for_in.iter
        called = builtin_call(self.tree, walked)
        if access.node is not place.elt or access.item or access.base == self.method.self_name or not isinstance(target, cst.Name):
            return None
        if not called or called[0] != "range":
            return None
        item, label = self.names.take("buffer", "buf"), self.names.take("name", "key")
        every = f"{access.base}.named_buffers()"
        names = f"[{self.tree.code(access.name)} for {target.value} in {self.tree.code(walked)}]"
        edit = self.tree.replace(place, f"[{item} for _, {item} in {every}]")
        return edit, f"the buffers of {access.base}", f"[{label} for {label}, _ in {every}] == {names}"

    def _split(
        self, place: cst.CSTNode, edits: Sequence[Edit], reader: Names, title: str, checks: Sequence[str], calls: bool = False
    ) -> Rewrite | Decline:
        """The rewrite for scripting only: instances that the run has not built keep the loop they had.

        ``calls``: it calls ``forward``, which leaves out hooks that the modules may have.
        """
        done = split(self.tree, place, edits, checks)
        if done is None:
            return self.tree.decline(self.by, place, "the names are those a run has shown, and no statement fits beside it")
        safety = Safety.OBSERVED if lives(tuple(reader.needs)) or (calls and HOOKING in self.method.facts.mentions) else None
        return self.tree.rewrite(self.by, place, title, done[0], imports=done[1], needs=reader.needs, why=WHY, safety=safety)

    def _alias(self, loop: cst.CSTNode, access: Access) -> tuple[str, cst.SimpleStatementLine, cst.Assign] | None:
        """``layer = getattr(...)`` as a statement of the loop's own block, ``layer`` bound nowhere else."""
        assign = self.tree.parent(access.node)
        line = self.tree.parent(assign) if isinstance(assign, cst.Assign) and len(assign.targets) == 1 else None
        if not isinstance(line, cst.SimpleStatementLine) or not isinstance(assign, cst.Assign) or not self.tree.own_line(line):
            return None
        target, block = assign.targets[0].target, self.tree.parent(line)
        if not isinstance(loop, cst.For) or block is not loop.body or not isinstance(block, cst.IndentedBlock) or len(block.body) < 2:
            return None
        if not isinstance(target, cst.Name) or len(self.method.bound(target.value)) != 1:
            return None
        reads = loads(self.method.node.body, target.value)
        # A read before the assignment sees what the turn before has left.
        end = self.tree.span(assign)[1]
        after = all(self.tree.contains(block, read) and self.tree.span(read)[0] >= end for read in reads)
        return (target.value, line, assign) if after else None

    def _calls(
        self, patch: Patch, called: list[tuple[cst.Call, str]], groups: dict[str, list[Access]], items: list[str], apart: bool
    ) -> None:
        """Put the twin of each call: forward when scripting, the call itself in eager (which has its own copy where ``apart``)."""
        spots = {id(a.node): item for item, accesses in zip(items, groups.values(), strict=True) for a in accesses}
        named = {id(call): item for call, item in called}
        spelt, _ = self.tree.imports.spell("torch.jit.is_scripting")
        for call in outermost(self.method, [call for call, _ in called]):
            start, _ = self.tree.span(call)
            text = self.tree.code(call)
            plain: list[tuple[int, int, str]] = []
            scripted: list[tuple[int, int, str]] = []
            for node in (call, *own_nodes(call)):
                inner = isinstance(node, cst.Call) and id(node) in named
                if isinstance(node, cst.Call) and inner:
                    at = self.tree.outer_span(node.func)
                    plain.append((at[0] - start, at[1] - start, named[id(node)]))
                    scripted.append((at[0] - start, at[1] - start, f"{named[id(node)]}.forward"))
                elif id(node) in spots and isinstance(node, cst.BaseExpression):
                    above = self.tree.parent(node)
                    if not (isinstance(above, cst.Call) and above.func is node):
                        at = self.tree.outer_span(node)
                        plain.append((at[0] - start, at[1] - start, spots[id(node)]))
                        scripted.append(plain[-1])
            whole = _spliced(text, scripted)
            if not apart:
                whole += f" if {spelt}() else {_spliced(text, plain)}"
            whole = whole if apart else fitted(self.tree, call, whole)
            patch.replace(call, whole)
            patch.drop_inside(call, whole)

    def _used(self, turns: Turns, loop: cst.For | cst.CompFor, body: cst.CSTNode, groups: dict[str, list[Access]]) -> list[str]:
        """The loop's variables that are read outside of the names they make up."""
        gone = [access.node for accesses in groups.values() for access in accesses]
        where = body if isinstance(loop, cst.CompFor) else self.method.node.body
        used = []
        for variable in turns.variables:
            reads = loads(where, variable)
            if any(not any(self.tree.contains(node, read) for node in gone) for read in reads):
                used.append(variable)
        return used

    def _header(self, turns: Turns, used: list[str], items: list[str], columns: list[list[str]]) -> tuple[str, str]:
        rows = [column[0] if len(columns) == 1 else f"({', '.join(column)})" for column in zip(*columns, strict=True)]
        item = items[0] if len(items) == 1 else ", ".join(items)
        nested = item if len(items) == 1 else f"({item})"
        whole = f"({', '.join(rows)}{',' if len(rows) == 1 else ''})"
        if not used:
            return item, whole
        values = [row[turns.variables.index(used[0])] for row in turns.rows]
        first = values[0]
        numbers = all(type(value) is int for value in values)  # False and True are no counts
        if len(used) == 1 and numbers and isinstance(first, int) and values == list(range(first, first + len(values))):
            return f"{used[0]}, {nested}", f"enumerate({whole})" if first == 0 else f"enumerate({whole}, {first})"
        picked = [[row[turns.variables.index(name)] for name in used] for row in turns.rows]
        together = [f"({', '.join([*map(repr, left), *column])})" for left, column in zip(picked, zip(*columns, strict=True), strict=True)]
        return ", ".join([*used, *items]), f"({', '.join(together)}{',' if len(together) == 1 else ''})"


def _spliced(text: str, changes: list[tuple[int, int, str]]) -> str:
    for start, end, new in sorted(changes, reverse=True):
        text = text[:start] + new + text[end:]
    return text


def _wishes(name: str) -> list[str]:
    """Names for the item from the words of the name's own text: ``f"layer{i}"`` -> ``layer``."""
    literal = re.search(r"[\"']([A-Za-z]\w*?)_*(?:\d*\{|%|\d*_*[\"'])", name)
    if literal:
        return [literal.group(1).lower()]
    plain = re.fullmatch(r"(\w+?)_?name", name)
    return [plain.group(1)] if plain else []


def depends(access: Access, variables: set[str]) -> bool:
    """Whether a computed name is made up from one of the variables."""
    return bool(names_in(access.name) & variables)
