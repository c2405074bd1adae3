"""What is asked of the oracle and what it answers. Plain picklable data; never imports torch."""

from __future__ import annotations

import enum
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from scriptify.facts.model import Attribute

LEVELS = ("imports", "eager_same", "keys_same", "scripts", "scripted_same", "reloads")


@dataclass(frozen=True, slots=True)
class Entry:
    """How to get a running model: ``target`` is ``FILE_OR_MODULE:FUNC``.

    FUNC takes nothing and returns ``(model, args)`` or ``(model, args, kwargs)``; ``model`` is an
    ``nn.Module`` or a function; a generator of such tuples gives several cases. ``root`` is put first
    on ``sys.path`` (the working directory when empty). Raises ValueError for a target without a colon.
    """

    target: str
    root: str = ""

    def __post_init__(self) -> None:
        where, colon, func = self.target.rpartition(":")
        if not colon or not where or not func.isidentifier():
            raise ValueError(f"entry {self.target!r} is not FILE_OR_MODULE:FUNC, for example models.py:make_model")

    @property
    def where(self) -> str:
        """The file or module."""
        return self.target.rpartition(":")[0]

    @property
    def function(self) -> str:
        """The function's name."""
        return self.target.rpartition(":")[2]

    @property
    def is_file(self) -> bool:
        """Whether ``where`` names a file."""
        return self.where.endswith(".py")


class State(enum.Enum):
    """Of one level: proved, refuted, or not tried; "not tried" never looks like a pass."""

    PROVED = "proved"
    REFUTED = "refuted"
    NOT_TRIED = "not tried"


@dataclass(frozen=True, slots=True)
class Level:
    """One level's state, with the detail of a refutation or the reason it was not tried.

    ``remarks`` are differences that scripting cannot avoid and a caller can see (a tuple of a length
    that varies comes back as a list); they do not refute.
    """

    state: State
    detail: str = ""
    remarks: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether it was proved."""
        return self.state is State.PROVED


def proved(*remarks: str) -> Level:
    """A proved level."""
    return Level(State.PROVED, remarks=remarks)


def refuted(detail: str) -> Level:
    """A refuted level."""
    return Level(State.REFUTED, detail)


def not_tried(reason: str) -> Level:
    """A level that was not tried."""
    return Level(State.NOT_TRIED, reason)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was proved about one entry, level by level.

    ``error`` is the full text of the first failure (torch.jit's own message where scripting failed),
    ``error_type`` its class name. ``unsteady``: the model differs from itself under one seed, so values
    were not compared. ``cases`` counts the cases the entry gave. ``seconds`` is wall time.
    """

    imports: Level = field(default_factory=lambda: not_tried("not reached"))
    eager_same: Level = field(default_factory=lambda: not_tried("not reached"))
    keys_same: Level = field(default_factory=lambda: not_tried("not reached"))
    scripts: Level = field(default_factory=lambda: not_tried("not reached"))
    scripted_same: Level = field(default_factory=lambda: not_tried("not reached"))
    reloads: Level = field(default_factory=lambda: not_tried("not reached"))
    error: str = ""
    error_type: str = ""
    unsteady: bool = False
    cases: int = 0
    seconds: float = 0.0

    def levels(self) -> Iterator[tuple[str, Level]]:
        """The levels by name, in the order they are proved."""
        for name in LEVELS:
            yield name, getattr(self, name)

    @property
    def ok(self) -> bool:
        """Whether everything was proved."""
        return all(level.ok for _, level in self.levels())

    @property
    def harmless(self) -> bool:
        """Whether the eager side was proved the same: imports, outputs, keys."""
        return self.imports.ok and self.eager_same.ok and self.keys_same.ok

    @property
    def depth(self) -> int:
        """How many levels in a row were proved."""
        return next((i for i, (_, level) in enumerate(self.levels()) if not level.ok), len(LEVELS))

    @property
    def first_failure(self) -> tuple[str, Level] | None:
        """The first level that was not proved."""
        return next(((name, level) for name, level in self.levels() if not level.ok), None)

    def stopped(self, level: str, detail: str, error: str = "", error_type: str = "") -> Verdict:
        """The same verdict refuted at ``level``; what comes after is not tried."""
        values: dict[str, Any] = {level: refuted(detail), "error": error or detail, "error_type": error_type}
        for later in LEVELS[LEVELS.index(level) + 1 :]:
            values[later] = not_tried(f"{level.replace('_', ' ')} was refuted")
        return replace(self, **values)


@dataclass(frozen=True, slots=True)
class Limits:
    """Of one attempt: wall seconds, and bytes of address space it may add to the imported torch (0: no limit).

    ``entry`` are the wall seconds after which the repair of one entry takes no further step (0: no limit).
    """

    seconds: float = 300.0
    memory: int = 0
    entry: float = 1800.0


@dataclass(frozen=True, slots=True)
class LiveParameter:
    """A parameter as calls have shown it: types as TorchScript texts, joined (see facts.types.join)."""

    observed: str
    given: str = ""
    empty_seen: bool = False


@dataclass(frozen=True, slots=True)
class LiveFunction:
    """One project function over all its calls in a run."""

    path: str
    qualname: str
    line: int
    calls: int
    parameters: Mapping[str, LiveParameter]
    locals: Mapping[str, str]
    returns: str
    arms: frozenset[tuple[str, str]] = frozenset()
    entered: frozenset[tuple[str, str]] = frozenset()


@dataclass(frozen=True, slots=True)
class LiveClass:
    """One project module class over all its instances in the entry's model; ``name`` is dotted."""

    path: str
    qualname: str
    name: str
    instances: int
    attributes: Mapping[str, Attribute]


@dataclass(frozen=True, slots=True)
class LiveCall:
    """A call edge that ran: from a place (offsets are line and column, 1- and 0-based) to a function."""

    path: str
    scope: str
    line: int
    column: int
    end_line: int
    end_column: int
    callee: tuple[str, str]


@dataclass(frozen=True, slots=True)
class Observation:
    """All that one observing run of an entry gave."""

    functions: tuple[LiveFunction, ...] = ()
    classes: tuple[LiveClass, ...] = ()
    calls: tuple[LiveCall, ...] = ()
    error: str = ""
    error_type: str = ""
    seconds: float = 0.0


FORMS = ("scripts", "scripted_same")
"""What is asked of each module of a model: does it script by itself, and compute the same on the inputs of the eager run?"""


@dataclass(frozen=True, slots=True)
class LiveModule:
    """One module of an entry's model.

    ``path`` is its name as ``named_modules`` gives it (``""`` for the whole), ``model`` the number of its model among the
    entry's. ``file`` and ``line`` are those of its class where it is the user's own. ``parameters`` counts the elements of
    the parameters in it and below. ``forms`` tells for each form (see FORMS) what was proved.
    """

    path: str
    name: str
    file: str = ""
    line: int = 0
    parameters: int = 0
    forms: Mapping[str, Level] = field(default_factory=dict)
    model: int = 0


@dataclass(frozen=True, slots=True)
class Order:
    """What file is wanted of an entry's first model.

    ``form`` is ``torchscript``, ``onnx`` or ``export`` (a program of torch.export). ``how`` it is made: of TorchScript
    ``auto``, ``script``, ``trace`` or ``mixed``; of ONNX ``auto``, ``dynamo`` or ``torchscript``, its two exporters.
    ``freeze`` and ``optimize`` are torch.jit's. ``dynamic`` are the dimensions of every input Tensor that may vary, besides
    those in which the entry's cases differ.
    """

    form: str = "torchscript"
    how: str = "auto"
    freeze: bool = False
    optimize: bool = False
    dynamic: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Choice:
    """How one module was taken into the file (``script`` or ``trace``), and why; ``path`` is ``""`` for the whole."""

    path: str
    name: str
    how: str
    why: str


STEPS = ("runs", "made", "same", "reloads")


@dataclass(frozen=True, slots=True)
class Delivery:
    """What was proved of a file, step by step: the model runs, the form can be made of it, computes the same (also with
    constant parameters moved), and does so once loaded back from the file with the model's own parameters.

    ``how`` names what was done in the end. ``models`` counts those of the entry; only the first is delivered.
    """

    runs: Level = field(default_factory=lambda: not_tried("not reached"))
    made: Level = field(default_factory=lambda: not_tried("not reached"))
    same: Level = field(default_factory=lambda: not_tried("not reached"))
    reloads: Level = field(default_factory=lambda: not_tried("not reached"))
    how: str = ""
    choices: tuple[Choice, ...] = ()
    error: str = ""
    error_type: str = ""
    unsteady: bool = False
    cases: int = 0
    models: int = 1
    seconds: float = 0.0

    def levels(self) -> Iterator[tuple[str, Level]]:
        """The steps by name, in the order they are proved."""
        for name in STEPS:
            yield name, getattr(self, name)

    @property
    def ok(self) -> bool:
        """Whether all steps were proved."""
        return all(level.ok for _, level in self.levels())

    @property
    def first_failure(self) -> tuple[str, Level] | None:
        """The first step that was not proved."""
        return next(((name, level) for name, level in self.levels() if not level.ok), None)

    def stopped(self, step: str, detail: str, error: str = "", error_type: str = "") -> Delivery:
        """The same delivery refuted at ``step``; what comes after is not tried."""
        values: dict[str, Any] = {step: refuted(detail), "error": error or detail, "error_type": error_type}
        for later in STEPS[STEPS.index(step) + 1 :]:
            values[later] = not_tried(f"{step} was refuted")
        return replace(self, **values)


Overlay = Mapping[str, str]
"""Rewritten source by absolute path: what the child sees in place of the files on disk."""
