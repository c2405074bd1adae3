"""The contract between a transform and the engine: what a transform is, and what it may answer.

Everything here is plain, frozen data. A transform reads an immutable tree and yields
:class:`Rewrite` (a change it proposes) or :class:`Decline` (a place it saw and left alone, with the
reason). It never changes anything itself: the pipeline applies, the oracle judges, a person decides.
"""

from __future__ import annotations

import enum
import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from scriptify.facts.model import Facts, Observed
    from scriptify.tree import Tree


class Phase(enum.IntEnum):
    """When a transform's rewrites are settled; of two that overlap, the earlier phase wins the pass."""

    DEPLOY = 10
    SYNTAX = 20
    SIGNATURES = 30
    CONTAINERS = 40
    CONTROL = 50
    VALUES = 60


class Safety(enum.Enum):
    """What a rewrite promises to the code's callers."""

    EQUIVALENT = "equivalent"
    """Any caller sees the same."""
    OBSERVED = "observed"
    """Rests on facts of a live run; applied only when the oracle agrees."""
    API = "api"
    """Callers can see it (a signature, a return type): told, and asked for with ``--unsafe``."""


@dataclass(frozen=True, slots=True, order=True)
class Edit:
    """Replace the characters ``start:end`` of the file at ``path`` (offsets in its decoded text) by ``text``."""

    path: str
    start: int
    end: int
    text: str

    def overlaps(self, other: Edit) -> bool:
        """Whether both cannot be applied to the same text; two insertions at one place overlap too."""
        if self.path != other.path:
            return False
        if self.start == other.start:
            return True
        return self.start < other.end and other.start < self.end


@dataclass(frozen=True, slots=True, order=True)
class Import:
    """An import the rewritten file needs: ``from module import name``, or ``import module`` without a name."""

    path: str
    module: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class Need:
    """A fact a rewrite rests on, in words, with where it comes from (``source``, ``live`` or ``user``)."""

    what: str
    origin: str = "source"


@dataclass(frozen=True, slots=True)
class Rewrite:
    """One proposed change: edits that stand or fall together.

    ``silent`` marks a rewrite of code that the compiler accepts but computes differently: it is kept
    even where an entry would script without it. ``raises`` marks one after which scripted code raises
    where eager code goes on: the report lists those places. ``answers`` is the error, in full, that an
    entry met without it, as far as it was met.
    """

    code: str
    title: str
    path: str
    line: int
    scope: str
    edits: tuple[Edit, ...]
    imports: tuple[Import, ...] = ()
    needs: tuple[Need, ...] = ()
    why: str = ""
    safety: Safety = Safety.EQUIVALENT
    silent: bool = False
    raises: bool = False
    before: str = ""
    answers: str = ""

    @property
    def key(self) -> str:
        """A fingerprint that survives edits elsewhere in the file: transform, place by name, old and new text."""
        new = "\0".join(edit.text for edit in self.edits)
        seed = "\0".join((self.code, self.path, self.scope, self.title, self.before, new))
        return hashlib.sha256(seed.encode("utf-8", "surrogatepass")).hexdigest()[:12]

    def moved(self, edits: Sequence[Edit]) -> Rewrite:
        """The same rewrite with other edits."""
        return replace(self, edits=tuple(edits))


@dataclass(frozen=True, slots=True)
class Decline:
    """A place a transform saw and left alone: ``because`` is one sentence for the reader."""

    code: str
    path: str
    line: int
    scope: str
    because: str


Proposal = Rewrite | Decline


@dataclass(frozen=True, slots=True)
class Focus:
    """Where the compiler stopped: a place (``line`` is 1-based; 0 when the message names none) and its message.

    ``scope`` is the qualified name of the function or class at that place, or ``""``; ``text`` is
    the source the compiler underlined; ``callers`` are the call sites that led there, innermost first.
    """

    path: str
    line: int
    message: str
    scope: str = ""
    text: str = ""
    callers: tuple[tuple[str, int], ...] = ()

    def covers(self, path: str, first: int, last: int) -> bool:
        """Whether the place lies in lines ``first..last`` of ``path``, or the message names no place at all."""
        if not self.line:
            return not self.path or self.path == path
        return self.path == path and first <= self.line <= last


@dataclass(frozen=True, slots=True)
class Fires:
    """``before`` must become exactly ``after``.

    ``entry`` is an expression in the example's own namespace giving ``(model, args)``; with it the
    derived checks also run both versions: ``before`` is refused with a stem in ``explains`` (or, where
    ``silent``, computes something else), ``after`` scripts, and all of eager, eager' and scripted agree.
    ``observed`` stands in for a live run. ``focus`` is a part of the compiler's message for a transform
    that only answers one; its place is the first line of ``before`` that contains ``at``.
    """

    before: str
    after: str
    entry: str = ""
    observed: Observed | None = None
    focus: str = ""
    at: str = ""
    name: str = ""
    silent: bool = False
    settings: Settings | None = None


@dataclass(frozen=True, slots=True)
class Declines:
    """``code`` must stay as it is, with a decline whose reason contains ``because``."""

    code: str
    because: str
    observed: Observed | None = None
    focus: str = ""
    at: str = ""
    name: str = ""
    settings: Settings | None = None


@dataclass(frozen=True, slots=True)
class Ignores:
    """``code`` must give neither a rewrite nor a decline: it is not this transform's business."""

    code: str
    observed: Observed | None = None
    focus: str = ""
    at: str = ""
    name: str = ""
    settings: Settings | None = None


Example = Fires | Declines | Ignores


@dataclass(frozen=True, slots=True)
class Settings:
    """What the user chose: which transforms run, and how those with a choice decide.

    ``none_default`` is ``"auto"``, ``"sentinel"`` or ``"optional"`` (see SF101).
    """

    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    unsafe: bool = False
    none_default: str = "auto"
    max_passes: int = 12


class Transform:
    """One kind of rewrite. Stateless; one file; the class docstring shows before -> after and says why.

    ``explains`` are stems (substrings) of the compiler messages it answers. ``hints`` are cheap text
    tests: a file that contains none of them is never parsed for this transform (no hints: always).
    ``on_demand`` transforms only run when a diagnostic asks for them: their code is not certain to be
    refused, so nothing is touched without the compiler's word. Those of the ``last_resort`` are asked
    when no other has an answer, also about the callers that led to the place.
    """

    code: ClassVar[str]
    name: ClassVar[str]
    phase: ClassVar[Phase]
    safety: ClassVar[Safety] = Safety.EQUIVALENT
    explains: ClassVar[tuple[str, ...]] = ()
    hints: ClassVar[tuple[str, ...]] = ()
    serves: ClassVar[frozenset[str]] = frozenset({"script"})
    """The forms it helps a model into (see ``oracle.forms``); others than ``script`` are shown by its examples."""
    on_demand: ClassVar[bool] = False
    last_resort: ClassVar[bool] = False
    examples: ClassVar[tuple[Example, ...]] = ()
    source: ClassVar[str] = ""
    """Where the rule comes from: a torch documentation page or issue."""

    def propose(self, tree: Tree, facts: Facts, focus: Focus | None = None) -> Iterator[Proposal]:
        """Yield rewrites and declines for ``tree``. Reads only; raises nothing for any tree that parses."""
        raise NotImplementedError

    @classmethod
    def interested(cls, text: str) -> bool:
        """Whether ``text`` contains one of the hints."""
        return not cls.hints or any(hint in text for hint in cls.hints)

    @classmethod
    def answers(cls, message: str) -> bool:
        """Whether one of the stems in ``explains`` occurs in a compiler message."""
        return any(stem in message for stem in cls.explains)


@dataclass(frozen=True, slots=True)
class Piece:
    """The characters ``start:end`` of a file as read, and the text that stands there in the end.

    ``owners`` are the positions in the file's ``rewrites`` of those that had a part in it: a rewrite's own
    edits count in a text that others may have changed before, a piece's place does not move.
    """

    start: int
    end: int
    text: str
    owners: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Changed:
    """A file whose text changes, with the rewrites that did it, and the ``pieces`` that lead from ``before`` to ``after``."""

    path: str
    before: str
    after: str
    rewrites: tuple[Rewrite, ...]
    declines: tuple[Decline, ...] = ()
    pieces: tuple[Piece, ...] = ()


@dataclass(frozen=True, slots=True)
class Clean:
    """A file with nothing to change."""

    path: str
    declines: tuple[Decline, ...] = ()


@dataclass(frozen=True, slots=True)
class Skipped:
    """A file that was not looked at, and why."""

    path: str
    reason: str


@dataclass(frozen=True, slots=True)
class Failed:
    """A file on which the work failed, and why; its bytes stay as they were."""

    path: str
    error: str
    rewrites: tuple[Rewrite, ...] = field(default=())


Outcome = Changed | Clean | Skipped | Failed
