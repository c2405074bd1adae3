"""What the project's code does by name that would make a rewrite visible: looks behind decorators, or copies objects."""

from __future__ import annotations

import re
from collections.abc import Iterable

from scriptify.facts.model import COPYING, UNWRAPPING

_PATTERNS = {
    UNWRAPPING: re.compile(
        r"""\.__wrapped__\b|["']__wrapped__["']|\binspect\.unwrap\b|^\s*from inspect import .*\bunwrap\b""", re.MULTILINE
    ),
    COPYING: re.compile(r"\bdeepcopy\b"),
}
# lines that this program writes, and comments
_PASSED_OVER = re.compile(
    r"^[ \t]*#.*$|^[ \t]+function\.__wrapped__ = twin$|^_\w+_own = \w+\.__wrapped__$|^\w+\.__wrapped__ = _\w+_called\b.*$", re.MULTILINE
)


def mentioned(texts: Iterable[str]) -> frozenset[str]:
    """Which of the two the texts do."""
    found: set[str] = set()
    for text in texts:
        plain = ""
        for what, pattern in _PATTERNS.items():
            if what not in found and pattern.search(text):
                plain = plain or _PASSED_OVER.sub("", text.replace("\r\n", "\n"))
                found.update([what] if pattern.search(plain) else [])
    return frozenset(found)
