"""Source files as exact bytes: decoded once, written back only where text changed, atomically.

Encoding (PEP 263 cookie, BOM), newlines and a missing final newline are kept; a file that changed on
disk since it was read is never overwritten.
"""

from __future__ import annotations

import codecs
import contextlib
import hashlib
import io
import os
import stat
import tempfile
import tokenize
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


class SourceError(Exception):
    """A file that can't be read or written, in one sentence with its path."""


class WriteError(SourceError):
    """Files that can't be written; the sentence says whether all are as they were."""


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
        except (OSError, ValueError) as error:
            raise SourceError(f"{path}: {getattr(error, 'strerror', None) or error}") from error
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


def write_all(changes: Mapping[Path, tuple[bytes, bytes]]) -> None:
    """Write every file or none: ``changes`` maps a path to its bytes as read and as they shall be.

    Each file keeps its permission bits and owner, a symbolic link is followed. Raises WriteError, after
    putting back what was already replaced, when a file moved under us or can't be written; an interruption
    puts back as well.
    """
    staged: list[_Staged] = []
    done: list[_Staged] = []
    try:
        for path, (before, after) in changes.items():
            staged.append(_staged(_resolved(path), before, after))
        for item in staged:
            _refuse_if_moved(item.target, item.before)
            done.append(item)
            os.replace(item.fresh, item.target)
    except BaseException as error:
        lost = [problem for item in done if (problem := _put_back(item))]
        if lost:
            raise WriteError("; ".join(lost)) from error
        if isinstance(error, OSError):
            raise WriteError(f"{error.filename or 'file'}: {error.strerror or error}; nothing was written") from error
        raise
    finally:
        for item in staged:
            item.fresh.unlink(missing_ok=True)
            item.backup.unlink(missing_ok=True)


@dataclass(frozen=True, slots=True)
class _Staged:
    """One file about to be replaced: its new bytes and its old ones, both already on disk beside it."""

    target: Path
    before: bytes
    fresh: Path
    backup: Path


def _staged(target: Path, before: bytes, after: bytes) -> _Staged:
    _refuse_if_moved(target, before)
    _refuse_read_only(target)
    fresh = _beside(target, after)
    try:
        return _Staged(target, before, fresh, _backup(target, before))
    except BaseException:
        fresh.unlink(missing_ok=True)
        raise


def _resolved(path: Path) -> Path:
    try:
        return path.resolve()
    except (OSError, RuntimeError) as error:
        raise WriteError(f"{path}: its link leads in a circle; nothing was written") from error


def _refuse_if_moved(path: Path, before: bytes) -> None:
    try:
        now = path.read_bytes()
    except OSError as error:
        raise WriteError(f"{path}: {error.strerror or error}; nothing was written") from error
    if now != before:
        raise WriteError(f"{path}: changed on disk while we worked; nothing was written, run again")


def _refuse_read_only(target: Path) -> None:
    # A rename would replace a read-only file without asking; refuse as an ordinary write would. The bits count, not
    # os.access: for root that says yes to everything.
    if not stat.S_IMODE(target.stat().st_mode) & stat.S_IWUSR or not os.access(target, os.W_OK):
        raise WriteError(f"{target}: is read-only; nothing was written")


def _beside(target: Path, data: bytes) -> Path:
    """A new file beside ``target`` with its mode and, where that is allowed, its owner."""
    info = target.stat()
    try:
        handle, name = tempfile.mkstemp(prefix=f".{target.name[:80]}.", dir=target.parent)
    except OSError as error:
        raise WriteError(f"{target.parent}: can't be written to ({error.strerror or error}); nothing was written") from error
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(OSError):
            os.chown(name, info.st_uid, info.st_gid)
        os.chmod(name, stat.S_IMODE(info.st_mode))
    except BaseException:
        os.unlink(name)
        raise
    return Path(name)


def _backup(target: Path, before: bytes) -> Path:
    """The old file under a second name: a link costs no space, so that putting it back can't fail for want of any."""
    name = target.parent / f".{target.name[:80]}.{os.getpid()}.before"
    try:
        os.link(target, name)
    except OSError:
        return _beside(target, before)
    return name


def _put_back(item: _Staged) -> str:
    """Put the old bytes back where they are not there; the reason where that fails, or ``""``."""
    try:
        if item.target.read_bytes() != item.before:
            os.replace(item.backup, item.target)
    except OSError as error:
        kept = item.backup.with_name(item.backup.name.lstrip(".") + ".kept")
        with contextlib.suppress(OSError):
            os.rename(item.backup, kept)
        return f"{item.target}: can't be put back ({error.strerror or error}); its old bytes are in {kept}"
    return ""
