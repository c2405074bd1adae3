"""``[tool.scriptify]`` in pyproject.toml: paths, selection, entries and choices. An unknown key is an error."""

from __future__ import annotations

import difflib
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from scriptify.transform import Settings

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

NONE_DEFAULTS = ("auto", "sentinel", "optional")
KEYS = ("entries", "ignore", "jobs", "none-default", "paths", "select", "unsafe")


class ConfigError(Exception):
    """A configuration that can't be used, in one sentence with the file and the key."""


@dataclass(frozen=True, slots=True)
class Config:
    """What the configuration file says; ``root`` is its folder (the working directory without one)."""

    root: Path
    paths: tuple[str, ...] = ()
    entries: tuple[str, ...] = ()
    settings: Settings = field(default_factory=Settings)
    jobs: int = 1
    file: Path | None = None


def find(start: Path) -> Path | None:
    """The nearest pyproject.toml at or above a folder that has a ``[tool.scriptify]`` table."""
    for folder in (start, *start.parents):
        path = folder / "pyproject.toml"
        try:
            if path.is_file() and re.search(rb"(?m)^\s*\[+\s*tool\s*\.\s*[\"']?scriptify\b", path.read_bytes()):
                return path
        except OSError:
            continue
    return None


def load(path: Path | None, start: Path | None = None) -> Config:
    """Read ``path``, or the nearest configuration above ``start``. Raises ConfigError."""
    start = start or Path.cwd()
    found = path or find(start)
    if found is None:
        return Config(start)
    try:
        body = tomllib.loads(found.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or getattr(error, "reason", None) or str(error).splitlines()[0]
        raise ConfigError(f"{found}: can't be read: {why}") from error
    tool = body.get("tool", {})
    table = tool.get("scriptify", {}) if isinstance(tool, dict) else tool
    if not isinstance(table, dict):
        raise ConfigError(f"{found}: [tool.scriptify] is a table, not {_kind(table)}")
    return _config(table, found)


def _config(table: Mapping[str, Any], file: Path) -> Config:
    for key in table:
        if key not in KEYS:
            close = difflib.get_close_matches(key, KEYS, 1)
            hint = f"did you mean {close[0]}?" if close else f"known are {', '.join(KEYS)}"
            raise ConfigError(f"{file}: unknown key {key!r} in [tool.scriptify]; {hint}")
    none_default = table.get("none-default", "auto")
    if none_default not in NONE_DEFAULTS:
        raise ConfigError(f"{file}: none-default is one of {', '.join(NONE_DEFAULTS)}, not {none_default!r}")
    unsafe = table.get("unsafe", False)
    if not isinstance(unsafe, bool):
        raise ConfigError(f"{file}: unsafe is true or false, not {_kind(unsafe)}")
    settings = Settings(_strings(table, "select", file), _strings(table, "ignore", file), unsafe, none_default)
    paths, entries = _strings(table, "paths", file), _strings(table, "entries", file)
    for entry in entries:
        if not re.fullmatch(r".+:[^\W\d]\w*", entry):
            raise ConfigError(f"{file}: the entry {entry!r} is not FILE_OR_MODULE:FUNC, for example models.py:make_model")
    return Config(file.parent, paths, entries, settings, _jobs(table, file), file)


def _strings(table: Mapping[str, Any], key: str, file: Path) -> tuple[str, ...]:
    value = table.get(key, [])
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise ConfigError(f"{file}: {key} is a list of strings")
    return tuple(value)


def _jobs(table: Mapping[str, Any], file: Path) -> int:
    jobs = table.get("jobs", 1)
    if type(jobs) is not int:
        raise ConfigError(f"{file}: jobs is a whole number, not {_kind(jobs)}")
    if jobs < 1:
        raise ConfigError(f"{file}: jobs is at least 1, not {jobs}")
    return jobs


def _kind(value: object) -> str:
    words = {bool: "a boolean", int: "a number", float: "a number", str: "a string", list: "a list", dict: "a table"}
    return words.get(type(value), type(value).__name__)
