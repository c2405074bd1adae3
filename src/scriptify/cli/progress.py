"""A progress line on stderr for work longer than a second; nothing when stderr is not a terminal."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from scriptify.cli.options import Chosen

if TYPE_CHECKING:
    from scriptify.events import Event

STAGES = {
    "observe": "running",
    "rewrite": "rewriting",
    "ahead": "repairing side by side",
    "repair": "repairing",
    "minimise": "leaving out what is not needed",
    "judge": "judging",
    "modules": "judging module by module",
}
QUIET_SECONDS = 1.0


class Watch:
    """Shows progress events; called with each."""

    def __init__(self, no_color: bool | None, words: str) -> None:
        from rich.console import Console
        from rich.text import Text

        self._words = Text
        self._status = Console(stderr=True, no_color=no_color).status(Text(words))
        self._to: Callable[[Event], None] | None = None
        self._later = threading.Timer(QUIET_SECONDS, self._status.start)
        self._later.daemon = True
        self._later.start()

    def __call__(self, event: Event) -> None:
        if self._to is not None:
            self._to(event)
            return
        counted = f" {event.done + 1}/{event.total}" if event.total else f" {event.done}" * bool(event.done)
        self._status.update(self._words(f"{STAGES.get(event.stage, event.stage)}{counted} {event.subject}"))

    @contextmanager
    def aside(self, to: Callable[[Event], None]) -> Iterator[None]:
        """Leave the terminal to somebody else, who hears the events in the meantime."""
        self.stop()
        self._to = to
        try:
            yield
        finally:
            self._to = None
        self._status.update(self._words(STAGES["judge"]))
        self._status.start()

    def stop(self) -> None:
        """Take the line away."""
        self._later.cancel()
        self._later.join()
        self._status.stop()


@contextmanager
def watching(chosen: Chosen, words: str) -> Iterator[Watch | None]:
    """A callback for progress events, or None where nobody looks. ``words`` are shown until the first event."""
    if chosen.quiet or not sys.stderr.isatty():
        yield None
        return
    watch = Watch(True if chosen.color is False else None, words)
    try:
        yield watch
    finally:
        watch.stop()
