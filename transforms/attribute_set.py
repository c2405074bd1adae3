"""SF802: attributes that compiled code sets."""

from __future__ import annotations

import re
from collections.abc import Iterator

import libcst as cst

from scriptify.facts.model import Facts
from scriptify.facts.types import Type, optional, parse
from scriptify.transform import Edit, Focus, Phase, Proposal, Transform
from scriptify.transforms._attribute_reads import read_elsewhere
from scriptify.transforms._attribute_set_examples import EXAMPLES
from scriptify.transforms._before import certain, lines_before, scripting, small_statement
from scriptify.transforms._constants import class_line
from scriptify.transforms._expression import Body
from scriptify.transforms._kept import is_target
from scriptify.transforms._quiet_values import quiet
from scriptify.transforms._signature import spell
from scriptify.transforms._spot import Spot, spot
from scriptify.tree import Tree, assigned_names, own_nodes
from scriptify.tree.hoist import eager_only
from scriptify.tree.substitute import variables

_NEW = re.compile(r"Tried to set nonexistent attribute: (\w+)")
_TYPED = re.compile(r"Wrong type for attribute assignment\. Expected (\S+) but got ([^:\n]+?)(?: \(inferred\))?(?::|\n|$)")


class AttributeSet(Transform):
    """``self.attention = w`` -> the same under ``if not torch.jit.is_scripting():``, where no compiled code reads it.

    The compiler takes no attribute that ``__init__`` did not give its type. One that is only left for others to
    look at is left out when scripted. One that starts as None and is read again gets its type in the class body,
    ``cache: Optional[torch.Tensor]``; where it is read, scripted code takes it for not None.
    """

    code = "SF802"
    name = "attribute-set"
    phase = Phase.CONTROL
    explains = ("Tried to set nonexistent attribute", "Wrong type for attribute assignment")
    on_demand = True
    examples = EXAMPLES
    source = "https://docs.pytorch.org/docs/stable/jit_language_reference.html#module-attributes"

    def propose(self, tree: Tree, facts: Facts, focus: Focus | None = None) -> Iterator[Proposal]:
        """Yield one rewrite for the attribute that is set at the focus."""
        place = spot(tree, facts, focus)
        if place is None or place.owner is None or focus is None or not self.answers(focus.message):
            return
        target = _target(place, focus.message)
        if target is None:
            return
        name = target.attr.value
        reads = list(_accesses(place, name, stores=False))
        elsewhere = read_elsewhere(place, name)
        if not reads and not elsewhere and not isinstance(tree.parent(target), cst.Element):
            yield from self._left_out(place, name)
            return
        match = _TYPED.search(focus.message)
        local = _through_local(place, name, reads) if match is None and not elsewhere else None
        if local is not None:
            imports = tree.imports.spell("torch.jit.is_scripting")[1]
            why = "the compiler takes no attribute that __init__ did not give its type; what is read is the value just set"
            yield tree.rewrite(
                self, target, f"keep {name} in a local, and leave self.{name} unset when scripted", local, imports=imports, why=why
            )
            return
        if match is None or match[1] != "NoneType":
            how = "is read in compiled code" if reads else elsewhere or "is set together with something else"
            yield tree.decline(self, target, f"self.{name} {how}, but __init__ does not give it a value of that type; set one there")
            return
        yield from self._typed(place, target, name, reads, match[2].strip())

    def _left_out(self, place: Spot, name: str) -> Iterator[Proposal]:
        tree = place.tree
        edits: list[Edit] = []
        for node, function in _accesses(place, name, stores=True):
            small = small_statement(tree, node)
            line = tree.parent(small) if small is not None else None
            alone = isinstance(line, cst.SimpleStatementLine) and tree.own_line(line)
            if (
                not isinstance(small, cst.Assign)
                or len(small.targets) != 1
                or small.targets[0].target is not node
                or not alone
                or line is None
            ):
                yield tree.decline(self, node, f"self.{name} is set together with something else; give it a line of its own")
                return
            if any(isinstance(part, cst.NamedExpr) for part in own_nodes(small.value)):
                yield tree.decline(self, node, f"the value of self.{name} defines a name")
                return
            if quiet(Body(tree, place.facts, tree.qualname(function), function), small.value):
                edits += _indented(tree, line, f"if not {scripting(tree)}:")
            else:  # what else it does is done in scripted code too
                fresh = _fresh(tree, name, function)
                edits += _apart(tree, node, line, fresh)
        if not edits:
            return
        imports = tree.imports.spell("torch.jit.is_scripting")[1]
        why = "the compiler takes no attribute that __init__ did not give its type; nothing that is compiled reads this one"
        title = f"leave self.{name} unset when scripted"
        yield tree.rewrite(self, place.statement() or place.function, title, edits, imports=imports, why=why)

    def _typed(
        self, place: Spot, target: cst.Attribute, name: str, reads: list[tuple[cst.Attribute, cst.FunctionDef]], text: str
    ) -> Iterator[Proposal]:
        tree = place.tree
        type_ = _parsed(text)
        spelled = spell(tree, optional(type_)) if type_ is not None else None
        known = place.known_class
        if spelled is None or place.owner is None or known is None or name in known.annotations:
            yield tree.decline(self, target, f"self.{name} starts as None and is then {text}, which has no annotation")
            return
        lower = any(below.annotations for below in place.facts.descendants(known))
        if lower or (not known.annotations and any(above.annotations for above in place.facts.ancestors(known))):
            yield tree.decline(self, target, "annotations of a class hide those of the classes above it, and here there are some in both")
            return
        start = class_line(tree, place.owner, f"{name}: {spelled.text}")
        edits = _refined(tree, name, reads) if start is not None else None
        if start is None or edits is None:
            yield tree.decline(self, target, f"self.{name} is read where no line can be put before it")
            return
        why = "the compiler types an attribute by its first value, None here; scripted code stops where it is None, as eager code does"
        yield tree.rewrite(self, target, f"type self.{name} as {spelled.text}", [start, *edits], imports=spelled.imports, why=why)


def _target(place: Spot, message: str) -> cst.Attribute | None:
    """The attribute that is set at the focus."""
    match = _NEW.search(message)
    for node in own_nodes(place.function.body):
        if isinstance(node, cst.AssignTarget | cst.AnnAssign | cst.AugAssign) and place.tree.line(node) == place.focus.line:
            for target in _targets(node.target):
                name = place.self_attribute(target)
                if name and (match is None or match[1] == name) and isinstance(target, cst.Attribute):
                    return target
    return None


def _targets(target: cst.BaseExpression) -> Iterator[cst.BaseExpression]:
    """A target, or those that a value is unpacked into."""
    if isinstance(target, cst.Tuple | cst.List):
        for element in target.elements:
            yield from _targets(element.value)
    else:
        yield target


def _stored(tree: Tree, node: cst.CSTNode) -> bool:
    """Whether a node is assigned, alone or as one that a value is unpacked into."""
    above = tree.parent(node)
    while isinstance(above, cst.Element | cst.Tuple | cst.List):
        node, above = above, tree.parent(above)
    return isinstance(above, cst.AssignTarget | cst.AnnAssign) and above.target is node


def _accesses(place: Spot, name: str, stores: bool) -> Iterator[tuple[cst.Attribute, cst.FunctionDef]]:
    """Where compiled functions of the file set, or read, an attribute of that name (on whatever object)."""
    tree = place.tree
    for qualname, function in tree.functions():
        if not place.facts.reached(tree.path, qualname):
            continue
        mine = qualname.startswith(f"{place.owner_qualname}.")
        another = not mine and _unrelated(place, function)
        for node in own_nodes(function.body):
            if not isinstance(node, cst.Attribute) or node.attr.value != name or (stores and not mine):
                continue
            if another and isinstance(node.value, cst.Name) and node.value.value == "self":
                continue  # an attribute of another class that has the same name
            stored = _stored(tree, node)
            if stored == stores and not eager_only(tree, node):
                yield node, function


def _unrelated(place: Spot, function: cst.FunctionDef) -> bool:
    """Whether a method's ``self`` is surely no instance of the spot's class, nor the other way round."""
    owner = place.tree.parent(place.tree.parent(function) or function)
    mine = place.known_class
    other = place.facts.classes.get(f"{place.tree.path}::{place.tree.qualname(owner)}") if isinstance(owner, cst.ClassDef) else None
    if mine is None or other is None:
        return False
    related = [mine, *place.facts.ancestors(mine), *place.facts.descendants(mine)]
    # Both may stand above one class that inherits from the two.
    below = {c.key for c in place.facts.descendants(mine)} & {c.key for c in place.facts.descendants(other)}
    return not below and all(other.key != c.key for c in related)


def _through_local(place: Spot, name: str, reads: list[tuple[cst.Attribute, cst.FunctionDef]]) -> list[Edit] | None:
    """The edits for an attribute that is only read after it was set, further down in the same block; None where it is otherwise."""
    tree = place.tree
    if _set_elsewhere(place, name):
        return None
    fresh = _fresh(tree, name, place.function)
    edits: list[Edit] = []
    lines: list[cst.CSTNode] = []
    for node, function in _accesses(place, name, stores=True):
        small = small_statement(tree, node)
        line = tree.parent(small) if small is not None else None
        alone = isinstance(line, cst.SimpleStatementLine) and tree.own_line(line)
        if not isinstance(small, cst.Assign) or len(small.targets) != 1 or not alone or line is None or function is not place.function:
            return None
        lines.append(line)
        edits += _apart(tree, node, line, fresh)
    for read, function in reads:
        if (
            function is not place.function
            or not place.self_attribute(read)
            or is_target(tree, read)
            or not any(_later(tree, line, read) for line in lines)
        ):
            return None
        edits.append(tree.replace(read, fresh))
    return edits


def _apart(tree: Tree, node: cst.Attribute, line: cst.CSTNode, fresh: str) -> list[Edit]:
    """The edits that give a value to a local, and to the attribute in eager code."""
    return [tree.replace(node, fresh), tree.after(line, [f"if not {scripting(tree)}:", f"    {tree.code(node)} = {fresh}"])]


def _set_elsewhere(place: Spot, name: str) -> bool:
    """Whether anything but this function and a constructor may set the attribute, so that a local would miss the change."""
    tree, known = place.tree, place.known_class
    if known is None or any(name in above.attributes for above in place.facts.ancestors(known) if above.path != tree.path):
        return True
    if any(_set_by_name(tree, call, name) for call in tree.find(cst.Call)):
        return True
    for node in tree.find(cst.Attribute):
        if node.attr.value != name or not is_target(tree, node):
            continue
        inner = next((a for a in tree.ancestors(node) if isinstance(a, cst.FunctionDef | cst.Lambda)), None)
        if inner is place.function or inner is None:
            continue
        constructor = isinstance(inner, cst.FunctionDef) and inner.name.value == "__init__"
        if not constructor and not (isinstance(inner, cst.FunctionDef) and _unrelated(place, inner)):
            return True
    return False


def _set_by_name(tree: Tree, call: cst.Call, name: str) -> bool:
    """Whether a call is a ``setattr`` (or ``delattr``) of that name, or of one that is not written there."""
    if tree.dotted(call.func) not in ("builtins.setattr", "builtins.delattr"):
        return False
    value = call.args[1].value if len(call.args) > 1 else None
    return not isinstance(value, cst.SimpleString) or value.evaluated_value == name


def _later(tree: Tree, line: cst.CSTNode, node: cst.CSTNode) -> bool:
    """Whether a node stands in a later statement of a line's block."""
    block = tree.parent(line)
    if not isinstance(block, cst.IndentedBlock):
        return False
    return any(tree.contains(statement, node) for statement in block.body[block.body.index(line) + 1 :])


def _indented(tree: Tree, line: cst.CSTNode, header: str) -> list[Edit]:
    """The line under a header, one step deeper."""
    first, last = tree.lines(line)
    start = tree.line_start(first)
    indent = tree.indent(line)
    edits = [tree.insert(start, f"{indent}{header}{tree.newline}{tree.indent_unit}")]
    if first != last and any(isinstance(n, cst.SimpleString | cst.FormattedString) for n in own_nodes(line)):
        return edits  # text inside a string of several lines must not move
    return edits + [tree.insert(tree.line_start(n), tree.indent_unit) for n in range(first + 1, last + 1)]


def _parsed(text: str) -> Type | None:
    try:
        return parse(text)
    except ValueError:
        return None


def _refined(tree: Tree, name: str, reads: list[tuple[cst.Attribute, cst.FunctionDef]]) -> list[Edit] | None:
    """The edits that read the attribute through an asserted local; None where that can't be."""
    edits: list[Edit] = []
    seen: dict[int, str] = {}
    for node, function in reads:
        above = tree.parent(node)
        if isinstance(above, (cst.Comparison | cst.ComparisonTarget, cst.Assign)):
            continue  # a test for None refines nothing here; a plain copy is the author's own local
        small = small_statement(tree, node)
        if small is None or not certain(tree, node, small):
            return None
        read = f"torch.jit._unwrap_optional({tree.code(node)}) if {scripting(tree)} else {tree.code(node)}"
        if any(tree.span(call)[1] <= tree.span(node)[0] for call in tree.find(cst.Call, small)):
            # What is called before may set the attribute: it is read where it stands.
            edits.append(tree.replace_outer(node, f"({read})"))
            continue
        if id(small) not in seen:
            fresh = _fresh(tree, name, function)
            edit = lines_before(tree, small, [f"{fresh} = {read}"])
            if edit is None:
                return None
            seen[id(small)] = fresh
            edits.append(edit)
        edits.append(tree.replace_outer(node, seen[id(small)]))
    return edits


def _fresh(tree: Tree, name: str, function: cst.FunctionDef) -> str:
    """A local's name for an attribute, one that nothing in the function means already: ``self.attend = attend(x)`` calls a function."""
    taken = assigned_names(function) | {variable.value for variable in variables(function)} | {scripting(tree).partition(".")[0]}
    fresh, number = name.strip("_") or "value", 2
    while fresh in taken:
        fresh, number = f"{name}_{number}", number + 1
    return fresh
