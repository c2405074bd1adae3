"""A run as one self-contained page: no network, readable without its script, in dark and light.

The page's own style and script are allowed by their digests, so that nothing that stands in a model's source can run.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path

from jinja2 import Environment, FunctionLoader, StrictUndefined, Template
from markupsafe import Markup

from scriptify import __version__, advice
from scriptify.diagnostics import parse
from scriptify.oracle.parting import Parting
from scriptify.oracle.protocol import Level, State, Verdict
from scriptify.report import parting_html
from scriptify.report.catalogue import SAFETIES, summary
from scriptify.report.page_file import put
from scriptify.report.paths import relative, shown
from scriptify.report.sides import Row, Sides, visible
from scriptify.report.trees import Cell, Node, other_forms, trees
from scriptify.report.verdicts import FAILINGS
from scriptify.result import EntryResult, RunResult
from scriptify.transform import Decline, Rewrite

LEVELS = {
    "eager": ("imports", "eager_same", "keys_same"),
    "scripts": ("scripts",),
    "equal": ("scripted_same",),
    "reloads": ("reloads",),
}
SHOWN_PLACES = 3


def write(result: RunResult, root: Path, file: Path, *, title: str = "Migration", partings: Sequence[Parting] = ()) -> None:
    """Write the page to ``file``, whole or not at all; ``partings`` are comparisons to show as well. Raises WriteError."""
    put(page(result, root, title=title, partings=partings), file)


def page(result: RunResult, root: Path, *, title: str = "Migration", partings: Sequence[Parting] = ()) -> str:
    """The page as text. Every word of source, paths and messages is escaped."""
    changes = [_file(change.path, root, Sides(change), change.rewrites, result) for change in result.changed]
    style, script = (_asset(name) for name in ("page.css", "page.js"))
    style += parting_html.style() if partings else ""
    return _template().render(
        title=title,
        project=root.name or str(root),
        version=__version__,
        result=result,
        style=Markup(style),  # our own files
        script=Markup(script),
        policy=f"default-src 'none'; style-src '{_digest(style)}'; script-src '{_digest(script)}'{'; img-src data:' if partings else ''}",
        partings=parting_html.section(partings) if partings else "",
        twice=bool(result.changed) or any(item.before != item.after for item in result.entries),
        models=[_model(item, root) for item in result.entries],
        files=changes,
        refused=[_card(item.rewrite, root, result, reason=relative(item.reason, root)) for item in result.refusals],
        dropped=[_card(item, root, result) for item in result.dropped],
        declines=list(_declines(result, root)),
        troubles=_troubles(result, root),
        choices=_choices(result, root),
        frontend=[relative(line, root) for lines in result.frontend.values() for line in lines],
    )


@cache
def _template() -> Template:
    loader = FunctionLoader(_asset)
    made = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, loader=loader, finalize=_shown)
    made.filters["sentence"] = _sentence
    return made.get_template("page.html")


def _shown(value: object) -> object:
    return visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _sentence(words: str) -> str:
    return words[:1].upper() + words[1:] + "." * (not words.endswith((".", "?", "!")))


def _asset(name: str) -> str:
    return (files("scriptify.report") / "templates" / name).read_text(encoding="utf-8")


def _digest(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


@dataclass(frozen=True, slots=True)
class Model:
    """An entry's row in the table, and its section."""

    name: str
    anchor: str
    item: EntryResult
    before: list[Cell]
    after: list[Cell]
    trees: list[Node]
    forms: list[str]
    remarks: list[str]
    failing: str
    headline: str
    places: list[str]
    by_hand: str
    refusal: str


def _model(item: EntryResult, root: Path) -> Model:
    failure = item.after.first_failure
    failing, headline = "", ""
    if failure is not None:
        name, level = failure
        failing = FAILINGS[name] if level.state is State.REFUTED else f"was not tried ({name.replace('_', ' ')})"
        headline = item.remaining.headline if item.remaining and name == "scripts" else level.detail
    places = []
    if item.remaining:
        found = (*item.remaining.places[:1], *item.remaining.callers[:SHOWN_PLACES])
        places = [f"{shown(place.path, root)}:{place.line}  {place.text}" for place in found]
    hand = advice.index(item.after.error).by_hand if failure and failure[0] in ("scripts", "scripted_same") else ""
    return Model(
        relative(item.entry.target, root),
        f"entry-{hashlib.sha256(item.entry.target.encode()).hexdigest()[:8]}",
        item,
        list(_cells(item.before, root)),
        list(_cells(item.after, root)),
        trees(item.modules, root),
        other_forms(item.modules),
        [f"{name.replace('_', ' ')}: {remark}" for name, level in item.after.levels() for remark in level.remarks],
        failing,
        relative(headline, root),
        places,
        " ".join(filter(None, (relative(item.advice, root), hand))),
        relative(item.before.error.strip(), root) if not item.before.ok else "",
    )


def _cells(verdict: Verdict, root: Path) -> Iterator[Cell]:
    for names in LEVELS.values():
        levels: list[Level] = [getattr(verdict, name) for name in names]
        worst = next((level for level in levels if level.state is State.REFUTED), None)
        if worst is not None:
            yield Cell("no", "no", relative(worst.detail, root))
        elif all(level.ok for level in levels):
            remarks = "; ".join(remark for level in levels for remark in level.remarks)
            yield Cell("yes*" if remarks else "yes", "yes", remarks)
        else:
            yield Cell("not tried", "idle", relative(next(level.detail for level in levels if not level.ok), root))


@dataclass(frozen=True, slots=True)
class Card:
    """One rewrite to show."""

    rewrite: Rewrite
    path: str
    line: int
    hunks: list[list[Row]]
    verdict: str
    proof: str
    reason: str
    safety: str
    name: str
    answers: str
    said: str


@dataclass(frozen=True, slots=True)
class File:
    """One changed file and its rewrites."""

    path: str
    cards: list[Card]


def _file(path: str, root: Path, sides: Sides, rewrites: Sequence[Rewrite], result: RunResult) -> File:
    cards = [_card(rewrite, root, result, sides.hunks(number)) for number, rewrite in enumerate(rewrites)]
    return File(shown(path, root), sorted(cards, key=lambda card: card.line))


def _card(rewrite: Rewrite, root: Path, result: RunResult, hunks: list[list[Row]] | None = None, reason: str = "") -> Card:
    verdict, proof = ("refused", reason) if reason else _proof(result, root)
    lines = [row.left for hunk in hunks or () for row in hunk if row.changed and row.left]
    line = lines[0] if lines else rewrite.line
    name = _names().get(rewrite.code, ("", ""))[0]
    said = relative(rewrite.answers.strip(), root)
    answers = parse(said).headline if said else ""
    return Card(
        rewrite, shown(rewrite.path, root), line, hunks or [], verdict, proof, reason, SAFETIES[rewrite.safety], name, answers, said
    )


@cache
def _names() -> dict[str, tuple[str, str]]:
    from scriptify.registry import all_transforms

    return {transform.code: (transform.name, summary(transform).replace("``", "`")) for transform in all_transforms()}


def _proof(result: RunResult, root: Path) -> tuple[str, str]:
    """What every rewrite of the result was judged with: a word to filter by, and a sentence."""
    good = [relative(item.entry.target, root) for item in result.entries if item.ok]
    left = [item for item in result.entries if not item.ok]
    # Where an entry is refused as it was before, nothing was kept for it: all there is serves those that are proved.
    kept = [item for item in left if item.usable and item.after.error != item.before.error]
    if good and not kept:
        words = "Same eager outputs, same state_dict keys; scripts, computes the same scripted, and again after save and load."
        return "proved", f"{words} Judged with {_listed(good)}."
    if good:
        return (
            "partly proved",
            f"Proved with {_listed(good)}; {len(left)} of {len(result.entries)} entries remain, with some of it kept for them.",
        )
    if result.entries:
        return "not proved", "No entry is proved with it."
    if any(result.frontend.values()):
        return "not proved", "The files parse and compile; the front end of the scripting compiler still refuses something in them."
    if result.frontend:
        return "parses", "No entry was given: the files parse, compile and pass the front end of the scripting compiler."
    if result.written:
        return "parses", "No entry was given, and no torch was installed: the files parse and compile."
    return "not tried", "From source alone; nothing was run."


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:4]) + (f" and {len(names) - 4} more" if len(names) > 4 else "")


@dataclass(frozen=True, slots=True)
class Left:
    """Places left alone for one reason."""

    code: str
    because: str
    places: list[tuple[str, str]]
    files: list[str]


def _declines(result: RunResult, root: Path) -> Iterator[Left]:
    groups: dict[tuple[str, str], Left] = {}
    for item in result.declines:
        key = (item.code, item.because)
        left = groups.setdefault(key, Left(item.code, relative(item.because, root), [], []))
        path = shown(item.path, root)
        left.places.append((f"{path}:{item.line}", item.scope))
        if path not in left.files:
            left.files.append(path)
    yield from sorted(groups.values(), key=lambda left: (-len(left.places), left.code, left.because))


def _troubles(result: RunResult, root: Path) -> list[str]:
    from scriptify.report.text import troubles

    return list(troubles(result, root))


def _choices(result: RunResult, root: Path) -> dict[str, list[tuple[str, str]]]:
    """What to filter by: values with their labels."""
    every: list[Rewrite | Decline] = [*result.rewrites, *(item.rewrite for item in result.refusals), *result.declines]
    codes = sorted({item.code for item in every})
    verdicts = {_proof(result, root)[0]} if result.rewrites else set()
    verdicts |= {"refused"} if result.refusals else set()
    verdicts |= {"left alone"} if result.declines else set()
    return {
        "transform": [(code, f"{code} {_names().get(code, ('', ''))[0]}".strip()) for code in codes],
        "file": [(path, path) for path in sorted({shown(item.path, root) for item in every})],
        "verdict": [(word, word) for word in sorted(verdicts)],
    }
