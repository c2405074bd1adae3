"""The module tree of an entry, with a word for what is known of each module before and after."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from scriptify.oracle.protocol import FORMS, Level, State
from scriptify.report.paths import relative, shown
from scriptify.result import ModuleRow

LONGEST = 160
CLASSES = {State.PROVED: "yes", State.REFUTED: "no", State.NOT_TRIED: "idle"}


@dataclass(frozen=True, slots=True)
class Cell:
    """What is known of a module in one column: a word, a state for its colour, and why."""

    word: str
    state: str
    detail: str = ""


@dataclass(slots=True)
class Node:
    """One module and those in it.

    ``note`` is the diagnostic that stops it, said once: not where a module in it, or one before it, is stopped by the same.
    """

    row: ModuleRow
    label: str
    place: str
    depth: int
    before: Cell
    after: Cell
    others: tuple[Cell, ...] = ()
    note: str = ""
    children: list[Node] = field(default_factory=list)

    @property
    def open(self) -> bool:
        """Whether something in it says what stops it, so that it is worth a look."""
        return self.depth == 0 or any(node.note for child in self.children for node in child.walk())

    def walk(self) -> Iterator[Node]:
        """The node and all below it."""
        yield self
        for child in self.children:
            yield from child.walk()


def trees(rows: Sequence[ModuleRow], root: Path) -> list[Node]:
    """A tree for each model of an entry."""
    more = other_forms(rows)
    nodes: dict[tuple[int, str], Node] = {}
    tops: list[Node] = []
    several = any(row.model for row in rows)
    for row in rows:
        above = _above(row, nodes)
        label = row.path.removeprefix(above.row.path).lstrip(".") if above else f"model {row.model + 1}" if several else "the model"
        place = f"{shown(row.file, root)}:{row.line}" if row.file else ""
        others = tuple(_other(form, row, root) for form in more)
        node = Node(row, label, place, above.depth + 1 if above else 0, _cell(row.before, root), _cell(row.after, root), others)
        nodes[row.model, row.path] = node
        (above.children if above else tops).append(node)
    said: set[tuple[int, str]] = set()
    for (model, _), node in nodes.items():
        side = node.after if node.after.detail else node.before
        inner = {cell.detail for child in node.children for cell in (child.before, child.after)}
        if side.state == "no" and side.detail not in inner and (model, side.detail) not in said:
            said.add((model, side.detail))
            node.note = _short(side.detail)
    return tops


def _short(detail: str) -> str:
    """The first sentences of a long message, with its place: some of the compiler's go on with advice."""
    words, mark, place = detail.rpartition(" (")
    if len(words) <= LONGEST:
        return detail
    end = words.rfind(". ", 40, LONGEST)
    return f"{words[:end] if end > 0 else words[:LONGEST] + '...'}{mark}{place}"


def other_forms(rows: Sequence[ModuleRow]) -> list[str]:
    """Forms that were asked for beyond scripting, in the order they are met."""
    met = dict.fromkeys(form for row in rows for side in (row.before, row.after) for form in side)
    return [form for form in met if form not in FORMS]


def _above(row: ModuleRow, nodes: Mapping[tuple[int, str], Node]) -> Node | None:
    """The nearest module around it that has a row: one that stands in two places has only its first."""
    path = row.path
    while path:
        path = path.rpartition(".")[0]
        if (row.model, path) in nodes:
            return nodes[row.model, path]
    return None


def _cell(forms: Mapping[str, Level], root: Path) -> Cell:
    """Scripting in a word."""
    scripts, same = (forms.get(form) for form in FORMS)
    if scripts is None:
        return Cell("-", "idle")
    if scripts.state is State.REFUTED:
        return Cell("refused", "no", relative(scripts.detail, root))
    if same is not None and same.state is State.REFUTED:
        return Cell("differs", "no", relative(same.detail, root))
    if not scripts.ok:
        return Cell("-", "idle", relative(scripts.detail, root))
    if same is not None and same.ok:
        return Cell("same", "yes", "; ".join(same.remarks))
    return Cell("scripts", "part", relative(same.detail, root) if same else "")


def _other(form: str, row: ModuleRow, root: Path) -> Cell:
    level = row.after.get(form) or row.before.get(form)
    if level is None:
        return Cell("-", "idle")
    words = {State.PROVED: "yes", State.REFUTED: "no", State.NOT_TRIED: "-"}
    return Cell(words[level.state], CLASSES[level.state], relative(level.detail, root))
