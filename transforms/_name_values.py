"""Names computed from a loop variable or a constant attribute, worked out for each turn of the loop."""

from __future__ import annotations

import ast
import keyword
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import SimpleNamespace

import libcst as cst

from scriptify.facts.model import Attribute
from scriptify.transform import Need
from scriptify.transforms._bounds import of_source
from scriptify.transforms._containers import Method, builtin_call

_NODES = (ast.Constant, ast.JoinedStr, ast.FormattedValue, ast.BinOp, ast.UnaryOp, ast.Name, ast.Call, ast.Attribute, ast.Subscript)
_OTHERS = (ast.Expression, ast.Load, ast.operator, ast.unaryop, ast.Tuple, ast.keyword)
_CALLS = frozenset({"str", "int"})
LIMIT = 64


@dataclass(frozen=True)
class Turns:
    """What a loop's variables are in each turn, and the facts that tells."""

    variables: tuple[str, ...]
    rows: tuple[tuple[object, ...], ...]
    needs: tuple[Need, ...] = ()


class Names:
    """Works out strings from source text, constants of ``self`` and loop variables.

    ``checks`` are, by attribute, the conditions under which the names hold: a plain attribute may be set anew by any
    caller, and another instance than a run has shown may have another value. An attribute that only counts the turns
    of a loop is taken to be what the constructor makes it, where nothing in the project sets it anew.
    """

    def __init__(self, method: Method) -> None:
        self.method = method
        self.needs: list[Need] = []
        self.checks: dict[str, str] = {}

    def value(self, node: cst.BaseExpression, known: Mapping[str, object], counts: bool = False) -> object | None:
        """The constant an expression is, given its variables; None where it is not one. ``counts``: it is the end of a range."""
        text = self.method.tree.code(node)
        try:
            tree = ast.parse(text.strip(), mode="eval")
        except (SyntaxError, ValueError):
            return None
        own = self._attributes(tree, counts)
        if own is None or not all(self._allowed(item, known) for item in ast.walk(tree)):
            return None
        space: dict[str, object] = {"__builtins__": {}, "str": str, "int": int, **known}
        if own and self.method.self_name:
            space[self.method.self_name] = SimpleNamespace(**own)
        try:
            found: object = eval(compile(tree, "<name>", "eval"), space)  # only nodes allowed above
            return found
        except Exception:
            return None

    def _allowed(self, item: ast.AST, known: Mapping[str, object]) -> bool:
        if isinstance(item, ast.Name):
            return item.id in known or item.id in _CALLS or item.id == self.method.self_name
        if isinstance(item, ast.Call):
            method = isinstance(item.func, ast.Attribute) and item.func.attr == "format" and isinstance(item.func.value, ast.Constant)
            return method or (isinstance(item.func, ast.Name) and item.func.id in _CALLS)
        if isinstance(item, ast.Attribute):
            return item.attr == "format" or (isinstance(item.value, ast.Name) and item.value.id == self.method.self_name)
        if isinstance(item, ast.BinOp) and isinstance(item.op, ast.Pow | ast.LShift):
            return False
        return isinstance(item, (*_NODES, *_OTHERS))

    def _attributes(self, tree: ast.AST, counts: bool) -> dict[str, object] | None:
        """The constants of ``self`` the expression reads, or None where one is not constant."""
        found: dict[str, object] = {}
        for item in ast.walk(tree):
            if isinstance(item, ast.Attribute) and isinstance(item.value, ast.Name) and item.value.id == self.method.self_name:
                value = self.constant(item.attr, counts)
                if value is None:
                    return None
                found[item.attr] = value
        return found

    def constant(self, name: str, counts: bool = False) -> object | None:
        """The one value ``self.<name>`` has on every instance; None where it is not known."""
        found = self.method.facts.attribute(self.method.tree.path, self.method.class_name, name)
        if not isinstance(found, Attribute) or not found.constant:
            return None
        if found.origin == "source" and not self.method.steady(name):
            return None
        origin = "source" if of_source(found) else found.origin
        need = Need(f"self.{name} is {found.value!r} on every instance", origin)
        if origin == "live" or not (counts or self.method.declared(name)):
            self.checks.setdefault(name, f"{self.method.self_name}.{name} == {found.value!r}")
        if need not in self.needs:
            self.needs.append(need)
        value: object = found.value
        return value

    def turns(self, loop: cst.For | cst.CompFor) -> Turns | None:
        """The turns of a loop over a known range, a literal list or tuple, or a constant list of names."""
        target, walked = loop.target, loop.iter
        called = builtin_call(self.method.tree, walked)
        if called and called[0] == "enumerate" and len(called[1]) == 1 and isinstance(target, cst.Tuple) and len(target.elements) == 2:
            names = [element.value for element in target.elements]
            values = self._walked(called[1][0])
            if values is None or not all(isinstance(name, cst.Name) for name in names):
                return None
            rows = tuple(enumerate(values))
            return Turns(tuple(n.value for n in names if isinstance(n, cst.Name)), rows, tuple(self.needs))
        values = self._walked(walked)
        if values is None or not isinstance(target, cst.Name):
            return None
        return Turns((target.value,), tuple((value,) for value in values), tuple(self.needs))

    def _walked(self, node: cst.BaseExpression) -> Sequence[object] | None:
        called = builtin_call(self.method.tree, node)
        if called and called[0] == "range":
            ends = [self.value(argument, {}, counts=True) for argument in called[1]]
            whole = [end for end in ends if isinstance(end, int)]
            if len(whole) != len(ends) or not 1 <= len(whole) <= 3 or (len(whole) == 3 and whole[2] == 0):
                return None
            values: Sequence[object] = range(*whole)
        elif isinstance(node, cst.List | cst.Tuple):
            values = [self.value(element.value, {}) for element in node.elements]
        elif isinstance(node, cst.Attribute) and self.method.tree.code(node.value) == self.method.self_name:
            value = self.constant(node.attr.value)
            values = value if isinstance(value, list | tuple) else ()
        else:
            return None
        return values if 0 < len(values) <= LIMIT and all(isinstance(value, int | str) for value in values) else None


@dataclass(frozen=True)
class Access:
    """An attribute or item whose name is computed: ``getattr(self, name)``, ``self._modules[name]``, ``self.heads[name]``."""

    node: cst.BaseExpression
    base: str
    name: cst.BaseExpression
    item: bool = False

    def spelt(self, name: object) -> str | None:
        """The access with a literal name, or None where it has no such form."""
        if not isinstance(name, str):
            return None
        if self.item:
            return f"{self.base}[{quoted(name)}]"
        if mangled(name):
            return None
        return f"{self.base}.{name}" if spelt_out(name) else f"getattr({self.base}, {quoted(name)})"


def mangled(name: str) -> bool:
    """Whether Python takes ``self.<name>`` for another within a class (``_Net__w`` for ``__w``); scripting has neither."""
    return name.startswith("__") and not name.endswith("__")


def spelt_out(name: str) -> bool:
    """Whether ``self.<name>`` can be written and reads the attribute of that name."""
    return name.isidentifier() and not keyword.iskeyword(name) and not mangled(name)


def quoted(name: str) -> str:
    """A string literal for a name."""
    return '"' + name + '"' if name.isprintable() and '"' not in name and "\\" not in name else repr(name)
