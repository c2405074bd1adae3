"""An index of the messages of ``torch.jit``: a pattern, the usual cause, the cure by hand. The first match wins.

Measured on torch 2.13; older spellings of a message are matched where they are known. One module a family,
the special ones first: a message of many meanings ("Arguments for call are not valid") is tried last.
"""

from __future__ import annotations

import re
from functools import cache
from importlib import import_module

from scriptify.messages.kind import Message

FAMILIES = ("runtime", "types", "containers", "attributes", "names", "annotations", "syntax", "environment", "calls")


@cache
def all_messages() -> tuple[Message, ...]:
    """Every kind of message, in the order in which they are tried."""
    families = [import_module(f"{__name__}.{family}").MESSAGES for family in FAMILIES]
    return tuple(message for family in families for message in family)


def find(text: str) -> Message | None:
    """The first kind of message that occurs in a text, or None."""
    return next((message for message in all_messages() if re.search(message.pattern, text, re.MULTILINE)), None)


__all__ = ["Message", "all_messages", "find"]
