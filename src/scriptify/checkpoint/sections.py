"""Where in a file's content its state dicts are, which tensors share a storage, and what the rest is in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import torch

from scriptify.checkpoint.loading import Content
from scriptify.checkpoint.model import CheckpointError, ChoiceError, Sharing, TensorInfo, size

EXTRA = "_extra_state"
_LONGEST = 60


@dataclass(slots=True)
class Section:
    """One state dict: where it is (``()`` is the file itself) and its own mapping; ``module``: it was inside a pickled module."""

    path: tuple[str, ...]
    values: Any
    module: str = ""

    @property
    def key(self) -> str:
        """The place, dotted."""
        return ".".join(self.path)

    @property
    def tensors(self) -> dict[str, torch.Tensor]:
        """Its tensors by name, in order."""
        return {name: value for name, value in self.values.items() if isinstance(value, torch.Tensor)}

    @property
    def voters(self) -> set[str]:
        """The names that say what prefix all have: of tensors and of modules' extra state."""
        return {name for name, value in self.values.items() if isinstance(value, torch.Tensor) or name.rpartition(".")[2] == EXTRA}

    @property
    def versions(self) -> dict[str, Any]:
        """Its ``_metadata``: the version of each module, by the module's name."""
        found = getattr(self.values, "_metadata", None)
        return dict(found) if isinstance(found, Mapping) else {}


def sections(value: Any) -> list[Section]:
    """The state dicts in what was saved, outermost first. Optimizer states are none; a module counts as its state dict."""
    return list(_sections(value, (), set()))


def _sections(value: Any, path: tuple[str, ...], seen: set[int]) -> Iterator[Section]:
    if isinstance(value, torch.nn.Module):
        yield Section(path, value.state_dict(), type(value).__name__)
        return
    if not isinstance(value, dict) or id(value) in seen or {"state", "param_groups"} <= value.keys():
        return
    seen.add(id(value))  # one dict under two keys is one state dict
    if not all(isinstance(key, str) for key in value):
        return
    if any(isinstance(item, torch.Tensor) for item in value.values()):
        yield Section(path, value)
    for key, item in value.items():
        yield from _sections(item, (*path, key), seen)


def one(content: Content, key: str) -> Section:
    """The state dict at ``key``, or the only one there is. Raises ChoiceError where that is not clear."""
    found = sections(content.value)
    if not found:
        raise CheckpointError(f"{content.path}: holds no state dict")
    names = ", ".join(section.key or "(the file itself)" for section in found)
    if key:
        chosen = next((section for section in found if section.key == key), None)
        if chosen is None:
            raise ChoiceError(f"{content.path}: has no state dict at {key}; there is {names}")
        return chosen
    if len(found) > 1:
        raise ChoiceError(f"{content.path}: holds {len(found)} state dicts: {names}; choose one with --key")
    return found[0]


def unwrap(content: Content, found: list[Section]) -> None:
    """Put the state dicts of pickled modules in their places."""
    for section in found:
        if not section.module:
            continue
        if not section.path:
            content.value = section.values
            continue
        holder = content.value
        for part in section.path[:-1]:
            holder = holder[part]
        holder[section.path[-1]] = section.values


def outside(value: Any, found: list[Section]) -> Iterator[tuple[tuple[str, ...], Any]]:
    """What of a container is in none of its state dicts: path and value, outermost that has none inside."""
    yield from _outside(value, (), {section.path for section in found})


def _outside(value: Any, path: tuple[str, ...], states: set[tuple[str, ...]]) -> Iterator[tuple[tuple[str, ...], Any]]:
    if path in states:
        # A state dict may hold containers of its own beside its tensors.
        if isinstance(value, dict):
            for key, item in value.items():
                if isinstance(item, dict) and any(state[: len(path) + 1] == (*path, key) for state in states):
                    yield from _outside(item, (*path, key), states)
        return
    if isinstance(value, dict) and (not path or any(state[: len(path)] == path for state in states)):
        for key, item in value.items():
            yield from _outside(item, (*path, str(key)), states)
        return
    yield path, value


def numbers(tensor: torch.Tensor) -> tuple[int, int]:
    """Elements and their bytes; of a sparse tensor those it stores."""
    if tensor.layout is torch.strided:
        return tensor.numel(), tensor.numel() * tensor.element_size()
    stored = tensor._nnz() if tensor.layout is torch.sparse_coo else tensor.values().numel()
    return tensor.numel(), stored * tensor.element_size()


def storage(tensor: torch.Tensor) -> int:
    """The identity of a tensor's storage, or 0 where it has none to share."""
    try:
        return int(tensor.untyped_storage()._cdata) if tensor.numel() else 0
    except (NotImplementedError, RuntimeError, AttributeError):  # sparse, meta, opaque
        return 0


def view(tensor: torch.Tensor) -> tuple[Any, ...]:
    """What makes two tensors of one storage the same view of it."""
    return (tensor.storage_offset(), tuple(tensor.shape), tensor.stride(), tensor.dtype)


def described(name: str, tensor: torch.Tensor, known: dict[int, int]) -> TensorInfo:
    """A tensor as data; ``known`` numbers the storages met so far."""
    count, held = numbers(tensor)
    identity = storage(tensor)
    number = known.setdefault(identity, len(known)) if identity else -1
    layout = "" if tensor.layout is torch.strided else str(tensor.layout).removeprefix("torch.")
    return TensorInfo(name, tuple(tensor.shape), dtype(tensor), count, held, number, "quantized" if tensor.is_quantized else layout)


def dtype(tensor: torch.Tensor) -> str:
    """A tensor's dtype without ``torch.``"""
    return str(tensor.dtype).removeprefix("torch.")


def sharing(found: list[Section]) -> tuple[Sharing, ...]:
    """The groups of tensors that share a storage, over all state dicts."""
    groups: dict[int, list[tuple[str, torch.Tensor]]] = {}
    for section in found:
        for name, tensor in section.tensors.items():
            if identity := storage(tensor):
                groups.setdefault(identity, []).append((f"{section.key}.{name}" if section.key else name, tensor))
    shared = [group for group in groups.values() if len(group) > 1]
    return tuple(
        Sharing(tuple(name for name, _ in group), group[0][1].untyped_storage().nbytes(), len({view(tensor) for _, tensor in group}) == 1)
        for group in shared
    )


def words(value: Any) -> str:
    """A value that is no tensor, in a few words."""
    if isinstance(value, torch.Tensor):
        return f"tensor {dtype(value)} {tuple(value.shape)}"
    if isinstance(value, dict) and {"state", "param_groups"} <= value.keys():
        return f"optimizer state, {_tensors(value)}"
    if isinstance(value, dict | list | tuple | set):
        held = f", {_tensors(value)}" if _count(value)[0] else ""
        return f"{type(value).__name__} of {len(value)}{held}"
    text = repr(value) if isinstance(value, int | float | str | bool | bytes | None) else ""
    if text:
        text = text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."
        return "None" if value is None else f"{type(value).__name__} {text}"
    return type(value).__name__


def _tensors(value: Any) -> str:
    count, held = _count(value)
    return f"{count} tensor{'' if count == 1 else 's'}, {size(held)}"


def _count(value: Any, depth: int = 0) -> tuple[int, int]:
    if isinstance(value, torch.Tensor):
        return 1, numbers(value)[1]
    items: Any = value.values() if isinstance(value, dict) else value if isinstance(value, list | tuple) else ()
    counted = [_count(item, depth + 1) for item in items] if depth < 20 else []
    return sum(count for count, _ in counted), sum(held for _, held in counted)
