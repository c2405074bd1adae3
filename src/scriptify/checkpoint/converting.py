"""A checkpoint in another form: torch.save's (``.pt``, ``.pth``, ``.bin``, ``.ckpt``) and safetensors."""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch

from scriptify.checkpoint import files, loading, note, sections, writing
from scriptify.checkpoint.loading import Content
from scriptify.checkpoint.model import LEGACY, SAFETENSORS, ZIP, Access, CheckpointError, ChoiceError, ConvertResult, size
from scriptify.checkpoint.sections import Section


def convert(path: str, output: str, key: str, write: bool, access: Access) -> ConvertResult:
    """Write ``path`` in the form that the name of ``output`` asks for. Raises CheckpointError."""
    kind = files.SUFFIXES.get(Path(output).suffix.lower())
    if kind is None:
        raise ChoiceError(f"{output}: what form this is to have is told by its end, one of {', '.join(files.SUFFIXES)}")
    content = loading.read(path, access)
    target = writing.check_target(Path(path), output, write)
    if kind == SAFETENSORS:
        return _to_safetensors(content, target, key)
    return _to_torch(content, target, key)


def _to_torch(content: Content, target: Path, key: str) -> ConvertResult:
    notes = list(loading.moved(content))
    if content.kind == SAFETENSORS:
        value, section = _rebuilt(content)
        left = [name for name in content.metadata if name not in (note.NAME, "format")]
        if left:
            notes.append(f"the file's metadata is not taken along: {', '.join(left)}")
    else:
        found = sections.sections(content.value)
        section = sections.one(content, key) if key or not found else found[0]
        if any(one.module for one in found):
            sections.unwrap(content, found)
            notes.append("the whole module is now its state dict: building the model needs its code, loading the file no longer does")
        value = section.values if key else content.value
        tensors = {name: tensor for one in ([section] if key else found) for name, tensor in one.tensors.items()}
        if content.kind == LEGACY:
            notes.append("the form is now the one since PyTorch 1.6, which can be memory-mapped")
        if key and len(found) > 1:
            notes.append(f"only {key} was taken")
        writing.save(value, target, ZIP)
        return _result(content, target, ZIP, key, tensors, notes)
    writing.save(value, target, ZIP)
    return _result(content, target, ZIP, section.key, section.tensors, notes)


def _to_safetensors(content: Content, target: Path, key: str) -> ConvertResult:
    section = sections.one(content, key)
    tensors = section.tensors
    _refuse_forms(content, tensors)
    entries, notes = _entries(content, section, key), list(loading.moved(content))
    tied, more = _tied(tensors)
    kept = {"order": list(tensors), "key": section.path, "entries": entries, "tied": tied, "versions": section.versions}
    if entries:
        notes.append(f"entries that are no tensors are kept in the file's metadata, as JSON: {', '.join(_names(entries))}")
    if key and (left := [".".join(where) or "the rest" for where, _ in _rest(content, section)]):
        notes.append(f"only {section.key} was taken; left behind: {', '.join(left[:5])}{' and more' if len(left) > 5 else ''}")
    if more:
        notes.append(more)
    metadata = {name: text for name, text in content.metadata.items() if name != note.NAME} | {"format": "pt"}
    if any(value not in ((), {}, []) for name, value in kept.items() if name != "order"):
        metadata[note.NAME] = json.dumps(kept)
    writing.save(_apart(tensors), target, SAFETENSORS, metadata)
    return _result(content, target, SAFETENSORS, section.key, tensors, notes)


def _result(content: Content, target: Path, kind: str, key: str, tensors: dict[str, torch.Tensor], notes: list[str]) -> ConvertResult:
    counted = [sections.numbers(tensor) for tensor in tensors.values()]
    total = (sum(count for count, _ in counted), sum(held for _, held in counted))
    return ConvertResult(str(content.path), str(target), kind, key, len(tensors), *total, tuple(notes))


def _refuse_forms(content: Content, tensors: dict[str, torch.Tensor]) -> None:
    wrong = [name for name, tensor in tensors.items() if tensor.layout is not torch.strided or tensor.is_quantized]
    if wrong:
        raise CheckpointError(f"{content.path}: safetensors has no form for sparse and quantized tensors: {', '.join(wrong[:5])}")


def _rest(content: Content, section: Section) -> Iterator[tuple[tuple[str, ...], Any]]:
    """What a file holds beside one state dict's tensors."""
    if section.module or not isinstance(content.value, dict):
        return
    yield from sections.outside(content.value, [section])
    for name, value in section.values.items():
        if not isinstance(value, torch.Tensor):
            yield (*section.path, name), value


def _entries(content: Content, section: Section, key: str) -> list[tuple[tuple[str, ...], Any]]:
    """The entries that JSON can hold. Raises CheckpointError for others, unless ``key`` said that only this state dict counts."""
    kept, lost = [], []
    for where, value in _rest(content, section):
        inside = where[: len(section.path)] == section.path
        if _is_json(value):
            kept.append((where, value))
        elif inside or not key:
            lost.append((where, value))
    if lost:
        shown = ", ".join(f"{'.'.join(where)} ({sections.words(value)})" for where, value in lost[:5])
        way_out = f"; --key {section.key} takes that state dict alone" if section.key else ""
        raise CheckpointError(f"{content.path}: safetensors holds tensors and text, and has no place for {shown}{way_out}")
    return kept


def _is_json(value: Any) -> bool:
    """Whether a value comes back from JSON as it was."""
    if isinstance(value, list):
        return all(map(_is_json, value))
    if isinstance(value, dict):
        return type(value) is dict and all(isinstance(name, str) for name in value) and all(map(_is_json, value.values()))
    return value is None or type(value) in (bool, int, str) or (type(value) is float and value - value == 0)


def _names(entries: list[tuple[tuple[str, ...], Any]]) -> list[str]:
    return [".".join(where) for where, _ in entries]


def _tied(tensors: dict[str, torch.Tensor]) -> tuple[dict[str, str], str]:
    """Names of tensors that are the same view of one storage as an earlier one, and a sentence about all shared storage."""
    seen: dict[tuple[Any, ...], str] = {}
    storages: set[int] = set()
    tied: dict[str, str] = {}
    extra = 0
    for name, tensor in tensors.items():
        identity = sections.storage(tensor)
        if not identity:
            continue
        same = (identity, *sections.view(tensor))
        if same in seen:
            tied[name] = seen[same]
        seen.setdefault(same, name)
        if identity in storages:
            extra += sections.numbers(tensor)[1]
        storages.add(identity)
    words = (
        f"tensors that shared storage are written once each ({size(extra)} more); the way back to torch.save's form ties equal ones again"
    )
    return tied, words if extra else ""


def _apart(tensors: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Each tensor dense and with a storage of its own, copied only where it is not so already."""
    used: set[int] = set()
    apart = {}
    for name, tensor in tensors.items():
        value = tensor.detach().contiguous()
        identity = sections.storage(value)
        whole = not identity or value.untyped_storage().nbytes() == value.numel() * value.element_size()
        apart[name] = value if whole and identity not in used else value.clone()
        used.add(identity)
    return apart


def _rebuilt(content: Content) -> tuple[Any, Section]:
    """The container that a safetensors file was made from, as its note tells; without one the state dict itself."""
    kept = note.of(content)
    names = [name for name in kept.get("order", ()) if name in content.value] or list(content.value)
    values: Any = OrderedDict((name, content.value[name]) for name in dict.fromkeys([*names, *content.value]))
    for name, first in kept.get("tied", {}).items():
        if name in values and first in values and torch.equal(values[name], values[first]):
            values[name] = values[first]
    if kept.get("versions"):
        values._metadata = OrderedDict(kept["versions"])
    path = tuple(kept.get("key", ()))
    root: Any = values
    for part in reversed(path):
        root = {part: root}
    for where, value in kept.get("entries", ()):
        holder = root
        for part in where[:-1]:
            holder = holder.setdefault(part, {})
        holder[where[-1]] = value
    return root, Section(path, values)
