"""What the transforms of signatures share: the functions scripting compiles, their parameters, and edits of annotations."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import libcst as cst

from scriptify.facts.model import Facts
from scriptify.facts.types import Type, parse
from scriptify.transform import Edit, Focus, Import
from scriptify.tree import Tree
from scriptify.tree.flow import all_parameters

TENSOR = Type("Tensor")
_DOTTED = {
    "Tensor": "torch.Tensor",
    "Device": "torch.device",
    "device": "torch.device",
    "dtype": "torch.dtype",
    "Optional": "typing.Optional",
    "List": "typing.List",
    "Dict": "typing.Dict",
    "Tuple": "typing.Tuple",
}
_CLOSING = re.compile(r"(?:#[^\r\n]*|[^#)])*\)")
_BUILT_IN = frozenset({"int", "float", "bool", "str", "complex"})


@dataclass(frozen=True, slots=True)
class Spelled:
    """A type as this file would write it, and the imports that needs."""

    text: str
    imports: tuple[Import, ...] = ()


def spell(tree: Tree, type_: Type) -> Spelled | None:
    """How to write a type as an annotation here; None for one that has no annotation."""
    if not type_.known or type_.name in ("NoneType", "Union"):
        return None
    if type_.name in _BUILT_IN:
        return Spelled(type_.name)
    if type_.name not in _DOTTED or (type_.name in ("Optional", "List", "Dict", "Tuple")) != bool(type_.args):
        return None
    dotted = _DOTTED[type_.name]
    last = dotted.rpartition(".")[2]
    imported = tree.dotted(cst.Name(last)) == dotted  # ``from torch import Tensor`` is how this file writes it
    text, imports = (last, ()) if imported else tree.imports.spell(dotted)
    if not imports and not _bound_at_import(tree, text.partition(".")[0]):
        text, imports = dotted, (Import(tree.path, dotted.partition(".")[0]),)
    if not type_.args:
        return Spelled(text, imports)
    inner = [spell(tree, arg) for arg in type_.args]
    parts = [part for part in inner if part is not None]
    if len(parts) < len(inner):
        return None
    return Spelled(f"{text}[{', '.join(p.text for p in parts)}]", (*imports, *(i for p in parts for i in p.imports)))


def _bound_at_import(tree: Tree, name: str) -> bool:
    """Whether an import that runs whenever the module is imported binds a name; one under ``if TYPE_CHECKING:`` does not."""
    for statement in tree.module.body:
        lines = statement.body.body if isinstance(statement, cst.Try) else [statement]
        for line in lines:
            for small in line.body if isinstance(line, cst.SimpleStatementLine) else ():
                names = small.names if isinstance(small, cst.Import | cst.ImportFrom) else ()
                if not isinstance(names, cst.ImportStar) and any(_binds(alias) == name for alias in names):
                    return True
    return False


def _binds(alias: cst.ImportAlias) -> str:
    if alias.asname is not None:
        return alias.asname.name.value if isinstance(alias.asname.name, cst.Name) else ""
    node: cst.BaseExpression = alias.name
    while isinstance(node, cst.Attribute):
        node = node.value
    return node.value if isinstance(node, cst.Name) else ""


def compiled(tree: Tree, facts: Facts, focus: Focus | None = None) -> Iterator[tuple[str, cst.FunctionDef]]:
    """The functions of a file that scripting compiles, in order; under a focus, all of them as well.

    Of several functions with one qualified name only the last counts: it is the one in force.
    """
    for qualname, node in tree.functions():
        if facts.reached(tree.path, qualname) and tree.function(qualname) is node:
            yield qualname, node


def own_parameters(tree: Tree, function: cst.FunctionDef) -> list[cst.Param]:
    """The parameters a caller fills: without the ``self`` of a method, and without starred ones."""
    params = [*function.params.posonly_params, *function.params.params]
    if is_method(tree, function) and not decorated(function, "staticmethod"):
        params = params[1:]
    return [*params, *function.params.kwonly_params]


def is_method(tree: Tree, function: cst.FunctionDef) -> bool:
    """Whether a function stands in a class body."""
    above = next((a for a in tree.ancestors(function) if isinstance(a, cst.FunctionDef | cst.ClassDef)), None)
    return isinstance(above, cst.ClassDef)


def decorated(function: cst.FunctionDef, name: str) -> bool:
    """Whether a function carries a decorator of that plain name."""
    return any(isinstance(d.decorator, cst.Name) and d.decorator.value == name for d in function.decorators)


def type_commented(tree: Tree, function: cst.FunctionDef) -> bool:
    """Whether a ``# type:`` comment states the signature, so that annotations may not be mixed in."""
    start, _ = tree.span(function)
    body = function.body.body
    end = tree.span(body[0])[1] if body else tree.span(function)[1]
    return any("# type:" in line or "#type:" in line for line in tree.text[start:end].splitlines())


def annotate(tree: Tree, param: cst.Param, text: str, default: str | None = None) -> Edit | None:
    """The edit that gives a parameter an annotation (in place of the one it has) and, if asked, another default.

    None where something else than blanks stands between the parts, such as a comment.
    """
    start = tree.span(param.name)[1]
    if param.default is None:
        if param.annotation is None:
            return tree.insert(start, f": {text}")
        return tree.replace_outer(param.annotation.annotation, text)
    outer_start, outer_end = tree.outer_span(param.default)
    if param.annotation is None:
        between = tree.text[start:outer_start]
    else:
        colon, end = tree.span(param.annotation)[0], tree.outer_span(param.annotation.annotation)[1]
        between = tree.text[start:colon] + tree.text[end:outer_start]
    if between.replace(":", "").strip() != "=":
        return None
    if default is None:
        return Edit(tree.path, start, outer_start, f": {text} = ")
    return Edit(tree.path, start, outer_end, f": {text} = {default}")


def after_parameters(tree: Tree, function: cst.FunctionDef) -> int:
    """The offset just after the parenthesis that closes the parameters: not one in a default or a comment."""
    ends = [tree.span(function.type_parameters or function.name)[1]]
    for param in all_parameters(function.params):
        inner = (param.default, param.annotation.annotation if param.annotation is not None else None)
        ends += [tree.span(param)[1], *(tree.outer_span(part)[1] for part in inner if part is not None)]
    found = _CLOSING.match(tree.text, max(ends))
    assert found is not None
    return found.end()


def is_none(node: cst.CSTNode | None) -> bool:
    """Whether an expression is the literal None."""
    return isinstance(node, cst.Name) and node.value == "None"


def declared(tree: Tree, node: cst.BaseExpression | None) -> Type | None:
    """The type an annotation states, through the file's imports; None where the compiler has no such type."""
    if node is None:
        return None
    try:
        type_ = parse(_resolved(tree, node))
    except (ValueError, RecursionError):
        return None
    return type_ if _compilable(type_) else None


def _resolved(tree: Tree, node: cst.BaseExpression) -> str:
    """An annotation's text with the aliases of imports resolved (``t.List[th.Tensor]``)."""
    if isinstance(node, cst.SimpleString):
        value = node.evaluated_value
        try:
            return _resolved(tree, cst.parse_expression(value)) if isinstance(value, str) else ""
        except cst.ParserSyntaxError:
            return ""
    if isinstance(node, cst.Name | cst.Attribute):
        return tree.dotted(node) or tree.module.code_for_node(node)
    if isinstance(node, cst.Subscript):
        inner = [e.slice.value if isinstance(e.slice, cst.Index) else node for e in node.slice]
        if node in inner:
            return ""
        return f"{_resolved(tree, node.value)}[{', '.join(_resolved(tree, e) for e in inner)}]"
    if isinstance(node, cst.BinaryOperation) and isinstance(node.operator, cst.BitOr):
        return f"{_resolved(tree, node.left)} | {_resolved(tree, node.right)}"
    return "".join(tree.module.code_for_node(node).split())


_ARITY = {"Optional": (1, 1), "List": (1, 1), "Dict": (2, 2), "Tuple": (1, 99), "Union": (1, 99)}
_PLAIN = _BUILT_IN | {"Tensor", "NoneType", "device", "dtype", "Device"}


def _compilable(type_: Type) -> bool:
    if type_.name in _ARITY:
        low, high = _ARITY[type_.name]
        return low <= len(type_.args) <= high and all(map(_compilable, type_.args))
    return type_.name in _PLAIN and not type_.args


def has_parameter(function: cst.FunctionDef, name: str) -> bool:
    """Whether a function has a parameter of that name."""
    return any(param.name.value == name for param in all_parameters(function.params))
