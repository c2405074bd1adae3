"""SF727: ``functools.partial`` under a local name, or called at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import libcst as cst

from scriptify.facts.model import Facts
from scriptify.transform import Declines, Edit, Fires, Focus, Ignores, Phase, Proposal, Transform
from scriptify.transforms._expression import Body, NoForm, bodies, decline, rewrite
from scriptify.transforms._kept import steady
from scriptify.tree import Tree, stores_in
from scriptify.tree.inline import constant
from scriptify.tree.substitute import free_names, variables

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
        Fires(
            _net("f = partial(\n    torch.add,  # more\n    x,\n)  # adds\ny = x + 1  # one\nreturn f(y)"),
            _net("# more\ny = x + 1  # one  # adds\nreturn torch.add(x, y)"),
            name="comments",
        ),
        Fires(
            _net("f = partial(torch.add, x)  # adds\nfor i in range(3):\n    x = f(i)\nreturn x").replace("x = f", "y = f"),
            _net("# adds\nfor i in range(3):\n    y = torch.add(x, i)\nreturn x"),
            name="a comment above a loop",
        ),
        Declines(_net("f = partial(torch.mul, x)\nx = x + 1\nreturn f(x)"), because="x changes"),
        Declines(_net("f = partial(torch.mul, x + 1)\nreturn f(x)"), because="computed"),
        Declines(_net("f = partial(lambda a, b: a * b, x)\nreturn f(x)"), because="not plain", name="a lambda"),
        Declines(
            _net("f = partial(self.act)\nself.act = torch.neg\nreturn f(x)"), because="act may be set", name="an attribute that is set"
        ),
        Declines(_net("f = partial(self.act)\nself.act, y = torch.neg, x\nreturn f(y)"), because="act may be set", name="set with another"),
        Declines(_net("f = partial(self.act)\nsetattr(self, 'act', torch.neg)\nreturn f(x)"), because="may be set", name="set by name"),
        Declines(_net("f = partial(torch.add, [])\nreturn f(x)"), because="computed", name="a fresh list"),
        Declines(_net("f = partial(torch.add, other=scale())\nreturn f(x)"), because="computed", name="a fresh value"),
        Declines(_net("f = partial(self.size().count, 2)\nreturn x * f()"), because="not plain", name="a method of a fresh value"),
        Declines(
            _net("f = partial(torch.mul, x)\n\ndef g():\n    nonlocal x\n    x = x + 1\ng()\nreturn f(x)"),
            because="x may be set",
            name="bound by a nested function",
        ),
        Declines(
            _net("f = partial(torch.mul, K)\nstep()\nreturn f(x)") + "\n\ndef step():\n    global K\n    K += 1\n", because="K may be set"
        ),
        Declines(_net("k, f = 1, 2\nf = partial(torch.mul, k)\nk, y = 2, x\nreturn f(y)"), because="more than once", name="bound twice"),
        Declines(_net("f = partial(torch.mul, x)\nx, y = x + 1, x\nreturn f(y)"), because="x changes", name="a tuple target"),
        Declines(_net("f = partial(torch.mul, x)\nfor x in y:\n    y = f(y)\nreturn y"), because="x changes", name="a loop's name"),
        Declines(_net("f = partial(torch.mul, x)\nwith a as x:\n    return f(y)"), because="x changes", name="a with's name"),
        Declines(_net("f = partial(torch.mul, x)\nreturn f(x := x + 1) + f(2)"), because="x changes", name="a walrus"),
        Declines(_net("f = partial(torch.mul, x)\nreturn [f(y) for x in y]"), because="x changes", name="a comprehension's name"),
        Declines(_net("f = partial(torch.mul, x)\nmatch y:\n    case [x]:\n        pass\nreturn f(y)"), because="x may be set"),
        Declines(_net("return partial(torch.add, x, alpha=k)((k := 3))"), because="k changes", name="bound by an argument"),
        Declines(_net("return partial(torch.add,  # adds\n               x)(x)"), because="comment"),
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
    alone = isinstance(statement, cst.SimpleStatementLine) and tree.own_line(statement) and len(stores_in(function.body, name)) == 1
    if not alone or not isinstance(statement, cst.SimpleStatementLine) or not isinstance(block, cst.IndentedBlock):
        raise NoForm(f"{name} is bound more than once, or shares its line with other code")
    later = block.body[block.body.index(statement) + 1 :]
    if not all(steady(tree, cst.ensure_type(assign.targets[0].target, cst.Name), after) for after in later):
        raise NoForm(f"{name} is bound more than once, or shares its line with other code")
    _check_kept(body, partial, assign, later)
    edits = _removed(tree, statement, later)
    for use in variables(function.body):
        if use.value != name or tree.contains(assign, use):
            continue
        above = tree.parent(use)
        if not isinstance(above, cst.Call) or above.func is not use:
            raise NoForm(f"{name} is used other than by calling it")
        if not any(tree.contains(after, use) for after in later):
            raise NoForm(f"{name} is used where it may not be set")
        if any(isinstance(outer, cst.Lambda | cst.FunctionDef) and outer is not function and tree.contains(function, outer)
               for outer in tree.ancestors(use)):  # fmt: skip
            raise NoForm(f"{name} is used inside another function")
        edits += _named(body, partial, above)
    return edits


def _removed(tree: Tree, statement: cst.SimpleStatementLine, later: Sequence[cst.BaseStatement]) -> list[Edit]:
    """The edits that take a statement out and keep its comments: the one at its end goes to the end of the next line."""
    start, end = tree.statement_span(statement)
    comments = [found for found in tree.find(cst.Comment, statement) if start <= tree.span(found)[0] < end]
    last = statement.trailing_whitespace
    # A type comment spoke of the statement alone, and the compiler would read it as one of the line that it is moved to.
    kept = [found for found in comments if not found.value.removeprefix("#").lstrip().startswith("type:")]
    if not kept or not later:
        return [tree.remove(statement), *([tree.before(statement, [found.value for found in kept])] if kept else [])]
    if kept[-1] is not last.comment or not isinstance(later[0], cst.SimpleStatementLine):
        return [tree.replace_statement(statement, [found.value for found in kept])]
    edit = tree.replace_statement(statement, [found.value for found in kept[:-1]])
    line = tree.last_line(later[0])
    behind = len(tree.text[: tree.line_end(line)].rstrip("\r\n"))
    return [edit, tree.insert(behind, f"{last.whitespace.value}{kept[-1].value}")]


def _check_kept(body: Body, partial: cst.Call, assign: cst.Assign, later: Sequence[cst.BaseStatement]) -> None:
    """Raise NoForm where something the partial was given may be something else when it is called."""
    tree = body.tree
    if partial.args:
        _check_function(body, partial.args[0].value)
    for arg in partial.args[1:]:
        if not _plain(arg.value):
            raise NoForm("an argument of it is computed")
    for name in sorted({found for arg in partial.args for found in free_names(arg.value)}):
        stores = stores_in(body.function.body, name)
        if len(stores) > 1 or any(tree.line(by) >= tree.line(assign) for by in stores):
            raise NoForm(f"{name} changes, and the partial keeps what it was")
    for arg in partial.args:
        if not constant(arg.value) and not all(steady(tree, arg.value, after) for after in later):
            raise NoForm(f"{tree.code(arg.value)} may be set in between, and the partial keeps what it was")


def _check_function(body: Body, node: cst.BaseExpression) -> None:
    """Raise NoForm where what a partial calls is no name, or none that is looked up in the same way for each call."""
    tree, owner = body.tree, node
    while isinstance(owner, cst.Attribute):
        owner = owner.value
    inner = node.value if isinstance(node, cst.Attribute) else node
    own = isinstance(owner, cst.Name) and (body.dotted(node) or owner.value == "self" or isinstance(inner, cst.Name))
    if not own or "\n" in tree.code(node):
        raise NoForm("what it calls is not plain")


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
    _check_keywords(body, partial, call)
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


def _check_keywords(body: Body, partial: cst.Call, call: cst.Call) -> None:
    """Raise NoForm where a keyword argument of a partial can't be read after the arguments of its call."""
    tree = body.tree
    for arg in partial.args:
        if arg.keyword is not None and not _plain(arg.value):
            raise NoForm("an argument of it is computed")
        if arg.keyword is not None and not constant(arg.value) and not steady(tree, arg.value, call):
            raise NoForm(f"{tree.code(arg.value)} changes, and the partial keeps what it was")
    if call.func is partial and next(tree.find(cst.Comment, partial), None) is not None:
        raise NoForm("a comment inside would be lost")
