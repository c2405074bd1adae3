"""What a checkpoint holds, and what it takes to load it. Maps the file; reads none of the tensors' numbers."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from scriptify.checkpoint import files, loading, note, prefixes, sections
from scriptify.checkpoint.loading import Content
from scriptify.checkpoint.model import LEGACY, SAFETENSORS, Access, CheckpointError, Inspection, StateDict, UnsafeError
from scriptify.checkpoint.sections import Section


def inspect(path: str, key: str, access: Access) -> Inspection:
    """Everything about a file that can be known without trusting it (more, if ``access`` says so). Raises CheckpointError."""
    kind = files.kind_of(path)
    size = os.path.getsize(path)
    try:
        content = loading.read(path, access)
    except UnsafeError as error:
        return Inspection(path, kind, size, refused=str(error), globals=error.globals, load=tuple(_unsafe(path, error.globals)))
    found = sections.sections(content.value)
    chosen = [sections.one(content, key)] if key else found
    known: dict[int, int] = {}
    states = tuple(_state(section, known) for section in chosen)
    rest = () if key else tuple((".".join(where), sections.words(value)) for where, value in sections.outside(content.value, found))
    return Inspection(
        path,
        kind,
        size,
        states,
        entries=rest + tuple(_metadata(content)),
        sharing=sections.sharing(chosen),
        devices=content.devices,
        module=next((section.module for section in chosen if section.module), ""),
        load=tuple(_load(content, states, access)),
        notes=tuple(_notes(content)),
    )


def _metadata(content: Content) -> Iterator[tuple[str, str]]:
    for name, text in content.metadata.items():
        if name == note.NAME:
            yield (
                f"metadata {name}",
                f"what safetensors has no place for: {', '.join(what for what, held in note.of(content).items() if held)}",
            )
        else:
            yield f"metadata {name}", sections.words(text)


def _state(section: Section, known: dict[int, int]) -> StateDict:
    tensors = tuple(sections.described(name, tensor, known) for name, tensor in section.tensors.items())
    others = tuple((name, sections.words(value)) for name, value in section.values.items() if name not in section.tensors)
    try:
        plan = prefixes.plan(section.values, voters=section.voters, modules=section.versions, where=section.key)
    except CheckpointError as error:
        return StateDict(section.key, tensors, others, bool(section.versions), notes=(str(error).removesuffix("; nothing was written"),))
    return StateDict(section.key, tensors, others, bool(section.versions), plan.taken, plan.notes)


def _load(content: Content, states: tuple[StateDict, ...], access: Access) -> Iterator[str]:
    """Lines of Python that load each state dict, as far as this program knows."""
    path = str(content.path)
    if content.kind == SAFETENSORS:
        yield f"state_dict = safetensors.torch.load_file({path!r})"
    else:
        yield from _torch_load(content, states, access)
    if any(state.wrappers for state in states):
        yield f"# or first: scriptify checkpoint strip {path} -o {Path(path).stem}-stripped{Path(path).suffix}"
    if states:
        yield "model.load_state_dict(state_dict)  # strict, so that nothing is left out in silence"


def _torch_load(content: Content, states: tuple[StateDict, ...], access: Access) -> Iterator[str]:
    if access.allow_globals:
        yield f"torch.serialization.add_safe_globals([{', '.join(access.allow_globals)}])"
    mapped = "" if content.kind == LEGACY else ", mmap=True"
    yield f"checkpoint = torch.load({str(content.path)!r}, map_location='cpu', weights_only={not access.allow_pickle}{mapped})"
    shown = {state.key for state in states}
    for section in sections.sections(content.value):
        if section.key in shown:
            inner = "".join(f"[{part!r}]" for part in section.path)
            yield f"state_dict = checkpoint{inner}{'.state_dict()' if section.module else ''}"


def _unsafe(path: str, names: tuple[str, ...]) -> Iterator[str]:
    modules = [name for name in names if name.startswith("torch.nn.modules.")]
    if modules:
        yield "# a whole module was pickled: its classes must be importable, and loading it runs what the file says"
        yield f"model = torch.load({path!r}, map_location='cpu', weights_only=False)  # only if you trust the file"
        yield f"# its weights alone: scriptify checkpoint convert {path} {Path(path).stem}-weights.pt --allow-pickle"
        return
    yield f"torch.serialization.add_safe_globals([{', '.join(names)}])  # after importing them; only if you trust them"
    yield f"checkpoint = torch.load({path!r}, map_location='cpu', weights_only=True, mmap=True)"


def _notes(content: Content) -> Iterator[str]:
    if content.kind == LEGACY:
        yield "a file of this form can't be memory-mapped: reading it takes as much memory as it is long"
    if other := [device for device in content.devices if device != "cpu"]:
        yield f"saved on {', '.join(other)}: without map_location torch.load wants that device"
