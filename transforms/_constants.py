"""Adding names to a class's ``__constants__`` so that no declaration of another class is lost by it."""

from __future__ import annotations

from collections.abc import Sequence

import libcst as cst

from scriptify.facts.model import Class, Facts
from scriptify.transform import Edit
from scriptify.tree import Tree

# Classes of torch.nn without __constants__ of their own or inherited; all others there have some (torch 2.13).
_BARE = frozenset(
    """
    AdaptiveLogSoftmaxWithLoss BCEWithLogitsLoss Container CrossMapLRN2d DataParallel Identity LogSigmoid MaxUnpool1d MaxUnpool2d
    MaxUnpool3d Module ModuleDict ModuleList ParameterDict ParameterList Sequential Sigmoid Softmax2d Softsign Tanh Tanhshrink Transformer
    """.split()
)
_NN = ("torch.nn.", "torch.nn.modules.")


def constants_edits(tree: Tree, facts: Facts, owner: cst.ClassDef, names: Sequence[str]) -> list[Edit] | str:
    """The edits that make attributes constants of a class and of those classes of the file that declare their own; or why not.

    Scripting reads ``__constants__`` by plain lookup, so a class's own list hides its base's.
    """
    known = facts.classes.get(f"{tree.path}::{tree.qualname(owner)}")
    if known is None:
        return f"{tree.qualname(owner)} is not in the project's index"
    edits = _class_edits(tree, facts, owner, known, names)
    if isinstance(edits, str):
        return edits
    for below in facts.descendants(known):
        node = tree.class_(below.qualname) if below.path == tree.path else None
        declared = _own(node) if node is not None else None
        if declared is not None and not any(isinstance(n, cst.StarredElement) for n in tree.find(cst.StarredElement, declared)):
            missing = [name for name in names if name not in below.constants]
            edits += _extended(tree, declared, missing) if missing else []
    return edits


def _class_edits(tree: Tree, facts: Facts, owner: cst.ClassDef, known: Class, names: Sequence[str]) -> list[Edit] | str:
    declared = _own(owner)
    if declared is not None:
        missing = [name for name in names if name not in known.constants]
        return _extended(tree, declared, missing)
    if not isinstance(owner.body, cst.IndentedBlock):
        return "its class body stands on one line"
    items = [*_inherited(tree, facts, owner, known), *(f'"{name}"' for name in names)]
    return [_first_line(tree, owner.body, f"__constants__ = [{', '.join(items)}]")]


def _own(owner: cst.ClassDef) -> cst.BaseExpression | None:
    """The value of a class body's ``__constants__``."""
    for statement in owner.body.body:
        for small in statement.body if isinstance(statement, cst.SimpleStatementLine) else ():
            target = small.targets[0].target if isinstance(small, cst.Assign) and len(small.targets) == 1 else None
            if isinstance(small, cst.Assign) and isinstance(target, cst.Name) and target.value == "__constants__":
                return small.value
    return None


def _extended(tree: Tree, value: cst.BaseExpression, names: Sequence[str]) -> list[Edit]:
    if not names:
        return []
    quoted = ", ".join(f'"{name}"' for name in names)
    if isinstance(value, cst.List) and value.elements:
        return [tree.insert(tree.outer_span(value.elements[-1].value)[1], f", {quoted}")]
    if isinstance(value, cst.List):
        return [tree.insert(tree.span(value.lbracket)[1], quoted)]
    return [tree.replace_outer(value, f"[*{tree.operand(value)}, {quoted}]")]


def _inherited(tree: Tree, facts: Facts, owner: cst.ClassDef, known: Class) -> list[str]:
    """What the list must start with, where a base has constants."""
    bases = [arg.value for arg in owner.bases if arg.keyword is None and not arg.star]
    keys = known.bases if len(known.bases) == len(bases) else ("",) * len(bases)
    for base, key in zip(bases, keys, strict=True):
        text = tree.code(base)
        if isinstance(base, cst.Name | cst.Attribute) and _has(facts, key):
            return [f"*{text}.__constants__"]
        if not isinstance(base, cst.Name | cst.Attribute) or not _settled(facts, key):
            return [f'*getattr({text}, "__constants__", ())'] if isinstance(base, cst.Name | cst.Attribute) else []
    return []


def _has(facts: Facts, key: str) -> bool:
    """Whether a base certainly has constants."""
    known = facts.classes.get(key)
    if known is None:
        return key.startswith(_NN) and key.rpartition(".")[2] not in _BARE
    return bool(known.constants) or any(_has(facts, base) for base in known.bases)


def _settled(facts: Facts, key: str) -> bool:
    """Whether it is certain that a base has no constants."""
    known = facts.classes.get(key)
    if known is None:
        return key == "builtins.object" or (key.startswith(_NN) and key.rpartition(".")[2] in _BARE)
    return not known.constants and all(_settled(facts, base) for base in known.bases)


def class_line(tree: Tree, owner: cst.ClassDef, line: str) -> Edit | None:
    """A new first line of a class body, after its docstring; None for a class of one line."""
    return _first_line(tree, owner.body, line) if isinstance(owner.body, cst.IndentedBlock) else None


def _first_line(tree: Tree, body: cst.IndentedBlock, line: str) -> Edit:
    """A new first line of a class body, after its docstring."""
    first = body.body[0]
    if _is_docstring(first):
        return tree.after(first, ["", line])
    decorators = getattr(first, "decorators", ())
    start = min([tree.line(first), *(tree.line(d) for d in decorators)]) - len(getattr(first, "leading_lines", ()))
    gap = [""] if isinstance(first, cst.FunctionDef | cst.ClassDef) and not _starts_blank(first) else []
    return tree.insert(tree.line_start(start), tree.block([line, *gap], tree.indent(first)))


def _is_docstring(statement: cst.CSTNode) -> bool:
    if not isinstance(statement, cst.SimpleStatementLine) or not isinstance(statement.body[0], cst.Expr):
        return False
    return isinstance(statement.body[0].value, cst.SimpleString | cst.ConcatenatedString)


def _starts_blank(statement: cst.FunctionDef | cst.ClassDef) -> bool:
    return bool(statement.leading_lines) and statement.leading_lines[0].comment is None
