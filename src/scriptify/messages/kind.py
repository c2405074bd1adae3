"""What the index says of one kind of message."""

from __future__ import annotations

from typing import NamedTuple


class Message(NamedTuple):
    """One kind of message; ``pattern`` is a regular expression, matched line by line anywhere in the text."""

    pattern: str
    cause: str
    by_hand: str
