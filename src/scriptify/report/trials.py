"""The trial of a module's transforms, for a reader: a line for each example, and what is wrong below."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from scriptify.trials import Trial

if TYPE_CHECKING:
    from rich.console import RenderableType


def table(trials: Sequence[Trial]) -> Iterator[RenderableType]:
    """Every example with its outcome, then each problem in full, then the count."""
    from rich.table import Table
    from rich.text import Text

    made = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    for heading in ("code", "example", "kind", "as text", "oracle"):
        made.add_column(heading, no_wrap=heading != "example", overflow="fold")
    for trial in trials:
        textual = [p for p in trial.problems if p.check not in _BY_ORACLE]
        if not trial.kind:
            made.add_row(Text(trial.code, style="bold"), Text(trial.example, style="bold"), "", _outcome(not textual), "")
            continue
        proof = Text(trial.proof, style={"proved": "green", "refuted": "red"}.get(trial.proof, "dim"))
        made.add_row("", trial.example, trial.kind, _outcome(not textual), proof)
    yield made
    for trial in trials:
        for problem in trial.problems:
            yield Text(f"\n{problem.code} {problem.example}: {problem.check}", style="bold red")
            yield Text("\n".join(f"  {line}" for line in problem.detail.splitlines()), no_wrap=True)
    failed = sum(not trial.ok for trial in trials)
    count = sum(bool(trial.kind) for trial in trials)
    yield Text(f"\n{count} example{'s' * (count != 1)}, {failed or 'no'} failure{'s' * (failed != 1)}", style="bold")


_BY_ORACLE = ("runs", "is refused before", "explains", "is proved after")


def _outcome(ok: bool) -> Any:
    from rich.text import Text

    return Text("pass", style="green") if ok else Text("fail", style="red")


def as_json(trials: Sequence[Trial]) -> list[dict[str, Any]]:
    """The same as data."""
    return [
        {
            "code": trial.code,
            "example": trial.example,
            "kind": trial.kind or "transform",
            "ok": trial.ok,
            "oracle": trial.proof,
            "problems": [{"check": problem.check, "detail": problem.detail} for problem in trial.problems],
        }
        for trial in trials
    ]
