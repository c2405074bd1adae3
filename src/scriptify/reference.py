"""The reference of the library: signatures and docstrings of everything public, as a page that ``scriptify.docs`` writes."""

from __future__ import annotations

import ast
import dataclasses
import enum
import importlib
import inspect
import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import scriptify

MODULES: dict[str, tuple[str, ...]] = {
    "scriptify.api": ("survey",),
    "scriptify.oracle.runner": ("Oracle", "OracleError"),
    "scriptify.oracle.protocol": ("Level", "State", "Limits"),
    "scriptify.result": ("RunResult", "EntryResult", "Refusal"),
    "scriptify.diagnostics": ("Diagnostic", "Place"),
    "scriptify.transform": ("Focus", "Import", "Need", "Changed", "Clean", "Skipped", "Failed"),
    "scriptify.tree": ("Tree",),
    "scriptify.registry": ("all_transforms", "chosen", "problems", "RegistryError"),
    "scriptify.adapter": (),
}
"""What is documented beside ``scriptify.__all__``, by module; no names means those that the module itself defines."""


def rooms(source: Path) -> str:
    """A page that says of every module below ``source`` what it is for, in its own docstring's first sentence; transforms left out."""
    folders: dict[Path, list[Path]] = {}
    for path in sorted(source.rglob("*.py")):
        if "transforms" not in path.relative_to(source).parts:
            folders.setdefault(path.parent, []).append(path)
    parts = ["# The rooms", "", "Every module and what it is for. The [transforms](transforms/README.md) have a page each.", ""]
    for folder in sorted(folders, key=lambda each: (each != source, each)):
        name = folder.relative_to(source.parent).as_posix().replace("/", ".")
        parts += [f"## {name}", "", _purpose(folder / "__init__.py"), "", "| module | what it is for |", "|---|---|"]
        parts += [f"| `{path.stem}` | {_purpose(path)} |" for path in folders[folder] if path.stem != "__init__"]
        parts.append("")
    return "\n".join(parts)


def _purpose(path: Path) -> str:
    text = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    return " ".join(text.partition("\n\n")[0].split()).replace("``", "`").replace("|", "\\|")


def page() -> str:
    """The whole page; the same for the same source."""
    parts = ["# The library", "", "What `import scriptify` gives. Loading it loads neither torch nor libcst.", ""]
    for name in sorted(scriptify.__all__, key=lambda n: (n.startswith("__"), n[:1].isupper(), n.lower())):
        if not name.startswith("__"):
            parts += _member(f"scriptify.{name}", name, getattr(scriptify, name), 2)
    for module_name, names in MODULES.items():
        module = importlib.import_module(module_name)
        parts += [f"## {module_name}", "", _prose(inspect.getdoc(module) or ""), ""]
        for name in names or _own(module):
            parts += _member(name, name, getattr(module, name), 3)
    return "\n".join(parts).rstrip("\n") + "\n"


def _own(module: Any) -> list[str]:
    found = [name for name, value in vars(module).items() if getattr(value, "__module__", "") == module.__name__]
    return [name for name in found if not name.startswith("_")]


def _member(title: str, name: str, value: Any, depth: int) -> Iterator[str]:
    yield from (f"{'#' * depth} {title}", "")
    if inspect.ismodule(value):
        yield from (_prose(inspect.getdoc(value) or ""), "")
        for inner in sorted(value.__all__):
            yield from _member(f"{title}.{inner}", inner, getattr(value, inner), depth + 1)
    elif inspect.isclass(value):
        if not issubclass(value, enum.Enum | BaseException):
            yield from ("```python", _signature(f"class {name}", value), "```", "")
        yield from (_prose(inspect.getdoc(value) or ""), "")
        yield from _inside(value)
    elif callable(value):
        yield from ("```python", _signature(f"def {name}", value), "```", "", _prose(inspect.getdoc(value) or ""), "")
    else:
        yield from (f"`{value!r}`", "")


def _inside(kind: type) -> Iterator[str]:
    """The members of an enumeration, or the public methods and properties of a class that say what they do."""
    if issubclass(kind, enum.Enum):
        yield from (f"- `{member.name}`: {member.value!r}" for member in kind)
        yield ""
        return
    lines = []
    for name, value in vars(kind).items():
        plain = value.__func__ if isinstance(value, (classmethod, staticmethod)) else value
        told = inspect.getdoc(plain) if isinstance(plain, property) or inspect.isfunction(plain) else ""
        if name.startswith("_") or not told:
            continue
        shown = f"`{name}`" if isinstance(plain, property) else f"`{_signature(name, plain)}`"
        first = " ".join(told.partition("\n\n")[0].split())
        lines.append(f"- {shown}: {_prose(first)}")
    yield from [*lines, ""] if lines else ()


def _signature(before: str, value: Any) -> str:
    """As it is written, one parameter a line where it is long."""
    try:
        signature = inspect.signature(value)
    except (TypeError, ValueError):
        return before
    parameters = [p for p in signature.parameters.values() if p.name not in ("self", "cls")]
    parts = list(_parameters(parameters, value))
    returns = signature.return_annotation
    tail = "" if returns in (signature.empty, None, "None") and before.startswith("class") else f" -> {_annotation(returns)}"
    tail = "" if returns is signature.empty else tail
    line = f"{before}({', '.join(parts)}){tail}"
    if len(line) <= 120 or len(parts) < 3:
        return line
    return f"{before}(\n{''.join(f'    {part},{chr(10)}' for part in parts)}){tail}"


def _parameters(parameters: Sequence[inspect.Parameter], owner: Any) -> Iterator[str]:
    fields = dataclasses.fields(owner) if dataclasses.is_dataclass(owner) else ()
    made = {field.name for field in fields if field.default_factory is not dataclasses.MISSING}
    starred = False
    for parameter in parameters:
        if parameter.kind is parameter.KEYWORD_ONLY and not starred:
            yield "*"
        starred = starred or parameter.kind in (parameter.VAR_POSITIONAL, parameter.KEYWORD_ONLY)
        stars = "*" * (parameter.kind is parameter.VAR_POSITIONAL) + "**" * (parameter.kind is parameter.VAR_KEYWORD)
        text = f"{stars}{parameter.name}"
        if parameter.annotation is not parameter.empty:
            text += f": {_annotation(parameter.annotation)}"
        if parameter.default is not parameter.empty:
            default = "..." if parameter.name in made else _default(parameter.default)
            text += f" = {default}" if ":" in text else f"={default}"
        yield text


def _annotation(value: Any) -> str:
    return value if isinstance(value, str) else getattr(value, "__qualname__", repr(value))


def _default(value: Any) -> str:
    """A default as one would write it; what only shows an address is left out."""
    if isinstance(value, enum.Enum):
        return f"{type(value).__name__}.{value.name}"
    if value == sys.executable:
        return "sys.executable"
    text = repr(value)
    return getattr(value, "__qualname__", "...") if text.startswith("<") else text


def _prose(text: str) -> str:
    """A docstring as Markdown: literals, references and the fields of parameters and errors."""
    text = re.sub(r":\w+:`([^`]+)`", r"`\1`", text.replace("``", "`"))
    text = re.sub(r"^:param (\w+): ", r"- `\1`: ", text, flags=re.MULTILINE)
    return re.sub(r"^:raises (\w+): ", r"- raises `\1`: ", text, flags=re.MULTILINE)
