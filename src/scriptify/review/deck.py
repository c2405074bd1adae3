"""A proved draft as a deck of cards: what each rewrite stands on, what it changes by itself, and any selection as a draft."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property, lru_cache
from pathlib import Path

from scriptify.choosing import Choice
from scriptify.draft import Draft
from scriptify.report.paths import key, shown
from scriptify.review import amend
from scriptify.review.amend import Block
from scriptify.review.state import Decided, Item, Mark
from scriptify.transform import Rewrite

Edits = Mapping[int, tuple[Block, ...]]


class Deck:
    """The rewrites of ``draft`` in reading order. Paths are told, and decisions kept, relative to ``root``."""

    def __init__(self, draft: Draft, root: Path) -> None:
        self.draft = draft
        self.root = root
        rewrites = draft.rewrites
        self.positions = sorted(range(len(rewrites)), key=lambda n: (rewrites[n].path, rewrites[n].line, n))
        self.rewrites = [rewrites[position] for position in self.positions]
        self.identities = _identities(self.rewrites, root)
        carries = self._carries()
        self.items = tuple(
            Item(
                code=rewrite.code,
                path=shown(rewrite.path, root),
                line=rewrite.line,
                text=_searchable(rewrite, root),
                stands_on=frozenset(other for other, carried in enumerate(carries) if number in carried),
                carries=carries[number],
            )
            for number, rewrite in enumerate(self.rewrites)
        )
        self.texts = lru_cache(maxsize=64)(self._texts)

    def _carries(self) -> list[frozenset[int]]:
        index = {position: number for number, position in enumerate(self.positions)}
        alone = len(self.draft.layers) < 2
        found: list[frozenset[int]] = []
        for number, position in enumerate(self.positions):
            carried = frozenset() if alone else self._near(position)
            found.append(frozenset(index[p] for p in carried) - {number})
        return found

    def _near(self, position: int) -> frozenset[int]:
        """What a rewrite carries: only files that it shares, directly or over others, can be concerned."""
        members = self._components[position]
        thin, places = _only(self.draft, members)
        return frozenset(places[p] for p in thin.carried([places.index(position)]))

    @cached_property
    def _components(self) -> list[frozenset[int]]:
        return _components(self.draft.rewrites)

    # drafts

    def selected(self, kept: Collection[int], edits: Edits) -> Draft:
        """The draft with these items, some edited by hand. Raises Clash where an edit does not fit."""
        out = [position for number, position in enumerate(self.positions) if number not in kept]
        draft = self.draft.without(out) if out else self.draft
        for number in sorted(edits):
            if number in kept:
                draft = self._amended(draft, number, edits[number])
        return draft

    def _amended(self, draft: Draft, number: int, changes: Sequence[Block]) -> Draft:
        rewrite, alone = self.rewrites[number], self._around((number,))[1]
        layer: list[Rewrite] = []
        for path in dict.fromkeys(block.path for block in changes):
            full = str(self.root / path)
            base, now = alone.texts[full], draft.texts[full]
            mine = amend.applied(base, [block for block in changes if block.path == path])
            edits = amend.edits(full, draft.working[full], amend.merged(base, mine, now, path))
            if edits:
                title = f"{rewrite.title}, edited by hand"
                layer.append(replace(rewrite, path=full, title=title, edits=edits, imports=(), answers="", before=""))
        return draft.adding(layer)

    def choice(self, decided: Decided) -> Choice:
        """What the engine is to go on with. Raises Clash."""
        draft = self.selected(decided.where(Mark.TAKEN), decided.edits)
        turned_down = tuple(self.rewrites[n] for n in decided.where(Mark.REFUSED))
        return Choice(draft, turned_down, tuple(self.rewrites[n] for n in decided.where(Mark.OPEN)))

    # what a card shows

    def _around(self, card: tuple[int, ...]) -> tuple[Draft, Draft]:
        """The draft with what a card stands on alone, and with the card as well; of the files that it can concern."""
        members = frozenset(p for number in card for p in self._components[self.positions[number]])
        thin, places = _only(self.draft, members)
        mine = {self.positions[number] for number in card}
        below = {self.positions[n] for number in card for n in self.items[number].stands_on} - mine

        def kept(wanted: Collection[int]) -> Draft:
            return thin.without([at for at, position in enumerate(places) if position not in wanted])

        before, after = kept(below), kept(below | mine)
        if len(after.rewrites) < len(below | mine):
            # Side by side with nothing at all it could not stand: take out of the whole what goes with it instead.
            gone = {self.positions[n] for number in card for n in self.items[number].carries} | mine
            before, after = kept(members - gone), kept((members - gone) | mine)
        return before, after

    def _texts(self, card: tuple[int, ...]) -> tuple[tuple[str, str, str], ...]:
        """For each file that a card changes: its path, its text without the card and with it."""
        before, after = self._around(card)
        paths = {edit.path for number in card for edit in self.rewrites[number].edits}
        paths |= {item.path for number in card for item in self.rewrites[number].imports}
        own = self.rewrites[card[0]].path
        ordered = sorted(paths, key=lambda path: (path != own, path))
        return tuple((path, before.texts[path], after.texts[path]) for path in ordered)

    def changes(self, card: tuple[int, ...], edits: Edits) -> list[tuple[str, str, str]]:
        """The same with what was edited by hand, by the path that is shown. Raises Clash."""
        found = []
        for path, before, after in self.texts(card):
            name = shown(path, self.root)
            mine = [block for number in card for block in edits.get(number, ()) if block.path == name]
            found.append((name, before, amend.applied(after, mine)))
        return found


def _identities(rewrites: Sequence[Rewrite], root: Path) -> list[str]:
    """A fingerprint for each, the same wherever the project lies; twins in one function are numbered."""
    seen: Counter[str] = Counter()
    found = []
    for rewrite in rewrites:
        mark = key(rewrite, root)
        seen[mark] += 1
        found.append(mark if seen[mark] == 1 else f"{mark}.{seen[mark]}")
    return found


def _searchable(rewrite: Rewrite, root: Path) -> str:
    new = (edit.text for edit in rewrite.edits)
    return "\n".join((rewrite.code, rewrite.title, shown(rewrite.path, root), rewrite.scope, rewrite.before, *new))


def _components(rewrites: Sequence[Rewrite]) -> list[frozenset[int]]:
    """For each rewrite, all that touch a file which it touches, directly or over others."""
    home: dict[str, set[int]] = {}
    for number, rewrite in enumerate(rewrites):
        members = {number}
        paths = {edit.path for edit in rewrite.edits}
        for path in paths:
            members |= home.get(path, set())
        for path in {p for n in members for p in (e.path for e in rewrites[n].edits)} | paths:
            home[path] = members
    frozen = {id(members): frozenset(members) for members in home.values()}
    found: list[frozenset[int]] = []
    for rewrite in rewrites:
        found.append(frozen[id(home[rewrite.edits[0].path])])
    return found


def _only(draft: Draft, members: Iterable[int]) -> tuple[Draft, list[int]]:
    """A draft's shape with these rewrites alone, which must share no file with the others, and their positions."""
    wanted = set(members)
    numbered = iter(range(len(draft.rewrites)))
    layers = [tuple((next(numbered), rewrite) for rewrite in layer) for layer in draft.layers]
    thin = [tuple(pair for pair in layer if pair[0] in wanted) for layer in layers]
    kept = Draft(draft.base, tuple(tuple(r for _, r in layer) for layer in thin))
    return kept, [number for layer in thin for number, _ in layer]
