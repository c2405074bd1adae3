"""Group tests over sets of rewrites: which do harm, and which are needed. Pure; the judge is a function."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

T = TypeVar("T")


def acceptable(items: Sequence[T], holds: Callable[[list[T]], bool]) -> tuple[list[T], list[T]]:
    """Split items into those that hold together and those that do not, judging whole batches first.

    ``holds`` judges a list; the empty list is taken to hold. A batch that fails is halved, so that one
    bad item costs its own place and no other.
    """
    kept: list[T] = []
    refused: list[T] = []

    def take(batch: Sequence[T]) -> None:
        if not batch:
            return
        if holds([*kept, *batch]):
            kept.extend(batch)
        elif len(batch) == 1:
            refused.append(batch[0])
        else:
            middle = len(batch) // 2
            take(batch[:middle])
            take(batch[middle:])

    take(list(items))
    return kept, refused


def unneeded(items: Sequence[T], holds_without: Callable[[list[T]], bool]) -> list[T]:
    """The items that can be left out together while the rest still holds, judging whole batches first.

    What remains is minimal: taking any one more item out makes it fail.
    """
    out: list[T] = []

    def drop(batch: Sequence[T]) -> None:
        if not batch:
            return
        if holds_without([*out, *batch]):
            out.extend(batch)
        elif len(batch) > 1:
            middle = len(batch) // 2
            drop(batch[:middle])
            drop(batch[middle:])

    while True:
        before = len(out)
        drop([item for item in items if item not in out])
        if len(out) == before or len(out) == len(items):
            return out
