"""Functions that torch.jit has registered stay alive while models are judged.

torch.jit knows its builtins by ``id``. Where a library adds an overload to an operator that was used already, the function of that
operator is replaced and freed, its ``id`` stays registered, and what is made next at its address, such as the padding of a convolution,
is taken for the operator: "builtin cannot be used as a value", by chance (seen in torch 2.13; ``torch._ops._refresh_packet``).
"""

from __future__ import annotations

from typing import Any

import torch

_alive: list[Any] = []


def keep_builtins() -> None:
    """Hold on to every function that is registered from now on in this process and its forks; once is enough."""
    registry = getattr(torch.jit, "_builtins", None)
    register = getattr(registry, "_register_builtin", None)
    if register is None or getattr(register, "keeps", False):
        return

    def keeping(function: Any, operator: str) -> Any:
        _alive.append(function)
        return register(function, operator)

    keeping.keeps = True  # type: ignore[attr-defined]
    registry._register_builtin = keeping  # type: ignore[union-attr]
