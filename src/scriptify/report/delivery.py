"""What an export gave, for a person at a terminal and as data."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scriptify.delivering import Exported
from scriptify.oracle.protocol import State
from scriptify.report.paths import relative, shown
from scriptify.report.text import counted
from scriptify.report.verdicts import STATES

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table

NAMES = {"torchscript": "TorchScript", "onnx": "ONNX", "export": "torch.export"}
HEADINGS = {"runs": "runs", "made": "made", "same": "same", "reloads": "loaded = eager"}
FAILINGS = {
    "runs": "The entry does not run",
    "made": "It can't be made",
    "same": "It does not compute the same",
    "reloads": "The file does not compute the same",
}
MODULES = 40


def told(result: Exported, root: Path, project: Path | None) -> Iterator[RenderableType]:
    """The report: the steps, how each module was taken and why, where the file is."""
    from rich.padding import Padding
    from rich.text import Text

    done = result.delivery
    cases = f"{counted(done.cases, 'case')}, " if done.cases else ""
    how = f", {done.how}" if done.how not in ("", "export") else ""
    style = "bold green" if done.ok else "bold red"
    head = f"{relative(result.entry.target, root)} -> {shown(str(result.path.absolute()), root)}"
    yield Text.assemble((head, style), (f"  ({NAMES[result.order.form]}{how}; {cases}{done.seconds:.1f} s)", "dim"))
    yield _steps(result)
    if done.choices:
        yield _choices(result, root)
    for step, level in done.levels():
        for remark in level.remarks:
            yield Padding(Text(f"* {HEADINGS[step]}: {relative(remark, root)}"), (0, 0, 0, 2), expand=False)
    if done.unsteady:
        yield Padding(Text("* the model differs from itself under one seed, so values were not compared"), (0, 0, 0, 2), expand=False)
    if done.models > 1:
        yield Padding(Text(f"* the entry gives {done.models} models; the file holds the first"), (0, 0, 0, 2), expand=False)
    yield from _failure(result, root)
    if done.ok:
        yield Text(f"{shown(str(result.path.absolute()), root)}: {_size(result.path)}, written.", style="bold")
        if project is not None:
            yield Text(f"{shown(str(project.absolute()), root)}: a CMake project that runs it; its README.md tells how.")


def _steps(result: Exported) -> Table:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column("", min_width=8)
    for heading in HEADINGS.values():
        table.add_column(heading, no_wrap=True)
    cells = [STATES[level.state] + (bool(level.remarks),) for _, level in result.delivery.levels()]
    table.add_row("", *(Text(word + "*" * starred, style=style) for word, style, starred in cells))
    return table


def _choices(result: Exported, root: Path) -> Table:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 2))
    for style in ("", "dim", "cyan", ""):
        table.add_column(style=style, overflow="fold")
    for choice in result.delivery.choices[:MODULES]:
        table.add_row(choice.path or "the whole", choice.name, choice.how, Text(relative(choice.why, root)))
    left = len(result.delivery.choices) - MODULES
    if left > 0:
        table.add_row("", "", "", f"and {left} more; --json has them all")
    return table


def _failure(result: Exported, root: Path) -> Iterator[RenderableType]:
    from rich.padding import Padding
    from rich.text import Text

    failure = result.delivery.first_failure
    if failure is None:
        return
    step, level = failure
    words = FAILINGS[step] if level.state is State.REFUTED else f"Not tried ({HEADINGS[step]})"
    detail = relative(level.detail.removeprefix(f"entry {result.entry.target} "), root)
    yield Padding(Text(f"{words}: {detail}"), (0, 0, 0, 2), expand=False)
    if step == "made" and result.migration is None and result.order.form == "torchscript" and result.order.how != "trace":
        target = result.entry.target
        way = f"`scriptify migrate PATH --entry {target}` rewrites it until it scripts; `--migrate PATH` here does so in memory."
        yield Padding(Text(way), (0, 0, 0, 2), expand=False)
    yield Text("Nothing was written.", style="bold")


def _size(path: Path) -> str:
    size = float(path.stat().st_size)
    for unit in ("bytes", "kB", "MB", "GB"):
        if size < 1000 or unit == "GB":
            break
        size /= 1000
    return f"{size:.0f} {unit}" if unit == "bytes" else f"{size:.1f} {unit}"


def as_json(result: Exported, root: Path) -> dict[str, Any]:
    """The same as plain data."""
    done = result.delivery
    steps = {
        name: {"state": level.state.value, "detail": relative(level.detail, root), "remarks": [relative(r, root) for r in level.remarks]}
        for name, level in done.levels()
    }
    return {
        "entry": result.entry.target,
        "file": shown(str(result.path.absolute()), root),
        "written": done.ok,
        "exit_code": result.exit_code,
        "format": result.order.form,
        "how": done.how,
        "steps": steps,
        "modules": [{"path": c.path, "class": c.name, "how": c.how, "why": relative(c.why, root)} for c in done.choices],
        "unsteady": done.unsteady,
        "cases": done.cases,
        "models": done.models,
        "rewrites": len(result.migration.rewrites) if result.migration else 0,
        "error": done.error,
        "error_type": done.error_type,
        "seconds": round(done.seconds, 3),
    }
