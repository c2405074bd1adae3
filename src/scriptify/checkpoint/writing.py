"""Writes a checkpoint beside its place and moves it there when it is whole: never a half-written file, not even on Ctrl-C."""

from __future__ import annotations

import contextlib
import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch

from scriptify.checkpoint import loading
from scriptify.checkpoint.model import LEGACY, SAFETENSORS, CheckpointError, ChoiceError

_mark = [""]


def mark(text: str) -> None:
    """Have unfinished files of this process carry ``text`` in their names, so that who kills it can remove them."""
    _mark[0] = text


def check_target(path: Path, output: str, write: bool) -> Path:
    """Where a result goes: ``output``, else over ``path``. Raises ChoiceError where that would replace a file without ``write``."""
    target = Path(output) if output else path
    if target.exists() and not write:
        raise ChoiceError(f"{target}: is there already; --write replaces it")
    if target.is_dir():
        raise ChoiceError(f"{target}: is a folder; name the file to write")
    if not target.resolve().parent.is_dir():
        raise ChoiceError(f"{target}: there is no folder {target.parent}")
    return target


def save(value: Any, target: Path, kind: str, metadata: dict[str, str] | None = None) -> None:
    """Write ``value`` at ``target`` in the form ``kind``; tensors go from their storage to the file, not through a copy.

    ``target`` is untouched until the new file is complete and on disk. Raises CheckpointError.
    """
    with _replacing(target) as path:
        if kind == SAFETENSORS:
            library = loading.safetensors_library(target)
            import safetensors.torch

            with _told(target, library.SafetensorError, ValueError):
                safetensors.torch.save_file(value, path, metadata=metadata)
            return
        with _told(target, RuntimeError), open(path, "wb") as file, loading.quiet():
            torch.save(value, file, _use_new_zipfile_serialization=kind != LEGACY)


@contextmanager
def _told(target: Path, *kinds: type[Exception]) -> Iterator[None]:
    """The writers' own errors, also those that mean a full disk, as one sentence."""
    try:
        yield
    except kinds as error:
        line = next(iter(str(error).splitlines()), type(error).__name__)
        raise CheckpointError(f"{target}: can't be written: {line[:300]}; nothing was written") from error


@contextmanager
def _replacing(target: Path) -> Iterator[str]:
    """A new file's path beside ``target``; when the block ends well the file takes its place, else it goes."""
    real = Path(os.path.realpath(target))  # a link stays one
    _refuse_read_only(real)
    fresh = ""
    try:
        handle, fresh = tempfile.mkstemp(prefix=f".{real.name[:80]}.{_mark[0]}", dir=real.parent)
        os.close(handle)
        yield fresh
        _settle(fresh, real)
        os.replace(fresh, real)
        fresh = ""
    except OSError as error:
        raise CheckpointError(f"{target}: can't be written: {error.strerror or error}; nothing was written") from error
    finally:
        if fresh:
            with contextlib.suppress(OSError):
                os.unlink(fresh)


def _settle(fresh: str, real: Path) -> None:
    """On disk, and with the mode and owner of the file it replaces (else those of any new file)."""
    with open(fresh, "rb+") as file:
        os.fsync(file.fileno())
    if real.exists():
        info = real.stat()
        with contextlib.suppress(OSError):
            os.chown(fresh, info.st_uid, info.st_gid)
        os.chmod(fresh, stat.S_IMODE(info.st_mode))
        return
    mask = os.umask(0)
    os.umask(mask)
    os.chmod(fresh, 0o666 & ~mask)


def _refuse_read_only(real: Path) -> None:
    # A rename would replace a read-only file without asking; for root os.access says yes to everything.
    if real.exists() and (not stat.S_IMODE(real.stat().st_mode) & stat.S_IWUSR or not os.access(real, os.W_OK)):
        raise CheckpointError(f"{real}: is read-only; nothing was written")
