"""A terminal for one person: single keys in, whole screens out, and given back as it was whatever happens."""

from __future__ import annotations

import contextlib
import os
import select
import shutil
import signal
import sys
import termios
import threading
import time
import tty
from collections.abc import Iterator, Sequence
from io import StringIO
from types import FrameType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

KEYS = {
    "\x1b[A": "up", "\x1b[B": "down", "\x1b[C": "right", "\x1b[D": "left",
    "\x1bOA": "up", "\x1bOB": "down", "\x1bOC": "right", "\x1bOD": "left",
    "\x1b[5~": "pgup", "\x1b[6~": "pgdn", "\x1b[H": "home", "\x1b[F": "end", "\x1b[1~": "home", "\x1b[4~": "end",
    "\r": "enter", "\n": "enter", "\x7f": "backspace", "\x08": "backspace", " ": "space", "\t": "tab", "\x0c": "redraw",
}  # fmt: skip
ESCAPE_WAIT = 0.05
TICK = 0.5


class Lost(KeyboardInterrupt):
    """The terminal went away: end of input, or the line was hung up."""


class Terminal:
    """The terminal that standard input and error belong to. A context manager: inside, keys come singly and the screen is ours."""

    def __init__(self, color: bool | None = None) -> None:
        from rich.console import Console

        self._in = sys.stdin.fileno()
        self._stream = sys.stderr
        self._console = Console(stderr=True, no_color=True if color is False else None, highlight=False, markup=False, emoji=False)
        self._plain = self._console.is_dumb_terminal
        self._saved: list[Any] = []
        self._pending = ""
        self._handlers: dict[int, Any] = {}
        self._wake: tuple[int, int] | None = None
        self._wakeup = -1
        self._lock = threading.RLock()

    @staticmethod
    def there() -> bool:
        """Whether there is a terminal to ask on."""
        return sys.stdin is not None and sys.stdin.isatty() and sys.stderr.isatty()

    @property
    def utf8(self) -> bool:
        """Whether it can show more than ASCII."""
        return self._console.encoding.lower().replace("-", "").startswith("utf")

    @property
    def size(self) -> tuple[int, int]:
        """Columns and lines as they are now."""
        with contextlib.suppress(OSError, ValueError):
            found = os.get_terminal_size(self._stream.fileno())
            if found.columns and found.lines:
                return found.columns, found.lines
        return tuple(shutil.get_terminal_size((80, 24)))  # type: ignore[return-value]

    # taking and giving back

    def __enter__(self) -> Terminal:
        self._wake = os.pipe()
        for end in self._wake:
            os.set_blocking(end, False)
        for number, handler in (
            (signal.SIGHUP, self._hung_up),
            (signal.SIGTERM, self._hung_up),
            (signal.SIGWINCH, self._resized),
            (signal.SIGTSTP, self._stopped),
        ):
            self._handlers[number] = signal.signal(number, handler)
        # By the C handler: a signal that comes just before the wait for a key must end that wait.
        self._wakeup = signal.set_wakeup_fd(self._wake[1], warn_on_full_buffer=False)
        self._take()
        return self

    def __exit__(self, *_: object) -> None:
        self._give()
        for number, handler in self._handlers.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(self._wakeup)
        for end in self._wake or ():
            os.close(end)
        self._wake = None

    def _take(self) -> None:
        with contextlib.suppress(termios.error):
            self._saved = termios.tcgetattr(self._in)
            tty.setcbreak(self._in)
        if not self._plain:
            self._write("\x1b[?1049h\x1b[?25l\x1b[H\x1b[2J")

    def _give(self) -> None:
        if not self._plain:
            self._write("\x1b[?25h\x1b[?1049l")
        with contextlib.suppress(termios.error):
            if self._saved:
                termios.tcsetattr(self._in, termios.TCSADRAIN, self._saved)

    @contextlib.contextmanager
    def aside(self) -> Iterator[None]:
        """The terminal as it was, for an editor."""
        self._give()
        try:
            yield
        finally:
            self._take()

    @staticmethod
    def _hung_up(number: int, frame: FrameType | None) -> None:
        # Once is enough: a second signal must not break off the putting away.
        signal.signal(number, signal.SIG_IGN)
        raise Lost

    @staticmethod
    def _resized(number: int, frame: FrameType | None) -> None:
        """Nothing more than to wake up: the page is drawn again for the size there is then."""

    def _stopped(self, number: int, frame: FrameType | None) -> None:
        """Ctrl-Z: give the terminal back, stop as anybody would, and take it again on return."""
        self._give()
        signal.signal(signal.SIGTSTP, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGTSTP)
        signal.signal(signal.SIGTSTP, self._stopped)
        self._take()

    # keys

    def key(self) -> str:
        """The next key: a character, or a name of KEYS; ``redraw`` where the screen must be drawn again.

        Raises Lost at the end of input.
        """
        if not self._pending and not self._more(None):
            return "redraw"
        text = self._pending
        if text[0] == "\x1b":
            return self._escape()
        self._pending = text[1:]
        if text[0] == "\x04":
            raise Lost
        return KEYS.get(text[0], text[0])

    def _more(self, wait: float | None) -> bool:
        """Read what is there; False where nothing came in time, or the screen changed its size."""
        assert self._wake is not None
        ready, _, _ = select.select([self._in, self._wake[0]], [], [], wait)
        if self._wake[0] in ready:
            with contextlib.suppress(OSError):
                os.read(self._wake[0], 4096)
            return False
        if self._in not in ready:
            return False
        try:
            data = os.read(self._in, 4096)
            while data and data[-1] >= 0x80 and not _complete(data):
                data += os.read(self._in, 1)
        except OSError as error:
            raise Lost from error
        if not data:
            raise Lost
        self._pending += data.decode("utf-8", "replace")
        return True

    def _escape(self) -> str:
        if len(self._pending) < 2:
            self._more(ESCAPE_WAIT)
        for sequence, name in KEYS.items():
            if len(sequence) > 1 and self._pending.startswith(sequence):
                self._pending = self._pending[len(sequence) :]
                return name
        rest = self._pending[1:]
        if rest[:1] in ("[", "O"):  # a key we have no name for: its letters must not be taken for keys of their own
            end = next((n for n, c in enumerate(rest[1:], 1) if "@" <= c <= "~"), len(rest) - 1)
            self._pending = rest[end + 1 :]
            return "unknown"
        self._pending = rest
        return "esc"

    # screens

    def show(self, lines: Sequence[Text]) -> None:
        """Draw a whole screen; each line must fit its width."""
        drawn = self._drawn(lines)
        if self._plain:
            self._write("\n".join(drawn) + "\n")
        else:
            self._write("\x1b[H" + "\x1b[K\r\n".join(drawn) + "\x1b[K\x1b[J")

    def _drawn(self, lines: Sequence[Text]) -> list[str]:
        from rich.console import Console

        columns = self.size[0]
        sheet: Console = Console(
            file=StringIO(),
            width=columns,
            force_terminal=True,
            color_system=self._console.color_system,  # type: ignore[arg-type]
            no_color=self._console.no_color,
            highlight=False,
            markup=False,
            emoji=False,
        )
        drawn = []
        for line in lines:
            with sheet.capture() as captured:
                sheet.print(line, end="", no_wrap=True, overflow="crop", crop=True)
            drawn.append(captured.get())
        return drawn

    @contextlib.contextmanager
    def working(self, words: str) -> Iterator[_Progress]:
        """A line at the foot of the screen while something takes time, with the seconds it has taken."""
        progress = _Progress(words)
        done = threading.Event()

        def tick() -> None:
            while not done.wait(TICK):
                self._foot(progress.line)

        ticker = threading.Thread(target=tick, daemon=True)
        self._foot(progress.line)
        ticker.start()
        try:
            yield progress
        finally:
            done.set()
            ticker.join()

    def _foot(self, words: str) -> None:
        columns, rows = self.size
        text = words[: columns - 1]
        self._write(f"{text}\n" if self._plain else f"\x1b[{rows};1H\x1b[K\x1b[1m {text}\x1b[0m")

    def _write(self, text: str) -> None:
        with self._lock:
            try:
                self._stream.write(text)
                self._stream.flush()
            except OSError:
                # The terminal is gone; the next key says so, and putting away must go on.
                pass


class _Progress:
    """What is being done, and since when."""

    def __init__(self, words: str) -> None:
        self.words = words
        self._began = time.monotonic()

    def say(self, words: str) -> None:
        """What is being done now."""
        self.words = words

    @property
    def line(self) -> str:
        """The words and the seconds."""
        seconds = time.monotonic() - self._began
        return f"{self.words} ... {seconds:.0f} s" if seconds >= 1 else f"{self.words} ..."


def _complete(data: bytes) -> bool:
    """Whether bytes end with a whole character."""
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        return error.reason != "unexpected end of data"
    return True
