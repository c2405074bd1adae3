"""What is kept of one side of a comparison, in a file that another process reads."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import torch

from scriptify.oracle.parting import Gap
from scriptify.oracle.worker_capture import Event, Value


@dataclass(slots=True)
class State:
    """A model's parameters and buffers as built and as used, its buffers' names, its modules' modes."""

    built: dict[str, Any] = field(default_factory=dict)
    used: dict[str, Any] = field(default_factory=dict)
    buffers: tuple[str, ...] = ()
    modes: dict[str, bool] = field(default_factory=dict)
    known: bool = True


@dataclass(slots=True)
class Ran:
    """One call of a model: the events of its submodules, its output (None where it raised: then ``error`` says what)."""

    case: int
    turn: int
    events: list[Event] = field(default_factory=list)
    inputs: list[Value] = field(default_factory=list)
    outputs: list[Value] | None = None
    error: str = ""
    random: bool = False
    cls: str = ""


Place = tuple[int, int, str, int]
"""Case, turn, path, call."""


@dataclass(slots=True)
class Recording:
    """All that the comparison needs of one side. ``inner``: whether submodules were seen, else why not.

    ``alone`` is by place the gap of a submodule run by itself on the other side's inputs, ``unsteady`` the places
    where the model differs from itself under one seed.
    """

    form: str
    file: bool
    states: list[State | None] = field(default_factory=list)
    owners: list[int] = field(default_factory=list)
    ran: list[Ran] = field(default_factory=list)
    inputs: list[tuple[Any, Any]] | None = None
    inner: str = ""
    loose: bool = False
    loaded: bool = False
    alone: dict[Place, tuple[Gap | None, str]] = field(default_factory=dict)
    unsteady: set[Place] = field(default_factory=set)
    remarks: list[str] = field(default_factory=list)


def read(path: str) -> Recording:
    """A recording in a file of ours; its tensors stay on disk until they are looked at."""
    kept = torch.load(path, weights_only=False, mmap=True)
    assert isinstance(kept, Recording)
    return kept
