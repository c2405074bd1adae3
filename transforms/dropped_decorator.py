"""SF901: decorators that scripting drops without a word."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from scriptify.facts.model import UNWRAPPING, Facts
from scriptify.transform import Declines, Edit, Fires, Focus, Ignores, Phase, Proposal, Transform
from scriptify.transforms._expression import Body, NoForm, bodies, decline, rewrite
from scriptify.tree import Tree, own_nodes

_HEAD = """import functools

import torch
from torch import nn


"""
_ENTRY = "Net(), (torch.randn(2, 4, requires_grad=True),)"
_NO_GRAD = ("torch.no_grad", "torch.autograd.no_grad", "torch.autograd.grad_mode.no_grad")
_INFERENCE = ("torch.inference_mode", "torch.autograd.inference_mode", "torch.autograd.grad_mode.inference_mode")
_OTHERS = ("torch.enable_grad", "torch.set_grad_enabled", "torch.autocast", "torch.amp.autocast", "torch.cuda.amp.autocast")
# written by other rules so that scripting drops them
_MEANT = frozenset({"_named_arguments", "_first_arguments", "_own_arguments", "_scripted_as"})


class DroppedDecorator(Transform):
    """``@torch.no_grad() def forward(self, x): ...`` -> ``def forward(self, x): with torch.no_grad(): ...``.

    TorchScript compiles what ``functools.wraps`` has wrapped: a decorator that uses it is as good as not
    there, and a function that was to run without gradients runs with them. A block in the body says
    the same to both. A generator or coroutine keeps its decorator, which has gradients off in its own steps alone.
    """

    code = "SF901"
    name = "dropped-decorator"
    phase = Phase.VALUES
    hints = ("@",)
    explains = ()
    source = "https://github.com/pytorch/pytorch/issues/36061"
    examples = (
        Fires(
            name="no_grad",
            before=_HEAD
            + "class Net(nn.Module):\n    @torch.no_grad()\n    def forward(self, x):\n        y = x * 2  # twice\n\n        return y\n",
            after=_HEAD
            + "class Net(nn.Module):\n    def forward(self, x):\n        with torch.no_grad():\n"
            + "            y = x * 2  # twice\n\n            return y\n",
            entry=_ENTRY,
            silent=True,
        ),
        Fires(
            name="without parentheses, of a helper, below its docstring",
            before=_HEAD
            + '@torch.no_grad\ndef double(x):\n    """Twice."""\n    if x.dim() > 1:\n        return x * 2\n    return x\n\n\n'
            + "class Net(nn.Module):\n    def forward(self, x):\n        return double(x) + 1\n",
            after=_HEAD
            + 'def double(x):\n    """Twice."""\n    with torch.no_grad():\n        if x.dim() > 1:\n            return x * 2\n'
            + "        return x\n\n\nclass Net(nn.Module):\n    def forward(self, x):\n        return double(x) + 1\n",
            entry=_ENTRY,
            silent=True,
        ),
        Fires(
            name="inference mode, for which scripting has no block of its own",
            before=_HEAD + "class Net(nn.Module):\n    @torch.inference_mode()\n    def forward(self, x):\n        return x * 2\n",
            after=_HEAD
            + "class Net(nn.Module):\n    def forward(self, x):\n"
            + "        with (torch.no_grad() if torch.jit.is_scripting() else torch.inference_mode()):\n            return x * 2\n",
            entry=_ENTRY,
            silent=True,
        ),
        Declines(
            name="a generator, between whose steps its caller has gradients",
            code=_HEAD
            + "class Net(nn.Module):\n    @torch.no_grad()\n    def forward(self, x):\n        for i in (1, 2):\n            yield x * i\n",
            because="stops in the middle",
        ),
        Declines(
            name="a coroutine",
            code=_HEAD + "class Net(nn.Module):\n    @torch.no_grad()\n    async def forward(self, x):\n        return x\n",
            because="stops in the middle",
        ),
        Declines(
            name="a project that looks behind decorators",
            code=_HEAD
            + "@torch.no_grad()\ndef double(x):\n    return x * 2\n\n\ndef with_gradients(x):\n    return double.__wrapped__(x)\n\n\n"
            + "class Net(nn.Module):\n    def forward(self, x):\n        return double(x)\n",
            because="looks behind decorators",
        ),
        Declines(
            name="a decorator of the file's own",
            code=_HEAD
            + "def plus(f):\n    @functools.wraps(f)\n    def inner(*args):\n        return f(*args) + 1\n\n    return inner\n\n\n"
            + "class Net(nn.Module):\n    @plus\n    def forward(self, x):\n        return x\n",
            because="scripting drops",
        ),
        Declines(
            name="autocast",
            code=_HEAD + "class Net(nn.Module):\n    @torch.autocast('cuda', enabled=False)\n    def forward(self, x):\n        return x\n",
            because="scripting drops",
        ),
        Declines(
            name="a string over several lines",
            code=_HEAD
            + 'class Net(nn.Module):\n    @torch.no_grad()\n    def forward(self, x):\n        s = """a\nb"""\n        return x\n',
            because="several lines",
        ),
        Ignores(
            name="in a block already",
            code=_HEAD + "class Net(nn.Module):\n    def forward(self, x):\n        with torch.no_grad():\n            return x\n",
        ),
        Ignores(name="not compiled", code=_HEAD + "@torch.no_grad()\ndef f(x):\n    return x\n"),
    )

    def propose(self, tree: Tree, facts: Facts, focus: Focus | None = None) -> Iterator[Proposal]:
        """Every decorator of a compiled function that is known to be dropped."""
        for body in bodies(tree, facts):
            for decorator in body.function.decorators:
                node = decorator.decorator
                dotted = tree.dotted(node.func if isinstance(node, cst.Call) else node)
                text = tree.code(node)
                if dotted in (*_NO_GRAD, *_INFERENCE) and not (isinstance(node, cst.Call) and node.args):
                    yield from self._block(body, decorator)
                elif dotted in _OTHERS or dotted in (*_NO_GRAD, *_INFERENCE) or (_wraps(tree, node) and not _dispatches(body)):
                    yield decline(self, body, decorator, f"scripting drops @{text} without a word: the scripted function runs without it")

    def _block(self, body: Body, decorator: cst.Decorator) -> Iterator[Proposal]:
        if len(body.function.decorators) > 1 and body.function.decorators[-1] is not decorator:
            yield decline(self, body, decorator, "scripting drops it without a word, and another decorator stands below it")
            return
        try:
            edits = _indented(body, decorator)
        except NoForm as reason:
            yield decline(self, body, decorator, f"scripting drops it without a word, and {reason}")
            return
        tree = body.tree
        first, last = tree.lines(decorator)
        edits.append(Edit(tree.path, tree.line_start(first), tree.line_end(last), ""))
        why = "scripting drops decorators that wrap"
        yield rewrite(self, body, decorator, "gradients are off in a block that scripting sees", edits, why=why, silent=True)


def _docstring(statement: cst.CSTNode) -> bool:
    if not isinstance(statement, cst.SimpleStatementLine) or not isinstance(statement.body[0], cst.Expr):
        return False
    return isinstance(statement.body[0].value, cst.SimpleString | cst.ConcatenatedString)


def _indented(body: Body, decorator: cst.Decorator) -> list[Edit]:
    """The edits that put a function's statements into a block without gradients. Raises NoForm."""
    tree, block = body.tree, body.function.body
    # torch's decorator turns gradients off anew for each step of these; a block would leave them off in between.
    if body.function.asynchronous is not None or any(isinstance(node, cst.Yield | cst.Await) for node in own_nodes(block)):
        raise NoForm("it stops in the middle, where a block would leave gradients off for its caller")
    if UNWRAPPING in body.facts.mentions:
        raise NoForm("the project looks behind decorators (__wrapped__), where it would find none")
    if not isinstance(block, cst.IndentedBlock):
        raise NoForm("its body is on the line of its signature")
    statements = list(block.body[1:] if _docstring(block.body[0]) else block.body)
    if not statements:
        raise NoForm("it has no body")
    for kind in (cst.SimpleString, cst.FormattedString, cst.ConcatenatedString):
        for statement in statements:
            if any(tree.lines(text)[0] != tree.lines(text)[1] for text in tree.find(kind, statement)):
                raise NoForm("a string in its body runs over several lines")
    first, last = tree.line(statements[0]), tree.last_line(statements[-1])
    header = f"{tree.indent(statements[0])}with {_context(body, decorator)}:{tree.newline}"
    edits = [tree.insert(tree.line_start(first), header)]
    for line in range(first, last + 1):
        start = tree.line_start(line)
        if tree.text[start : tree.line_end(line)].strip():
            if line == first:
                edits[0] = tree.insert(start, edits[0].text + tree.indent_unit)
            else:
                edits.append(tree.insert(start, tree.indent_unit))
    return edits


def _dispatches(body: Body) -> bool:
    """Whether a function takes another way when scripted, which says what its decorator does (SF905)."""
    first = body.function.body.body[0] if body.function.body.body else None
    return isinstance(first, cst.If) and "is_scripting" in body.tree.code(first.test)


def _context(body: Body, decorator: cst.Decorator) -> str:
    """The block for a decorator; of inference mode, which scripting does not have, eager code keeps its own."""
    node = decorator.decorator
    named = node.func if isinstance(node, cst.Call) else node
    plain = f"{body.spell('torch.no_grad')}()"
    if body.tree.dotted(named) not in _INFERENCE:
        return plain
    return f"({plain} if {body.spell('torch.jit.is_scripting')}() else {body.tree.code(named)}())"


def _wraps(tree: Tree, node: cst.BaseExpression) -> bool:
    """Whether a decorator is a function of this file that uses ``functools.wraps``."""
    called = node.func if isinstance(node, cst.Call) else node
    if not isinstance(called, cst.Name) or called.value in _MEANT:
        return False
    function = tree.function(called.value)
    if function is None:
        return False
    return any(
        tree.dotted(d.decorator.func) == "functools.wraps" for d in tree.find(cst.Decorator, function) if isinstance(d.decorator, cst.Call)
    )
