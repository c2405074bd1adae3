"""The transforms for a reader: a table, one in full, as data; and what a pasted error means."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from scriptify.transform import Declines, Fires, Safety, Transform

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table
    from rich.text import Text

    from scriptify.advice import Advice

SAFETIES = {
    Safety.EQUIVALENT: "any caller sees the same",
    Safety.OBSERVED: "rests on a live run: applied with an entry only, and if the oracle agrees",
    Safety.API: "callers can see it: applied with --unsafe only",
}


def summary(transform: Transform) -> str:
    """The first paragraph of the transform's docstring, on one line."""
    return " ".join((inspect.getdoc(type(transform)) or "").partition("\n\n")[0].split())


def when(transform: Transform) -> str:
    """When it runs, in words."""
    return "when a message of the compiler asks for it" if transform.on_demand else "wherever the compiler is certain to refuse"


def table(transforms: Sequence[Transform]) -> Table:
    """All transforms."""
    from rich.table import Table
    from rich.text import Text

    made = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    for heading in ("code", "name", "what it does"):
        made.add_column(heading, style="bold" if heading == "code" else "", no_wrap=heading != "what it does")
    for transform in sorted(transforms, key=lambda t: t.code):
        words = _code(summary(transform), Text)
        if transform.safety is not Safety.EQUIVALENT:
            words.append(f" ({SAFETIES[transform.safety]})", style="dim")
        if more := sorted(transform.serves - {"script"}):
            words.append(f" (also for {', '.join(more)})", style="dim")
        made.add_row(transform.code, transform.name, words)
    return made


def _code(words: str, kind: type[Text]) -> Text:
    """A docstring's words: what stands between double backticks is code."""
    parts = words.split("``")
    return kind.assemble(*((part, "cyan" if number % 2 else "") for number, part in enumerate(parts)))


def full(transform: Transform) -> Iterator[RenderableType]:
    """One transform: its docstring, what it answers, and an example of each kind."""
    from rich.syntax import Syntax
    from rich.text import Text

    yield Text(f"{transform.code} {transform.name}", style="bold")
    yield Text("")
    for paragraph in (inspect.getdoc(type(transform)) or "").split("\n\n"):
        flowing = not any(line.startswith(" ") for line in paragraph.splitlines())
        yield _code(" ".join(paragraph.split()) if flowing else paragraph, Text)
        yield Text("")
    yield Text.assemble(("Promise  ", "dim"), f"{transform.safety.value}: {SAFETIES[transform.safety]}")
    yield Text.assemble(("Runs     ", "dim"), when(transform))
    yield Text.assemble(("Serves   ", "dim"), ", ".join(sorted(transform.serves)))
    for number, stem in enumerate(transform.explains):
        yield Text.assemble(("Answers  " if not number else "         ", "dim"), stem or "any message at a place of its kind")
    if transform.source:
        yield Text.assemble(("Source   ", "dim"), transform.source)
    fires = next((e for e in transform.examples if isinstance(e, Fires)), None)
    if fires is not None:
        for heading, code in (("Before", fires.before), ("After", fires.after)):
            yield Text(f"\n{heading}", style="bold")
            yield Syntax(code.rstrip(), "python", theme="ansi_dark", background_color="default", word_wrap=True)
    declines = [e.because for e in transform.examples if isinstance(e, Declines)]
    if declines:
        yield Text("\nLeaves alone, for example, where", style="bold")
        for because in dict.fromkeys(declines):
            yield Text(f"  ... {because} ...")


def advice(found: Advice) -> Iterator[RenderableType]:
    """What a pasted error means and what to do."""
    from rich.table import Table
    from rich.text import Text

    yield Text(found.diagnostic.headline or "an error without a message", style="bold")
    for place in (*found.diagnostic.places[:2], *found.diagnostic.callers[:3]):
        yield Text(f"  {place.path}:{place.line}  {place.text}".rstrip(), style="dim")
    yield Text("")
    if not found.known:
        yield Text("This message is not in the index, and no transform answers it. Was all of it pasted, its last line too?")
        return
    made = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    made.add_column(style="bold", no_wrap=True)
    made.add_column()
    if found.cause:
        made.add_row("Cause", found.cause)
        made.add_row("By hand", found.by_hand)
    for number, transform in enumerate(found.transforms):
        made.add_row(
            "" if number else "Rewrite", Text(f"{transform.code} {transform.name}: scriptify explain {transform.code}", style="cyan")
        )
    if found.transforms:
        made.add_row("Try", "scriptify migrate PATH --entry FILE_OR_MODULE:FUNC")
    else:
        made.add_row("Rewrite", "no transform answers this message")
    yield made


def as_json(transforms: Sequence[Transform]) -> list[dict[str, Any]]:
    """All transforms as data."""
    return [
        {
            "code": t.code,
            "name": t.name,
            "phase": t.phase.name.lower(),
            "safety": t.safety.value,
            "on_demand": t.on_demand,
            "serves": sorted(t.serves),
            "summary": summary(t),
            "explains": list(t.explains),
            "source": t.source,
            "examples": len(t.examples),
        }
        for t in sorted(transforms, key=lambda t: t.code)
    ]
