"""The oracle as its callers see it: one worker process, questions to it, answers kept. Never imports torch."""

from __future__ import annotations

import contextlib
import os
import pickle
import select
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any

from scriptify.oracle import wire
from scriptify.oracle.memory import Memory
from scriptify.oracle.parting import Parting, Question, Recorded, Side
from scriptify.oracle.protocol import LEVELS, Delivery, Entry, Limits, LiveModule, Observation, Order, Overlay, Verdict

_START = 300.0
_GRACE = 30.0
_CODE = """
import sys
if sys.path and sys.path[0] in ("", sys.argv[4]): sys.path.pop(0)
sys.path.append(sys.argv[1])
from scriptify.oracle.worker import main
main(int(sys.argv[2]), int(sys.argv[3]), sys.argv[4], sys.argv[5:])
"""


class OracleError(Exception):
    """The oracle can't work at all (no torch, no fork), or a model could not be saved; one sentence."""


class Oracle:
    """Judges entries in a child process that is started at the first question and restarted when it dies.

    ``root`` stands for an entry's own where that is empty; ``limits`` are per attempt; ``python`` is the
    interpreter that has torch; ``preload`` are modules (found from ``root`` too) that the child imports once,
    so that attempts need not: big libraries, never the project's own. A context manager; not for several threads at once.
    """

    def __init__(
        self,
        root: Path | None = None,
        limits: Limits | None = None,
        python: str = sys.executable,
        preload: Sequence[str] = (),
    ) -> None:
        self.root = os.path.abspath(root) if root is not None else os.getcwd()
        self.limits = limits or Limits()
        self.python = python
        self.preload = tuple(preload)
        self.attempts = 0
        self._worker: _Worker | None = None
        self._versions = wire.Hello()
        self.memory = Memory()

    def __enter__(self) -> Oracle:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """End the worker and everything it started."""
        if self._worker is not None:
            self._worker.end()
            self._worker = None

    @property
    def torch_version(self) -> str:
        """The worker's torch, once it runs; starts it."""
        self._running()
        return self._versions.torch

    def scripts(self, entry: Entry, overlay: Overlay | None = None) -> Verdict:
        """Whether ``entry`` scripts at all under ``overlay``; eager results and keys are not compared."""
        return self._judged(entry, overlay, "quick", {"quick": True})

    def judge(self, entry: Entry, overlay: Overlay | None = None, *, upto: str = LEVELS[-1]) -> Verdict:
        """Prove what can be proved of ``entry`` with ``overlay`` in place of the files on disk.

        ``upto`` is the last level to try. Raises OracleError only where no worker can be started, and
        ValueError for an unknown level; whatever user code does is a verdict.
        """
        if upto not in LEVELS:
            raise ValueError(f"{upto!r} is no level; there are {', '.join(LEVELS)}")
        for level in LEVELS[LEVELS.index(upto) + 1 :]:
            if known := self.memory.find(self.absolute(entry), level, overlay or {}):
                return known
        return self._judged(entry, overlay, upto, {"upto": upto})

    def _judged(self, entry: Entry, overlay: Overlay | None, question: str, options: dict[str, Any]) -> Verdict:
        asked, sources = self.absolute(entry), dict(overlay or {})
        if known := self.memory.find(asked, question, sources):
            return known
        begun = time.monotonic()
        answer = self._ask("judge", entry, sources, options)
        verdict = answer.value if isinstance(answer.value, Verdict) else Verdict().stopped("imports", answer.ended, answer.ended)
        verdict = replace(verdict, seconds=time.monotonic() - begun)
        if answer.files is not None and not answer.ended:
            self.memory.keep(asked, question, sources, answer.files, verdict)
        return verdict

    def observe(self, entry: Entry, project_files: Collection[str | Path], overlay: Overlay | None = None) -> Observation:
        """Run ``entry`` once and tell what its functions and modules held; ``project_files`` are absolute paths.

        An entry that does not run gives an Observation with ``error`` set.
        """
        begun = time.monotonic()
        files = tuple(os.path.abspath(path) for path in project_files)
        answer = self._ask("observe", entry, dict(overlay or {}), {"files": files})
        seen = answer.value if isinstance(answer.value, Observation) else Observation(error=answer.ended, error_type=answer.error_type)
        return replace(seen, seconds=time.monotonic() - begun)

    def modules(
        self,
        entry: Entry,
        overlay: Overlay | None = None,
        *,
        proved: bool = False,
        seconds: float = 60.0,
        attempts: int = 200,
        forms: Sequence[str] = (),
    ) -> tuple[LiveModule, ...]:
        """Every module of the entry's models, parents first, with what is proved of it by itself; none where the entry does not run.

        ``proved`` says that the entry as a whole is: then its modules are, and none is tried. After ``seconds`` (of the limit
        for an attempt at most) or ``attempts`` the rest is told as not tried. ``forms`` are others to try (see
        ``forms.FORMS``), each with as much time again.
        """
        # What is left of the attempt's own limit is for building and running the model, and for the answer.
        limit = min(seconds * (1 + len(forms)), self.limits.seconds * (0.8 if forms else 0.5))
        options = {"seconds": limit, "attempts": attempts, "known": proved, "forms": tuple(forms)}
        answer = self._ask("modules", entry, dict(overlay or {}), options)
        return answer.value if isinstance(answer.value, tuple) else ()

    def frontend(self, texts: Mapping[str, str]) -> dict[str, list[str]]:
        """What can be proved of files without an entry: ``path:line: message`` for each thing that is refused.

        Each text is parsed and compiled, and ``forward`` methods, functions marked for scripting, and
        what they call in the same file go through TorchScript's own front end. No user code is imported or run.
        """
        answer = self._ask("frontend", None, dict(texts), {})
        if not isinstance(answer.value, dict):
            return {path: [f"{path}:1: not checked, the front end {answer.ended}"] for path in texts}
        return answer.value

    def record(self, side: Side, question: Question, path: str, reference: str = "") -> Recorded:
        """Run one side of a comparison and keep what it did in the file ``path``; ``reference`` is that of the other side."""
        options = {"side": replace(side, entry=self.absolute(side.entry)), "question": question, "path": path, "reference": reference}
        answer = self._ask("record", None, {}, options)
        if isinstance(answer.value, Recorded):
            return answer.value
        return Recorded(f"{side.label} {answer.ended or 'gave no answer'}")

    def parting(self, a: Side, b: Side, question: Question, a_path: str, b_path: str) -> Parting:
        """What the recordings of two sides show."""
        answer = self._ask("parting", None, {}, {"a": a, "b": b, "question": question, "a_path": a_path, "b_path": b_path})
        if isinstance(answer.value, Parting):
            return answer.value
        return Parting(a.label, b.label, a.entry.target, errors=(f"the comparison {answer.ended}",))

    def script_save(self, entry: Entry, overlay: Overlay | None, path: str | Path) -> None:
        """Script the entry's (first) model as it is built and write it to ``path``. Raises OracleError."""
        answer = self._ask("save", entry, dict(overlay or {}), {"path": os.path.abspath(path)})
        if problem := answer.ended or str(answer.value or ""):
            raise OracleError(problem)

    def deliver(
        self,
        entry: Entry,
        order: Order,
        path: str | Path,
        overlay: Overlay | None = None,
        cases: Callable[[Path, Path], None] | None = None,
    ) -> Delivery:
        """Make the file that ``order`` says of the entry's first model, prove it, and only then put it at ``path``, atomically.

        ``cases`` is called before, with the finished file and one that holds inputs and expected outputs for
        ``torch::pickle_load``; both are gone later. Raises OracleError where the file can't be written.
        """
        begun = time.monotonic()
        wanted = Path(os.path.abspath(path))
        try:
            with tempfile.TemporaryDirectory(dir=wanted.parent, prefix=".scriptify-") as folder:
                # In the file's own folder, under its own name: moving it is atomic, and ONNX keeps big weights beside it by that name.
                part, recorded = Path(folder, wanted.name), Path(folder, f"{wanted.name}.cases")
                options = {"order": order, "path": str(part), "cases": str(recorded) if cases else ""}
                answer = self._ask("deliver", entry, dict(overlay or {}), options)
                done = answer.value if isinstance(answer.value, Delivery) else Delivery().stopped("runs", answer.ended, answer.ended)
                if done.ok:
                    if cases is not None:
                        cases(part, recorded)
                        recorded.unlink()
                    _moved(Path(folder), wanted)
        except OSError as error:
            raise OracleError(f"{path} can't be written: {error.strerror or error}") from error
        return replace(done, seconds=time.monotonic() - begun)

    def checkpoint(self, operation: str, arguments: dict[str, Any], entry: Entry | None = None) -> Any:
        """What an operation of ``oracle.worker_checkpoint`` gives for a checkpoint file. Raises OracleError where it gave nothing."""
        answer = self._ask("checkpoint", entry, {}, {"operation": operation, "arguments": arguments})
        if answer.ended:
            raise OracleError(f"{arguments.get('path', 'the checkpoint')}: reading it {answer.ended}")
        return answer.value

    def absolute(self, entry: Entry) -> Entry:
        """The entry as it is remembered: its root in full."""
        return replace(entry, root=os.path.abspath(entry.root or self.root))

    def _ask(self, kind: str, entry: Entry | None, overlay: dict[str, str], options: dict[str, Any]) -> wire.Answer:
        self.attempts += 1
        request = wire.Request(kind, self.absolute(entry) if entry else None, overlay, self.limits, options)
        worker = self._running()
        # A baseline with and without moved parameters, then the attempt itself.
        limit = (4 if kind == "deliver" else 3) * self.limits.seconds + _GRACE
        try:
            answer = wire.unpack(worker.ask(wire.pack(request), limit))
        except (wire.Closed, TimeoutError, pickle.UnpicklingError) as error:
            self.close()
            why = "did not answer in time" if isinstance(error, TimeoutError) else "died"
            return wire.Answer(ended=f"the oracle's process {why} on this attempt; it was restarted", error_type="ChildProcessError")
        except BaseException:
            self.close()
            raise
        return answer if isinstance(answer, wire.Answer) else wire.Answer(ended="the oracle gave no answer")

    def _running(self) -> _Worker:
        if self._worker is None or not self._worker.alive:
            if self._worker is not None:
                self._worker.end()
            self._worker = None
            worker = _Worker(self.python, self.root, self.preload)
            self._versions = worker.hello()
            if self._versions.error:
                worker.end()
                hint = "; install torch there" if "No module named 'torch'" in self._versions.error else ""
                raise OracleError(f"{self.python} can't run the oracle: {self._versions.error}{hint}")
            self._worker = worker
        return self._worker


class _Worker:
    """A running child process and its two pipes."""

    def __init__(self, python: str, root: str, preload: Sequence[str]) -> None:
        if not hasattr(os, "fork"):
            raise OracleError("the oracle needs a system with fork (Linux or macOS)")
        package = str(Path(__file__).resolve().parents[2])
        theirs_in, self.out = os.pipe()
        self.inn, theirs_out = os.pipe()
        command = [python, "-c", _CODE, package, str(theirs_in), str(theirs_out), root, *preload]
        try:
            self.process = subprocess.Popen(command, pass_fds=(theirs_in, theirs_out), stdin=subprocess.DEVNULL, start_new_session=True)
        except OSError as error:
            for fd in (self.out, self.inn):
                os.close(fd)
            raise OracleError(f"{python} can't be started: {error.strerror or error}") from error
        finally:
            os.close(theirs_in)
            os.close(theirs_out)

    @property
    def alive(self) -> bool:
        """Whether it still runs."""
        return self.process.poll() is None

    def hello(self) -> wire.Hello:
        """Its first message."""
        try:
            said = wire.unpack(self._read(_START))
        except (wire.Closed, TimeoutError, pickle.UnpicklingError) as error:
            return wire.Hello(error=f"its process ended before it was ready ({error})")
        return said if isinstance(said, wire.Hello) else wire.Hello(error="its process speaks another language")

    def ask(self, data: bytes, seconds: float) -> bytes:
        """Send one request and wait for its answer. Raises wire.Closed or TimeoutError."""
        wire.write(self.out, data)
        return self._read(seconds)

    def _read(self, seconds: float) -> bytes:
        deadline, buffer = time.monotonic() + seconds, wire.Buffer()
        while (data := buffer.message()) is None:
            left = deadline - time.monotonic()
            if left <= 0:
                raise TimeoutError
            if select.select([self.inn], [], [], left)[0] and not buffer.feed(self.inn):
                raise wire.Closed("end of stream")
        return data

    def end(self) -> None:
        """Stop it: politely by closing its pipe, then by signal."""
        for fd in (self.out, self.inn):
            with contextlib.suppress(OSError):
                os.close(fd)
        try:
            self.process.wait(2)
        except subprocess.TimeoutExpired:
            with contextlib.suppress(OSError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


def _moved(folder: Path, wanted: Path) -> None:
    """Put finished files in place, the one that the others belong to last."""
    for name in sorted(os.listdir(folder), key=lambda name: name == wanted.name):
        os.chmod(folder / name, 0o644)
        os.replace(folder / name, wanted.parent / name)
