"""Checkpoints as functions: what ``scriptify checkpoint`` does. Imports torch on the first call, user code never."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scriptify.checkpoint.model import Access, ConvertResult, Inspection, StripResult, VerifyResult

if TYPE_CHECKING:
    from scriptify.checkpoint.stripping import M
    from scriptify.oracle.protocol import Entry
    from scriptify.oracle.runner import Oracle

SECONDS = 1800.0


def load(path: str | Path, *, key: str = "", allow_pickle: bool = False, allow_globals: Sequence[str] = ()) -> Any:
    """What a checkpoint file holds, on the CPU, memory-mapped where its form allows; with ``key`` one state dict of it.

    ``weights_only=True`` unless ``allow_pickle``, which runs what the file says in this very process;
    ``allow_globals`` are dotted names that may be built too. A safetensors file gives a dict of its tensors.
    Raises UnsafeError (with the names it would need) where that refuses, ChoiceError for a missing file or key,
    CheckpointError for a file that is no checkpoint or is damaged.
    """
    from scriptify.checkpoint import loading, sections

    content = loading.read(path, Access(allow_pickle, tuple(allow_globals)))
    return sections.one(content, key).values if key else content.value


def inspect(path: str | Path, *, key: str = "", allow_pickle: bool = False, allow_globals: Sequence[str] = ()) -> Inspection:
    """State dicts, tensors, dtypes, sizes, wrappers' prefixes, shared storage, other entries, and what it takes to load a file.

    Reads no tensor's numbers. With ``allow_pickle`` or ``allow_globals`` the file is read in a child process.
    Without, a file that holds more than weights gives an Inspection with ``refused`` and ``globals`` and no more.
    Raises CheckpointError, and OracleError where no child process can be started.
    """
    found: Inspection = _run("inspect", {"path": str(path), "key": key}, Access(allow_pickle, tuple(allow_globals)))
    return found


def strip(
    path: str | Path,
    output: str | Path = "",
    *,
    write: bool = False,
    key: str = "",
    prefixes: Sequence[str] = (),
    inner: bool = False,
    allow_pickle: bool = False,
    allow_globals: Sequence[str] = (),
) -> StripResult:
    """Take ``module.`` (DataParallel) and ``_orig_mod.`` (torch.compile) off the keys, nested either way, until none is left.

    ``_orig_mod`` comes off wherever it stands. ``module`` comes off in front, where every key has it and the file's
    ``_metadata`` knows no module beside it; with ``inner`` also further in, by the same test. ``prefixes`` replaces
    both by the caller's own, each taken off once from the keys that have it. ``key`` chooses one state dict,
    else all of a container are done. Classes, order, dtypes, shared storage, ``_metadata`` and all other entries stay.

    Without ``output`` and ``write`` nothing is written: the result says what would be. ``write`` lets a file that is
    there be replaced, ``path`` itself where there is no ``output``; the change is atomic. Raises CheckpointError, also
    where two keys would become one.
    """
    arguments = {"path": str(path), "output": str(output), "write": write, "key": key, "chosen": tuple(prefixes), "inner": inner}
    found: StripResult = _run("strip", arguments, Access(allow_pickle, tuple(allow_globals)))
    return found


def stripped(state_dict: M, *, prefixes: Sequence[str] = (), inner: bool = False) -> M:
    """The same for a state dict in memory: a copy under the new names, of the same class, with the same tensors."""
    from scriptify.checkpoint import stripping

    return stripping.stripped(state_dict, prefixes=prefixes, inner=inner)


def convert(
    path: str | Path,
    output: str | Path,
    *,
    key: str = "",
    write: bool = False,
    allow_pickle: bool = False,
    allow_globals: Sequence[str] = (),
) -> ConvertResult:
    """Write a checkpoint in the form that the end of ``output`` names: ``.pt``, ``.pth``, ``.bin``, ``.ckpt`` or ``.safetensors``.

    Safetensors holds one state dict: ``key`` chooses it. What JSON can hold of the rest goes into the file's
    metadata, with ``_metadata`` and which tensors were tied, so that the way back restores it; for anything else the
    file is refused, unless ``key`` says that the rest does not count. A whole-module pickle becomes its state dict.
    ``write`` lets ``output`` replace a file. Raises CheckpointError.
    """
    arguments = {"path": str(path), "output": str(output), "key": key, "write": write}
    found: ConvertResult = _run("convert", arguments, Access(allow_pickle, tuple(allow_globals)))
    return found


def verify(
    path: str | Path,
    entry: Entry | str,
    *,
    key: str = "",
    output: str | Path = "",
    write: bool = False,
    root: Path | None = None,
    seconds: float = SECONDS,
    allow_pickle: bool = False,
    allow_globals: Sequence[str] = (),
    oracle: Oracle | None = None,
) -> VerifyResult:
    """Load a state dict into the model of ``entry``, in a child process, and count what came from the file.

    ``result.ok`` only if every key of the model was loaded and every key of the file was used. Where names differ,
    ``result.mapping`` suggests partners; ``output`` is where the file is written under the suggested names, if there
    are any. ``oracle`` is one to share between several questions. Raises ValueError for a malformed entry,
    CheckpointError for a file or an entry that can't be used, OracleError where no child process can be started.
    """
    from dataclasses import replace

    from scriptify.checkpoint import remote
    from scriptify.oracle.protocol import Entry, Limits

    access = Access(allow_pickle, tuple(allow_globals))
    base = (root or Path.cwd()).resolve()
    wanted = entry if isinstance(entry, Entry) else Entry(entry, str(base))
    arguments = {"path": os.path.abspath(path), "shown": str(path), "key": key, "access": access}
    found: VerifyResult = remote.run("verify", arguments, wanted, base, Limits(seconds=seconds), oracle)
    if not output or not found.mapping:
        return found
    order = {"path": str(path), "output": str(output), "write": write, "key": found.key, "names": dict(found.mapping)}
    return replace(found, written=_run("rename", order, access))


def _run(operation: str, arguments: dict[str, Any], access: Access) -> Any:
    """Here, or in a child process where the file may say what is run."""
    if access.cautious:
        from scriptify.checkpoint import operations

        return operations.OPERATIONS[operation](**arguments, access=access)
    from scriptify.checkpoint import remote
    from scriptify.oracle.protocol import Limits

    return remote.run(operation, {**arguments, "access": access}, None, Path.cwd(), Limits(seconds=SECONDS))
