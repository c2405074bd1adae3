"""What the expression families share: the code the compiler reads, names as it sees them, guards, and other spellings of a call."""

from __future__ import annotations

import builtins
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TypeVar

import libcst as cst

from scriptify.facts.model import Facts, Unknown
from scriptify.facts.types import Type
from scriptify.transform import Edit, Focus, Import, Proposal, Safety, Transform
from scriptify.transforms._infer_calls import CallTypes
from scriptify.transforms._number import Numbers
from scriptify.transforms._proof import Proof
from scriptify.tree import Tree, assigned_names
from scriptify.tree.edits import unfit_edits
from scriptify.tree.flow import own_of, parameter_names, stores_in
from scriptify.tree.hoist import eager_only, reached_functions
from scriptify.tree.substitute import alone, fitted, stable, variables

TENSOR, INT, FLOAT, BOOL, STR = Type("Tensor"), Type("int"), Type("float"), Type("bool"), Type("str")
N = TypeVar("N", bound=cst.CSTNode)


class NoForm(Exception):
    """Why there is no other form (one clause)."""


class _CertainCalls(CallTypes):
    def _maybe_tensor(self, node: cst.BaseExpression, method: str, depth: int) -> bool:
        """A value of unknown type may be of a class of the project, where one has such a method."""
        if self._of.type_of(node, depth - 1) is None and any(method in known.methods for known in self._of.facts.classes.values()):
            return False
        return super()._maybe_tensor(node, method, depth)


class _Certain(Numbers):
    calls_as = _CertainCalls

    def parameter_type(self, name: str) -> Type | None:
        """A parameter's type by annotation or run; None where only the compiler would take it for a Tensor."""
        parameter = self.facts.parameter(self.tree.path, self.qualname, name)
        if isinstance(parameter, Unknown) or (parameter.annotation is None and parameter.observed is None):
            return None
        return super().parameter_type(name)


@dataclass(frozen=True)
class Body:
    """One function that scripting compiles."""

    tree: Tree
    facts: Facts
    qualname: str
    function: cst.FunctionDef
    wanted: list[Import] = field(default_factory=list, compare=False)

    @cached_property
    def types(self) -> Numbers:
        """Types of its expressions."""
        return Numbers(self.tree, self.facts, self.qualname, self.function)

    @cached_property
    def certain(self) -> Numbers:
        """Types that eager code is known to have too: by annotation, assignment or run."""
        return _Certain(self.tree, self.facts, self.qualname, self.function)

    @cached_property
    def hidden(self) -> set[str]:
        """Names that mean something local here."""
        return assigned_names(self.function)

    def find(self, kind: type[N]) -> Iterator[N]:
        """Nodes of a kind that the compiler reads, those kept from it by ``is_scripting()`` left out."""
        for node in own_of(self.function.body, kind):
            if not eager_only(self.tree, node):
                yield node

    def dotted(self, node: cst.CSTNode) -> str:
        """The full name an expression stands for, or ``""`` where a local name hides it."""
        full = self.tree.dotted(node)
        if not full or not isinstance(node, cst.Name | cst.Attribute):
            return ""
        return "" if {name.value for name in variables(node)} & self.hidden else full

    def assigned(self, node: cst.CSTNode) -> tuple[cst.BaseExpression, ...]:
        """All values that a local name is ever given, each by an assignment to the name alone; none where anything else may bind it."""
        if not isinstance(node, cst.Name) or node.value in parameter_names(self.function):
            return ()
        if any(item.name.value == node.value for by in self.tree.find(cst.Nonlocal, self.function.body) for item in by.names):
            return ()
        stores = stores_in(self.function.body, node.value)
        plain = [by for by in stores if isinstance(by, cst.AssignTarget) and isinstance(by.target, cst.Name)]
        above = [self.tree.parent(by) for by in plain]
        values = tuple(by.value for by in above if isinstance(by, cst.Assign))
        return values if len(values) == len(stores) else ()

    def only_value(self, node: cst.CSTNode) -> cst.BaseExpression | None:
        """The one value that a local name is ever given."""
        values = self.assigned(node)
        return values[0] if len(values) == 1 else None

    def type_of(self, node: cst.BaseExpression) -> Type | None:
        """The type of an expression, or None."""
        return self.types.type_of(node)

    def tensor(self, node: cst.BaseExpression) -> bool:
        """Whether the compiler takes an expression for a Tensor."""
        return self.type_of(node) == TENSOR

    def surely(self, node: cst.BaseExpression) -> bool:
        """Whether an expression is a Tensor in eager code too: a bare parameter could be anything that a caller passes."""
        return self.certain.type_of(node) == TENSOR

    @cached_property
    def _stated(self) -> Numbers:
        """Types of its expressions by the source alone, whatever runs have shown of its names."""
        key = (self.tree.path, self.qualname)
        known = self.facts.function(*key)
        if known is None:
            return self.certain
        parameters = tuple(replace(p, observed=None, given=None) for p in known.parameters)
        facts = replace(self.facts, functions={**self.facts.functions, key: replace(known, parameters=parameters, locals={})})
        return _Certain(self.tree, facts, self.qualname, self.function)

    @cached_property
    def _proof(self) -> Proof:
        return Proof(self.tree, self.facts, self.qualname, self.function)

    def proved(self, node: cst.BaseExpression) -> bool:
        """Whether an expression is a Tensor for every eager caller: an annotation alone does not make it one."""
        return self.proved_type(node) == TENSOR

    def proved_type(self, node: cst.BaseExpression) -> Type | None:
        """The type that an expression has for every eager caller; None for what only an annotation, a default or a run tells of."""
        return self._proof.type_of(node)

    def stated(self, node: cst.BaseExpression) -> Type | None:
        """The type that the source alone shows, so that eager code may rely on it; None where only a run has shown one."""
        return self._stated.type_of(node)

    def number(self, node: cst.BaseExpression) -> bool:
        """Whether an expression is known to be an int or a float."""
        return self.type_of(node) in (INT, FLOAT)

    def builtin(self, name: str) -> bool:
        """Whether a name means Python's builtin here: neither the file nor the function gives it another meaning."""
        return self.types.builtin(name)

    def need(self, *names: str) -> None:
        """Raise NoForm where one of these builtins has another meaning in the file or here."""
        for name in names:
            if not self.builtin(name):
                raise NoForm(f"the name {name} means something else here")

    def builtins(self, text: str) -> str:
        """A text that calls builtins, as it is. Raises NoForm where one of them has another meaning in the file or here."""
        self.need(*(name for name in re.findall(r"(?<![\w.])([a-z]+)\(", text) if hasattr(builtins, name)))
        return text

    def spell(self, dotted: str) -> str:
        """How a dotted name is written here; the import it needs is noted. Raises NoForm where a local name hides it."""
        text, imports = self.tree.imports.spell(dotted)
        if text.partition(".")[0] in self.hidden:
            raise NoForm(f"the name {text.partition('.')[0]} means something else here")
        self.wanted.extend(imports)
        return text

    def guarded(self, node: cst.BaseExpression, text: str) -> list[Edit]:
        """The edit that gives scripting ``text`` in place of an expression and leaves eager what it is."""
        test = self.spell("torch.jit.is_scripting")
        code = self.tree.code(node)
        text = f"({text})" if _loose(text, cst.Lambda, cst.IfExp, cst.NamedExpr, cst.Tuple) else text
        code = f"({code})" if _loose(code, cst.NamedExpr, cst.Tuple) else code
        guarded = f"{text} if {test}() else {code}"
        return [self.tree.replace(node, fitted(self.tree, node, guarded))]

    def leaning(self, on: cst.BaseExpression, node: cst.BaseExpression, edits: Sequence[Edit], *, annotated: bool = False) -> list[Edit]:
        """Edits inside an expression that hold where ``on`` is a Tensor: for scripting alone, unless the source proves that it is.

        ``annotated``: an annotation is enough, since what is asked of ``on`` nothing but a Tensor has.
        """
        proved = self.stated(on) == TENSOR if annotated else self.proved(on)
        return list(edits) if proved else self.when_scripted(node, edits)

    def when_scripted(self, node: cst.BaseExpression, edits: Sequence[Edit]) -> list[Edit]:
        """Edits inside an expression, for scripting alone."""
        start, end = self.tree.span(node)
        text, at = "", start
        for edit in sorted(edits):
            text, at = text + self.tree.text[at : edit.start] + edit.text, edit.end
        return self.guarded(node, text + self.tree.text[at:end])

    def alone(self, node: cst.BaseExpression) -> bool:
        """Whether an expression is the whole of an assigned or returned value or an argument, so that any operator may stand in it."""
        return alone(self.tree, node)

    def instead(self, node: cst.BaseExpression, text: str) -> list[Edit]:
        """The edit that puts an operator expression in place of another, in parentheses where it needs them."""
        return [self.tree.replace(node, fitted(self.tree, node, text))]


def _loose(text: str, *kinds: type[cst.CSTNode]) -> bool:
    """Whether an expression, written without parentheses, would take the rest of a conditional with it or be taken apart by it."""
    if not re.search(r"\b(lambda|if)\b|:=|,", text):
        return False
    node = cst.parse_expression(f"({text})")  # in parentheses, because it may go over several lines
    return isinstance(node, kinds) and len(node.lpar) == 1


def bodies(tree: Tree, facts: Facts) -> Iterator[Body]:
    """The functions that scripting compiles."""
    for qualname, function in reached_functions(tree, facts):
        yield Body(tree, facts, qualname, function)


def rewrite(
    by: Transform,
    body: Body,
    node: cst.CSTNode,
    title: str,
    edits: Sequence[Edit],
    *,
    why: str = "",
    silent: bool = False,
    safety: Safety | None = None,
) -> Proposal:
    """The rewrite with the imports that were noted for it; a decline where a comment would be lost, or text that an f-string spells."""
    unfit = unfit_edits(body.tree, node, edits)
    if unfit:
        return decline(by, body, node, unfit)
    imports = tuple(body.wanted)
    body.wanted.clear()
    return body.tree.rewrite(by, node, title, edits, imports=imports, why=why, silent=silent, safety=safety)


def decline(by: Transform, body: Body, node: cst.CSTNode, because: str) -> Proposal:
    """A decline; imports noted for the form that was not found are forgotten."""
    body.wanted.clear()
    return body.tree.decline(by, node, because)


def keywords(call: cst.Call) -> dict[str, cst.Arg]:
    """The keyword arguments of a call by name."""
    return {arg.keyword.value: arg for arg in call.args if arg.keyword is not None}


def positional(call: cst.Call) -> list[cst.BaseExpression]:
    """The plain positional arguments of a call. Raises NoForm for starred ones."""
    if any(arg.star for arg in call.args):
        raise NoForm("it has starred arguments")
    return [arg.value for arg in call.args if arg.keyword is None]


def only(call: cst.Call, *names: str) -> dict[str, cst.Arg]:
    """The keyword arguments of a call. Raises NoForm for one that is not in ``names``."""
    found = keywords(call)
    other = sorted(set(found) - set(names))
    if other:
        raise NoForm(f"its argument {other[0]} has no place in the other form")
    return found


def method(call: cst.Call) -> tuple[cst.BaseExpression, str] | None:
    """The object and name of a method call."""
    return (call.func.value, call.func.attr.value) if isinstance(call.func, cst.Attribute) else None


def repeatable(node: cst.BaseExpression) -> None:
    """Raise NoForm for an expression that must not be evaluated twice."""
    if not stable(node):
        raise NoForm("what it is called on would be computed more than once")


def without(tree: Tree, call: cst.Call, arg: cst.Arg) -> Edit:
    """The edit that takes an argument out of a call, with its comma."""
    args = list(call.args)
    at = args.index(arg)
    start, end = tree.span(arg)[0], _argument_end(tree, arg)
    if at + 1 < len(args):
        return Edit(tree.path, start, tree.span(args[at + 1])[0], "")
    if at:
        return Edit(tree.path, _argument_end(tree, args[at - 1]), end, "")
    return Edit(tree.path, start, end, "")


def _argument_end(tree: Tree, arg: cst.Arg) -> int:
    return tree.outer_span(arg.value)[1]


def listed(tree: Tree, nodes: Iterable[cst.BaseExpression]) -> str:
    """Expressions as a comma-separated text, each with its own parentheses."""
    return ", ".join(tree.text[slice(*tree.outer_span(node))] for node in nodes)


def near(tree: Tree, node: cst.CSTNode, focus: Focus | None) -> bool:
    """Whether a focus asks about this node's lines (False without a focus)."""
    return focus is not None and tree.focused(node, focus)
