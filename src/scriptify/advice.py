"""What a torch.jit error means: the transforms that answer it, its usual cause, and the cure by hand."""

from __future__ import annotations

import re
from dataclasses import dataclass

from scriptify import diagnostics, messages, registry
from scriptify.diagnostics import Diagnostic
from scriptify.messages import Message
from scriptify.transform import Transform

NOTHING = Message("", "", "")
_ANSI = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)")
_RAISED = re.compile(r"^(?P<kind>(?:\w+\.)*\w*(?:Error|Exception))\b(?P<colon>:\s?)?(?P<rest>.*)$")
# What people paste around an error: pytest's margin, a quotation, a log's time, Markdown.
_MARGIN = re.compile(r"^(?:E  |> |\| |\[[^\]]*\]:?\s(?=\w*Error))")
_QUOTES = str.maketrans({"\u2018": "'", "\u2019": "'", "\u201c": '"', "\u201d": '"', "\u00a0": " "})


@dataclass(frozen=True, slots=True)
class Advice:
    """An error, read: ``cause`` and ``by_hand`` are empty for a message that is not in the index."""

    diagnostic: Diagnostic
    transforms: tuple[Transform, ...]
    cause: str = ""
    by_hand: str = ""

    @property
    def known(self) -> bool:
        """Whether anything can be said of it."""
        return bool(self.cause or self.transforms)


def about(error: str) -> Advice:
    """Read an error text as pasted from a terminal: a traceback, colours, margins, or only a part of it."""
    text = cleaned(error)
    kind, core = _core(text)
    found = diagnostics.parse(core, kind)
    # The traceback above the message quotes code, which may hold any words: it is asked only where the message says nothing.
    message = index(core)
    if not message.pattern:
        core, message = text, index(text)
    answering = tuple(t for t in registry.all_transforms() if any(stem and stem in f"{kind}: {core}" for stem in t.explains))
    return Advice(found, answering, message.cause, message.by_hand)


def index(error: str) -> Message:
    """The first kind of message of the index that occurs in a text, or an empty one."""
    return messages.find(error) or NOTHING


def cleaned(error: str) -> str:
    """A pasted text without colours, margins, typographic quotes and Windows line ends."""
    text = _ANSI.sub("", error).translate(_QUOTES).replace("\r\n", "\n").replace("\r", "\n")
    lines = text.split("\n")
    margins = [_MARGIN.match(line) for line in lines]
    if any(margins):
        lines = [line[match.end() :] if match else line for line, match in zip(lines, margins, strict=True)]
    return "\n".join(lines)


def _core(text: str) -> tuple[str, str]:
    """The exception's class and its message: what follows the last line that starts with the name of an exception."""
    lines = text.split("\n")
    for number in range(len(lines) - 1, -1, -1):
        match = _RAISED.match(lines[number].lstrip(" -*`"))
        if match and (match["colon"] or not match["rest"]):
            return match["kind"].rpartition(".")[2], "\n".join([match["rest"].rstrip("*` "), *lines[number + 1 :]])
    return "", text
