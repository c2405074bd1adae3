"""Where two forms of a model part, as one self-contained page: the state, the table, the error along the network, pictures.

No network and no script; the page's own style is allowed by its digest.
"""

from __future__ import annotations

import base64
import hashlib
import struct
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
from scriptify.report.page_file import put
from scriptify.report.sides import visible


def write(found: Sequence[Parting], root: Path, file: Path) -> None:
    """Write the page to ``file``, whole or not at all. Raises WriteError."""
    put(page(found, root), file)


def page(found: Sequence[Parting], root: Path) -> str:
    """The page as text. Every word that comes from a model is escaped."""
    text = _asset("page.css") + style()
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    return _template("parting_page.html").render(
        root=root.name or str(root),
        version=__version__,
        style=Markup(text),  # our own files
        policy=f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:",
        section=section(found),
    )


def section(found: Sequence[Parting]) -> Markup:
    """The comparisons as part of a page whose style holds :func:`style` and whose policy lets in images from data."""
    return Markup(_template("parting.html").render(found=found, words=words, plot=plot, png=png))


def style() -> str:
    """What the style of a page with comparisons needs besides that of a report."""
    return _asset("parting.css")


@cache
def _template(name: str) -> Template:
    loader = FunctionLoader(_asset)
    made = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, loader=loader, finalize=_shown)
    return made.get_template(name)


def _shown(value: object) -> object:
    return visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value


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
