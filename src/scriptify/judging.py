"""Single questions to the oracle, each with an oracle of its own."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from scriptify.oracle.protocol import Entry, Limits, Overlay, Verdict
from scriptify.oracle.runner import Oracle, OracleError


def judge(entry: Entry, overlay: Overlay, root: Path, limits: Limits) -> Verdict:
    """The verdict on an entry under an overlay."""
    with Oracle(root=root, limits=limits) as oracle:
        return oracle.judge(entry, overlay)


def frontend(texts: Mapping[str, str], root: Path, limits: Limits) -> Mapping[str, list[str]]:
    """What the scripting front end refuses in texts that were not run, by path."""
    with Oracle(root=root, limits=limits) as oracle:
        return oracle.frontend(texts)


def save(entry: Entry, overlay: Overlay, path: Path, root: Path, limits: Limits) -> str:
    """Script an entry under an overlay and save it at ``path`` (TorchScript, ``.pt``); why that failed, or ``""``."""
    with Oracle(root=root, limits=limits) as oracle:
        try:
            oracle.script_save(entry, overlay, path)
        except OracleError as error:
            return f"{path}: the scripted model was not saved: {error}"
    return ""
