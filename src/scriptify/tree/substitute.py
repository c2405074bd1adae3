"""Expressions as text: other text for some of their names, and what can be moved without anybody noticing."""

from __future__ import annotations

import builtins
import keyword
from collections.abc import Iterable, Mapping

import libcst as cst

from scriptify.tree.core import Tree
from scriptify.tree.flow import all_parameters, children, own_nodes, parameter_names, scope_names, target_names
from scriptify.tree.shapes import shape_read

COMPREHENSIONS = (cst.ListComp, cst.SetComp, cst.DictComp, cst.GeneratorExp)
_CALM_CALLS = frozenset(f"builtins.{name}" for name in ("range", "len", "enumerate", "zip", "list", "tuple", "reversed", "int", "float"))
_QUIET_METHODS = frozenset({"size", "dim", "numel", "is_cuda", "items", "keys", "values"})


def variables(node: cst.CSTNode) -> list[cst.Name]:
    """Every name read or bound below ``node`` as a variable: no attribute names, keywords of calls or annotations."""
    found: list[cst.Name] = []
    stack = [node]
    while stack:
        current = stack.pop()
        kind = type(current)
        if kind is cst.Name:
            found.append(current)  # type: ignore[arg-type]
        elif kind is cst.Attribute or kind is cst.Arg:
            stack.append(current.value)  # type: ignore[attr-defined]
        elif kind is not cst.NameItem and kind is not cst.Annotation:
            stack.extend(children(current))
    return found


def bound_inside(node: cst.CSTNode) -> set[str]:
    """Names that lambdas, comprehensions and walruses below ``node`` (or ``node`` itself) bind."""
    names: set[str] = set()
    stack = [node]
    while stack:
        current = stack.pop()
        if isinstance(current, cst.Lambda):
            names |= parameter_names(current)
        elif isinstance(current, cst.CompFor | cst.NamedExpr):
            names |= {name.value for name in target_names(current.target)}
        stack.extend(current.children)
    return names


def _walrus_names(node: cst.CSTNode) -> set[str]:
    names = {node.target.value} if isinstance(node, cst.NamedExpr) and isinstance(node.target, cst.Name) else set()
    return names.union(*(_walrus_names(child) for child in children(node)))


def free_names(node: cst.CSTNode) -> set[str]:
    """Names an expression takes from around it: those that no lambda or comprehension inside binds where they stand."""
    found: set[str] = set()
    stack: list[tuple[cst.CSTNode, frozenset[str]]] = [(node, frozenset())]
    while stack:
        current, hidden = stack.pop()
        if isinstance(current, cst.Name):
            if current.value not in hidden:
                found.add(current.value)
            continue
        if isinstance(current, cst.Attribute | cst.Arg):
            stack.append((current.value, hidden))
            continue
        if isinstance(current, cst.Lambda):
            for parameter in all_parameters(current.params):
                if parameter.default is not None:
                    stack.append((parameter.default, hidden))
            stack.append((current.body, hidden | parameter_names(current)))
            continue
        if isinstance(current, COMPREHENSIONS):
            stack.append((current.for_in.iter, hidden))
            hidden = hidden | scope_names(current) | _walrus_names(current)
        stack.extend((child, hidden) for child in current.children)
    return found


def substituted(tree: Tree, node: cst.BaseExpression, texts: Mapping[str, str]) -> str | None:
    """The source of an expression with other text in place of some of its names.

    None where that could capture a name: something inside binds one of the replaced names, or a name
    that occurs in the new text.
    """
    words = {word for text in texts.values() for word in _words(text)}
    if bound_inside(node) & (set(texts) | words):
        return None
    start, end = tree.outer_span(node)
    parts: list[str] = []
    at = start
    for name in sorted((n for n in variables(node) if n.value in texts), key=lambda n: tree.span(n)[0]):
        first, last = tree.span(name)
        if _in_format(tree, name) and not texts[name.value].isidentifier():
            return None
        parts += (tree.text[at:first], texts[name.value])
        at = last
    return "".join([*parts, tree.text[at:end]])


def _in_format(tree: Tree, name: cst.Name) -> bool:
    return any(isinstance(above, cst.FormattedStringExpression) for above in tree.ancestors(name))


def _words(text: str) -> set[str]:
    word, words = "", set()
    for char in text + " ":
        if char.isalnum() or char == "_":
            word += char
        else:
            words.add(word)
            word = ""
    return {w for w in words if w.isidentifier() and not keyword.iskeyword(w)}


def source(tree: Tree, node: cst.BaseExpression) -> str:
    """An expression's source with its own parentheses: what can stand anywhere a value does."""
    return tree.text[slice(*tree.outer_span(node))]


def one_line(tree: Tree, node: cst.BaseExpression, text: str) -> str:
    """An expression's text (see :func:`source`) as the right side of an assignment: in parentheses where it runs over lines."""
    bracketed = node.lpar or isinstance(node, cst.Call | cst.List | cst.Dict | cst.Set | cst.ListComp | cst.Subscript)
    return text if bracketed or ("\n" not in text and "\r" not in text) else f"({text})"


def stable(node: cst.BaseExpression) -> bool:
    """Whether an expression may be evaluated a little later, or twice, and nobody notices.

    Names, literals, attribute chains, shapes and sizes with literal indices, new tuples of such. (A name is stable only as long
    as what runs in between does not bind it: the caller adds only fresh names.)
    """
    if isinstance(node, cst.Name | cst.Integer | cst.Float | cst.SimpleString | cst.Lambda | cst.Ellipsis):
        return True
    if isinstance(node, cst.Attribute):
        return stable(node.value)
    if isinstance(node, cst.UnaryOperation):
        return isinstance(node.operator, cst.Minus) and isinstance(node.expression, cst.Integer | cst.Float)
    if isinstance(node, cst.Tuple | cst.List):
        return all(isinstance(e, cst.Element) and stable(e.value) for e in node.elements)
    if isinstance(node, cst.Call):
        return _quiet_call(node)
    if isinstance(node, cst.Subscript):
        shape = shape_read(node.value) and stable(node.value.value)
        return shape and all(_literal_index(element.slice) for element in node.slice)
    return False


def calm(tree: Tree, node: cst.BaseExpression) -> bool:
    """Whether evaluating an expression does nothing but read: stable ones, arithmetic on them, and ranges, zips, slices of them."""
    if stable(node):
        return True
    if isinstance(node, cst.BinaryOperation):
        return calm(tree, node.left) and calm(tree, node.right)
    if isinstance(node, cst.UnaryOperation):
        return calm(tree, node.expression)
    if isinstance(node, cst.Tuple | cst.List):
        return all(isinstance(e, cst.Element) and calm(tree, e.value) for e in node.elements)
    if isinstance(node, cst.Call):
        quiet = tree.dotted(node.func) in _CALM_CALLS
        return quiet and all(not arg.star and not arg.keyword and calm(tree, arg.value) for arg in node.args)
    if isinstance(node, cst.Subscript):
        return calm(tree, node.value) and all(_calm_index(tree, element.slice) for element in node.slice)
    return False


def _calm_index(tree: Tree, index: cst.BaseSlice) -> bool:
    if isinstance(index, cst.Index):
        return calm(tree, index.value)
    bounds = (index.lower, index.upper, index.step) if isinstance(index, cst.Slice) else ()
    return all(part is None or calm(tree, part) for part in bounds)


def _quiet_call(node: cst.Call) -> bool:
    plain = all(not arg.star and isinstance(arg.value, cst.Integer | cst.UnaryOperation) and stable(arg.value) for arg in node.args)
    return isinstance(node.func, cst.Attribute) and node.func.attr.value in _QUIET_METHODS and stable(node.func.value) and plain


def _literal_index(index: cst.BaseSlice) -> bool:
    if isinstance(index, cst.Index):
        return isinstance(index.value, cst.Integer | cst.UnaryOperation) and stable(index.value)
    if isinstance(index, cst.Slice):
        parts = (index.lower, index.upper, index.step)
        return all(part is None or (isinstance(part, cst.Integer | cst.UnaryOperation) and stable(part)) for part in parts)
    return False


class FreshNames:
    """Names for new variables of one function that clash with nothing in its file."""

    def __init__(self, tree: Tree, function: cst.FunctionDef) -> None:
        self._tree = tree
        self._function = function
        self._taken = {name.value for name in tree.find(cst.Name)} | set(dir(builtins)) | set(keyword.kwlist)

    def fresh(self, base: str) -> str:
        """``base``, or ``base_2`` and so on; never given twice."""
        base = base if base.isidentifier() else "value"
        name, number = base, 1
        while name in self._taken:
            number += 1
            name = f"{base}_{number}"
        self._taken.add(name)
        return name

    def keep(self, name: str, within: Iterable[cst.CSTNode], base: str = "") -> str:
        """``name`` itself where the function uses it only ``within`` these nodes or as another lambda's parameter; else a fresh one."""
        nodes = list(within)
        if name == "_" or name in dir(builtins) or keyword.iskeyword(name):
            return self.fresh(base or f"{name.strip('_') or 'item'}_item")
        for use in self._uses(name):
            if not any(self._tree.contains(node, use) for node in nodes) and not self._parameter_of_lambda(use, name):
                return self.fresh(base or name)
        self._taken.add(name)
        return name

    def _uses(self, name: str) -> list[cst.Name]:
        outer = [node for node in own_nodes(self._function) if isinstance(node, cst.Global | cst.Nonlocal)]
        declared = [item.name for node in outer for item in node.names if item.name.value == name]
        return [*declared, *(n for n in variables(self._function) if n.value == name)]

    def _parameter_of_lambda(self, use: cst.Name, name: str) -> bool:
        for above in self._tree.ancestors(use):
            if above is self._function:
                return False
            if isinstance(above, cst.Lambda) and name in parameter_names(above):
                param = self._tree.parent(use)  # a default (``n=n``) is read outside of the lambda
                return self._tree.contains(above.body, use) or (isinstance(param, cst.Param) and param.name is use)
            if isinstance(above, COMPREHENSIONS) and name in bound_inside(above):
                return not self._tree.contains(above.for_in.iter, use)
        return False


def alone(tree: Tree, node: cst.BaseExpression) -> bool:
    """Whether an expression is the whole of an assigned or returned value or an argument, so that any operator may stand in it."""
    above = tree.parent(node)
    plain = isinstance(above, cst.Assign | cst.Return | cst.AnnAssign | cst.AugAssign) and not isinstance(node, cst.Tuple)
    return bool(node.lpar) or plain or (isinstance(above, cst.Arg) and not above.star)


def fitted(tree: Tree, node: cst.BaseExpression, text: str) -> str:
    """An operator expression as it fits in a node's place, inside the parentheses that it has: in some of its own where it needs them."""
    return text if node.lpar or (alone(tree, node) and "\n" not in text) else f"({text})"
