"""Takes wrappers' components off the keys of a checkpoint and changes nothing else in it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, MutableMapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from scriptify.checkpoint import loading, note, prefixes, sections, writing
from scriptify.checkpoint.model import Access, ChoiceError, Renamed, StripResult
from scriptify.checkpoint.prefixes import Plan
from scriptify.checkpoint.sections import Section

M = TypeVar("M", bound=MutableMapping[str, Any])


def stripped(state_dict: M, *, prefixes: Sequence[str] = (), inner: bool = False) -> M:
    """A copy of a state dict in memory without its wrappers' components; tensors are the same objects.

    Class, order, ``_metadata`` (under the new names) and entries that are no tensors are kept. Raises
    CheckpointError where two keys would become one. See :func:`scriptify.checkpoint.strip` for the rule.
    """
    copied: M = state_dict.copy()  # type: ignore[attr-defined]
    for name, value in getattr(state_dict, "__dict__", {}).items():
        setattr(copied, name, value)
    section = Section((), copied)
    rename(section, plan_of(section, prefixes, inner))
    return copied


def plan_of(section: Section, chosen: Sequence[str], inner: bool, where: str = "") -> Plan:
    """What comes off a state dict's keys."""
    names = [name for name in section.values if isinstance(name, str)]
    return prefixes.plan(names, voters=section.voters, modules=section.versions, prefixes=chosen, inner=inner, where=where)


def rename(section: Section, plan: Plan) -> None:
    """Put a plan's names in place of the old ones, in the mapping itself: who else holds it sees them too."""
    renamed(section, plan.keys, plan.metadata)


def renamed(section: Section, keys: Mapping[str, str], metadata: Callable[[Mapping[str, Any]], dict[str, Any]]) -> None:
    """The same for any new names: ``keys`` from old to new, ``metadata`` for the table of versions."""
    values = section.values
    items = [(keys.get(name, name), value) for name, value in values.items()]
    values.clear()
    values.update(items)
    versions = getattr(values, "_metadata", None)
    if isinstance(versions, Mapping):
        values._metadata = type(versions)(metadata(versions))  # type: ignore[call-arg]


def strip(path: str, output: str, write: bool, key: str, chosen: tuple[str, ...], inner: bool, access: Access) -> StripResult:
    """Plan, and write where there is a place to write to (``output``, or ``path`` itself with ``write``). Raises CheckpointError."""
    content = loading.read(path, access)
    found = [sections.one(content, key)] if key else sections.sections(content.value)
    if not found:
        sections.one(content, key)
    plans = [plan_of(section, chosen, inner, f"{path}{f' ({section.key})' if section.key else ''}") for section in found]
    states = tuple(Renamed(s.key, p.renames, len(p.keys), p.taken, p.notes) for s, p in zip(found, plans, strict=True))
    result = StripResult(path, states)
    if not result.changes or not (output or write):
        return result
    target = writing.check_target(Path(path), output, write)
    replaces = target.exists()
    if any(section.module for section in found):
        if not output:
            raise ChoiceError(f"{path}: is a whole module and would be replaced by its state dict alone; name another file with -o")
        sections.unwrap(content, found)
    if len(plans) == 1:
        note.rename(content, plans[0])
    for section, plan in zip(found, plans, strict=True):
        rename(section, plan)
    writing.save(content.value, target, content.kind, content.metadata or None)
    return StripResult(path, states, str(target), replaces, loading.moved(content))
