"""Words laid out in lines of a width: labelled in the margin, flowing, quoted, and the keys at the foot."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator

from rich.text import Text

from scriptify.review import colours

LABEL = 10


def justified(left: Text, right: Text, width: int) -> Text:
    """Two texts in a line, one at either end."""
    room = width - right.cell_len
    if left.cell_len > room:
        left.truncate(max(room, 1), overflow="ellipsis")
    return Text.assemble(left, " " * max(room - left.cell_len, 0), right)


def labelled(label: str, words: str, width: int, most: int = 1000, style: str = "") -> Iterator[Text]:
    """Words under a label in the margin, at most so many lines."""
    lines = textwrap.wrap(colours.plain(" ".join(words.split())), max(width - LABEL - 2, 10)) or [""]
    if len(lines) > most:
        lines = [*lines[: most - 1], textwrap.shorten(" ".join(lines[most - 1 :]), max(width - LABEL - 2, 10), placeholder=" ...")]
    for number, line in enumerate(lines):
        yield Text.assemble((f" {label if not number else '':<{LABEL}}", "dim"), (line, style))


def flowing(words_of: Iterable[str], width: int, style: str = "") -> Iterator[Text]:
    """Paragraphs broken to the width, each under its own indent."""
    for words in words_of:
        indent = " " * (len(words) - len(words.lstrip()))
        for line in textwrap.wrap(colours.plain(words.strip()), max(width - 2 - len(indent), 10)) or [""]:
            yield Text(f" {indent}{line}", style=style)


def paragraphs(text: str) -> Iterator[str]:
    """A docstring as paragraphs with an empty line between them; lists and code keep their lines."""
    for paragraph in text.split("\n\n"):
        lines = paragraph.splitlines()
        kept = any(line.startswith((" ", "-", "*")) for line in lines)
        yield from lines if kept else [" ".join(lines)]
        yield ""


def quoted(message: str, width: int) -> Iterator[Text]:
    """A message of the compiler line by line; one too long goes on below, for its marks show a place by their column."""
    for line in message.strip("\n").splitlines():
        words = colours.plain(line.rstrip())
        for start in range(0, max(len(words), 1), max(width - 3, 10)):
            yield Text(f"   {words[start : start + max(width - 3, 10)]}", style="red")


def key_lines(words: str, width: int) -> list[Text]:
    """A line of keys, or two: what stands in brackets is what to press."""
    lines = [""]
    for part in words.split("  "):
        joined = f"{lines[-1]}  {part}".strip()
        lines = [*lines[:-1], joined] if len(joined) < width - 1 else [*lines, part]
    return [_bracketed(line, width) for line in lines if line]


def _bracketed(words: str, width: int) -> Text:
    line = Text(" ")
    for part in words.split("["):
        key, bracket, rest = part.partition("]")
        line.append(f"[{key}]" if bracket else key, style="bold cyan" if bracket else "")
        line.append(rest)
    line.truncate(width, overflow="ellipsis")
    return line
