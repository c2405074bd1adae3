"""A page written to a file, whole or not at all."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from scriptify.source import WriteError


def put(text: str, file: Path) -> None:
    """Write ``text`` to ``file`` in one step. Raises WriteError."""
    target = Path(os.path.abspath(file))
    part = ""
    try:
        handle, part = tempfile.mkstemp(prefix=f".{target.name[:80]}.", dir=target.parent)
        with os.fdopen(handle, "wb") as out:
            out.write(text.encode("utf-8", "replace"))
        os.chmod(part, 0o666 & ~_umask())
        os.replace(part, target)
    except OSError as error:
        raise WriteError(f"{file}: the report can't be written: {error.strerror or error}") from error
    finally:
        if part and os.path.exists(part):
            os.unlink(part)


def _umask() -> int:
    now = os.umask(0)
    os.umask(now)
    return now
