"""The modules of an entry's models, one by one: does each script by itself, and compute the same on what it was given?

The models are built and run once, here; each attempt at one module is a fork of this process, since a second attempt at
scripting in one process hides the real error. What a proved module holds is proved with it, and of modules of one class
and configuration only the first is tried, so that a tree of thousands costs few attempts.
"""

from __future__ import annotations

import inspect
import time
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch

from scriptify.diagnostics import parse
from scriptify.oracle import wire
from scriptify.oracle.compare import Comparison
from scriptify.oracle.overlay import is_users
from scriptify.oracle.protocol import FORMS, Entry, Level, LiveModule, not_tried, proved, refuted
from scriptify.oracle.worker_attempt import Attempt, Ended, Nested
from scriptify.oracle.worker_calls import ROUNDS, agree, call, copied, models, perturb
from scriptify.oracle.worker_entry import Case, build, load_function
from scriptify.oracle.worker_judge import refusal, script
from scriptify.oracle.worker_snapshot import renew
from scriptify.oracle.worker_trace import check

KEPT_BYTES = 1 << 28
Forms = Mapping[str, Level]
UNCALLED = "no run went into it"


@dataclass(slots=True)
class _Module:
    """A module in its place; ``kind`` is the same for modules of one class and configuration."""

    model: int
    path: str
    module: torch.nn.Module
    kind: Hashable
    called: bool = False
    forms: Forms = field(default_factory=dict)

    @property
    def done(self) -> bool:
        return all(self.forms[form].ok for form in FORMS)


def look(
    entry: Entry, root: str, seconds: float, attempts: int, known: bool, forms: Sequence[str] = (), folder: str = ""
) -> tuple[LiveModule, ...]:
    """Every module of the entry's models, parents first. Raises EntryError for an entry that gives none.

    ``known`` says that the whole scripts and computes the same already: then that is not tried. ``forms`` are others to
    try (see ``forms.FORMS``), with files in ``folder``. After ``attempts`` attempts or ``seconds`` the rest is not tried.
    """
    cases = build(entry, load_function(entry, root))
    found, _ = models(cases)
    owned = [model for model in found if isinstance(model, torch.nn.Module)]
    for model in owned:
        perturb(model)
    modules = [item for number, model in enumerate(owned) for item in _modules(number, model)]
    deadline = time.monotonic() + seconds
    with _watching(modules, keep=not known or bool(forms)) as kept:
        for case in cases:
            call(case.model, case.args, case.kwargs)
    # Each form gets its share of what is left: exporters are slow, and must not leave nothing for the others.
    _Judge(kept, _share(deadline, len(forms) + 1), attempts, known).judge(modules)
    for number, form in enumerate(forms):
        _FormJudge(kept, _share(deadline, len(forms) - number), attempts, form, folder).judge(modules)
    return tuple(_row(item) for item in modules)


def _share(deadline: float, among: int) -> float:
    now = time.monotonic()
    return now + (deadline - now) / among


def _modules(number: int, model: torch.nn.Module) -> Iterator[_Module]:
    kinds: dict[int, Hashable] = {}
    for path, module in model.named_modules():
        yield _Module(number, path, module, _kind(module, kinds))


def _kind(module: torch.nn.Module, seen: dict[int, Hashable]) -> Hashable:
    """What two modules share if one's verdict is the other's: class, mode, and what may decide which code is compiled."""
    if id(module) not in seen:
        seen[id(module)] = id(module)  # a module that holds itself
        # The numbers of torch's own modules (channels, strides) decide about values only.
        torchs = type(module).__module__.startswith("torch.nn.")
        wanted: tuple[type, ...] = (bool, str, type(None)) if torchs else (object,)
        own = {name: _plain(value) for name, value in vars(module).items() if name[:1] != "_" and isinstance(value, wanted)}
        held = (*module._parameters.items(), *module._buffers.items())
        present = tuple((name, value is None or value.dtype) for name, value in held)
        below = tuple((name, child and _kind(child, seen)) for name, child in module._modules.items())
        seen[id(module)] = (type(module), tuple(sorted(own.items())), present, below)
    return seen[id(module)]


def _plain(value: Any) -> str:
    if isinstance(value, (bool, int, float, str, type(None))):
        return repr(value)[:200]
    if isinstance(value, (list, tuple)):  # not its repr: that of a user's object may do anything
        return f"{type(value).__name__}({', '.join(map(_plain, value[:20]))})"
    return f"{type(value).__qualname__} {getattr(value, '__qualname__', '')}"


@dataclass(slots=True)
class _Kept:
    """What the first call of the first called module of a kind was given."""

    item: _Module
    args: Any = None
    kwargs: Any = None
    too_large: bool = False


@contextmanager
def _watching(modules: list[_Module], *, keep: bool) -> Iterator[dict[Hashable, _Kept]]:
    """Note which modules are called, and keep the inputs of one of each kind, as long as they fit in KEPT_BYTES."""
    kept: dict[Hashable, _Kept] = {}
    left = KEPT_BYTES

    def note(item: _Module) -> Callable[..., None]:
        def before(module: torch.nn.Module, args: Any, kwargs: Any) -> None:
            nonlocal left
            item.called = True
            if not keep or item.kind in kept:
                return
            kept[item.kind] = found = _Kept(item)
            size = _bytes([args, kwargs])
            found.too_large = size > left
            if not found.too_large:
                left -= size
                memo: dict[int, Any] = {}
                found.args, found.kwargs = renew(list(args), memo), renew(dict(kwargs), memo)

        return before

    handles = [item.module.register_forward_pre_hook(note(item), with_kwargs=True) for item in modules if _hookable(item.module)]
    try:
        yield kept
    finally:
        for handle in handles:
            handle.remove()


def _hookable(module: torch.nn.Module) -> bool:
    return not isinstance(module, torch.jit.ScriptModule)


def _bytes(value: Any) -> int:
    if isinstance(value, torch.Tensor):
        return 0 if value.device.type == "meta" else value.numel() * value.element_size()
    if isinstance(value, (list, tuple)):
        return sum(map(_bytes, value))
    return sum(map(_bytes, value.values())) if isinstance(value, dict) else 0


class _Judge:
    """Goes down the trees, a level at a time, as long as something above is not proved."""

    def __init__(self, kept: Mapping[Hashable, _Kept], deadline: float, attempts: int, known: bool) -> None:
        self.kept, self.deadline, self.left, self.known = kept, deadline, attempts, known
        self.tried: dict[Hashable, Forms] = {}

    def judge(self, modules: list[_Module]) -> None:
        """Fill in the forms of every module."""
        by_place = {(item.model, item.path): item for item in modules}
        for item in sorted(modules, key=lambda item: item.path.count(".") + bool(item.path)):
            above = by_place.get((item.model, item.path.rpartition(".")[0])) if item.path else None
            if self.known or (above is not None and above.done):
                item.forms = _with_whole(item)
            else:
                item.forms = self._tried(item)

    def _tried(self, item: _Module) -> Forms:
        if not _callable(item.module):
            return dict.fromkeys(FORMS, not_tried("it only holds others"))
        if item.kind not in self.tried:
            seconds = self.deadline - time.monotonic()
            if self.left <= 0 or seconds <= 0:
                return dict.fromkeys(FORMS, not_tried("the limit for the tree was reached"))
            self.left -= 1
            self.tried[item.kind] = _attempt(self.kept.get(item.kind, _Kept(item)), seconds)
        forms = self.tried[item.kind]
        return forms if item.called or not forms["scripted_same"].ok else {**forms, "scripted_same": not_tried(UNCALLED)}


class _FormJudge:
    """The same for another form: what a whole that has the form holds, has it too."""

    def __init__(self, kept: Mapping[Hashable, _Kept], deadline: float, attempts: int, form: str, folder: str) -> None:
        self.kept, self.deadline, self.left, self.form, self.folder = kept, deadline, attempts, form, folder
        self.tried: dict[Hashable, Level] = {}

    def judge(self, modules: list[_Module]) -> None:
        """Fill in the form of every module."""
        by_place = {(item.model, item.path): item for item in modules}
        for item in sorted(modules, key=lambda item: item.path.count(".") + bool(item.path)):
            above = by_place.get((item.model, item.path.rpartition(".")[0])) if item.path else None
            whole = above is not None and above.forms[self.form].ok
            level = (proved() if item.called else not_tried(UNCALLED)) if whole else self._tried(item)
            item.forms = {**item.forms, self.form: level}

    def _tried(self, item: _Module) -> Level:
        if not _callable(item.module):
            return not_tried("it only holds others")
        kept = self.kept.get(item.kind)
        if not item.called or kept is None or kept.args is None:
            return not_tried("its inputs are too large to keep" if kept is not None and kept.too_large else UNCALLED)
        if item.kind not in self.tried:
            seconds = self.deadline - time.monotonic()
            if self.left <= 0 or seconds <= 0:
                return not_tried("the limit for the tree was reached")
            self.left -= 1
            answer = Nested(seconds).run(_in_form, kept, self.form, self.folder)
            if not isinstance(answer, Ended):
                self.tried[item.kind] = answer.value
            elif answer.kind == "TimeoutError":
                self.tried[item.kind] = not_tried(f"it {answer.sentence}")
            else:
                self.tried[item.kind] = refuted(f"it {answer.sentence}")
        return self.tried[item.kind]


def _in_form(_attempt: Attempt, kept: _Kept, form: str, folder: str) -> wire.Answer:
    """In a fork of its own: bring one module into a form and call it beside the eager one."""
    from scriptify.oracle import worker_forms

    module = kept.item.module
    given = Case(module, tuple(kept.args), kept.kwargs)
    state = copied(module.state_dict())

    def calls(model: Any) -> Any:
        module.load_state_dict(state)
        return call(model, kept.args, kept.kwargs)

    expected = calls(module)
    steady = agree(expected, calls(module), Comparison()) is None
    try:
        made = worker_forms.make(form, given, folder)
    except worker_forms.FormError as error:
        return wire.Answer(refuted(str(error)))
    how = Comparison(scripted=True, values=steady, grads=not form.startswith("onnx"))
    if difference := agree(expected, calls(made.call), how):
        return wire.Answer(refuted(str(difference)))
    if form == "trace":
        checked = check(module, made.call, [given], values=steady)
        if checked.wrong:
            return wire.Answer(refuted(f"a branch is frozen: {checked.wrong}"))
        if checked.shapes:
            how.remark("a trace", f"is for inputs of these shapes: {checked.shapes}")
    return wire.Answer(proved(*made.remarks, *how.remarks))


def _with_whole(item: _Module) -> Forms:
    return {"scripts": proved(), "scripted_same": proved() if item.called or not _callable(item.module) else not_tried(UNCALLED)}


def _callable(module: torch.nn.Module) -> bool:
    return type(module).forward is not torch.nn.Module.forward


def _attempt(kept: _Kept, seconds: float) -> Forms:
    answer = Nested(seconds).run(_judged, kept)
    if not isinstance(answer, Ended):
        return answer.value  # type: ignore[no-any-return]
    level = not_tried(answer.sentence) if answer.kind == "TimeoutError" else refuted(f"it {answer.sentence}")
    return {"scripts": level, "scripted_same": not_tried("scripts was not proved")}


def _judged(_attempt: Attempt, kept: _Kept) -> wire.Answer:
    """In a fork of its own: script one module and call it beside the eager one."""
    module = kept.item.module
    try:
        scripted = script(module)
    except BaseException as error:
        return wire.Answer({"scripts": refuted(_refusal(error)), "scripted_same": not_tried("scripts was refuted")})
    return wire.Answer({"scripts": proved(), "scripted_same": _same(kept, module, scripted)})


def _refusal(error: BaseException) -> str:
    said = parse(str(error), type(error).__name__)
    return f"{said.headline} ({said.place.path}:{said.place.line})" if said.place else refusal(error)


def _same(kept: _Kept, module: torch.nn.Module, scripted: Any) -> Level:
    if kept.args is None:
        return not_tried("its inputs are too large to keep" if kept.too_large else UNCALLED)
    state = copied(module.state_dict())

    def calls(model: Any) -> list[Any]:
        model.load_state_dict(state)
        return [call(model, kept.args, kept.kwargs) for _ in range(ROUNDS)]

    expected, again = calls(module), calls(module)
    steady = all(agree(a, b, Comparison()) is None for a, b in zip(expected, again, strict=True))
    how = Comparison(scripted=True, values=steady)
    for before, after in zip(expected, calls(scripted), strict=True):
        if difference := agree(before, after, how):
            return refuted(f"scripted {difference}")
    return proved(*how.remarks)


_PLACES: dict[type, tuple[str, int]] = {}


def _row(item: _Module) -> LiveModule:
    cls = type(item.module)
    if cls not in _PLACES:
        _PLACES[cls] = _place(cls)
    file, line = _PLACES[cls]
    name = getattr(item.module, "original_name", cls.__qualname__)
    lazy = torch.nn.parameter.is_lazy
    parameters = sum(p.numel() for p in item.module.parameters() if not lazy(p))
    return LiveModule(item.path, str(name), file, line, parameters, item.forms, item.model)


def _place(cls: type) -> tuple[str, int]:
    """Where a class of the user's own stands, or nothing."""
    try:
        file = inspect.getsourcefile(cls) or ""
        return (file, inspect.getsourcelines(cls)[1]) if is_users(file) else ("", 0)
    except (OSError, TypeError, SyntaxError):
        return "", 0
