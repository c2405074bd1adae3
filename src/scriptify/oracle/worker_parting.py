"""Two recordings compared: state first, then call by call in time, until it is known where they part."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch

from scriptify.oracle.parting import KeyGap, Leaf, Parting, Question, Row, Side, StateGap, Verdict
from scriptify.oracle.worker_capture import Event, Value
from scriptify.oracle.worker_gaps import leaf, leaves
from scriptify.oracle.worker_pictures import pictures
from scriptify.oracle.worker_recording import Ran, Recording, State, read

KINDS = {
    "eager": "module by module as it runs, and each module by itself on A's inputs",
    "script": "module by module inside the TorchScript interpreter, and each module by itself on A's inputs",
    "trace": "module by module inside the TorchScript interpreter, and each module by itself on A's inputs where it can be called",
    "export": "module by module, from a second export that gives every module's output too",
    "onnx": "module by module, from a second export that gives every module's output too",
    "onnx-legacy": "module by module, from a second export that gives every module's output too",
}


def compare(a: Side, b: Side, question: Question, a_path: str, b_path: str) -> Parting:
    """What the recordings at ``a_path`` and ``b_path`` show."""
    left, right = read(a_path), read(b_path)
    unseen = left.inner or right.inner
    rows: list[Row] = []
    sources: list[tuple[Sequence[Value], Sequence[Value]]] = []
    outputs: list[Leaf] = []
    for x, y in zip(left.ran, right.ran, strict=False):
        for row, values in _Call(x, y, left, right, question, bool(unseen), (a.label, b.label)).rows():
            rows.append(row)
            sources.append(values)
            outputs += row.outputs if not row.path else ()
    found = _first(rows)
    remarks = dict.fromkeys([*left.remarks, *right.remarks])
    parting = Parting(
        a.label,
        b.label,
        a.entry.target,
        _states(left, right),
        tuple(rows),
        tuple(outputs),
        found[0] if found else None,
        found[1] if found else False,
        _jump(rows),
        kind=f"outputs only: {unseen}" if unseen else KINDS[right.form if left.form == "eager" else left.form],
        remarks=tuple(remarks),
        unsteady=any(row.verdict is Verdict.UNSTEADY for row in rows if not row.path),
    )
    return replace(parting, pictures=tuple(pictures(parting, sources)))


@dataclass(slots=True)
class _Call:
    """One call of the model on both sides."""

    a: Ran
    b: Ran
    left: Recording
    right: Recording
    question: Question
    unseen: bool
    labels: tuple[str, str]

    def rows(self) -> Iterator[tuple[Row, tuple[Sequence[Value], Sequence[Value]]]]:
        """The rows in the order in which calls end, the model's own last."""
        whole = self._whole()
        if not self.unseen:
            theirs = {(event.path, event.call): event for event in self.b.events}
            seen = []
            for event in self.a.events:
                other = theirs.pop((event.path, event.call), None)
                seen.append((self._row(event, other), (event.outputs or (), other.outputs or () if other else ())))
            more = [(self._only(event), ((), event.outputs or ())) for event in theirs.values() if not self._raised()]
            yield from sorted(_judged(seen, whole[0]) + more, key=lambda pair: pair[0].left)
        yield whole

    def _loose(self) -> bool:
        return self.left.loose or self.right.loose

    def _row(self, event: Event, other: Event | None) -> Row:
        place = (self.a.case, self.a.turn, event.path, event.call)
        row = Row(self.a.case, self.a.turn, event.path, event.cls, event.call, event.entered, event.left, Verdict.ONLY_A)
        row = replace(row, random=event.random, children=event.children, by_shape=self._loose())
        if other is None:
            # What a side that raised did not get to is no other path.
            return replace(row, verdict=Verdict.UNSEEN) if self._raised() else row
        inputs = leaves(event.inputs, other.inputs, self._loose(), self.question.tolerance)
        # What a form is given can lack what it does not use; only what both have is compared.
        inputs = tuple(item for item in inputs if item.where or not item.said or len(inputs) > 1 or item.dtypes[0])
        outputs = leaves(event.outputs or (), other.outputs or (), self._loose(), self.question.tolerance)
        verdict = Verdict.PARTS if any(item.parts for item in outputs) else Verdict.SAME if outputs or not event.outputs else Verdict.UNSEEN
        verdict = Verdict.UNSTEADY if place in self.left.unsteady else verdict
        gap, told = self.right.alone.get(place, (None, ""))
        return replace(row, verdict=verdict, inputs=inputs, outputs=outputs, alone=gap, alone_said=told)

    def _only(self, event: Event) -> Row:
        return Row(self.a.case, self.a.turn, event.path, event.cls, event.call, event.entered, event.left, Verdict.ONLY_B)

    def _raised(self) -> str:
        if (self.a.outputs is None) == (self.b.outputs is None):
            return ""
        raising, other = self.labels if self.a.outputs is None else self.labels[::-1]
        return f"{raising} {self.a.error or self.b.error}, {other} does not"

    def _whole(self) -> tuple[Row, tuple[Sequence[Value], Sequence[Value]]]:
        end = 1 + max((event.left for event in (*self.a.events, *self.b.events)), default=0)
        unsteady = (self.a.case, self.a.turn, "", 1) in self.left.unsteady
        if self.a.outputs is None or self.b.outputs is None:
            outputs: tuple[Leaf, ...] = (Leaf("", said=self._raised()),)
        else:
            outputs = leaves(self.a.outputs, self.b.outputs, False, self.question.tolerance)
        verdict = Verdict.PARTS if any(item.parts for item in outputs) else Verdict.SAME
        row = Row(self.a.case, self.a.turn, "", self.a.cls, 1, 0, end, Verdict.UNSTEADY if unsteady else verdict, (), outputs)
        return replace(row, random=self.a.random, children=bool(self.a.events)), (self.a.outputs or (), self.b.outputs or ())


def _judged(seen: list[Any], whole: Row) -> list[Any]:
    """A call that only A makes counts where the call around it parts; else it was dropped for want of use."""
    judged = []
    for row, values in seen:
        if row.verdict is Verdict.ONLY_A:
            around = [other for other, _ in seen if other.entered < row.entered and other.left > row.left and other.outputs]
            nearest = max(around, key=lambda other: other.entered, default=whole)
            row = row if nearest.verdict is Verdict.PARTS else replace(row, verdict=Verdict.UNSEEN)
        judged.append((row, values))
    return judged


def _first(rows: Sequence[Row]) -> tuple[int, bool] | None:
    """The number of the row where the sides part first, and whether what it was given parts already.

    Calls are followed in time: into a call (its inputs), out of it (its outputs). So of nested calls the innermost is
    found first, and a call whose inputs part is found before its outputs are looked at.
    """
    points = []
    for number, row in enumerate(rows):
        if row.verdict is Verdict.UNSTEADY:
            continue
        at = (row.case, row.turn)
        if row.verdict in (Verdict.ONLY_A, Verdict.ONLY_B):
            points.append((*at, row.entered, number, False))
        elif any(item.parts for item in row.inputs):
            points.append((*at, row.entered, number, True))
        elif row.verdict is Verdict.PARTS:
            points.append((*at, row.left, number, False))
    if not any(row.verdict is Verdict.PARTS for row in rows):
        return None
    *_, number, by_input = min(points)
    return number, by_input


def _jump(rows: Sequence[Row]) -> int | None:
    """The row whose outputs are further apart than its inputs by most."""
    grown = [(row.error - row.error_before, number) for number, row in enumerate(rows) if row.path and not row.children and row.error > 0]
    return max(grown, key=lambda pair: pair[0])[1] if grown and max(grown)[0] > 0 else None


def _states(left: Recording, right: Recording) -> StateGap:
    """Parameters and buffers of both sides' models as built."""
    total = StateGap(loaded=right.loaded)
    for x, y in zip(left.states, right.states, strict=False):
        if x is None or y is None:
            continue
        if not x.known or not y.known:
            return replace(total, known=False)
        total = _joined(total, x, y, (left.file, right.file))
    return total


def _joined(total: StateGap, x: State, y: State, files: tuple[bool, bool]) -> StateGap:
    common = [key for key in x.built if key in y.built]
    differ = list(_differing(x, y, common))
    more = {"only_a": tuple(k for k in x.built if k not in y.built), "only_b": tuple(k for k in y.built if k not in x.built)}
    # A file holds constants and what was folded, under names of its own.
    gone = {name: () if file or (any(files) and not common) else keys for (name, keys), file in zip(more.items(), files, strict=True)}
    modes = tuple((path, mode) for path, mode in x.modes.items() if y.modes.get(path, mode) != mode)
    return replace(
        total,
        compared=total.compared + len(common),
        differ=(*total.differ, *differ),
        only_a=(*total.only_a, *gone["only_a"]),
        only_b=(*total.only_b, *gone["only_b"]),
        modes=(*total.modes, *modes),
        known=total.known and not (any(files) and not common and bool(x.built)),
    )


def _differing(x: State, y: State, common: Sequence[str]) -> Iterator[KeyGap]:
    for key in common:
        a, b = x.built[key], y.built[key]
        if not isinstance(a, torch.Tensor) or not isinstance(b, torch.Tensor):
            continue
        lazy = torch.nn.parameter.is_lazy(a) or torch.nn.parameter.is_lazy(b)
        if not lazy and (a.shape != b.shape or a.dtype != b.dtype or not torch.equal(a, b)):
            # At all: a difference below the tolerance is one.
            yield KeyGap(key, leaf(Value(key, a), Value(key, b), 0.0), key in x.buffers or key in y.buffers)
