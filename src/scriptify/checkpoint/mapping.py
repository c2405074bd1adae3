"""Which names of a checkpoint are which of a model's, where they differ: by wrappers, by suffix, by shape. Never a guess.

Only names and shapes: no torch. A pair is suggested when each is the other's only best: the longest run of equal
components at the end, among tensors of the same shape. What is told apart neither way is ambiguous and stays.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from scriptify.checkpoint import prefixes
from scriptify.checkpoint.model import CheckpointError

Shapes = Mapping[str, tuple[int, ...]]
_MANY = 400_000
"""Pairs of one shape and last component that are still compared one by one."""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """``names`` from file to model, one to one; ``ambiguous`` names of the file with several equally good partners."""

    names: dict[str, str]
    ambiguous: tuple[str, ...]


def suggest(file: Shapes, model: Shapes, modules: Iterable[str] = ()) -> Suggestion:
    """Partners for the names of ``file`` that ``model`` does not have, among those of ``model`` that ``file`` does not have.

    ``modules`` are the names in the file's ``_metadata``.
    """
    here = {name: shape for name, shape in file.items() if name not in model}
    there = {name: shape for name, shape in model.items() if name not in file}
    found: dict[str, str] = {}

    def take(pairs: Mapping[str, str]) -> bool:
        for old, new in pairs.items():
            found[old] = new
            del here[old], there[new]
        return bool(pairs)

    take(_unwrapped(file, here, there, list(modules)))
    rivals: set[str] = set()
    while here and there:
        pairs, rivals = _by_suffix(here, there)
        if not take(pairs) and not take(_by_neighbours(found, here, there)):
            break
    order = {name: number for number, name in enumerate(file)}
    return Suggestion({old: found[old] for old in sorted(found, key=order.__getitem__)}, tuple(name for name in here if name in rivals))


def _unwrapped(file: Shapes, here: Shapes, there: Shapes, modules: list[str]) -> dict[str, str]:
    try:
        new = prefixes.plan(file, modules=modules, inner=True).keys
    except CheckpointError:
        return {}
    return {name: new[name] for name in here if new[name] in there and there[new[name]] == here[name]}


def _by_suffix(here: Shapes, there: Shapes) -> tuple[dict[str, str], set[str]]:
    """Pairs that are each other's only best, and the names of the file that have several best partners."""
    groups: dict[tuple[str, tuple[int, ...]], tuple[list[str], list[str]]] = defaultdict(lambda: ([], []))
    for side, names in enumerate((here, there)):
        for name, shape in names.items():
            groups[name.rpartition(".")[2], shape][side].append(name)
    pairs, rivals = dict[str, str](), set[str]()
    for ours, theirs in groups.values():
        if len(ours) * len(theirs) > _MANY:
            rivals.update(ours)
            continue
        table = {old: {new: _common(old, new) for new in theirs} for old in ours}
        best = {old: _only_best(row) for old, row in table.items() if row}
        back = {new: _only_best({old: table[old][new] for old in ours}) for new in theirs if ours}
        for old, new in best.items():
            if new and back[new] == old:
                pairs[old] = new
            else:
                rivals.add(old)
    return pairs, rivals


def _only_best(scores: Mapping[str, int]) -> str:
    top = max(scores.values())
    names = [name for name, score in scores.items() if score == top]
    return names[0] if len(names) == 1 else ""


def _common(old: str, new: str) -> int:
    count = 0
    for a, b in zip(reversed(old.split(".")), reversed(new.split(".")), strict=False):
        if a != b:
            break
        count += 1
    return count


def _by_neighbours(found: Mapping[str, str], here: Shapes, there: Shapes) -> dict[str, str]:
    """Pairs that follow from how the modules of others were renamed, where only one such renaming fits."""
    renames = defaultdict[str, set[str]](set)
    for old, new in found.items():
        parts, others = old.split("."), new.split(".")
        for kept in range(1, _common(old, new) + 1):
            renames[".".join(parts[:-kept])].add(".".join(others[:-kept]))
    fits: dict[str, set[str]] = {}
    for name, shape in here.items():
        parts = name.split(".")
        options = set[str]()
        for cut in range(len(parts) - 1, -1, -1):
            for new in renames.get(".".join(parts[:cut]), ()):
                whole = ".".join(([new] if new else []) + parts[cut:])
                if there.get(whole) == shape:
                    options.add(whole)
            if options:
                break  # the nearest module that was renamed decides
        fits[name] = options
    wanted = [new for options in fits.values() for new in options]
    return {old: next(iter(options)) for old, options in fits.items() if len(options) == 1 and wanted.count(next(iter(options))) == 1}
