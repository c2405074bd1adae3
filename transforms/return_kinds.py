"""SF608: a function that returns results of several types."""

from __future__ import annotations

import re
from collections.abc import Iterator

import libcst as cst

from scriptify.facts.model import Facts, TypeFact
from scriptify.facts.types import Type, parse
from scriptify.transform import Edit, Focus, Need, Phase, Proposal, Safety, Transform
from scriptify.transforms._before import ends_before, lines_before, scripting
from scriptify.transforms._return_kinds_examples import CASES
from scriptify.transforms._signature import after_parameters, spell, type_commented
from scriptify.transforms._spot import Spot, branches, spot
from scriptify.tree import Tree, own_nodes

_TYPES = re.compile(
    r"Previous return statement returned a value of type (.+?) but this return statement returns a value of type (.+?)(?::\s*$|:\n|\n|$)"
)


class ReturnKinds(Transform):
    """``if both: return x, y`` and ``return x`` -> ``def forward(...) -> Union[Tensor, Tuple[Tensor, Tensor]]``.

    The compiler infers one type for all returns of a function. Where only Python calls it, a ``Union`` holds them
    all. Where compiled code calls it and goes on with the result, no type fits both: there the return that no
    run has reached raises when scripted, and so does the scripted module when it is asked for that result.
    """

    code = "SF608"
    name = "return-kinds"
    phase = Phase.VALUES
    explains = ("Previous return statement returned a value of type",)
    on_demand = True
    examples = CASES
    source = "https://docs.pytorch.org/docs/stable/jit_language_reference_v2.html#id1"

    def propose(self, tree: Tree, facts: Facts, focus: Focus | None = None) -> Iterator[Proposal]:
        """Yield the annotation, or the guard of the return that no run reached."""
        place = spot(tree, facts, focus)
        match = _TYPES.search(focus.message) if focus is not None else None
        if place is None or match is None:
            return
        types = [_parsed(text) for text in match.groups()]
        callers = [site for site in facts.callers(tree.path, place.qualname) if facts.reached(site.path, site.scope)]
        if not callers:
            yield self._union(place, types)
        else:
            answer = self._guard(place, types)
            if answer is not None:
                yield answer

    def _union(self, place: Spot, types: list[Type | None]) -> Proposal:
        tree, function = place.tree, place.function
        spelled = [spell(tree, type_) if type_ is not None else None for type_ in types]
        known = [part for part in spelled if part is not None]
        if len(known) < len(spelled) or function.returns is not None or type_commented(tree, function):
            return tree.decline(self, function, "its results have types that no annotation names together")
        name, imports = tree.imports.spell("typing.Union")
        text = f"{name}[{', '.join(part.text for part in known)}]"
        edit = tree.insert(after_parameters(tree, function), f" -> {text}")
        imports = (*imports, *(item for part in known for item in part.imports))
        why = "the compiler infers one type for all returns; a Union holds each of these"
        return tree.rewrite(self, function, f"annotate what {function.name.value} returns", [edit], imports=imports, why=why)

    def _guard(self, place: Spot, types: list[Type | None]) -> Proposal | None:
        tree = place.tree
        seen = place.facts.returns(tree.path, place.qualname)
        if not isinstance(seen, TypeFact) or seen.origin != "live" or None in types or seen.type not in types:
            return tree.decline(
                self, place.function, "it returns results of two types to compiled code, and no run shows that only one is asked for"
            )
        lost = types[0] if seen.type == types[1] else types[1]
        assert lost is not None
        edits: list[Edit] = []
        for node in _returns(place, lost):
            tests = [test.test for test, _ in branches(tree, node, place.function)]
            if not tests or any("training" in tree.code(test) for test in tests):
                return tree.decline(self, node, "which of its results it returns depends on more than an argument or a setting")
            if ends_before(tree, node):
                return None
            edit = lines_before(tree, node, [f"if {scripting(tree)}:", f'    raise NotImplementedError("{_message(place)}")'])
            if edit is None:
                return tree.decline(self, node, "there is no line before its return")
            edits.append(edit)
        if not edits:
            return tree.decline(self, place.function, "it returns results of two types to compiled code")
        imports = tree.imports.spell("torch.jit.is_scripting")[1]
        needs = [Need(f"{place.qualname} returned {seen.type} in every call seen", "live")]
        why = "compiled code can't go on with a result of either type; scripted, this one is refused with an error"
        title = f"refuse to return {lost} when scripted"
        return tree.rewrite(self, place.function, title, edits, imports=imports, needs=needs, why=why, safety=Safety.OBSERVED)


def _parsed(text: str) -> Type | None:
    try:
        return parse(text.replace(" (inferred)", "").strip().rstrip(":"))
    except ValueError:
        return None


def _message(place: Spot) -> str:
    return f"{place.function.name.value} returns one kind of result when scripted"


def _returns(place: Spot, type_: Type) -> Iterator[cst.Return]:
    """The returns whose values look like the type: a tuple of that many parts, or no tuple."""
    for node in own_nodes(place.function.body):
        if isinstance(node, cst.Return) and node.value is not None:
            parts = len(node.value.elements) if isinstance(node.value, cst.Tuple) else 0
            wanted = len(type_.args) if type_.name == "Tuple" else 0
            if parts == wanted:
                yield node
