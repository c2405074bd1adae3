"""The oracle's child process: imports torch once, runs no operator itself, forks for every attempt.

An attempt that crashes, hangs or exits is a verdict; this process goes on. Started by the runner with
two pipes of its own, so that nothing user code prints or reads can reach the protocol.
"""

from __future__ import annotations

import contextlib
import gc
import hashlib
import importlib
import os
import shutil
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from scriptify.oracle import wire
from scriptify.oracle.forms import PRELOAD
from scriptify.oracle.protocol import LEVELS, Delivery, Entry, Observation, State, Verdict, not_tried, proved
from scriptify.oracle.worker_attempt import Attempt, Ended


def serve(orders: int, answers: int, root: str) -> None:
    """Answer requests until the other side stops or goes away."""
    folder = tempfile.mkdtemp(prefix="scriptify-")
    worker = Worker(orders, answers, root, folder)
    try:
        while True:
            request = wire.unpack(wire.read(orders))
            if request.kind == "stop":
                return
            wire.write(answers, worker.answer(request))
    except wire.Closed:
        return
    finally:
        shutil.rmtree(folder, ignore_errors=True)


class Worker:
    """Keeps baselines between requests."""

    def __init__(self, orders: int, answers: int, root: str, folder: str) -> None:
        self.orders, self.answers, self.root, self.folder = orders, answers, root, folder
        self.kept: dict[Entry, tuple[str, Verdict, dict[str, str]]] = {}

    def answer(self, request: wire.Request) -> bytes:
        """The packed answer to one request."""
        if request.kind == "judge":
            return wire.pack(self._judge(request))
        if request.kind == "deliver":
            return wire.pack(wire.Answer(self._deliver(request)))
        if request.kind == "record":
            prepare(request.options["side"].form)
        names = {"observe": _observe, "frontend": _frontend, "save": _save, "modules": _modules, "checkpoint": _checkpoint}
        names |= {"record": _record, "parting": _parting}
        result = self._attempt(request, names[request.kind])
        if isinstance(result, Ended):
            empty: dict[str, Any] = {"observe": Observation(error=result.sentence, error_type=result.kind), "save": result.sentence}
            return wire.pack(wire.Answer(empty.get(request.kind), None, result.sentence, result.kind))
        return wire.pack(result)

    def _attempt(self, request: wire.Request, work: Any, *more: Any) -> Any:
        return Attempt(request.limits, self.orders, self.answers).run(work, request, self.root, self.folder, *more)

    def _judge(self, request: wire.Request) -> wire.Answer:
        assert request.entry is not None
        kept = self.kept.get(request.entry)
        if kept is None or not fresh(kept[2]):
            path = os.path.join(self.folder, f"{len(self.kept)}.baseline")
            answer = self._baseline(request, path)
            if isinstance(answer, Ended):
                return wire.Answer(_ended(answer, "the original"), None, answer.sentence)
            if answer.value.first_failure[1].state.value == "refuted" or answer.value.depth:
                return answer  # type: ignore[no-any-return]
            kept = self.kept[request.entry] = (path, answer.value, answer.files)
        answer = self._attempt(request, _judge, kept[0])
        if isinstance(answer, Ended):
            verdict = _ended(answer, "the entry")
            return wire.Answer(verdict, None, answer.sentence)
        return wire.Answer(answer.value, {**kept[2], **answer.files})

    def _deliver(self, request: wire.Request) -> Delivery:
        """Two passes: with constant parameters moved, compared in memory; with the model's own, saved and compared as loaded back."""
        done = Delivery()
        for moved in (True, False):
            path = os.path.join(self.folder, "deliver.baseline")
            first = self._attempt(request, _baseline, path, moved)
            if isinstance(first, Ended):
                return done.stopped("runs", f"the model {first.sentence}", first.sentence, first.kind)
            verdict, finite = first.value
            if (failure := verdict.first_failure) is not None and failure[1].state is State.REFUTED:
                return done.stopped("runs", failure[1].detail, verdict.error, verdict.error_type)
            if moved and not finite:  # may be so only because they were moved
                continue
            answer = self._attempt(request, _deliver, path, "" if moved else request.options["path"])
            if isinstance(answer, Ended):
                step = next(name for name, level in done.levels() if not level.ok)
                return done.stopped(step, f"it {answer.sentence}", answer.sentence, answer.kind)
            same = done.same
            done = answer.value
            assert isinstance(done, Delivery)
            if not moved:
                same = same if same.ok else done.reloads
                done = replace(done, same=same if done.reloads.ok or same.ok else not_tried("not reached"))
            if not done.runs.ok or not done.made.ok or (moved and not done.same.ok):
                return done
        return done

    def _baseline(self, request: wire.Request, path: str) -> Any:
        first = self._attempt(request, _baseline, path, True)
        if isinstance(first, Ended) or first.value[1]:
            return first if isinstance(first, Ended) else wire.Answer(first.value[0], first.files)
        # What is not finite with moved parameters may be so only because they were moved.
        second = self._attempt(request, _baseline, path, False)
        return second if isinstance(second, Ended) else wire.Answer(second.value[0], second.files)


def _ended(answer: Ended, who: str) -> Verdict:
    level = LEVELS[answer.level]
    before: dict[str, Any] = {name: proved() for name in LEVELS[: answer.level]}
    return Verdict(**before).stopped(level, f"{who} {answer.sentence}", answer.sentence, answer.kind)


def _judge(attempt: Attempt, request: wire.Request, root: str, folder: str, path: str) -> wire.Answer:
    from scriptify.oracle import overlay, worker_judge

    overlay.install(request.overlay, folder)
    assert request.entry is not None
    judge = worker_judge.Judge(request.entry, root, path, request.options.get("upto", LEVELS[-1]), attempt.reach)
    verdict = judge.only_script() if request.options.get("quick") else judge.run()
    return wire.Answer(verdict, stamps())


def _baseline(attempt: Attempt, request: wire.Request, root: str, folder: str, path: str, moved: bool) -> wire.Answer:
    from scriptify.oracle import overlay, worker_baseline

    # A verdict compares rewritten code with what is on disk; a file is compared with the code it is made of.
    overlay.install(request.overlay if request.kind == "deliver" else {}, folder)
    assert request.entry is not None
    return wire.Answer(worker_baseline.measure(request.entry, root, path, moved, attempt.reach), stamps())


def _deliver(attempt: Attempt, request: wire.Request, root: str, folder: str, kept: str, path: str) -> wire.Answer:
    from scriptify.oracle import overlay, worker_deliver

    overlay.install(request.overlay, folder)
    assert request.entry is not None
    cases = request.options.get("cases", "") if path else ""
    return wire.Answer(worker_deliver.deliver(request.options["order"], request.entry, root, folder, kept, path, cases))


def _observe(attempt: Attempt, request: wire.Request, root: str, folder: str) -> wire.Answer:
    from scriptify.facts import live
    from scriptify.oracle import overlay

    overlay.install(request.overlay, folder)
    assert request.entry is not None
    return wire.Answer(live.observe(request.entry, root, request.options.get("files", ())))


def _frontend(attempt: Attempt, request: wire.Request, root: str, folder: str) -> wire.Answer:
    from scriptify.oracle import worker_frontend

    return wire.Answer({path: worker_frontend.problems(path, text) for path, text in request.overlay.items()})


def _record(attempt: Attempt, request: wire.Request, root: str, folder: str) -> wire.Answer:
    from scriptify.oracle import overlay, worker_record

    side = request.options["side"]
    overlay.install(side.overlay, folder)
    return wire.Answer(worker_record.record(root=root, folder=folder, **request.options))


def _parting(attempt: Attempt, request: wire.Request, root: str, folder: str) -> wire.Answer:
    from scriptify.oracle import worker_parting

    return wire.Answer(worker_parting.compare(**request.options))


def _save(attempt: Attempt, request: wire.Request, root: str, folder: str) -> wire.Answer:
    from scriptify.oracle import overlay, worker_judge

    overlay.install(request.overlay, folder)
    assert request.entry is not None
    return wire.Answer(worker_judge.save_scripted(request.entry, root, request.options["path"]))


def _modules(attempt: Attempt, request: wire.Request, root: str, folder: str) -> wire.Answer:
    from scriptify.oracle import overlay, worker_entry, worker_modules

    overlay.install(request.overlay, folder)
    assert request.entry is not None
    try:
        return wire.Answer(worker_modules.look(request.entry, root, folder=folder, **request.options))
    except worker_entry.EntryError as error:
        return wire.Answer(ended=str(error), error_type=error.kind)


def _checkpoint(attempt: Attempt, request: wire.Request, root: str, folder: str) -> wire.Answer:
    from scriptify.oracle import overlay, worker_checkpoint

    overlay.install(request.overlay, folder)
    sys.path.insert(0, root)
    return wire.Answer(worker_checkpoint.run(request.options["operation"], request.options["arguments"], request.entry, root))


_OUTSIDE: set[str] = set()
"""Modules of libraries that were there before any attempt."""


def settle_down() -> None:
    """Make forks cheap: thousands of library modules are not looked at again, and no fork's collector touches their pages."""
    own = stamps()
    _OUTSIDE.update(name for name, module in list(sys.modules.items()) if getattr(module, "__file__", None) not in own)
    gc.collect()
    gc.freeze()


def prepare(form: str) -> None:
    """Import what a form needs before the fork, so that further attempts need not."""
    wanted = [name for name in PRELOAD.get(form, ()) if name not in sys.modules]
    for name in wanted:
        with contextlib.suppress(Exception):  # not installed, or broken: the attempt itself says so
            importlib.import_module(name)
    if wanted:
        settle_down()


def stamps() -> dict[str, str]:
    """A digest of every file of the user's own that this process imported, as it is on disk."""
    from scriptify.oracle.overlay import is_users, read

    files = {getattr(sys.modules.get(name), "__file__", None) for name in sys.modules.keys() - _OUTSIDE} | read()
    return {path: digest(path) for path in files if isinstance(path, str) and is_users(path)}


def fresh(files: dict[str, str]) -> bool:
    """Whether the files are still what they were."""
    return all(digest(path) == before for path, before in files.items())


def digest(path: str) -> str:
    """SHA-256 of a file, or an empty text where there is none."""
    try:
        with open(path, "rb") as file:
            return hashlib.sha256(file.read()).hexdigest()
    except OSError:
        return ""


def main(orders: int, answers: int, root: str, preload: Sequence[str] = ()) -> None:
    """Import torch and what is to be preloaded, say hello and serve. Standard input and output are closed to user code first."""
    null = os.open(os.devnull, os.O_RDWR)
    for fd in (0, 1, 2):
        os.dup2(null, fd)
    try:
        import torch

        import scriptify.facts.live
        import scriptify.oracle.worker_judge  # noqa: F401
        from scriptify.oracle.worker_builtins import keep_builtins

        keep_builtins()
        # One thread: a pool that another fork inherits can hang, and sums come out in one order.
        torch.set_num_threads(1)
        sys.path.insert(0, root)
        for name in preload:
            importlib.import_module(name)
        sys.path.remove(root)
        settle_down()
        hello = wire.Hello(str(torch.__version__), sys.version.split()[0])
    except BaseException as error:
        hello = wire.Hello(error=f"{type(error).__name__}: {error}")
    try:
        wire.write(answers, wire.pack(hello))
    except wire.Closed:
        return
    if not hello.error:
        serve(orders, answers, root)
