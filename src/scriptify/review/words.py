"""What a review says: the keys, the reason for a rewrite, and verdicts in a line each. Pure texts."""

from __future__ import annotations

from scriptify import registry
from scriptify.choosing import Judgement
from scriptify.diagnostics import parse
from scriptify.oracle.protocol import State
from scriptify.result import EntryResult
from scriptify.transform import Rewrite, Safety, Transform

KEYS = (
    (
        "Decide",
        (
            ("y  n", "accept, reject this rewrite (with those it stands on; with those that stand on it)"),
            ("a  d", "accept, reject this one and what is left in the file"),
            ("A  D", "accept, reject this one and what is left of this transform, in all files"),
            ("e", "edit the result in $EDITOR; it is parsed and judged again, and accepted"),
            ("u", "undo the last decision"),
            ("s", "all rewrites of this file at once; again: split them"),
        ),
    ),
    (
        "Move",
        (
            ("j  k", "next, previous rewrite that is not decided"),
            ("J  K", "next, previous rewrite; also the arrows right and left"),
            ("g", "go to a number, or to file:line; lists all rewrites"),
            ("/", "search in codes, titles, paths and code; Enter alone repeats"),
            ("space  b", "scroll; also the arrows, Page Up and Page Down, Home and End"),
        ),
    ),
    (
        "See",
        (
            ("w", "why in full: the compiler's message, the facts, what the transform does"),
            ("c  C", "more, less context"),
            ("o", "judge the selection so far"),
        ),
    ),
    (
        "End",
        (
            ("q", "stop: what was accepted is judged, then written if you say so; the rest stays undecided"),
            ("Ctrl-C", "leave at once: nothing is written, what was decided is kept for --resume"),
            ("!", "abort: nothing is written, and the decisions are put back as they were"),
        ),
    ),
)
PROMISES = {
    Safety.EQUIVALENT: "any caller sees the same",
    Safety.OBSERVED: "rests on what a run has shown",
    Safety.API: "callers can see it",
}


def transform_of(code: str) -> Transform | None:
    """The transform of a code, if there is one."""
    return next((t for t in registry.all_transforms() if t.code == code), None)


def headline(rewrite: Rewrite) -> str:
    """The message that a rewrite answers, as an entry met it."""
    return parse(rewrite.answers).headline


def reason(rewrite: Rewrite) -> str:
    """Why a rewrite is proposed: the rule, or the difference that nobody is told of."""
    if rewrite.silent:
        return f"no error: {rewrite.why or 'the compiler takes it, and computes something else'}"
    if rewrite.why:
        return rewrite.why
    transform = transform_of(rewrite.code)
    stems = [stem for stem in transform.explains if stem] if transform is not None else []
    return f"the compiler refuses such code: {stems[0]}" if stems else "the compiler refuses such code"


def promise(rewrite: Rewrite) -> str:
    """What it promises to callers."""
    raises = "; scripted code raises where eager code goes on" if rewrite.raises else ""
    return PROMISES[rewrite.safety] + raises


def verdict_lines(judgement: Judgement, what: str) -> list[str]:
    """The judgement on a selection: first a line over all, then one for each that is not proved."""
    if judgement.broken:
        return [f"with {what}: it would not parse", *(f"{path}: {why}" for path, why in judgement.broken.items())]
    if not judgement.entries:
        return _static_lines(judgement, what)
    proved = [item for item in judgement.entries if item.ok]
    names = judgement.entries[0].entry.target if len(judgement.entries) == 1 else f"{len(proved)} of {len(judgement.entries)} entries"
    if len(proved) == len(judgement.entries):
        subject = names if len(proved) == 1 else f"all {len(proved)} entries"
        return [f"with {what}: {subject} script{'s' * (len(proved) == 1)}, with the same results, before and after save and load"]
    failing = [f"{item.entry.target} {stopped(item)}" for item in judgement.entries if not item.ok]
    if len(judgement.entries) == 1:
        return [f"with {what}: {failing[0]}"]
    return [f"with {what}: {names} are proved", *failing]


def _static_lines(judgement: Judgement, what: str) -> list[str]:
    if judgement.parsed_only:
        return [f"with {what}: it parses (no torch is installed here, so nothing more could be asked)"]
    lines = [line for found in judgement.frontend.values() for line in found]
    if not lines:
        return [f"with {what}: it parses, and the compiler's front end takes it (no entry was given, so no more is proved)"]
    places = f"{len(lines)} place{'s' * (len(lines) != 1)}"
    return [f"with {what}: it parses, and the compiler's front end still refuses {places}", *lines]


def stopped(item: EntryResult) -> str:
    """Where an entry's proof stopped, in words."""
    failure = item.after.first_failure
    if failure is None:
        return "is proved"
    name, level = failure
    if level.state is State.NOT_TRIED:
        return f"was not tried: {level.detail}"
    words = {
        "imports": "can't be run",
        "eager_same": "does not compute the same any more" if item.before.eager_same.ok else "does not run as it is",
        "keys_same": "has another state_dict",
        "scripts": "does not script",
        "scripted_same": "computes something else once scripted",
        "reloads": "is not the same after save and load",
    }[name]
    said = item.remaining.headline if item.remaining is not None and name == "scripts" else level.detail
    place = item.remaining.place if item.remaining is not None and name == "scripts" else None
    where = f" ({place.path}:{place.line})" if place is not None else ""
    return f"{words}: {said}{where}"
