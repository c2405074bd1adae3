"""None as the default of a parameter that is something else when it is given."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from scriptify.facts.model import Argument, Facts, Parameter
from scriptify.facts.types import Type, optional
from scriptify.transform import Edit, Focus, Import, Need, Phase, Proposal, Safety, Transform
from scriptify.transforms._calls import bound, calls
from scriptify.transforms._infer import Inference
from scriptify.transforms._infer_known import KEEPING_METHODS, TENSOR_METHODS
from scriptify.transforms._none_default_examples import EXAMPLES
from scriptify.transforms._none_types import Given, given_type, names_another_type
from scriptify.transforms._none_uses import Test, Uses
from scriptify.transforms._optional_truth import optional_test, refused
from scriptify.transforms._refine import always_evaluated, raises_for_none
from scriptify.transforms._sentinel import Group, NotSentinel, Place
from scriptify.transforms._signature import TENSOR, annotate, compiled, declared, is_none, own_parameters, spell, type_commented
from scriptify.transforms._soft import soft
from scriptify.tree import Tree


class NoneDefault(Transform):
    """``skip=None`` becomes ``skip: torch.Tensor = torch.empty(0)``, or ``skip: Optional[torch.Tensor] = None``.

    The compiler takes an unannotated parameter for a Tensor: ``skip is None`` is then false whatever the
    caller passes, so leaving the argument out runs the wrong branch without a word, and saving fails.
    The sentinel is taken where it means the same to every caller: the parameter, the parameters it is
    handed on to, and the locals handed to it change together, tests become ``numel()`` checks that still
    know None (eager callers elsewhere may pass it), and calls that pass None pass the sentinel. It does where
    an empty vector of the caller's own would raise, such as added to what a ``Linear`` or an ``interpolate``
    has made wide. Where an empty tensor could mean something, or the parameter is not a Tensor, it becomes an
    Optional; ``none-default = "sentinel"`` asks for the sentinel there too.
    """

    code = "SF101"
    name = "none-default"
    phase = Phase.SIGNATURES
    explains = (
        "Expected a proper Tensor but got None",
        "Boolean value of Tensor with no values",
        "Unsupported value kind: Tensor",
        "Expected a default value of type",
        "Could not cast value of type Optional",
        "but instead found type 'NoneType'",
    )
    hints = ("=None", "= None", ":None")
    source = "https://docs.pytorch.org/docs/stable/jit_language_reference.html#optional-type-refinement"
    examples = EXAMPLES

    def propose(self, tree: Tree, facts: Facts, focus: Focus | None = None) -> Iterator[Proposal]:
        """Yield a rewrite for each such parameter (or group of them), a decline where its type is not known."""
        done: set[Place] = set()
        for qualname, function in compiled(tree, facts):
            if type_commented(tree, function):
                continue
            for param in own_parameters(tree, function):
                fact = facts.parameter(tree.path, qualname, param.name.value)
                if not is_none(param.default) or not isinstance(fact, Parameter) or fact.kind != "positional":
                    continue
                if (qualname, param.name.value) not in done:
                    yield from self._parameter(tree, facts, qualname, function, param, done)

    def _parameter(
        self, tree: Tree, facts: Facts, qualname: str, function: cst.FunctionDef, param: cst.Param, done: set[Place]
    ) -> Iterator[Proposal]:
        name = param.name.value
        uses, inference = Uses(tree, function, name), Inference(tree, facts, qualname, function)
        stated = declared(tree, param.annotation.annotation) if param.annotation is not None else None
        if param.annotation is not None and stated is None:
            return  # an alias, or an annotation that is another transform's business
        if stated is not None and stated.optional and not (facts.settings.none_default == "sentinel" and stated.stripped == TENSOR):
            yield from self._retest(tree, param, inference, uses, stated)
            return
        if stated is None and not _needed(tree, facts, qualname, name):
            return
        given = given_type(tree, facts, qualname, function, param, uses)
        if given is None and (guess := _assumed(tree, facts, qualname, uses)) is not None:
            yield from self._optional(tree, param, inference, uses, guess, "")
            return
        if given is None:
            because = f"nothing shows what {name} is when it is given: annotate it, or give an entry whose run passes it"
            yield tree.decline(self, param, because)
            return
        if given.type == TENSOR and stated is None and not facts.live and _always_given(tree, uses):
            yield tree.decline(self, param, f"{name} is used as though it were always given, and the compiler has no item of an Optional")
            return
        if given.type == TENSOR and facts.settings.none_default != "optional":
            group = self._sentinel(tree, facts, (qualname, name))
            if isinstance(group, Group):
                done |= set(group.uses)
                yield from self._grouped(tree, param, group, given)
                return
            if stated is not None and stated.optional:
                yield tree.decline(self, param, f"{name} stays Optional: {group}")
                return
            yield from self._optional(tree, param, inference, uses, given, group)
            return
        yield from self._optional(tree, param, inference, uses, given, "")

    def _sentinel(self, tree: Tree, facts: Facts, place: Place) -> Group | str:
        """The group around a place, or why the sentinel is not for it."""
        group = Group(tree, facts)
        try:
            group.add(place)
            group.edits()
        except NotSentinel as error:
            return str(error)
        if facts.settings.none_default == "sentinel":
            return group
        for (qualname, name), uses in group.uses.items():
            fact = facts.parameter(tree.path, qualname, name)
            if isinstance(fact, Parameter) and fact.empty_seen:
                return f"an empty tensor was passed for {name}"
            if not soft(tree, uses):
                return f"an empty {name} could mean something else than None in {qualname}"
        return group if any(uses.tests for uses in group.uses.values()) else f"{place[1]} is never tested for None"

    def _grouped(self, tree: Tree, param: cst.Param, group: Group, given: Given) -> Iterator[Proposal]:
        edits, imports = group.edits()
        names = sorted({name for _, name in group.uses})
        yield tree.rewrite(
            self,
            param,
            f"{', '.join(names)}: an empty tensor instead of None as the default",
            edits,
            imports=imports,
            needs=[Need(given.what, given.origin)],
            why="without an annotation the compiler takes it for a Tensor, and a test for None is always false",
            safety=Safety.OBSERVED if given.origin == "live" else Safety.EQUIVALENT,
            silent=True,
        )

    def _optional(
        self, tree: Tree, param: cst.Param, inference: Inference, uses: Uses, given: Given, not_sentinel: str
    ) -> Iterator[Proposal]:
        name = param.name.value
        spelled = spell(tree, optional(given.type))
        edit = annotate(tree, param, spelled.text) if spelled is not None else None
        if spelled is None or edit is None:
            what = f"its type {given.type} has no annotation" if spelled is None else "a comment stands between it and its default"
            yield tree.decline(self, param, f"{name}=None can't be annotated: {what}")
            return
        edits, imports = _tested(tree, refused(inference, uses, given.type.name), given.type.name)
        yield tree.rewrite(
            self,
            param,
            f"{name}: {spelled.text} = None",
            [edit, *edits],
            imports=(*spelled.imports, *imports),
            needs=[Need(given.what, given.origin)],
            why="without an annotation the compiler takes it for a Tensor, and a test for None is always false"
            + (f"; no sentinel: {not_sentinel}" if not_sentinel else ""),
            safety=Safety.OBSERVED if given.origin == "live" else Safety.EQUIVALENT,
            silent=True,
        )

    def _retest(self, tree: Tree, param: cst.Param, inference: Inference, uses: Uses, stated: Type) -> Iterator[Proposal]:
        """The tests of an Optional that the compiler refuses: ``x == None`` and ``if x:``."""
        tests = refused(inference, uses, stated.stripped.name)
        if tests:
            edits, imports = _tested(tree, tests, stated.stripped.name)
            why = "the compiler casts no Optional to bool and compares none with =="
            yield tree.rewrite(self, tests[0][0].node, f"test {param.name.value} with is None", edits, imports=imports, why=why)


def _tested(tree: Tree, tests: list[tuple[Test, bool]], type_name: str) -> tuple[list[Edit], list[Import]]:
    """The edits of tests that the compiler refuses, and the imports they need."""
    edits: list[Edit] = []
    imports: list[Import] = []
    for test, some in tests:
        text, needed = optional_test(tree, test, type_name, some)
        edits.append(tree.replace(test.node, text))
        imports += needed
    return edits, imports


def _always_given(tree: Tree, uses: Uses) -> bool:
    """Whether the function raises wherever the parameter is left out: as a Tensor it compiles, as an Optional it would not."""
    if uses.tests or uses.stores or uses.captured:
        return False
    for load in uses.others:
        statement = tree.statement(load)
        first = statement is not None and tree.parent(statement) is uses.function.body
        if first and statement is not None and raises_for_none(tree, load) and always_evaluated(tree, load, statement):
            return True
    return False


def _needed(tree: Tree, facts: Facts, qualname: str, name: str) -> bool:
    """Whether the default matters: not for a helper to which every call of the project surely passes a value."""
    function = facts.function(tree.path, qualname)
    sites = [s for s in calls(facts).by_callee.get((tree.path, qualname), []) if facts.reached(s.path, s.scope)]
    if function is None or not sites or qualname.rpartition(".")[2] == "forward":
        return True
    for site in sites:
        given = bound(function, site, name)
        caller = tree.function(site.scope) if site.path == tree.path else None
        if not isinstance(given, Argument) or caller is None:
            return True
        node = next((n for n in tree.find(cst.BaseExpression, caller) if tree.span(n) == (given.start, given.end)), None)  # type: ignore[type-abstract]
        type_ = Inference(tree, facts, site.scope, caller).type_of(node)
        if type_ is None or type_.optional:
            return True
    return False


def _assumed(tree: Tree, facts: Facts, qualname: str, uses: Uses) -> Given | None:
    """What the compiler assumes, a Tensor, where no value or no use of one says otherwise."""
    fact = facts.parameter(tree.path, qualname, uses.name)
    if isinstance(fact, Parameter) and names_another_type(fact.documented or ""):
        return None
    if not uses.others and not uses.stores:
        return Given(TENSOR, f"{uses.name} is never used as a value")
    function = facts.function(tree.path, qualname)
    if not facts.live or function is None or not function.calls or uses.stores or uses.captured:
        return None
    if all(_could_be_tensor(tree, load) for load in uses.others):
        return Given(TENSOR, f"{uses.name} was always left out; the compiler takes it for a Tensor", "live")
    return None


def _could_be_tensor(tree: Tree, load: cst.Name) -> bool:
    above = tree.parent(load)
    if isinstance(above, cst.Arg):
        call = tree.parent(above)
        return not above.star and isinstance(call, cst.Call) and not tree.dotted(call.func).startswith("builtins.")
    if isinstance(above, cst.Attribute):
        return above.attr.value in TENSOR_METHODS | KEEPING_METHODS | {"shape", "device", "dtype", "size", "dim", "ndim", "numel"}
    if isinstance(above, cst.Subscript):
        return not any(isinstance(n, cst.SimpleString) for n in tree.find(cst.SimpleString, above))
    return isinstance(above, cst.BinaryOperation | cst.Element | cst.IfExp | cst.UnaryOperation | cst.AugAssign)
