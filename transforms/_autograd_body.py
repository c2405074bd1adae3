"""The forward of a ``torch.autograd.Function`` as a plain function: without its ``ctx``."""

from __future__ import annotations

from dataclasses import dataclass

import libcst as cst

from scriptify.facts.model import Facts, Parameter
from scriptify.facts.types import NONE, Type, optional
from scriptify.transform import Import
from scriptify.transforms._signature import TENSOR, is_none, spell
from scriptify.tree import Tree, assigned_names, loads, own_nodes

_LITERALS = (cst.Integer, cst.Float, cst.SimpleString, cst.Name, cst.UnaryOperation, cst.Tuple, cst.List)
_DROPPED = frozenset({"save_for_backward", "set_materialize_grads", "mark_non_differentiable", "save_for_forward"})
_CAST = frozenset({"torch.amp.custom_fwd", "torch.cuda.amp.custom_fwd"})


class Cannot(Exception):
    """Why a forward has no plain form; reads after "and"."""


@dataclass(frozen=True, slots=True)
class Plain:
    """``text`` is the body, indented by two steps; ``defaults`` is what a call may leave out, or ``""``.

    ``tensors`` are the parameters that gradients can come through, and whether each may be None; ``plain`` the
    places of results that have none.
    """

    name: str
    signature: str
    parameters: tuple[str, ...]
    defaults: tuple[str, ...]
    tensors: tuple[tuple[str, bool], ...]
    text: str
    imports: tuple[Import, ...]
    plain: frozenset[int]


def plain(tree: Tree, facts: Facts, owner: cst.ClassDef) -> Plain:
    """The forward of a class of this file as a plain function. Raises Cannot."""
    name = owner.name.value
    function = tree.function(f"{name}.forward")
    if function is None or not isinstance(function.body, cst.IndentedBlock) or not _static(tree, function):
        raise Cannot("its forward is no static method of the usual form")
    new_style = tree.function(f"{name}.setup_context") is not None
    params = [*function.params.posonly_params, *function.params.params]
    if isinstance(function.params.star_arg, cst.Param) or function.params.star_kwarg or function.params.kwonly_params:
        raise Cannot("its forward takes a variable number of arguments")
    context = "" if new_style or not params else params[0].name.value
    params = params if new_style else params[1:]
    fresh = _fresh(tree, name)
    texts: list[str] = []
    tensors: list[tuple[str, bool]] = []
    imports: list[Import] = []
    for param in params:
        fact = facts.parameter(tree.path, f"{name}.forward", param.name.value)
        type_ = _type(param, fact if isinstance(fact, Parameter) else None)
        text, more = _typed(tree, param, type_)
        texts.append(text)
        imports += more
        if type_.stripped == TENSOR:
            tensors.append((param.name.value, type_.optional))
    edits, marked = _without_context(tree, function, context) if context else ([], set())
    return Plain(
        fresh,
        ", ".join(texts),
        tuple(p.name.value for p in params),
        tuple(tree.code(p.default) if isinstance(p.default, _LITERALS) else "" for p in params),
        tuple(tensors),
        _body(tree, function, edits),
        tuple(imports),
        _places(function, marked),
    )


def _static(tree: Tree, function: cst.FunctionDef) -> bool:
    names = [d.decorator for d in function.decorators]
    static = [n for n in names if isinstance(n, cst.Name) and n.value == "staticmethod"]
    return bool(static) and all(n in static or tree.dotted(n) in _CAST for n in names)


def _fresh(tree: Tree, name: str) -> str:
    """``_swish`` for ``Swish``, where the file has no such name but from an earlier rewrite."""
    base = "_" + "".join(
        f"_{c.lower()}" if c.isupper() and i and not name[i - 1].isupper() else c.lower() for i, c in enumerate(name)
    ).strip("_")
    taken = {found.value for found in tree.find(cst.Name)}
    while any(f"{base}_{end}" in taken and tree.function(f"{base}_{end}") is None for end in ("forward", "scripted")):
        base += "_"
    return base


def _type(param: cst.Param, fact: Parameter | None) -> Type:
    seen = (fact.observed or fact.given) if fact is not None else None
    if seen is None:
        raise Cannot(f"no run has shown what its forward takes as {param.name.value}; give an entry")
    type_ = Type("Optional", (TENSOR,)) if seen.type.name == NONE else seen.type
    return optional(type_) if is_none(param.default) else type_


def _typed(tree: Tree, param: cst.Param, type_: Type) -> tuple[str, tuple[Import, ...]]:
    name = param.name.value
    if type_ == TENSOR:
        return name, ()
    spelled = spell(tree, type_)
    if spelled is None:
        raise Cannot(f"its forward takes as {name} what no annotation names: {type_}")
    return f"{name}: {spelled.text}", spelled.imports


def _without_context(tree: Tree, function: cst.FunctionDef, context: str) -> tuple[list[tuple[int, int, str]], set[str]]:
    """The edits that take ``ctx`` out of a body, and the names of results marked as not differentiable."""
    edits: list[tuple[int, int, str]] = []
    marked: set[str] = set()
    taken = assigned_names(function) | {n.value for n in tree.find(cst.Name, function)}
    for load in loads(function.body, context):
        above = tree.parent(load)
        if not isinstance(above, cst.Attribute) or above.value is not load:
            raise Cannot(f"its forward hands {context} on")
        call = tree.parent(above)
        name = above.attr.value
        if isinstance(call, cst.Call) and call.func is above:
            statement = tree.parent(call)
            simple = all(isinstance(a.value, cst.Name | cst.Attribute) and not a.star for a in call.args)
            made = name == "save_for_backward" and all(not a.star and a.keyword is None for a in call.args)
            if name not in _DROPPED or not isinstance(statement, cst.Expr) or not (simple or made):
                raise Cannot(f"its forward calls {context}.{name} in a way of its own")
            if name == "mark_non_differentiable":
                marked |= {a.value.value for a in call.args if isinstance(a.value, cst.Name)}
            if simple:
                edits.append(_dropped(tree, function, call))
                continue
            # What is made only to be kept may draw random numbers or raise: it is made all the same.
            fresh = f"{context}_saved"
            if fresh in taken:
                raise Cannot(f"its forward has a name {fresh} already")
            edits.append((*tree.span(call.func), f"{fresh} = "))
            if len(call.args) == 1:
                edits.append((tree.outer_span(call.args[0].value)[1],) * 2 + (",",))
            continue
        if name in ("needs_input_grad", "saved_tensors", "mark_dirty"):
            raise Cannot(f"its forward reads {context}.{name}")
        fresh = f"{context}_{name}"
        if fresh in taken:
            raise Cannot(f"its forward has a name {fresh} already")
        edits.append((*tree.span(above), fresh))
    return sorted(edits), marked


def _dropped(tree: Tree, function: cst.FunctionDef, call: cst.Call) -> tuple[int, int, str]:
    """The edit that drops a call: with its line, where another one is left beside it."""
    line = tree.own_statement(call)
    if line is not None and tree.parent(line) is function.body and line is not function.body.body[-1]:
        return (*tree.statement_span(line), "")
    return (*tree.span(call), "pass")


def _body(tree: Tree, function: cst.FunctionDef, edits: list[tuple[int, int, str]]) -> str:
    """The body's lines, two steps deep, without its docstring."""
    statements = list(function.body.body)
    if _docstring(statements[0]):
        statements = statements[1:]
    if not statements or any(not tree.own_line(s) for s in statements[:1]):
        raise Cannot("its forward has no body of its own lines")
    for kind in (cst.SimpleString, cst.FormattedString):
        for statement in statements:
            if any(tree.lines(text)[0] != tree.lines(text)[1] for text in tree.find(kind, statement)):
                raise Cannot("a string in its forward runs over several lines")
    start = tree.line_start(tree.line(statements[0]))
    end = tree.line_end(tree.last_line(statements[-1]))
    text = ""
    for first, last, new in edits:
        if first >= start:  # not within a call that is dropped
            text += tree.text[start:first] + new
            start = last
    text += tree.text[start:end]
    margin = tree.indent(statements[0])
    lines = [line[len(margin) :] if line.startswith(margin) else line.lstrip(" \t") for line in text.splitlines()]
    deep = tree.indent_unit * 2
    return "".join(f"{deep}{line}".rstrip(" \t") + tree.newline for line in lines)


def _docstring(statement: cst.CSTNode) -> bool:
    if not isinstance(statement, cst.SimpleStatementLine) or not isinstance(statement.body[0], cst.Expr):
        return False
    return isinstance(statement.body[0].value, cst.SimpleString | cst.ConcatenatedString)


def _places(function: cst.FunctionDef, marked: set[str]) -> frozenset[int]:
    """Where the results that are marked as not differentiable stand in the one return. Raises Cannot."""
    if not marked:
        return frozenset()
    returns = [node for node in own_nodes(function.body) if isinstance(node, cst.Return)]
    value = returns[0].value if len(returns) == 1 else None
    items = [e.value for e in value.elements] if isinstance(value, cst.Tuple) else [value]
    found = {i for i, item in enumerate(items) if isinstance(item, cst.Name) and item.value in marked}
    if len(found) != len(marked):
        raise Cannot("which of its results have no gradients is not plain")
    return frozenset(found)
