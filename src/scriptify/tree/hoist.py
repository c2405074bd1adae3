"""Move an expression's evaluation to lines of its own before its statement, with the order of evaluation kept."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import libcst as cst

from scriptify.facts.model import Facts
from scriptify.transform import Edit
from scriptify.tree.core import Tree
from scriptify.tree.substitute import FreshNames, calm, free_names, one_line, source, stable

_PASS = (
    *(cst.Arg, cst.Element, cst.StarredElement, cst.Index, cst.SubscriptElement, cst.UnaryOperation, cst.NamedExpr, cst.Attribute),
    *(cst.From, cst.ComparisonTarget, cst.Annotation, cst.AssignTarget, cst.WithItem),
)
_SCRIPTING = ("torch.jit.is_scripting", "torch.jit._script.is_scripting", "torch._jit_internal.is_scripting")
_COMPREHENSION = (cst.ListComp, cst.SetComp, cst.DictComp, cst.GeneratorExp)


class CannotHoist(Exception):
    """The expression has to stay where it is, and why (one clause)."""


@dataclass(frozen=True)
class Site:
    """Where lines for an expression can go: ``statement``, and what the statement evaluates before it in order."""

    tree: Tree
    node: cst.BaseExpression
    statement: cst.BaseStatement
    earlier: tuple[cst.BaseExpression, ...]

    def edits(self, lines: Iterable[str], replacement: str, names: FreshNames, kept: Iterable[cst.CSTNode] = ()) -> list[Edit]:
        """The edits that put ``lines`` before the statement and ``replacement`` in place of the expression.

        Comments in the expression, but for those in the ``kept`` nodes, go above the lines.
        """
        first = _outside(self.tree, self.tree.find(cst.Comment, self.node), kept)
        edits: list[Edit] = []
        for part in self.earlier:
            name = names.fresh(_name_for(part))
            first.append(f"{name} = {one_line(self.tree, part, source(self.tree, part))}")
            edits.append(self.tree.replace_outer(part, name))
        edits.append(self.tree.replace_outer(self.node, replacement))
        return [self.tree.before(self.statement, [*first, *lines]), *edits]

    @property
    def target(self) -> cst.Name | None:
        """The one plain name the statement assigns the whole expression to, or None."""
        if not isinstance(self.statement, cst.SimpleStatementLine) or len(self.statement.body) != 1:
            return None
        small = self.statement.body[0]
        if isinstance(small, cst.Assign) and len(small.targets) == 1 and small.value is self.node:
            target = small.targets[0].target
            return target if isinstance(target, cst.Name) else None
        if isinstance(small, cst.AnnAssign) and small.value is self.node and isinstance(small.target, cst.Name):
            return small.target
        return None

    @property
    def annotation(self) -> str:
        """The annotation of the statement's target as written, or ``""``."""
        small = self.statement.body[0] if isinstance(self.statement, cst.SimpleStatementLine) else None
        return self.tree.code(small.annotation.annotation) if isinstance(small, cst.AnnAssign) else ""

    def instead(self, lines: Iterable[str], kept: Iterable[cst.CSTNode]) -> Edit:
        """The edit that puts ``lines`` in place of the whole statement; its comments outside the ``kept`` nodes stay."""
        return self.tree.replace_statement(self.statement, with_comments(self.tree, self.statement, lines, kept))


def with_comments(tree: Tree, statement: cst.CSTNode, lines: Iterable[str], kept: Iterable[cst.CSTNode] = ()) -> list[str]:
    """Lines that take a statement's place, with the comments that stood in it: inner ones above, the trailing one at the end."""
    done = list(lines)
    start, end = tree.span(statement)
    above = _outside(tree, [c for c in tree.find(cst.Comment, statement) if start <= tree.span(c)[0] < end], kept)
    trailing = getattr(statement, "trailing_whitespace", None)
    if trailing is not None and trailing.comment is not None and done:
        done[-1] += f"{trailing.whitespace.value}{trailing.comment.value}"
    return [*above, *done]


def _outside(tree: Tree, comments: Iterable[cst.Comment], kept: Iterable[cst.CSTNode]) -> list[str]:
    spans = [tree.span(node) for node in kept]
    return [c.value for c in comments if not any(first <= tree.span(c)[0] < last for first, last in spans)]


def site(tree: Tree, node: cst.BaseExpression) -> Site:
    """Where an expression's lines can go. Raises CannotHoist."""
    earlier: list[cst.BaseExpression] = []
    child: cst.CSTNode = node
    for above in tree.ancestors(node):
        if isinstance(above, cst.SimpleStatementLine | cst.BaseCompoundStatement):
            _check_statement(tree, above, child)
            return Site(tree, node, above, tuple(earlier))
        if isinstance(above, cst.AugAssign) and child is above.value:
            _check_added(tree, above, node)
        called = isinstance(above, cst.Call) and child is not above.func
        earlier[:0] = _unstable(tree, before(above, child), called, node)
        child = above
    raise CannotHoist("it stands in no statement")


def before(above: cst.CSTNode, child: cst.CSTNode) -> list[cst.BaseExpression]:
    """What ``above`` evaluates before ``child``. Raises CannotHoist where ``child`` may be evaluated never or more than once."""
    if isinstance(above, cst.Call):
        values = [above.func, *(arg.value for arg in above.args)]
        index = 0 if child is above.func else 1 + list(above.args).index(child)  # type: ignore[arg-type]
        return values[:index]
    if isinstance(above, cst.Subscript):
        parts = list(above.slice)
        return [] if child is above.value else [above.value, *_indices(parts[: parts.index(child)])]  # type: ignore[arg-type]
    if isinstance(above, cst.Slice):
        bounds: list[cst.CSTNode | None] = [above.lower, above.upper, above.step]
        return [bound for bound in bounds[: bounds.index(child)] if isinstance(bound, cst.BaseExpression)]
    if isinstance(above, cst.BinaryOperation):
        return [] if child is above.left else [above.left]
    if isinstance(above, cst.Comparison):
        if child is above.left or child is above.comparisons[0]:
            return [] if child is above.left else [above.left]
        raise CannotHoist("it is the later part of a chained comparison")
    if isinstance(above, cst.BooleanOperation):
        if child is above.left:
            return []
        raise CannotHoist("it is only evaluated when the left side of and/or lets it")
    if isinstance(above, cst.IfExp):
        if child is above.test:
            return []
        raise CannotHoist("it is only evaluated in one branch of a conditional expression")
    if isinstance(above, cst.Tuple | cst.List | cst.Set):
        elements = list(above.elements)
        return [e.value for e in elements[: elements.index(child)]]  # type: ignore[arg-type]
    if (isinstance(above, cst.CompFor) and child is above.iter) or (isinstance(above, _COMPREHENSION) and child is above.for_in):
        return []  # the first iterable of a comprehension is evaluated once, where the comprehension stands
    if isinstance(above, (cst.CompFor, cst.CompIf, *_COMPREHENSION)):
        raise CannotHoist("it is evaluated once per item of a comprehension")
    if isinstance(above, _PASS):
        return []
    if isinstance(above, cst.Assert | cst.Raise):
        if isinstance(above, cst.Assert) and child is not above.test:
            raise CannotHoist("it is only evaluated when the assertion fails")
        return []
    if isinstance(above, cst.Assign | cst.AnnAssign) and child is not above.value:
        if isinstance(above, cst.AnnAssign) or len(above.targets) != 1:
            raise CannotHoist("it stands in one of several targets, or in one with an annotation")
        return [above.value]  # what is assigned is worked out before where it goes
    if isinstance(above, cst.Assign | cst.AnnAssign | cst.AugAssign | cst.Return | cst.Expr):
        return []
    if isinstance(above, cst.SimpleStatementSuite):
        raise CannotHoist("it shares its line with another statement")
    raise CannotHoist(f"it stands inside a {type(above).__name__}")


def _indices(elements: list[cst.SubscriptElement]) -> list[cst.BaseExpression]:
    return [e.slice.value for e in elements if isinstance(e.slice, cst.Index)]


def _unstable(tree: Tree, parts: list[cst.BaseExpression], called: bool, node: cst.BaseExpression) -> Iterator[cst.BaseExpression]:
    """The parts that need a name of their own to be evaluated first; for a method's name that is its object.

    ``called``: the first part is the function of a call. ``node`` is what is evaluated after them.
    """
    quiet = calm(tree, node.value if isinstance(node, cst.NamedExpr) else node)
    for number, part in enumerate(parts):
        inner = part
        while isinstance(inner, cst.Attribute):
            inner = inner.value
        if isinstance(part, cst.Attribute) and not stable(part):
            yield inner
        elif not stable(part) or (not quiet and not (called and not number) and _set_in_use(tree, part)):
            yield part


def _set_in_use(tree: Tree, part: cst.BaseExpression) -> bool:
    """Whether an expression reads an attribute that something else than ``__init__`` sets: what is evaluated next may do so."""
    return any(_sets(tree, attribute.attr.value) for attribute in tree.find(cst.Attribute, part))


def _sets(tree: Tree, name: str, but: cst.CSTNode | None = None) -> bool:
    """Whether an attribute of that name, on whatever object, is set outside of ``__init__``, by another statement than ``but``."""
    stores: list[tuple[cst.CSTNode, cst.CSTNode]] = [(by, by.target) for by in tree.find(cst.AssignTarget)]
    stores += [(by, by.target) for by in tree.find(cst.AugAssign)]
    stores += [(by, by.target) for by in tree.find(cst.AnnAssign)]
    stores += [(by, by.target) for by in tree.find(cst.For)]
    stores += [(by, by.name) for by in tree.find(cst.AsName)]
    for by, target in stores:
        if by is but or not any(attribute.attr.value == name for attribute in _set_attributes(target)):
            continue
        function = tree.enclosing(by, cst.FunctionDef)
        if function is not None and function.name.value != "__init__":
            return True
    return False


def _set_attributes(target: cst.CSTNode) -> Iterator[cst.Attribute]:
    if isinstance(target, cst.Attribute):
        yield target
    elif isinstance(target, cst.Tuple | cst.List):
        for element in target.elements:
            yield from _set_attributes(element.value)


def _check_added(tree: Tree, by: cst.AugAssign, node: cst.BaseExpression) -> None:
    """Raises CannotHoist where ``xs[0] += ...`` would read its old value after what may change that; it does so first."""
    target = by.target
    if isinstance(target, cst.Name):
        return
    if not calm(tree, target):
        raise CannotHoist("the place that its statement adds to is computed first")
    own = isinstance(target, cst.Attribute) and not _sets(tree, target.attr.value, by)
    root: cst.BaseExpression = target
    while isinstance(root, cst.Attribute | cst.Subscript):
        root = root.value
    if not own and free_names(root) & free_names(node):
        raise CannotHoist("it may change what its statement adds to")


def _check_statement(tree: Tree, statement: cst.CSTNode, child: cst.CSTNode) -> None:
    above = tree.parent(statement)
    if isinstance(above, cst.If) and above.orelse is statement:
        raise CannotHoist("it is the condition of an elif")
    if not tree.own_line(statement):
        raise CannotHoist("it shares its line with another statement")
    if isinstance(statement, cst.While):
        raise CannotHoist("it is evaluated on every turn of a while loop")
    if isinstance(statement, cst.For) and child is not statement.iter:
        raise CannotHoist("it stands in a loop's target")
    if isinstance(statement, cst.With) and child is not statement.items[0]:
        raise CannotHoist("it is evaluated inside a with statement's context")
    if isinstance(statement, cst.FunctionDef | cst.ClassDef | cst.Try | cst.TryStar | cst.Match):
        raise CannotHoist("it stands in no line of a function's body")


def _name_for(part: cst.BaseExpression) -> str:
    """A readable name for a value that is evaluated first."""
    if isinstance(part, cst.Call):
        func = part.func
        word = func.attr.value if isinstance(func, cst.Attribute) else func.value if isinstance(func, cst.Name) else ""
        return f"{word.strip('_').lower()}_result" if word else "first"
    return "first"


def reached_functions(tree: Tree, facts: Facts) -> Iterator[tuple[str, cst.FunctionDef]]:
    """The functions that scripting compiles, those nested in others left out."""
    for qualname, function in tree.functions():
        if "<locals>" not in qualname and facts.reached(tree.path, qualname) and tree.function(qualname) is function:
            yield qualname, function


def eager_only(tree: Tree, node: cst.CSTNode) -> bool:
    """Whether a node lies in a branch that ``torch.jit.is_scripting()`` keeps from the compiler."""
    child = node
    for above in tree.ancestors(node):
        if isinstance(above, cst.If | cst.IfExp):
            said = _says_scripting(tree, above.test)
            if said is not None and child is not above.test and (child is above.body) != said:
                return True
        if isinstance(above, cst.FunctionDef):
            return False
        child = above
    return False


def _says_scripting(tree: Tree, test: cst.BaseExpression) -> bool | None:
    """True for ``is_scripting()``, False for ``not is_scripting()``, None for anything else."""
    if isinstance(test, cst.UnaryOperation) and isinstance(test.operator, cst.Not):
        said = _says_scripting(tree, test.expression)
        return None if said is None else not said
    if isinstance(test, cst.BooleanOperation) and isinstance(test.operator, cst.And):
        left = _says_scripting(tree, test.left)
        return False if left is False or _says_scripting(tree, test.right) is False else None
    if isinstance(test, cst.Call) and tree.dotted(test.func) in _SCRIPTING:
        return True
    return None


def in_try(tree: Tree, node: cst.CSTNode) -> bool:
    """Whether a node stands in a try statement of its function, where a half-done assignment could be seen."""
    for above in tree.ancestors(node):
        if isinstance(above, cst.Try | cst.TryStar):
            return True
        if isinstance(above, cst.FunctionDef):
            return False
    return False


def may_be_caught(tree: Tree, node: cst.CSTNode) -> bool:
    """Whether an exception there may be caught in its function: in a try statement, or by a ``with`` that is not one of torch."""
    if in_try(tree, node):
        return True
    for above in tree.ancestors(node):
        if isinstance(above, cst.With):
            given = [item.item.func if isinstance(item.item, cst.Call) else item.item for item in above.items]
            if not all(tree.dotted(context).startswith("torch.") for context in given):
                return True
        if isinstance(above, cst.FunctionDef):
            return False
    return False
