"""What running code shows of a transform's examples: refused before, scripts after, and the same all along."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from scriptify.examples import Problem, label
from scriptify.oracle.protocol import Entry, Verdict
from scriptify.transform import Fires, Transform

Judge = Callable[[Entry, Mapping[str, str]], Verdict]
FUNCTION = "scriptify_example"


def check_example(transform: Transform, index: int, judge: Judge, folder: Path) -> Iterator[Problem]:
    """Judge one example that has an entry; ``folder`` is an empty place for its file."""
    example = transform.examples[index]
    if not isinstance(example, Fires) or not example.entry:
        return
    path = folder / f"{transform.code.lower()}_{index}.py"
    before, after = (f"{text}\n\ndef {FUNCTION}():\n    return {example.entry}\n" for text in (example.before, example.after))
    path.write_text(before, encoding="utf-8")
    entry = Entry(f"{path}:{FUNCTION}", str(folder))
    for check, detail in _problems(transform, example, judge(entry, {}), judge(entry, {str(path): after})):
        yield Problem(transform.code, label(transform, index), check, detail)


def _problems(transform: Transform, example: Fires, before: Verdict, after: Verdict) -> Iterator[tuple[str, str]]:
    if not (before.imports.ok and before.eager_same.ok):
        yield "runs", f"the example itself does not run: {before.error}"
        return
    if before.ok and not example.silent:
        yield "is refused before", "it scripts and computes the same as it is"
    failure = before.first_failure
    if failure is not None and failure[0] == "scripts" and not example.silent and not transform.answers(before.error):
        yield "explains", f"no stem of explains is in: {before.error[:400]}"
    if not after.ok:
        name = after.first_failure[0] if after.first_failure else ""
        yield "is proved after", f"{name}: {after.error[:600]}"
