"""The transforms for a reader: a table, one in full, and as data."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from scriptify.transform import Declines, Fires, Transform

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table


def summary(transform: Transform) -> str:
    """The first sentence of the transform's docstring."""
    return (inspect.getdoc(type(transform)) or "").partition("\n\n")[0].replace("\n", " ")


def table(transforms: Sequence[Transform]) -> Table:
    """All transforms."""
    from rich.table import Table

    made = Table(box=None, pad_edge=False)
    for heading in ("code", "name", "safety", "what it does"):
        made.add_column(heading, style="bold" if heading == "code" else "", no_wrap=heading in ("code", "name"))
    for transform in sorted(transforms, key=lambda t: t.code):
        made.add_row(transform.code, transform.name, transform.safety.value, summary(transform))
    return made


def full(transform: Transform) -> Iterator[RenderableType]:
    """One transform: its docstring, what it answers, and an example of each kind."""
    from rich.syntax import Syntax
    from rich.text import Text

    when = "when a compiler message asks for it" if transform.on_demand else "wherever the compiler is certain to refuse"
    yield Text(f"{transform.code} {transform.name} ({transform.safety.value}; {when})", style="bold")
    yield Text(inspect.getdoc(type(transform)) or "")
    if transform.source:
        yield Text(f"Source: {transform.source}")
    for stem in transform.explains:
        yield Text(f"Answers: {stem}", style="dim")
    fires = next((e for e in transform.examples if isinstance(e, Fires)), None)
    if fires is not None:
        yield Text("\nBefore", style="bold")
        yield Syntax(fires.before.rstrip(), "python", background_color="default")
        yield Text("After", style="bold")
        yield Syntax(fires.after.rstrip(), "python", background_color="default")
    for example in transform.examples:
        if isinstance(example, Declines):
            yield Text(f"Declines, for example: {example.because}", style="dim")


def as_json(transforms: Sequence[Transform]) -> list[dict[str, Any]]:
    """All transforms as data."""
    return [
        {
            "code": t.code,
            "name": t.name,
            "phase": t.phase.name.lower(),
            "safety": t.safety.value,
            "on_demand": t.on_demand,
            "summary": summary(t),
            "explains": list(t.explains),
            "source": t.source,
            "examples": len(t.examples),
        }
        for t in sorted(transforms, key=lambda t: t.code)
    ]
