"""The patch made minimal with as few judgements as the places of rewrites allow."""

from __future__ import annotations

from dataclasses import dataclass, field

from hypothesis import given
from hypothesis import strategies as st

from scriptify.draft import Draft
from scriptify.minimise import unneeded
from scriptify.slim import slimmed
from scriptify.transform import Edit, Rewrite

PATH = "/project/net.py"
TEXT = "".join(f"a{n} = 0\n" for n in range(8))


@dataclass
class Needs:
    """An entry that needs some of the rewrites, and runs some scopes."""

    needed: frozenset[int]
    touched: frozenset[tuple[str, str]]
    asked: int = field(default=0)


def draft() -> Draft:
    """Eight rewrites, one a line, each in a scope of its own."""
    layer = [
        Rewrite(
            code="SF1",
            title="",
            path=PATH,
            line=n + 1,
            scope=f"Net{n}.forward",
            edits=(Edit(PATH, n * 7, n * 7 + 2, f"b{n}"),),
            before=f"a{n}",
        )
        for n in range(8)
    ]
    return Draft({PATH: TEXT}).adding(layer)


def still(trial: Draft, work: Needs) -> str:
    """What the entry lacks."""
    work.asked += 1
    return next((f"a{n} is refused" for n in sorted(work.needed) if f"b{n} =" not in trial.texts[PATH]), "")


def test_an_entry_is_asked_only_for_what_it_runs() -> None:
    works = [Needs(frozenset({n}), frozenset({(PATH, f"Net{n}.forward")})) for n in (1, 5)]
    slim = slimmed(draft(), range(8), works, still, lambda tried: None, near=True)
    assert slim.texts[PATH] == "".join(f"{'b' if n in (1, 5) else 'a'}{n} = 0\n" for n in range(8))
    assert [r.answers for r in slim.rewrites] == ["a1 is refused", "a5 is refused"]
    near = sum(work.asked for work in works)
    for work in works:
        work.asked = 0
    assert slimmed(draft(), range(8), works, still, lambda tried: None, near=False).texts == slim.texts
    assert near <= sum(work.asked for work in works)


@given(st.sets(st.integers(0, 11)), st.integers(1, 3))
def test_what_is_left_is_minimal(needed: set[int], apart: int) -> None:
    items = list(range(12))

    def holds_without(gone: list[int]) -> bool:
        left = set(items) - set(gone)
        # An item stands in for the one some places on: which goes first matters.
        return all(n in left or (n + apart) % 12 in left for n in needed)

    out = unneeded(items, holds_without)
    assert holds_without(out)
    assert not any(holds_without([*out, n]) for n in items if n not in out)
