"""Where two forms of a model part, as one self-contained page: the state, the table, the error along the network, pictures.

No network and no script; the page's own style is allowed by its digest.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import os
import struct
import tempfile
import zlib
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from pathlib import Path

from jinja2 import Environment, FunctionLoader, StrictUndefined, Template
from markupsafe import Markup

from scriptify import __version__
from scriptify.oracle.parting import Parting, Picture
from scriptify.report import parting_plot as plot
from scriptify.report import parting_words as words
from scriptify.source import WriteError


def write(found: Sequence[Parting], root: Path, file: Path) -> None:
    """Write the page to ``file``, whole or not at all. Raises WriteError."""
    target = Path(os.path.abspath(file))
    part = ""
    try:
        handle, part = tempfile.mkstemp(prefix=f".{target.name[:80]}.", dir=target.parent)
        with os.fdopen(handle, "wb") as out:
            out.write(page(found, root).encode("utf-8", "replace"))
        mask = os.umask(0)
        os.umask(mask)
        os.chmod(part, 0o666 & ~mask)
        os.replace(part, target)
    except OSError as error:
        raise WriteError(f"{file}: the page can't be written: {error.strerror or error}") from error
    finally:
        with contextlib.suppress(OSError):
            os.unlink(part)


def page(found: Sequence[Parting], root: Path) -> str:
    """The page as text. Every word that comes from a model is escaped."""
    style = _asset("parting.css")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return _template().render(
        found=found,
        root=root.name or str(root),
        version=__version__,
        style=Markup(style),  # our own file
        policy=f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:",
        words=words,
        plot=plot,
        png=png,
    )


@cache
def _template() -> Template:
    made = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, loader=FunctionLoader(_asset))
    return made.get_template("parting.html")


def _asset(name: str) -> str:
    return (files("scriptify.report") / "templates" / name).read_text(encoding="utf-8")


def png(picture: Picture, pixels: bytes) -> str:
    """8-bit pixels as a PNG in a data URL (ISO/IEC 15948: signature, IHDR, IDAT, IEND)."""
    wide = picture.width * picture.channels
    lines = b"".join(b"\0" + pixels[at : at + wide] for at in range(0, len(pixels), wide))
    header = struct.pack("!IIBBBBB", picture.width, picture.height, 8, 2 if picture.channels == 3 else 0, 0, 0, 0)
    data = b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"IDAT", zlib.compress(lines, 9)) + _chunk(b"IEND", b"")
    return f"data:image/png;base64,{base64.b64encode(data).decode()}"


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack("!I", len(body)) + kind + body + struct.pack("!I", zlib.crc32(kind + body))
