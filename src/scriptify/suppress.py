"""``# scriptify: skip[SF201] reason``: places where the user wants to be left alone."""

from __future__ import annotations

import io
import re
import tokenize
from dataclasses import dataclass

_COMMENT = re.compile(r"#\s*scriptify:\s*skip(?:\[(?P<codes>[\w\s,-]*)\])?(?P<reason>[^#]*)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Suppression:
    """One comment: its line, the codes it names (none: all), its reason, whether it stands alone on its line."""

    line: int
    codes: tuple[str, ...]
    reason: str
    alone: bool

    def covers(self, code: str, line: int) -> bool:
        """Whether it speaks of ``code`` at ``line``: its own line, or the next when it stands alone."""
        if self.codes and not any(code.lower().startswith(c.lower()) for c in self.codes):
            return False
        return line == self.line or (self.alone and line == self.line + 1)


def suppressions(text: str) -> list[Suppression]:
    """The suppression comments of a text; none where it can't be tokenized."""
    if "scriptify:" not in text:
        return []
    found: list[Suppression] = []
    try:
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            match = _COMMENT.search(token.string) if token.type == tokenize.COMMENT else None
            if match:
                codes = tuple(c for c in re.split(r"[\s,]+", match["codes"] or "") if c)
                alone = not token.line[: token.start[1]].strip()
                found.append(Suppression(token.start[0], codes, match["reason"].strip(" -:"), alone))
    except (tokenize.TokenError, SyntaxError):
        return found
    return found
