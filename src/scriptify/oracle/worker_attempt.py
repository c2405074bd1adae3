"""One attempt: a forked process with limits, watched until it answers, dies or runs out of time."""

from __future__ import annotations

import contextlib
import faulthandler
import mmap
import os
import resource
import select
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NoReturn

from scriptify.oracle import wire
from scriptify.oracle.protocol import LEVELS, Limits


@dataclass(frozen=True, slots=True)
class Ended:
    """An attempt without an answer: how it ended, and the number of the level it was trying."""

    sentence: str
    kind: str
    level: int = 0


class Attempt:
    """Forks, runs one piece of work, brings back its answer or how it ended."""

    def __init__(self, limits: Limits, orders: int, answers: int) -> None:
        self.limits, self.orders, self.answers = limits, orders, answers
        self.reached = mmap.mmap(-1, 1)
        self.trace = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the attempt

    def reach(self, level: str) -> None:
        """Note, where the watching process sees it, that ``level`` is being tried."""
        self.reached[0] = LEVELS.index(level)

    def run(self, work: Callable[..., wire.Answer], *args: Any) -> wire.Answer | Ended:
        """Call ``work(self, *args)`` in a fork of this process."""
        ours, theirs = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(ours)
            self._child(theirs, work, args)
        os.close(theirs)
        try:
            return self._watch(child, ours)
        finally:
            os.close(ours)
            self.trace.close()
            self.reached.close()

    def _child(self, out: int, work: Callable[..., wire.Answer], args: tuple[Any, ...]) -> NoReturn:
        status = 1
        try:
            # Open here, they would keep the runner waiting for a worker that died.
            os.close(self.orders)
            os.close(self.answers)
            _die_with_parent()
            faulthandler.enable(self.trace)
            faulthandler.register(signal.SIGUSR2, self.trace, all_threads=False)
            self._alone()
            try:
                data = wire.pack(work(self, *args))
            except MemoryError:
                data = wire.pack(wire.Answer(ended="ran out of memory", error_type="MemoryError"))
            except BaseException as error:  # our own defect; the watcher reports it as such
                data = wire.pack(wire.Answer(ended=f"failed inside the oracle: {_own(error)}", error_type=type(error).__name__))
            wire.write(out, data)
            status = 0
        finally:
            os._exit(status)

    def _alone(self) -> None:
        os.setpgid(0, 0)
        _limit(self.limits.memory)
        _quiet()

    def _watch(self, child: int, pipe: int) -> wire.Answer | Ended:
        deadline = time.monotonic() + self.limits.seconds
        buffer, open_end = wire.Buffer(), True
        try:
            while True:
                if (data := buffer.message()) is not None:
                    return self._understand(data)
                left = deadline - time.monotonic()
                if left <= 0:
                    return self._hung(child)
                ready, _, _ = select.select([*([pipe] if open_end else []), self.orders], [], [], min(left, 0.05))
                if self.orders in ready:  # nothing is asked while an attempt runs: the other side is gone
                    raise wire.Closed("the runner went away")
                if pipe in ready:
                    open_end = buffer.feed(pipe)
                elif (status := _status(child)) is not None:
                    child = 0
                    while open_end and select.select([pipe], [], [], 0)[0]:
                        open_end = buffer.feed(pipe)
                    data = buffer.message()
                    return self._understand(data) if data is not None else self._died(status)
        finally:
            if child:
                _kill(child)

    def _understand(self, data: bytes) -> wire.Answer | Ended:
        try:
            answer = wire.unpack(data)
        except Exception as error:
            return Ended(f"gave an answer that can't be read: {error}", "UnpicklingError", self.reached[0])
        if not isinstance(answer, wire.Answer):
            return Ended("gave something else than an answer", "", self.reached[0])
        return Ended(answer.ended, answer.error_type, self.reached[0]) if answer.ended else answer

    def _hung(self, child: int) -> Ended:
        with contextlib.suppress(OSError):
            os.kill(child, signal.SIGUSR2)
            time.sleep(0.1)
        return Ended(f"did not finish within {self.limits.seconds:g} seconds{self._place()}", "TimeoutError", self.reached[0])

    def _died(self, status: int) -> Ended:
        if os.WIFSIGNALED(status):
            number = os.WTERMSIG(status)
            name = signal.Signals(number).name
            hint = ", most likely for want of memory" if number == signal.SIGKILL else ""
            return Ended(f"crashed the process with {name}{hint}{self._place()}", name, self.reached[0])
        code = os.WEXITSTATUS(status)
        return Ended(f"ended the process with exit code {code} (os._exit?)", "SystemExit", self.reached[0])

    def _place(self) -> str:
        """Where the user's own code stood, from the trace that faulthandler left."""
        from scriptify.oracle.overlay import is_users

        self.trace.seek(0)
        for line in self.trace.read().decode("utf-8", "replace").splitlines():
            path, _, rest = line.strip().removeprefix('File "').partition('", line ')
            if rest and is_users(path):
                return f" at {path}:{rest.split()[0]}"
        return ""


class Nested(Attempt):
    """An attempt within an attempt: a fork of what that has built and run. It has that one's limits, and ends with it."""

    def __init__(self, seconds: float) -> None:
        # Nothing is ever written there: no other side can ask or go away but the process that forks.
        super().__init__(Limits(seconds=seconds), *os.pipe())

    def run(self, work: Callable[..., wire.Answer], *args: Any) -> wire.Answer | Ended:
        """Call ``work(self, *args)`` in a fork of this process."""
        try:
            return super().run(work, *args)
        finally:
            os.close(self.orders)
            os.close(self.answers)

    def _alone(self) -> None:
        """Stay in the group that is ended with the outer attempt, under the memory limit it has set."""


def _own(error: BaseException) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    where = f" ({os.path.basename(frames[-1].filename)}:{frames[-1].lineno})" if frames else ""
    return f"{type(error).__name__}: {str(error)[:300]}{where}"


def _die_with_parent() -> None:
    """Where the system can (Linux), let the attempt be killed when the process that watches it dies."""
    if sys.platform == "linux":
        import ctypes

        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(1, signal.SIGKILL)


def _limit(memory: int) -> None:
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if not memory:
        return
    try:
        # What torch itself maps does not count: the limit is what the attempt may add.
        with open("/proc/self/statm") as file:
            mapped = int(file.read().split()[0]) * resource.getpagesize()
    except OSError:
        mapped = 0
    resource.setrlimit(resource.RLIMIT_AS, (mapped + memory, mapped + memory))


def _quiet() -> None:
    import warnings

    warnings.simplefilter("ignore")
    sys.stdin = open(os.devnull)  # noqa: SIM115 - for the rest of the process
    sys.stdout = sys.stderr = open(os.devnull, "w")  # noqa: SIM115


def _status(child: int) -> int | None:
    try:
        done, status = os.waitpid(child, os.WNOHANG)
    except ChildProcessError:
        return 0
    return status if done else None


def _kill(child: int) -> None:
    for kill in (os.killpg, os.kill):
        with contextlib.suppress(OSError):
            kill(child, signal.SIGKILL)
    with contextlib.suppress(ChildProcessError):
        os.waitpid(child, 0)
