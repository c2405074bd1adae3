"""Facts from source alone, by the standard library's ``ast``: one parse per file, no imports, no torch."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator, Mapping

from scriptify.facts import attributes, docstrings, reach
from scriptify.facts.calls import Index, call_sites
from scriptify.facts.classes import Table, decorator_refs
from scriptify.facts.imports import Layout, Names
from scriptify.facts.known import usable
from scriptify.facts.lending import lent
from scriptify.facts.mentions import mentioned
from scriptify.facts.model import Class, Facts, Function, Parameter, TypeFact
from scriptify.facts.scan import File, FunctionDef, Scope, problem, scan
from scriptify.transform import Settings


def index(texts: Mapping[str, str], settings: Settings = Settings(), roots: Collection[tuple[str, str]] = ()) -> Facts:
    """The facts of a project.

    ``texts`` maps each path to the file's decoded text; a file that does not parse is left out. ``roots``
    are functions ``(path, qualname)`` that are scripted themselves. All offsets in the facts count
    characters of the text. Raises nothing for any text.
    """
    scanned = {path: scan(path, text) for path, text in texts.items()}
    files = {path: file for path, file in scanned.items() if file is not None}
    table = Table(Names(files, Layout(texts)))
    attributes.fill(table)
    by_name, elsewhere = Index(table), lent(table)
    facts = Facts(
        functions={(file.path, f.qualname): f for file in files.values() for f in _functions(file, table, elsewhere)},
        classes={key: _class(table, key) for key in table.scopes},
        call_sites=tuple(site for file in files.values() for site in sorted(call_sites(by_name, file), key=lambda s: (s.start, s.end))),
        settings=settings,
        mentions=mentioned(texts.values(), files.values()),
        unparsed={path: problem(texts[path]) for path, file in scanned.items() if file is None},
    )
    return reach.marked(facts, reach.closure(facts, reach.static_seeds(facts, roots)))


def _class(table: Table, key: str) -> Class:
    file, scope = table.scopes[key]
    annotations, constants = attributes.declared(file, scope)
    methods: list[str] = []
    properties: list[str] = []
    for inner in file.functions.values():
        if inner.owner == scope.qualname and inner.parent is scope:
            name = inner.qualname.rpartition(".")[2]
            (properties if _is_property(inner) else methods).append(name)
    return Class(
        path=file.path,
        qualname=scope.qualname,
        line=getattr(scope.node, "lineno", 0),
        bases=table.bases[key],
        is_module=table.is_module(key),
        methods=tuple(methods),
        attributes=table.attributes[key],
        constants=constants,
        annotations=annotations,
        properties=tuple(properties),
    )


def _is_property(scope: Scope) -> bool:
    node = scope.function
    names = [getattr(d, "attr", getattr(d, "id", "")) for d in node.decorator_list] if node is not None else []
    return any(name in ("property", "cached_property") for name in names)


def _functions(file: File, table: Table, elsewhere: frozenset[tuple[str, str]]) -> Iterator[Function]:
    for qualname, scope in file.functions.items():
        node = scope.function
        if node is None:
            continue
        returns = usable(file.lines.source(node.returns)) if node.returns is not None else None
        yield Function(
            path=file.path,
            qualname=qualname,
            line=node.lineno,
            parameters=tuple(_parameters(node, file, _documented(node, scope))),
            returns=TypeFact(returns, "annotation") if returns is not None else None,
            decorators=decorator_refs(scope, file, table.names),
            owner=scope.owner,
            lent=(file.path, qualname) in elsewhere,
        )


def _documented(node: FunctionDef, scope: Scope) -> dict[str, str]:
    """Types from the function's docstring; for ``__init__`` and ``forward``, else from that of the class."""
    found = docstrings.types(ast.get_docstring(node, clean=False) or "")
    owner = scope.parent.node if scope.owner and scope.parent is not None else None
    if isinstance(owner, ast.ClassDef) and node.name in ("__init__", "forward"):
        found = docstrings.types(ast.get_docstring(owner, clean=False) or "") | found
    return found


def _parameters(node: FunctionDef, file: File, documented: dict[str, str]) -> Iterator[Parameter]:
    positional = [*node.args.posonlyargs, *node.args.args]
    defaults: list[ast.expr | None] = [None] * (len(positional) - len(node.args.defaults)) + list(node.args.defaults)
    rows: list[tuple[ast.arg, str, ast.expr | None]] = [(a, "positional", d) for a, d in zip(positional, defaults, strict=True)]
    if node.args.vararg:
        rows.append((node.args.vararg, "*", None))
    rows += [(a, "keyword", d) for a, d in zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True)]
    if node.args.kwarg:
        rows.append((node.args.kwarg, "**", None))
    for arg, kind, default in rows:
        yield Parameter(
            name=arg.arg,
            kind=kind,
            annotation=file.lines.source(arg.annotation) if arg.annotation is not None else None,
            default=file.lines.source(default) if default is not None else None,
            documented=documented.get(arg.arg, ""),
        )
