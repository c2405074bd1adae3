"""The patch made minimal: every rewrite that no passing entry needs is left out.

A rewrite is tried without on the entries that run its function or hold its class; the caller judges all
of them in the end.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Protocol, TypeVar

from scriptify.draft import Draft
from scriptify.minimise import unneeded
from scriptify.oracle.protocol import Observation
from scriptify.transform import Rewrite

Scope = tuple[str, str]
"""A file's path and the qualified name of a function or class in it."""


class Needy(Protocol):
    """An entry that passes with the rewrites and did not without."""

    @property
    def touched(self) -> frozenset[Scope]:
        """The functions that it runs and the classes of its modules."""
        ...


W = TypeVar("W", bound=Needy)


def touched(seen: Observation | None) -> frozenset[Scope]:
    """What a run of an entry went through."""
    if seen is None:
        return frozenset()
    functions = {(function.path, function.qualname) for function in seen.functions}
    return frozenset(functions | {(held.path, held.qualname) for held in seen.classes})


def concerned(rewrite: Rewrite, works: Sequence[W]) -> list[W]:
    """The entries for which a rewrite may matter; all where its place says nothing."""
    if any(edit.path != rewrite.path for edit in rewrite.edits):
        return list(works)
    scope = (rewrite.path, rewrite.scope)
    owner = (rewrite.path, rewrite.scope.rpartition(".")[0])
    return [work for work in works if scope in work.touched or owner in work.touched] or list(works)


def slimmed(
    draft: Draft, loose: Sequence[int], works: Sequence[W], still: Callable[[Draft, W], str], tell: Callable[[int], None], *, near: bool
) -> Draft:
    """The draft without those of the ``loose`` rewrites (by position) that no entry needs.

    ``still`` judges one entry and gives the error it met, ``""`` for none; ``tell`` hears how many drafts
    were tried; with ``near`` an entry is judged only for rewrites that concern it. Each rewrite that is
    needed knows the error met without it.
    """
    rewrites = draft.rewrites
    tried = 0
    gone_well: Collection[int] = ()
    errors: dict[str, str] = {}

    def holds_without(gone: list[int]) -> bool:
        nonlocal tried, gone_well
        tried += 1
        tell(tried)
        trial = draft.without(gone)
        fresh = [rewrites[position] for position in gone if position not in gone_well]
        asked = [work for work in works if not near or any(work in concerned(rewrite, works) for rewrite in fresh)]
        error = next(filter(None, (still(trial, work) for work in asked)), "")
        if error and len(fresh) == 1:
            errors[fresh[0].key] = error
        gone_well = list(gone) if not error else gone_well
        return not error

    return draft.without(unneeded(loose, holds_without)).answering(errors)
