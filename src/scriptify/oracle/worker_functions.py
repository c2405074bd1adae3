"""What saving does to a scripted function: its defaults are lost, so calls of the loaded one need them all."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from typing import Any

from scriptify.oracle.worker_entry import Case


def filled(cases: Sequence[Case], owners: Sequence[int], loaded: list[Any]) -> str:
    """Wrap loaded functions so that arguments left to their defaults are passed; a remark where that was needed.

    ``torch.jit.save`` of a function (not of a module) drops its default arguments; no rewrite of the
    function can keep them.
    """
    lost: list[str] = []
    for case, number in zip(cases, owners, strict=True):
        if case.is_module or not inspect.isfunction(case.model):
            continue
        signature = inspect.signature(case.model)
        try:
            bound = signature.bind(*case.args, **case.kwargs)
        except TypeError:
            continue
        missing = {name: p.default for name, p in signature.parameters.items() if name not in bound.arguments and p.default is not p.empty}
        if missing and not isinstance(loaded[number], _Filled):
            loaded[number] = _Filled(loaded[number], signature)
        lost += [name for name in missing if name not in lost]
    if not lost:
        return ""
    return f"a saved function loses its default arguments: pass {', '.join(lost)} when calling the loaded one, or save a module"


class _Filled:
    def __init__(self, function: Any, signature: inspect.Signature) -> None:
        self.function, self.signature = function, signature

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        bound = self.signature.bind(*args, **kwargs)
        bound.apply_defaults()
        return self.function(**bound.arguments)
