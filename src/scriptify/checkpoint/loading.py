"""Reads a checkpoint: memory-mapped, with ``weights_only=True`` unless the caller trusts the file, every failure a sentence."""

from __future__ import annotations

import contextlib
import importlib
import pickle
import pickletools
import re
import warnings
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from scriptify.checkpoint import files
from scriptify.checkpoint.model import LEGACY, SAFETENSORS, TORCHSCRIPT, Access, CheckpointError, ChoiceError, UnsafeError

_ASKED = re.compile(r"GLOBAL ([\w.]+\.\w+) ")
_TAKEN = ("torch", "collections")
"""Packages whose globals a state dict has anyway: of these only the one that was refused is named."""


@dataclass(slots=True)
class Content:
    """What a file holds: ``value`` as it was saved, the text ``metadata`` of a safetensors file, and the ``devices`` of its tensors."""

    path: Path
    kind: str
    value: Any
    metadata: dict[str, str] = field(default_factory=dict)
    devices: tuple[str, ...] = ()


def read(path: str | Path, access: Access = Access()) -> Content:  # noqa: B008 - frozen
    """The content of ``path``, on the CPU, memory-mapped where its form allows.

    Raises UnsafeError where ``weights_only=True`` refuses, ChoiceError for a path without a file, CheckpointError for
    what can't be read.
    """
    path = Path(path)
    kind = files.kind_of(path)
    if kind == SAFETENSORS:
        return _safetensors(path)
    if kind == TORCHSCRIPT:
        raise CheckpointError(
            f"{path}: is a TorchScript archive, not a checkpoint: torch.save(torch.jit.load({str(path)!r}).state_dict(), ...) makes it one"
        )
    devices: dict[str, None] = {}

    def to_cpu(storage: Any, location: str) -> Any:
        devices[location] = None
        return storage

    with _readable(path, kind), _allowed(path, access), quiet():
        # A legacy file can't be mapped: torch reads it whole.
        value = torch.load(path, map_location=to_cpu, weights_only=not access.allow_pickle, mmap=kind != LEGACY)
    return Content(path, kind, value, devices=tuple(devices))


@contextmanager
def quiet() -> Iterator[None]:
    """Without torch's own warnings about what it finds in old files: they name lines of torch."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


@contextmanager
def _readable(path: Path, kind: str) -> Iterator[None]:
    try:
        yield
    except CheckpointError:
        raise
    except pickle.UnpicklingError as error:
        names = needed(path, kind, str(error))
        if not names:
            raise CheckpointError(f"{path}: can't be read: {_first(error)}") from error
        shown = ", ".join(names[:6]) + (f" and {len(names) - 6} more" if len(names) > 6 else "")
        way_out = " ".join(f"--allow-global {name}" for name in names) if len(names) <= 3 else "--allow-global NAME for each"
        raise UnsafeError(
            f"{path}: holds more than weights: {shown}; {way_out} lets those be built, --allow-pickle runs whatever the file says", names
        ) from error
    except (MemoryError, KeyboardInterrupt):
        raise
    except Exception as error:
        # torch raises what the reader, the unpickler or a damaged file makes it raise: there is no list.
        raise CheckpointError(f"{path}: is cut off or damaged: {_first(error)}") from error


def _first(error: BaseException) -> str:
    """The first sentence of torch's own words."""
    line = next((text.strip() for text in str(error).splitlines() if text.strip()), type(error).__name__)
    return line.partition(". In PyTorch 2.6")[0][:300]


def needed(path: str | Path, kind: str, message: str = "") -> tuple[str, ...]:
    """The globals a torch.save file needs beyond those of ``weights_only=True``; none where it is not whole."""
    if kind != LEGACY:
        with contextlib.suppress(Exception), quiet():
            return tuple(sorted(torch.serialization.get_unsafe_globals_in_checkpoint(str(path))))
        return ()
    refused = _ASKED.search(message)
    if refused is None:
        return ()
    try:
        asked = set(_legacy_globals(path))
    except (ValueError, OSError, EOFError):  # pickletools' own for a pickle that ends too early
        return ()
    return tuple(sorted({refused[1], *(name for name in asked if name.split(".")[0] not in _TAKEN)} & asked))


def _legacy_globals(path: str | Path) -> Iterator[str]:
    """The globals in the four pickles before the numbers (magic, protocol, system, content), without building anything."""
    with open(path, "rb") as file:
        for _ in range(4):
            for operation, argument, _ in pickletools.genops(file):
                if operation.name == "GLOBAL":
                    yield ".".join(str(argument).split(" "))


def _allowed(path: Path, access: Access) -> AbstractContextManager[Any]:
    if not access.allow_globals:
        return nullcontext()
    return torch.serialization.safe_globals([_imported(path, name) for name in access.allow_globals])


def _imported(path: Path, name: str) -> Any:
    """The object a dotted name means. A pickle may call it by an old name (numpy.core): then by that name too."""
    where, _, what = name.rpartition(".")
    try:
        found = getattr(importlib.import_module(where), what)
    except (ImportError, AttributeError, ValueError) as error:
        raise ChoiceError(f"{path}: {name} can't be imported to be allowed: {_first(error)}") from error
    same = (getattr(found, "__module__", where), getattr(found, "__qualname__", what)) == (where, what)
    return found if same else (found, name)


def _safetensors(path: Path) -> Content:
    library = safetensors_library(path)
    try:
        with library.safe_open(path, framework="pt", device="cpu") as file:
            value = {name: file.get_tensor(name) for name in _in_file_order(file)}
            return Content(path, SAFETENSORS, value, dict(file.metadata() or {}))
    except (library.SafetensorError, OSError, ValueError, RuntimeError) as error:
        raise CheckpointError(f"{path}: is cut off or damaged: {_first(error)}") from error


def _in_file_order(file: Any) -> Sequence[str]:
    return file.offset_keys() if hasattr(file, "offset_keys") else file.keys()  # type: ignore[no-any-return]


def safetensors_library(path: Path) -> Any:
    """The package ``safetensors``. Raises ChoiceError where it is not installed."""
    try:
        return importlib.import_module("safetensors")
    except ImportError:
        raise ChoiceError(f"{path}: safetensors files need the package safetensors: pip install 'torch-scriptify[safetensors]'") from None


def moved(content: Content) -> tuple[str, ...]:
    """The remark that a file's tensors were on another device, where they were."""
    other = [device for device in content.devices if device != "cpu"]
    return (f"the tensors were saved on {', '.join(other)}; the new file has them for the CPU and loads anywhere",) if other else ()
