"""``scriptify.script``: a drop-in for ``torch.jit.script`` that rewrites in memory, proves, and returns the ScriptModule."""

from __future__ import annotations

import inspect
import tempfile
import types
import weakref
from collections.abc import Callable, Iterable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scriptify import api
from scriptify.oracle.protocol import Entry, Limits, Verdict
from scriptify.oracle.runner import Oracle
from scriptify.result import RunResult
from scriptify.scripting import refusal
from scriptify.scripting.errors import ScriptifyError
from scriptify.transform import Settings

if TYPE_CHECKING:
    import torch

Case = tuple[tuple[Any, ...], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Proof:
    """What stands behind a ScriptModule: ``patch``, the rewrites as a unified diff (``""`` where none was needed);
    ``verdict``, what was proved, level by level; ``result``, the whole run."""

    patch: str
    verdict: Verdict
    result: RunResult


_proofs: weakref.WeakKeyDictionary[Any, Proof] = weakref.WeakKeyDictionary()


def script(
    model: Any,
    *args: Any,
    cases: Sequence[Case] = (),
    paths: Iterable[str | Path] | None = None,
    settings: Settings | None = None,
    limits: Limits = api.LIMITS,
    decide: api.Decide | None = None,
    progress: api.Progress | None = None,
    oracle: Oracle | None = None,
    **kwargs: Any,
) -> torch.jit.ScriptModule:
    """Script a live model, rewriting its source in memory where ``torch.jit.script`` refuses it, and prove the outcome.

    ``model`` is an ``nn.Module`` or a function, ``args`` and ``kwargs`` are example inputs for it, as for
    ``torch.jit.trace``. ``cases`` are further inputs, each a pair ``(args, kwargs)``: branches that no case
    enters are not compared. An input whose name is one of the options below has to go into ``cases``.

    The model is pickled, with its parameters as they are, and judged in a child process. The caller's model,
    classes, modules, files and random state stay untouched. The ScriptModule is in the mode of the model and
    holds its very parameters and buffers (and Tensor attributes), as after ``torch.jit.script``. Its
    attributes ``patch`` and ``verdict`` tell what was changed and what was proved; where the model has a
    member of that name, and for all of the run, ask :func:`proof`. For a function it is a ScriptModule whose
    ``forward`` is that function; a default of an argument is lost, as always when a function is saved.

    :param paths: the files and folders that may be rewritten (in memory): by default the files of the model's
        classes outside site-packages, and what they use from the same project.
    :param settings: which transforms, and what they may do; ``limits``: of time and memory, for the child (those
        of ``oracle`` where one is given).
    :param decide: called with each rewrite, whether to keep it; ``progress``: called with each Event.
    :param oracle: an ``Oracle`` to use; a shared one saves the child's start, about two seconds a call.
    :raises ScriptifyError: what was not proved, or what no other process can load, with ``diagnostics``,
        ``verdict`` and ``result``. Nothing that is not proved is ever returned.
    :raises TypeError: for something that is neither, that is scripted already, or inputs that do not fit ``forward``.
    """
    from scriptify.scripting import bound, pickled

    given = _cases(model, args, kwargs, cases)
    with tempfile.TemporaryDirectory(prefix="scriptify-") as place:
        folder = Path(place).resolve()
        captured = pickled.capture(model, given, folder)
        files = [Path(path) for path in (captured.files if paths is None else paths)]
        entry = Entry(captured.target, str(folder))
        saved = folder / "scripted.pt"
        with nullcontext(oracle) if oracle is not None else Oracle(root=folder, limits=limits) as judge:
            if files:
                result = api.migrate(files, [entry], decide=decide, progress=progress, settings=settings, write=False, oracle=judge)
            else:
                result = refusal.judged(entry, judge)
            problem = refusal.save(result, judge, saved)
        patch = refusal.patch(result, captured.names)
        (item,) = result.entries
        if not item.ok or problem:
            raise refusal.error(_name(model), result, patch, captured.names, problem, refusal.notes(folder, captured.left))
        scripted = bound.loaded(saved, model)
    found = Proof(patch, item.after, result)
    _proofs[scripted] = found
    for name, value in (("patch", patch), ("verdict", item.after)):
        if not hasattr(scripted, name):
            setattr(scripted, name, value)
    return scripted


def proof(scripted: torch.jit.ScriptModule) -> Proof:
    """What stands behind a ScriptModule that :func:`script` returned. Raises KeyError for any other object."""
    try:
        return _proofs[scripted]
    except (KeyError, TypeError):
        raise KeyError(f"{type(scripted).__name__} was not returned by scriptify.script") from None


def _cases(model: Any, args: tuple[Any, ...], kwargs: dict[str, Any], more: Sequence[Case]) -> list[Case]:
    from scriptify.scripting import bound

    if bound.is_scripted(model):
        raise TypeError("the model is scripted already; give the eager one")
    if bound.is_parallel(model):
        raise TypeError(f"the model is wrapped in {type(model).__name__}, which scripting refuses; give model.module")
    if not bound.is_model(model) and not isinstance(model, types.FunctionType):
        raise TypeError(f"scriptify.script takes an nn.Module or a function, not a {type(model).__name__}")
    found = [(args, kwargs)] if args or kwargs or not more else []
    for case in more:
        if not (isinstance(case, tuple) and len(case) == 2 and isinstance(case[0], (tuple, list)) and isinstance(case[1], dict)):
            raise TypeError("each of cases is a pair (args, kwargs), as in ((x,), {})")
        found.append((tuple(case[0]), dict(case[1])))
    called: Callable[..., Any] = model.forward if bound.is_model(model) else model
    for positional, named in found:
        try:
            inspect.signature(called).bind(*positional, **named)
        except TypeError as error:
            raise TypeError(
                f"the inputs do not fit {_name(model)}: {error}; give what the model is called with, as in script(model, x)"
            ) from None
        except ValueError:  # no signature to be had; the run will tell
            pass
    return found


def _name(model: Any) -> str:
    return model.__qualname__ if isinstance(model, types.FunctionType) else type(model).__qualname__


__all__ = ["Proof", "ScriptifyError", "proof", "script"]
