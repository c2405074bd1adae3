"""Where two forms of a model part, as JSON; ``parting.schema.json`` describes it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from scriptify.oracle.parting import Gap, Leaf, Parting, Row
from scriptify.report import parting_words as words

VERSION = 1


def run(found: Sequence[Parting]) -> dict[str, Any]:
    """All comparisons of a run."""
    return {"version": VERSION, "comparisons": [_parting(item) for item in found]}


def _parting(found: Parting) -> dict[str, Any]:
    return {
        "entry": found.entry,
        "a": found.a,
        "b": found.b,
        "same": not found.errors and not found.parts,
        "sentence": words.headline(found),
        "errors": list(found.errors),
        "state": _state(found),
        "first": found.first,
        "module": found.blamed,
        "by_input": found.by_input,
        "jump": found.jump,
        "kind": found.kind,
        "unsteady": found.unsteady,
        "remarks": list(found.remarks),
        "rows": [_row(row) for row in found.rows],
        "seconds": round(found.seconds, 3),
    }


def _state(found: Parting) -> dict[str, Any]:
    state = found.state
    return {
        "known": state.known,
        "compared": state.compared,
        "loaded": state.loaded,
        "differ": [{"key": item.key, "buffer": item.buffer, **_leaf(item.leaf)} for item in state.differ],
        "only_a": list(state.only_a),
        "only_b": list(state.only_b),
        "modes": [{"module": path, "a": mode, "b": not mode} for path, mode in state.modes],
    }


def _row(row: Row) -> dict[str, Any]:
    return {
        "case": row.case + 1,
        "turn": row.turn + 1,
        "module": row.path,
        "class": row.cls,
        "call": row.call,
        "verdict": row.verdict.value,
        "inputs": [_leaf(leaf) for leaf in row.inputs],
        "outputs": [_leaf(leaf) for leaf in row.outputs],
        "alone": _gap(row.alone) if row.alone else None,
        "alone_said": row.alone_said,
        "random": row.random,
        "by_shape": row.by_shape,
    }


def _leaf(leaf: Leaf) -> dict[str, Any]:
    return {
        "where": leaf.where,
        "dtype": list(leaf.dtypes),
        "shape": [list(shape) for shape in leaf.shapes],
        "gap": _gap(leaf.gap) if leaf.gap else None,
        "said": leaf.said,
        "parts": leaf.parts,
    }


def _gap(gap: Gap) -> dict[str, Any]:
    return {
        "max": _finite(gap.largest),
        "mean": _finite(gap.mean),
        "relative": _finite(gap.relative),
        "beyond": gap.beyond,
        "count": gap.count,
        "at": list(gap.at),
        "a": _finite(gap.before),
        "b": _finite(gap.after),
    }


def _finite(value: float) -> float | str:
    """JSON has no infinity and no NaN: they are told as texts."""
    return value if math.isfinite(value) else str(value)
