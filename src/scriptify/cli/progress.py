"""A progress line on stderr for work longer than a second; nothing when stderr is not a terminal."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from scriptify.cli.options import Chosen

if TYPE_CHECKING:
    from scriptify.repair import Event

STAGES = {"observe": "running the entry", "repair": "repairing", "minimise": "leaving out what is not needed"}
QUIET_SECONDS = 1.0


@contextmanager
def watching(chosen: Chosen) -> Iterator[Callable[[Event], None] | None]:
    """A callback for progress events, or None where nobody looks."""
    if chosen.quiet or not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console

    console = Console(stderr=True, no_color=True if chosen.color is False else None)
    began = time.monotonic()
    with console.status("starting") as status:

        def watch(event: Event) -> None:
            if time.monotonic() - began > QUIET_SECONDS:
                counted = f" {event.done + 1}/{event.total}" if event.total else f" {event.done}" * bool(event.done)
                status.update(f"{STAGES.get(event.stage, event.stage)}{counted} {event.subject}")

        yield watch
