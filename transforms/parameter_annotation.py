"""Parameters that are not Tensors and do not say so."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import libcst as cst

from scriptify.facts.known import documented, literal_type
from scriptify.facts.model import Argument, Facts, Parameter
from scriptify.facts.types import EMPTY, Type, join
from scriptify.transform import Edit, Focus, Need, Phase, Proposal, Safety, Transform
from scriptify.transforms._annotation_evidence import contradicted, wants_float
from scriptify.transforms._calls import bound, calls
from scriptify.transforms._infer import Inference
from scriptify.transforms._none_types import given_type, only_tensor
from scriptify.transforms._none_uses import Uses
from scriptify.transforms._parameter_annotation_examples import EXAMPLES
from scriptify.transforms._signature import TENSOR, annotate, compiled, is_none, own_parameters, spell, type_commented
from scriptify.transforms._tuple_default import as_tuple, reads_sequence
from scriptify.tree import Tree

_CONSTANTS = {"math.pi": "float", "math.e": "float", "math.inf": "float", "math.nan": "float", "math.tau": "float"}
_DTYPES = frozenset(
    "float float16 float32 float64 half double bfloat16 int int8 int16 int32 int64 uint8 long short bool complex64 complex128".split()
)
_LISTS = frozenset({"torch.cat", "torch.concat", "torch.stack", "torch.hstack", "torch.vstack"})


@dataclass(frozen=True, slots=True)
class Found:
    """A parameter's type, what showed it, and from where."""

    type: Type
    what: str
    origin: str = "source"


class ParameterAnnotation(Transform):
    """``def forward(self, x, inference=False)`` becomes ``def forward(self, x, inference: bool = False)``.

    The compiler takes every unannotated parameter for a Tensor. One with another default is refused; one
    without a default compiles and then refuses its argument. The type comes from the default, from a run,
    from the calls in the project, from what only one type can do (``range(n)``, ``torch.cat(xs)``), or from
    the docstring.
    """

    code = "SF102"
    name = "parameter-annotation"
    phase = Phase.SIGNATURES
    explains = (
        "Expected a default value of type Tensor (inferred) on parameter",
        "Mutable default parameters are not supported",
        "Tensor (inferred)",
        "all inputs of range must be ints, found Tensor",
        "Arguments for call are not valid",
        "Expected a value of type",
        "previously had type Tensor",
        "indexing tensor with unsupported index type",
    )
    hints = ("def ",)
    source = "https://docs.pytorch.org/docs/stable/jit_language_reference.html#type-annotation"
    examples = EXAMPLES

    def propose(self, tree: Tree, facts: Facts, focus: Focus | None = None) -> Iterator[Proposal]:
        """Yield a rewrite for each parameter whose type is known and not Tensor."""
        for qualname, function in compiled(tree, facts):
            if type_commented(tree, function):
                continue
            for param in own_parameters(tree, function):
                fact = facts.parameter(tree.path, qualname, param.name.value)
                if param.annotation is not None or is_none(param.default) or not isinstance(fact, Parameter):
                    continue
                if fact.kind == "keyword" and param.default is not None:
                    continue  # refused whatever its annotation
                yield from self._parameter(tree, facts, qualname, function, param, fact)

    def _parameter(
        self, tree: Tree, facts: Facts, qualname: str, function: cst.FunctionDef, param: cst.Param, fact: Parameter
    ) -> Iterator[Proposal]:
        name = param.name.value
        uses = Uses(tree, function, name)
        found: Found | str | None = _changeable(tree, param, uses)
        if found is not None:
            pass
        elif param.default is None:
            found = _without_default(tree, facts, qualname, function, param, fact, uses)
        else:
            found = _with_default(tree, facts, qualname, param, fact, uses)
        if found is None:
            return
        if isinstance(found, str):
            yield tree.decline(self, param, found)
            return
        spelled = spell(tree, found.type)
        if spelled is None:
            yield tree.decline(self, param, f"{name} has a type that no annotation names: {found.type} ({found.what})")
            return
        edit = self._edit(tree, param, spelled.text)
        if edit is None:
            yield tree.decline(self, param, f"a comment stands between {name} and its default")
            return
        yield tree.rewrite(
            self,
            param,
            f"{name}: {spelled.text}",
            [edit],
            imports=spelled.imports,
            needs=[Need(found.what, found.origin)],
            why="the compiler takes a parameter without annotation for a Tensor",
            safety=Safety.OBSERVED if found.origin == "live" or _reckons_as_int(tree, param, found.type, uses) else Safety.EQUIVALENT,
        )

    def _edit(self, tree: Tree, param: cst.Param, text: str) -> Edit | None:
        """The edit; a list that is the default becomes a tuple."""
        default = as_tuple(tree, param.default) if isinstance(param.default, cst.List) else None
        return annotate(tree, param, text, default)


def _changeable(tree: Tree, param: cst.Param, uses: Uses) -> str | None:
    """Why a list or dict that is the default has to stay one; None for a list nobody could tell from a tuple."""
    if isinstance(param.default, cst.Dict | cst.Set | cst.DictComp | cst.ListComp):
        return f"the default of {uses.name} could be changed by the function, and the compiler takes no such default"
    if isinstance(param.default, cst.List) and (uses.tests or uses.stores or not all(reads_sequence(tree, u) for u in uses.others)):
        return f"the list that is the default of {uses.name} may be changed or told from a tuple, and the compiler takes no list"
    return None


def _with_default(tree: Tree, facts: Facts, qualname: str, param: cst.Param, fact: Parameter, uses: Uses) -> Found | str | None:
    name, default = param.name.value, param.default
    if default is None or Inference(tree, facts, "", _nothing()).type_of(default) == TENSOR:
        return None  # a Tensor, as the compiler thinks
    type_ = _default_type(tree, default)
    live = fact.given or fact.observed
    stated = documented(fact.documented) if fact.documented else None
    whole = type_ is not None and type_.name == "int" and (live is None or live.type.name in ("int", "float"))
    if whole and stated is not None and stated.name == "float":
        return Found(stated, f"the docstring says {name} is {fact.documented}")
    if live is not None and live.type.known:
        both = live.type if type_ is None else _widened(type_, live.type)
        if both.name in ("Union", EMPTY, "NoneType") or spell(tree, both) is None:
            return f"{name} was {live.type} in a run and its default is {fact.default}: no one type takes both"
        if both == TENSOR:
            return None if type_ is None else f"{name} was a Tensor in a run and its default is {fact.default}"
        what = f"{name} was {live.type}" + (f", its default is {fact.default}" if type_ else "")
        return Found(both, what, "default" if type_ == both else "live")
    if whole and wants_float(tree, facts, uses):
        return Found(Type("float"), f"{name} is handed on to a parameter that is a float")
    if type_ is None:
        return f"the type of the default of {name} is not known: annotate it, or give an entry"
    both = join([type_, *(t for t in _passed(tree, facts, qualname, name) if t is not None)])
    if both != type_ and (both.name in ("Union", EMPTY) or spell(tree, both) is None):
        return f"a call passes {name} something else than its default {fact.default}: no one type takes both"
    return Found(both, f"the default of {name} is {fact.default}" + (f", a call passes {both}" if both != type_ else ""), "default")


def _reckons_as_int(tree: Tree, param: cst.Param, type_: Type, uses: Uses) -> bool:
    """Whether eager code may compute with an int, its default, where scripted code has a float: with a tensor of ints that is another."""
    whole = param.default is not None and literal_type(tree.code(param.default)) == Type("int")
    return whole and type_ == Type("float") and not all(_takes_float(tree, load) for load in uses.others)


def _takes_float(tree: Tree, load: cst.Name) -> bool:
    """Whether a use gives the same for an int as for a float of equal value."""
    above = tree.parent(load)
    if isinstance(above, cst.BinaryOperation):
        return isinstance(above.operator, cst.Divide)
    if isinstance(above, cst.Comparison | cst.ComparisonTarget):
        return True
    call = tree.parent(above) if isinstance(above, cst.Arg) and not above.star else None
    return isinstance(call, cst.Call) and tree.dotted(call.func).startswith("torch.nn.functional.")


def _nothing() -> cst.FunctionDef:
    return cst.FunctionDef(cst.Name("nothing"), cst.Parameters(), cst.IndentedBlock([]))


def _default_type(tree: Tree, default: cst.BaseExpression) -> Type | None:
    text = tree.code(default)
    if isinstance(default, cst.Name) and text not in ("True", "False"):
        value = _constant(tree, text)
        return literal_type(value) if value is not None else None
    dotted = tree.dotted(default)
    if dotted in _CONSTANTS:
        return Type(_CONSTANTS[dotted])
    if dotted.startswith("torch.") and dotted.removeprefix("torch.") in _DTYPES:
        return Type("dtype")
    if isinstance(default, cst.Call):
        made = {"builtins.float": "float", "builtins.int": "int", "torch.device": "device", "math.sqrt": "float"}
        return Type(made[tree.dotted(default.func)]) if tree.dotted(default.func) in made else None
    type_ = literal_type(text) or Inference(tree, Facts(), "", _nothing()).type_of(default)
    if type_ is not None and type_.name == "Tuple" and not type_.args:
        return None
    return type_ if type_ is not None and type_.known and type_.name not in ("NoneType", "Union") else None


def _constant(tree: Tree, name: str) -> str | None:
    """The source of a module-level name that is assigned once, at the top level."""
    found = [
        tree.code(small.value)
        for statement in tree.module.body
        if isinstance(statement, cst.SimpleStatementLine)
        for small in statement.body
        if isinstance(small, cst.Assign) and any(isinstance(t.target, cst.Name) and t.target.value == name for t in small.targets)
    ]
    return found[0] if len(found) == 1 else None


def _widened(default: Type, live: Type) -> Type:
    """One type for the default and what was seen; a tuple default is fine for a list."""
    if default.name == "List" and live.name == "Tuple":
        return join([default, Type("List", (join(live.args),))])
    if default.name in ("dtype", "device") and live.name in ("int", "Device"):
        return default
    return join([default, live])


def _without_default(
    tree: Tree, facts: Facts, qualname: str, function: cst.FunctionDef, param: cst.Param, fact: Parameter, uses: Uses
) -> Found | str | None:
    name = fact.name
    live = fact.observed or fact.given
    if live is not None:
        if live.type == TENSOR:
            return None
        if live.type.name == "NoneType":
            used = given_type(tree, facts, qualname, function, param, uses)
            if used is None or not used.type.known or used.type.name == "NoneType":
                return f"{name} was only ever None: nothing shows what it is otherwise"
            return Found(Type("Optional", (used.type.stripped,)), f"{name} was None in a run; {used.what}", live.origin)
        return Found(live.type, f"{name} was {live.type}", live.origin)
    types = _passed(tree, facts, qualname, name)
    known = [type_ for type_ in types if type_ is not None and type_.known]
    passed = join(known) if known and len(known) == len(types) else None
    if passed is not None and passed.name not in ("Union", EMPTY, "Tuple") and not passed.optional:
        if passed == TENSOR:
            return None
        if not (uses.tests or uses.others):
            # Nothing in the function asks for this type, so whoever scripts its class alone may pass a Tensor today.
            return f"every call passes {passed} for {name}, but the function never reads it: annotate it, or give an entry"
        if against := contradicted(tree, uses, passed):
            return f"every call passes {passed} for {name}, but {against}: annotate it, or give an entry"
        return Found(passed, f"every call passes {passed} for {name}")
    proved = _proved(tree, uses)
    if proved is not None:
        return proved
    stated = documented(fact.documented) if fact.documented else None
    if stated is None or stated.stripped == TENSOR or not stated.known:
        return None
    inference = Inference(tree, facts, qualname, function)
    if any(only_tensor(inference, load) and not isinstance(tree.parent(load), cst.BinaryOperation) for load in uses.others):
        return None  # the docstring is wrong
    if stated.name == "Tuple" and len(stated.args) == 1:
        stated = Type("List", stated.args)  # written for any number of them
    return Found(stated, f"the docstring says {name} is {fact.documented}")


def _passed(tree: Tree, facts: Facts, qualname: str, name: str) -> list[Type | None]:
    """The types that the compiled calls of the project pass, None for each that is not known."""
    function = facts.function(tree.path, qualname)
    types: list[Type | None] = []
    for site in calls(facts).by_callee.get((tree.path, qualname), []):
        if function is None or not facts.reached(site.path, site.scope):
            continue
        given = bound(function, site, name)
        caller = tree.function(site.scope) if site.path == tree.path else None
        if not isinstance(given, Argument) or not site.certain:
            types.append(None)
        elif (literal := literal_type(given.text)) is not None:
            types.append(literal)
        else:
            types.append(_type_at(tree, facts, site.scope, caller, given) if caller is not None else None)
    return types


def _type_at(tree: Tree, facts: Facts, scope: str, caller: cst.FunctionDef, given: Argument) -> Type | None:
    for statement in caller.body.body:
        start, end = tree.span(statement)
        if start <= given.start < end:
            for node in tree.find(cst.BaseExpression, statement):  # type: ignore[type-abstract]
                if tree.span(node) == (given.start, given.end):
                    return Inference(tree, facts, scope, caller).type_of(node)
    return None


def _proved(tree: Tree, uses: Uses) -> Found | None:
    """What a use proves that only one type allows."""
    for load in uses.others:
        argument = tree.parent(load)
        call = tree.parent(argument) if isinstance(argument, cst.Arg) else None
        if not isinstance(call, cst.Call) or not isinstance(argument, cst.Arg) or argument.keyword or argument.star or uses.stores:
            continue
        dotted = tree.dotted(call.func)
        if dotted == "builtins.range":
            return Found(Type("int"), f"{uses.name} is the range of a loop")
        if dotted in _LISTS and call.args[0] is argument:
            return Found(Type("List", (TENSOR,)), f"{uses.name} is handed to {dotted}")
    return None
