"""What is asked of a checkpoint and what is found: plain, frozen, picklable data. Never imports torch.

A *state dict* is a mapping from dotted names to tensors, as ``nn.Module.state_dict()`` gives it; a file may hold one,
or several in a container such as ``{"params": ..., "params_ema": ...}``. ``numbers`` are elements, ``bytes`` are theirs.
"""

from __future__ import annotations

from dataclasses import dataclass, field

ZIP = "torch"
LEGACY = "torch-legacy"
SAFETENSORS = "safetensors"
TORCHSCRIPT = "torchscript"

KINDS = {
    ZIP: "a torch.save file",
    LEGACY: "a torch.save file in the form before PyTorch 1.6",
    SAFETENSORS: "a safetensors file",
    TORCHSCRIPT: "a TorchScript archive",
}


class CheckpointError(Exception):
    """A checkpoint that can't be read, changed or written; one sentence with the place and the way out."""


class ChoiceError(CheckpointError):
    """A request that can't be met as it was put: a missing file, a key that is not there, an option that is needed."""


class UnsafeError(CheckpointError):
    """``weights_only=True`` refuses the file; ``globals`` are the classes and functions it asks for, dotted."""

    def __init__(self, sentence: str, names: tuple[str, ...]) -> None:
        super().__init__(sentence)
        self.globals = names


@dataclass(frozen=True, slots=True)
class Access:
    """How far a file is trusted: ``allow_pickle`` runs whatever it holds, ``allow_globals`` names what may be built."""

    allow_pickle: bool = False
    allow_globals: tuple[str, ...] = ()

    @property
    def cautious(self) -> bool:
        """Whether only what ``weights_only=True`` builds is built."""
        return not self.allow_pickle and not self.allow_globals


@dataclass(frozen=True, slots=True)
class TensorInfo:
    """One tensor: ``storage`` numbers the storages of a file (-1 where a tensor has none of its own kind to share)."""

    name: str
    shape: tuple[int, ...]
    dtype: str
    numbers: int
    bytes: int
    storage: int = -1
    layout: str = ""


@dataclass(frozen=True, slots=True)
class Taken:
    """A wrapper's component that can come off: ``component`` with its dot, the number of keys that have it, one of them."""

    component: str
    keys: int
    example: str


@dataclass(frozen=True, slots=True)
class StateDict:
    """One state dict in a file: ``key`` is where it is, dotted, or ``""`` for the file itself.

    ``others`` are its entries that are no tensors, each as name and description; ``versions``: it has
    ``_metadata``; ``wrappers`` is what `strip` would take off, ``notes`` what it leaves and why.
    """

    key: str
    tensors: tuple[TensorInfo, ...]
    others: tuple[tuple[str, str], ...] = ()
    versions: bool = False
    wrappers: tuple[Taken, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def numbers(self) -> int:
        """Elements of all tensors."""
        return sum(tensor.numbers for tensor in self.tensors)

    @property
    def bytes(self) -> int:
        """Bytes of all tensors, shared ones counted each time."""
        return sum(tensor.bytes for tensor in self.tensors)


@dataclass(frozen=True, slots=True)
class Sharing:
    """Tensors of one storage, by ``key`` and name; ``same``: they are one and the same view of it, else they overlap or lie apart."""

    names: tuple[str, ...]
    bytes: int
    same: bool


@dataclass(frozen=True, slots=True)
class Inspection:
    """What a file holds and what it takes to load it. ``size`` is the file's, in bytes.

    ``refused`` is the sentence of ``weights_only=True`` where it refuses, with the ``globals`` it would need; then
    nothing else is known. ``entries`` are what is in no state dict; ``devices`` those the tensors were saved on.
    """

    path: str
    kind: str
    size: int
    states: tuple[StateDict, ...] = ()
    entries: tuple[tuple[str, str], ...] = ()
    sharing: tuple[Sharing, ...] = ()
    devices: tuple[str, ...] = ()
    module: str = ""
    refused: str = ""
    globals: tuple[str, ...] = ()
    load: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Renamed:
    """One state dict's keys that change, old and new, in order; what came off; what was left and why."""

    key: str
    renames: tuple[tuple[str, str], ...]
    keys: int
    taken: tuple[Taken, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class StripResult:
    """What ``strip`` found. ``written`` is the file it wrote, or ``""``; ``replaces``: that file was there before."""

    path: str
    states: tuple[Renamed, ...]
    written: str = ""
    replaces: bool = False
    notes: tuple[str, ...] = ()

    @property
    def changes(self) -> int:
        """How many keys change."""
        return sum(len(state.renames) for state in self.states)


@dataclass(frozen=True, slots=True)
class ConvertResult:
    """What ``convert`` wrote: the state dict ``key`` of ``path`` with its tensors, and what could not be taken along as it was."""

    path: str
    written: str
    kind: str
    key: str
    tensors: int
    numbers: int
    bytes: int
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Mismatch:
    """A key in file and model whose shapes differ."""

    name: str
    file: tuple[int, ...]
    model: tuple[int, ...]
    numbers: int


@dataclass(frozen=True, slots=True)
class Cast:
    """Keys whose dtype changes in loading; ``lossy``: the model's holds less than the file's."""

    file: str
    model: str
    keys: int
    lossy: bool


@dataclass(frozen=True, slots=True)
class VerifyResult:
    """How a state dict loads into an entry's model.

    ``model_keys`` and ``model_numbers`` are all the model has, ``loaded_keys`` and ``loaded_numbers`` what came from the
    file. Missing and mismatched keys keep what the constructor gave; ``stuck`` ones were taken without a word and
    still hold it; ``initial`` ones were loaded, and hold in the file just what the constructor draws under the oracle's
    seed. ``mapping`` is the suggestion, file's name to model's; ``ambiguous`` names of the file that fit several of the
    model's; ``written`` the file with the mapping applied, or ``""``.
    """

    path: str
    entry: str
    key: str
    model: str
    model_keys: int
    model_numbers: int
    loaded_keys: int
    loaded_numbers: int
    missing: tuple[tuple[str, int], ...] = ()
    unexpected: tuple[tuple[str, int], ...] = ()
    mismatched: tuple[Mismatch, ...] = ()
    stuck: tuple[tuple[str, int], ...] = ()
    initial: tuple[tuple[str, int], ...] = ()
    casts: tuple[Cast, ...] = ()
    mapping: tuple[tuple[str, str], ...] = ()
    ambiguous: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    strips: bool = False
    written: str = ""
    notes: tuple[str, ...] = field(default=())

    @property
    def ok(self) -> bool:
        """Whether everything of the model came from the file, and everything of the file went into the model."""
        return not (self.missing or self.unexpected or self.mismatched or self.stuck or self.problems)


@dataclass(frozen=True, slots=True)
class Refusal:
    """A :class:`CheckpointError` on its way from the child process; ``choice`` where it is a :class:`ChoiceError`."""

    sentence: str
    choice: bool = False


def size(count: int) -> str:
    """Bytes for people: ``97.5 MiB``."""
    if count < 1024:
        return f"{count} bytes"
    value, units = float(count), ["KiB", "MiB", "GiB", "TiB"]
    for unit in units:
        value /= 1024
        if value < 1024 or unit == units[-1]:
            break
    return f"{value:.1f} {unit}"
