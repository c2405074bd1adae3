"""The operations on files by name, as the caller's process and the oracle's child run them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from scriptify.checkpoint import converting, inspecting, loading, sections, stripping, writing
from scriptify.checkpoint.model import Access


def rename(path: str, output: str, write: bool, key: str, names: Mapping[str, str], access: Access) -> str:
    """Write a file with the keys of one state dict under other names; gives the path written. Raises CheckpointError."""
    content = loading.read(path, access)
    section = sections.one(content, key)
    target = writing.check_target(Path(path), output, write)
    # The table of versions is by module: a module goes where its tensors go.
    modules = {old.rpartition(".")[0]: new.rpartition(".")[0] for old, new in names.items()}
    keys = {name: names.get(name, name) for name in section.values}
    stripping.renamed(section, keys, lambda old: {modules.get(name, name): value for name, value in old.items()})
    sections.unwrap(content, [section] if section.module else [])
    writing.save(content.value, target, content.kind, content.metadata or None)
    return str(target)


OPERATIONS: Mapping[str, Callable[..., Any]] = {
    "inspect": inspecting.inspect,
    "strip": stripping.strip,
    "convert": converting.convert,
    "rename": rename,
}
