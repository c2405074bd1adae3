"""The truth of what may be None, said so that the compiler refines it and eager code asks the same of every value."""

from __future__ import annotations

import libcst as cst

from scriptify.transform import Import
from scriptify.transforms._before import scripting
from scriptify.transforms._infer import Inference
from scriptify.transforms._none_uses import SOME, Test, Uses
from scriptify.tree import Tree

SIZED = frozenset({"List", "Dict", "str", "Tuple"})
_PLAIN = frozenset({"bool", "int", "float", "complex", "Tensor"})


def refused(inference: Inference, uses: Uses, type_name: str) -> list[tuple[Test, bool]]:
    """The tests that the compiler refuses, each with whether None is ruled out where it stands.

    Refused is equality, and truth: of an Optional, and of what is sized.
    """
    known = Uses(uses.tree, uses.function, uses.name, surely=inference.not_none)
    found = [(test, known.state(test.name) == SOME) for test in uses.tests if test.equality or test.truth]
    return [(test, some) for test, some in found if test.equality or not (some and type_name in _PLAIN)]


def has_items(tree: Tree, name: str, none: bool = False) -> tuple[str, tuple[Import, ...]]:
    """Whether a sized value has items (``none``: has none). An annotation may be wrong, and eager code take a number for it."""
    text, word = ("== 0", "not ") if none else ("> 0", "")
    return f"(len({name}) {text} if {scripting(tree)} else {word}bool({name}))", tree.imports.spell("torch.jit.is_scripting")[1]


def optional_test(tree: Tree, test: Test, type_name: str, some: bool) -> tuple[str, tuple[Import, ...]]:
    """The test as the compiler refines it, and the imports it needs: ``is None`` for equality, an explicit truth for ``if x``.

    ``some`` tells that None is ruled out already, so that no test for it is said again.
    """
    name = test.name.value
    if not test.truth:
        return f"{name} is {'None' if test.none else 'not None'}", ()
    imports: tuple[Import, ...] = ()
    word = "not " if test.none else ""
    truth = f"{word}{name}" if type_name == "bool" else f"{word}bool({name})"
    if type_name in SIZED:
        truth, imports = has_items(tree, name, test.none)
    if some:
        return truth, imports
    if test.none:
        return wrapped(tree, test, f"{name} is None or {truth}", cst.Or), imports
    return wrapped(tree, test, f"{name} is not None and {truth}", cst.And), imports


def asks_truth(tree: Tree, node: cst.CSTNode) -> bool:
    """Whether only the truth of an expression matters where it stands."""
    above = tree.parent(node)
    if isinstance(above, cst.If | cst.While | cst.IfExp | cst.Assert):
        return above.test is node
    if isinstance(above, cst.BooleanOperation):
        return asks_truth(tree, above)
    return isinstance(above, cst.UnaryOperation) and isinstance(above.operator, cst.Not)


def wrapped(tree: Tree, test: Test, text: str, operator: type[cst.BaseBooleanOp]) -> str:
    """The new text of a test, in parentheses where its place asks for them."""
    above = tree.parent(test.node)
    if test.node.lpar or isinstance(above, cst.If | cst.While | cst.Assert | cst.Assign | cst.Return | cst.Arg):
        return text
    if isinstance(above, cst.IfExp) and above.test is test.node:
        return text
    if isinstance(above, cst.BooleanOperation) and isinstance(above.operator, operator):
        return text
    return f"({text})"
