"""SF723: ``try`` with nothing but a ``finally`` that only local names see."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from scriptify.facts.model import Facts
from scriptify.transform import Declines, Edit, Fires, Focus, Ignores, Phase, Proposal, Transform
from scriptify.transforms._expression import Body, NoForm, bodies, decline, rewrite
from scriptify.tree import Tree, own_nodes
from scriptify.tree.substitute import calm

_HEAD = "import torch\nfrom torch import nn\n\n\nclass Net(nn.Module):\n    def forward(self, x: torch.Tensor):\n"
_ENTRY = "Net(), (torch.randn(2, 3),)"


def _net(body: str) -> str:
    return _HEAD + "".join(f"        {line}\n" for line in body.splitlines())


class QuietFinally(Transform):
    """``try: y = f(x) finally: n = 1`` -> ``y = f(x)`` and then ``n = 1``.

    The compiler has no ``try``. A ``finally`` that only gives local names a value is of no use once an error leaves the
    function, so it can stand behind the block. Errors that are caught are another matter: those places are told of.
    """

    code = "SF723"
    name = "quiet-finally"
    phase = Phase.SYNTAX
    explains = ("try blocks aren't supported", "Try aren't supported")
    hints = ("try:",)
    source = "https://docs.pytorch.org/docs/stable/jit_language_reference_v2.html"
    examples = (
        Fires(
            _net("try:\n    y = x + 1  # one\nfinally:\n    n = 1\nreturn y * n"),
            _net("y = x + 1  # one\nn = 1\nreturn y * n"),
            entry=_ENTRY,
        ),
        Declines(_net("try:\n    y = x + 1\nexcept ValueError:\n    y = x\nreturn y"), because="ask beforehand"),
        Declines(_net("try:\n    y = x + 1\nfinally:\n    self.n = 1\nreturn y"), because="more than"),
        Declines(_net("try:\n    return x + 1\nfinally:\n    n = 1"), because="left early"),
        Declines(
            _net("n = 0\nwith quiet():\n    try:\n        y = x + 1\n    finally:\n        n = 1\nreturn x * n"),
            because="may catch the error",
        ),
        Declines(_net("global n\ntry:\n    y = x + 1\nfinally:\n    n = 1\nreturn y"), because="outside of the function"),
        Declines(_net("try:\n    # first\n    y = x + 1\nfinally:\n    n = 1\nreturn y * n"), because="comment"),
        Ignores(_net("return x")),
    )

    def propose(self, tree: Tree, facts: Facts, focus: Focus | None = None) -> Iterator[Proposal]:
        """Every try statement in compiled code."""
        for body in bodies(tree, facts):
            for node in body.find(cst.Try):
                try:
                    edits = _edits(body, node)
                except NoForm as reason:
                    yield decline(self, body, node, f"the compiler has no try: {reason}")
                    continue
                yield rewrite(self, body, node, "what a finally does comes after the block", edits, why="the compiler has no try")


def _edits(body: Body, node: cst.Try) -> list[Edit]:
    tree = body.tree
    if node.handlers:
        raise NoForm("an error is caught, which scripted code can't do; ask beforehand what would raise it")
    if node.finalbody is None or not isinstance(node.body, cst.IndentedBlock) or not isinstance(node.finalbody.body, cst.IndentedBlock):
        raise NoForm("it stands on one line with its body")
    if not tree.own_line(node) or any(isinstance(n, cst.Return | cst.Break | cst.Continue) for n in own_nodes(node)):
        raise NoForm("the block is left early")
    for line in node.finalbody.body.body:
        smalls = line.body if isinstance(line, cst.SimpleStatementLine) else [line]
        for small in smalls:
            plain = isinstance(small, cst.Assign) and all(isinstance(t.target, cst.Name) for t in small.targets)
            if not (plain and isinstance(small, cst.Assign) and calm(tree, small.value)) and not isinstance(small, cst.Pass):
                raise NoForm("the finally does more than give local names a value")
    if any(isinstance(above, cst.Try) for above in tree.ancestors(node)):
        raise NoForm("it stands in another one")
    if any(isinstance(above, cst.With) and not _hands_on(body, above) for above in tree.ancestors(node)):
        raise NoForm("a block around it may catch the error, and the names are read after that")
    outside: list[cst.Global | cst.Nonlocal] = [*tree.find(cst.Global, body.function), *tree.find(cst.Nonlocal, body.function)]
    if outside:
        raise NoForm("a name may be one from outside of the function, which keeps it whatever is raised")
    for head, block in ((node, node.body), (node.finalbody, node.finalbody.body)):
        if "#" in tree.text[tree.line_end(tree.line(head)) : tree.line_start(tree.line(block.body[0]))]:
            raise NoForm("a comment inside would be lost")
    edits = [Edit(tree.path, tree.line_start(tree.line(node)), tree.line_start(tree.line(node.body.body[0])), "")]
    for block in (node.body, node.finalbody.body):
        edits += _outdented(tree, block, tree.indent(node))
    edits.append(Edit(tree.path, tree.line_end(tree.last_line(node.body)), tree.line_start(tree.line(node.finalbody.body.body[0])), ""))
    return edits


def _hands_on(body: Body, block: cst.With) -> bool:
    """Whether the blocks of a ``with`` are torch's own, of which none catches an error."""
    calls = [item.item for item in block.items]
    return all(isinstance(call, cst.Call) and body.dotted(call.func).startswith("torch.") for call in calls)


def _outdented(tree: Tree, block: cst.IndentedBlock, indent: str) -> list[Edit]:
    first, last = tree.line(block.body[0]), tree.last_line(block)
    inner = tree.indent(block.body[0])
    for kind in (cst.SimpleString, cst.FormattedString):
        if any(tree.lines(s)[0] != tree.lines(s)[1] for s in tree.find(kind, block)):
            raise NoForm("a string in it runs over several lines")
    edits = []
    for line in range(first, last + 1):
        start = tree.line_start(line)
        text = tree.text[start : tree.line_end(line)]
        if text.strip() and not text.startswith(inner):
            raise NoForm("a line of it can't be moved")
        if text.strip():
            edits.append(Edit(tree.path, start, start + len(inner), indent))
    return edits
