"""SF306: assignment targets the compiler has no form for: brackets, stars over lists, and :=."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from scriptify.facts.model import Facts
from scriptify.transform import Declines, Edit, Fires, Focus, Ignores, Phase, Proposal, Transform
from scriptify.transforms._own_scope import reads_by_name
from scriptify.tree import Tree, loads
from scriptify.tree.fold import declared, is_sequence, promised
from scriptify.tree.hoist import CannotHoist, reached_functions, site, with_comments
from scriptify.tree.infer import TENSOR, Guess
from scriptify.tree.substitute import FreshNames, one_line, source, stable, variables

_HEAD = """import torch
from torch import nn


class Net(nn.Module):
    def forward(self, x):
"""
_ENTRY = "Net(), (torch.randn(4, 2, 3),)"


class UnpackTarget(Transform):
    """``a, [b, c] = t`` -> ``a, (b, c) = t``; ``n, *rest = x.shape`` -> ``(n,) = x.shape[:1]`` and ``rest = list(x.shape[1:])``.

    The compiler takes nested parentheses as a target but no brackets, cannot tell how many items of a
    list a star takes, and has no assignment expressions. Slices keep both the error for too few items
    and the list that a star gives; ``:=`` becomes a line of its own where it is evaluated exactly once.
    """

    code = "SF306"
    name = "unpack-target"
    phase = Phase.SYNTAX
    explains = (
        "lhs of assignment must be a variable, subscript, or starred expression",
        "unexpected expression on left-hand side of assignment",
        "cannot statically infer the expected size of a list in this context",
        "A Starred expression may only appear on the lhs",
        "NamedExpr aren't supported",
    )
    source = "https://docs.pytorch.org/docs/stable/jit_language_reference.html#simple-assignments"
    examples = (
        Fires(
            name="brackets inside a target",
            before=_HEAD + "        a, [b, c] = x, x.chunk(2)\n        return a.sum() + b + c\n",
            after=_HEAD + "        a, (b, c) = x, x.chunk(2)\n        return a.sum() + b + c\n",
            entry=_ENTRY,
        ),
        Fires(
            name="one name each",
            before=_HEAD + "        [[p], [q]] = [[x], [x * 2]]\n        return p + q\n",
            after=_HEAD + "        ((p,), (q,)) = [[x], [x * 2]]\n        return p + q\n",
            entry=_ENTRY,
        ),
        Fires(
            name="a loop's target",
            before=_HEAD + "        for i, [a, b] in enumerate(zip(x, x)):\n            x = x + a * b * i\n        return x\n",
            after=_HEAD + "        for i, (a, b) in enumerate(zip(x, x)):\n            x = x + a * b * i\n        return x\n",
        ),
        Fires(
            name="a comprehension's target",
            before=_HEAD + "        return [a * b for [a, b] in zip([x, x], [x, x])]\n",
            after=_HEAD + "        return [a * b for (a, b) in zip([x, x], [x, x])]\n",
            entry=_ENTRY,
        ),
        Fires(
            name="a star over a shape",
            before=_HEAD + "        b, *rest = x.shape\n        return x.view(b, -1) * len(rest)\n",
            after=_HEAD + "        (b,) = x.shape[:1]\n        rest = list(x.shape[1:])\n        return x.view(b, -1) * len(rest)\n",
            entry=_ENTRY,
        ),
        Fires(
            name="a star nobody reads",
            before=_HEAD + "        b, c, *_ = x.size()\n        return x * b * c\n",
            after=_HEAD + "        b, c = x.size()[:2]\n        return x * b * c\n",
            entry=_ENTRY,
        ),
        Fires(
            name="a star in the middle",
            before=_HEAD + "        first, *middle, last = torch.unbind(x * 2)\n        return first + last * len(middle)\n",
            after=_HEAD
            + "        items = torch.unbind(x * 2)\n"
            + "        if len(items) < 2:\n"
            + '            raise ValueError("not enough values to unpack (expected at least 2)")\n'
            + "        (first,) = items[:1]\n"
            + "        middle = list(items[1:-1])\n"
            + "        (last,) = items[-1:]\n"
            + "        return first + last * len(middle)\n",
            entry=_ENTRY,
        ),
        Fires(
            name="only a star",
            before=_HEAD + "        *parts, = x.chunk(2)\n        return parts[0] + parts[1]\n",
            after=_HEAD + "        parts = list(x.chunk(2))\n        return parts[0] + parts[1]\n",
            entry=_ENTRY,
        ),
        Fires(
            name="an assignment in a condition",
            before=_HEAD + "        if x.dim() > 1 + (n := x.size(0)):\n            return x\n        return x * n\n",
            after=_HEAD + "        n = x.size(0)\n        if x.dim() > 1 + n:\n            return x\n        return x * n\n",
            entry=_ENTRY,
        ),
        Declines(
            name="an assignment that may not happen",
            code=_HEAD + "        if x.dim() > 1 and (n := x.size(0)) > 1:\n            return x * n\n        return x\n",
            because="only evaluated when the left side",
        ),
        Ignores(
            name="what the compiler takes",
            code=_HEAD + "        a, (b, c) = x, (x, x)\n        d, *e = (a, b, c)\n        return d + e[0]\n",
        ),
        Ignores(name="not compiled", code="def f(x):\n    [a, b] = x\n    return a\n"),
    )

    def propose(self, tree: Tree, facts: Facts, focus: Focus | None = None) -> Iterator[Proposal]:
        """Every such target in compiled functions; a star over a value of unknown type only where the compiler stopped at it."""
        for qualname, function in reached_functions(tree, facts):
            guess = Guess(tree, facts, qualname, function)
            for target in _targets(tree, function):
                edits = [edit for node in _bracketed(target) for edit in _parentheses(tree, node)]
                if edits:
                    why = "the compiler takes no list as a target"
                    yield tree.rewrite(self, target, "a target's brackets become parentheses", edits, why=why)
            for assign in tree.find(cst.Assign, function.body):
                yield from self._star(tree, function, guess, assign, focus)
            for named in tree.find(cst.NamedExpr, function.body):
                yield self._walrus(tree, function, named)

    def _star(self, tree: Tree, function: cst.FunctionDef, guess: Guess, assign: cst.Assign, focus: Focus | None) -> Iterator[Proposal]:
        starred = [t.target for t in assign.targets if isinstance(t.target, cst.Tuple | cst.List) and _star_at(t.target) is not None]
        if not starred:
            return
        asked = focus is not None and self.answers(focus.message) and tree.focused(assign, focus) and bool(focus.line)
        alone = len(starred[0].elements) == 1
        known = guess.of(assign.value)
        is_list = known is not None and known.name == "List"
        sequence = is_sequence(tree, function, assign.value, guess) and known != TENSOR
        certain = is_list or (known is None and sequence and not isinstance(assign.value, cst.Tuple))
        if not (alone or asked or certain):
            return
        if not sequence:
            yield tree.decline(self, assign, "the starred value is not known to be a list or tuple; give an entry: its run shows the type")
            return
        statement = tree.parent(assign)
        if not isinstance(statement, cst.SimpleStatementLine) or not tree.own_line(statement) or len(assign.targets) != 1:
            yield tree.decline(self, assign, "the starred assignment shares its line or has several targets")
            return
        lines = _sliced(tree, function, assign, starred[0], promised(tree, function, assign.value, guess))
        if lines is None:
            yield tree.decline(self, assign, "the starred target does not only hold plain names")
            return
        edit = tree.replace_statement(statement, with_comments(tree, statement, lines, [assign.value]))
        why = "the compiler cannot tell how many items of a list a star takes"
        yield tree.rewrite(self, assign, "a starred target becomes slices", [edit], why=why)

    def _walrus(self, tree: Tree, function: cst.FunctionDef, named: cst.NamedExpr) -> Proposal:
        try:
            place = site(tree, named)
        except CannotHoist as reason:
            return tree.decline(self, named, f"the compiler takes no :=, and this one can't go before its statement: {reason}")
        assert isinstance(named.target, cst.Name)
        name = named.target.value
        start = tree.span(named)[0]
        earlier = [n for n in variables(place.statement) if n.value == name and tree.span(place.statement)[0] <= tree.span(n)[0] < start]
        target = tree.enclosing(named, cst.AssignTarget)
        assigned = tree.parent(target) if target is not None else None
        if isinstance(assigned, cst.Assign):  # what is assigned is read before its target
            earlier += [n for n in variables(assigned.value) if n.value == name]
        stores = isinstance(place.statement, cst.SimpleStatementLine) and isinstance(place.statement.body[0], cst.Assign)
        if earlier and not (stores and place.target is not None):
            return tree.decline(self, named, f"{name} is read before the := in the same statement")
        value = one_line(tree, named.value, source(tree, named.value))
        edits = place.edits([f"{name} = {value}"], name, FreshNames(tree, function), [named.value])
        return tree.rewrite(self, named, f"{name} := becomes a line of its own", edits, why="the compiler takes no assignment expressions")


def _targets(tree: Tree, function: cst.FunctionDef) -> Iterator[cst.BaseExpression]:
    for assign in tree.find(cst.AssignTarget, function.body):
        yield assign.target
    for loop in tree.find(cst.For, function.body):
        yield loop.target
    for comp in tree.find(cst.CompFor, function.body):
        yield comp.target


def _bracketed(target: cst.BaseExpression) -> Iterator[cst.List]:
    """The lists in a target, itself included; a list with a star is left to the other rule."""
    if isinstance(target, cst.Tuple | cst.List):
        if isinstance(target, cst.List) and target.elements and _star_at(target) is None:
            yield target
        for element in target.elements:
            yield from _bracketed(element.value)


def _parentheses(tree: Tree, node: cst.List) -> list[Edit]:
    only = len(node.elements) == 1 and not isinstance(node.elements[0].comma, cst.Comma)
    opening, closing = tree.span(node.lbracket), tree.span(node.rbracket)
    return [Edit(tree.path, *opening, "("), Edit(tree.path, *closing, ",)" if only else ")")]


def _star_at(target: cst.Tuple | cst.List) -> int | None:
    return next((i for i, e in enumerate(target.elements) if isinstance(e, cst.StarredElement)), None)


def _sliced(tree: Tree, function: cst.FunctionDef, assign: cst.Assign, target: cst.Tuple | cst.List, listed: bool) -> list[str] | None:
    """The lines for a starred assignment, or None where its target holds more than names.

    ``listed``: what is assigned may be no list at all, and becomes one first.
    """
    at = _star_at(target)
    assert at is not None
    star = target.elements[at].value
    ahead = [e.value for e in target.elements[:at]]
    behind = [e.value for e in target.elements[at + 1 :]]
    if not all(isinstance(part, cst.Name) for part in (star, *ahead, *behind)):
        return None
    names = {n.value for n in variables(target)}
    if names & declared(tree, function):
        return None
    value = tree.code(assign.value)
    pieces = bool(ahead) + bool(behind) + 1
    unread = isinstance(star, cst.Name) and not loads(function.body, star.value) and bool(ahead or behind)
    unread = unread and not reads_by_name(tree, function.body)
    once = pieces - unread == 1
    lines: list[str] = []
    if listed and (ahead or behind):
        items = FreshNames(tree, function).fresh("items")
        lines.append(f"{items} = list({source(tree, assign.value)})")
        value = items
    elif not once and (not stable(assign.value) or names & {n.value for n in variables(assign.value)}):
        items = FreshNames(tree, function).fresh("items")
        lines.append(f"{items} = {one_line(tree, assign.value, source(tree, assign.value))}")
        value = items
    elif not isinstance(assign.value, cst.Name | cst.Attribute | cst.Call | cst.Subscript):
        value = f"({value})" if value[:1] not in "([" or not isinstance(assign.value, cst.List) else value
    if ahead and behind:
        least = len(ahead) + len(behind)
        lines += [f"if len({value}) < {least}:", f'    raise ValueError("not enough values to unpack (expected at least {least})")']
    if ahead:
        lines.append(f"{_names(tree, ahead)} = {value}[:{len(ahead)}]")
    if not unread:
        bounds = f"[{len(ahead) or ''}:{-len(behind) if behind else ''}]" if ahead or behind else ""
        lines.append(f"{tree.code(star)} = list({value}{bounds})")
    if behind:
        lines.append(f"{_names(tree, behind)} = {value}[-{len(behind)}:]")
    return lines


def _names(tree: Tree, parts: list[cst.BaseExpression]) -> str:
    return f"({tree.code(parts[0])},)" if len(parts) == 1 else ", ".join(tree.code(part) for part in parts)
