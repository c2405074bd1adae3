"""What a model is made into, whichever way."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from scriptify.oracle.protocol import Choice


class NotMade(Exception):
    """A form that a model can't be brought into, in one sentence; ``text`` and ``kind`` are the cause's own."""

    def __init__(self, sentence: str, text: str = "", kind: str = "") -> None:
        super().__init__(sentence)
        self.text, self.kind = text or sentence, kind


@dataclass(slots=True)
class Made:
    """A form of a model: what to call, how to write it to a path, and how to get what to call from there.

    ``grads`` is off where no gradients can flow.
    """

    run: Any
    save: Callable[[str], None]
    load: Callable[[str], Any]
    how: str
    choices: list[Choice] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    grads: bool = True
