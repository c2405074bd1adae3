"""Rewritten sources in place of the files on disk, for one process: what import, inspect and linecache see.

Meant for a forked child: it patches the source loader of the whole process and never takes it back.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.machinery
import io
import linecache
import marshal
import os
import sys
import tokenize
from collections.abc import Mapping
from types import CodeType
from typing import Any

_installed: dict[str, str] = {}
_read: set[str] = set()


def install(overlay: Mapping[str, str], codes: str = "") -> None:
    """Make ``overlay`` (absolute path to text) what this process sees of those files; nothing of the user's is written.

    No byte code is written beside the user's files, and none is read there: a stale one would hide an edit.
    ``codes`` is a folder of our own that keeps compiled code by the digest of its source, for the next process.
    """
    sys.dont_write_bytecode = True
    _installed.update({os.path.realpath(path): text for path, text in overlay.items()})
    for path, text in overlay.items():
        prime(path, text)
    loader: Any = importlib.machinery.SourceFileLoader
    if getattr(loader.get_code, "scriptify", False):
        return
    read_data, read_code = loader.get_data, loader.get_code

    def get_data(self: Any, path: str) -> bytes:
        text = _installed.get(os.path.realpath(path))
        return encode(text) if text is not None else bytes(read_data(self, path))

    def get_code(self: Any, fullname: str) -> CodeType:
        path = self.get_filename(fullname)
        text = _installed.get(os.path.realpath(path))
        if text is not None:
            prime(path, text)
        elif not is_users(path):
            code: CodeType = read_code(self, fullname)
            return code
        _read.add(path)
        return _compiled(self, get_data(self, path), path, codes)

    get_code.scriptify = True  # type: ignore[attr-defined]
    loader.get_data, loader.get_code = get_data, get_code


def seen(path: str) -> str | None:
    """What stands in place of a file, or None. Whoever asks has read the file, so a verdict depends on it."""
    _read.add(path)
    return _installed.get(os.path.realpath(path))


def read() -> frozenset[str]:
    """The user's files whose code was looked for, also where the import then failed."""
    return frozenset(_read)


def _compiled(loader: Any, data: bytes, path: str, codes: str) -> CodeType:
    kept = os.path.join(codes, hashlib.sha256(path.encode() + b"\0" + data).hexdigest()) if codes else ""
    if kept and os.path.exists(kept):
        with open(kept, "rb") as file:
            found: CodeType = marshal.load(file)
            return found
    made: CodeType = loader.source_to_code(data, path)
    if kept:
        temporary = f"{kept}.{os.getpid()}"
        with contextlib.suppress(OSError), open(temporary, "wb") as file:
            marshal.dump(made, file)
            os.replace(temporary, kept)
    return made


def prime(path: str, text: str) -> None:
    """Put ``text`` into linecache: an entry without a modification time is never checked against the disk."""
    lines = io.StringIO(text, newline=None).readlines()
    if lines and not lines[-1].endswith("\n"):
        lines[-1] += "\n"
    linecache.cache[path] = (len(text), None, lines, path)


def encode(text: str) -> bytes:
    """``text`` as the bytes its own encoding cookie announces, so that a loader decodes it back."""
    data = text.encode("utf-8", "surrogatepass")
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
        return text.encode(encoding)
    except (SyntaxError, UnicodeEncodeError, LookupError):
        return data


def _outside() -> tuple[str, ...]:
    import sysconfig

    names = ("stdlib", "platstdlib", "purelib", "platlib")
    return tuple({os.path.realpath(sysconfig.get_path(name)) + os.sep for name in names if sysconfig.get_path(name)})


OUTSIDE = _outside()
_OURS = os.path.dirname(os.path.dirname(os.path.realpath(__file__))) + os.sep
_users: dict[str, bool] = {}


def is_users(path: str) -> bool:
    """Whether a file is the user's own: not the standard library, not an installed package, not ours."""
    if path not in _users:
        real = os.path.realpath(path)
        installed = real.startswith(OUTSIDE) or f"{os.sep}site-packages{os.sep}" in real
        _users[path] = real in _installed or not (installed or real.startswith(_OURS) or path.startswith("<"))
    return _users[path]
