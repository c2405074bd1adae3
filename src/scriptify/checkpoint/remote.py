"""Operations that build a model, or what a pickle asks for, run in the oracle's child process: user code never runs here."""

from __future__ import annotations

import os
import uuid
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from scriptify.checkpoint.model import CheckpointError, ChoiceError, Refusal
from scriptify.oracle.protocol import Entry, Limits
from scriptify.oracle.runner import Oracle


def run(operation: str, arguments: dict[str, Any], entry: Entry | None, root: Path, limits: Limits, oracle: Oracle | None = None) -> Any:
    """The answer of ``operation`` (see oracle.worker_checkpoint) from a child process, ``oracle``'s if there is one.

    Raises CheckpointError, and OracleError where the child can't be started or gives no answer.
    """
    mark = f"{uuid.uuid4().hex}."
    try:
        with nullcontext(oracle) if oracle is not None else Oracle(root=root, limits=limits) as running:
            answer = running.checkpoint(operation, {**arguments, "mark": mark}, entry)
    except BaseException:
        # Killed in the middle of its work, the child could not clean up after itself.
        real = os.path.realpath(arguments.get("output") or arguments["path"])
        for left in Path(os.path.dirname(real)).glob(f".*{mark}*"):
            left.unlink(missing_ok=True)
        raise
    if isinstance(answer, Refusal):
        raise (ChoiceError if answer.choice else CheckpointError)(answer.sentence)
    return answer
