"""SF112: a value that may be None where the compiler wants one that is there."""

from __future__ import annotations

import re
from collections.abc import Iterator

import libcst as cst

from scriptify.facts.model import Facts
from scriptify.transform import Focus, Phase, Proposal, Transform
from scriptify.transforms._before import scripting
from scriptify.transforms._none_uses import SOME, Uses
from scriptify.transforms._optional_value_examples import EXAMPLES
from scriptify.transforms._refine import UNREFINED, asks, optionals
from scriptify.transforms._spot import Spot, spot
from scriptify.tree import Tree, own_nodes

_METHOD = re.compile(r"'Optional\[.*\]' object has no attribute or method '(\w+)'")
_MAY_BE_NONE = re.compile(r"Expected a value of type 'Optional\[[^'\n]*' for argument '\w+' but instead found type 'Optional\[")
_UNWRAP = "torch.jit._unwrap_optional"
_MOST = 6


class OptionalValue(Transform):
    """``y + self.bias`` -> ``y + (torch.jit._unwrap_optional(self.bias) if torch.jit.is_scripting() else self.bias)``.

    The compiler tells an Optional from what it holds by the tests around it, and never for an attribute. Where it
    says that the value has to be there, scripted code takes it as there, and raises where it is None. Eager code
    is what it was.
    """

    code = "SF112"
    name = "optional-value"
    phase = Phase.VALUES
    on_demand = True
    explains = UNREFINED
    examples = EXAMPLES
    source = "https://docs.pytorch.org/docs/stable/jit_language_reference.html#optional-type-refinement"

    def propose(self, tree: Tree, facts: Facts, focus: Focus | None = None) -> Iterator[Proposal]:
        """Yield one rewrite for each value on the focused line that may be meant."""
        place = spot(tree, facts, focus)
        if place is None or focus is None or not asks(focus.message) or _MAY_BE_NONE.search(focus.message):
            return
        match = _METHOD.search(focus.message)
        nodes = [n for n in own_nodes(place.function.body) if isinstance(n, cst.BaseExpression) and _on(tree, n, focus.line)]
        found = [node for node in nodes if _meant(place, node) and (match is None or _read_as(tree, node, match[1]))]
        if not found and match is not None:
            made = next((n for n in nodes if isinstance(n, cst.Call) and _read_as(tree, n, match[1])), None)
            if made is not None:
                yield tree.decline(self, made, f"what {tree.code(made)} gives may be None; give it a name and test that")
        imports = tree.imports.spell("torch.jit.is_scripting")[1]
        unwrap = tree.imports.spell(_UNWRAP)[0]
        why = "the compiler wants a value that is there; scripted code raises where it is None"
        for node in found[:_MOST]:
            name = tree.code(node)
            edit = tree.replace(node, f"({unwrap}({name}) if {scripting(tree)} else {name})")
            yield tree.rewrite(self, node, f"{name} is there when scripted", [edit], imports=imports, why=why)


def _on(tree: Tree, node: cst.CSTNode, line: int) -> bool:
    return tree.lines(node)[0] <= line <= tree.lines(node)[1]


def _meant(place: Spot, node: cst.BaseExpression) -> bool:
    """Whether a node is an attribute of self or a local that may be None, used as a value and not taken as there yet."""
    tree = place.tree
    name = place.self_attribute(node)
    if isinstance(node, cst.Name):
        types = dict(optionals(tree, place.function))
        local = place.facts.local(tree.path, place.qualname, node.value)
        seen = getattr(local, "type", None)
        if node.value not in types and not (seen is not None and seen.optional):
            return False
        if Uses(tree, place.function, node.value).state(node) == SOME:
            return False
    elif not name:
        return False
    above = tree.parent(node)
    if isinstance(above, cst.IfExp) and (above.orelse is node or above.body is node):
        return False
    if isinstance(above, cst.Arg):
        call = tree.parent(above)
        return isinstance(call, cst.Call) and not above.star and tree.dotted(call.func) not in (_UNWRAP, "builtins.isinstance")
    if isinstance(above, cst.Attribute):
        return isinstance(node, cst.Name) or not isinstance(tree.parent(above), cst.Attribute) or above.value is node
    if isinstance(above, cst.Subscript | cst.For | cst.CompFor):
        return getattr(above, "value", None) is node or getattr(above, "iter", None) is node
    return isinstance(above, cst.BinaryOperation | cst.UnaryOperation | cst.Element) and not _not(above)


def _not(node: cst.CSTNode) -> bool:
    return isinstance(node, cst.UnaryOperation) and isinstance(node.operator, cst.Not)


def _read_as(tree: Tree, node: cst.BaseExpression, name: str) -> bool:
    """Whether an attribute of that name is read from a value."""
    above = tree.parent(node)
    return isinstance(above, cst.Attribute) and above.value is node and above.attr.value == name
