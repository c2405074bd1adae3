"""Loops that pick a module by its position: how deep they stand in each other, and what one of them has checked already."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import libcst as cst

from scriptify.transforms._bounds import Proof
from scriptify.transforms._changes import Changes
from scriptify.transforms._containers import Container, Method
from scriptify.transforms._flow_questions import block_of
from scriptify.tree import Tree

# Each loop is unrolled, and those inside of it again for every turn: two deep is what a reader and a compiler can bear.
DEEPEST = 2


Use = tuple[cst.Subscript, Container, cst.BaseExpression]


@dataclass(frozen=True)
class Test:
    """How the select loop compares, what is checked before it, and what that rests on."""

    equal: str
    check: str
    needs: Proof


@dataclass(frozen=True)
class Mate:
    """Another container that the same index picks from in the same statements: one loop walks over both."""

    container: Container
    code: str
    nodes: list[cst.Subscript]
    test: Test


@dataclass
class Selection:
    """One select loop: the container and index it stands for, the statements it takes in, the uses it answers."""

    use: Use
    statements: list[cst.BaseStatement]
    nodes: list[cst.Subscript]
    preset: list[str] = field(default_factory=list)
    mates: list[Mate] = field(default_factory=list)

    @property
    def returns(self) -> bool:
        """Whether the last statement leaves the function."""
        last = self.statements[-1]
        return isinstance(last, cst.SimpleStatementLine) and isinstance(last.body[-1], cst.Return)


def depth(method: Method, node: cst.CSTNode) -> int:
    """How many loops that pick one of their turns stand around a node."""
    found = 0
    for above in method.tree.ancestors(node):
        if above is method.node:
            break
        found += isinstance(above, cst.For) and _picks(method.tree, above)
    return found


def nested(tree: Tree, node: cst.CSTNode) -> int:
    """How deep such loops stand in each other below a node, itself included."""
    own = isinstance(node, cst.For) and _picks(tree, node)
    return own + max((nested(tree, below) for below in node.children), default=0)


def _picks(tree: Tree, loop: cst.For) -> bool:
    """``for j, m in enumerate(ms): if j == k: ...`` and nothing else."""
    first = loop.target.elements[0].value if isinstance(loop.target, cst.Tuple) and loop.target.elements else None
    only = loop.body.body[0] if isinstance(loop.body, cst.IndentedBlock) and len(loop.body.body) == 1 else None
    test = only.test if isinstance(only, cst.If) and only.orelse is None else None
    if not isinstance(first, cst.Name) or not isinstance(test, cst.Comparison) or len(test.comparisons) != 1:
        return False
    picked = isinstance(test.comparisons[0].operator, cst.Equal | cst.In)
    return picked and isinstance(test.left, cst.Name) and test.left.value == first.value


def checked(changes: Changes, check: str, reads: Iterable[cst.BaseExpression], first: cst.BaseStatement) -> bool:
    """Whether a statement before ``first``, in its block, raises on the same check, and nothing since changes what it reads."""
    tree = changes.tree
    block = block_of(tree, first) or ()
    before = []
    for statement in block:
        if statement is first:
            break
        before.append(statement)
    for position in reversed(range(len(before))):
        statement = before[position]
        if _raises(tree, statement, check):
            return not any(changes.may(expression, before[position + 1 :]) for expression in reads)
    return False


def _raises(tree: Tree, statement: cst.CSTNode, check: str) -> bool:
    if not isinstance(statement, cst.If) or statement.orelse is not None or tree.code(statement.test) != check:
        return False
    line = statement.body.body[0]
    return isinstance(line, cst.SimpleStatementLine) and isinstance(line.body[0], cst.Raise)
