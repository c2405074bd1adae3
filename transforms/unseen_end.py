"""SF620: a function that may end without a value, which no run saw, raises there in scripted code."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from scriptify.facts.model import Facts, Observed
from scriptify.facts.types import NONE
from scriptify.transform import Declines, Fires, Focus, Ignores, Phase, Proposal, Safety, Transform
from scriptify.transforms._none_uses import ends_flow
from scriptify.transforms._spot import Spot, spot
from scriptify.tree import Tree, own_nodes

_SENTENCE = "gives no value here; no run ended so when the code was made scriptable"
_HEAD = "import torch\nfrom torch import nn\n\n\ndef reduced(x, how: str):\n    if how == 'mean':\n        return x.mean()\n"
_TAIL = "\n\nclass Net(nn.Module):\n    def forward(self, x):\n        x = torch.relu(reduced(x, 'sum'))\n        return x\n"
_ENTRY = "Net(), (torch.rand(2, 3),)"
_FOCUS = "Expected a value of type 'Tensor' for argument 'input' but instead found type 'Optional[Tensor]'"
_RAISED = f'    if torch.jit.is_scripting():\n        raise RuntimeError("reduced {_SENTENCE}")\n'
_GIVEN = {"reduced": {"x": "Tensor", "how": "str"}}
_SEEN = Observed(parameters=_GIVEN, returns={"reduced": "Tensor"})


def _net(body: str, end: str = "") -> str:
    return f"{_HEAD}{body}{end}{_TAIL}"


class UnseenEnd(Transform):
    """``if a: return x`` and nothing after it -> the same, and ``if torch.jit.is_scripting(): raise ...`` at the end.

    A function that may come to its end without a ``return`` gives an Optional to the compiler, whatever is known of
    its arguments. Where every run gave a value, scripted code raises at that end, and gives the value otherwise.
    Eager code gives None there as before.
    """

    code = "SF620"
    name = "unseen-end"
    phase = Phase.CONTROL
    safety = Safety.OBSERVED
    on_demand = True
    explains = ("to a value of type Optional[", "found type 'Optional[", "found type 'List[Optional[", "'Optional[")
    source = "https://docs.pytorch.org/docs/stable/jit_language_reference.html#optional-type-refinement"
    examples = (
        Fires(
            _net("    elif how == 'sum':\n        return x.sum()\n"),
            _net("    elif how == 'sum':\n        return x.sum()\n", _RAISED),
            entry=_ENTRY,
            observed=_SEEN,
            focus=_FOCUS,
            at="torch.relu",
            name="an elif without an else",
        ),
        Declines(
            _net("    elif how == 'sum':\n        return x.sum()\n"),
            because="may give None",
            observed=Observed(parameters=_GIVEN, returns={"reduced": "Optional[Tensor]"}),
            focus=_FOCUS,
            at="torch.relu",
            name="a run ended so",
        ),
        Ignores(_net("    elif how == 'sum':\n        return x.sum()\n"), focus=_FOCUS, at="torch.relu", name="without a run"),
        Ignores(_net("    elif how == 'sum':\n        return x.sum()\n"), observed=_SEEN, name="not asked"),
        Ignores(_net("    return x.sum()\n"), observed=_SEEN, focus=_FOCUS, at="torch.relu", name="it always gives a value"),
        Ignores(_net("    elif how == 'sum':\n        return x.sum()\n    return None\n"), observed=_SEEN, focus=_FOCUS, at="torch.relu"),
    )

    def propose(self, tree: Tree, facts: Facts, focus: Focus | None = None) -> Iterator[Proposal]:
        """Yield one rewrite for each function called on the focused line that may end without a value."""
        place = spot(tree, facts, focus)
        if place is None or focus is None or not facts.live or not self.answers(focus.message):
            return
        for qualname, function in _called(place):
            known = facts.function(tree.path, qualname)
            if known is None or not known.calls or known.returns is None or not _falls_off(tree, function):
                continue
            type_ = known.returns.type
            if type_.optional or type_.name == NONE or not type_.known:
                yield tree.decline(self, function, f"{qualname} may give None: it did in a run")
                continue
            spelt, imports = tree.imports.spell("torch.jit.is_scripting")
            lines = [f"if {spelt}():", f'    raise RuntimeError("{qualname} {_SENTENCE}")']
            why = "the compiler takes the result for an Optional: the function may end without a return"
            edits = [tree.after(function.body.body[-1], lines)]
            yield tree.rewrite(self, function, f"{qualname} raises at its end when scripted", edits, imports=imports, why=why, raises=True)


def _called(place: Spot) -> Iterator[tuple[str, cst.FunctionDef]]:
    """The file's functions that the focused line calls, by name or as a method of self."""
    tree = place.tree
    done: set[str] = set()
    for node in own_nodes(place.function.body):
        if not isinstance(node, cst.Call) or not tree.lines(node)[0] <= place.focus.line <= tree.lines(node)[1]:
            continue
        name = place.self_attribute(node.func)
        qualname = f"{place.owner_qualname}.{name}" if name else tree.code(node.func)
        function = tree.function(qualname)
        if function is not None and qualname not in done and isinstance(function.body, cst.IndentedBlock):
            done.add(qualname)
            yield qualname, function


def _falls_off(tree: Tree, function: cst.FunctionDef) -> bool:
    """Whether a function returns values, never None in so many words, and may come to its end without a return."""
    returns = [node for node in own_nodes(function.body) if isinstance(node, cst.Return)]
    plain = any(node.value is None or (isinstance(node.value, cst.Name) and node.value.value == "None") for node in returns)
    last = function.body.body[-1]
    return bool(returns) and not plain and not ends_flow(last) and "is_scripting()" not in tree.code(last)
