"""Checkpoints in a forked child: a state dict loaded into an entry's model, and files whose content runs code."""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch

from scriptify.checkpoint import loading, mapping, prefixes, sections, writing
from scriptify.checkpoint.model import Access, Cast, CheckpointError, ChoiceError, Mismatch, Refusal, VerifyResult
from scriptify.checkpoint.operations import OPERATIONS
from scriptify.checkpoint.sections import Section
from scriptify.oracle.protocol import Entry
from scriptify.oracle.worker_calls import models
from scriptify.oracle.worker_entry import BUILD_SEED, EntryError, build, load_function, place, said

Tensors = Mapping[str, torch.Tensor]
OTHER_SEED = BUILD_SEED + 1


def run(operation: str, arguments: dict[str, Any], entry: Entry | None, root: str) -> Any:
    """The operation's result, or a Refusal with the sentence of a CheckpointError."""
    arguments = dict(arguments)
    writing.mark(arguments.pop("mark", ""))
    try:
        if operation == "verify":
            assert entry is not None
            return verify(entry, root, **arguments)
        return OPERATIONS[operation](**arguments)
    except CheckpointError as error:
        return Refusal(str(error), isinstance(error, ChoiceError))


@dataclass(slots=True)
class _Loaded:
    """What ``load_state_dict`` did: names it found missing and unexpected, those whose shapes differ, what it raised."""

    missing: list[str] = field(default_factory=list)
    unexpected: list[str] = field(default_factory=list)
    mismatched: list[Mismatch] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


def verify(entry: Entry, root: str, path: str, shown: str, key: str, access: Access) -> VerifyResult:
    """Load the state dict at ``key`` of ``path`` into the entry's (first) model. Raises CheckpointError."""
    content = loading.read(path, access)
    section = sections.one(content, key)
    function = _function(entry, root)
    model, notes = _model(entry, function, BUILD_SEED)
    before = {name: tensor.detach().clone() for name, tensor in _tensors(model).items()}
    done = _load(model, section, before)
    after = _tensors(model)
    file = section.tensors
    from_file, kept, stuck = _sources(before, after, file, done)
    initial: list[str] = []
    if kept or any(_same(after[name], before[name]) for name in from_file):
        drawn = _drawn(entry, function, before)
        stuck += [name for name in kept if name in drawn]
        initial = [name for name in from_file if name in drawn and _same(after[name], before[name])]
        if constant := [name for name in kept if name not in drawn]:
            notes.append(f"not in the file, and taken for loaded at the constructor's constant: {', '.join(constant[:5])}")
    wanted = _wanted(before, from_file, file)
    suggestion = mapping.suggest({name: tuple(tensor.shape) for name, tensor in file.items()}, wanted, section.versions)
    return VerifyResult(
        path=shown,
        entry=entry.target,
        key=section.key,
        model=type(model).__name__,
        model_keys=len(before),
        model_numbers=sum(tensor.numel() for tensor in before.values()),
        loaded_keys=len(from_file),
        loaded_numbers=sum(before[name].numel() for name in from_file),
        missing=_counted(done.missing, before),
        unexpected=_counted(done.unexpected, file),
        mismatched=tuple(done.mismatched),
        stuck=_counted(stuck, before),
        initial=_counted(initial, before),
        casts=tuple(_casts(from_file, file, before)),
        mapping=tuple(suggestion.names.items()),
        ambiguous=suggestion.ambiguous,
        problems=tuple(done.problems),
        strips=bool(suggestion.names) and wanted.keys() <= {*file, *suggestion.names.values()} and _strips(section, suggestion.names),
        notes=(*notes, *_tied(done.missing, model, from_file)),
    )


def _function(entry: Entry, root: str) -> Callable[[], Any]:
    try:
        return load_function(entry, root)
    except EntryError as error:
        raise CheckpointError(str(error)) from error


def _model(entry: Entry, function: Callable[[], Any], at: int) -> tuple[torch.nn.Module, list[str]]:
    try:
        found = [model for model in models(build(entry, function, at))[0] if isinstance(model, torch.nn.Module)]
    except EntryError as error:
        raise CheckpointError(str(error)) from error
    if not found:
        raise CheckpointError(f"entry {entry.target} gives functions and no nn.Module: there is nothing to load into")
    notes = [f"the entry gives {len(found)} models; this is about the first"] if len(found) > 1 else []
    return found[0], notes


def _tensors(model: torch.nn.Module) -> dict[str, torch.Tensor]:
    """A model's state dict without what is no tensor and what has no shape yet (lazy modules)."""
    lazy = torch.nn.parameter.is_lazy
    return {name: value for name, value in model.state_dict().items() if isinstance(value, torch.Tensor) and not lazy(value)}


def _load(model: torch.nn.Module, section: Section, before: Tensors) -> _Loaded:
    """Load all that fits in shape; hooks and overridden methods of the model have their say."""
    done = _Loaded()
    file = section.tensors
    for name in file.keys() & before.keys():
        if file[name].shape != before[name].shape and not (before[name].dim() == 0 and file[name].shape == (1,)):
            done.mismatched.append(Mismatch(name, tuple(file[name].shape), tuple(before[name].shape), before[name].numel()))
    done.mismatched.sort(key=lambda found: list(before).index(found.name))
    wrong = {found.name for found in done.mismatched}
    given = OrderedDict((name, value) for name, value in section.values.items() if name not in wrong)
    if section.versions:
        given._metadata = section.versions  # type: ignore[attr-defined]
    try:
        answer = model.load_state_dict(given, strict=False)
    except BaseException as error:  # a model's own code may raise anything
        where = place(error)
        done.problems += [line.strip() for line in str(error).splitlines()[1:6]] if isinstance(error, RuntimeError) else []
        done.problems = done.problems or [f"load_state_dict raises {said(error)}" if where else str(error)]
        answer = None
    done.missing = [name for name in getattr(answer, "missing_keys", before.keys() - file.keys()) if name not in wrong]
    done.unexpected = list(getattr(answer, "unexpected_keys", [name for name in file if name not in before]))
    return done


def _sources(before: Tensors, after: Tensors, file: Tensors, done: _Loaded) -> tuple[list[str], list[str], list[str]]:
    """Names that count as loaded: with values from the file; kept without being in it; in it, and still not changed."""
    out = {*done.missing, *(found.name for found in done.mismatched)}
    from_file, kept, stuck = list[str](), list[str](), list[str]()
    for name in before:
        if name in out or name not in after:
            continue
        changed = not _same(after[name], before[name])
        if name in file and (changed or _same(after[name], file[name].reshape(before[name].shape).to(before[name].dtype))):
            from_file.append(name)
        elif name in file:
            stuck.append(name)
        else:
            (from_file if changed else kept).append(name)
    return from_file, kept, stuck


def _same(a: torch.Tensor, b: torch.Tensor) -> bool:
    """Whether two tensors hold the same numbers; nan is itself."""
    if a.device.type == "meta" or b.device.type == "meta":
        return False
    if a.layout is not torch.strided or a.is_quantized:
        a, b = a.dequantize() if a.is_quantized else a.to_dense(), b.dequantize() if b.is_quantized else b.to_dense()
    return bool(torch.equal(a, b)) or (a.is_floating_point() and bool(((a == b) | ((a != a) & (b != b))).all()))


def _drawn(entry: Entry, function: Callable[[], Any], before: Tensors) -> set[str]:
    """The names whose first values are drawn at random: another seed gives others. All, where no second model can be built."""
    try:
        again = _tensors(_model(entry, function, OTHER_SEED)[0])
    except CheckpointError:
        return set(before)
    return {name for name in before if name not in again or not _same(before[name], again[name])}


def _wanted(before: Tensors, loaded: list[str], file: Tensors) -> dict[str, tuple[int, ...]]:
    """The shapes of the model's names, without those that a hook has filled from other names of the file."""
    filled = {name for name in loaded if name not in file}
    return {name: tuple(tensor.shape) for name, tensor in before.items() if name not in filled}


def _counted(names: list[str], tensors: Tensors) -> tuple[tuple[str, int], ...]:
    return tuple((name, tensors[name].numel() if name in tensors else 0) for name in names)


def _casts(names: list[str], file: Tensors, model: Tensors) -> list[Cast]:
    pairs = Counter((file[name].dtype, model[name].dtype) for name in names if name in file and file[name].dtype != model[name].dtype)
    return [
        Cast(str(old).removeprefix("torch."), str(new).removeprefix("torch."), count, torch.promote_types(old, new) != new)
        for (old, new), count in pairs.items()
    ]


def _strips(section: Section, names: Mapping[str, str]) -> bool:
    """Whether the suggestion is what ``strip`` does by default."""
    try:
        plan = prefixes.plan(section.values, voters=section.voters, modules=section.versions)
    except CheckpointError:
        return False
    return all(plan.keys[old] == new for old, new in names.items())


def _tied(missing: list[str], model: torch.nn.Module, loaded: list[str]) -> list[str]:
    """A remark on missing names that share their tensor with a loaded one: tied weights."""
    state = model.state_dict(keep_vars=True)
    have = {id(state[name]): name for name in loaded}
    tied = [f"{name} is {have[id(state[name])]}" for name in missing if name in state and id(state[name]) in have]
    return [f"missing, but tied to a loaded one: {', '.join(tied[:5])}"] if tied else []
