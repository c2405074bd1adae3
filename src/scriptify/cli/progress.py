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
    "repair": "repairing",
    "minimise": "leaving out what is not needed",
    "judge": "judging",
}
QUIET_SECONDS = 1.0


@contextmanager
def watching(chosen: Chosen, words: str) -> Iterator[Callable[[Event], None] | None]:
    """A callback for progress events, or None where nobody looks. ``words`` are shown until the first event."""
    if chosen.quiet or not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.text import Text

    console = Console(stderr=True, no_color=True if chosen.color is False else None)
    status = console.status(Text(words))
    later = threading.Timer(QUIET_SECONDS, status.start)
    later.daemon = True
    later.start()

    def watch(event: Event) -> None:
        counted = f" {event.done + 1}/{event.total}" if event.total else f" {event.done}" * bool(event.done)
        status.update(Text(f"{STAGES.get(event.stage, event.stage)}{counted} {event.subject}"))

    try:
        yield watch
    finally:
        later.cancel()
        later.join()
        status.stop()
