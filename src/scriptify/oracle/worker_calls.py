"""Calling models and keeping what they gave: the same calls for the original, the rewritten and the scripted one."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch

from scriptify.oracle.compare import Comparison, Difference, compare
from scriptify.oracle.worker_entry import CALL_SEED, Case, out_of_memory, said, seed
from scriptify.oracle.worker_snapshot import Node, freeze, renew

ROUNDS = 3


@dataclass(slots=True)
class Outcome:
    """One call: its frozen output and its inputs as the call left them, or the exception it raised."""

    output: Node | None = None
    inputs: Node | None = None
    error: str = ""
    error_type: str = ""
    sentence: str = ""


@dataclass(slots=True)
class Baseline:
    """What the original does: its state, inputs and outcomes ``[case][round]``; all that a verdict compares with.

    ``owners`` maps a case to its model's number, ``states`` and ``after`` are by model (None for a
    function); ``after`` holds only what the calls changed. ``wrapped`` counts the DataParallel around each.
    """

    owners: list[int] = field(default_factory=list)
    states: list[dict[str, Any] | None] = field(default_factory=list)
    after: list[dict[str, Node]] = field(default_factory=list)
    outcomes: list[list[Outcome]] = field(default_factory=list)
    inputs: list[tuple[Any, Any]] | None = None
    unsteady: bool = False
    stateless: bool = True
    rebuilds: bool = True
    wrapped: list[int] = field(default_factory=list)


def models(cases: Sequence[Case]) -> tuple[list[Any], list[int]]:
    """The distinct models in order of appearance, and each case's number among them."""
    found: list[Any] = []
    owners = []
    for case in cases:
        number = next((i for i, model in enumerate(found) if model is case.model), len(found))
        if number == len(found):
            found.append(case.model)
        owners.append(number)
    return found, owners


def call(model: Any, args: Sequence[Any], kwargs: dict[str, Any]) -> Outcome:
    """Call a model on copies of its inputs under the call seed."""
    memo: dict[int, Any] = {}
    given, named = renew(list(args), memo), renew(dict(kwargs), memo)
    seed(CALL_SEED)
    try:
        output = model(*given, **named)
        return Outcome(freeze(output), freeze([*given, named]))
    except BaseException as error:  # sys.exit in a forward is the user's exception too
        sentence = "runs out of memory" if out_of_memory(error) else f"raises {said(error)}"
        return Outcome(error=str(error), error_type=type(error).__name__, sentence=sentence)


def sequence(callables: Sequence[Any], cases: Sequence[Case], rounds: int) -> list[list[Outcome]]:
    """Call each case ``rounds`` times in a row; ``callables`` is what to call for it."""
    return [[call(model, case.args, case.kwargs) for _ in range(rounds)] for model, case in zip(callables, cases, strict=True)]


def agree(expected: Outcome, got: Outcome, how: Comparison, names: str = "") -> Difference | None:
    """How one outcome departs from another: output first, then what the call did to its inputs."""
    label = f"output of case {names}" if names else "output"
    if expected.output is None or got.output is None:
        return _raised(expected, got, how, label)
    found = compare(expected.output, got.output, how, label)
    if found is None and expected.inputs is not None and got.inputs is not None:
        found = compare(expected.inputs, got.inputs, how, f"inputs{' of case ' + names if names else ''} after the call")
    return found


def _raised(expected: Outcome, got: Outcome, how: Comparison, label: str) -> Difference | None:
    if got.output is None and expected.output is not None:
        return Difference(label, got.sentence)
    if got.output is not None:
        return Difference(label, f"no error where the original {expected.sentence}")
    if expected.error_type == got.error_type:
        return None
    if how.scripted:
        how.remark(label, f"raises torch.jit's {got.error_type} where eager raises {expected.error_type}")
        return None
    return Difference(label, f"{got.sentence}, where the original {expected.sentence}")


def state_difference(before: dict[str, Any], after: dict[str, Node], now: dict[str, Any], how: Comparison) -> Difference | None:
    """How a model's state after the calls departs from what the original's calls made of ``before``."""
    for key in before:
        if key not in now:
            continue
        expected = after[key] if key in after else freeze(before[key])
        got = freeze(now[key])
        # Loading copies values only: what owns the tensor (Parameter or buffer) is no part of the state.
        got.cls, got.grad = expected.cls, expected.grad
        if found := compare(expected, got, how, f"state after the calls {key!r}"):
            return found
    return None


def changed(before: dict[str, Any], now: dict[str, Any]) -> dict[str, Node]:
    """The parts of a state that differ from ``before``, frozen."""
    strict = Comparison()
    return {key: freeze(now[key]) for key in now if key not in before or compare(freeze(before[key]), freeze(now[key]), strict)}


def copied(state: dict[str, Any]) -> dict[str, Any]:
    """A state_dict whose tensors no later call can change."""
    return {key: value.detach().clone() if isinstance(value, torch.Tensor) else value for key, value in state.items()}


def perturb(model: torch.nn.Module) -> None:
    """Move every parameter that is constant (zero noise weights, fresh norms) a little, each by its name.

    Left at its initial value such a parameter hides what it multiplies, and the comparison is vacuous.
    """
    generator = torch.Generator()
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            lazy = torch.nn.parameter.is_lazy(parameter)
            if lazy or not parameter.is_floating_point() or not parameter.numel() or parameter.device.type == "meta":
                continue
            if bool((parameter == parameter.flatten()[0]).all()):
                generator.manual_seed(zlib.crc32(name.encode()))
                noise = torch.rand(parameter.shape, generator=generator, dtype=torch.float32)
                # Positive and small: a square root or logarithm of it stays defined.
                parameter.add_((0.05 + 0.1 * noise).to(parameter.dtype).to(parameter.device))


def finite(outcomes: Iterable[Iterable[Outcome]]) -> bool:
    """Whether no output holds a NaN or an infinity and no call raised."""
    return all(outcome.output is not None and _finite(outcome.output) for row in outcomes for outcome in row)


def _finite(node: Node) -> bool:
    if node.kind == "tensor" and node.data.device.type != "meta":
        return bool(node.data.isfinite().all())
    return all(_finite(item) for item in node.items)
