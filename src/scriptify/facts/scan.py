"""One pass over a file's syntax tree: its scopes, what each binds, and the calls made in each.

Only the standard library's ``ast``; nothing is resolved here. Iterative, so that deep expressions
can't exhaust the stack.
"""

from __future__ import annotations

import ast
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field

from scriptify.facts.positions import Lines

FunctionDef = ast.FunctionDef | ast.AsyncFunctionDef
_SCOPED = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


@dataclass(frozen=True, slots=True)
class Imported:
    """``from module import name`` (``level`` dots), or ``import module`` without a name."""

    module: str
    name: str = ""
    level: int = 0


@dataclass(frozen=True, slots=True)
class Defined:
    """A function or class of the file, by qualified name."""

    qualname: str


@dataclass(frozen=True, slots=True)
class Assigned:
    """A value given to a name. ``how`` is ``value``, ``iter`` (an element of it) or ``opaque``; ``path`` picks from a tuple."""

    how: str
    expr: ast.expr | None = None
    path: tuple[int, ...] = ()


Binding = Imported | Defined | Assigned


@dataclass(slots=True)
class Scope:
    """A module (qualname ``""``), a class body or a function body."""

    kind: str
    qualname: str
    node: ast.AST
    parent: Scope | None = None
    bindings: dict[str, list[Binding]] = field(default_factory=dict)
    stars: list[Imported] = field(default_factory=list)
    calls: list[ast.Call] = field(default_factory=list)
    loads: list[ast.Attribute] = field(default_factory=list)
    stores: list[tuple[ast.Attribute, ast.expr | None]] = field(default_factory=list)
    deleted: list[ast.Attribute] = field(default_factory=list)
    items: list[ast.Subscript] = field(default_factory=list)
    outer: set[str] = field(default_factory=set)

    def bind(self, name: str, binding: Binding) -> None:
        """Note one more binding of a name."""
        self.bindings.setdefault(name, []).append(binding)

    @property
    def function(self) -> FunctionDef | None:
        """The function's node."""
        return self.node if isinstance(self.node, FunctionDef) else None

    @property
    def owner(self) -> str:
        """The class in whose body the function stands, or ``""``."""
        return self.parent.qualname if self.kind == "function" and self.parent is not None and self.parent.kind == "class" else ""

    def method(self) -> Scope | None:
        """The method this code stands in, itself or around a nested function."""
        scope: Scope | None = self
        while scope is not None and scope.kind == "function":
            if scope.owner:
                return scope
            scope = scope.parent
        return None


@dataclass(slots=True)
class File:
    """A parsed file and its scopes by qualified name (of two with one name, the later)."""

    path: str
    text: str
    lines: Lines
    module: Scope
    scopes: list[Scope]
    functions: dict[str, Scope]
    classes: dict[str, Scope]


def parse(text: str) -> ast.Module | None:
    """The tree, or None for a text that does not parse."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def problem(text: str) -> str:
    """Line and reason why a text does not parse (``line 3: invalid syntax``)."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(text)
    except SyntaxError as error:
        return f"line {error.lineno or 1}: {error.msg}"
    except (ValueError, RecursionError, MemoryError) as error:
        return f"line 1: {error or 'it is nested too deeply'}"
    return ""


def scan(path: str, text: str) -> File | None:
    """The scopes of one file, or None where it does not parse."""
    tree = parse(text)
    if tree is None:
        return None
    scanner = _Scanner(tree)
    scanner.run()
    functions, classes = {}, {}
    for scope in scanner.scopes:
        if scope.kind == "class":
            classes[scope.qualname] = scope
        elif scope.kind == "function" and not _is_accessor(scope.node):
            functions[scope.qualname] = scope
    return File(path, text, Lines(text), scanner.scopes[0], scanner.scopes, functions, classes)


def _is_accessor(node: ast.AST) -> bool:
    """A property's setter or deleter: it shares the getter's name, and callers never name it."""
    decorators = node.decorator_list if isinstance(node, FunctionDef) else []
    return any(isinstance(d, ast.Attribute) and d.attr in ("setter", "deleter") for d in decorators)


class _Scanner:
    def __init__(self, tree: ast.Module) -> None:
        self.scopes = [Scope("module", "", tree)]
        self.stack: list[tuple[ast.AST, Scope]] = []

    def run(self) -> None:
        root = self.scopes[0]
        self._push(root.node, root)
        while self.stack:
            node, scope = self.stack.pop()
            self._visit(node, scope)
        self.scopes.sort(key=lambda scope: getattr(scope.node, "lineno", 0))

    def _push(self, node: ast.AST, scope: Scope) -> None:
        self.stack.extend((child, scope) for child in reversed(list(ast.iter_child_nodes(node))))

    def _visit(self, node: ast.AST, scope: Scope) -> None:
        if isinstance(node, _SCOPED):
            self._enter(node, scope)
            return
        if isinstance(node, ast.Call):
            scope.calls.append(node)
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            _imports(node, scope)
        elif isinstance(node, ast.Assign):
            for target in node.targets:
                _bind(target, "value", node.value, scope)
        elif isinstance(node, ast.AnnAssign):
            if node.value is not None:
                _bind(node.target, "value", node.value, scope)
        elif isinstance(node, ast.NamedExpr):
            _bind(node.target, "value", node.value, scope)
        elif isinstance(node, ast.AugAssign):
            _augmented(node, scope)
        elif isinstance(node, (ast.For, ast.AsyncFor)):
            _bind(node.target, "iter", node.iter, scope)
        elif isinstance(node, _COMPREHENSIONS):
            for generator in node.generators:
                _bind(generator.target, "iter", generator.iter, scope)
        else:
            _visit_other(node, scope)
        self._push(node, scope)

    def _enter(self, node: FunctionDef | ast.ClassDef, scope: Scope) -> None:
        inside = f"{scope.qualname}.<locals>." if scope.kind == "function" else f"{scope.qualname}." if scope.qualname else ""
        kind = "class" if isinstance(node, ast.ClassDef) else "function"
        inner = Scope(kind, inside + node.name, node, scope)
        scope.bind(node.name, Defined(inner.qualname))
        self.scopes.append(inner)
        around: list[ast.AST] = [*node.decorator_list]
        if isinstance(node, ast.ClassDef):
            around += [*node.bases, *node.keywords]
        else:
            around += [d for d in (*node.args.defaults, *node.args.kw_defaults) if d is not None]
            for arg in arguments(node.args):
                inner.bind(arg.arg, Assigned("opaque"))
        self.stack.extend((child, inner) for child in reversed(node.body))
        self.stack.extend((child, scope) for child in reversed(around))


def arguments(args: ast.arguments) -> Iterator[ast.arg]:
    """All parameters in order."""
    yield from (*args.posonlyargs, *args.args)
    if args.vararg:
        yield args.vararg
    yield from args.kwonlyargs
    if args.kwarg:
        yield args.kwarg


def self_of(method: Scope) -> str:
    """The name of a method's first parameter; ``""`` for a static or class method."""
    node = method.function
    if node is None or any(isinstance(d, ast.Name) and d.id in ("staticmethod", "classmethod") for d in node.decorator_list):
        return ""
    first = [*node.args.posonlyargs, *node.args.args]
    return first[0].arg if first else ""


def _visit_other(node: ast.AST, scope: Scope) -> None:
    if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load):
        scope.loads.append(node)
    elif isinstance(node, (ast.Global, ast.Nonlocal)):
        scope.outer.update(node.names)
    elif isinstance(node, ast.Lambda):
        for arg in arguments(node.args):
            scope.bind(arg.arg, Assigned("opaque"))
    elif isinstance(node, (ast.With, ast.AsyncWith)):
        for item in node.items:
            if item.optional_vars is not None:
                _bind(item.optional_vars, "opaque", None, scope)
    elif isinstance(node, (ast.ExceptHandler, ast.MatchAs, ast.MatchStar)) and node.name:
        scope.bind(node.name, Assigned("opaque"))
    elif isinstance(node, ast.MatchMapping) and node.rest:
        scope.bind(node.rest, Assigned("opaque"))
    elif isinstance(node, ast.Delete):
        for target in node.targets:
            if isinstance(target, ast.Attribute):
                scope.deleted.append(target)
            else:
                _bind(target, "opaque", None, scope)


def _imports(node: ast.Import | ast.ImportFrom, scope: Scope) -> None:
    for alias in node.names:
        if isinstance(node, ast.Import):
            bound = alias.asname or alias.name.partition(".")[0]
            scope.bind(bound, Imported(alias.name if alias.asname else bound))
        elif alias.name == "*":
            scope.stars.append(Imported(node.module or "", "*", node.level))
        else:
            scope.bind(alias.asname or alias.name, Imported(node.module or "", alias.name, node.level))


def _augmented(node: ast.AugAssign, scope: Scope) -> None:
    if not isinstance(node.target, ast.Attribute):
        _bind(node.target, "opaque", None, scope)
        return
    read = ast.copy_location(ast.Attribute(node.target.value, node.target.attr, ast.Load()), node.target)
    scope.stores.append((node.target, ast.copy_location(ast.BinOp(read, node.op, node.value), node)))


def _bind(target: ast.expr, how: str, value: ast.expr | None, scope: Scope) -> None:
    todo: list[tuple[ast.expr, str, tuple[int, ...]]] = [(target, how, ())]
    while todo:
        node, how, path = todo.pop()
        if isinstance(node, ast.Name):
            scope.bind(node.id, Assigned(how, value, path))
        elif isinstance(node, ast.Attribute):
            scope.stores.append((node, value if how == "value" and not path else None))
        elif isinstance(node, ast.Subscript):
            scope.items.append(node)
        elif isinstance(node, ast.Starred):
            todo.append((node.value, "opaque", ()))
        elif isinstance(node, (ast.Tuple, ast.List)):
            starred = any(isinstance(item, ast.Starred) for item in node.elts)
            todo.extend((item, "opaque" if starred else how, (*path, i)) for i, item in enumerate(node.elts))
