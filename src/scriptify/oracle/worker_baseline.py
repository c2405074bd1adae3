"""What the original does, measured once per entry and kept in a file for every later attempt."""

from __future__ import annotations

import io
import os
from collections.abc import Callable
from typing import Any

import torch

from scriptify.oracle.compare import Comparison
from scriptify.oracle.protocol import LEVELS, Entry, Verdict, proved
from scriptify.oracle.worker_calls import ROUNDS, Baseline, agree, changed, copied, finite, models, perturb, sequence
from scriptify.oracle.worker_entry import Case, EntryError, build, load_function
from scriptify.oracle.worker_wrappers import depth


def measure(entry: Entry, root: str, path: str, moved: bool, reach: Callable[[str], None]) -> tuple[Verdict, bool]:
    """Run the original and write its :class:`Baseline` to ``path``.

    ``moved`` perturbs constant parameters first; ``reach`` is told the level being tried. Gives a
    verdict that is refuted where the original itself does not import or run, and whether outputs were finite.
    """
    verdict = Verdict()
    reach("imports")
    try:
        function = load_function(entry, root)
        cases = build(entry, function)
    except EntryError as error:
        return verdict.stopped("imports", str(error), error.text, error.kind), True
    reach("eager_same")
    found, owners = models(cases)
    if moved:
        for model in found:
            if isinstance(model, torch.nn.Module):
                perturb(model)
    states = [copied(model.state_dict()) if isinstance(model, torch.nn.Module) else None for model in found]
    inputs = keepable(cases)
    outcomes = sequence([case.model for case in cases], cases, ROUNDS)
    broken = next((row[0] for row in outcomes if row[0].output is None), None)
    if broken is not None and all(row[0].output is None for row in outcomes):
        sentence = f"the original model {broken.sentence}"
        return _passed("eager_same").stopped("eager_same", sentence, broken.error, broken.error_type), False
    baseline = Baseline(owners, states, [], outcomes, inputs, wrapped=[depth(model) for model in found])
    for model, state in zip(found, states, strict=True):
        baseline.after.append(changed(state, model.state_dict()) if state is not None else {})
    _settle(baseline, entry, function)
    torch.save(baseline, path)
    return Verdict(cases=len(cases), unsteady=baseline.unsteady), finite(outcomes)


def _passed(level: str) -> Verdict:
    return Verdict(**{name: proved() for name in LEVELS[: LEVELS.index(level)]})  # type: ignore[arg-type]


def keepable(cases: list[Case]) -> list[tuple[Any, Any]] | None:
    """The inputs if they survive a file, else None: then they are built anew under the same seed."""
    pairs = [(case.args, case.kwargs) for case in cases]
    if any(isinstance(value, torch.nn.Module) for args, kwargs in pairs for value in (*args, *kwargs.values())):
        return None
    try:
        buffer = io.BytesIO()
        torch.save(pairs, buffer)
        buffer.seek(0)
        torch.load(buffer, weights_only=False)
    except Exception:  # whatever a user's object raises when pickled
        return None
    return pairs


def _settle(baseline: Baseline, entry: Entry, function: Callable[[], Any]) -> None:
    """Learn from a second build whether the model differs from itself, and from the calls whether it keeps state."""
    same = Comparison()
    rows = baseline.outcomes
    baseline.stateless = not any(baseline.after) and all(agree(row[0], other, same) is None for row in rows for other in row[1:])
    try:
        again = build(entry, function)
    except EntryError:
        baseline.rebuilds = False
        return
    if len(again) != len(rows):
        baseline.unsteady = True
        return
    load(baseline, again)
    repeated = sequence([case.model for case in again], again, 1 if baseline.stateless else ROUNDS)
    pairs = [pair for row, other in zip(rows, repeated, strict=True) for pair in zip(row, other, strict=False)]
    baseline.unsteady = any(agree(a, b, same) is not None for a, b in pairs)


def load(baseline: Baseline, cases: list[Case]) -> None:
    """Give the cases the original's inputs and parameters. Raises what ``load_state_dict`` raises."""
    found, _ = models(cases)
    for model, state in zip(found, baseline.states, strict=False):
        if isinstance(model, torch.nn.Module) and state is not None:
            model.load_state_dict(state, strict=True)
    if baseline.inputs is not None:
        for case, (args, kwargs) in zip(cases, baseline.inputs, strict=True):
            case.args, case.kwargs = args, kwargs


def read(path: str) -> Baseline:
    """The baseline in a file of ours."""
    kept = torch.load(path, weights_only=False)
    assert isinstance(kept, Baseline), os.path.basename(path)
    return kept
