"""An index of torch.jit's messages: a pattern, the usual cause, the fix by hand. First match wins.

Measured on torch 2.13.
"""

from __future__ import annotations

from typing import NamedTuple


class Message(NamedTuple):
    """One kind of message; ``pattern`` is a regular expression."""

    pattern: str
    cause: str
    by_hand: str


MESSAGES: tuple[Message, ...] = (
    Message(
        r"Expected integer literal for index",
        "a ModuleList or Sequential is indexed by something other than a literal",
        "iterate over it: for i, layer in enumerate(self.layers)",
    ),
)
