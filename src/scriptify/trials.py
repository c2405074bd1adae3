"""The checks that follow from their examples, run on the transforms of a module: anybody's, before they are installed."""

from __future__ import annotations

import importlib
import pkgutil
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from scriptify import behaviour, examples, registry
from scriptify.examples import Problem
from scriptify.registry import RegistryError
from scriptify.transform import Fires, Transform


@dataclass(frozen=True, slots=True)
class Trial:
    """One example of one transform (or, with an empty ``kind``, the transform itself) and what is wrong with it.

    ``proof`` is ``"proved"`` or ``"refuted"`` where the oracle judged it, else why it did not.
    """

    code: str
    example: str
    kind: str
    problems: tuple[Problem, ...] = ()
    proof: str = ""

    @property
    def ok(self) -> bool:
        """Whether every check that was made passed."""
        return not self.problems


def kinds_of(target: str, here: Path) -> list[type[Transform]]:
    """The transform classes of ``target``: a module, a package with its modules, or a ``.py`` file; seen from the folder ``here``.

    Raises RegistryError for one that can't be imported or defines none.
    """
    name = target
    if target.endswith(".py"):
        path = (here / target).resolve()
        if not path.is_file():
            raise RegistryError(f"{target}: no such file")
        here, name = path.parent, path.stem
    sys.path.insert(0, str(here))
    try:
        found = [kind for module in _modules(name) for kind in registry.in_module(module)]
    finally:
        sys.path.remove(str(here))
    if not found:
        raise RegistryError(f"{target} defines no Transform")
    return found


def _modules(name: str) -> list[str]:
    registry.in_module(name)
    paths = getattr(importlib.import_module(name), "__path__", None)
    return [name, *(info.name for info in pkgutil.walk_packages(paths, f"{name}."))] if paths else [name]


def trials(kinds: Sequence[type[Transform]], judge: behaviour.Judge | None, folder: Path, why_not: str = "") -> Iterator[Trial]:
    """Try every example of every class; ``judge`` is the oracle's, ``why_not`` the reason where there is none.

    ``folder`` is an empty place for the files of examples. A transform that breaks is a problem of its own, never an exception.
    """
    for kind in kinds:
        named = str(getattr(kind, "code", None) or kind.__name__)
        try:
            registry.check(kind)
        except RegistryError as error:
            yield Trial(named, kind.__name__, "", (Problem(named, kind.__name__, "is a transform", str(error)),))
            continue
        transform = kind()
        yield from (_itself(transform), *(_one(transform, n, judge, folder, why_not) for n in range(len(transform.examples))))


def _itself(transform: Transform) -> Trial:
    wrong = []
    taken = next((t for t in registry.all_transforms() if t.code == transform.code or t.name == transform.name), None)
    if taken is not None and type(taken).__qualname__ != type(transform).__qualname__:
        wrong.append(Problem(transform.code, "-", "has a code of its own", f"{taken.code} {taken.name} is taken"))
    shown = {isinstance(example, Fires) for example in transform.examples}
    if True not in shown:
        wrong.append(Problem(transform.code, "-", "has examples", "none shows what it rewrites"))
    if False not in shown:
        wrong.append(Problem(transform.code, "-", "has examples", "none shows what it leaves alone"))
    return Trial(transform.code, transform.name, "", tuple(wrong))


def _one(transform: Transform, index: int, judge: behaviour.Judge | None, folder: Path, why_not: str) -> Trial:
    example = transform.examples[index]
    name, kind = examples.label(transform, index), type(example).__name__.lower()
    found = list(examples.check_example(transform, index))
    if not isinstance(example, Fires):
        return Trial(transform.code, name, kind, tuple(found))
    if not example.entry:
        return Trial(transform.code, name, kind, tuple(found), "no entry")
    if judge is None:
        return Trial(transform.code, name, kind, tuple(found), why_not)
    refuted = list(behaviour.check_example(transform, index, judge, folder))
    return Trial(transform.code, name, kind, (*found, *refuted), "refuted" if refuted else "proved")
