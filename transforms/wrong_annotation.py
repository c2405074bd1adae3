"""Annotations that the compiler has no type for, or that say something else than what happens."""

from __future__ import annotations

import re
from collections.abc import Iterator

import libcst as cst

from scriptify.facts.model import Class, Facts, Parameter, TypeFact
from scriptify.facts.types import NONE, Type, join, optional, parse
from scriptify.transform import Edit, Focus, Need, Phase, Proposal, Safety, Transform
from scriptify.transforms._infer import Inference
from scriptify.transforms._refused_argument import refused_argument
from scriptify.transforms._signature import TENSOR, Spelled, annotate, compiled, declared, is_none, own_parameters, spell, type_commented
from scriptify.transforms._wrong_annotation_examples import EXAMPLES
from scriptify.tree import Tree, own_nodes

_HANDED = re.compile(
    r"Expected a value of type '(Optional\[[^'\n]+\])' for argument '(\w+)' but instead found type '(Optional\[[^'\n]+\])'"
)
_SEQUENCES = frozenset({"typing.Sequence", "typing.Iterable", "typing.Collection", "typing.MutableSequence", "collections.abc.Sequence"})
_BARE = frozenset(
    """
    builtins.list builtins.dict builtins.tuple builtins.set builtins.object builtins.type typing.List typing.Dict typing.Tuple
    typing.Optional typing.Sequence typing.Iterable typing.Callable typing.Mapping typing.Iterator typing.Generator torch.Size
    numpy.ndarray numpy.array collections.abc.Sequence collections.abc.Callable collections.abc.Iterable collections.OrderedDict
    """.split()
)
_PLAIN_NAMES = {"typing": ("List", "Dict", "Tuple"), "builtins": ("list", "dict", "tuple")}
_GENERIC = {f"{module}.{name}": name.title() for module, names in _PLAIN_NAMES.items() for name in names}
_REFUSED = frozenset({"typing.Callable", "typing.Literal", "typing.Annotated", "typing.Mapping", "typing.OrderedDict", "typing.Iterator"})


class WrongAnnotation(Transform):
    """``def f(xs: Tuple[Tensor, ...]) -> nn.Module`` becomes ``def f(xs: List[Tensor])``.

    The compiler reads annotations and believes them: those it has no type for are refused, and those that
    are wrong are refused at the call, or compiled into a cast that fails when run. A parameter gets the type
    that a run has shown, or a list for a sequence of any length; a wrong return annotation is taken out,
    for the compiler infers it; so is a class-level annotation that names a module class.
    """

    code = "SF106"
    name = "wrong-annotation"
    phase = Phase.SIGNATURES
    explains = (
        "Unknown type name",
        "Unknown type constructor",
        "Unknown type annotation",
        "Unsupported annotation",
        "Attempted to use",
        "cannot be used in a type expression",
        "Return value was annotated as having type",
        "Expected a value of type",
        "Could not cast attribute",
        "object is not subscriptable",
        "object is not iterable",
    )
    hints = (":", "->")
    source = "https://docs.pytorch.org/docs/stable/jit_language_reference_v2.html#typescript-types"
    examples = EXAMPLES

    def propose(self, tree: Tree, facts: Facts, focus: Focus | None = None) -> Iterator[Proposal]:
        """Yield a rewrite for each such annotation, a decline for one of a parameter whose type is not known."""
        for qualname, function in compiled(tree, facts):
            if type_commented(tree, function):
                continue
            for param in own_parameters(tree, function):
                fact = facts.parameter(tree.path, qualname, param.name.value)
                if param.annotation is None or not isinstance(fact, Parameter):
                    continue
                if (other := _handed(tree, function, param, fact, focus)) is not None:
                    yield from self._other(tree, param, other)
                else:
                    yield from self._parameter(tree, facts, param, fact, _too_wide(tree, param, fact, focus))
            if function.returns is not None:
                yield from self._returns(tree, facts, qualname, function)
        for owner in facts.classes.values():
            if owner.path == tree.path and owner.is_module and _compiled_class(facts, owner):
                yield from self._class(tree, facts, owner)

    def _parameter(self, tree: Tree, facts: Facts, param: cst.Param, fact: Parameter, wide: bool) -> Iterator[Proposal]:
        if param.annotation is None:
            return
        node, name = param.annotation.annotation, param.name.value
        stated = declared(tree, node)
        live = fact.given or fact.observed
        seen = live.type if live is not None and live.type.known and live.type.name not in (NONE, "Union") else None
        if live is not None and live.type.name == NONE and stated is not None and not stated.optional and not is_none(param.default):
            seen = optional(stated)  # a call passes None all the same
        if stated is not None and (seen is None or takes(stated, seen)) and not wide:
            return
        if stated is None and not refused(tree, facts, node) and not wide:
            return
        type_, what, origin = seen, f"{name} was {seen}", "live"
        if type_ is not None and param.default is not None and tree.code(param.default) == "None":
            type_ = join([type_, Type(NONE)])
        if type_ is None:
            type_, what, origin = _as_list(tree, node), f"{tree.code(node)} is a sequence of any length", "source"
        elif type_.name == "Tuple" and _as_list(tree, node) is not None and len({str(a) for a in type_.args}) == 1:
            type_ = Type("List", type_.args[:1])
        spelled: Spelled | None = spell(tree, type_) if type_ is not None else None
        if spelled is None:
            text = " ".join(tree.code(node).split())
            yield tree.decline(self, param, f"the compiler has no type {text}: annotate {name}, or give an entry")
            return
        edit = annotate(tree, param, spelled.text)
        if edit is not None:
            yield tree.rewrite(
                self,
                param,
                f"{name}: {spelled.text}",
                [edit],
                imports=spelled.imports,
                needs=[Need(what, origin)],
                why="the compiler believes annotations, and has no type for this one" if stated is None else "the annotation is wrong",
                safety=Safety.OBSERVED if origin == "live" else Safety.EQUIVALENT,
            )

    def _other(self, tree: Tree, param: cst.Param, type_: Type) -> Iterator[Proposal]:
        spelled = spell(tree, type_)
        edit = annotate(tree, param, spelled.text) if spelled is not None else None
        if spelled is not None and edit is not None:
            why = "it is handed on to a parameter of that type, and no run gave it"
            title = f"{param.name.value}: {spelled.text}"
            yield tree.rewrite(self, param, title, [edit], imports=spelled.imports, why=why, safety=Safety.OBSERVED)

    def _returns(self, tree: Tree, facts: Facts, qualname: str, function: cst.FunctionDef) -> Iterator[Proposal]:
        if function.returns is None:
            return
        node = function.returns.annotation
        stated = declared(tree, node)
        fact = facts.returns(tree.path, qualname)
        seen = fact.type if isinstance(fact, TypeFact) and fact.origin == "live" else _returned(tree, facts, qualname, function)
        origin = fact.origin if isinstance(fact, TypeFact) and fact.origin == "live" else "source"
        wrong = stated is not None and seen is not None and seen.known and seen.name != "Union" and not takes(stated, seen)
        if not wrong and not (stated is None and refused(tree, facts, node)):
            return
        start = tree.text.rindex(")", 0, tree.span(function.returns)[0]) + 1
        stop = tree.outer_span(node)[1]
        if "#" in tree.text[start:stop]:
            yield tree.decline(self, function, "a comment stands in the return annotation")
            return
        text = " ".join(tree.code(node).split())
        yield tree.rewrite(
            self,
            function,
            f"no return annotation {text}",
            [Edit(tree.path, start, stop, "")],
            needs=[Need(f"{qualname} returns {seen}", origin)] if wrong else [],
            why="the compiler infers what a function returns, and casts to a wrong annotation without a word",
            safety=Safety.OBSERVED if wrong and origin == "live" else Safety.EQUIVALENT,
            silent=wrong,
        )

    def _class(self, tree: Tree, facts: Facts, owner: Class) -> Iterator[Proposal]:
        node = tree.class_(owner.qualname)
        if node is None or node.decorators:
            return
        for statement in node.body.body:
            if not isinstance(statement, cst.SimpleStatementLine) or len(statement.body) != 1:
                continue
            small = statement.body[0]
            if not isinstance(small, cst.AnnAssign) or not isinstance(small.target, cst.Name):
                continue
            if small.target.value not in owner.attributes or not _names_module(tree, facts, small.annotation.annotation):
                continue
            if small.value is None:
                edit = tree.remove(statement) if len(node.body.body) > 1 else tree.replace(small, "pass")
            else:
                edit = Edit(tree.path, tree.span(small.target)[1], tree.outer_span(small.value)[0], " = ")
            why = "the compiler resolves every class-level annotation, and has no types for modules"
            yield tree.rewrite(self, statement, f"no annotation of {small.target.value}", [edit], why=why)


def _handed(tree: Tree, function: cst.FunctionDef, param: cst.Param, fact: Parameter, focus: Focus | None) -> Type | None:
    """The Optional that the compiler wants where an Optional of something else, which no run ever gave, is handed on."""
    match = _HANDED.search(focus.message) if focus is not None else None
    stated = declared(tree, param.annotation.annotation) if param.annotation is not None else None
    never = fact.given is None and (fact.observed is None or fact.observed.type.name == NONE) and is_none(param.default)
    if match is None or focus is None or stated is None or str(stated) != match[3] or not never:
        return None
    # Another argument of the same call may be handed on rightly: only the one that the message names is meant.
    refused = refused_argument(match, match[2])
    for call in own_nodes(function.body):
        if not isinstance(call, cst.Call):
            continue
        method = isinstance(call.func, cst.Attribute) and not tree.dotted(call.func)
        for index, arg in enumerate(call.args):
            named = isinstance(arg.value, cst.Name) and arg.value.value == param.name.value
            statement = tree.statement(call) if named and refused.given(call, index, method) else None
            if statement is not None and focus.covers(tree.path, *tree.lines(statement)):
                return parse(match[1])
    return None


def _too_wide(tree: Tree, param: cst.Param, fact: Parameter, focus: Focus | None) -> bool:
    """Whether the compiler stopped at a value of type Any or Union, which a parameter was annotated with and never was but one of."""
    seen = fact.observed or fact.given
    if focus is None or param.annotation is None or seen is None or not seen.type.known or seen.type.name in (NONE, "Union"):
        return False
    if "found type 'Any'" in focus.message:
        return tree.dotted(param.annotation.annotation) in ("typing.Any", "builtins.object")
    node = param.annotation.annotation
    both = isinstance(node, cst.Subscript) and tree.dotted(node.value) == "typing.Union"
    return "found type 'Union[" in focus.message and (both or isinstance(node, cst.BinaryOperation))


def takes(stated: Type, seen: Type) -> bool:
    """Whether a value of one type may be given where the other is stated."""
    if stated == seen or stated.name in ("Any", "Union"):
        return True
    if stated.name == "Optional":
        return seen.name == NONE or takes(stated.args[0], seen.stripped)
    if seen.name == "Optional":
        return False
    if {stated.name, seen.name} == {"float", "int"}:
        return stated.name == "float"
    if {stated.name.lower(), seen.name.lower()} <= {"device", "dtype", "int"}:
        return True
    if stated.name == "List" and seen.name in ("List", "Tuple"):
        return all(takes(stated.args[0], arg) for arg in seen.args)
    if stated.name == seen.name and len(stated.args) == len(seen.args):
        return all(map(takes, stated.args, seen.args))
    return False


def refused(tree: Tree, facts: Facts, node: cst.BaseExpression) -> bool:
    """Whether the compiler certainly has no type for an annotation."""
    dotted = tree.dotted(node)
    if dotted in _BARE or _names_module(tree, facts, node):
        return True
    if isinstance(node, cst.Subscript):
        head = tree.dotted(node.value)
        parts = [e.slice.value for e in node.slice if isinstance(e.slice, cst.Index)]
        if head in _SEQUENCES | _REFUSED or any(isinstance(part, cst.Ellipsis) for part in parts):
            return True
        return any(refused(tree, facts, part) for part in parts)
    return False


def _names_module(tree: Tree, facts: Facts, node: cst.BaseExpression) -> bool:
    """Whether an annotation names a module class, or what is called."""
    for found in [node, *own_nodes(node)]:
        if not isinstance(found, cst.Name | cst.Attribute):
            continue
        dotted = tree.dotted(found)
        if dotted.startswith("torch.nn.") and dotted.rpartition(".")[2][:1].isupper() and not dotted.endswith(("Parameter", "Buffer")):
            return True
        if dotted in ("typing.Callable", "collections.abc.Callable"):
            return True
        owner = facts.classes.get(f"{tree.path}::{found.value}") if isinstance(found, cst.Name) else None
        if owner is not None and owner.is_module:
            return True
    return False


def _as_list(tree: Tree, node: cst.BaseExpression) -> Type | None:
    """An annotation with ``List[T]`` for each ``Tuple[T, ...]`` and ``Sequence[T]`` in it; None where that does not make a type."""
    stated = declared(tree, node)
    if stated is not None or not isinstance(node, cst.Subscript):
        return stated
    parts = [e.slice.value for e in node.slice if isinstance(e.slice, cst.Index)]
    head = tree.dotted(node.value)
    any_length = len(parts) == 2 and isinstance(parts[1], cst.Ellipsis) and head in ("typing.Tuple", "builtins.tuple")
    inner = [_as_list(tree, part) for part in (parts[:1] if any_length else parts)]
    known = [type_ for type_ in inner if type_ is not None]
    if not known or len(known) < len(inner):
        return None
    if any_length or (head in _SEQUENCES and len(known) == 1):
        return Type("List", (known[0],))
    if head == "typing.Optional" and len(known) == 1:
        return optional(known[0])
    name = _GENERIC.get(head)
    return Type(name, tuple(known)) if name is not None else None


def _returned(tree: Tree, facts: Facts, qualname: str, function: cst.FunctionDef) -> Type | None:
    """A Tensor where every return gives one."""
    inference = Inference(tree, facts, qualname, function)
    found = [n for n in own_nodes(function.body) if isinstance(n, cst.Return)]
    return TENSOR if found and all(inference.type_of(n.value) == TENSOR for n in found) else None


def _compiled_class(facts: Facts, owner: Class) -> bool:
    """Whether an instance of the class is compiled."""
    line = [owner, *facts.ancestors(owner)]
    return any(facts.reached(c.path, f"{c.qualname}.forward") for c in line)
