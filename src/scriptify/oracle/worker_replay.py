"""What a rewritten ``__init__`` would have set on instances that an older one made.

Only whole statements at the top of ``__init__`` that are new or changed, that assign, and whose names can be
told: ``self``, names of the module, and parameters that the old ``__init__`` kept as attributes. Parameters,
buffers and submodules stay what they are. The oracle judges the outcome like any other; where something could
not be run, a note says why.
"""

from __future__ import annotations

import ast
import builtins
import difflib
import sys
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch

from scriptify.oracle import overlay
from scriptify.source import SourceError, SourceFile

Function = ast.FunctionDef


def on_disk(path: str) -> str:
    """The text of a file as it is on disk; ``""`` where it is not there."""
    try:
        return SourceFile.read(Path(path)).text
    except SourceError:
        return ""


def as_seen(path: str) -> str:
    """The text of a file as this process imports it: the overlay's where it has one."""
    text = overlay.seen(path)
    return on_disk(path) if text is None else text


def replay(model: torch.nn.Module) -> list[str]:
    """Run what rewrites added to ``__init__`` on every instance in ``model``; a note for each statement that could not be."""
    notes: list[str] = []
    for module in model.modules():
        for cls in reversed(type(module).__mro__):
            path = getattr(sys.modules.get(cls.__module__), "__file__", None)
            if path and overlay.seen(path) is not None:
                for note in _on_instance(module, cls, path):
                    if note not in notes:
                        notes.append(note)
    return notes


def _on_instance(module: torch.nn.Module, cls: type, path: str) -> Iterator[str]:
    before, now = _constructor(on_disk(path), cls.__qualname__), _constructor(as_seen(path), cls.__qualname__)
    if now is None:
        return
    names = _known(module, before, now)
    for statement in _fresh(before, now):
        if reason := _run(module, cls, statement, names, path):
            yield f"{cls.__qualname__}.__init__ would run `{ast.unparse(statement).splitlines()[0]}`, but {reason}"


def _constructor(text: str, qualname: str) -> Function | None:
    body: list[ast.stmt] = ast.parse(text).body
    for part in qualname.split("."):
        found = next((s for s in body if isinstance(s, ast.ClassDef) and s.name == part), None)
        if found is None:
            return None
        body = found.body
    return next((s for s in body if isinstance(s, Function) and s.name == "__init__"), None)


def _fresh(before: Function | None, now: Function) -> list[ast.stmt]:
    """The statements of ``now`` that ``before`` does not have at this place."""
    old = [ast.dump(statement) for statement in before.body] if before else []
    new = [ast.dump(statement) for statement in now.body]
    changes = difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
    return [now.body[at] for tag, _, _, start, end in changes if tag in ("insert", "replace") for at in range(start, end)]


def _known(module: torch.nn.Module, before: Function | None, now: Function) -> dict[str, Any]:
    """``self`` and the parameters whose values the instance keeps, by plain ``self.x = x``."""
    owner = now.args.args[0].arg if now.args.args else "self"
    names: dict[str, Any] = {owner: module}
    body = before.body if before else []
    stored = [
        node.id for statement in body for node in ast.walk(statement) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    ]
    for statement in body:
        target = statement.targets[0] if isinstance(statement, ast.Assign) and len(statement.targets) == 1 else None
        if not isinstance(statement, ast.Assign) or not isinstance(statement.value, ast.Name) or not isinstance(target, ast.Attribute):
            continue
        kept = isinstance(target.value, ast.Name) and target.value.id == owner and statement.value.id not in stored
        if kept and hasattr(module, target.attr):
            names[statement.value.id] = getattr(module, target.attr)
    return names


def _run(module: torch.nn.Module, cls: type, statement: ast.stmt, names: dict[str, Any], path: str) -> str:
    """Run one statement on an instance; why that was not done, or ``""``."""
    namespace = sys.modules[cls.__module__].__dict__
    if isinstance(statement, (ast.Pass, ast.Assert)) or (isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)):
        return ""
    if not isinstance(statement, (ast.Assign, ast.AnnAssign, ast.If)):
        return "only assignments can be made up for on a live model"
    for node in ast.walk(statement):
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            value = getattr(module, node.attr, None)
            if isinstance(value, (torch.nn.Module, torch.Tensor)):
                return f"{node.attr} holds state of the live model"
        unknown = isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and not hasattr(builtins, node.id)
        if isinstance(node, ast.Name) and unknown and node.id not in names and node.id not in namespace:
            return f"the live model does not keep {node.id}"
    code = _body(cls.__name__, statement, list(names), path)
    if code.co_freevars:
        return "super() is only known inside the class"
    try:
        types.FunctionType(code, namespace)(*names.values())
    except Exception as error:  # the rewrite then stands without it, and the oracle refuses it
        return f"that raises {type(error).__name__}: {error}"
    return ""


def _body(owner: str, statement: ast.stmt, names: list[str], path: str) -> types.CodeType:
    """The code of a method of ``owner`` (private names depend on it) that is this one statement."""
    template = ast.parse(f"class {owner}:\n def __init__({', '.join(names)}): pass")
    holder = template.body[0]
    assert isinstance(holder, ast.ClassDef) and isinstance(holder.body[0], ast.FunctionDef)
    holder.body[0].body = [statement]
    code = compile(template, path, "exec", dont_inherit=True)
    for _ in range(2):
        code = next(const for const in code.co_consts if isinstance(const, types.CodeType))
    return code
