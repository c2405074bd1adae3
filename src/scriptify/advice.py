"""What a torch.jit error means: the transforms that answer it, its usual cause, and the fix by hand."""

from __future__ import annotations

import re
from dataclasses import dataclass

from scriptify import diagnostics, registry
from scriptify.diagnostics import Diagnostic
from scriptify.messages import MESSAGES
from scriptify.transform import Transform


@dataclass(frozen=True, slots=True)
class Advice:
    """An error, read: ``cause`` and ``by_hand`` are empty for a message that is not in the index."""

    diagnostic: Diagnostic
    transforms: tuple[Transform, ...]
    cause: str = ""
    by_hand: str = ""


def about(error: str) -> Advice:
    """Read an error text as pasted from a terminal, tracebacks and all."""
    found = diagnostics.parse(_core(error))
    answering = tuple(registry.answering(registry.all_transforms(), error))
    cause, by_hand = index(error)
    return Advice(found, answering, cause, by_hand)


def index(error: str) -> tuple[str, str]:
    """Cause and fix by hand of the first message of the index that occurs in a text, or two empty strings."""
    for message in MESSAGES:
        if re.search(message.pattern, error, re.MULTILINE):
            return message.cause, message.by_hand
    return "", ""


def _core(error: str) -> str:
    """The message itself: what follows the last line that names an exception class."""
    lines = error.splitlines()
    starts = [number for number, line in enumerate(lines) if re.match(r"^[\w.]*(?:Error|Exception)\b:?", line)]
    if not starts:
        return error
    first = re.sub(r"^[\w.]*(?:Error|Exception):?\s*", "", lines[starts[-1]])
    return "\n".join([first, *lines[starts[-1] + 1 :]])
