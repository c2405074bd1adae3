"""A migration in progress: the texts as read, and the rewrites accepted so far, layer upon layer.

Rewrites of one layer apply to the text that the layers before it made. A draft is immutable; a rewrite
can be taken out of the middle, and those that stand on its text go with it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import pairwise

from scriptify.newnames import NewNames
from scriptify.transform import Edit, Import, Rewrite
from scriptify.tree import ParseError, import_edits, parsed

Layer = tuple[Rewrite, ...]


@dataclass(frozen=True)
class Draft:
    """``base`` maps a path to its text as read; ``layers`` are the accepted rewrites in order."""

    base: Mapping[str, str]
    layers: tuple[Layer, ...] = field(default=())

    @cached_property
    def working(self) -> dict[str, str]:
        """The texts with every layer applied and no import added yet: what the next layer's offsets mean."""
        texts = dict(self.base)
        for layer in self.layers:
            texts.update(apply_layer(texts, layer))
        return texts

    @cached_property
    def texts(self) -> dict[str, str]:
        """The texts as they would be written: layers and the imports they need. Raises ParseError."""
        done = dict(self.working)
        for path, wanted in self._imports().items():
            if done[path] != self.base[path]:
                done[path] = splice(done[path], import_edits(path, done[path], wanted))
        return done

    def _imports(self) -> dict[str, set[Import]]:
        wanted: dict[str, set[Import]] = {}
        for rewrite in self.rewrites:
            for item in rewrite.imports:
                wanted.setdefault(item.path, set()).add(item)
        return wanted

    @property
    def rewrites(self) -> list[Rewrite]:
        """All accepted rewrites, in order."""
        return [rewrite for layer in self.layers for rewrite in layer]

    @cached_property
    def changed(self) -> dict[str, str]:
        """The rendered texts that differ from what was read, by path."""
        return {path: text for path, text in self.texts.items() if text != self.base[path]}

    def adding(self, rewrites: Iterable[Rewrite]) -> Draft:
        """The draft with one more layer; none for no rewrites."""
        layer = tuple(rewrites)
        return replace(self, layers=(*self.layers, layer)) if layer else self

    def without(self, keys: Collection[int]) -> Draft:
        """The draft without the rewrites at these positions of ``rewrites``, and without what stands on them."""
        return replace(self, layers=tuple(layer for layer in self._thinned(keys)[0] if layer))

    def carried(self, keys: Collection[int]) -> frozenset[int]:
        """The positions of all that goes with the rewrites at these positions: themselves, and what stands on them."""
        return self._thinned(keys)[1]

    def _thinned(self, keys: Collection[int]) -> tuple[list[Layer], frozenset[int]]:
        asked, gone = set(keys), set()
        moved = _Moved()
        layers: list[Layer] = []
        number = 0
        for layer in self.layers:
            kept: list[Rewrite] = []
            dropped: list[Rewrite] = []
            for rewrite in layer:
                fits = number not in asked and not any(moved.hits(edit) for edit in rewrite.edits)
                (kept if fits else dropped).append(rewrite)
                gone |= set() if fits else {number}
                number += 1
            layers.append(tuple(rewrite.moved([moved.shift(edit) for edit in rewrite.edits]) for rewrite in kept))
            if len(layers) < len(self.layers):
                moved = moved.after(kept, dropped)
        return layers, frozenset(gone)

    def answering(self, errors: Mapping[str, str]) -> Draft:
        """The draft whose rewrites know the error that each, by its key, was found to answer."""
        layers = (tuple(replace(r, answers=errors.get(r.key, r.answers)) for r in layer) for layer in self.layers)
        return replace(self, layers=tuple(layers))

    def touches(self, path: str) -> bool:
        """Whether a rewrite changes this file."""
        return any(edit.path == path for rewrite in self.rewrites for edit in rewrite.edits)

    def line_shift(self, path: str, line: int) -> int:
        """The working text's line for a line of the rendered text (imports push lines down)."""
        working, rendered = self.working.get(path, ""), self.texts.get(path, "")
        if working == rendered or not line:
            return line
        tail = rendered.splitlines()[line - 1 :]
        lines = working.splitlines()
        return len(lines) - len(tail) + 1 if lines[len(lines) - len(tail) :] == tail else line


def apply_layer(texts: Mapping[str, str], layer: Sequence[Rewrite]) -> dict[str, str]:
    """The new texts of the files a layer touches."""
    by_path: dict[str, list[Edit]] = {}
    for rewrite in layer:
        for edit in rewrite.edits:
            by_path.setdefault(edit.path, []).append(edit)
    return {path: splice(texts[path], edits) for path, edits in by_path.items()}


def splice(text: str, edits: Iterable[Edit]) -> str:
    """Apply edits that do not overlap to a text."""
    parts: list[str] = []
    at = 0
    for edit in sorted(edits):
        if edit.start < at:
            raise ValueError(f"edits overlap at offset {edit.start} of {edit.path}")
        parts += (text[at : edit.start], edit.text)
        at = edit.end
    return "".join([*parts, text[at:]])


def settle(rewrites: Iterable[Rewrite], texts: Mapping[str, str]) -> tuple[list[Rewrite], list[Rewrite]]:
    """Split rewrites, given in order of precedence, into those that apply together and those that must wait.

    A rewrite waits when one of its edits overlaps an accepted one, when it takes a new name that an accepted one around it
    takes as well, or when the files it touches would no longer parse with it.
    """
    accepted: list[Rewrite] = []
    waiting: list[Rewrite] = []
    taken: dict[str, list[Edit]] = {}
    names = NewNames(texts)
    for rewrite in rewrites:
        clash = any(edit.overlaps(other) for edit in rewrite.edits for other in taken.get(edit.path, ()))
        if clash or not _within(rewrite.edits, texts) or not _disjoint(rewrite.edits) or names.clash(rewrite):
            waiting.append(rewrite)
            continue
        accepted.append(rewrite)
        names.add(rewrite)
        for edit in rewrite.edits:
            taken.setdefault(edit.path, []).append(edit)
    return accepted, waiting


def _within(edits: Sequence[Edit], texts: Mapping[str, str]) -> bool:
    return all(e.path in texts and 0 <= e.start <= e.end <= len(texts[e.path]) for e in edits)


def _disjoint(edits: Sequence[Edit]) -> bool:
    ordered = sorted(edits)
    return not any(a.overlaps(b) for a, b in pairwise(ordered))


def parses(path: str, text: str) -> str:
    """The reason ``text`` does not parse, or ``""``."""
    try:
        parsed(path, text)
        compile(text, path, "exec", dont_inherit=True)
    except ParseError as error:
        return f"line {error.line}: {error}"
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        return str(error)
    return ""


@dataclass(frozen=True, slots=True)
class _Region:
    """A stretch in which the old text (with the dropped rewrites) and the new one differ."""

    path: str
    old_start: int
    old_end: int
    new_start: int
    new_end: int


class _Moved:
    """Where two versions of the same texts differ, so that offsets into the old one can be carried over."""

    def __init__(self, regions: Iterable[_Region] = ()) -> None:
        self._regions = tuple(regions)

    def hits(self, edit: Edit) -> bool:
        """Whether an edit lies on text that is different now."""
        return any(r.path == edit.path and edit.start <= r.old_end and r.old_start <= edit.end for r in self._regions)

    def shift(self, edit: Edit) -> Edit:
        """The edit at its place in the new text; only for edits that hit nothing."""
        delta = sum((r.new_end - r.new_start) - (r.old_end - r.old_start) for r in self._before(edit.path, edit.start))
        return replace(edit, start=edit.start + delta, end=edit.end + delta)

    def _before(self, path: str, offset: int) -> Iterator[_Region]:
        return (r for r in self._regions if r.path == path and r.old_end <= offset)

    def after(self, kept: Sequence[Rewrite], dropped: Sequence[Rewrite]) -> _Moved:
        """The difference after a layer: both sides apply ``kept``, only the old side applies ``dropped``.

        Kept edits hit no region, and edits of one layer do not overlap, so no kept edit lies inside a
        region even after the dropped edits have widened it.
        """
        kept_edits = [edit for rewrite in kept for edit in rewrite.edits]
        dropped_edits = [edit for rewrite in dropped for edit in rewrite.edits]
        shifted = [self.shift(edit) for edit in kept_edits]
        regions = self._widened(dropped_edits)
        return _Moved(_carried(region, kept_edits, shifted, dropped_edits) for region in regions)

    def _widened(self, dropped: Sequence[Edit]) -> list[_Region]:
        """The regions joined with what the dropped edits replace, in the coordinates before the layer."""
        regions = list(self._regions)
        for edit in sorted(dropped):
            touching = [r for r in regions if r.path == edit.path and edit.start <= r.old_end and r.old_start <= edit.end]
            first = min(touching, key=lambda r: r.old_start, default=None)
            last = max(touching, key=lambda r: r.old_end, default=None)
            if first is None or last is None:
                here = _Moved(regions).shift(edit)
                regions.append(_Region(edit.path, edit.start, edit.end, here.start, here.end))
                continue
            start, end = min(edit.start, first.old_start), max(edit.end, last.old_end)
            new_start, new_end = first.new_start - (first.old_start - start), last.new_end + (end - last.old_end)
            regions = [r for r in regions if r not in touching]
            regions.append(_Region(edit.path, start, end, new_start, new_end))
        return regions


def _carried(region: _Region, kept: Sequence[Edit], shifted: Sequence[Edit], dropped: Sequence[Edit]) -> _Region:
    """A region's place after the layer."""
    mine = [e for e in dropped if e.path == region.path and region.old_start <= e.start and e.end <= region.old_end]
    others = [e for e in (*kept, *dropped) if e not in mine]
    start = region.old_start + _growth(others, region.path, region.old_start)
    end = start + region.old_end - region.old_start + _growth(mine, region.path, region.old_end)
    new_start = region.new_start + _growth(shifted, region.path, region.new_start)
    return _Region(region.path, start, end, new_start, new_start + region.new_end - region.new_start)


def _growth(edits: Iterable[Edit], path: str, offset: int) -> int:
    """How much the edits that end by an offset lengthen the text before it."""
    return sum(len(edit.text) - (edit.end - edit.start) for edit in edits if edit.path == path and edit.end <= offset)
