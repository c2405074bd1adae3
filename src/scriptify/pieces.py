"""What became of a file, in its own coordinates: where layer upon layer of rewrites ended up, and whose work each place is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from scriptify.draft import Draft
from scriptify.transform import Edit, Piece, Rewrite
from scriptify.tree import import_edits


@dataclass(frozen=True, slots=True)
class _Run:
    """A stretch of the text as it stands: ``start:end`` of the file as read, or ``text`` that rewrites put in place of it.

    Of a text ``start:end`` is what it replaced, where that is known (``exact``): not where it stands on other rewrites.
    """

    start: int
    end: int
    text: str | None = None
    owners: frozenset[int] = frozenset()
    exact: bool = False

    @property
    def length(self) -> int:
        return self.end - self.start if self.text is None else len(self.text)

    def part(self, first: int, last: int) -> _Run:
        """Its characters ``first:last``."""
        if self.text is None:
            return _Run(self.start + first, self.start + last)
        return replace(self, text=self.text[first:last], exact=False)


Owned = tuple[Edit, frozenset[int]]


def pieces(draft: Draft, path: str, rewrites: Sequence[Rewrite]) -> tuple[Piece, ...]:
    """The pieces of one file, in order, apart or side by side; ``rewrites`` are those that ``owners`` count in.

    Applied to the file as read they give its text as it would be written. Raises ParseError as ``draft.texts`` does.
    """
    number = {id(rewrite): position for position, rewrite in enumerate(rewrites)}
    runs = [_Run(0, len(draft.base[path]))]
    for layer in draft.layers:
        mine = [(e, frozenset({number[id(r)]})) for r in layer if id(r) in number for e in r.edits if e.path == path]
        runs = list(_edited(runs, sorted(mine, key=lambda owned: owned[0])))
    runs = list(_edited(runs, sorted(_imports(draft, path, rewrites), key=lambda owned: owned[0])))
    return tuple(_joined(runs, len(draft.base[path])))


def _imports(draft: Draft, path: str, rewrites: Sequence[Rewrite]) -> Iterator[Owned]:
    needed = {n: [item for item in r.imports if item.path == path] for n, r in enumerate(rewrites)}
    wanted = {item for r in draft.rewrites for item in r.imports if item.path == path}
    if not wanted or draft.working[path] == draft.base[path]:
        return
    for edit in import_edits(path, draft.working[path], wanted):
        # One edit may add several names; it belongs to the rewrites that need one of them.
        owners = frozenset(n for n, items in needed.items() if any((item.name or item.module) in edit.text for item in items))
        yield edit, owners or frozenset(needed)


def _edited(runs: Iterable[_Run], edits: Sequence[Owned]) -> Iterator[_Run]:
    """The runs after edits of one layer, which are sorted and do not overlap."""
    waiting = list(reversed(list(runs)))
    at = 0
    for edit, owners in edits:
        while at < edit.start:
            run = waiting.pop()
            step = min(run.length, edit.start - at)
            yield run.part(0, step)
            at += step
            if step < run.length:
                waiting.append(run.part(step, run.length))
        gone: list[_Run] = []
        while at < edit.end:
            run = waiting.pop()
            step = min(run.length, edit.end - at)
            gone.append(run.part(0, step))
            at += step
            if step < run.length:
                waiting.append(run.part(step, run.length))
        yield _replacing(gone, edit.text, owners)
    yield from reversed(waiting)


def _replacing(gone: Sequence[_Run], text: str, owners: frozenset[int]) -> _Run:
    if gone and all(run.text is None for run in gone):
        return _Run(gone[0].start, gone[-1].end, text, owners, exact=True)
    return _Run(0, 0, text, owners.union(*(run.owners for run in gone)))


def _joined(runs: Sequence[_Run], length: int) -> Iterator[Piece]:
    """The pieces in each gap between stretches that stay as they were."""
    at = 0
    made: list[_Run] = []
    for run in (*runs, _Run(length, length)):
        if run.text is not None:
            made.append(run)
        elif run.length or run.start == length:
            yield from _filled(made, at, run.start)
            at, made = run.end, []


def _filled(made: Sequence[_Run], start: int, end: int) -> Iterator[Piece]:
    """The pieces of one gap: side by side where each rewrite has its own part of it, else what can't be told apart as one."""
    known = [run for run in made if run.exact]
    done: list[Piece] = []
    at = start
    for run in made:
        if run.exact:
            at = run.end
            here = Piece(run.start, run.end, run.text or "", tuple(sorted(run.owners)))
        else:
            upto = next((later.start for later in known if later.start >= at), end)
            here = Piece(at, upto, run.text or "", tuple(sorted(run.owners)))
            at = upto
        last = done[-1] if done else None
        # What was put in where nothing went is told from its neighbour by order only, and that not every tool keeps.
        if last and (here.start == here.end or last.start == last.end or set(here.owners) & set(last.owners)):
            done[-1] = Piece(last.start, here.end, last.text + here.text, tuple(sorted({*last.owners, *here.owners})))
        else:
            done.append(here)
    yield from done
