"""A file of an entry's first model: made, saved, loaded back, and compared with what the eager model gives."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import torch

from scriptify.oracle import worker_baseline, worker_torchscript
from scriptify.oracle.compare import Comparison, Difference
from scriptify.oracle.protocol import Delivery, Entry, Order, proved
from scriptify.oracle.worker_calls import ROUNDS, Outcome, agree, models, sequence, state_difference
from scriptify.oracle.worker_entry import CALL_SEED, Case, EntryError, build, load_function, said
from scriptify.oracle.worker_making import Made, NotMade
from scriptify.oracle.worker_snapshot import Node


def maker(order: Order) -> Callable[..., Made]:
    """What makes a form."""
    if order.form == "torchscript":
        return worker_torchscript.make
    from scriptify.oracle import worker_exporters

    return worker_exporters.make


def deliver(order: Order, entry: Entry, root: str, folder: str, kept: str, path: str, cases_path: str = "") -> Delivery:
    """One pass. Without ``path`` the form is compared in memory, with it as loaded back from there.

    ``kept`` is the baseline's file; ``cases_path`` is where inputs and expected outputs go, for a program in another language.
    """
    try:
        cases = build(entry, load_function(entry, root))
    except EntryError as error:
        return Delivery().stopped("runs", str(error), error.text, error.kind)
    baseline = worker_baseline.read(kept)
    worker_baseline.load(baseline, cases)
    found, owners = models(cases)
    own = [number for number, owner in enumerate(owners) if owner == 0]
    done = Delivery(runs=proved(), models=len(found), cases=len(own), unsteady=baseline.unsteady)
    given = [cases[number] for number in own]
    try:
        made = maker(order)(order, given, folder, values=not baseline.unsteady)
    except NotMade as error:
        return done.stopped("made", str(error), error.text, error.kind)
    done = replace(done, made=proved(*made.remarks), how=made.how, choices=tuple(made.choices))
    step, run = ("reloads" if path else "same"), made.run
    if path:
        try:
            made.save(path)
            run = made.load(path)
        except (Exception, SystemExit) as error:
            return done.stopped("reloads", f"it can't be saved and loaded: {said(error)}", str(error), type(error).__name__)
        if cases_path:
            recorded = [_case(case, baseline.outcomes[number][0]) for case, number in zip(given, own, strict=True)]
            torch.save((CALL_SEED, recorded), cases_path)
    worker_baseline.load(baseline, cases)
    how = Comparison(scripted=True, values=not baseline.unsteady, grads=made.grads)
    rounds = ROUNDS if not baseline.stateless or not path else 1
    outcomes = sequence([run] * len(own), given, rounds)
    expected = [baseline.outcomes[number] for number in own]
    if wrong := _difference(expected, outcomes, how):
        first = next((o for row in outcomes for o in row if o.output is None), None)
        return done.stopped(step, str(wrong), first.error if first else "", first.error_type if first else "")
    state = baseline.states[0] if not path and not (order.freeze or order.optimize) and hasattr(run, "state_dict") else None
    if state is not None and (wrong := state_difference(state, baseline.after[0], run.state_dict(), how)):
        return done.stopped(step, str(wrong))
    return replace(done, **{step: proved(*how.remarks)})  # type: ignore[arg-type]


def _difference(expected: list[list[Outcome]], got: list[list[Outcome]], how: Comparison) -> Difference | None:
    several = len(expected) > 1
    for number, (row, outcomes) in enumerate(zip(expected, got, strict=True), 1):
        for turn, outcome in enumerate(outcomes):
            found = agree(row[min(turn, len(row) - 1)], outcome, how, str(number) if several else "")
            if found is not None:
                return replace(found, what=f"{found.what} (call {turn + 1} in a row)") if turn else found
    return None


def _case(given: Case, outcome: Outcome) -> tuple[list[Any], dict[str, Any], Any]:
    return list(given.args), given.kwargs, _value(outcome.output) if outcome.output is not None else None


def _value(node: Node) -> Any:
    """A snapshot as plain values that another language reads: Tensors, numbers, texts, lists, dicts."""
    if node.kind in ("sequence", "object"):
        return [_value(item) for item in node.items]
    if node.kind == "mapping":
        return {str(key.data): _value(item) for key, item in zip(node.names, node.items, strict=True)}
    return node.data
