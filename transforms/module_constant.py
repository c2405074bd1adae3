"""SF805: constants of the module or of a class, read in compiled code."""

from __future__ import annotations

import re
from collections.abc import Iterator

import libcst as cst

from scriptify.facts.model import Facts, Kind
from scriptify.transform import Edit, Focus, Import, Phase, Proposal, Transform
from scriptify.transforms._before import scripting
from scriptify.transforms._constants import constants_edits
from scriptify.transforms._module_constant_examples import EXAMPLES
from scriptify.transforms._spot import Spot, spot
from scriptify.transforms._written_constants import of_class, of_module
from scriptify.tree import Tree, assigned_names, loads, own_nodes
from scriptify.tree.flow import bindings

_VALUE = re.compile(r"python value of type '(\w+|torch\.\w+)' cannot be used as (?:a value|an iterable)")
_MISSING = re.compile(r"Module '[^']*' has no attribute '(\w+)'(?! \(This)")
_PLAIN = frozenset(
    {"int", "float", "str", "bool", "NoneType", "tuple", "dtype", "device", "layout", "complex", "torch.dtype", "torch.device"}
)
_THIS = "_this_module"


class ModuleConstant(Transform):
    """``x * SCALE`` -> ``x * (_this_module.SCALE if torch.jit.is_scripting() else SCALE)``.

    The compiler takes no global as a value, but reads attributes of a module when it compiles: so scripted
    code reads the constant from the module itself, and there is still one place that defines it. Eager code
    reads the global as before. A list or dict, which has no such way, is written out where nothing in the file
    changes it, and so is a constant of another class (``Config.SCALE``). A constant of the module's own class
    (``self.scale``) goes into ``__constants__``.
    """

    code = "SF805"
    name = "module-constant"
    phase = Phase.CONTROL
    explains = (
        "cannot be used as a value. Perhaps it is a closed over global variable",
        "cannot be used as an iterable",
        "has no attribute '",
    )
    on_demand = True
    examples = EXAMPLES
    source = "https://docs.pytorch.org/docs/stable/jit_language_reference.html#module-attributes"

    def propose(self, tree: Tree, facts: Facts, focus: Focus | None = None) -> Iterator[Proposal]:
        """Yield one rewrite for all reads of the constant at the focus, in the compiled functions of the file."""
        place = spot(tree, facts, focus)
        if place is None or focus is None or not self.answers(focus.message):
            return
        if match := _MISSING.search(focus.message):
            yield from self._own(place, match[1])
        elif match := _VALUE.search(focus.message):
            for node in _candidates(place, match[1]):
                yield from self._global(place, node, match[1])

    def _own(self, place: Spot, name: str) -> Iterator[Proposal]:
        """A value of the class body read through ``self``."""
        attribute = place.attribute(name)
        if place.owner is None or attribute is None or attribute.missing or not attribute.kinds <= {Kind.VALUE, Kind.LIST, Kind.NONE}:
            return
        if not _in_body(place, name) or not attribute.values:
            return
        edits = constants_edits(place.tree, place.facts, place.owner, [name])
        if isinstance(edits, str):
            yield place.tree.decline(self, place.owner, edits)
            return
        why = "the compiler sees values of the class body only where __constants__ names them"
        yield place.tree.rewrite(self, place.owner, f"name {name} in __constants__", edits, why=why)

    def _global(self, place: Spot, node: cst.Name | cst.Attribute, type_: str) -> Iterator[Proposal]:
        tree = place.tree
        reads = _reads(place, tree.code(node))
        name = node.value if isinstance(node, cst.Name) else ""
        imports: list[Import] = [*tree.imports.spell("torch.jit.is_scripting")[1]]
        edits: list[Edit] = []
        if name and type_.rpartition(".")[2] in {p.rpartition(".")[2] for p in _PLAIN}:
            text = f"{_THIS}.{name}"
            start = _definition(tree)
            if isinstance(start, str):
                yield tree.decline(self, node, start)
                return
            edits += start
            imports += [] if _sys_taken(tree) else tree.imports.spell("sys.modules")[1]
        else:
            literal = of_module(tree, name) if name else of_class(tree, node, type_)
            if not literal:
                yield tree.decline(
                    self,
                    node,
                    f"{tree.code(node)} is no literal that the file leaves alone; make it an attribute or pass it as an argument",
                )
                return
            text = literal
        edits += [tree.replace_outer(read, f"({text} if {scripting(tree)} else {tree.code(read)})") for read in reads]
        why = "the compiler takes no global as a value; scripted code reads the constant in a way it knows, eager code reads the global"
        yield tree.rewrite(
            self, node, f"read the constant {tree.code(node)} in a way that can be scripted", edits, imports=imports, why=why
        )


def _in_body(place: Spot, name: str) -> bool:
    """Whether the class body, or that of a class above, gives the value."""
    known = place.known_class
    owners = (known, *place.facts.ancestors(known)) if known is not None else ()
    for owner in owners:
        node = place.tree.class_(owner.qualname) if owner.path == place.tree.path else None
        for statement in node.body.body if node is not None else ():
            if isinstance(statement, cst.SimpleStatementLine) and any(bound.value == name for bound, _ in bindings(statement)):
                return True
    return False


def _candidates(place: Spot, type_: str) -> list[cst.Name | cst.Attribute]:
    """The first name on the focused line that reads a value of the module, or ``Class.name``; one that can be written out goes first."""
    tree, local = place.tree, assigned_names(place.function)
    line = [n for n in own_nodes(place.function.body) if isinstance(n, cst.BaseExpression) and tree.line(n) == place.focus.line]
    found: list[cst.Name | cst.Attribute] = []
    others: list[cst.Name | cst.Attribute] = []
    for node in place.nodes() or line:
        base = node
        while isinstance(base, cst.Subscript):
            base = base.value
        above = tree.parent(base)
        if isinstance(above, cst.IfExp) and above.orelse is base:
            continue
        if isinstance(base, cst.Name) and base.value not in local and _is_value(tree, base, above):
            found.append(base)
        elif isinstance(base, cst.Attribute) and isinstance(base.value, cst.Name) and base.value.value not in local:
            if of_class(tree, base, type_):
                found.append(base)
            elif _named_by_class(tree, base.value.value, base.attr.value):
                others.append(base)
    return found[:1] or others[:1]


def _named_by_class(tree: Tree, owner: str, name: str) -> bool:
    """Whether a class of the file has an attribute in its body."""
    node = tree.class_(owner)
    return node is not None and any(bound.value == name and not isinstance(by, cst.FunctionDef) for bound, by in bindings(node.body))


def _is_value(tree: Tree, name: cst.Name, above: cst.CSTNode | None) -> bool:
    """Whether a name stands for a value that the module's top level assigns or imports by name."""
    if name.value == _THIS or isinstance(above, cst.Attribute) or (isinstance(above, cst.Call) and above.func is name):
        return False
    return isinstance(_binding(tree, name.value), cst.Assign | cst.AnnAssign | cst.ImportFrom)


def _binding(tree: Tree, name: str) -> cst.CSTNode | None:
    """What binds a name at the top level: an assignment or an import."""
    for statement in tree.module.body:
        for small in statement.body if isinstance(statement, cst.SimpleStatementLine) else ():
            if any(bound.value == name for bound, _ in bindings(cst.SimpleStatementLine([small]))):
                return small
    return None


def _reads(place: Spot, text: str) -> list[cst.BaseExpression]:
    """All reads in the compiled functions of the file that mean the same global and are not guarded yet."""
    tree, first = place.tree, text.partition(".")[0]
    found: list[cst.BaseExpression] = []
    for qualname, function in tree.functions():
        if not place.facts.reached(tree.path, qualname) or first in assigned_names(function):
            continue
        for load in loads(function.body, first):
            node = tree.parent(load) if "." in text else load
            above = tree.parent(node) if node is not None else None
            guarded = isinstance(above, cst.IfExp) and above.orelse is node
            if isinstance(node, cst.Name | cst.Attribute) and tree.code(node) == text and not guarded:
                found.append(node)
    return found


def _definition(tree: Tree) -> list[Edit] | str:
    """The edit that gives the module a name for itself, where it has none."""
    last: cst.CSTNode | None = None
    for statement in tree.module.body:
        if isinstance(statement, cst.SimpleStatementLine) and isinstance(statement.body[0], cst.Import | cst.ImportFrom):
            last = statement
    if f"{_THIS} =" in tree.text:
        return []
    if last is None or not tree.own_line(last):
        return "the file has no import line after which the module could get a name for itself"
    modules = '__import__("sys").modules' if _sys_taken(tree) else tree.imports.spell("sys.modules")[0]
    return [tree.after(last, ["", f"{_THIS} = {modules}.get(__name__)"])]


def _sys_taken(tree: Tree) -> bool:
    """Whether the file binds the name ``sys`` to something else than the module."""
    return any(name.value == "sys" and not isinstance(by, cst.ImportAlias) for name, by in bindings(tree.module))
