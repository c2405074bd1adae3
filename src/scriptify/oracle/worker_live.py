"""A live object in the child: the caller's modules by name and file, the pickled model, what a rewritten ``__init__`` would add.

Written by ``scripting.pickled`` on the other side. Pickled instances hold what the ``__init__`` of their time
set; statements that a rewrite put into ``__init__`` are run on them here, where their names can be told.
"""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import importlib.util
import io
import os
import pickle
import sys
import types
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch

from scriptify.oracle import worker_replay, worker_standing
from scriptify.oracle.worker_codes import codes_by_name

PLAN, MODEL, NOTES = "plan.pickle", "model.pt", "notes.txt"


@dataclass(slots=True)
class Standing:
    """A module as it stands in the caller's process that cannot be imported anew: a script, the cells of a notebook.

    ``path`` holds its source; ``roots`` are the names in it that the model needs; ``values`` are pickled
    values of names that its other statements bind.
    """

    name: str
    path: str
    package: str
    roots: tuple[str, ...]
    values: dict[str, bytes] = field(default_factory=dict)


@dataclass(slots=True)
class Plan:
    """The caller's process, as far as the model needs it: where modules come from, and the default dtype."""

    search: list[str]
    modules: dict[str, str]
    standing: list[Standing]
    dtype: str


class _Found(importlib.abc.MetaPathFinder):
    """Imports a module from the very file that the caller's process has it from."""

    def __init__(self, modules: dict[str, str]) -> None:
        self.modules = modules

    def find_spec(self, name: str, path: Sequence[str] | None = None, target: Any = None) -> importlib.machinery.ModuleSpec | None:
        file = self.modules.get(name)
        if file is None or not os.path.isfile(file):
            return None
        inside = [os.path.dirname(file)] if os.path.basename(file) == "__init__.py" else None
        return importlib.util.spec_from_file_location(name, file, submodule_search_locations=inside)


def load(folder: str) -> list[tuple[Any, tuple[Any, ...], dict[str, Any]]]:
    """The cases in ``folder`` with the one model they share, as an entry gives them."""
    with open(os.path.join(folder, PLAN), "rb") as file:
        plan: Plan = pickle.load(file)
    if not any(isinstance(finder, _Found) for finder in sys.meta_path):
        sys.meta_path.insert(0, _Found(plan.modules))
        sys.path[:] = [*plan.search, *(entry for entry in sys.path if entry not in plan.search)]
        torch.set_default_dtype(getattr(torch, plan.dtype))
        for standing in plan.standing:
            _stand(standing)
    model, cases = torch.load(os.path.join(folder, MODEL), weights_only=False)
    notes = worker_replay.replay(model) if isinstance(model, torch.nn.Module) else []
    if notes:
        with open(os.path.join(folder, NOTES), "a", encoding="utf-8") as told:
            told.writelines(f"{note}\n" for note in notes)
    return [(model, args, kwargs) for args, kwargs in cases]


def _stand(standing: Standing) -> None:
    """Make the module from the definitions of its source, and from its values as they stood."""
    module = types.ModuleType(standing.name)
    module.__file__, module.__package__ = standing.path, standing.package
    sys.modules[standing.name] = module
    before, now = worker_replay.on_disk(standing.path), worker_replay.as_seen(standing.path)
    tree = worker_standing.reduced(now, before, standing.roots, frozenset(standing.values))

    def value(name: str) -> Any:
        return torch.load(io.BytesIO(standing.values[name]), weights_only=False)

    # Bound in a cell that is not part of the source: some before all else, some are made of what is defined here.
    elsewhere = standing.values.keys() - worker_standing.bound_in(before)
    late = []
    for name in elsewhere:
        try:
            vars(module)[name] = value(name)
        except AttributeError:
            late.append(name)
    vars(module)[worker_standing.VALUE] = value
    exec(compile(tree, standing.path, "exec", dont_inherit=True), vars(module))
    for name in late:
        vars(module)[name] = value(name)


def function_at(
    module: str, path: str, qualname: str, line: int, defaults: Any, keywords: Any, cells: tuple[Any, ...]
) -> Callable[..., Any]:
    """A lambda or an inner function, which no import finds, from its source, with the values it had closed over.

    Raises LookupError where the source does not hold it.
    """
    namespace = importlib.import_module(module).__dict__
    seen, disk = worker_replay.as_seen(path), worker_replay.on_disk(path)
    found = [code for code in codes_by_name(seen, path).get(qualname, ()) if seen == disk or code.co_name != "<lambda>"]
    if len(found) != 1:
        found = [code for code in codes_by_name(disk, path).get(qualname, ()) if code.co_firstlineno == line]
    if len(found) != 1 or len(found[0].co_freevars) != len(cells):
        raise LookupError(f"{path}:{line}: {qualname} cannot be told from other functions of this line")
    made = types.FunctionType(found[0], namespace, found[0].co_name, defaults, tuple(types.CellType(value) for value in cells))
    made.__kwdefaults__, made.__qualname__ = keywords, qualname
    return made
