"""The checks that follow from a transform's own examples: its tests, ours and anybody's.

Textual checks need no torch: fires to exactly ``after``, proposes nothing on ``after``, and does the same
with CRLF, tabs, trailing comments and no final newline. What running code shows is in ``behaviour``.
"""

from __future__ import annotations

import io
import re
import tokenize
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from scriptify.draft import Draft, settle
from scriptify.facts import merge, static
from scriptify.facts.model import Facts
from scriptify.pipeline import propose
from scriptify.transform import Decline, Declines, Example, Fires, Focus, Rewrite, Settings, Transform

PATH = "example.py"
NOTE = "  # note"


@dataclass(frozen=True, slots=True)
class Problem:
    """A check that failed: which transform and example, which check, and what was seen."""

    code: str
    example: str
    check: str
    detail: str

    def __str__(self) -> str:
        return f"{self.code} {self.example}: {self.check}: {self.detail}"


Variant = Callable[[str], str]


def label(transform: Transform, index: int) -> str:
    """A readable name for an example."""
    example = transform.examples[index]
    return example.name or f"{type(example).__name__.lower()}{index}"


def text_of(example: Example) -> str:
    """The code an example starts from."""
    return example.before if isinstance(example, Fires) else example.code


def facts_for(text: str, example: Example) -> Facts:
    """Static facts of an example's code with what it says a run has shown."""
    settings = example.settings or Settings(unsafe=True)
    facts = static.index({PATH: text}, settings)
    return facts if example.observed is None else merge.observed(facts, example.observed)


def focus_for(text: str, example: Example) -> Focus | None:
    """The compiler message an example stands under, at the first line that contains ``at``."""
    if not example.focus:
        return None
    lines = text.splitlines()
    line = next((number for number, line in enumerate(lines, 1) if example.at and example.at in line), 0)
    return Focus(PATH, line, example.focus, text=lines[line - 1].strip() if line else "")


def rewritten(transform: Transform, text: str, example: Example) -> tuple[str, list[Rewrite], list[Decline]]:
    """A text after up to four passes of one transform, with its rewrites and the declines of the first pass.

    Raises AssertionError when the transform breaks.
    """
    draft = Draft({PATH: text})
    declines: list[Decline] = []
    for number in range(4):
        now = draft.working[PATH]
        focus = focus_for(now, example)
        if number and focus is not None and not focus.line:
            break  # the place the message was about is gone
        found = propose(PATH, now, facts_for(now, example), [transform], focus)
        assert not found.failures, found.failures
        if not number:
            declines = list(found.declines)
        accepted, _ = settle(found.rewrites, draft.working)
        if not accepted:
            break
        draft = draft.adding(accepted)
    return draft.texts[PATH], draft.rewrites, declines


def check(transform: Transform) -> Iterator[Problem]:
    """Every textual check of every example of a transform."""
    if not transform.examples:
        yield Problem(transform.code, "-", "has examples", "a transform without examples has no tests")
    for index in range(len(transform.examples)):
        yield from check_example(transform, index)


def check_example(transform: Transform, index: int) -> Iterator[Problem]:
    """Every textual check of one example."""
    example = transform.examples[index]
    name = label(transform, index)
    try:
        failures = _fires(transform, example) if isinstance(example, Fires) else _stays(transform, example)
        for what, detail in failures:
            yield Problem(transform.code, name, what, detail)
    except Exception as error:  # a check is an answer even for a transform that breaks
        yield Problem(transform.code, name, "runs", f"{type(error).__name__}: {error}")


def _fires(transform: Transform, example: Fires) -> Iterator[tuple[str, str]]:
    for what, vary in VARIANTS.items():
        before, after = vary(example.before), vary(example.after)
        got, rewrites, _ = rewritten(transform, before, example)
        if what == "trailing comments":
            got, after = _without_notes(got), example.after
        if got != after:
            yield what, f"expected\n{after}\ngot\n{got}"
        if what == "as written":
            if not rewrites:
                yield "fires", "nothing was proposed"
            if not transform.interested(before):
                yield "hints", "no hint occurs in the example"
    again, rewrites, _ = rewritten(transform, example.after, example)
    if rewrites and focus_for(example.after, example) is None:
        yield "idempotent", f"proposes {rewrites[0].title!r} on its own result, giving\n{again}"


def _stays(transform: Transform, example: Example) -> Iterator[tuple[str, str]]:
    text = text_of(example)
    _, rewrites, declines = rewritten(transform, text, example)
    if rewrites:
        yield "leaves alone", f"proposed {rewrites[0].title!r}"
    if isinstance(example, Declines):
        if not any(example.because in decline.because for decline in declines):
            yield "says why", f"no decline contains {example.because!r}: {[d.because for d in declines]}"
    elif declines:
        yield "says nothing", f"declined: {declines[0].because}"


def _without_notes(text: str) -> str:
    """A text without the notes that a variant put at the end of lines; a rewrite may have put one in a line of its own, above."""
    return re.sub(rf"^[ \t]*{NOTE.strip()}\r?\n", "", text, flags=re.MULTILINE).replace(NOTE, "")


def _tabs(text: str) -> str:
    lines = []
    for line in text.splitlines(keepends=True):
        body = line.lstrip(" ")
        steps, rest = divmod(len(line) - len(body), 4)
        lines.append("\t" * steps + " " * rest + body)
    return "".join(lines)


def _commented(text: str) -> str:
    ends = {
        token.start[0]
        for token in tokenize.generate_tokens(io.StringIO(text).readline)
        if token.type == tokenize.NEWLINE and token.string and "#" not in token.line
    }
    return "".join(
        line.rstrip("\n") + NOTE + "\n" if number in ends else line for number, line in enumerate(text.splitlines(keepends=True), 1)
    )


VARIANTS: dict[str, Variant] = {
    "as written": lambda text: text,
    "CRLF": lambda text: text.replace("\n", "\r\n"),
    "tabs": _tabs,
    "no final newline": lambda text: text.rstrip("\n"),
    "trailing comments": _commented,
}
