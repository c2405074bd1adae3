"""A program in a pseudo-terminal, as a person sees it: its screen, keys pressed, a window that is dragged or goes away."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import select
import signal
import struct
import sys
import termios
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import pyte

from review import stage
from scriptify.cli import main as command

TEXT = """class Net:
    def forward(self, x):
        x = bad1
        y = bad2
        z = bad3
        return x
"""
OTHER = "def other(x):\n    return bad4 + x  # the other file\n"
PATIENCE = 10.0


def _perform(folder: Path, options: tuple[str, ...], size: bytes, env: dict[str, str]) -> NoReturn:
    """The program's side of the terminal."""
    code = 70
    try:
        fcntl.ioctl(0, termios.TIOCSWINSZ, size)
        for name in ("NO_COLOR", "COLUMNS", "LINES", "EDITOR", "VISUAL"):
            os.environ.pop(name, None)
        os.environ |= {"TERM": "xterm-256color", **env}
        signal.signal(signal.SIGINT, signal.default_int_handler)
        sys.stdin = open(0, closefd=False)  # noqa: SIM115
        sys.stderr = open(2, "w", closefd=False, encoding=env.get("ENCODING", "utf-8"), errors="backslashreplace")  # noqa: SIM115
        sys.stdout = sys.stderr
        os.chdir(folder)
        code = command(list(options)) if options[:1] == ("review",) else stage.main(folder, *options)
    except SystemExit as error:
        code = int(error.code or 0)
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(code)


class Seen:
    """A program in a terminal of some size."""

    def __init__(self, folder: Path, columns: int, rows: int, options: tuple[str, ...], env: dict[str, str]) -> None:
        self.folder = folder
        self.screen = pyte.Screen(columns, rows)
        self.stream = pyte.ByteStream(self.screen)
        self.raw = b""
        self.open = True
        size = struct.pack("HHHH", rows, columns, 0, 0)
        # Forked, not started: the imports are done, and a second for each test is saved.
        self.pid, self.terminal = pty.fork()
        if self.pid == 0:
            _perform(folder, options, size, env)

    def until(self, words: str, patience: float = PATIENCE) -> str:
        """The whole screen once these words are on it. Fails where they do not come."""
        end = time.monotonic() + patience
        while time.monotonic() < end and self.open:
            if any(words in line for line in self.screen.display):
                while self._read(0.05):  # the rest of the page
                    pass
                return self.text
            self._read(0.05)
        raise AssertionError(f"{words!r} is not on the screen:\n{self.text}")

    def _read(self, wait: float) -> bool:
        ready, _, _ = select.select([self.terminal], [], [], wait)
        if ready:
            try:
                data = os.read(self.terminal, 65536)
            except OSError:
                data = b""
            self.open = bool(data)
            self.raw += data
            self.stream.feed(data)
            if not data:
                time.sleep(wait)
            return bool(data)
        return False

    @property
    def text(self) -> str:
        """What is on the screen."""
        return "\n".join(line.rstrip() for line in self.screen.display)

    def press(self, keys: str) -> None:
        """Type."""
        os.write(self.terminal, keys.encode())

    def resize(self, columns: int, rows: int) -> None:
        """Another size, as when a window is dragged."""
        self.screen.resize(rows, columns)
        fcntl.ioctl(self.terminal, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def end(self) -> int:
        """The exit code once the program has ended."""
        end = time.monotonic() + 6 * PATIENCE
        while time.monotonic() < end:
            done, status = os.waitpid(self.pid, os.WNOHANG)
            if done:
                if self.open:
                    self._read(0)
                self.pid = 0
                return os.waitstatus_to_exitcode(status)
            if self.open:
                self._read(0.02)
            else:
                time.sleep(0.02)
        raise AssertionError(f"it does not end:\n{self.text}")

    def hang_up(self) -> None:
        """Close the terminal, as a lost connection does."""
        os.close(self.terminal)
        self.terminal = -1
        self.open = False

    def close(self) -> None:
        """Put everything away."""
        if self.pid:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        if self.terminal >= 0:
            os.close(self.terminal)

    @property
    def outcome(self) -> dict[str, object]:
        """How it ended."""
        return dict(json.loads((self.folder / "outcome.json").read_text()))

    @property
    def kept(self) -> list[str]:
        """The decisions in the journal."""
        path = self.folder / ".scriptify" / "review.json"
        return [item["decision"] for item in json.loads(path.read_text())["decisions"]] if path.exists() else []


See = Callable[..., Seen]
