"""The judgement itself, level by level, in a process of its own that has not scripted anything before."""

from __future__ import annotations

import io
import os
import tempfile
import warnings
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import torch

from scriptify.oracle import worker_baseline
from scriptify.oracle.compare import Comparison, Difference
from scriptify.oracle.protocol import LEVELS, Entry, Level, Verdict, not_tried, proved
from scriptify.oracle.worker_calls import ROUNDS, Outcome, agree, copied, models, sequence, state_difference
from scriptify.oracle.worker_entry import Case, EntryError, build, load_function, out_of_memory, place
from scriptify.oracle.worker_functions import filled
from scriptify.oracle.worker_wrappers import unwrapped


class Judge:
    """One attempt at one entry. ``reach`` is told each level before it is tried, so that a crash can be placed."""

    def __init__(self, entry: Entry, root: str, kept: str, upto: str, reach: Callable[[str], None]) -> None:
        self.entry, self.root, self.kept, self.upto, self.reach = entry, root, kept, upto, reach
        self.verdict = Verdict()
        self.renamed: list[str] = []

    def run(self) -> Verdict:
        """Try the levels in order, stop at the first that is refuted."""
        self.reach("imports")
        try:
            self.function = load_function(self.entry, self.root)
            cases = build(self.entry, self.function)
        except EntryError as error:
            return self.verdict.stopped("imports", str(error), error.text, error.kind)
        self._set("imports", proved())
        if self._enough("imports"):
            return self.verdict
        self.baseline = worker_baseline.read(self.kept)
        self.verdict = replace(self.verdict, cases=len(self.baseline.outcomes), unsteady=self.baseline.unsteady)
        if not self._eager(cases) or self._enough("keys_same") or not self._script(cases):
            return self.verdict
        if not self._enough("scripts") and self._scripted() and not self._enough("scripted_same"):
            self._reloads()
        return self.verdict

    def only_script(self) -> Verdict:
        """Build the models and script them, nothing else: a quick no where the compiler still refuses."""
        try:
            cases = build(self.entry, load_function(self.entry, self.root))
        except EntryError as error:
            return self.verdict.stopped("imports", str(error), error.text, error.kind)
        self.verdict = replace(self.verdict, imports=proved(), eager_same=not_tried("not asked for"), keys_same=not_tried("not asked for"))
        self.reach("scripts")
        try:
            for model in models(cases)[0]:
                script(model)
        except BaseException as error:
            self._stop("scripts", refusal(error), str(error), type(error).__name__)
            return self.verdict
        self._set("scripts", proved())
        return self.verdict

    def _set(self, level: str, value: Level) -> None:
        self.verdict = replace(self.verdict, **{level: value})  # type: ignore[arg-type]

    def _enough(self, level: str) -> bool:
        if LEVELS.index(self.upto) > LEVELS.index(level):
            return False
        for later in LEVELS[LEVELS.index(level) + 1 :]:
            if getattr(self.verdict, later).detail == "not reached":
                self._set(later, not_tried("not asked for"))
        return True

    def _stop(self, level: str, detail: str, error: str = "", kind: str = "") -> bool:
        self.verdict = self.verdict.stopped(level, detail, error, kind)
        return False

    def _eager(self, cases: list[Case]) -> bool:
        self.reach("eager_same")
        kept = self.baseline
        if len(cases) != len(kept.outcomes):
            return self._stop("eager_same", f"the entry gives {len(cases)} cases, the original's gave {len(kept.outcomes)}")
        found, owners = models(cases)
        if owners != kept.owners:
            return self._stop("eager_same", "the entry's cases share their models in another way than the original's")
        if wrong := self._keys(found, cases):
            self._stop("keys_same", wrong)
            self._set("eager_same", not_tried(f"nothing could be compared: {wrong}"))
            return False
        outcomes = sequence([case.model for case in cases], cases, 2 if kept.stateless else ROUNDS)
        how = Comparison(values=not kept.unsteady)
        if wrong := self._compare(outcomes, found, how):
            first = next((o for row in outcomes for o in row if o.output is None), None)
            return self._stop("eager_same", f"eager {wrong}", first.error if first else "", first.error_type if first else "")
        self._set("eager_same", proved())
        self._set("keys_same", proved(*dict.fromkeys(self.renamed)))
        return True

    def _keys(self, found: Sequence[Any], cases: list[Case]) -> str:
        """Give the cases the original's parameters and inputs; a sentence where they do not fit."""
        for number, model in enumerate(found):
            if isinstance(model, torch.nn.Module) != (self.baseline.states[number] is not None):
                return "a module became a function or the other way round"
            if remark := unwrapped(self.baseline, number, model):
                self.renamed.append(remark)
            state = self.baseline.states[number]
            if state is None:
                continue
            old, new = list(state), list(model.state_dict())
            gone, more = [k for k in old if k not in set(new)], [k for k in new if k not in set(old)]
            if more and not gone and (remark := _grown(model, state, more)):
                self.renamed.append(remark)
                new = [key for key in new if key in state]
            elif gone or more:
                parts = [f"{what} {_few(keys)}" for what, keys in (("lost", gone), ("new", more)) if keys]
                return f"state_dict keys differ: {'; '.join(parts)}"
            if old != new:
                at = next(i for i, pair in enumerate(zip(old, new, strict=True)) if pair[0] != pair[1])
                return f"state_dict keys come in another order: {new[at]} where {old[at]} was"
        try:
            worker_baseline.load(self.baseline, cases)
        except Exception as error:  # a user's own _load_from_state_dict may raise anything
            return f"the original's state_dict does not load: {' '.join(str(error).split())[:300]}"
        return ""

    def _compare(self, outcomes: list[list[Outcome]], found: Sequence[Any], how: Comparison, ignore_state: bool = False) -> str:
        kept = self.baseline
        several = len(kept.outcomes) > 1
        for number, (row, got) in enumerate(zip(kept.outcomes, outcomes, strict=True), 1):
            for turn, outcome in enumerate(got):
                if difference := agree(row[min(turn, len(row) - 1)], outcome, how, str(number) if several else ""):
                    return _nth(turn, difference)
        for model, state, after in zip(found, kept.states, kept.after, strict=True):
            if state is None or ignore_state:
                continue
            # Keys of modules that were registered nowhere before have nothing to be compared with.
            now = {key: value for key, value in model.state_dict().items() if key in state or key in after}
            if difference := state_difference(state, after, now, how):
                return str(difference)
        return ""

    def _script(self, cases: list[Case]) -> bool:
        self.reach("scripts")
        if self.baseline.rebuilds:
            try:
                cases = build(self.entry, self.function)
            except EntryError as error:
                return self._stop("scripts", f"building the model a second time failed: {error}", error.text, error.kind)
        self.cases = cases
        worker_baseline.load(self.baseline, cases)
        found, _ = models(cases)
        try:
            self.scripted = [script(model) for model in found]
        except BaseException as error:
            return self._stop("scripts", refusal(error), str(error), type(error).__name__)
        self.saved = [_save(scripted) for scripted in self.scripted] if LEVELS.index(self.upto) >= LEVELS.index("reloads") else []
        self._set("scripts", proved())
        return True

    def _scripted(self) -> bool:
        self.reach("scripted_same")
        return self._same("scripted_same", self.scripted, ROUNDS, "scripted ")

    def _same(self, level: str, callables: Sequence[Any], rounds: int, prefix: str) -> bool:
        how = Comparison(scripted=True, values=not self.baseline.unsteady)
        outcomes = sequence([callables[number] for number in self.baseline.owners], self.cases, rounds)
        if wrong := self._compare(outcomes, callables, how, level == "reloads"):
            first = next((o for row in outcomes for o in row if o.output is None), None)
            return self._stop(level, f"{prefix}{wrong}", first.error if first else "", first.error_type if first else "")
        self._set(level, proved(*how.remarks))
        return True

    def _reloads(self) -> None:
        self.reach("reloads")
        loaded = []
        for data in self.saved:
            try:
                if isinstance(data, BaseException):
                    raise data
                loaded.append(torch.jit.load(io.BytesIO(data)))  # type: ignore[no-untyped-call]
            except BaseException as error:
                self._stop("reloads", f"the scripted model can't be saved and loaded: {refusal(error)}", str(error), type(error).__name__)
                return
        remark = filled(self.cases, self.baseline.owners, loaded)
        if self._same("reloads", loaded, 1 if self.baseline.stateless else ROUNDS, "after save and load ") and remark:
            self._set("reloads", proved(*self.verdict.reloads.remarks, remark))


def _grown(model: torch.nn.Module, state: dict[str, Any], more: list[str]) -> str:
    """A remark where a model with more keys takes a state dict without them, and its own, both strictly; else ``""``."""
    own = copied(model.state_dict())
    try:
        model.load_state_dict(state, strict=True)
        model.load_state_dict(own, strict=True)
    except Exception:  # a user's own _load_from_state_dict may raise anything
        return ""
    return f"new state_dict keys {_few(more)}; checkpoints without them load as strictly as before"


def _few(keys: list[str]) -> str:
    return f"{', '.join(keys[:4])}{', ...' if len(keys) > 4 else ''}"


def _nth(turn: int, difference: Difference) -> str:
    return f"{difference}{f' (call {turn + 1} in a row)' if turn else ''}"


def script(model: Any) -> Any:
    """``torch.jit.script`` without its deprecation warning."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return torch.jit.script(model)


def _save(scripted: Any) -> bytes | BaseException:
    buffer = io.BytesIO()
    try:
        torch.jit.save(scripted, buffer)
    except BaseException as error:
        return error
    return buffer.getvalue()


def refusal(error: BaseException) -> str:
    """The compiler's refusal as one line: its first telling line, and where."""
    if out_of_memory(error):
        return "runs out of memory"
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    text = lines[0].rstrip(":") if lines else type(error).__name__
    at = next((line for line in lines if line.startswith('File "') and ", line " in line), "")
    path, _, rest = at.removeprefix('File "').partition('", line ')
    where = f"{path}:{rest.split(',')[0].strip()}" if at else place(error)
    return f"{text[:300]}{f' ({where})' if where else ''}"


def save_scripted(entry: Entry, root: str, path: str) -> str:
    """Script the entry's first model with its own parameters and save it to ``path``; a sentence if that fails."""
    try:
        cases = build(entry, load_function(entry, root))
    except EntryError as error:
        return str(error)
    try:
        scripted = script(cases[0].model)
        handle, name = tempfile.mkstemp(dir=os.path.dirname(os.path.abspath(path)), suffix=".part")
        os.close(handle)
        torch.jit.save(scripted, name)
        os.chmod(name, 0o644)
        os.replace(name, path)
    except OSError as error:
        return f"{path} can't be written: {error.strerror or error}"
    except BaseException as error:
        return f"the model of {entry.target} does not script: {refusal(error)}"
    return ""
