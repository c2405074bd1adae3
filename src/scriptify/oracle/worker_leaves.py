"""The tensors in a call's arguments or output, and the same structure around other tensors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch.utils import _pytree as pytree


def tensors(value: Any) -> list[torch.Tensor]:
    """The tensors in nested lists, tuples and dicts, in order."""
    return [leaf for leaf in pytree.tree_leaves(value) if isinstance(leaf, torch.Tensor)]


def only_tensors(value: Any) -> bool:
    """Whether nothing else is in there."""
    return all(isinstance(leaf, torch.Tensor) for leaf in pytree.tree_leaves(value))


def filled(template: Any, given: Sequence[torch.Tensor]) -> Any:
    """``template`` with its tensors replaced in order; other leaves stay."""
    leaves, spec = pytree.tree_flatten(template)
    rest = iter(given)
    return pytree.tree_unflatten([next(rest) if isinstance(leaf, torch.Tensor) else leaf for leaf in leaves], spec)


def named(template: dict[str, Any]) -> list[str]:
    """A name for each tensor in a dict of arguments: the argument's own, with its place where it holds several."""
    names: list[str] = []
    for name, value in template.items():
        found = tensors(value)
        names += [name] if isinstance(value, torch.Tensor) else [f"{name}_{number}" for number in range(len(found))]
    return names
