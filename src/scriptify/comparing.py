"""Two forms of a model side by side: from what a user names to where they part. Never imports torch."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from scriptify.journal import before_last
from scriptify.oracle.forms import FORMS, SUFFIXES
from scriptify.oracle.parting import Parting, Question, Recorded, Side
from scriptify.oracle.protocol import Entry, Limits
from scriptify.oracle.runner import Oracle
from scriptify.patching import PatchError, patched

ORIGINAL, REWRITTEN = "original", "rewritten"


class CompareError(Exception):
    """What was named can't be compared; one sentence with the way out."""


def side(text: str, entry: Entry | None, here: Path) -> Side:
    """A side as a user names it: ``[FORM@]WHAT``, or a form of the entry as its files are.

    WHAT is ``original`` (the files as they were before the last migration, from its undo journal) or ``rewritten``
    (as they are), a folder that holds the same files, a patch to apply first, another entry ``FILE_OR_MODULE:FUNC``,
    or a saved model (``.pt``, ``.pt2``, ``.onnx``). Raises CompareError.
    """
    form, at, what = text.partition("@")
    if not at or form not in FORMS:
        form, what = (text, "") if text in FORMS else ("eager", text)
    path = here / what
    if what and path.suffix.lower() in SUFFIXES:
        return _saved(text, path, entry)
    if names_entry(text):
        return Side(text, form, Entry(what, str(here)))
    if entry is None:
        raise CompareError(f"{text}: say which model with --entry FILE_OR_MODULE:FUNC")
    if what in ("", REWRITTEN):
        return Side(text, form, entry)
    if what == ORIGINAL:
        return Side(text, form, entry, overlay=before_last(here))
    if path.is_dir():
        return Side(text, form, _within(entry, path))
    if path.suffix.lower() in (".patch", ".diff"):
        return Side(text, form, entry, overlay=_overlay(path, here))
    raise CompareError(_unknown(text, what, path))


def names_entry(text: str) -> bool:
    """Whether a side names an entry of its own."""
    form, at, what = text.partition("@")
    what = what if at and form in FORMS else text
    where, colon, function = what.rpartition(":")
    return bool(colon and where and function.isidentifier())


def _saved(text: str, path: Path, entry: Entry | None) -> Side:
    if "@" in text and text.partition("@")[0] in FORMS:
        raise CompareError(f"{text}: a saved file is a form itself; name the file alone")
    if not path.is_file():
        raise CompareError(f"{text}: there is no such file")
    if entry is None:
        raise CompareError(f"{text}: a saved file needs an --entry, which gives the inputs and the structure of the output")
    return Side(text, SUFFIXES[path.suffix.lower()], entry, file=str(path.resolve()))


def _within(entry: Entry, folder: Path) -> Entry:
    """The entry as it is in another folder, which stands for the one it is seen from."""
    where = entry.where
    if entry.is_file and os.path.isabs(where):
        with suppress(ValueError):
            where = str(Path(where).relative_to(entry.root or Path.cwd()))
    if entry.is_file and not (folder / where).is_file():
        raise CompareError(f"{folder}: there is no {where} in that folder")
    return Entry(f"{where}:{entry.function}", str(folder.resolve()))


def _overlay(path: Path, here: Path) -> dict[str, str]:
    try:
        return {str(file): text for file, text in patched(path.read_text(encoding="utf-8", errors="surrogateescape"), here).items()}
    except OSError as error:
        raise CompareError(f"{path}: {error.strerror}") from error
    except PatchError as error:
        raise CompareError(f"{path}: {error}") from error


def _unknown(text: str, what: str, path: Path) -> str:
    if not path.suffix and os.sep not in what:
        return f"{text}: no form and no folder of this name; there are {', '.join(FORMS)}, {ORIGINAL}, {REWRITTEN}"
    return f"{text}: neither a folder, a patch, an entry FILE_OR_MODULE:FUNC nor a saved model ({', '.join(SUFFIXES)})"


def compare(a: Side, b: Side, question: Question, root: Path, limits: Limits, progress: Callable[[str], None] | None = None) -> Parting:
    """Run both sides, each in a process of its own, and find where they part. Raises OracleError where nothing can run."""
    with Oracle(root=root, limits=limits) as oracle:
        return compare_with(oracle, a, b, question, progress)


def compare_with(oracle: Oracle, a: Side, b: Side, question: Question, progress: Callable[[str], None] | None = None) -> Parting:
    """The same with an oracle that runs already."""
    begun = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="scriptify-") as folder:
        ask = _Asking(oracle, a, b, folder, progress or (lambda _: None))
        found = ask.run(_asked(a, b, question))
    return replace(found, seconds=time.monotonic() - begun)


def _asked(a: Side, b: Side, question: Question) -> Question:
    """A saved file keeps its own parameters: then neither side's are touched."""
    return replace(question, load=False, moved=False) if a.file or b.file else question


class _Asking:
    """Records both sides; again without moved parameters where those stand in the way."""

    def __init__(self, oracle: Oracle, a: Side, b: Side, folder: str, progress: Callable[[str], None]) -> None:
        self.oracle, self.a, self.b, self.progress = oracle, a, b, progress
        self.paths = [os.path.join(folder, name) for name in ("a", "b")]

    def run(self, question: Question) -> Parting:
        first = self._record(self.a, question, 0)
        if question.moved and not first.error and not first.finite:
            # What is not finite with moved parameters may be so only because they were moved.
            question = replace(question, moved=False)
            first = self._record(self.a, question, 0)
        if first.error:
            return self._failed([first])
        second = self._record(self.b, question, 1)
        if question.moved and not question.load and not second.error and set(first.keys) != set(second.keys):
            # Parameters are moved each by its name: under other names they would move apart.
            return self.run(replace(question, moved=False))
        if second.error:
            return self._failed([second])
        self.progress("comparing")
        return self.oracle.parting(self.a, self.b, question, *self.paths)

    def _record(self, side: Side, question: Question, number: int) -> Recorded:
        self.progress(f"running {side.label}")
        return self.oracle.record(side, question, self.paths[number], self.paths[0] if number else "")

    def _failed(self, recorded: Sequence[Recorded]) -> Parting:
        return Parting(self.a.label, self.b.label, self.a.entry.target, errors=tuple(item.error for item in recorded))
