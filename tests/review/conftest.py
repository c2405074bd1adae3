"""The stage of a review in a terminal."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from review.terminal import OTHER, TEXT, See, Seen


@pytest.fixture
def see(tmp_path: Path) -> Iterator[See]:
    """Start the stage over two files in a terminal."""
    started: list[Seen] = []
    (tmp_path / "net.py").write_text(TEXT)
    (tmp_path / "other.py").write_text(OTHER)

    def start(*options: str, columns: int = 80, rows: int = 24, **env: str) -> Seen:
        started.append(Seen(tmp_path, columns, rows, options, env))
        return started[-1]

    yield start
    for seen in started:
        with contextlib.suppress(OSError):
            seen.close()
