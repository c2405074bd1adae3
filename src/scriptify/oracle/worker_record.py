"""One side of a comparison, run and written to a file: its state, and what every submodule was given and gave."""

from __future__ import annotations

import contextlib
import time
from typing import Any

import torch

from scriptify.oracle.parting import Question, Recorded, Side
from scriptify.oracle.worker_baseline import keepable
from scriptify.oracle.worker_calls import copied, models, perturb
from scriptify.oracle.worker_capture import Event, Keeper, Value, values
from scriptify.oracle.worker_entry import CALL_SEED, Case, EntryError, build, load_function, said, seed
from scriptify.oracle.worker_forms import Form, FormError, load, make
from scriptify.oracle.worker_gaps import leaves
from scriptify.oracle.worker_recording import Ran, Recording, State, read
from scriptify.oracle.worker_runners import Runner, runner
from scriptify.oracle.worker_snapshot import renew

ALONE_SECONDS = 60.0
TIMES = ("script", "trace", "eager")
"""Forms whose submodules can be called by themselves."""


def record(side: Side, question: Question, root: str, folder: str, path: str, reference: str) -> Recorded:
    """Run ``side`` and write its :class:`Recording` to ``path``; ``reference`` is the other side's, once there is one."""
    try:
        return _Recorder(side, question, root, folder, read(reference) if reference else None).run(path)
    except (EntryError, FormError) as error:
        return Recorded(str(error))


class _Recorder:
    def __init__(self, side: Side, question: Question, root: str, folder: str, other: Recording | None) -> None:
        self.side, self.question, self.root, self.folder, self.other = side, question, root, folder, other
        self.recording = Recording(side.form, bool(side.file))

    def run(self, path: str) -> Recorded:
        function = load_function(self.side.entry, self.root)
        cases = self._cases(build(self.side.entry, function))
        found, self.recording.owners = models(cases)
        self.recording.states = [self._state(number, model) for number, model in enumerate(found)]
        forms = self._forms(cases, found)
        self._calls(cases, forms)
        broken = next((ran for ran in self.recording.ran if ran.outputs is None), None)
        if broken is not None and broken is self.recording.ran[0]:
            return Recorded(f"{self._who()} {broken.error}")
        if self.side.form == "eager" and self.other is None:
            self._unsteady(function, cases)
        if self.other is not None and self.side.form in TIMES:
            self._alone(forms)
        torch.save(self.recording, path)
        keys = tuple(key for state in self.recording.states if state is not None for key in state.built)
        return Recorded("", self._finite(), keys, tuple(self.recording.remarks))

    def _who(self) -> str:
        return self.side.label if self.side.file else f"{self.side.label} ({self.side.entry.target})"

    def _cases(self, cases: list[Case]) -> list[Case]:
        """The cases with the other side's inputs, where they can be told."""
        if self.other is None or self.other.inputs is None:
            self.recording.inputs = keepable(cases)
            return cases
        given = self.other.inputs
        if len(given) != len(cases):
            self.recording.remarks.append(f"{self.side.label} has {len(cases)} cases, the other side {len(given)}: its inputs are used")
        return [Case(cases[min(n, len(cases) - 1)].model, args, kwargs) for n, (args, kwargs) in enumerate(given)]

    def _state(self, number: int, model: Any) -> State | None:
        """Note the state as built, then move or load it."""
        if not isinstance(model, torch.nn.Module):
            return None
        built = copied(model.state_dict())
        buffers = tuple(name for name, _ in model.named_buffers())
        state = State(built, {}, buffers, {path: module.training for path, module in model.named_modules()})
        if self.question.moved:
            perturb(model)
        theirs = self.other.states[number] if self.other and number < len(self.other.states) else None
        if self.question.load and theirs is not None and not self.side.file:
            self._load(model, theirs)
        state.used = copied(model.state_dict())
        return state

    def _load(self, model: torch.nn.Module, theirs: State) -> None:
        try:
            model.load_state_dict(theirs.used, strict=True)
            self.recording.loaded = True
        except Exception as error:  # a user's own _load_from_state_dict may raise anything
            self.recording.remarks.append(f"A's state does not load into B's model: {' '.join(str(error).split())[:200]}")

    def _forms(self, cases: list[Case], found: list[Any]) -> list[Runner]:
        runners = []
        for number in range(len(found)):
            case = cases[self.recording.owners.index(number)]
            form: Form = load(self.side.file, case) if self.side.file else make(self.side.form, case, self.folder)
            self.recording.remarks += [f"{self.side.label}: {remark}" for remark in form.remarks]
            made = runner(form, case, self.folder, again=self.other is None, saved=bool(self.side.file))
            self.recording.inner = self.recording.inner or made.unseen
            self.recording.loose |= made.loose
            if self.side.file:
                self.recording.states[number] = made.state()
            runners.append(made)
        return runners

    def _calls(self, cases: list[Case], forms: list[Runner]) -> None:
        for number, case in enumerate(cases):
            form = forms[self.recording.owners[number]]
            for turn in range(self.question.calls):
                self.recording.ran.append(called(form, case, number, turn))

    def _unsteady(self, function: Any, cases: list[Case]) -> None:
        """Build and run once more, and note what differs from itself."""
        try:
            again = build(self.side.entry, function)
        except EntryError:
            return
        for model, state in zip(models(again)[0], self.recording.states, strict=False):
            if state is not None:
                model.load_state_dict(state.used)
        forms = [runner(Form("eager", model, model), Case(model, ()), self.folder, again=False) for model in models(again)[0]]
        for ran in self.recording.ran:
            case = cases[ran.case]
            other = called(forms[min(self.recording.owners[ran.case], len(forms) - 1)], case, ran.case, ran.turn)
            seen = {(event.path, event.call): event.outputs or [] for event in other.events}
            for event in ran.events:
                if _differ(event.outputs or [], seen.get((event.path, event.call), []), self.question):
                    self.recording.unsteady.add((ran.case, ran.turn, event.path, event.call))
            if _differ(ran.outputs or [], other.outputs or [], self.question):
                self.recording.unsteady.add((ran.case, ran.turn, "", 1))

    def _alone(self, forms: list[Runner]) -> None:
        """Run each submodule by itself on what the other side gave its own."""
        assert self.other is not None
        deadline = time.monotonic() + ALONE_SECONDS
        for ran in self.other.ran:
            form = forms[min(self.recording.owners[ran.case], len(forms) - 1)]
            for event in ran.events:
                if time.monotonic() > deadline:
                    self.recording.remarks.append(f"modules were run by themselves for {ALONE_SECONDS:g} seconds, the rest was not")
                    return
                if event.outputs is None or event.given is None:
                    continue
                with contextlib.suppress(Exception):  # what can't be called by itself has no number
                    got = list(values(form.alone(event), Keeper()))
                    self._note(ran, event, got, form.loose)

    def _note(self, ran: Ran, event: Event, got: list[Value], loose: bool) -> None:
        found = leaves(event.outputs or [], got, loose, self.question.tolerance)
        told = next((leaf.said for leaf in found if leaf.said), "")
        gaps = [leaf.gap for leaf in found if leaf.gap]
        if gaps or told:
            worst = max(gaps, key=lambda gap: (gap.beyond > 0, gap.relative), default=None)
            self.recording.alone[ran.case, ran.turn, event.path, event.call] = (worst, told)

    def _finite(self) -> bool:
        held = [value.data for ran in self.recording.ran for value in ran.outputs or ()]
        return all(bool(data.isfinite().all()) for data in held if isinstance(data, torch.Tensor) and data.device.type != "meta")


def called(form: Runner, case: Case, number: int, turn: int) -> Ran:
    """One call under the call seed, on copies of the inputs."""
    keep = Keeper()
    memo: dict[int, Any] = {}
    args, kwargs = renew(list(case.args), memo), renew(dict(case.kwargs), memo)
    cls = type(case.model).__qualname__ if case.is_module else getattr(case.model, "__qualname__", "function")
    ran = Ran(number, turn, inputs=list(values((args, kwargs), keep)), cls=cls)
    seed(CALL_SEED)
    before = torch.get_rng_state()
    try:
        output, events = form.run(args, kwargs)
    except BaseException as error:  # sys.exit in a forward is the user's exception too
        ran.error = f"raises {said(error)}"
        return ran
    ran.random = not torch.equal(before, torch.get_rng_state())
    ran.outputs = list(values(output, keep))
    ran.events = events
    return ran


def _differ(a: list[Value], b: list[Value], question: Question) -> bool:
    return any(leaf.parts for leaf in leaves(a, b, False, question.tolerance))
