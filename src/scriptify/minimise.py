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
    stood_at: dict[int, int] = {}

    def drop(batch: Sequence[int]) -> None:
        # What failed alone fails again as long as nothing more was left out.
        if not batch or (len(batch) == 1 and stood_at.get(batch[0]) == len(out)):
            return
        if holds_without([*out, *(items[number] for number in batch)]):
            out.extend(items[number] for number in batch)
            gone.update(batch)
        elif len(batch) > 1:
            middle = len(batch) // 2
            drop(batch[:middle])
            drop(batch[middle:])
        else:
            stood_at[batch[0]] = len(out)

    gone: set[int] = set()
    while True:
        left = [number for number in range(len(items)) if number not in gone and stood_at.get(number) != len(out)]
        before = len(out)
        drop(left)
        if len(out) == before:
            return out
