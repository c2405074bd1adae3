"""Locals that are None on one way and something else on another."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from scriptify.facts.model import Facts, Kind, TypeFact, Unknown
from scriptify.facts.types import EMPTY, NONE, Type, join, optional
from scriptify.transform import Edit, Focus, Need, Phase, Proposal, Safety, Transform
from scriptify.transforms._infer import Inference
from scriptify.transforms._optional_local_examples import EXAMPLES
from scriptify.transforms._refine import UNREFINED, asks, unrefined
from scriptify.transforms._sentinel import Group, NotSentinel
from scriptify.transforms._signature import TENSOR, compiled, is_none, spell
from scriptify.tree import Tree
from scriptify.tree.flow import bindings, parameter_names

_STATIC_CALLS = ("builtins.hasattr", "builtins.isinstance", "torch.jit.is_scripting", "torch.jit.is_tracing")


class OptionalLocal(Transform):
    """``pred = None`` becomes ``pred: Optional[torch.Tensor] = None`` where a branch or loop assigns a Tensor later.

    The compiler gives a variable the type of its first assignment and lets no branch or loop change it; in
    straight line it may change, and there nothing is touched. Only the first assignment is annotated.
    When the compiler says that an Optional is used without a test, and None would raise there anyway, an
    ``assert`` before the use tells it so, in scripted code only.
    """

    code = "SF103"
    name = "optional-local"
    phase = Phase.SIGNATURES
    explains = ("previously had type NoneType but is now being assigned", "to a value of type NoneType", *UNREFINED)
    hints = ("None",)
    source = "https://docs.pytorch.org/docs/stable/jit_language_reference.html#optional-type-refinement"
    examples = EXAMPLES

    def propose(self, tree: Tree, facts: Facts, focus: Focus | None = None) -> Iterator[Proposal]:
        """Yield a rewrite for each such local, and under a focus for each use that wants refining."""
        for qualname, function in compiled(tree, facts):
            first, last = tree.lines(function)
            here = focus is not None and focus.covers(tree.path, first, last)
            if here and focus is not None and asks(focus.message):
                yield from self._refined(tree, function, focus)
            done: set[cst.CSTNode] = set()
            for name in self._names(function):
                asked = here and focus is not None and f"Variable '{name}' previously" in focus.message
                yield from self._local(tree, facts, qualname, function, name, asked, done)

    def _names(self, function: cst.FunctionDef) -> list[str]:
        """Locals that are assigned None somewhere, in order of their first binding."""
        seen = dict.fromkeys(name.value for name, _ in bindings(function.body))
        return [name for name in seen if name not in parameter_names(function)]

    def _local(
        self, tree: Tree, facts: Facts, qualname: str, function: cst.FunctionDef, name: str, asked: bool, done: set[cst.CSTNode]
    ) -> Iterator[Proposal]:
        stores = [by for bound, by in bindings(function.body) if bound.value == name]
        first = stores[0]
        kinds = [_is_none_store(tree, by, name) for by in stores]
        if not any(kinds) or all(kinds) or not isinstance(first, cst.AssignTarget):
            return
        clash = [by for by, none in zip(stores[1:], kinds[1:], strict=True) if none != kinds[0]]
        inference = Inference(tree, facts, qualname, function)
        if not clash or not (asked or any(_apart(tree, facts, inference, first, by) for by in clash)):
            return
        assign = tree.parent(first)
        if not isinstance(assign, cst.Assign) or assign in done:
            return
        type_ = _type(facts, tree.path, qualname, inference, name, stores)
        if isinstance(type_, Unknown):
            yield tree.decline(self, assign, type_.reason)
            return
        if kinds[0] and type_.type == TENSOR and facts.settings.none_default == "sentinel":
            group = Group(tree, facts)
            try:
                group.add((qualname, name))
                edits, imports = group.edits()
                yield tree.rewrite(self, assign, f"{name}: an empty tensor instead of None", edits, imports=imports)
                return
            except NotSentinel:
                pass
        yield from self._annotated(tree, facts, qualname, assign, name, type_, done)

    def _annotated(
        self, tree: Tree, facts: Facts, qualname: str, assign: cst.Assign, name: str, type_: TypeFact, done: set[cst.CSTNode]
    ) -> Iterator[Proposal]:
        spelled = spell(tree, optional(type_.type))
        if spelled is None:
            yield tree.decline(self, assign, f"{name} is None or {type_.type}, which no annotation names")
            return
        edits = _annotate(tree, assign, name, spelled.text)
        if edits is None:
            yield tree.decline(self, assign, f"{name} is first assigned together with others; a line of its own would do")
            return
        done.add(assign)
        yield tree.rewrite(
            self,
            assign,
            f"{name}: {spelled.text}",
            edits,
            imports=spelled.imports,
            needs=[Need(f"{name} is {type_.type} where it is not None", "live" if type_.origin == "live" else "source")],
            why="a branch or loop can't change the type of a variable",
            safety=Safety.OBSERVED if type_.origin == "live" else Safety.EQUIVALENT,
        )

    def _refined(self, tree: Tree, function: cst.FunctionDef, focus: Focus) -> Iterator[Proposal]:
        for load, edits, name in unrefined(tree, function, focus):
            imports = tree.imports.spell("torch.jit.is_scripting")[1] if "is_scripting" in edits[0].text else ()
            why = "the compiler asks that None be ruled out, which raises here in eager code"
            yield tree.rewrite(self, load, f"{name} is not None here", edits, imports=imports, why=why)


def _is_none_store(tree: Tree, by: cst.CSTNode, name: str) -> bool:
    assign = tree.parent(by)
    if not isinstance(by, cst.AssignTarget) or not isinstance(assign, cst.Assign):
        return False
    if isinstance(by.target, cst.Tuple) and isinstance(assign.value, cst.Tuple) and len(by.target.elements) == len(assign.value.elements):
        pairs = zip(by.target.elements, assign.value.elements, strict=True)
        return any(isinstance(t.value, cst.Name) and t.value.value == name and is_none(v.value) for t, v in pairs)
    return isinstance(by.target, cst.Name) and is_none(assign.value)


def _apart(tree: Tree, facts: Facts, inference: Inference, first: cst.CSTNode, other: cst.CSTNode) -> bool:
    """Whether a branch or loop that the compiler surely keeps as one lies between the first binding and another."""
    home = next(a for a in tree.ancestors(first) if isinstance(a, cst.BaseSuite))
    found = False
    node: cst.CSTNode = other
    for above in tree.ancestors(other):
        if above is home:
            return found
        if isinstance(above, cst.While):
            found = True
        elif isinstance(above, cst.For) and node is above.body:
            kind = _loop(tree, inference, above)
            if kind == "real":
                return True if any(a is home for a in tree.ancestors(above)) else found
            if kind == "unknown":
                return False
        elif isinstance(above, cst.If) and node is not above.test:
            if not _dynamic(tree, facts, inference, above.test):
                return False
            found = True
        node = above
    return False


def _loop(tree: Tree, inference: Inference, loop: cst.For) -> str:
    """``real`` for a loop the compiler keeps, ``unrolled`` for one over modules, ``unknown``."""
    over: cst.BaseExpression = loop.iter
    if isinstance(over, cst.Call) and tree.dotted(over.func) == "builtins.range":
        return "real"
    if isinstance(over, cst.Call) and tree.dotted(over.func) in ("builtins.enumerate", "builtins.reversed") and over.args:
        over = over.args[0].value
    attribute = inference.self_attribute(over)
    if attribute is not None and attribute.kinds:
        containers = all(kind.container for kind in attribute.kinds)
        return "unrolled" if containers else "real" if attribute.kinds == {Kind.LIST} else "unknown"
    type_ = inference.type_of(over)
    return "real" if type_ is not None and (type_ == TENSOR or type_.name == "List") else "unknown"


def _dynamic(tree: Tree, facts: Facts, inference: Inference, test: cst.BaseExpression) -> bool:
    """Whether the compiler surely compiles both branches of a test."""
    if isinstance(test, cst.UnaryOperation) and isinstance(test.operator, cst.Not):
        return _dynamic(tree, facts, inference, test.expression)
    if isinstance(test, cst.BooleanOperation):
        return _dynamic(tree, facts, inference, test.left) and _dynamic(tree, facts, inference, test.right)
    if isinstance(test, cst.Comparison):
        return not any(is_none(side) for side in (test.left, *(c.comparator for c in test.comparisons)))
    if isinstance(test, cst.Call):
        return tree.dotted(test.func) not in _STATIC_CALLS
    if isinstance(test, cst.Attribute):
        owner = facts.owner(tree.path, inference.qualname)
        above = [owner, *facts.ancestors(owner)] if owner is not None else []
        final = any(test.attr.value in c.constants or "Final" in c.annotations.get(test.attr.value, "") for c in above)
        return not final and (test.attr.value == "training" or inference.type_of(test) is not None)
    return isinstance(test, cst.Name) and test.value not in ("True", "False", "None")


def _type(facts: Facts, path: str, qualname: str, inference: Inference, name: str, stores: list[cst.CSTNode]) -> TypeFact | Unknown:
    """What the local is where it is not None."""
    live = facts.local(path, qualname, name)
    if isinstance(live, TypeFact) and live.type.stripped.known and live.type.name not in (NONE, "Union"):
        return TypeFact(live.type.stripped, "live")
    found: list[Type] = []
    for by in stores:
        assign = inference.tree.parent(by)
        if _is_none_store(inference.tree, by, name) or isinstance(by, cst.AugAssign):
            continue
        simple = isinstance(by, cst.AssignTarget) and isinstance(by.target, cst.Name) and isinstance(assign, cst.Assign)
        type_ = inference.type_of(assign.value) if simple and isinstance(assign, cst.Assign) else None
        if type_ is None:
            return Unknown(f"nothing shows what {name} is when it is not None: annotate it, or give an entry whose run assigns it")
        found.append(type_.stripped)
    joined = join(found)
    if not found or joined.name in ("Union", EMPTY, NONE) or not joined.known:
        return Unknown(f"{name} is not of one type when it is not None")
    return TypeFact(joined, "source")


def _annotate(tree: Tree, assign: cst.Assign, name: str, text: str) -> list[Edit] | None:
    """The edits that annotate one name of an assignment; those that assign several names become a line each."""
    target = assign.targets[0].target
    if len(assign.targets) == 1 and isinstance(target, cst.Name):
        return [tree.insert(tree.outer_span(target)[1], f": {text}")]
    pairs = _pairs(tree, assign)
    statement = tree.parent(assign)
    if pairs is None or not isinstance(statement, cst.SimpleStatementLine) or not tree.own_line(statement):
        return None
    if len({n for n, _ in pairs}) < len(pairs):
        return None
    rows = [f"{n}: {text} = {value}" if n == name else f"{n} = {value}" for n, value in pairs]
    indent = tree.indent(statement)
    return [tree.replace(assign, f"{tree.newline}{indent}".join(rows))]


def _pairs(tree: Tree, assign: cst.Assign) -> list[tuple[str, str]] | None:
    """``a = b = None`` and ``a, b = None, 0`` as names with literal values."""
    names = [t.target for t in assign.targets]
    if all(isinstance(n, cst.Name) for n in names) and is_none(assign.value):
        return [(n.value, "None") for n in names if isinstance(n, cst.Name)]
    target, value = names[0], assign.value
    if len(names) != 1 or not isinstance(target, cst.Tuple) or not isinstance(value, cst.Tuple):
        return None
    if len(target.elements) != len(value.elements):
        return None
    pairs: list[tuple[str, str]] = []
    for left, right in zip(target.elements, value.elements, strict=True):
        constant = isinstance(right.value, cst.Integer | cst.Float | cst.SimpleString) or (
            isinstance(right.value, cst.Name) and right.value.value in ("None", "True", "False")
        )
        if not isinstance(left.value, cst.Name) or not constant:
            return None
        pairs.append((left.value.value, tree.code(right.value)))
    return pairs
