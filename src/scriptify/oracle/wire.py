"""How the oracle's processes talk: length-prefixed pickles over dedicated pipes.

Only plain data and the dataclasses of the contract may come back from a process that ran user code:
the reader refuses to build anything else. Never imports torch.
"""

from __future__ import annotations

import io
import os
import pickle
import struct
from dataclasses import dataclass
from typing import Any

from scriptify.oracle.protocol import Entry, Limits

_HEADER = struct.Struct("!Q")
_PARTS = ("oracle.protocol", "oracle.parting", "oracle.wire", "facts.model", "facts.types", "checkpoint.model")
_MODULES = frozenset(f"scriptify.{name}" for name in _PARTS)
_BUILTINS = frozenset({"frozenset", "set", "complex"})


class Closed(Exception):
    """The other side closed its end, or died."""


@dataclass(frozen=True, slots=True)
class Request:
    """One order to the worker.

    ``kind`` is ``judge``, ``observe``, ``modules``, ``frontend``, ``save``, ``checkpoint``, ``deliver``,
    ``record``, ``parting`` or ``stop``;
    ``options`` are further plain values by name; ``overlay`` maps absolute paths to rewritten text.
    """

    kind: str
    entry: Entry | None
    overlay: dict[str, str]
    limits: Limits
    options: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Hello:
    """The worker's first message: versions, or why it can't work."""

    torch: str = ""
    python: str = ""
    error: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """What an attempt gave: ``value`` of the kind asked for, and a digest of each project file it read.

    ``ended`` is the sentence for an attempt that gave nothing: killed, hung, crashed.
    """

    value: Any = None
    files: dict[str, str] | None = None
    ended: str = ""
    error_type: str = ""


class _Plain(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        if module in _MODULES or (module == "builtins" and name in _BUILTINS):
            return super().find_class(module, name)
        raise pickle.UnpicklingError(f"{module}.{name} is not part of the protocol")


def pack(message: object) -> bytes:
    """A message as bytes with its length in front."""
    data = pickle.dumps(message, protocol=4)
    return _HEADER.pack(len(data)) + data


def write(fd: int, data: bytes) -> None:
    """Write all of ``data``. Raises Closed when nobody reads."""
    view = memoryview(data)
    try:
        while view:
            view = view[os.write(fd, view) :]
    except OSError as error:
        raise Closed(str(error)) from error


def read(fd: int) -> bytes:
    """Read one message's bytes, blocking. Raises Closed at the end of the stream."""
    (size,) = _HEADER.unpack(_exactly(fd, _HEADER.size))
    return _exactly(fd, size)


def _exactly(fd: int, size: int) -> bytes:
    parts, left = [], size
    while left:
        try:
            part = os.read(fd, min(left, 1 << 20))
        except OSError as error:
            raise Closed(str(error)) from error
        if not part:
            raise Closed("end of stream")
        parts.append(part)
        left -= len(part)
    return b"".join(parts)


def unpack(data: bytes) -> Any:
    """The message in ``data``. Raises pickle.UnpicklingError for anything outside the protocol."""
    return _Plain(io.BytesIO(data)).load()


class Buffer:
    """Collects what a descriptor gives until one whole message is there."""

    def __init__(self) -> None:
        self.data = bytearray()

    def feed(self, fd: int) -> bool:
        """Read what is there; False at the end of the stream."""
        try:
            part = os.read(fd, 1 << 20)
        except BlockingIOError:
            return True
        except OSError:
            return False
        self.data += part
        return bool(part)

    def message(self) -> bytes | None:
        """The bytes of a complete message, or None."""
        if len(self.data) < _HEADER.size:
            return None
        (size,) = _HEADER.unpack(self.data[: _HEADER.size])
        return bytes(self.data[_HEADER.size : _HEADER.size + size]) if len(self.data) >= _HEADER.size + size else None
