"""SF110: annotations of local variables that the compiler has no use for."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from scriptify.facts.model import Facts
from scriptify.transform import Edit, Fires, Focus, Ignores, Phase, Proposal, Transform
from scriptify.transforms._expression import Body, bodies, rewrite
from scriptify.tree import Tree
from scriptify.tree.flow import bindings, parameter_names

_HEAD = "import torch\nfrom torch import nn\nfrom typing import Dict, Optional\nimport typing\n\n\nclass Net(nn.Module):\n"
_HEAD += "    def forward(self, x: torch.Tensor):\n"
_ENTRY = "Net(), (torch.randn(2, 3),)"


def _net(body: str) -> str:
    return _HEAD + "".join(f"        {line}\n" for line in body.splitlines())


class RepeatedAnnotation(Transform):
    """``y: Tensor = x`` and in a loop ``y: Tensor = y + 1`` -> ``y = y + 1`` there; ``typing.OrderedDict[..]`` -> ``Dict[..]``.

    The type of a variable is declared where it first gets a value; in a loop or branch below that the compiler
    refuses a second declaration. Python never looks at the annotation of a local variable.
    """

    code = "SF110"
    name = "repeated-annotation"
    phase = Phase.SYNTAX
    explains = ("Attempting to declare and annotate the type of variable", "Unknown type constructor")
    hints = (":",)
    source = "https://docs.pytorch.org/docs/stable/jit_language_reference.html"
    examples = (
        Fires(
            _net("y: torch.Tensor = x\nfor i in range(2):\n    y: torch.Tensor = y + 1  # again\nreturn y"),
            _net("y: torch.Tensor = x\nfor i in range(2):\n    y = y + 1  # again\nreturn y"),
            entry=_ENTRY,
            name="in a loop",
        ),
        Fires(
            _net("y: Optional[torch.Tensor] = None\nif x.dim() == 2:\n    y: Optional[torch.Tensor] = x\nreturn y"),
            _net("y: Optional[torch.Tensor] = None\nif x.dim() == 2:\n    y = x\nreturn y"),
            entry=_ENTRY,
            name="in a branch",
        ),
        Fires(
            _net("for i in range(2):\n    x: torch.Tensor = x + 1\nreturn x"),
            _net("for i in range(2):\n    x = x + 1\nreturn x"),
            entry=_ENTRY,
            name="a parameter",
        ),
        Fires(
            _net("d: typing.OrderedDict[str, torch.Tensor] = {}\nd['a'] = x\nreturn d"),
            _net("d: Dict[str, torch.Tensor] = {}\nd['a'] = x\nreturn d"),
            entry=_ENTRY,
            name="a type the compiler calls otherwise",
        ),
        Ignores(_net("if x.dim() == 2:\n    y: torch.Tensor = x\nelse:\n    y: torch.Tensor = x + 1\nreturn y")),
        Ignores(_net("y: torch.Tensor = x\ny: torch.Tensor = y + 1\nreturn y"), name="in the same block"),
    )

    def propose(self, tree: Tree, facts: Facts, focus: Focus | None = None) -> Iterator[Proposal]:
        """Every such annotation in compiled code."""
        for body in bodies(tree, facts):
            for node in body.find(cst.AnnAssign):
                if not isinstance(node.target, cst.Name):
                    continue
                if node.value is not None and _again(body, node, node.target.value):
                    edit = Edit(tree.path, tree.span(node.target)[1], tree.outer_span(node.annotation.annotation)[1], "")
                    why = "the type of a variable is declared once, where it first gets a value"
                    yield rewrite(self, body, node, f"{node.target.value} is not declared again", [edit], why=why)
                    continue
                stated = node.annotation.annotation
                if isinstance(stated, cst.Subscript) and body.dotted(stated.value) in _DICTS and len(stated.slice) == 2:
                    edit = tree.replace_outer(stated.value, body.spell("typing.Dict"))
                    yield rewrite(self, body, node, f"{node.target.value} is a Dict", [edit], why="the compiler has one type for dicts")


_DICTS = frozenset(
    (
        "typing.OrderedDict",
        "typing.DefaultDict",
        "typing.MutableMapping",
        "typing.Mapping",
        "collections.OrderedDict",
        "collections.defaultdict",
    )
)


def _again(body: Body, node: cst.AnnAssign, name: str) -> bool:
    """Whether the name got a value before, in a block around this one."""
    tree = body.tree
    home = _block(tree, node)
    around = [above for above in tree.ancestors(home) if isinstance(above, cst.IndentedBlock)] if home is not None else []
    around = around[: around.index(body.function.body) + 1] if body.function.body in around else []  # type: ignore[arg-type]
    if not around:
        return False
    if name in parameter_names(body.function):
        return True
    for bound, by in bindings(body.function.body):
        if bound.value == name and tree.number(bound) < tree.number(node.target) and _block(tree, by) in around:
            return True
    return False


def _block(tree: Tree, node: cst.CSTNode) -> cst.CSTNode | None:
    """The block a statement stands in, a loop's variable in that of the loop's body."""
    if isinstance(node, cst.For):
        return node.body
    return tree.enclosing(node, cst.IndentedBlock)
