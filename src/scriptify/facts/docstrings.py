"""Parameter types that a docstring states, in the three common styles.

Google: https://google.github.io/styleguide/pyguide.html#383-functions-and-methods
NumPy: https://numpydoc.readthedocs.io/en/latest/format.html#parameters
reST: https://www.sphinx-doc.org/en/master/usage/domains/python.html#info-field-lists
"""

from __future__ import annotations

import inspect
import re

_GOOGLE_HEAD = re.compile(
    r"(?:Args|Arguments|Parameters|Params|Keyword Args|Keyword Arguments|Other Parameters|Inputs?)\s*:?\s*$", re.IGNORECASE
)
_GOOGLE_ITEM = re.compile(r"\*{0,2}(\w+)\s*\(")
_COLON_ITEM = re.compile(r"(\*{0,2}\w+(?:\s*,\s*\*{0,2}\w+)*)\s*:\s*(.*)$")
_NUMPY_RULE = re.compile(r"-{3,}\s*$")
_REST_TYPE = re.compile(r":type\s+\*{0,2}\\?\*{0,2}(\w+)\s*:\s*(.+)$")
_REST_PARAM = re.compile(r":(?:param|parameter|arg|argument|key|keyword)\s+(\S.*?)\s+\*{0,2}(\w+)\s*:(?!\w)")


def types(docstring: str) -> dict[str, str]:
    """The type texts by parameter name, as written; what states none is left out."""
    lines = inspect.cleandoc(docstring).splitlines()
    found: dict[str, str] = {}
    for style in (_rest, _numpy, _google):
        for name, text in style(lines):
            text = text.strip().rstrip(".").strip()
            if text:
                found.setdefault(name, text)
    return found


def _rest(lines: list[str]) -> list[tuple[str, str]]:
    result: list[tuple[str, str]] = []
    for line in map(str.strip, lines):
        if match := _REST_TYPE.match(line):
            result.append((match[1], match[2]))
        elif match := _REST_PARAM.match(line):
            result.append((match[2], match[1]))
    return result


def _numpy(lines: list[str]) -> list[tuple[str, str]]:
    result: list[tuple[str, str]] = []
    inside, margin = False, 0
    for index, line in enumerate(lines):
        if index + 1 < len(lines) and _NUMPY_RULE.match(lines[index + 1].strip()) and line.strip():
            inside, margin = bool(_GOOGLE_HEAD.match(line.strip())), _indent(line)
        elif inside and _indent(line) == margin and (match := _COLON_ITEM.match(line.strip())):
            result.extend((name.strip(" *"), match[2]) for name in match[1].split(","))
    return result


def _google(lines: list[str]) -> list[tuple[str, str]]:
    result: list[tuple[str, str]] = []
    head: int | None = None
    item: int | None = None
    for number, line in enumerate(lines):
        text = line.strip()
        if not text:
            continue
        # The first line's own indentation is lost: all that follows may stand below it.
        indent = _indent(line) if number else -1
        if _GOOGLE_HEAD.match(text) and (head is None or indent <= head):
            head, item = indent, None
            continue
        if head is None:
            continue
        if item is None and indent > head:
            item = indent
        if indent <= head:
            head = None
        elif indent == item and (match := _GOOGLE_ITEM.match(text)):
            inner = _bracketed(text, match.end() - 1)
            # Without a colon after the bracket it is prose that happens to start with a call.
            if inner is not None and text[match.end() + len(inner) + 1 :].lstrip().startswith(":"):
                result.append((match[1], inner))
    return result


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def _bracketed(text: str, start: int) -> str | None:
    """What stands between the bracket at ``start`` and its partner."""
    depth = 0
    for index in range(start, len(text)):
        if text[index] in "([{":
            depth += 1
        elif text[index] in ")]}":
            depth -= 1
            if depth == 0:
                return text[start + 1 : index]
    return None
