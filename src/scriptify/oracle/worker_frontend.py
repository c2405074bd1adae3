"""What can be proved of source text alone: it parses, it compiles, and TorchScript's own front end takes it.

Nothing is imported and nothing of it is run. The front end sees ``forward`` methods, functions marked
for scripting, properties of modules, and what these call in the same file; what only the compiler's
later stages can tell (types, attributes, other files) is not covered.
"""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from textwrap import dedent
from typing import Any

import torch
from torch._sources import SourceContext, normalize_source_lines

_Def = ast.FunctionDef
_PLACE = re.compile(r'File "[^"]*", line (\d+)')


@dataclass(slots=True)
class _Class:
    bases: list[str]
    methods: dict[str, _Def] = field(default_factory=dict)


def problems(path: str, text: str) -> list[str]:
    """Each refusal as ``path:line: message``, at most one a function; an empty list where all is taken."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(text, path)
            compile(text, path, "exec", dont_inherit=True)
    except SyntaxError as error:
        return [f"{path}:{error.lineno or 1}: does not parse: {error.msg}"]
    except (ValueError, RecursionError, MemoryError) as error:
        return [f"{path}:1: does not parse: {error}"]
    lines = ast_lines(text)
    found = [refused for name, node in reached(tree) if (refused := _refusal(path, lines, name, node))]
    return found


def ast_lines(text: str) -> list[str]:
    """The lines of a text as ``ast`` numbers them, each with its newline."""
    return [line + "\n" for line in re.split(r"\r\n|\r|\n", text)]


def reached(tree: ast.Module) -> list[tuple[str, _Def]]:
    """The functions that scripting something of this file compiles, as far as the file itself tells; name and node."""
    functions = {node.name: node for node in tree.body if isinstance(node, _Def)}
    classes = {node.name: _class(node) for node in tree.body if isinstance(node, ast.ClassDef)}
    queue: list[tuple[str, str]] = [("", name) for name, node in functions.items() if "script" in _marks(node)]
    for name, cls in classes.items():
        if "forward" in cls.methods and not any(base.rpartition(".")[2] == "Function" for base in cls.bases):
            roots = [m for m, node in cls.methods.items() if m == "forward" or _marks(node) & {"export", "script_method", "property"}]
            queue += [(name, method) for method in roots]
    done: dict[tuple[str, str], _Def] = {}
    while queue:
        owner, name = queue.pop(0)
        holder, node = _find(owner, name, functions, classes)
        if node is None or (holder, name) in done or _marks(node) & {"ignore", "unused"}:
            continue
        done[holder, name] = node
        queue += _calls(node, owner)
    return [(f"{holder}.{name}" if holder else name, node) for (holder, name), node in done.items()]


def _class(node: ast.ClassDef) -> _Class:
    return _Class([ast.unparse(base) for base in node.bases], {item.name: item for item in node.body if isinstance(item, _Def)})


def _find(owner: str, name: str, functions: dict[str, _Def], classes: dict[str, _Class]) -> tuple[str, _Def | None]:
    if not owner:
        return "", functions.get(name)
    seen, queue = set(), [owner]
    while queue:
        current = queue.pop(0)
        if current in seen or current not in classes:
            continue
        seen.add(current)
        if name in classes[current].methods:
            return current, classes[current].methods[name]
        queue += classes[current].bases
    return owner, None


def _marks(node: _Def) -> set[str]:
    return {ast.unparse(mark.func if isinstance(mark, ast.Call) else mark).rpartition(".")[2] for mark in node.decorator_list}


def _calls(node: _Def, owner: str) -> Iterator[tuple[str, str]]:
    for call in (n for n in ast.walk(node) if isinstance(n, ast.Call)):
        if isinstance(call.func, ast.Name):
            yield "", call.func.id
        elif isinstance(call.func, ast.Attribute) and isinstance(call.func.value, ast.Name) and call.func.value.id == "self" and owner:
            yield owner, call.func.attr


def _refusal(path: str, lines: list[str], name: str, node: _Def) -> str:
    first = min([node.lineno, *(mark.lineno for mark in node.decorator_list)])
    source = "".join(normalize_source_lines(lines[first - 1 : node.end_lineno]))
    flat = dedent(source)
    try:
        parsed: Any = ast.parse(flat).body[0]
        indent = len(source.split("\n", 1)[0]) - len(flat.split("\n", 1)[0])
        context = SourceContext(source, path, first, indent, True, node.name)  # type: ignore[no-untyped-call]
        kind: Any = torch.jit.annotations.get_type_line(source)  # type: ignore[no-untyped-call]
        self_name = "M" if "." in name else None
        torch.jit.frontend.build_def(context, parsed, kind, node.name, self_name=self_name)  # type: ignore[no-untyped-call]
    except Exception as error:  # the front end raises RuntimeError, AttributeError and classes of its own
        text = str(error)
        message = next((line.strip().rstrip(":") for line in text.splitlines() if line.strip()), type(error).__name__)
        place = _PLACE.search(text)
        return f"{path}:{place.group(1) if place else node.lineno}: {name}: {message}"
    return ""
