"""SF111: forward hooks and pre-hooks without annotations."""

from __future__ import annotations

import re
from collections.abc import Iterator

import libcst as cst

from scriptify.facts.model import Facts, Observed, TypeFact, Unknown
from scriptify.facts.types import NONE, Type
from scriptify.transform import Declines, Edit, Fires, Focus, Ignores, Import, Need, Phase, Proposal, Safety, Transform
from scriptify.transforms._signature import TENSOR, after_parameters, annotate, spell
from scriptify.tree import Tree, own_nodes
from scriptify.tree.flow import all_parameters

_HOOK = re.compile(r"(Hook|Pre-hook) '(\w+)' on module")
_HEAD = "import torch\nfrom torch import nn\nfrom typing import Tuple\n\n\n"
_NET = """

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.register_forward_{kind}(hk)

    def forward(self, x: torch.Tensor):
        return x * 2
"""
_ENTRY = "Net(), (torch.randn(2, 3),)"
_PRE = "Pre-hook 'hk' on module 'Net' expected the input argument to be typed as a Tuple but found type: 'Tensor' instead."
_POST = "Hook 'hk' on module 'Net' expected the input argument to be typed as a Tuple but found type: 'Tensor' instead."


def _file(hook: str, kind: str) -> str:
    return _HEAD + hook + _NET.format(kind=kind)


class HookAnnotation(Transform):
    """``def hook(module, input):`` -> ``def hook(module, input: Tuple[Tensor]) -> Tuple[Tensor]:``.

    The compiler compiles hooks with the module and wants their input annotated as a tuple, and of a pre-hook what it
    returns. The types are those of a run; where none was seen, one tensor goes in and what the code shows comes out.
    """

    code = "SF111"
    name = "hook-annotation"
    phase = Phase.SIGNATURES
    safety = Safety.OBSERVED
    on_demand = True
    explains = ("Hook '", "Pre-hook '")
    hints = ("hook",)
    source = "https://docs.pytorch.org/docs/stable/jit_language_reference.html#module-attributes"
    examples = (
        Fires(
            _file("def hk(m, input):\n    return (input[0] + 1,)\n", "pre_hook"),
            _file("def hk(m, input: Tuple[torch.Tensor]) -> Tuple[torch.Tensor]:\n    return (input[0] + 1,)\n", "pre_hook"),
            entry=_ENTRY,
            focus=_PRE,
            observed=Observed(parameters={"hk": {"input": "Tuple[Tensor]"}}, returns={"hk": "Tuple[Tensor]"}),
            name="a pre-hook",
        ),
        Fires(
            _file("def hk(m, input: Tuple[torch.Tensor]):\n    print(input[0].shape)\n", "pre_hook"),
            _file("def hk(m, input: Tuple[torch.Tensor]) -> None:\n    print(input[0].shape)\n", "pre_hook"),
            entry=_ENTRY,
            focus=_PRE,
            name="a pre-hook that returns nothing",
        ),
        Fires(
            _file("def hk(m, input, output):\n    return output + 1\n", "hook"),
            _file("def hk(m, input: Tuple[torch.Tensor], output):\n    return output + 1\n", "hook"),
            entry=_ENTRY,
            focus=_POST,
            observed=Observed(parameters={"hk": {"input": "Tuple[Tensor]", "output": "Tensor"}}, returns={"hk": "Tensor"}),
            name="a hook",
        ),
        Declines(_file("def hk(m, *input):\n    return None\n", "pre_hook"), because="parameters", focus=_PRE),
        Ignores(_file("def hk(m, input):\n    return None\n", "pre_hook")),
    )

    def propose(self, tree: Tree, facts: Facts, focus: Focus | None = None) -> Iterator[Proposal]:
        """Annotate the hook that the message names, where it stands at the top of this file."""
        found = _HOOK.search(focus.message) if focus is not None else None
        if found is None:
            return
        name, before = found.group(2), found.group(1) == "Pre-hook"
        function = tree.function(name)
        if function is None:
            return
        params = all_parameters(function.params)
        if len(params) != (2 if before else 3) or not all(isinstance(p.star, str) and not p.star for p in params):
            yield tree.decline(self, function, f"the compiler takes a hook with plain parameters only, and those of {name} are others")
            return
        edits: list[Edit] = []
        imports: list[Import] = []
        needs: list[Need] = []
        for position, param in enumerate(params[1:]):
            type_ = _seen(facts.parameter(tree.path, name, param.name.value))
            if position == 0 and (type_ is None or type_.name != "Tuple"):
                type_ = Type("Tuple", (TENSOR,))
            if param.annotation is not None or type_ is None or type_ == TENSOR:
                continue
            spelled, edit = spell(tree, type_), None
            if spelled is not None:
                edit = annotate(tree, param, spelled.text)
            if spelled is None or edit is None:
                yield tree.decline(self, function, f"the type {type_} of {param.name.value} can't be written as an annotation")
                return
            edits.append(edit)
            imports += spelled.imports
            needs.append(Need(f"{param.name.value} was {type_}", "live"))
        if before and function.returns is None:
            returned = _returned(tree, facts, name, function)
            text, wanted = ("None", ()) if returned is None else _spelled(tree, returned)
            if not text:
                yield tree.decline(self, function, f"what {name} returns is not known; give an entry: its run shows it")
                return
            edits.append(tree.insert(after_parameters(tree, function), f" -> {text}"))
            imports += wanted
        why = "the compiler wants the input of a hook annotated, and what a pre-hook returns"
        yield tree.rewrite(self, function, f"{name} is annotated as a hook", edits, imports=imports, needs=needs, why=why)


def _seen(parameter: object) -> Type | None:
    if isinstance(parameter, Unknown):
        return None
    fact = getattr(parameter, "observed", None)
    return fact.type if isinstance(fact, TypeFact) and fact.type.known else None


def _returned(tree: Tree, facts: Facts, name: str, function: cst.FunctionDef) -> Type | None:
    """What a pre-hook returns; None for nothing."""
    fact = facts.returns(tree.path, name)
    if isinstance(fact, TypeFact) and fact.type.name != NONE:
        return fact.type
    values = [node.value for node in own_nodes(function.body) if isinstance(node, cst.Return) and node.value is not None]
    values = [value for value in values if tree.code(value) != "None"]
    return Type("?") if values else None


def _spelled(tree: Tree, type_: Type) -> tuple[str, tuple[Import, ...]]:
    found = spell(tree, type_)
    return (found.text, found.imports) if found is not None else ("", ())
