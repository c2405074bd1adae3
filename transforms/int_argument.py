"""SF408: a Tensor where an operator's schema wants an int."""

from __future__ import annotations

import re
from collections.abc import Iterator

import libcst as cst

from scriptify.facts.model import Facts
from scriptify.transform import Declines, Edit, Fires, Focus, Ignores, Phase, Proposal, Transform
from scriptify.transforms._before import scripting
from scriptify.transforms._expression import Body, bodies, rewrite
from scriptify.transforms._refused_argument import RefusedArgument, refused_argument
from scriptify.tree import Tree

_WANTED = re.compile(
    r"Expected a value of type '(?:Optional\[)?(?:List\[)?int\]*' for argument '(\w+)' but instead found type '[^'\n]*Tensor"
)
_HEAD = "import torch\nimport torch.nn.functional as F\nfrom torch import nn\n\n\nclass Net(nn.Module):\n    def forward(self, x, y):\n"
_ENTRY = "Net(), (torch.rand(1, 2, 3, 4), torch.rand(1, 2, 6, 8))"
_LIST = "Expected a value of type 'List[int]' for argument 'pad' but instead found type 'List[Tensor]'."
_SCHEMA = 'pad(Tensor input, int[] pad, str mode="constant", float? value=None) -> Tensor:\n' + _LIST
_ONE = "Expected a value of type 'List[int]' for argument 'shifts' but instead found type 'Tensor'."


def _net(*lines: str) -> str:
    return _HEAD + "".join(f"        {line}\n" for line in lines)


class IntArgument(Transform):
    """``F.pad(x, [d, 0])`` -> ``F.pad(x, [int(d), 0] if torch.jit.is_scripting() else [d, 0])`` for a Tensor ``d``.

    Python takes a tensor of one integer for an int; the compiler does not. Eager code passes the tensor as before,
    so that a trace still sees where the number comes from.
    """

    code = "SF408"
    name = "int-argument"
    phase = Phase.VALUES
    on_demand = True
    explains = (
        "Expected a value of type 'int'",
        "Expected a value of type 'List[int]'",
        "Expected a value of type 'Optional[int]'",
        "Expected a value of type 'Optional[List[int]]'",
    )
    source = "https://docs.pytorch.org/docs/stable/jit_language_reference.html#casts"
    examples = (
        Fires(
            _net("d = torch.tensor([y.size(3) - x.size(3)])", "return F.pad(x, [d // 2, d - d // 2, 0, 3])"),
            _net(
                "d = torch.tensor([y.size(3) - x.size(3)])",
                "return F.pad(x, [int(d // 2), int(d - d // 2), 0, 3] if torch.jit.is_scripting() else [d // 2, d - d // 2, 0, 3])",
            ),
            entry=_ENTRY,
            focus=_LIST,
            at="F.pad",
            name="items of a list",
        ),
        Fires(
            _net("n = torch.tensor(x.size(2))", "return y.sum(dim=n - 1)"),
            _net(
                "n = torch.tensor(x.size(2))",
                "return y.sum(dim=int(n - 1) if torch.jit.is_scripting() else n - 1)",
            ),
            entry=_ENTRY,
            focus="Expected a value of type 'Optional[List[int]]' for argument 'dim' but instead found type 'Tensor'.",
            at="y.sum",
            name="an argument by name",
        ),
        Fires(
            _net("n = torch.tensor(x.size(2))", "return torch.roll(y, n, 3)"),
            _net("n = torch.tensor(x.size(2))", "return torch.roll(y, int(n) if torch.jit.is_scripting() else n, 3)"),
            entry=_ENTRY,
            focus=_ONE,
            at="torch.roll",
            name="an argument by its place",
        ),
        Fires(
            _net("n = torch.tensor(x.size(2))", "return F.pad(x + n, [n, 1])"),
            _net("n = torch.tensor(x.size(2))", "return F.pad(x + n, [int(n), 1] if torch.jit.is_scripting() else [n, 1])"),
            entry=_ENTRY,
            focus=_SCHEMA,
            at="F.pad",
            name="the argument that the schema names alone",
        ),
        Declines(
            _net("return F.pad(x, [v for v in self.sizes])"),
            because="give it ints",
            focus=_LIST,
            at="F.pad",
        ),
        Ignores(_net("d = torch.tensor([y.size(3) - x.size(3)])", "return F.pad(x, [d // 2, d - d // 2])")),
        Ignores(_net("return F.pad(x, [1, 2])"), focus=_LIST, at="F.pad"),
    )

    def propose(self, tree: Tree, facts: Facts, focus: Focus | None = None) -> Iterator[Proposal]:
        """Yield one rewrite for the calls at the focus, of all their arguments that are Tensors where ints are meant."""
        match = _WANTED.search(focus.message) if focus is not None else None
        if match is None or focus is None:
            return
        refused = refused_argument(match, match[1])
        for body in bodies(tree, facts):
            calls = [call for call in body.find(cst.Call) if tree.focused(call, focus)]
            edits = [edit for call in calls for edit in _edits(body, call, refused)]
            if edits:
                why = "the compiler does not make an int of a Tensor by itself here; a trace still sees the tensor"
                body.wanted.extend(tree.imports.spell("torch.jit.is_scripting")[1])
                title = f"ints for {tree.code(calls[0].func)} when scripted"
                yield rewrite(self, body, calls[0], title, edits, why=why)
            elif odd := next((call for call in calls if any(isinstance(arg.value, cst.BaseComp) for arg in call.args)), None):
                yield tree.decline(self, odd, f"{match[1]} of {tree.code(odd.func)} holds Tensors when scripted; give it ints, by int(...)")


def _edits(body: Body, call: cst.Call, refused: RefusedArgument) -> Iterator[Edit]:
    """What a Tensor is given for: the refused argument, or the items of a list that is."""
    method = isinstance(call.func, cst.Attribute) and not body.dotted(call.func)
    for index, arg in enumerate(call.args):
        if not refused.given(call, index, method):
            continue
        tree, value = body.tree, arg.value
        if isinstance(value, cst.List | cst.Tuple):
            items = [_int(body, element.value) if isinstance(element, cst.Element) else None for element in value.elements]
            if None in items or items == [tree.code(element.value) for element in value.elements]:
                continue
            text = f"[{', '.join(item for item in items if item)}]"
        elif body.tensor(value):
            text = f"int({tree.code(value)})"
        else:
            continue
        eager = tree.text[slice(*tree.outer_span(value))]
        yield tree.replace_outer(value, f"{text} if {scripting(tree)} else {eager}")


def _int(body: Body, node: cst.BaseExpression) -> str:
    """An item as it is, or the int of a Tensor."""
    text = body.tree.code(node)
    return f"int({text})" if body.tensor(node) else text
