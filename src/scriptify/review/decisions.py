"""The decisions of one review: taken from a file, laid on the rewrites at hand, kept at every change."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from scriptify import registry
from scriptify.report.paths import shown
from scriptify.review import journal
from scriptify.review.deck import Deck
from scriptify.review.journal import JournalError, Record
from scriptify.review.state import Decided


class Decisions:
    """The file of decisions of one review, and what it held when the review began."""

    def __init__(self, path: Path, root: Path, replay: bool) -> None:
        self.path = path
        self.root = root
        self._before = path.read_bytes() if path.is_file() else None
        self.records: Sequence[Record] = journal.load(path) if replay and self._before is not None else ()
        self.stale: tuple[Record, ...] = ()
        self.trouble = ""

    def fit(self, deck: Deck) -> Decided:
        """The decisions that hold for a deck; what fits nothing is kept apart."""
        found = journal.fit(self.records, deck.identities)
        self.stale = found.stale
        return found.decided

    def keep(self, deck: Deck, decided: Decided) -> None:
        """Write them; where that fails, say so in ``trouble`` and go on."""
        titles = [rewrite.title for rewrite in deck.rewrites]
        self.records = journal.records(decided, deck.items, deck.identities, titles, self.stale)
        self._save(self.records)

    def _save(self, records: Sequence[Record]) -> None:
        try:
            journal.save(self.path, records)
            self.trouble = ""
        except JournalError as error:
            self.trouble = str(error)

    def written(self) -> None:
        """Note that the accepted rewrites are on disk, those that fitted one."""
        if self.records:
            self._save(journal.written(self.records, self.stale))

    def restore(self) -> None:
        """Put the file back as it was."""
        if self._before is None:
            self.path.unlink(missing_ok=True)
        else:
            self.path.write_bytes(self._before)

    @property
    def how(self) -> str:
        """The option that goes on with them."""
        return "--resume" if self.path == journal.usual(self.root) else f"--decisions {self.path}"

    @property
    def count(self) -> int:
        """How many decisions there are."""
        return len(self.records)

    def told(self, deck: Deck) -> Iterator[str]:
        """A sentence for each decision that fits no rewrite at hand."""
        paths = [shown(path, self.root) for path in deck.draft.base]
        codes = [transform.code for transform in registry.all_transforms()]
        done = [record for record in self.stale if record.written]
        if done:
            yield f"{self.path}: {len(done)} decision{'s' * (len(done) != 1)} in it {'are' if len(done) != 1 else 'is'} carried out already"
        for record in self.stale:
            if not record.written:
                why = journal.why_stale(record, paths, codes)
                about = f"{journal.WORDS[record.mark]} {record.code} at {record.path}:{record.line}"
                yield f"{self.path}: the decision to {about} is not used: {why}"
