"""What a run over a live model came to, in words for the one who called."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from scriptify.diagnostics import parse
from scriptify.oracle.protocol import Entry
from scriptify.oracle.runner import Oracle, OracleError
from scriptify.report.patch import root_of, unified
from scriptify.result import EntryResult, RunResult
from scriptify.scripting.errors import ScriptifyError

_DECLINES = 3


def judged(entry: Entry, oracle: Oracle) -> RunResult:
    """The run over a model none of whose files may be rewritten: judged as it is."""
    verdict = oracle.judge(entry)
    advice = "none of its code may be rewritten: it is in site-packages; `paths=` names files that may be, in memory"
    remaining = parse(verdict.error, verdict.error_type) if verdict.error else None
    return RunResult(entries=(EntryResult(entry, verdict, verdict, remaining, advice),))


def save(result: RunResult, oracle: Oracle, path: Path) -> str:
    """Script the model once more under the changes of a run that proved it, and save it; why that failed, or ``""``."""
    (entry,) = result.entries
    if not entry.ok:
        return ""
    try:
        oracle.script_save(entry.entry, {change.path: change.after for change in result.changed}, path)
    except OracleError as error:
        return str(error)
    return ""


def patch(result: RunResult, names: Mapping[str, str]) -> str:
    """The changes as a unified diff; ``names`` are what files of ours stand for."""
    if not result.changed:
        return ""
    files = [change for change in result.changed if change.path not in names]
    text = "".join(unified(files, root_of(files, Path.cwd()))) if files else ""
    for change in result.changed:
        if change.path in names:
            lines = unified([change], Path(change.path).parent)
            text += "".join(lines).replace(Path(change.path).name, names[change.path])
    return text


def notes(folder: Path, left: Sequence[str]) -> list[str]:
    """What the child could not make up for, and what it did without."""
    try:
        told = (folder / "notes.txt").read_text(encoding="utf-8").splitlines()
    except OSError:
        told = []
    return [*dict.fromkeys(told), *left]


def error(name: str, result: RunResult, made: str, names: Mapping[str, str], problem: str, more: Sequence[str]) -> ScriptifyError:
    """The exception for a run that proved nothing to return."""
    (entry,) = result.entries
    text = "\n".join(_lines(name, entry, result, problem, more))
    for path, known in names.items():
        text = text.replace(path, known)
    return ScriptifyError(text, entry.after, (entry.remaining,) if entry.remaining else (), result, made)


def _lines(name: str, entry: EntryResult, result: RunResult, problem: str, more: Sequence[str]) -> Iterator[str]:
    failure = entry.after.first_failure
    if failure is None:
        yield f"{name} was proved, but could not be saved: {problem}"
        return
    level, state = failure
    says = entry.remaining.headline if entry.remaining is not None and level == "scripts" else ""
    yield f"{name} was not proved: {_LEVELS[level]}: {says or state.detail}"
    place = entry.remaining.place if entry.remaining else None
    if place is not None:
        yield f"  at {place.path}:{place.line}{f': {place.text}' if place.text else ''}"
    if entry.advice:
        yield f"  {entry.advice}"
    if entry.outside:
        yield f"  {entry.outside} is not among the files that may be rewritten; `paths=` adds it"
    near = [d for d in result.declines if place is None or d.path == place.path]
    yield from (f"  left alone: {d.path}:{d.line}: {d.code}: {d.because}" for d in near[:_DECLINES])
    yield from (f"  refused: {r.rewrite.path}:{r.rewrite.line}: {r.rewrite.code}: {r.reason}" for r in result.refusals[:_DECLINES])
    yield from (f"  note: {note}" for note in dict.fromkeys(more))


_LEVELS = {
    "imports": "the child process cannot load it",
    "eager_same": "it does not run there, or not the same",
    "keys_same": "its state_dict is not the same",
    "scripts": "torch.jit.script refuses it",
    "scripted_same": "what was scripted computes something else",
    "reloads": "it is not the same after save and load",
}
