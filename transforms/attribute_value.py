"""SF801: attributes whose values the compiler has no type for."""

from __future__ import annotations

import re
from collections.abc import Iterator

import libcst as cst

from scriptify.facts.model import Facts
from scriptify.transform import Edit, Focus, Need, Phase, Proposal, Transform
from scriptify.transforms._attribute_value_examples import EXAMPLES
from scriptify.transforms._before import scripting
from scriptify.transforms._kept import is_target
from scriptify.transforms._spot import Spot, spot
from scriptify.transforms._written_constants import left_alone
from scriptify.tree import Tree, assigned_names, own_nodes
from scriptify.tree.member_names import member_name
from scriptify.tree.substitute import fitted

_FAILED = re.compile(r"Module '[^']*' has no attribute '(\w+)' \(This (?:attribute|function) exists")
_SCALARS = "(bool, int, float, str)"


class AttributeValue(Transform):
    """``self.pool(x, 2)`` with ``self.pool = F.max_pool2d`` -> ``F.max_pool2d(x, 2)`` when scripted; ``self.cfg.k`` -> ``self._cfg_k``.

    The compiler types what an instance holds, and knows no config objects, sets, methods or functions chosen
    by a flag. A function that ``__init__`` always stores is called by its own name. A plain value out of a
    config object or dict is kept on ``self`` as well when the object is stored; scripted code reads that, eager
    code still asks the object. A set or list of literals that ``__init__`` always stores is written out when scripted.
    """

    code = "SF801"
    name = "attribute-value"
    phase = Phase.CONTROL
    explains = ("(This attribute exists on the Python module, but we failed", "(This function exists as an attribute on the Python module")
    on_demand = True
    examples = EXAMPLES
    source = "https://docs.pytorch.org/docs/stable/jit_language_reference.html#module-attributes"

    def propose(self, tree: Tree, facts: Facts, focus: Focus | None = None) -> Iterator[Proposal]:
        """Yield one rewrite for all reads of the attribute in compiled methods of the class."""
        place = spot(tree, facts, focus)
        match = _FAILED.search(focus.message) if focus is not None else None
        if place is None or place.owner is None or match is None:
            return
        name = match[1]
        reads = list(_reads(place, name))
        store = _only_store(place, name)
        if not reads:
            return
        if isinstance(store, str):
            yield tree.decline(self, reads[0], store)
            return
        statement, value, always = store
        edits = (
            _called(place, reads, value, always) or _written_out(place, name, reads, value, always) or _kept(place, name, reads, statement)
        )
        if edits is None:
            yield tree.decline(
                self, reads[0], f"self.{name} has a value the compiler knows no type for, and how it is used leaves no other way"
            )
            return
        needs = [Need(f"self.{name} is assigned in one place of the class", "source")]
        imports = tree.imports.spell("torch.jit.is_scripting")[1]
        why = "the compiler has no type for the attribute's value"
        yield tree.rewrite(self, reads[0], f"do without self.{name} in scripted code", edits, imports=imports, needs=needs, why=why)


def _reads(place: Spot, name: str) -> Iterator[cst.Attribute]:
    tree = place.tree
    for qualname, function in tree.functions():
        if qualname.startswith(f"{place.owner_qualname}.") and place.facts.reached(tree.path, qualname):
            for node in own_nodes(function.body):
                if place.self_attribute(node) == name and isinstance(node, cst.Attribute) and not _guarded(tree, node):
                    yield node


def _guarded(tree: Tree, node: cst.CSTNode) -> bool:
    """Whether the node stands in what only eager code runs."""
    below = node
    for above in tree.ancestors(node):
        if isinstance(above, cst.IfExp) and below is above.orelse and "is_scripting" in tree.code(above.test):
            return True
        below = above
    return False


def _only_store(place: Spot, name: str) -> tuple[cst.SimpleStatementLine, cst.BaseExpression, bool] | str:
    """The one statement of the class that assigns the attribute, its value, and whether every instance runs it."""
    tree, attribute = place.tree, place.attribute(name)
    found: list[tuple[cst.SimpleStatementLine, cst.Assign]] = []
    for node in tree.find(cst.AssignTarget):
        if isinstance(node.target, cst.Attribute) and node.target.attr.value == name and isinstance(node.target.value, cst.Name):
            assign = tree.parent(node)
            line = tree.parent(assign) if assign is not None else None
            inside = place.owner is not None and tree.contains(place.owner, node)
            if not inside:
                if _may_be_ours(place, node):
                    return f"self.{name} is assigned from outside the class too (line {tree.line(node)})"
                continue
            if not isinstance(line, cst.SimpleStatementLine) or not isinstance(assign, cst.Assign) or len(assign.targets) != 1:
                return f"self.{name} is assigned together with something else"
            found.append((line, assign))
    if len(found) != 1 or not tree.own_line(found[0][0]):
        return f"self.{name} has a value the compiler knows no type for, and is not assigned in exactly one place of the class"
    line, assign = found[0]
    function = tree.enclosing(line, cst.FunctionDef)
    if function is None or function.name.value != "__init__":
        return f"self.{name} is not assigned in __init__"
    always = tree.parent(line) is function.body and not (attribute is not None and attribute.origin == "live" and attribute.varies)
    return line, assign.value, always


def _may_be_ours(place: Spot, target: cst.AssignTarget) -> bool:
    """Whether an assignment to an attribute of that name elsewhere in the file may be to an instance of the class."""
    tree, known = place.tree, place.known_class
    owner = tree.enclosing(target, cst.ClassDef)
    method = tree.enclosing(target, cst.FunctionDef)
    base = target.target.value if isinstance(target.target, cst.Attribute) else None
    first = method.params.params[0].name.value if method is not None and method.params.params else ""
    if owner is None or known is None or not isinstance(base, cst.Name) or base.value != first:
        return True
    below = {c.qualname for c in place.facts.descendants(known)} | {c.qualname for c in place.facts.ancestors(known)}
    return tree.qualname(owner) in below


def _called(place: Spot, reads: list[cst.Attribute], value: cst.BaseExpression, always: bool) -> list[Edit] | None:
    """Calls of a stored function, by the function's own name."""
    tree = place.tree
    calls = [tree.parent(read) for read in reads]
    if not always or not all(isinstance(call, cst.Call) and call.func is read for call, read in zip(calls, reads, strict=True)):
        return None
    dotted, init = tree.dotted(value), tree.enclosing(value, cst.FunctionDef)
    if init is not None and tree.code(value).partition(".")[0] in assigned_names(init) and not place.self_attribute(value):
        return None  # imported in __init__ alone
    own = isinstance(value, cst.Attribute) and place.self_attribute(value) and _is_method(place, value.attr.value)
    hidden = any(dotted and tree.code(value).partition(".")[0] in assigned_names(f) for _, f in _functions(place))
    of_tensor = dotted.startswith("torch.Tensor.")
    if not own and (not dotted.startswith("torch.") or (hidden and not of_tensor)):
        return None
    edits: list[Edit] = []
    for call in calls:
        # The arguments of a call are asked about once it is rewritten itself.
        if isinstance(call, cst.Call) and not any(tree.contains(o, call) for o in calls if o is not None and o is not call):
            text = _by_name(tree, call, value, of_tensor)
            if not text:
                return None
            edits.append(_when_scripted(tree, call, text))
    return edits


def _by_name(tree: Tree, call: cst.Call, value: cst.BaseExpression, of_tensor: bool) -> str:
    """The text of a call by the function's own name; one of a Tensor's methods is called on the first argument."""
    if not of_tensor:
        return tree.code(value) + tree.text[tree.outer_span(call.func)[1] : tree.span(call)[1]]
    if not call.args or call.args[0].keyword is not None or call.args[0].star or not isinstance(value, cst.Attribute):
        return ""
    rest = ", ".join(tree.text[tree.span(arg)[0] : tree.outer_span(arg.value)[1]] for arg in call.args[1:])
    return f"{tree.operand(call.args[0].value)}.{value.attr.value}({rest})"


def _when_scripted(tree: Tree, call: cst.Call, text: str) -> Edit:
    """The edit that gives scripting another call: eager code goes by the attribute, which anybody may set on an instance."""
    return tree.replace(call, fitted(tree, call, f"{text} if {scripting(tree)} else {tree.code(call)}"))


def _functions(place: Spot) -> list[tuple[str, cst.FunctionDef]]:
    return [
        (q, f) for q, f in place.tree.functions() if q.startswith(f"{place.owner_qualname}.") and place.facts.reached(place.tree.path, q)
    ]


def _is_method(place: Spot, name: str) -> bool:
    known = place.known_class
    return known is not None and any(name in c.methods for c in (known, *place.facts.ancestors(known)))


def _written_out(place: Spot, name: str, reads: list[cst.Attribute], value: cst.BaseExpression, always: bool) -> list[Edit] | None:
    """A set or list of literals, where it is only looked into."""
    tree = place.tree
    if not always or not isinstance(value, cst.Set | cst.List | cst.Tuple) or not value.elements:
        return None
    if not all(isinstance(e.value, cst.Integer | cst.Float | cst.SimpleString) for e in value.elements):
        return None
    if not all(_only_read(place, use) for use in tree.find(cst.Attribute) if use.attr.value == name):
        return None
    items = ", ".join(tree.code(e.value) for e in value.elements)
    literal = f"({items},)" if len(value.elements) == 1 else f"({items})"
    edits = []
    for read in reads:
        above = tree.parent(read)
        contained = isinstance(above, cst.ComparisonTarget) and isinstance(above.operator, cst.In | cst.NotIn)
        indexed = isinstance(above, cst.Subscript) and above.value is read and isinstance(tree.parent(above), cst.BaseExpression | cst.Arg)
        if not (contained or (indexed and not isinstance(value, cst.Set))):
            return None
        edits.append(tree.replace_outer(read, f"({literal} if {scripting(tree)} else {tree.code(read)})"))
    return edits


def _only_read(place: Spot, use: cst.Attribute) -> bool:
    """Whether an attribute of that name is set where the set or list is made, only looked into, or another class's own."""
    tree, owner = place.tree, place.tree.enclosing(use, cst.ClassDef)
    own = isinstance(use.value, cst.Name) and use.value.value == "self"
    return isinstance(tree.parent(use), cst.AssignTarget) or left_alone(tree, use) or (own and owner not in (None, place.owner))


def _kept(place: Spot, name: str, reads: list[cst.Attribute], statement: cst.SimpleStatementLine) -> list[Edit] | None:
    """Plain values out of a config object or dict, kept on self besides."""
    tree = place.tree
    lines: dict[str, list[str]] = {}
    edits: list[Edit] = []
    init = tree.enclosing(statement, cst.FunctionDef)
    taken = assigned_names(init) if init is not None else set()
    holder = tree.code(reads[0])
    for read in reads:
        part = tree.parent(read)
        key = _key(tree, part, read)
        use = tree.parent(part) if part is not None else None
        called = isinstance(use, cst.Call) and use.func is part
        stored = isinstance(use, cst.AssignTarget | cst.AugAssign | cst.AnnAssign | cst.Del)
        if part is None or not key or called or stored or isinstance(use, cst.Attribute):
            return None
        kept = f"_{name.strip('_')}_{key}"
        if kept in tree.text and kept not in lines:
            return None
        kept = member_name(tree, place.facts, place.known_class, kept)
        local = "value"
        while local in taken:
            local += "_"
        if _set_again(place, name, key):
            return None
        # What is missing, or no plain value, is not kept: scripted code would take it for None.
        item = f'{holder}.get("{key}", ...) if hasattr({holder}, "get") else ...'
        got = f'getattr({holder}, "{key}", ...)' if isinstance(part, cst.Attribute) else item
        test = f"if {local} is None or isinstance({local}, {_SCALARS}):"
        lines[kept] = [f"{local} = {got}", test, f"    {place.self_name}.{kept} = {local}"]
        edits.append(tree.replace_outer(_expression(part), f"({place.self_name}.{kept} if {scripting(tree)} else {tree.code(part)})"))
    return [tree.after(statement, [line for group in lines.values() for line in group]), *edits]


def _set_again(place: Spot, name: str, key: str) -> bool:
    """Whether the class, or code that goes through its attribute, sets the value in the object after it was stored."""
    tree = place.tree
    nodes: list[cst.Attribute | cst.Subscript] = [*tree.find(cst.Attribute), *tree.find(cst.Subscript)]
    for node in nodes:
        value = node.value
        own = place.owner is not None and tree.contains(place.owner, node)
        through = isinstance(value, cst.Attribute) and value.attr.value == name
        if isinstance(node, cst.Subscript):
            named = _quoted(node) == key
        else:
            named = node.attr.value == key and tree.code(value) != place.self_name
        if named and (own or through) and is_target(tree, node):
            return True
    return False


def _quoted(node: cst.Subscript) -> str:
    index = node.slice[0].slice if len(node.slice) == 1 else None
    value = index.value if isinstance(index, cst.Index) else None
    text = value.evaluated_value if isinstance(value, cst.SimpleString) else None
    return text if isinstance(text, str) else ""


def _expression(node: cst.CSTNode) -> cst.BaseExpression:
    assert isinstance(node, cst.BaseExpression)
    return node


def _key(tree: Tree, part: cst.CSTNode | None, read: cst.Attribute) -> str:
    """``k`` of ``self.cfg.k`` or ``self.cfg["k"]``."""
    if isinstance(part, cst.Attribute) and part.value is read:
        return part.attr.value
    if isinstance(part, cst.Subscript) and part.value is read and len(part.slice) == 1:
        index = part.slice[0].slice
        value = index.value if isinstance(index, cst.Index) else None
        text = value.evaluated_value if isinstance(value, cst.SimpleString) else None
        return text if isinstance(text, str) and text.isidentifier() else ""
    return ""
