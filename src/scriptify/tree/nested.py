"""Functions defined inside functions: what they capture, where they are used, and their text one level up."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import libcst as cst

from scriptify.facts.model import Class, Facts
from scriptify.transform import Edit
from scriptify.tree.core import Tree
from scriptify.tree.flow import all_parameters, assigned_names, bindings, own_nodes, parameter_names, scope_names, stores_in
from scriptify.tree.member_names import family, member_name
from scriptify.tree.substitute import free_names, source, stable, variables


class CannotMove(Exception):
    """Why a nested function has to stay where it is (one clause)."""


@dataclass(frozen=True)
class Captured:
    """The names a nested function takes from the function around it, ``self`` left out."""

    names: tuple[str, ...]
    takes_self: bool


def captured(tree: Tree, outer: cst.FunctionDef, inner: cst.FunctionDef, self_name: str) -> Captured:
    """What ``inner`` captures. Raises CannotMove where that can't be passed as arguments."""
    own = scope_names(inner)
    local = scope_names(outer)
    below = {name for nested in tree.find(cst.FunctionDef, inner.body) for name in assigned_names(nested)}
    used = free_names(inner.body) - own - (below - local)
    free = {name for name in used if name in local}
    if inner.name.value in free:
        raise CannotMove("it calls itself")
    names = sorted(free - {self_name})
    if self_name in own:
        raise CannotMove(f"it has a variable of its own called {self_name}")
    for name in names:
        stores = [by for by in stores_in(outer.body, name) if not isinstance(by, cst.CompFor)]
        if any(isinstance(by, cst.ImportAlias | cst.AsName | cst.FunctionDef | cst.ClassDef) for by in stores):
            raise CannotMove(f"it uses {name}, which is a function or module of the function around it")
        if name not in parameter_names(outer) and not _always_set(tree, outer, inner, stores):
            raise CannotMove(f"it uses {name}, which may not be set where it is called")
    return Captured(tuple(names), self_name in free)


def _always_set(tree: Tree, outer: cst.FunctionDef, inner: cst.FunctionDef, stores: Iterable[cst.CSTNode]) -> bool:
    """Whether one of the stores stands straight in the outer function's body, before the nested one."""
    for by in stores:
        if not isinstance(by, cst.AssignTarget | cst.AugAssign) and not (isinstance(by, cst.AnnAssign) and by.value is not None):
            continue  # a walrus may be passed over, and del unsets
        statement = tree.statement(by)
        if statement is not None and tree.parent(statement) is outer.body and tree.line(statement) < tree.line(inner):
            return isinstance(statement, cst.SimpleStatementLine)
    return False


def check_movable(tree: Tree, outer: cst.FunctionDef, inner: cst.FunctionDef) -> None:
    """Raises CannotMove for decorated, generating or otherwise special functions."""
    if inner.decorators or inner.asynchronous is not None:
        raise CannotMove("it is decorated or asynchronous")
    params = inner.params
    if isinstance(params.star_arg, cst.Param) or params.star_kwarg is not None:
        raise CannotMove("it takes a variable number of arguments")
    if any(p.default is not None and not _constant(p.default) for p in all_parameters(params)):
        raise CannotMove("a default of its parameters is computed where it is defined")
    for node in own_nodes(inner.body):
        if isinstance(node, cst.Yield | cst.Nonlocal | cst.Global | cst.Await):
            raise CannotMove("it yields, or rebinds a variable of the function around it")
    deeper = {item.name.value for node in tree.find(cst.Nonlocal, inner.body) for item in node.names}
    if deeper - scope_names(inner):
        raise CannotMove("a function inside it rebinds a variable of the function around it")
    hints = [by.annotation for by in (*(p.annotation for p in all_parameters(params)), inner.returns) if by is not None]
    if any(free_names(hint) & scope_names(outer) for hint in hints):
        raise CannotMove("an annotation of it names a variable of the function around it")
    if len(stores_in(outer.body, inner.name.value)) != 1:
        raise CannotMove(f"{inner.name.value} is bound more than once")
    if isinstance(tree.parent(inner), cst.IndentedBlock) and len(tree.parent(inner).body) == 1:  # type: ignore[union-attr]
        raise CannotMove("nothing else stands in its block")
    if not tree.own_line(inner) or not isinstance(inner.body, cst.IndentedBlock):
        raise CannotMove("it shares its line with other code")


def check_worth(tree: Tree, inner: cst.FunctionDef) -> None:
    """Raises CannotMove where the function could not be compiled once it is moved, for what stands inside of it."""
    for below in tree.find(cst.FunctionDef, inner.body):
        name = below.name.value
        starred = isinstance(below.params.star_arg, cst.Param) or below.params.star_kwarg is not None
        calls = {id(call.func) for call in tree.find(cst.Call, inner.body)}
        handed_on = any(use.value == name and use is not below.name and id(use) not in calls for use in variables(inner.body))
        if starred or handed_on or below.decorators or below.asynchronous is not None:
            raise CannotMove(f"it holds a function, {name}, that can't be compiled where it would stand then")


def _constant(node: cst.BaseExpression) -> bool:
    if isinstance(node, cst.Name):
        return node.value in ("None", "True", "False")
    return stable(node) and not isinstance(node, cst.Attribute | cst.Lambda | cst.Call | cst.Subscript | cst.List)


def uses(tree: Tree, outer: cst.FunctionDef, inner: cst.FunctionDef, needed: frozenset[str]) -> list[cst.Name]:
    """Where the outer function names the nested one. Raises CannotMove where another scope hides that name or a ``needed`` one.

    What a call will pass is read where the call stands: in a comprehension, a lambda or another nested function that binds
    the name itself, it would be that variable.
    """
    name = inner.name.value
    found = [n for n in variables(outer.body) if n.value == name and n is not inner.name]
    for use in found:
        for above in tree.ancestors(use):
            if above is outer:
                break
            hidden = sorted(scope_names(above) & (needed | {name}))
            if hidden:
                raise CannotMove(f"{hidden[0]} is another variable where {name} is called")
    return found


def rebound_after(tree: Tree, outer: cst.FunctionDef, inner: cst.FunctionDef, name: str) -> bool:
    """Whether a name is bound again after the nested function's definition (or in a loop around it)."""
    looped = any(isinstance(above, cst.For | cst.While) for above in tree.ancestors(inner) if tree.contains(outer, above))
    stores = [by for bound, by in bindings(outer.body) if bound.value == name and not tree.contains(inner, by)]
    return any(looped or tree.line(by) >= tree.line(inner) for by in stores)


def cut(tree: Tree, inner: cst.FunctionDef) -> Edit:
    """The edit that takes a nested function out, with the blank lines and comments above it."""
    first = tree.line(inner) - len(inner.leading_lines)
    return Edit(tree.path, tree.line_start(first), tree.line_end(tree.last_line(inner)), "")


def moved_text(tree: Tree, outer: cst.FunctionDef, inner: cst.FunctionDef, header: str) -> list[str]:
    """The nested function's lines at the outer function's indentation, under a new ``def`` line. Raises CannotMove."""
    old, new = tree.indent(inner), tree.indent(outer)
    for kind in (cst.SimpleString, cst.FormattedString):
        for string in tree.find(kind, inner.body):
            first, last = tree.lines(string)
            above = tree.parent(string)
            if first != last and not isinstance(above, cst.Expr):
                raise CannotMove("it holds a string over several lines")
    comments = [line.comment.value for line in inner.leading_lines if line.comment is not None]
    body_start = tree.line(inner.body.body[0]) - len(getattr(inner.body.body[0], "leading_lines", ()))
    lines = [*(new + comment for comment in comments), new + header]
    for number in range(body_start, tree.last_line(inner) + 1):
        text = tree.text[tree.line_start(number) : tree.line_end(number)].rstrip("\r\n")
        if not text.strip():
            lines.append("")
        else:
            lines.append(new + text[len(old) :] if text.startswith(old) else new + text.lstrip())
    return lines


def header(tree: Tree, inner: cst.FunctionDef, name: str, first: str, extra: Iterable[str]) -> str:
    """The ``def`` line of the moved function with ``first`` before and ``extra`` behind its plain parameters. Raises CannotMove."""
    params = inner.params
    taken = {p.name.value for p in all_parameters(params)}
    added = [text for text in extra if text.partition(":")[0] not in taken]
    if added and (params.kwonly_params or any(p.default is not None for p in (*params.posonly_params, *params.params))):
        raise CannotMove("it has defaults and captures variables besides")
    texts = [first] if first else []
    texts += [_parameter(tree, p) for p in params.posonly_params] + (["/"] if params.posonly_params else [])
    texts += [_parameter(tree, p) for p in params.params] + added
    texts += (["*"] if params.kwonly_params else []) + [_parameter(tree, p) for p in params.kwonly_params]
    returns = f" -> {tree.code(inner.returns.annotation)}" if inner.returns is not None else ""
    comment = ""
    if isinstance(inner.body, cst.IndentedBlock) and inner.body.header.comment is not None:
        comment = f"{inner.body.header.whitespace.value}{inner.body.header.comment.value}"
    return f"def {name}({', '.join(texts)}){returns}:{comment}"


def _parameter(tree: Tree, param: cst.Param) -> str:
    annotation = f": {tree.code(param.annotation.annotation)}" if param.annotation is not None else ""
    if param.default is None:
        return f"{param.name.value}{annotation}"
    equal = " = " if annotation else "="
    return f"{param.name.value}{annotation}{equal}{source(tree, param.default)}"


def put_after(tree: Tree, function: cst.FunctionDef, lines: list[str], blank: int) -> Edit:
    """The edit that puts whole lines (with their indentation) below a function, after ``blank`` empty lines."""
    text = tree.newline.join([*[""] * blank, *lines]) + tree.newline
    end = tree.line_end(tree.last_line(function))
    if end == len(tree.text) and not tree.text.endswith(("\n", "\r")):
        text = tree.newline + text.removesuffix(tree.newline)
    return tree.insert(end, text)


def put_before(tree: Tree, function: cst.FunctionDef | cst.ClassDef, lines: list[str], blank: int) -> Edit:
    """The edit that puts whole lines above a function or class, its decorators and the comments that belong to it."""
    above = 0
    for line in reversed(function.leading_lines):
        if line.comment is None:
            break
        above += 1
    first = min([tree.line(function), *(tree.line(decorator) for decorator in function.decorators)]) - above
    return tree.insert(tree.line_start(first), tree.newline.join([*lines, *[""] * blank]) + tree.newline)


def method_name(tree: Tree, facts: Facts, owner: Class, outer: cst.FunctionDef, inner: cst.FunctionDef) -> str:
    """A name for a nested function as a method of the class, which no other one that may become a method gets."""
    base = _bare(inner.name.value)
    named = [(item.path, f"{item.qualname}.") for item in family(facts, owner)]
    others: list[tuple[bool, str]] = []
    for path, qualname in facts.functions:
        if "<locals>" in qualname and any(path == where and qualname.startswith(prefix) for where, prefix in named):
            mine = path == owner.path and qualname.startswith(f"{owner.qualname}.")
            others.append((mine, f"_{_bare(qualname.rpartition('.')[2])}"))
    used = frozenset(name for mine, name in others if not mine)
    last = owner.qualname.rpartition(".")[2].lower()
    twins = [item.key for item in family(facts, owner) if item.key != owner.key and item.qualname.rpartition(".")[2].lower() == last]
    if f"_{base}" in used and twins:
        raise CannotMove("another class of the same name, whose instances are this one's too, may give that name to a method")
    if others.count((True, f"_{base}")) > 1:
        base = f"{outer.name.value.strip('_')}_{base}"
    return member_name(tree, facts, owner, f"_{base}", used)


def _bare(name: str) -> str:
    return name.strip("_") or "inner"
