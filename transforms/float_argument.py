"""SF401: an int where an operator's schema wants a float."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import libcst as cst

from scriptify import schemas
from scriptify.facts.model import CallSite, Facts, Function, Kind
from scriptify.facts.types import GENERICS, SCALARS, Type, parse
from scriptify.schemas import Formal, Overload
from scriptify.transform import Edit, Focus, Phase, Proposal, Safety, Transform
from scriptify.transforms._calls import calls, takes_self
from scriptify.transforms._expression import Body
from scriptify.transforms._float_argument_examples import EXAMPLES
from scriptify.transforms._float_edits import FloatEdits
from scriptify.transforms._infer_known import FLOAT, INT
from scriptify.transforms._number import MIXED, Kept, Numbers, is_simple
from scriptify.transforms._own_methods import may_be_own
from scriptify.transforms._signature import is_none
from scriptify.tree import Tree
from scriptify.tree.hoist import eager_only


class FloatArgument(Transform):
    """``F.interpolate(x, scale_factor=2)`` -> ``F.interpolate(x, scale_factor=2.0)``.

    Python passes an int for a float; the compiler does not. What wants a float is read from torch's own
    operator schemas (see ``scriptify.schemas``), so that arguments that take any number (``torch.full``,
    ``clamp``), where an int and a float give different dtypes, are never touched. A literal becomes a float
    literal, any other int is wrapped in ``float(...)``. Where only a default, an annotation or a run says that a
    value is an int, another caller may pass a pair, a text or None: scripted code alone takes the float then
    (``float(s) if torch.jit.is_scripting() else s``). The same for arguments of torch's modules that their
    ``forward`` passes on (``nn.LeakyReLU(0)``): there the module's attribute becomes a float of equal value
    (``float(s) if isinstance(s, int) else s`` of a parameter, so that None stays None).
    For a ``float`` parameter of the project's own functions the rewrite is only kept when a run agrees,
    since such a function may compute with the int.
    """

    code = "SF401"
    name = "float-argument"
    phase = Phase.VALUES
    explains = (
        "Expected a value of type 'float'",
        "Expected a value of type 'Optional[float]'",
        "Expected a value of type 'List[float]'",
        "Expected a value of type 'Optional[List[float]]'",
        "if-expression's true branch has type float but false branch has type int",
        "if-expression's true branch has type int but false branch has type float",
    )
    source = "https://docs.pytorch.org/docs/stable/jit_builtin_functions.html"
    examples = EXAMPLES

    def propose(self, tree: Tree, facts: Facts, focus: Focus | None = None) -> Iterator[Proposal]:
        """Yield a rewrite for each call that gives an int where only a float is taken."""
        known: dict[cst.FunctionDef, FloatEdits] = {}
        for node in _candidates(tree, facts):
            function = tree.enclosing(node, cst.FunctionDef)
            if function is None or eager_only(tree, node):
                continue
            qualname = tree.qualname(function)
            compiled = facts.reached(tree.path, qualname) and tree.function(qualname) is function
            constructor = schemas.module(tree.dotted(node.func)) if is_simple(node.func) else ()
            if constructor:
                if not self._asked(constructor, focus) and not _builds_compiled(tree, facts, node):
                    continue
            elif not compiled:
                continue
            if function not in known:
                known[function] = FloatEdits(Numbers(tree, facts, qualname, function), compiled)
            floats = known[function]
            overloads, own = ((constructor,), False) if constructor else _overloads(tree, facts, floats.numbers, node)
            yield from self._call(tree, floats, node, overloads, own)

    def _asked(self, constructor: Overload, focus: Focus | None) -> bool:
        """Whether the compiler named one of a constructor's arguments: it speaks of them at a place in torch."""
        return focus is not None and self.answers(focus.message) and any(f"'{formal.name}'" in focus.message for formal in constructor)

    def _call(self, tree: Tree, floats: FloatEdits, node: cst.Call, overloads: Sequence[Overload], own: bool) -> Iterator[Proposal]:
        if not overloads or any(arg.star for arg in node.args):
            return
        types = [_given(floats.numbers, arg.value) for arg in node.args]
        choices = [formals for overload in overloads if (formals := _matched(overload, node)) is not None]
        wrong = [[i for i, formal in enumerate(formals) if not schemas.fits(types[i], formal.type)] for formals in choices]
        if not choices or not all(wrong):
            return
        for formals, places in zip(choices, wrong, strict=True):
            if all(_convertible(types[i], formals[i].type) for i in places):
                yield self._rewritten(tree, floats, node, [(node.args[i], formals[i]) for i in places], own)
                return
        for formals, places in zip(choices, wrong, strict=True):
            for i in places:
                if _mentions(types[i], "int") and _mentions(formals[i].type, "float"):
                    what = f"{tree.code(node.args[i].value)} has type {types[i]} where {formals[i].name} wants {formals[i].type}"
                    yield tree.decline(self, node, f"{what}: make it a float where it comes from")
                    return

    def _rewritten(self, tree: Tree, floats: FloatEdits, node: cst.Call, wrong: Sequence[tuple[cst.Arg, Formal]], own: bool) -> Proposal:
        edits: list[Edit] = []
        floats.wanted.clear()
        for arg, formal in wrong:
            single = _given(floats.numbers, arg.value) == INT
            done = floats.of_int(arg.value) if single else floats.of_items(arg.value)
            if isinstance(done, Kept):
                return tree.decline(self, node, f"{tree.code(arg.value)} is an int where {formal.name} wants a float, and {done.because}")
            edits += done
        names = ", ".join(formal.name for _, formal in wrong)
        kinds = ", ".join(dict.fromkeys(str(formal.type) for _, formal in wrong))
        callee = node.func.attr.value if isinstance(node.func, cst.Attribute) else tree.code(node.func)
        why = f"{callee} takes {kinds} there, and the compiler does not make a float of an int"
        safety, imports = Safety.OBSERVED if own else None, tuple(floats.wanted)
        return tree.rewrite(self, node, f"give {callee} a float for {names}", edits, imports=imports, why=why, safety=safety)


def _candidates(tree: Tree, facts: Facts) -> Iterator[cst.Call]:
    """The calls of a name that some callable with a float parameter has."""
    own = {name for name, function in _by_last_name(facts) if any("float" in (p.annotation or "") for p in function.parameters)}
    wanted = schemas.names() | own
    # A module's forward is called by the name of an attribute, which is anything.
    any_attribute = "forward" in own
    for node in tree.find(cst.Call):
        func = node.func
        name = func.attr.value if isinstance(func, cst.Attribute) else func.value if isinstance(func, cst.Name) else ""
        if name in wanted or (any_attribute and _is_self(func)):
            yield node


def _by_last_name(facts: Facts) -> Iterator[tuple[str, Function]]:
    for (_, qualname), function in facts.functions.items():
        yield qualname.rpartition(".")[2], function


def _is_self(node: cst.CSTNode) -> bool:
    while isinstance(node, cst.Attribute | cst.Subscript):
        node = node.value
    return isinstance(node, cst.Name)


def _given(numbers: Numbers, node: cst.BaseExpression) -> Type | None:
    """The type of an argument; ``int`` for what may be an int in one instance or branch and is a number in all."""
    if isinstance(node, cst.IfExp):
        if _floated_already(numbers, node) or any(eager_only(numbers.tree, side) for side in (node.body, node.orelse)):
            return numbers.type_of(node.body)
        sides = [_given(numbers, node.body), _given(numbers, node.orelse)]
        return INT if INT in sides and all(side in (INT, FLOAT) for side in sides) else numbers.type_of(node)
    if isinstance(node, cst.List) and node.elements:
        items = [_given(numbers, element.value) for element in node.elements]
        if INT in items and all(item in (INT, FLOAT) for item in items):
            return Type("List", (INT,))
    type_ = numbers.type_of(node)
    if type_ is None or (type_.optional and "int" not in type_.names() and not is_none(node)):
        return None  # a test for None may stand between; what it leaves is not known here
    return _settled(type_)


def _floated_already(numbers: Numbers, node: cst.IfExp) -> bool:
    """``float(x) if isinstance(x, int) else x``, which is no int any more."""
    code = numbers.tree.code
    return code(node.test) == f"isinstance({code(node.orelse)}, int)" and code(node.body) == f"float({code(node.orelse)})"


def _settled(type_: Type) -> Type:
    return INT if type_ == MIXED else Type(type_.name, tuple(map(_settled, type_.args)))


def _convertible(given: Type | None, wanted: Type) -> bool:
    """Whether an argument fits once its ints are floats."""
    return (
        given is not None and given.name in ("int", "Tuple", "List") and _mentions(given, "int") and schemas.fits(_floated(given), wanted)
    )


def _floated(type_: Type) -> Type:
    return FLOAT if type_ == INT else Type(type_.name, tuple(map(_floated, type_.args)))


def _mentions(type_: Type | None, name: str) -> bool:
    return type_ is not None and name in type_.names()


def _matched(overload: Overload, node: cst.Call) -> tuple[Formal, ...] | None:
    """The parameter of each argument, in the arguments' order."""
    keywords = [arg.keyword.value for arg in node.args if arg.keyword is not None]
    return schemas.matched(overload, len(node.args) - len(keywords), keywords)


def _overloads(tree: Tree, facts: Facts, numbers: Numbers, node: cst.Call) -> tuple[Sequence[Overload], bool]:
    """What a call can reach, and whether that is the project's own function."""
    first = node.func
    while isinstance(first, cst.Attribute):
        first = first.value
    hidden = not isinstance(first, cst.Name) or first.value in numbers.taken
    dotted = "" if hidden else tree.dotted(node.func)
    if dotted.startswith("torch."):
        return schemas.function(dotted), False
    site = calls(facts).by_span.get((tree.path, *tree.span(node)))
    if site is not None and site.callees:
        signatures = [_signature(facts, key, site) for key in site.callees]
        known = [overload for overload in signatures if overload is not None]
        return (known, True) if site.certain and len(known) == len(signatures) else ((), True)
    if isinstance(node.func, cst.Attribute) and _is_method(tree, numbers, node.func):
        own = may_be_own(Body(tree, facts, numbers.qualname, numbers.function), node.func)
        return (() if own else schemas.method(node.func.attr.value)), False
    return (), False


def _signature(facts: Facts, key: tuple[str, str], site: CallSite) -> Overload | None:
    """A function of the project as an overload, or None where its arguments can't be matched or it is not compiled."""
    function = facts.function(*key)
    if function is None or not function.reached or any(p.kind in ("*", "**") for p in function.parameters):
        return None
    skip = takes_self(function) and not site.unbound
    return tuple(
        Formal(p.name, _annotated(p.annotation), p.default is not None, p.kind == "keyword") for p in function.parameters[int(skip) :]
    )


def _annotated(text: str | None) -> Type:
    try:
        type_ = parse(text.strip("\"'")) if text else Type("Any")
    except ValueError:
        return Type("Any")
    return type_ if type_.names() <= SCALARS | GENERICS else Type("Any")


def _builds_compiled(tree: Tree, facts: Facts, node: cst.Call) -> bool:
    """Whether a constructor is called in a class of modules that scripting compiles."""
    owner = tree.enclosing(node, cst.ClassDef)
    if owner is None:
        return False
    known = facts.classes.get(f"{tree.path}::{tree.qualname(owner)}")
    forward = f"{tree.qualname(owner)}.forward"
    return known is not None and known.is_module and (tree.function(forward) is None or facts.reached(tree.path, forward))


def _is_method(tree: Tree, numbers: Numbers, func: cst.Attribute) -> bool:
    """Whether a call may be one of a Tensor's methods: not on ``self``, an imported module or a submodule."""
    receiver = func.value
    if isinstance(receiver, cst.Name) and receiver.value == "self":
        return False
    attribute = numbers.self_attribute(receiver)
    if attribute is not None and not attribute.kinds <= {Kind.PARAMETER, Kind.BUFFER, Kind.TENSOR}:
        return False
    return (isinstance(receiver, cst.Name) and receiver.value in numbers.taken) or not (is_simple(receiver) and tree.dotted(receiver))
