"""What every submodule was given and gave, call by call: kept while a model runs in Python."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import inspect
import weakref
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch

from scriptify.oracle.worker_snapshot import NAMED, SCALARS, renew


@dataclass(slots=True)
class Value:
    """A tensor (kept as a copy that nothing changes) or a plain value, and its place in what holds it."""

    where: str
    data: Any


@dataclass(slots=True)
class Event:
    """One call of one module. ``entered`` and ``left`` count in time; ``outputs`` is None where the call raised.

    ``given`` are its args and kwargs, ``rng`` the generator's state and ``buffers`` those of the module when it was
    entered: all that calling it again by itself takes. They are kept only where asked for, and where they are plain.
    """

    path: str
    cls: str
    call: int
    entered: int
    left: int = -1
    inputs: list[Value] = field(default_factory=list)
    outputs: list[Value] | None = None
    given: tuple[Any, Any] | None = None
    rng: Any = None
    buffers: dict[str, torch.Tensor] | None = None
    random: bool = False
    children: bool = False


class Keeper:
    """Copies of tensors; one that did not change since its last copy is not copied again."""

    def __init__(self) -> None:
        self._kept: dict[int, tuple[Any, int, torch.Tensor]] = {}

    def __call__(self, tensor: torch.Tensor) -> torch.Tensor:
        """A detached copy on the CPU, dense and of the plain class."""
        version = _version(tensor)
        found = self._kept.get(id(tensor))
        if found is not None and found[0]() is tensor and found[1] == version and version >= 0:
            return found[2]
        made = tensor.detach()
        made = made.to_dense() if made.layout != torch.strided else made
        made = made.dequantize() if made.is_quantized else made
        made = made.clone() if made.device.type in ("cpu", "meta") else made.cpu()
        made = made.as_subclass(torch.Tensor)
        self._kept[id(tensor)] = (weakref.ref(tensor), version, made)
        return made


def _version(tensor: torch.Tensor) -> int:
    try:
        return tensor._version
    except RuntimeError:  # inference tensors keep none
        return -1


def values(value: Any, keep: Callable[[torch.Tensor], Any], where: str = "", _above: tuple[int, ...] = ()) -> Iterator[Value]:
    """The tensors and plain values inside ``value``, each with its place."""
    if isinstance(value, torch.Tensor):
        with contextlib.suppress(RuntimeError, NotImplementedError, TypeError):  # a layout that can't be made dense
            yield Value(where, keep(value))
    elif isinstance(value, SCALARS):
        yield Value(where, value)
    elif isinstance(value, NAMED):
        yield Value(where, str(value))
    elif id(value) not in _above:
        for step, item in _items(value):
            yield from values(item, keep, where + step, (*_above, id(value)))


def _items(value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, (list, tuple)):
        names = getattr(value, "_fields", None)
        for number, item in enumerate(value):
            yield (f".{names[number]}" if names else f"[{number}]"), item
    elif isinstance(value, _Arguments):
        yield from ((name, value[name]) for name in value)
    elif isinstance(value, Mapping):
        yield from ((f"[{key!r}]", value[key]) for key in value)
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        yield from ((f".{f.name}", getattr(value, f.name)) for f in dataclasses.fields(value) if hasattr(value, f.name))


class Capture:
    """Watches a model's submodules by standing in for their ``forward``, which sees direct calls of it too.

    ``again`` keeps what calling a module by itself takes. ``keep`` makes a copy of a tensor.
    """

    def __init__(self, *, again: bool, keep: Callable[[torch.Tensor], Any] | None = None) -> None:
        self.keep = keep or Keeper()
        self.again = again
        self.reset()

    def reset(self) -> None:
        """Forget what was seen: a call of the model begins."""
        self.events: list[Event] = []
        self._calls: Counter[str] = Counter()
        self._open: list[Event] = []
        self._time = 0

    def tick(self) -> int:
        """The next moment."""
        self._time += 1
        return self._time

    def enter(self, path: str, cls: str, inputs: list[Value]) -> Event:
        """A call begins."""
        self._calls[path] += 1
        event = Event(path, cls, self._calls[path], self.tick(), inputs=inputs)
        if self._open:
            self._open[-1].children = True
        self._open.append(event)
        self.events.append(event)
        return event

    def leave(self, outputs: list[Value] | None) -> None:
        """The innermost call ends."""
        event = self._open.pop()
        event.left, event.outputs = self.tick(), outputs

    @contextlib.contextmanager
    def watching(self, model: Any) -> Iterator[Capture]:
        """Stand in for the forwards of the model and its submodules."""
        stood: list[tuple[torch.nn.Module, Any]] = []
        modules = model.named_modules() if isinstance(model, torch.nn.Module) else ()
        try:
            for path, module in modules:
                if watchable(module):
                    stood.append((module, vars(module).get("forward")))
                    module.forward = self._around(path, module)
            yield self
        finally:
            for module, before in stood:
                del vars(module)["forward"]
                if before is not None:
                    vars(module)["forward"] = before

    def _around(self, path: str, module: torch.nn.Module) -> Callable[..., Any]:
        original = module.forward
        cls = type(module).__qualname__
        signature = _signature(original)

        @functools.wraps(original)
        def forward(*args: Any, **kwargs: Any) -> Any:
            event = self.enter(path, cls, list(values(_named(signature, args, kwargs), self.keep)))
            if self.again:
                self._prepare(event, module, args, kwargs)
            try:
                output = original(*args, **kwargs)
            except BaseException:
                self.leave(None)
                raise
            if event.rng is not None:
                event.random = not torch.equal(event.rng, torch.get_rng_state())
                event.rng = event.rng if event.random else None
            self.leave(list(values(output, self.keep)))
            return output

        return forward

    def _prepare(self, event: Event, module: torch.nn.Module, args: Any, kwargs: Any) -> None:
        event.rng = torch.get_rng_state()
        event.buffers = {name: self.keep(buffer) for name, buffer in module.named_buffers() if not torch.nn.parameter.is_lazy(buffer)}
        if _plain(args) and _plain(kwargs):
            memo = {id(leaf): self.keep(leaf) for leaf in _tensors((args, kwargs))}
            event.given = (renew(list(args), memo), renew(dict(kwargs), memo))


def watchable(module: torch.nn.Module) -> bool:
    """Whether a module has a forward of its own that Python runs."""
    return type(module).forward is not torch.nn.Module.forward and not isinstance(module, torch.jit.ScriptModule)


def _signature(function: Callable[..., Any]) -> inspect.Signature | None:
    try:
        return inspect.signature(function)
    except (TypeError, ValueError):
        return None


def _named(signature: inspect.Signature | None, args: Any, kwargs: Any) -> Any:
    """The arguments in the order of the parameters, defaults too: scripted code is given all of them."""
    try:
        if signature is None:
            raise TypeError
        bound = signature.bind(*args, **kwargs)
    except TypeError:
        return [*args, *kwargs.values()]
    bound.apply_defaults()
    return _Arguments(bound.arguments)


class _Arguments(dict):  # type: ignore[type-arg]
    """Arguments by name, told apart from a dict that is one."""


def _plain(value: Any) -> bool:
    """Whether a value is built of tensors and plain values only, so that a file takes it."""
    if type(value) in (list, tuple):
        return all(map(_plain, value))
    if type(value) is dict:
        return all(map(_plain, value.values())) and all(map(_plain, value))
    return type(value) in (*SCALARS, torch.Tensor, torch.nn.Parameter)


def _tensors(value: Any) -> Iterator[torch.Tensor]:
    if isinstance(value, torch.Tensor):
        yield value
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _tensors(item)
    elif isinstance(value, dict):
        for item in value.values():
            yield from _tensors(item)
