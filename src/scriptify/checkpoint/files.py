"""What kind of file a checkpoint is, from its bytes and not its name. Reads a few kilobytes; never imports torch."""

from __future__ import annotations

import os
import struct
import zipfile
from pathlib import Path

from scriptify.checkpoint.model import LEGACY, SAFETENSORS, TORCHSCRIPT, ZIP, CheckpointError, ChoiceError

SUFFIXES = {".pt": ZIP, ".pth": ZIP, ".bin": ZIP, ".ckpt": ZIP, ".safetensors": SAFETENSORS}
_MAGIC = b"\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19."
"""torch.serialization.MAGIC_NUMBER as a pickle writes it, after the two bytes that give the protocol."""
_OTHERS = (
    (b"version https://git-lfs", "a pointer of Git LFS and not the file itself: `git lfs pull` fetches it"),
    (b"\x89HDF", "an HDF5 file (Keras?) and no PyTorch checkpoint"),
    (b"GGUF", "a GGUF file (llama.cpp) and no PyTorch checkpoint"),
    (b"\x1f\x8b", "compressed with gzip: unpack it first"),
    (b"BZh", "compressed with bzip2: unpack it first"),
    (b"\x93NUMPY", "a NumPy array and no PyTorch checkpoint"),
)


def kind_of(path: str | Path) -> str:
    """The kind of the file at ``path``. Raises ChoiceError where there is none, CheckpointError for any other file."""
    path = Path(path)
    try:
        if path.is_dir():
            raise ChoiceError(f"{path}: is a folder, not a checkpoint file")
        with open(path, "rb") as file:
            head = file.read(1024)
            length = os.fstat(file.fileno()).st_size
    except FileNotFoundError:
        raise ChoiceError(f"{path}: there is no such file") from None
    except OSError as error:
        raise ChoiceError(f"{path}: {error.strerror or error}") from error
    if not head:
        raise CheckpointError(f"{path}: is empty")
    if head.startswith(b"PK\x03\x04"):
        return _zip(path)
    if head[:1] == b"\x80" and head[2 : 2 + len(_MAGIC)] == _MAGIC:
        return LEGACY
    if _is_safetensors(head, length):
        return SAFETENSORS
    raise CheckpointError(f"{path}: is {_something_else(path, head)}")


def _zip(path: Path) -> str:
    try:
        with zipfile.ZipFile(path) as archive:
            names = {name.partition("/")[2] for name in archive.namelist()}
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        raise CheckpointError(f"{path}: is cut off or damaged: a torch.save file without its end; fetch it again") from None
    if "constants.pkl" in names:
        return TORCHSCRIPT
    if "data.pkl" in names:
        return ZIP
    if any(name.startswith(("data/weights", "models/")) or name == "serialized_exported_program.json" for name in names):
        raise CheckpointError(
            f"{path}: is a program of torch.export and no checkpoint: torch.export.load(...).state_dict gives its weights"
        )
    raise CheckpointError(f"{path}: is a zip file that torch.save did not write")


def _is_safetensors(head: bytes, length: int) -> bool:
    """A header's length as eight bytes, then the header: JSON. Source: https://huggingface.co/docs/safetensors"""
    return len(head) > 8 and head[8:9] == b"{" and 2 <= struct.unpack("<Q", head[:8])[0] <= max(length, 100_000_000)


def _something_else(path: Path, head: bytes) -> str:
    for magic, words in _OTHERS:
        if head.startswith(magic):
            return words
    if head[257:262] == b"ustar":
        return "a tar file: torch.save wrote such ones before PyTorch 0.1.10, and weights_only=True can't read them"
    if head[:1] == b"\x80":
        return (
            "a pickle that torch.save did not write, or the start of one; load it with pickle if you trust it, and write it with torch.save"
        )
    text = head.lstrip()[:64].lower()
    if text.startswith((b"<!doctype", b"<html", b"<?xml")):
        return "a web page and not the file itself: the download went wrong"
    if text.startswith(b"{") and path.name.endswith(".index.json"):
        return "the index of a checkpoint in several files: give one of those"
    if path.suffix == ".safetensors":
        return "cut off or damaged: the header of a safetensors file is not there; fetch it again"
    return "neither a torch.save file nor a safetensors file"
