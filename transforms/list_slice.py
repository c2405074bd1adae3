"""SF311: slices of lists that are deleted or assigned."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from scriptify.facts.model import Facts
from scriptify.transform import Declines, Edit, Fires, Focus, Ignores, Phase, Proposal, Transform
from scriptify.transforms._expression import Body, NoForm, bodies, decline, rewrite
from scriptify.transforms._number import literal_int
from scriptify.tree import Tree
from scriptify.tree.hoist import with_comments
from scriptify.tree.substitute import FreshNames, calm, source, stable

_HEAD = "import torch\nfrom torch import nn\n\n\nclass Net(nn.Module):\n    def forward(self, x: torch.Tensor):\n"
_ENTRY = "Net(), (torch.randn(2, 3),)"


def _net(body: str) -> str:
    return _HEAD + "".join(f"        {line}\n" for line in body.splitlines())


class ListSlice(Transform):
    """``del xs[1:3]`` -> a loop of ``xs.pop(1)``; ``xs[1:3] = ys`` -> the same and ``xs.insert`` for each new item.

    The compiler deletes and assigns single items only. The loops change the same list in place, so that whoever
    else holds it sees the change as before.
    """

    code = "SF311"
    name = "list-slice"
    phase = Phase.SYNTAX
    explains = ("del statements", "del' statements", "Sliced expression not yet supported", "slice")
    hints = ("del ", ":]", "[:", "] =")
    source = "https://docs.pytorch.org/docs/stable/jit_language_reference_v2.html"
    examples = (
        Fires(
            _net("xs = [1, 2, 3, 4]\ndel xs[0:2]\nreturn xs"),
            _net("xs = [1, 2, 3, 4]\nfor _ in range(len(xs[0:2])):\n    xs.pop(0)\nreturn xs"),
            entry=_ENTRY,
            name="deleted",
        ),
        Fires(
            _net("xs = [1, 2, 3, 4]\ndel xs[:2], xs[1:]  # both\nreturn xs"),
            _net(
                "xs = [1, 2, 3, 4]\nfor _ in range(len(xs[:2])):\n    xs.pop(0)\nfor _ in range(len(xs[1:])):\n    xs.pop(1)  # both\n"
                "return xs"
            ),
            entry=_ENTRY,
            name="two, with a comment",
        ),
        Fires(
            _net("xs = [1, 2, 3, 4]\nxs[1:3] = [7, 8, 9]\nreturn xs"),
            _net(
                "xs = [1, 2, 3, 4]\nitems = [7, 8, 9]\nfor _ in range(len(xs[1:3])):\n    xs.pop(1)\n"
                "for i, item in enumerate(items):\n    xs.insert(1 + i, item)\nreturn xs"
            ),
            entry=_ENTRY,
            name="assigned",
        ),
        Fires(
            _net("del xs[1:]\nreturn xs").replace("x: torch.Tensor", "x: torch.Tensor, xs: list[int]"),
            _net(
                "if torch.jit.is_scripting():\n    for _ in range(len(xs[1:])):\n        xs.pop(1)\nelse:\n    del xs[1:]\nreturn xs"
            ).replace("x: torch.Tensor", "x: torch.Tensor, xs: list[int]"),
            name="what a caller may give as something else",
        ),
        Fires(
            _net("xs = [1, 2]\nn = 3\nys = [4]\nys[:1] = xs if n + 1 > 3 else ys\nreturn ys"),
            _net(
                "xs = [1, 2]\nn = 3\nys = [4]\nitems = list(xs if n + 1 > 3 else ys)\nfor _ in range(len(ys[:1])):\n    ys.pop(0)\n"
                "for i, item in enumerate(items):\n    ys.insert(i, item)\nreturn ys"
            ),
            name="perhaps the list itself",
        ),
        Declines(_net("xs = [1, 2, 3]\ndel xs[-2:]\nreturn xs"), because="from the end"),
        Declines(_net("xs = [1, 2, 3]\ndel xs[::2]\nreturn xs"), because="step"),
        Ignores(_net("xs = [1, 2, 3]\ndel xs[0]\nx[0:1] = 2.0\nreturn xs, x")),
    )

    def propose(self, tree: Tree, facts: Facts, focus: Focus | None = None) -> Iterator[Proposal]:
        """Every such statement in compiled code."""
        for body in bodies(tree, facts):
            statements: list[cst.Del | cst.Assign] = [*body.find(cst.Del), *body.find(cst.Assign)]
            for small in statements:
                slices = _slices(body, small)
                if not slices:
                    continue
                try:
                    edit = _edit(body, small, slices)
                except NoForm as reason:
                    yield decline(self, body, small, f"the compiler deletes and assigns single items of a list only: {reason}")
                    continue
                why = "the compiler deletes and assigns single items of a list only"
                yield rewrite(self, body, small, f"{tree.code(small)[:60]} item by item", [edit], why=why)


def _slices(body: Body, small: cst.Del | cst.Assign) -> list[cst.Subscript]:
    """The slices of lists a statement deletes or assigns."""
    targets: list[cst.BaseExpression]
    if isinstance(small, cst.Assign):
        targets = [target.target for target in small.targets]
    else:
        targets = [e.value for e in small.target.elements] if isinstance(small.target, cst.Tuple) else [small.target]
    found = []
    for target in targets:
        if isinstance(target, cst.Subscript) and len(target.slice) == 1 and isinstance(target.slice[0].slice, cst.Slice):
            type_ = body.certain.type_of(target.value)
            if type_ is not None and type_.name == "List":
                found.append(target)
    return found if len(found) == len(targets) else []


def _edit(body: Body, small: cst.Del | cst.Assign, slices: list[cst.Subscript]) -> Edit:
    tree = body.tree
    line = tree.parent(small)
    if not isinstance(line, cst.SimpleStatementLine) or not tree.own_line(line):
        raise NoForm("it shares its line with another statement")
    if isinstance(small, cst.Assign) and len(slices) != 1:
        raise NoForm("it has several targets")
    names = FreshNames(tree, body.function)
    lines: list[str] = []
    for target in slices:
        name, start = _start(tree, target)
        removed = [f"for _ in range(len({tree.code(target)})):", f"    {name}.pop({start})"]
        if isinstance(small, cst.Del):
            lines += removed
            continue
        type_ = body.certain.type_of(small.value)
        if type_ is None or type_.name != "List":
            raise NoForm("whether a list is assigned is not known")
        items, index, item = names.fresh("items"), names.fresh("i"), names.fresh("item")
        value = source(tree, small.value)
        fresh = isinstance(small.value, cst.List | cst.ListComp | cst.BinaryOperation)  # else it may be the list itself
        value = value if fresh else f"list({value})"
        if "\n" in value:
            raise NoForm("what is assigned runs over several lines")
        inserted = f"{index}" if start == "0" else f"{start} + {index}"
        loop = [f"for {index}, {item} in enumerate({items}):", f"    {name}.insert({inserted}, {item})"]
        lines += [f"{items} = {value}", *removed, *loop]
    if any(name.value == "_" for name in tree.find(cst.Name, body.function)):
        raise NoForm("the name _ is used")
    if any((known := body.proved_type(target.value)) is None or known.name != "List" for target in slices):
        lines = _when_scripted(body, small, lines)
    return tree.replace_statement(line, with_comments(tree, line, lines))


def _when_scripted(body: Body, small: cst.Del | cst.Assign, lines: list[str]) -> list[str]:
    """The lines for scripting alone: an annotation says nothing of what eager callers pass, an array perhaps."""
    code = body.tree.code(small)
    if "\n" in code:
        raise NoForm("it runs over several lines")
    return [f"if {body.spell('torch.jit.is_scripting')}():", *(f"    {line}" for line in lines), "else:", f"    {code}"]


def _start(tree: Tree, target: cst.Subscript) -> tuple[str, str]:
    """The list's name, and the place of the first item that goes. Raises NoForm."""
    part = target.slice[0].slice
    assert isinstance(part, cst.Slice)
    if part.step is not None:
        raise NoForm("it has a step")
    bounds = [bound for bound in (part.lower, part.upper) if bound is not None]
    if not stable(target.value) or not all(calm(tree, bound) for bound in bounds):
        raise NoForm("its bounds are computed by a call")
    lower = literal_int(part.lower) if part.lower is not None else 0
    if lower is None or lower < 0:
        raise NoForm("where it begins is counted from the end, or not known")
    return tree.code(target.value), str(lower)
