"""Source files as exact bytes: decoded once, written back only where text changed, atomically.

Encoding (PEP 263 cookie, BOM), newlines and a missing final newline are kept; a file that changed on
disk since it was read is never overwritten.
"""

from __future__ import annotations

import codecs
import hashlib
import io
import os
import stat
import tempfile
import tokenize
from dataclasses import dataclass
from pathlib import Path


class SourceError(Exception):
    """A file that can't be read or written, in one sentence with its path."""


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file as read: its exact bytes, its text without BOM, and the encoding that joins the two."""

    path: Path
    data: bytes
    text: str
    encoding: str
    bom: bytes = b""

    @classmethod
    def read(cls, path: Path) -> SourceFile:
        """Read ``path``. Raises SourceError for what is missing, unreadable or not text in its declared encoding."""
        try:
            data = path.read_bytes()
        except OSError as error:
            raise SourceError(f"{path}: {error.strerror or error}") from error
        return cls.from_bytes(path, data)

    @classmethod
    def from_bytes(cls, path: Path, data: bytes) -> SourceFile:
        """Decode ``data`` as Python would. Raises SourceError when it can't."""
        bom = codecs.BOM_UTF8 if data.startswith(codecs.BOM_UTF8) else b""
        try:
            encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
            encoding = "utf-8" if encoding == "utf-8-sig" else encoding
            text = data[len(bom) :].decode(encoding)
        except (SyntaxError, UnicodeDecodeError, LookupError) as error:
            raise SourceError(f"{path}: not text in its declared encoding ({_reason(error)})") from error
        if "\0" in text:
            raise SourceError(f"{path}: contains a null byte")
        return cls(path, data, text, encoding, bom)

    @property
    def digest(self) -> str:
        """SHA-256 of the bytes as read."""
        return hashlib.sha256(self.data).hexdigest()

    def encode(self, text: str) -> bytes:
        """``text`` in this file's encoding. Raises SourceError when a character does not fit."""
        try:
            return self.bom + text.encode(self.encoding)
        except UnicodeEncodeError as error:
            raise SourceError(f"{self.path}: the rewritten text does not fit its encoding {self.encoding}") from error


def _reason(error: Exception) -> str:
    return str(getattr(error, "reason", "") or error).splitlines()[0]


def write_all(changes: dict[Path, tuple[bytes, bytes]]) -> None:
    """Write every file or none: ``changes`` maps a path to its bytes as read and as they shall be.

    Each file keeps its permission bits, a symbolic link is followed. Raises SourceError, after putting
    back what was already replaced, when a file moved under us or can't be written.
    """
    staged: list[tuple[Path, Path]] = []
    done: list[tuple[Path, bytes]] = []
    try:
        for path, (before, after) in changes.items():
            target = path.resolve()
            _refuse_if_moved(target, before)
            staged.append((target, _stage(target, after)))
        for (target, temporary), (before, _) in zip(staged, changes.values(), strict=True):
            _refuse_if_moved(target, before)
            os.replace(temporary, target)
            done.append((target, before))
    except (OSError, SourceError) as error:
        for target, before in done:
            os.replace(_stage(target, before), target)
        if isinstance(error, SourceError):
            raise
        raise SourceError(f"{error.filename or 'file'}: {error.strerror or error}; nothing was written") from error
    finally:
        for _, temporary in staged:
            temporary.unlink(missing_ok=True)


def _refuse_if_moved(path: Path, before: bytes) -> None:
    if path.read_bytes() != before:
        raise SourceError(f"{path}: changed on disk while we worked; nothing was written, run again")


def _stage(target: Path, data: bytes) -> Path:
    mode = stat.S_IMODE(target.stat().st_mode)
    # A rename would replace a read-only file without asking; refuse as an ordinary write would.
    if not mode & stat.S_IWUSR or not os.access(target, os.W_OK):
        raise SourceError(f"{target}: is read-only; nothing was written")
    handle, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(name, mode)
    except OSError:
        os.unlink(name)
        raise
    return Path(name)
