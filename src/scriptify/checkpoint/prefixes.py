"""Which components of a state dict's names are a wrapper's, and the names without them. Only names: no torch.

``DataParallel`` and ``DistributedDataParallel`` put ``module.`` before every key, ``torch.compile`` puts ``_orig_mod.``;
a wrapper around a submodule puts it after that submodule's name. ``_orig_mod`` is a name of torch.compile alone, so
it comes off wherever it stands. ``module`` may be a real submodule's name: it comes off in front only, only where all
keys have it, and only where the ``_metadata`` (the names of all modules, also those without parameters) knows
nothing beside it. Sources: torch/nn/parallel/data_parallel.py, torch/_dynamo/eval_frame.py (OptimizedModule).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from scriptify.checkpoint.model import CheckpointError, ChoiceError, Taken

PARALLEL = "module"
COMPILED = "_orig_mod"

Path = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Step:
    """One component that comes off: in front (``under`` is empty), under one module, or wherever it stands."""

    component: Path
    under: Path = ()
    anywhere: bool = False

    def __call__(self, path: Path) -> Path:
        if self.anywhere:
            return tuple(part for part in path if part not in self.component)
        start, end = len(self.under), len(self.under) + len(self.component)
        if path[:start] == self.under and path[start:end] == self.component:
            return path[:start] + path[end:]
        return path

    @property
    def text(self) -> str:
        """As a reader knows it: with the module it stands under and a dot at the end."""
        return ".".join((*self.under, *self.component, ""))


@dataclass(frozen=True, slots=True)
class Plan:
    """What comes off the names of one state dict. ``keys`` maps every old key to its new one, in the old order."""

    keys: Mapping[str, str]
    steps: tuple[_Step, ...]
    taken: tuple[Taken, ...]
    notes: tuple[str, ...]

    @property
    def renames(self) -> tuple[tuple[str, str], ...]:
        """The keys that change, old and new."""
        return tuple((old, new) for old, new in self.keys.items() if old != new)

    def module(self, name: str) -> str:
        """The new name of a module, as the ``_metadata`` of a state dict has it (``""`` is the model itself)."""
        return ".".join(_through(self.steps, tuple(name.split(".")) if name else ()))

    def metadata(self, old: Mapping[str, object]) -> dict[str, object]:
        """``_metadata`` under the new names. A wrapper's own entry gives way to that of the module it held."""
        deepest: dict[str, str] = {}
        for name in old:
            new = self.module(name)
            if new not in deepest or len(name) > len(deepest[new]):
                deepest[new] = name
        return {new: old[name] for new, name in deepest.items()}


def plan(
    keys: Iterable[str],
    *,
    voters: Collection[str] | None = None,
    modules: Collection[str] = (),
    prefixes: Sequence[str] = (),
    inner: bool = False,
    where: str = "",
) -> Plan:
    """Decide what comes off ``keys``.

    ``voters`` are those of the keys that name tensors (all, if None): the others follow, and have no say.
    ``modules`` are the names in ``_metadata``. ``prefixes`` are the user's own, in place of the wrappers': each is
    taken off once, in their order, from the keys that have it. ``inner`` also takes ``module`` off further in, where
    nothing stands beside it. Raises CheckpointError, starting with ``where``, where two keys would become one, and
    ChoiceError for an empty prefix.
    """
    names = list(keys)
    paths = [tuple(key.split(".")[:-1]) for key in names if voters is None or key in voters]
    known = [tuple(name.split(".")) for name in modules if name]
    steps, notes = (_chosen(prefixes), []) if prefixes else _found(paths, known, inner)
    new = {key: ".".join((*_through(steps, tuple(key.split(".")[:-1])), key.split(".")[-1])) for key in names}
    _refuse_collisions(new, where)
    return Plan(new, tuple(steps), tuple(_taken(steps, names)), tuple(notes))


def _chosen(prefixes: Sequence[str]) -> list[_Step]:
    steps = []
    for prefix in prefixes:
        parts = tuple(prefix.strip(".").split("."))
        if not all(parts):
            raise ChoiceError(f"{prefix!r} is no prefix: give whole components, as in --prefix module.")
        steps.append(_Step(parts))
    return steps


def _found(paths: list[Path], known: list[Path], inner: bool) -> tuple[list[_Step], list[str]]:
    steps: list[_Step] = []

    def take(step: _Step) -> None:
        steps.append(step)
        for held in (paths, known):
            held[:] = [step(path) for path in held]

    if any(COMPILED in path for path in paths):
        take(_Step((COMPILED,), anywhere=True))
    while paths and all(path[:1] == (PARALLEL,) for path in paths) and not _beside(known, ()):
        take(_Step((PARALLEL,)))
    notes = list(_left_in_front(paths, known))
    while holders := _holders(paths, known):
        if not inner:
            shown = ", ".join(f"{'.'.join((*under, PARALLEL))}." for under in holders[:3])
            more = f" and {len(holders) - 3} more" if len(holders) > 3 else ""
            notes.append(f"{shown}{more} may be a wrapper around a submodule: --inner takes {PARALLEL} off there too")
            break
        for under in holders:
            take(_Step((PARALLEL,), under))
    return steps, notes


def _beside(known: Iterable[Path], under: Path) -> str:
    """A module that stands beside ``module`` under a path, by the ``_metadata``; ``""`` where there is none."""
    start = len(under)
    return next((".".join(path) for path in known if path[:start] == under and path[start:] and path[start] != PARALLEL), "")


def _left_in_front(paths: list[Path], known: list[Path]) -> Iterator[str]:
    count = sum(path[:1] == (PARALLEL,) for path in paths)
    if not count:
        return
    way_out = f"--prefix {PARALLEL}. takes it off all the same"
    if count < len(paths):
        yield f"{count} of {len(paths)} keys start with {PARALLEL}., the others do not, so it may be a submodule's name; {way_out}"
    elif other := _beside(known, ()):
        yield f"every key starts with {PARALLEL}., but the file's _metadata has {other} beside it: a submodule's name; {way_out}"


def _holders(paths: list[Path], known: list[Path]) -> list[Path]:
    """The modules under which everything is in a submodule called ``module``, outermost first."""
    below: Counter[Path] = Counter()
    wrapped: Counter[Path] = Counter()
    for path in paths:
        for depth in range(1, len(path) + 1):
            below[path[:depth]] += 1
            if path[depth : depth + 1] == (PARALLEL,):
                wrapped[path[:depth]] += 1
    held = [under for under, count in wrapped.items() if count == below[under] and not _beside(known, under)]
    # One level at a time: taking one off moves what lies below it.
    return [under for under in held if not any(under[: len(other)] == other for other in held if other != under)]


def _through(steps: Iterable[Callable[[Path], Path]], path: Path) -> Path:
    for step in steps:
        path = step(path)
    return path


def _taken(steps: Sequence[_Step], names: list[str]) -> Iterator[Taken]:
    now = {name: tuple(name.split(".")[:-1]) for name in names}
    found: dict[str, Taken] = {}
    for step in steps:
        hit = [name for name, path in now.items() if step(path) != path]
        now = {name: step(path) for name, path in now.items()}
        if hit:
            # Two layers of one wrapper are one line of a report.
            before = found.get(step.text)
            found[step.text] = Taken(step.text, max(len(hit), before.keys if before else 0), before.example if before else hit[0])
    yield from found.values()


def _refuse_collisions(new: Mapping[str, str], where: str) -> None:
    first: dict[str, str] = {}
    for old, name in new.items():
        if name in first:
            raise CheckpointError(f"{where}{': ' if where else ''}{first[name]} and {old} would both become {name}; nothing was written")
        first[name] = old
