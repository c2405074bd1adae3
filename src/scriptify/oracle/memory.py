"""Verdicts that were given, for the same question: the same entry, and the same text in every file that the attempt read."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from scriptify.oracle.overlay import is_users
from scriptify.oracle.protocol import Entry, Overlay, Verdict


@dataclass(frozen=True, slots=True)
class Record:
    """One answer. ``overlay`` has the digests of the rewritten texts that the attempt read, ``files`` those of all it read, on disk."""

    entry: Entry
    question: str
    overlay: Mapping[str, str]
    files: Mapping[str, str]
    verdict: Verdict


class Memory:
    """The answers of an oracle; those of another, in another process, can be learned.

    What an attempt did not read can't have made a difference: two overlays that agree on the files it read
    are one. An attempt reads a file when it looks for its code, whether the import then succeeds or not.
    """

    def __init__(self) -> None:
        self._records: dict[tuple[Entry, str], list[Record]] = {}

    def find(self, entry: Entry, question: str, overlay: Overlay) -> Verdict | None:
        """The verdict on this question as long as no file changed on disk since."""
        known = self._records.get((entry, question))
        if not known:
            return None
        texts = _digests(overlay)
        for record in known:
            same = record.overlay == {path: text for path, text in texts.items() if _counts(path, record.files)}
            if same and all(digest_of(path) == before for path, before in record.files.items()):
                return record.verdict
        return None

    def keep(self, entry: Entry, question: str, overlay: Overlay, files: Mapping[str, str], verdict: Verdict) -> None:
        """Remember one answer; ``files`` is every file that was read, with its digest."""
        read = {os.path.realpath(path): digest for path, digest in files.items()}
        texts = {path: text for path, text in _digests(overlay).items() if _counts(path, read)}
        self.learn([Record(entry, question, texts, read, verdict)])

    def learn(self, records: Iterable[Record]) -> None:
        """Take over what another oracle has answered; newer answers come first."""
        for record in records:
            self._records.setdefault((record.entry, record.question), []).insert(0, record)

    def of(self, entry: Entry) -> tuple[Record, ...]:
        """What is remembered of one entry."""
        return tuple(record for (owner, _), records in self._records.items() if owner == entry for record in records)


def _counts(path: str, read: Mapping[str, str]) -> bool:
    """Whether a rewritten text may matter: its file was read, or is an installed one, of which an attempt keeps no record."""
    return path in read or not is_users(path)


def _digests(overlay: Overlay) -> dict[str, str]:
    return {os.path.realpath(path): hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest() for path, text in overlay.items()}


def digest_of(path: str) -> str:
    """SHA-256 of a file, or an empty text where there is none."""
    try:
        return hashlib.sha256(Path(path).read_bytes()).hexdigest()
    except OSError:
        return ""
