"""TorchScript by tracing and scripting together: what has no control flow is traced, what has is scripted.

A traced module may hold scripted ones and the other way round, so each module is decided by itself: a trace stands where no
tensor decided about Python code and where it computes the same on inputs it has not seen. The parts of a module that does not
stand are decided first, then it is traced around them, or scripted.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from scriptify.oracle.protocol import Choice
from scriptify.oracle.worker_calls import call, copied
from scriptify.oracle.worker_entry import Case
from scriptify.oracle.worker_judge import refusal, script
from scriptify.oracle.worker_snapshot import renew
from scriptify.oracle.worker_trace import Checked, NoTrace, Traced, check, trace

KEPT_CALLS = 3
KEPT_BYTES = 1 << 28


class NoMix(Exception):
    """A module that neither traces nor scripts, in one sentence."""


class Mixer:
    """Decides about every module of a model; ``choices`` tells how each was taken and why."""

    def __init__(self, model: Any, calls: Sequence[Case], *, values: bool = True) -> None:
        self.model, self.values = model, values
        self.choices: list[Choice] = []
        self._calls: dict[int, list[Case]] = {id(model): list(calls)}
        self._done: dict[int, Any] = {}
        self._state = copied(model.state_dict()) if isinstance(model, torch.nn.Module) else None

    def make(self) -> Any:
        """The model as TorchScript. Raises NoMix."""
        if isinstance(self.model, torch.nn.Module):
            self._record()
        made = self._module(self.model, "")
        self.choices.sort(key=lambda choice: choice.path)
        return made

    def _record(self) -> None:
        """Keep the first calls of each module of the user's own."""
        left = KEPT_BYTES
        handles = []

        def note(module: Any, args: Any, kwargs: Any) -> None:
            nonlocal left
            kept = self._calls.setdefault(id(module), [])
            size = _bytes([args, kwargs])
            if len(kept) < KEPT_CALLS and size <= left:
                left -= size
                memo: dict[int, Any] = {}
                kept.append(Case(module, tuple(renew(list(args), memo)), renew(dict(kwargs), memo)))

        for module in self.model.modules():
            if module is not self.model and not isinstance(module, torch.jit.ScriptModule):
                handles.append(module.register_forward_pre_hook(note, with_kwargs=True))
        for given in self._calls[id(self.model)]:
            call(self.model, given.args, given.kwargs)
        for handle in handles:
            handle.remove()
        self._restore()

    def _restore(self) -> None:
        if self._state is not None:
            own = self.model.state_dict(keep_vars=True)
            with torch.no_grad():
                for key, value in self._state.items():
                    if isinstance(value, torch.Tensor) and isinstance(own.get(key), torch.Tensor) and own[key].shape == value.shape:
                        own[key].copy_(value)

    def _module(self, module: Any, path: str) -> Any:
        if id(module) not in self._done:
            self._done[id(module)] = self._decided(module, path)
        return self._done[id(module)]

    def _decided(self, module: Any, path: str) -> Any:
        calls = self._calls.get(id(module), [])
        first, why = self._tried(module, calls)
        if first is not None and not why:
            return self._take(module, path, "trace", first)
        changed = self._parts(module, path) if isinstance(module, torch.nn.Module) else {}
        if changed and not self._own(module, calls):
            around, _ = self._tried(module, calls)
            if around is not None:
                parts = ", ".join(sorted(changed))
                return self._take(module, path, "trace", around, f"its own code has no control flow; {parts} was decided by itself")
        return self._scripted(module, path, why, changed)

    def _tried(self, module: Any, calls: list[Case]) -> tuple[Any, str]:
        """A trace that stands, with ``""``; or None with why there is none."""
        if not calls:
            return None, "no run went into it"
        try:
            traced = trace(module, calls[0])
        except NoTrace as reason:
            return None, str(reason)
        finally:
            self._restore()
        if traced.frozen:
            return None, f"control flow at {_places(traced)}"
        checked = check(module, traced.module, calls, values=self.values)
        if checked.wrong or checked.shapes:
            return None, f"a trace is not the same {checked.wrong or checked.shapes}"
        self._checked = checked
        return traced.module, ""

    def _own(self, module: Any, calls: list[Case]) -> bool:
        """Whether the module's own forward, not one of a part, makes a trace impossible."""
        try:
            return module in trace(module, calls[0]).frozen
        except NoTrace:
            return True
        finally:
            self._restore()

    def _take(self, module: Any, path: str, how: str, made: Any, why: str = "") -> Any:
        seen: Checked = self._checked
        because = why or f"no control flow; the same on {seen.tried} other input{'s' * (seen.tried != 1)}"
        self.choices.append(Choice(path, _name(module), how, because))
        return made

    def _parts(self, module: torch.nn.Module, path: str) -> dict[str, tuple[torch.nn.Module, Any]]:
        """Decide about each part that is worth it and put the result in its place; what was there before, by name."""
        changed: dict[str, tuple[torch.nn.Module, Any]] = {}
        for name, part in list(module._modules.items()):
            if part is None or isinstance(part, torch.jit.ScriptModule) or _torchs(part):
                continue
            below = f"{path}.{name}" if path else name
            if not self._calls.get(id(part)):
                self._parts(part, below)  # a ModuleList, or what no run went into
                continue
            noted = len(self.choices)
            try:
                made = self._module(part, below)
            except NoMix:
                del self.choices[noted:]
                continue
            module._modules[name] = made
            changed[name] = (part, made)
        return changed

    def _scripted(self, module: Any, path: str, why: str, changed: dict[str, tuple[torch.nn.Module, Any]]) -> Any:
        try:
            made = script(module)
        except BaseException as first:
            for name, (part, _) in changed.items():
                module._modules[name] = part
            inside = f"{path}." if path else ""
            self.choices = [c for c in self.choices if not any(c.path == inside + n or c.path.startswith(f"{inside}{n}.") for n in changed)]
            try:
                if not changed:
                    raise first
                made = script(module)
            except BaseException as error:
                whole = f"the part {path}" if path else "the model"
                raise NoMix(f"{whole} neither traces ({why}) nor scripts: {refusal(error)}") from error
        self.choices.append(Choice(path, _name(module), "script", why))
        return made


def _places(traced: Traced) -> str:
    places = [place for found in traced.frozen.values() for place in found]
    return f"{places[0]}{f' and {len(places) - 1} more' if len(places) > 1 else ''}"


def _torchs(module: torch.nn.Module) -> bool:
    """Whether a module is torch's own, and so is all it holds: scripting takes those as they are."""
    return all(type(part).__module__.startswith("torch.") for part in module.modules())


def _name(module: Any) -> str:
    return type(module).__qualname__ if isinstance(module, torch.nn.Module) else getattr(module, "__name__", "function")


def _bytes(value: Any) -> int:
    if isinstance(value, torch.Tensor):
        return 0 if value.device.type == "meta" else value.numel() * value.element_size()
    if isinstance(value, (list, tuple)):
        return sum(map(_bytes, value))
    return sum(map(_bytes, value.values())) if isinstance(value, dict) else 0
