"""SF727: ``functools.partial`` under a local name, or called at once."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from scriptify.facts.model import Facts
from scriptify.transform import Declines, Edit, Fires, Focus, Ignores, Phase, Proposal, Transform
from scriptify.transforms._expression import Body, NoForm, bodies, decline, rewrite
from scriptify.tree import Tree, stores_in
from scriptify.tree.inline import constant
from scriptify.tree.substitute import free_names, stable, variables

_HEAD = """import torch
import torch.nn.functional as F
from functools import partial
from torch import nn


class Net(nn.Module):
    def forward(self, x: torch.Tensor):
"""
_ENTRY = "Net(), (torch.randn(2, 4),)"


def _net(body: str) -> str:
    return _HEAD + "".join(f"        {line}\n" for line in body.splitlines())


class PartialCall(Transform):
    """``f = partial(F.leaky_relu, negative_slope=0.1)`` and ``f(x)`` -> ``F.leaky_relu(x, negative_slope=0.1)``.

    The compiler has no ``functools.partial``, and no variable that holds a function. Where the name is only called, and what
    the partial was given are literals and names that keep their value, each call can name the function itself.
    """

    code = "SF727"
    name = "partial-call"
    phase = Phase.CONTAINERS
    explains = ("function cannot be used as a value", "builtin cannot be used as a value", "method cannot be used as a value")
    hints = ("partial(",)
    source = "https://docs.pytorch.org/docs/stable/jit_language_reference_v2.html"
    examples = (
        Fires(
            _net("f = partial(F.leaky_relu, negative_slope=0.1)\nreturn f(f(x)) + f(x, negative_slope=0.2)"),
            _net("return F.leaky_relu(F.leaky_relu(x, negative_slope=0.1), negative_slope=0.1) + F.leaky_relu(x, negative_slope=0.2)"),
            entry=_ENTRY,
            name="keywords",
        ),
        Fires(
            _net("y = x + 1\nadd = partial(torch.add, y)\nreturn add(x, alpha=2)"),
            _net("y = x + 1\nreturn torch.add(y, x, alpha=2)"),
            entry=_ENTRY,
            name="positions",
        ),
        Fires(
            _net("return partial(torch.clamp, min=0.0)(x * 2)"),
            _net("return torch.clamp(x * 2, min=0.0)"),
            entry=_ENTRY,
            name="called at once",
        ),
        Declines(_net("f = partial(torch.mul, x)\nx = x + 1\nreturn f(x)"), because="x changes"),
        Declines(_net("f = partial(torch.mul, x + 1)\nreturn f(x)"), because="computed"),
        Declines(_net("f = partial(lambda a, b: a * b, x)\nreturn f(x)"), because="not plain", name="a lambda"),
        Declines(_net("f = partial(self.act)\nself.act = torch.neg\nreturn f(x)"), because="act is set", name="an attribute that is set"),
        Declines(_net("f = partial(x.shape.count, 2)\nx.unsqueeze_(0)\nreturn x * f()"), because="not plain", name="of a value's value"),
        Declines(_net("f = partial(F.pad, mode='constant')\nprint(f'{f(x, [1, 1])}')\nreturn x"), because="formatted", name="in a string"),
        Declines(_net("global f\nf = partial(torch.add, x)\nreturn f(x)"), because="bound more than once", name="a global"),
        Declines(_net("f = partial(F.relu)\nreturn self.apply_to(f, x)"), because="other than by calling"),
        Ignores("from functools import partial\n\n\ndef f(x):\n    g = partial(h, x)\n    return g(1)\n", name="not compiled"),
    )

    def propose(self, tree: Tree, facts: Facts, focus: Focus | None = None) -> Iterator[Proposal]:
        """Every such partial in compiled code."""
        why = "the compiler has no partial, and no variable that holds a function"
        for body in bodies(tree, facts):
            for call in body.find(cst.Call):
                if body.dotted(call.func) != "functools.partial":
                    continue
                above = tree.parent(call)
                try:
                    if isinstance(above, cst.Call) and above.func is call:
                        edits = _named(body, call, above)
                    elif isinstance(above, cst.Assign) and len(above.targets) == 1 and isinstance(above.targets[0].target, cst.Name):
                        edits = _everywhere(body, call, above, above.targets[0].target.value)
                    else:
                        continue
                except NoForm as reason:
                    yield decline(self, body, call, f"the compiler has no partial: {reason}")
                    continue
                yield rewrite(self, body, call, "calls name the function itself", edits, why=why)


def _everywhere(body: Body, partial: cst.Call, assign: cst.Assign, name: str) -> list[Edit]:
    """The edits that write every call out and take the assignment away. Raises NoForm."""
    tree, function = body.tree, body.function
    statement = tree.parent(assign)
    block = tree.parent(statement) if statement is not None else None
    if statement is None or block is None or not tree.own_line(statement) or len(stores_in(function.body, name)) != 1:
        raise NoForm(f"{name} is bound more than once, or shares its line with other code")
    _check_kept(body, partial, assign)
    edits = [tree.remove(statement)]
    for use in variables(function.body):
        if use.value != name or tree.contains(assign, use):
            continue
        above = tree.parent(use)
        if not isinstance(above, cst.Call) or above.func is not use:
            raise NoForm(f"{name} is used other than by calling it")
        if not tree.contains(block, use) or tree.line(use) <= tree.line(assign):
            raise NoForm(f"{name} is used where it may not be set")
        if any(isinstance(outer, cst.Lambda | cst.FunctionDef) and outer is not function and tree.contains(function, outer)
               for outer in tree.ancestors(use)):  # fmt: skip
            raise NoForm(f"{name} is used inside another function")
        edits += _named(body, partial, above)
    return edits


def _check_kept(body: Body, partial: cst.Call, assign: cst.Assign) -> None:
    """Raise NoForm where something the partial was given may be something else when it is called."""
    tree = body.tree
    for arg in partial.args[1:]:
        if not _plain(arg.value):
            raise NoForm("an argument of it is computed")
    for name in sorted({found for arg in partial.args for found in free_names(arg.value)}):
        stores = stores_in(body.function.body, name)
        if len(stores) > 1 or any(tree.line(by) >= tree.line(assign) for by in stores):
            raise NoForm(f"{name} changes, and the partial keeps what it was")


def _check_function(body: Body, node: cst.BaseExpression) -> None:
    """Raise NoForm where what a partial calls could be another thing when it is read again for each call."""
    tree, dotted = body.tree, body.dotted(node)
    owner = node.value if isinstance(node, cst.Attribute) else None
    of_self = stable(node) and tree.code(node).startswith("self.")
    one_line = "\n" not in tree.code(node)
    if not one_line or not (isinstance(node, cst.Name) or (owner is not None and (dotted or of_self or isinstance(owner, cst.Name)))):
        raise NoForm("what it calls is not plain")
    names = tree.code(node).split(".")[1:]
    for target in tree.find(cst.AssignTarget):
        found = target.target
        if isinstance(found, cst.Attribute) and found.attr.value in names and not _when_made(tree, found):
            raise NoForm(f"{found.attr.value} is set outside of __init__, and the partial keeps what it was")


def _when_made(tree: Tree, node: cst.CSTNode) -> bool:
    """Whether a statement runs while an object is made."""
    inside = (above for above in tree.ancestors(node) if isinstance(above, cst.FunctionDef))
    function = next(inside, None)
    return function is not None and function.name.value == "__init__"


def _plain(node: cst.BaseExpression) -> bool:
    return isinstance(node, cst.Name) or constant(node)


def _named(body: Body, partial: cst.Call, call: cst.Call) -> list[Edit]:
    """The edits that make a call of a partial one of its function. Raises NoForm."""
    tree = body.tree
    if not partial.args or any(arg.star for arg in partial.args) or partial.args[0].keyword is not None:
        raise NoForm("what it calls is not plain")
    _check_function(body, partial.args[0].value)
    if any(isinstance(above, cst.FormattedStringExpression) for above in tree.ancestors(call)):
        raise NoForm("it is called inside a formatted string, which quotes or spells what it holds")
    if any(arg.star == "**" or (isinstance(arg.value, cst.GeneratorExp) and not arg.value.lpar) for arg in call.args):
        raise NoForm("a call of it has arguments that can't be joined with others")
    if any(arg.keyword is not None and not _plain(arg.value) for arg in partial.args):
        raise NoForm("an argument of it is computed")
    given = {arg.keyword.value for arg in call.args if arg.keyword is not None}
    before = [tree.text[slice(*tree.outer_span(arg.value))] for arg in partial.args[1:] if arg.keyword is None]
    after = [f"{arg.keyword.value}={tree.text[slice(*tree.outer_span(arg.value))]}" for arg in partial.args
             if arg.keyword is not None and arg.keyword.value not in given]  # fmt: skip
    start, end = tree.outer_span(call.func)
    paren = tree.text.index("(", end) + 1
    head = f"{tree.code(partial.args[0].value)}{tree.text[end:paren]}{', '.join(before)}{', ' if before and call.args else ''}"
    edits = [Edit(tree.path, start, paren, head)]
    if after and call.args:
        edits.append(tree.insert(tree.outer_span(call.args[-1].value)[1], "".join(f", {text}" for text in after)))
    elif after:
        edits[0] = Edit(tree.path, start, paren, head + (", " if before else "") + ", ".join(after))
    return edits
