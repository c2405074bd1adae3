"""SF114: what Python knows not to be None after a test, told to the compiler."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from scriptify.facts.model import Facts
from scriptify.transform import Declines, Edit, Fires, Focus, Ignores, Phase, Proposal, Transform
from scriptify.transforms._changes import Changes
from scriptify.transforms._containers import Method
from scriptify.transforms._expression import FLOAT, INT, TENSOR, Body, NoForm, bodies, decline, rewrite
from scriptify.transforms._optional_truth import SIZED, has_items
from scriptify.tree import Tree, own_nodes
from scriptify.tree.substitute import FreshNames, free_names, stable

_HEAD = "import torch\nfrom torch import nn\nfrom typing import List, Optional\n\n\nclass Net(nn.Module):\n"
_XS = "self, x: torch.Tensor, xs: List[Optional[torch.Tensor]]"
_ENTRY = "Net(), (torch.randn(2, 3), [torch.randn(2, 3), None])"
_STEM = "but instead found type 'Optional[Tensor]'"


def _net(signature: str, body: str) -> str:
    return f"{_HEAD}    def forward({signature}):\n" + "".join(f"        {line}\n" for line in body.splitlines())


class OptionalRefinement(Transform):
    """``if t is None: continue`` gets ``assert t is not None`` below it; ``if xs[0] is not None: f(xs[0])`` asks a local name.

    The compiler takes a name for not None after an early return, but not after ``continue`` or ``break``, and never
    an item of a list, tuple or dict. An assertion that always holds, and a name for the item, say what is true anyway.
    ``n or 3`` of an ``Optional[int]`` is written out.
    """

    code = "SF114"
    name = "optional-refinement"
    phase = Phase.VALUES
    on_demand = True
    explains = ("found type 'Optional[", "'Optional[", "Could not cast value of type Optional[")
    hints = ("is None", "is not None", " or ")
    source = "https://docs.pytorch.org/docs/stable/jit_language_reference.html#optional-type-refinement"
    examples = (
        Fires(
            _net(_XS, "for t in xs:\n    if t is None:\n        continue\n    x = x + t\nreturn x"),
            _net(_XS, "for t in xs:\n    if t is None:\n        continue\n    assert t is not None\n    x = x + t\nreturn x"),
            entry=_ENTRY,
            focus=_STEM,
            at="x + t",
            name="after continue",
        ),
        Fires(
            _net(_XS, "if xs[0] is not None and x.dim() == 2:\n    x = x + xs[0]  # first\nreturn x"),
            _net(_XS, "item = xs[0]\nif item is not None and x.dim() == 2:\n    x = x + item  # first\nreturn x"),
            entry=_ENTRY,
            focus=_STEM,
            at="x + xs",
            name="an item",
        ),
        Fires(
            _net(_XS, "if xs[0] is not None:\n    if xs[1] is not None:\n        x = x + xs[1]\n    x = x + xs[0]\nreturn x"),
            _net(
                _XS,
                "item = xs[0]\nif item is not None:\n    item_2 = xs[1]\n    if item_2 is not None:\n        x = x + item_2\n"
                "    x = x + item\nreturn x",
            ),
            entry=_ENTRY,
            focus=_STEM,
            at="return x",
            name="an item within another's test",
        ),
        Fires(
            _net("self, x: torch.Tensor, n: Optional[int] = None", "n = n or 3\nreturn x + n"),
            _net("self, x: torch.Tensor, n: Optional[int] = None", "n = (n if n is not None and bool(n) else 3)\nreturn x + n"),
            entry="Net(), (torch.randn(2, 3),)",
            focus="Could not cast value of type Optional[int] to bool",
            at="n or 3",
            name="or",
        ),
        Fires(
            _net("self, x: torch.Tensor, s: Optional[str] = None", "s = s or 'a'\nreturn x, s"),
            _net(
                "self, x: torch.Tensor, s: Optional[str] = None",
                "s = (s if s is not None and (len(s) > 0 if torch.jit.is_scripting() else bool(s)) else 'a')\nreturn x, s",
            ),
            entry="Net(), (torch.randn(2, 3),)",
            focus="Could not cast value of type Optional[str] to bool",
            at="s or",
            name="or of a text",
        ),
        Declines(
            _net(_XS, "if xs[0] is not None:\n    xs[0] = x\n    x = x + xs[0]\nreturn x"),
            because="assigned",
            focus=_STEM,
            at="x + xs",
        ),
        Declines(
            _net(_XS, "if xs[0] is not None:\n    refill(xs)\n    x = x + xs[0]\nreturn x"),
            because="called below",
            focus=_STEM,
            at="x + xs",
        ),
        Ignores(_net(_XS, "for t in xs:\n    if t is None:\n        continue\n    x = x + 1\nreturn x")),
        Ignores(_net(_XS, "for t in xs:\n    if t is not None:\n        x = x + t\nreturn x"), focus=_STEM, at="x + t"),
    )

    def propose(self, tree: Tree, facts: Facts, focus: Focus | None = None) -> Iterator[Proposal]:
        """Yield rewrites in the focused function."""
        if focus is None or focus.path != tree.path or not self.answers(focus.message):
            return
        for body in bodies(tree, facts):
            if focus.scope and body.qualname != focus.scope:
                continue
            names = FreshNames(tree, body.function)
            for branch in body.find(cst.If):
                if not focus.line or tree.line(branch) <= focus.line:
                    yield from self._left(body, branch)
                    yield from self._item(body, branch, names)
            for operation in body.find(cst.BooleanOperation):
                yield from self._or(body, operation)

    def _left(self, body: Body, branch: cst.If) -> Iterator[Proposal]:
        tree, name = body.tree, _tested(branch.test, cst.Is)
        last = branch.body.body[-1]
        small = last.body[-1] if isinstance(last, cst.SimpleStatementLine) else last
        if not isinstance(name, cst.Name) or branch.orelse is not None or not isinstance(small, cst.Continue | cst.Break):
            return
        above = tree.parent(branch)
        if not isinstance(above, cst.IndentedBlock) or not tree.own_line(branch):
            return
        index = list(above.body).index(branch)
        line = f"assert {name.value} is not None"
        after = above.body[index + 1] if index + 1 < len(above.body) else None
        if after is None or tree.code(after).startswith(line):
            return
        why = "the compiler does not take a name for not None after continue and break"
        yield rewrite(self, body, branch, f"{name.value} is asserted not to be None", [tree.after(branch, [line])], why=why)

    def _item(self, body: Body, branch: cst.If, names: FreshNames) -> Iterator[Proposal]:
        tree = body.tree
        test = branch.test
        while isinstance(test, cst.BooleanOperation):
            test = test.left
        item = _tested(test, cst.Is | cst.IsNot)
        if not isinstance(item, cst.Subscript) or not stable(item.value) or not _plain_index(item):
            return
        try:
            edits = _named(body, branch, item, names)
        except NoForm as reason:
            yield decline(self, body, branch, f"the compiler does not take {tree.code(item)} for not None: {reason}")
            return
        why = "the compiler takes names for not None after a test, no items"
        yield rewrite(self, body, branch, f"{tree.code(item)} gets a name", edits, why=why)

    def _or(self, body: Body, operation: cst.BooleanOperation) -> Iterator[Proposal]:
        tree, left = body.tree, operation.left
        if not isinstance(operation.operator, cst.Or) or not isinstance(left, cst.Name):
            return
        type_ = body.certain.type_of(left) or body.certain.parameter_type(left.value)
        if type_ is None or type_.name != "Optional":
            return
        inner, name = type_.stripped, left.value
        above = tree.parent(operation)
        if isinstance(above, cst.BooleanOperation | cst.If | cst.While | cst.Assert | cst.UnaryOperation):
            return
        # An annotation is no proof for eager code: what is given in place of a number may be empty and no zero.
        filled = f"bool({name})" if inner in (INT, FLOAT, TENSOR) else ""
        if inner.name in SIZED - {"Tuple"}:
            filled, imports = has_items(tree, name)
            body.wanted.extend(imports)
        if not filled:
            return
        text = f"({name} if {name} is not None and {filled} else {tree.operand(operation.right)})"
        yield rewrite(self, body, operation, f"{tree.code(operation)[:60]} is written out", [tree.replace_outer(operation, text)])


def _tested(test: cst.BaseExpression, operator: object) -> cst.BaseExpression | None:
    """What a comparison with None asks about."""
    if not isinstance(test, cst.Comparison) or len(test.comparisons) != 1:
        return None
    target = test.comparisons[0]
    none = isinstance(target.comparator, cst.Name) and target.comparator.value == "None"
    return test.left if none and isinstance(target.operator, operator) else None  # type: ignore[arg-type]


def _plain_index(item: cst.Subscript) -> bool:
    index = item.slice[0].slice if len(item.slice) == 1 else None
    return isinstance(index, cst.Index) and stable(index.value)


_READING = ("get", "items", "keys", "values", "index", "count")


def _named(body: Body, branch: cst.If, item: cst.Subscript, names: FreshNames) -> list[Edit]:
    tree, text = body.tree, body.tree.code(item)
    above = tree.parent(branch)
    if not tree.own_line(branch) or (isinstance(above, cst.If) and above.orelse is branch):
        raise NoForm("the test stands in an elif; name the item before the first if")
    words = free_names(item)
    uses: list[cst.Subscript] = []
    for node in own_nodes(branch):
        if isinstance(node, cst.AssignTarget | cst.AugAssign | cst.AnnAssign | cst.For | cst.Del):
            target = node.target
            if {n.value for n in tree.find(cst.Name, target)} & words:
                raise NoForm("it or its list is assigned below")
        func = node.func if isinstance(node, cst.Call) else None
        of_list = isinstance(func, cst.Attribute) and tree.code(func.value) == tree.code(item.value)
        if of_list and isinstance(func, cst.Attribute) and func.attr.value not in _READING:
            raise NoForm("its list is changed below")
        if isinstance(node, cst.Subscript) and tree.code(node) == text:
            uses.append(node)
    if Changes(Method(tree, body.facts, body.qualname, body.function)).may(item, [branch]):
        raise NoForm("what is called below may put something else there")
    name = names.fresh("item")
    return [tree.before(branch, [f"{name} = {text}"]), *(tree.replace(use, name) for use in uses)]
