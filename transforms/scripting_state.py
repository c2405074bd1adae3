"""SF609: tests of ``is_scripting`` and ``is_tracing`` that the compiler does not decide beforehand."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from scriptify.facts.model import Facts
from scriptify.transform import Edit, Fires, Focus, Ignores, Phase, Proposal, Transform
from scriptify.transforms._before import scripting
from scriptify.transforms._spot import Spot, operands, spot
from scriptify.tree import Tree, own_nodes, stores_in
from scriptify.tree.flow import parameter_names

_HEAD = "import torch\nfrom torch import nn\n\n\nclass Net(nn.Module):\n    def forward(self, x):\n"
_ENTRY = "Net(), (torch.rand(2, 4),)"
_FOCUS = "object has no attribute or method 'numpy'"


def _net(body: str) -> str:
    return _HEAD + "".join(f"        {line}\n" for line in body.splitlines())


def _fires(before: str, after: str, name: str) -> Fires:
    return Fires(_net(before), _net(after), entry=_ENTRY, focus=_FOCUS, at="x.numpy()", name=name)


class ScriptingState(Transform):
    """``s = torch.jit.is_scripting()`` and ``if not s:`` -> ``if not torch.jit.is_scripting():``.

    The compiler decides ``is_scripting()`` while it compiles only where it stands in the test itself, and
    ``is_tracing()`` not at all, although scripted code is not being traced by itself. Asked for where
    it stopped inside a branch that such a test guards.
    """

    code = "SF609"
    name = "scripting-state"
    phase = Phase.CONTROL
    explains = ("<--- HERE", 'File "')
    hints = ("is_scripting", "is_tracing")
    on_demand = True
    source = "https://docs.pytorch.org/docs/stable/jit_language_reference.html#metacompile-rules"
    examples = (
        _fires(
            "s = torch.jit.is_scripting()\nif not s:\n    return torch.from_numpy(x.numpy() + 1)\nreturn x + 1",
            "s = torch.jit.is_scripting()\nif not torch.jit.is_scripting():\n    return torch.from_numpy(x.numpy() + 1)\nreturn x + 1",
            "kept in a name",
        ),
        _fires(
            "if torch.jit.is_tracing():\n    x = torch.from_numpy(x.numpy())\nreturn x + 1",
            "if (torch.jit.is_tracing() and not torch.jit.is_scripting()):\n    x = torch.from_numpy(x.numpy())\nreturn x + 1",
            "tracing",
        ),
        Ignores(_net("if torch.jit.is_tracing():\n    x = torch.from_numpy(x.numpy())\nreturn x + 1")),
        Ignores(_net("if not torch.jit.is_scripting():\n    x = torch.from_numpy(x.numpy())\nreturn x"), focus=_FOCUS, at="x.numpy()"),
        Ignores(
            _net("if s is None:\n    s = torch.jit.is_scripting()\nif not s:\n    x = torch.from_numpy(x.numpy())\nreturn x").replace(
                "x):", "x, s=None):"
            ),
            focus=_FOCUS,
            at="x.numpy()",
            name="a parameter",
        ),
        Ignores(
            _net("s = torch.jit.is_scripting()\nif x.dim() > 1:\n    s = False\nif not s:\n    x = torch.from_numpy(x.numpy())\nreturn x"),
            focus=_FOCUS,
            at="x.numpy()",
        ),
    )

    def propose(self, tree: Tree, facts: Facts, focus: Focus | None = None) -> Iterator[Proposal]:
        """Yield one rewrite for each such test around the focus."""
        place = spot(tree, facts, focus)
        if place is None:
            return
        for node, _ in place.around():
            whole = tree.code(node.test)
            edits = [edit for part in operands(node.test) for edit in _decided(place, part) if "is_scripting" not in whole]
            if edits:
                why = "the compiler leaves a branch out only where is_scripting() itself stands in the test"
                imports = tree.imports.spell("torch.jit.is_scripting")[1]
                yield tree.rewrite(self, node, f"ask is_scripting() in the test {whole[:60]}", edits, imports=imports, why=why)


def _decided(place: Spot, part: cst.BaseExpression) -> Iterator[Edit]:
    tree = place.tree
    if isinstance(part, cst.Call) and tree.dotted(part.func) in ("torch.jit.is_tracing", "torch._C._get_tracing_state"):
        yield tree.replace_outer(part, f"({tree.code(part)} and not {scripting(tree)})")
    elif isinstance(part, cst.Name) and part.value in parameter_names(place.function):
        return  # what a caller passes may say otherwise
    elif isinstance(part, cst.Name) and len(stores_in(place.function.body, part.value)) == 1:
        for node in own_nodes(place.function.body):
            target = node.targets[0].target if isinstance(node, cst.Assign) and len(node.targets) == 1 else None
            mine = isinstance(target, cst.Name) and target.value == part.value
            value = node.value if isinstance(node, cst.Assign) and mine else None
            if isinstance(value, cst.Call) and tree.dotted(value.func) == "torch.jit.is_scripting" and not value.args:
                yield tree.replace_outer(part, scripting(tree))
