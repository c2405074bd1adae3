"""SF602: code for parts that this instance does not have."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import libcst as cst

from scriptify.facts.model import Facts, Kind
from scriptify.transform import Edit, Focus, Phase, Proposal, Transform
from scriptify.transforms._absent_attribute_examples import EXAMPLES
from scriptify.transforms._before import certain, lines_before, scripting, small_statement
from scriptify.transforms._outer_guard import outermost
from scriptify.transforms._spot import Spot, spot
from scriptify.tree import Tree, own_nodes

_MISSING = re.compile(r"Module '[^']*' has no attribute '(\w+)'(?! \(This)")
_INDEX = re.compile(r"Index (\d+) out of range of length \d+")
_KEY = re.compile(r"Key Error, (\w+)")


@dataclass(frozen=True)
class _Lack:
    """What an instance lacks: the expression that needs it, the static test for the lack, and what Python raises."""

    node: cst.BaseExpression
    test: str
    error: str
    text: str


class AbsentAttribute(Transform):
    """``x = self.conv(x)`` -> the same after ``if torch.jit.is_scripting() and not hasattr(self, "conv"): raise ...``.

    A branch that an instance never takes may use what the instance does not have: a module made for another
    mode only, a part that is None or False, an element of an empty ModuleList. The compiler compiles the
    branch all the same. The inserted test it decides while compiling, and leaves the rest of the block out,
    where Python would raise the same error. Eager code and instances that have the part are not changed.
    In ``a and self.part.x`` the second operand gets the test as a conditional expression.
    """

    code = "SF602"
    name = "absent-attribute"
    phase = Phase.CONTROL
    explains = (
        "has no attribute '",
        "cannot call a value of type 'NoneType'",
        "cannot call a value of type 'bool'",
        "'NoneType' object has no attribute or method",
        "out of range of length",
        "Key Error, ",
    )
    on_demand = True
    examples = EXAMPLES
    source = "https://docs.pytorch.org/docs/stable/jit_language_reference.html#metacompile-rules"

    def propose(self, tree: Tree, facts: Facts, focus: Focus | None = None) -> Iterator[Proposal]:
        """Yield the guard for the part that is lacking at the focus."""
        place = spot(tree, facts, focus)
        if place is None or focus is None or not self.answers(focus.message):
            return
        lack = _lack(place, focus.message)
        if lack is None:
            return
        if isinstance(lack, str):
            yield tree.decline(self, place.statement() or place.function, lack)
            return
        if _guarded(place, lack):
            return
        edit = _operand(place, lack) or _guard(place, lack) or _ternary(place, lack)
        if edit is None:
            yield tree.decline(
                self, lack.node, f"{tree.code(lack.node)} is not there on this instance, and nothing can be put right before its use"
            )
            return
        imports = tree.imports.spell("torch.jit.is_scripting")[1]
        title = f"leave out what needs {tree.code(lack.node)} where it is not there"
        why = "the compiler compiles branches an instance never takes; a test it decides itself ends the branch where the part is missing"
        yield tree.rewrite(self, lack.node, title, [edit], imports=imports, why=why)


def _lack(place: Spot, message: str) -> _Lack | str | None:
    if match := _MISSING.search(message):
        return _missing(place, match[1])
    if match := _INDEX.search(message):
        return _element(place, match[1], "IndexError")
    if match := _KEY.search(message):
        return _element(place, match[1], "KeyError")
    attributes = [n for n in own_nodes(place.statement() or place.function) if place.self_attribute(n)]
    for node in (*place.nodes(), *attributes):
        found = _none(place, node)
        if found is not None:
            return found
    return None


def _missing(place: Spot, name: str) -> _Lack | str | None:
    tree = place.tree
    for node in own_nodes(place.function.body):
        if not isinstance(node, cst.Attribute) or place.self_attribute(node) != name or tree.line(node) != place.focus.line:
            continue
        attribute = place.attribute(name)
        known = place.known_class
        lines = (known, *place.facts.ancestors(known)) if known is not None else ()
        if any(name in (*c.methods, *c.properties) for c in lines) or name.startswith("__"):
            return None
        if attribute is not None and not attribute.missing:
            return None
        if not place.facts.live:
            return f"whether self.{name} is there takes an instance to see: give an entry"
        return _Lack(node, f'not hasattr({place.self_name}, "{name}")', "AttributeError", f"no {name}")
    return None


def _element(place: Spot, key: str, error: str) -> _Lack | None:
    for node in own_nodes(place.function.body):
        if not isinstance(node, cst.Subscript) or len(node.slice) != 1 or place.tree.line(node) != place.focus.line:
            continue
        index = node.slice[0].slice
        literal = index.value if isinstance(index, cst.Index) else None
        name = place.self_attribute(node.value)
        attribute = place.attribute(name) if name else None
        if attribute is None or not any(kind.container for kind in attribute.kinds):
            continue
        text = (
            literal.value
            if isinstance(literal, cst.Integer)
            else literal.evaluated_value
            if isinstance(literal, cst.SimpleString)
            else None
        )
        if text == key:
            return _Lack(node, f'not hasattr({place.tree.code(node.value)}, "{key}")', error, f"no {name}[{key}]")
    return None


def _none(place: Spot, node: cst.CSTNode) -> _Lack | None:
    """A part that is None, or a bool where others have a module."""
    base = node
    while isinstance(base, cst.Call | cst.Subscript | cst.Attribute) and not place.self_attribute(base):
        base = base.func if isinstance(base, cst.Call) else base.value
    name = place.self_attribute(base)
    attribute = place.attribute(name) if name else None
    if attribute is None or not isinstance(base, cst.BaseExpression):
        return None
    above = place.tree.parent(base)
    if not isinstance(above, cst.Attribute | cst.Subscript | cst.Call):
        return None
    text = place.tree.code(base)
    if Kind.NONE in attribute.kinds:
        return _Lack(base, f"{text} is None", "TypeError", f"{name} is None")
    if Kind.VALUE in attribute.kinds and attribute.values and all(type(value) is bool for value in attribute.values):
        return _Lack(base, f"isinstance({text}, bool)", "TypeError", f"{name} is a bool")
    return None


def _guarded(place: Spot, lack: _Lack) -> bool:
    """Whether the test stands there already: around the operand, or as the statement before."""
    tree = place.tree
    for above in tree.ancestors(lack.node):
        if isinstance(above, cst.IfExp) and lack.test.removeprefix("not ").partition(" ")[0] in tree.code(above.test):
            return True
        if isinstance(above, cst.BaseStatement):
            block = tree.parent(above)
            before = list(block.body[: block.body.index(above)]) if isinstance(block, cst.IndentedBlock | cst.Module) else []
            return bool(before) and isinstance(before[-1], cst.If) and lack.test in tree.code(before[-1].test)
    return False


def _guard(place: Spot, lack: _Lack) -> Edit | None:
    lines = [f"if {scripting(place.tree)} and {lack.test}:", f'    raise {lack.error}("{lack.text}")']
    small = small_statement(place.tree, lack.node)
    if small is not None and not certain(place.tree, lack.node, small):
        return None
    # Only what is not there at all makes its mere reading an error; None and False can be read, and are, by tests for them.
    absent = isinstance(lack.node, cst.Attribute) and lack.error == "AttributeError"
    statement = outermost(place.tree, lack.node) if absent else None
    if statement is not None and statement is not (place.tree.parent(small) if small is not None else None):
        return place.tree.before(statement, lines)
    return lines_before(place.tree, small, lines) if small is not None else None


def _ternary(place: Spot, lack: _Lack) -> Edit | None:
    """``y = a if test else self.part(x)`` as an ``if`` statement with the guard in its branch."""
    tree = place.tree
    small = small_statement(tree, lack.node)
    value = small.value if isinstance(small, cst.Assign | cst.Return) else None
    line = tree.parent(small) if small is not None else None
    if small is None or not isinstance(value, cst.IfExp) or not isinstance(line, cst.SimpleStatementLine) or not tree.own_line(line):
        return None
    text = tree.code(small)
    inside = [part for part in (value.body, value.orelse) if tree.contains(part, lack.node) and certain(tree, lack.node, part)]
    if "\n" in text or "\r" in text or not inside:
        return None
    head = text[: tree.outer_span(value)[0] - tree.span(small)[0]]
    guard = [f"    if {scripting(tree)} and {lack.test}:", f'        raise {lack.error}("{lack.text}")']
    lines: list[str] = []
    for header, part in ((f"if {tree.code(value.test)}:", value.body), ("else:", value.orelse)):
        lines += [header, *(guard if part in inside else ()), f"    {head}{tree.text[slice(*tree.outer_span(part))]}"]
    start, end = tree.span(small)
    return Edit(tree.path, start, end, tree.block(lines, tree.indent(line)).strip(" \t").removesuffix(tree.newline))


def _operand(place: Spot, lack: _Lack) -> Edit | None:
    """``hasattr(self, "a") and self.a > 1`` or ``self.a is not None and self.a.b``: the test again, around the second operand."""
    tree = place.tree
    have = lack.test.removeprefix("not ") if lack.test.startswith("not ") else lack.test.replace(" is None", " is not None")
    below: cst.CSTNode = lack.node
    for above in tree.ancestors(lack.node):
        if isinstance(above, cst.BooleanOperation) and below is above.right and isinstance(above.operator, cst.And):
            tests = {_normal(tree.code(part)) for part in _conjuncts(above.left)}
            if _normal(have) in tests:
                return tree.replace_outer(above.right, f"({tree.code(above.right)} if {have} else False)")
        if isinstance(above, cst.BaseSmallStatement | cst.BaseCompoundStatement | cst.BaseComp | cst.Lambda):
            return None
        below = above
    return None


def _conjuncts(node: cst.BaseExpression) -> Iterator[cst.BaseExpression]:
    if isinstance(node, cst.BooleanOperation) and isinstance(node.operator, cst.And):
        yield from _conjuncts(node.left)
        yield from _conjuncts(node.right)
    else:
        yield node


def _normal(text: str) -> str:
    return "".join(text.replace('"', "'").split())
