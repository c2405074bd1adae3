"""How each form is run so that its submodules are seen, and how one of them is called by itself."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from typing import Any

import torch

from scriptify.oracle.worker_calls import copied
from scriptify.oracle.worker_capture import Capture, Event, watchable
from scriptify.oracle.worker_entry import CALL_SEED, Case, seed
from scriptify.oracle.worker_forms import Form, FormError
from scriptify.oracle.worker_leaves import tensors
from scriptify.oracle.worker_probes import Probed
from scriptify.oracle.worker_recording import State
from scriptify.oracle.worker_snapshot import renew
from scriptify.oracle.worker_taps import Taps, tapped


class Runner:
    """Runs one form. ``unseen`` says why its submodules are not seen, ``loose`` that it keeps no structure of values."""

    def __init__(self, form: Form) -> None:
        self.form = form
        self.unseen = ""
        self.loose = False

    def run(self, args: Any, kwargs: Any) -> tuple[Any, list[Event]]:
        """Call it: the output and what its submodules were given and gave."""
        return self.form.call(*args, **kwargs), []

    def alone(self, event: Event) -> Any:
        """Call the submodule of an event by itself on what it was given there. Raises whatever it raises."""
        raise FormError("its submodules can't be called by themselves")

    def state(self) -> State:
        """Parameters and buffers of a saved form."""
        return State(known=False)


class Eager(Runner):
    """Python runs it: its submodules' forwards are stood in for."""

    def __init__(self, form: Form, again: bool) -> None:
        super().__init__(form)
        self.capture = Capture(again=again)
        self.initial: dict[str, torch.Tensor] = {}
        if isinstance(form.artefact, torch.nn.Module):
            self.initial = {name: buffer.detach().clone() for name, buffer in form.artefact.named_buffers()}
            if not any(watchable(module) for path, module in form.artefact.named_modules() if path):
                self.unseen = "the model has no submodules"
        else:
            self.unseen = "the model is a function"

    def run(self, args: Any, kwargs: Any) -> tuple[Any, list[Event]]:
        self.capture.reset()
        with self.capture.watching(self.form.artefact):
            output = self.form.call(*args, **kwargs)
        return output, [event for event in self.capture.events if event.path]

    def alone(self, event: Event) -> Any:
        return _again(_submodule(self.form.artefact, event.path), event)


class Scripted(Runner):
    """TorchScript runs it: a copy with operators in its graphs tells what its submodules do."""

    def __init__(self, form: Form, case: Case) -> None:
        super().__init__(form)
        self.loose = form.name == "trace" or isinstance(form.artefact, torch.jit._trace.TopLevelTracedModule)
        self.copy: Any = None
        self.capture = Capture(again=False)
        alias, classes = _names(case.model)
        self.prefix = _prefix(form.artefact, classes)
        self.taps = Taps(self.capture, alias, classes, self.prefix)
        if not isinstance(form.artefact, torch.jit.ScriptModule):
            self.unseen = "the model is a function"
            return
        # Made now: what runs once keeps its graphs as they were.
        copy = tapped(form.artefact, self.taps)
        self.copy = copy if copy is not form.artefact else None
        self.tapped = copy

    def run(self, args: Any, kwargs: Any) -> tuple[Any, list[Event]]:
        self.capture.reset()
        if self.unseen:
            return self.form.call(*args, **kwargs), []
        memo: dict[int, Any] = {}
        again = renew(list(args), memo), renew(dict(kwargs), memo)
        self.taps.reset()
        if self.copy is None:
            output = self._called(args, kwargs, self.tapped)
        else:
            # The form itself gives the output; the copy, on the same inputs and numbers, what is inside.
            before = torch.get_rng_state()
            output = self.form.call(*args, **kwargs)
            after = torch.get_rng_state()
            torch.set_rng_state(before)
            self._called(*again, self.copy)
            torch.set_rng_state(after)
        if not self.capture.events:
            self.unseen = "its modules were inlined (frozen), so that only outputs can be compared"
        return output, [event for event in self.capture.events if event.path]

    def _called(self, args: Any, kwargs: Any, module: Any) -> Any:
        if self.form.call is self.form.artefact:
            return module(*args, **kwargs)
        return module(*tensors((args, kwargs)))

    def alone(self, event: Event) -> Any:
        module = _submodule(self.form.artefact, ".".join(part for part in (self.prefix, event.path) if part))
        if not self.loose:
            return _again(module, event)
        assert event.given is not None
        name = "forward" if event.call == 1 else f"forward{event.call - 1}"
        return _again(module, event, getattr(module._c, name) if hasattr(module._c, name) else module)

    def state(self) -> State:
        module = self.form.artefact
        if not isinstance(module, torch.nn.Module):
            return State(known=False)
        cut = self.prefix + "." if self.prefix else ""
        built = {key.removeprefix(cut): value for key, value in copied(module.state_dict()).items()}
        return State(built, {}, tuple(name.removeprefix(cut) for name, _ in module.named_buffers()))


class Flat(Runner):
    """A program without modules: exported once more with more outputs, which tell what its submodules do."""

    def __init__(self, form: Form, case: Case, folder: str, saved: bool) -> None:
        super().__init__(form)
        self.probed: Probed | None = None
        self.buffers = list(case.model.buffers()) if case.is_module else []
        if saved:
            self.unseen = "a saved file of this kind tells its outputs only"
        elif not case.is_module:
            self.unseen = "the model is a function"
        else:
            try:
                self.probed = Probed(form.name, case, folder)
            except FormError as error:
                self.unseen = f"only outputs can be compared: with its submodules' outputs added, {error}"

    def run(self, args: Any, kwargs: Any) -> tuple[Any, list[Event]]:
        memo: dict[int, Any] = {}
        again = renew(list(args), memo), renew(dict(kwargs), memo)
        if self.probed is None:
            return self.form.call(*args, **kwargs), []
        # Both exports may hold the model's own buffers: the second is not to start where the first ended.
        before = [buffer.detach().clone() for buffer in self.buffers]
        events = self.probed.run(*again)
        with torch.no_grad():
            for buffer, value in zip(self.buffers, before, strict=True):
                buffer.copy_(value)
        seed(CALL_SEED)
        return self.form.call(*args, **kwargs), [event for event in events if event.path]

    def state(self) -> State:
        if self.form.name == "export":
            return State(copied(self.form.artefact.state_dict))
        from scriptify.oracle.worker_onnx import weights

        return State(weights(self.form.artefact))


def runner(form: Form, case: Case, folder: str, *, again: bool, saved: bool = False) -> Runner:
    """The runner for a form; ``again``: keep what calling its submodules by themselves takes."""
    if form.name == "eager":
        return Eager(form, again)
    if form.name in ("script", "trace"):
        return Scripted(form, case)
    return Flat(form, case, folder, saved)


def _submodule(model: Any, path: str) -> Any:
    # get_submodule is not there for a ScriptModule.
    for name in path.split("."):
        model = getattr(model, name)
    return model


def _again(module: Any, event: Event, call: Any = None) -> Any:
    """Call a module as it was called in an event: its buffers and the random numbers as they were."""
    assert event.given is not None
    own = dict(module.named_buffers())
    with torch.no_grad():
        for name, value in (event.buffers or {}).items():
            if name in own and own[name].shape == value.shape:
                own[name].copy_(value)
    if event.rng is not None:
        torch.set_rng_state(event.rng)
    args, kwargs = renew(list(event.given[0])), renew(dict(event.given[1]))
    if call is None:
        return module.forward(*args, **kwargs)
    return call(*tensors((args, kwargs)))


def _names(model: Any) -> tuple[dict[str, str], dict[str, str]]:
    """The first name of each name of a shared module, and the class of each."""
    if not isinstance(model, torch.nn.Module):
        return {}, {}
    first = {id(module): path for path, module in model.named_modules()}
    alias = {path: first[id(module)] for path, module in model.named_modules(remove_duplicate=False)}
    return alias, {path: type(module).__qualname__ for path, module in model.named_modules()}


def _prefix(artefact: Any, known: Mapping[str, str]) -> str:
    """What stands before the model's own paths: a form may have been made inside a wrapper."""
    if not isinstance(artefact, torch.nn.Module):
        return ""
    paths = {path for path, _ in artefact.named_modules() if path}
    if paths & {path for path in known if path}:
        return ""
    tops = {path.partition(".")[0] for path in paths}
    with contextlib.suppress(ValueError):
        (top,) = tops
        below = {path.removeprefix(top + ".") for path in paths if "." in path}
        return top if below & set(known) else ""
    return ""
