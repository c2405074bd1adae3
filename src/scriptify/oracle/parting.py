"""Two forms of a model side by side: what is asked, and what was found module by module. Plain picklable data; never imports torch."""

from __future__ import annotations

import enum
from collections.abc import Iterator
from dataclasses import dataclass, field

from scriptify.oracle.protocol import Entry


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two: a form of an entry's model, or a saved file.

    ``label`` is how the user named it. ``entry`` builds the model (of a file: gives the inputs and the structure of
    the output). ``file`` is the absolute path of a saved model, empty for a form. ``overlay`` maps absolute paths to
    the texts that stand in place of the files on disk.
    """

    label: str
    form: str
    entry: Entry
    file: str = ""
    overlay: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Question:
    """How to compare.

    ``load``: B gets A's parameters and buffers. ``moved``: constant parameters are perturbed first, so that a fresh
    norm or a zero weight hides nothing. ``calls``: how often each case is called in a row. ``tolerance``: absolute and
    relative to each value, at once; None: by dtype, as the oracle has it.
    """

    load: bool = True
    moved: bool = True
    calls: int = 1
    tolerance: float | None = None


@dataclass(frozen=True, slots=True)
class Recorded:
    """What recording one side came to: ``error`` is one sentence where there is nothing to compare."""

    error: str = ""
    finite: bool = True
    keys: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Gap:
    """How far two tensors are apart.

    ``largest`` and ``mean`` are absolute; ``relative`` is the largest, measured by the largest absolute value of A's
    tensor; ``beyond`` of ``count`` elements are beyond the tolerance; ``at`` is the index of the largest.
    """

    largest: float
    mean: float
    relative: float
    beyond: int
    count: int
    at: tuple[int, ...] = ()
    before: float = 0.0
    after: float = 0.0


@dataclass(frozen=True, slots=True)
class Leaf:
    """One value of an input or output on both sides.

    ``where`` is its place (``[0]['x']``); dtypes and shapes are empty where the value is no tensor. ``gap`` is there
    where numbers were compared; ``said`` tells any other difference (shape, dtype, kind, a plain value) in words.
    """

    where: str
    dtypes: tuple[str, str] = ("", "")
    shapes: tuple[tuple[int, ...], tuple[int, ...]] = ((), ())
    gap: Gap | None = None
    said: str = ""

    @property
    def parts(self) -> bool:
        """Whether it differs beyond the tolerance."""
        return bool(self.said) or (self.gap is not None and self.gap.beyond > 0)


class Verdict(enum.Enum):
    """Of one call of one module."""

    SAME = "same"
    PARTS = "parts"
    UNSTEADY = "unsteady"
    ONLY_A = "only A"
    ONLY_B = "only B"
    UNSEEN = "not compared"


@dataclass(frozen=True, slots=True)
class Row:
    """One call of one module on both sides.

    ``call`` counts the calls of that module within a call of the model, from 1. ``entered`` and ``left`` order
    the rows in time. ``alone`` is the largest gap of the outputs when B's module is run by itself on A's
    inputs, None where that was not done. ``random``: A's call drew random numbers. ``by_shape``: values were matched
    by their shapes, since the form keeps no structure. ``children``: it called other modules.
    """

    case: int
    turn: int
    path: str
    cls: str
    call: int
    entered: int
    left: int
    verdict: Verdict
    inputs: tuple[Leaf, ...] = ()
    outputs: tuple[Leaf, ...] = ()
    alone: Gap | None = None
    alone_said: str = ""
    random: bool = False
    by_shape: bool = False
    children: bool = False

    @property
    def name(self) -> str:
        """Its path, the model itself in words."""
        return self.path or "(the model)"

    @property
    def error(self) -> float:
        """The largest relative gap of its outputs; 0 without."""
        return max((leaf.gap.relative for leaf in self.outputs if leaf.gap), default=0.0)

    @property
    def error_before(self) -> float:
        """The largest relative gap of its inputs; 0 without."""
        return max((leaf.gap.relative for leaf in self.inputs if leaf.gap), default=0.0)

    @property
    def worst(self) -> Leaf | None:
        """The output that is furthest apart: one that is told in words first."""
        told = next((leaf for leaf in self.outputs if leaf.said), None)
        gaps = [(leaf.gap.beyond > 0, leaf.gap.relative, -number) for number, leaf in enumerate(self.outputs) if leaf.gap]
        return told or (self.outputs[-max(gaps)[2]] if gaps else None)


@dataclass(frozen=True, slots=True)
class KeyGap:
    """A parameter or buffer that differs."""

    key: str
    leaf: Leaf
    buffer: bool = False


@dataclass(frozen=True, slots=True)
class StateGap:
    """Parameters and buffers of the two sides as built, before anything is loaded or run.

    ``compared`` counts the keys that both have. ``modes`` are modules whose ``training`` differs, with A's.
    ``loaded`` says that B was given A's state before it ran. ``known`` is off where a form does not tell its state.
    """

    compared: int = 0
    differ: tuple[KeyGap, ...] = ()
    only_a: tuple[str, ...] = ()
    only_b: tuple[str, ...] = ()
    modes: tuple[tuple[str, bool], ...] = ()
    loaded: bool = False
    known: bool = True


@dataclass(frozen=True, slots=True)
class Picture:
    """An image-like output as 8-bit pixels, row by row: A, B and the absolute difference.

    ``channels`` is 1 or 3. A and B are drawn on A's range ``low`` to ``high``, the difference on 0 to ``worst``.
    ``channel`` is the number of the one channel that is shown of many, -1 where all are.
    """

    title: str
    height: int
    width: int
    channels: int
    channel: int
    low: float
    high: float
    worst: float
    a: bytes
    b: bytes
    gap: bytes


@dataclass(frozen=True, slots=True)
class Parting:
    """The comparison of two sides.

    ``first`` is the number of the row where they part first, None where they don't; ``by_input``: already what that
    row's module was given parts, so it is the code of the module around it. ``jump`` is the row whose own share of the
    error is largest. ``kind`` tells how modules were compared. ``errors`` are sentences
    for sides that could not be had: then nothing was compared.
    """

    a: str
    b: str
    entry: str
    state: StateGap = field(default_factory=StateGap)
    rows: tuple[Row, ...] = ()
    outputs: tuple[Leaf, ...] = ()
    first: int | None = None
    by_input: bool = False
    jump: int | None = None
    kind: str = ""
    remarks: tuple[str, ...] = ()
    errors: tuple[str, ...] = ()
    pictures: tuple[Picture, ...] = ()
    unsteady: bool = False
    seconds: float = 0.0

    @property
    def parts(self) -> bool:
        """Whether the model's outputs part; those of a module inside may without that."""
        return any(row.verdict is Verdict.PARTS for row in self.of_model())

    @property
    def blamed(self) -> str | None:
        """The path of the module whose own code parts first; None where nothing does.

        Where what a module is given parts, or only one side calls it, that is the module around it.
        """
        if self.first is None:
            return None
        row = self.rows[self.first]
        if not self.by_input and row.verdict is Verdict.PARTS:
            return row.path
        around = self.around(row)
        return around.path if around else ""

    def around(self, row: Row) -> Row | None:
        """The call around a row's: of the same call of the model, and of a module that holds it or calls it."""
        same = [other for other in self.rows if (other.case, other.turn) == (row.case, row.turn) and other is not row]
        if row.verdict is Verdict.ONLY_B:  # its times are those of the other side
            above = [o for o in same if not o.path or row.path.startswith(o.path + ".")]
            return max(above, key=lambda other: len(other.path), default=None)
        above = [o for o in same if o.entered < row.entered and o.left > row.left and o.verdict is not Verdict.ONLY_B]
        return max(above, key=lambda other: other.entered, default=None)

    @property
    def exit_code(self) -> int:
        """0 the same, 1 they part, 3 one of them could not be had."""
        return 3 if self.errors else int(self.parts)

    def of_model(self) -> Iterator[Row]:
        """The rows of the whole model, one a call."""
        return (row for row in self.rows if not row.path)
