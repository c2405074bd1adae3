"""A page of the screen: what stays at the top, what scrolls, what stays at the foot."""

from __future__ import annotations

from dataclasses import dataclass, field

from rich.text import Text

LEAST = 3


@dataclass(slots=True)
class Page:
    """Lines that each fit the width; ``body`` is cut to what is left of the height, from ``top`` on."""

    head: list[Text]
    body: list[Text]
    foot: list[Text] = field(default_factory=list)

    def room(self, rows: int) -> int:
        """The lines left for the body. A head that leaves too few is cut."""
        return max(rows - len(self.foot) - len(self._head(rows)) - 1, LEAST)

    def _head(self, rows: int) -> list[Text]:
        return self.head[: max(rows - len(self.foot) - LEAST - 4, 2)]

    def furthest(self, rows: int) -> int:
        """The last line from which the body can be shown and still fill its room."""
        return max(len(self.body) - self.room(rows), 0)

    def lines(self, rows: int, columns: int, top: int, rule: str) -> list[Text]:
        """The whole screen."""
        room = self.room(rows)
        top = min(top, self.furthest(rows))
        shown = self.body[top : top + room]
        below = len(self.body) - top - len(shown)
        words = f" {below} more, space " if below else f" {top} above, b " if top else ""
        line = Text(rule * max(columns - len(words) - 2, 0) + words + rule * 2, style="dim", no_wrap=True)
        line.truncate(columns)
        return [*self._head(rows), *shown, *[Text("")] * (room - len(shown)), line, *self.foot][:rows]
