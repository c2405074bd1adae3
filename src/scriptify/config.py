"""``[tool.scriptify]`` in pyproject.toml: paths, selection, entries and choices. An unknown key is an error."""

from __future__ import annotations

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
        if path.is_file() and b"[tool.scriptify" in path.read_bytes():
            return path
    return None


def load(path: Path | None, start: Path | None = None) -> Config:
    """Read ``path``, or the nearest configuration above ``start``. Raises ConfigError."""
    start = start or Path.cwd()
    found = path or find(start)
    if found is None:
        return Config(start)
    try:
        table = tomllib.loads(found.read_text(encoding="utf-8")).get("tool", {}).get("scriptify", {})
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"{found}: can't be read: {getattr(error, 'strerror', None) or error}") from error
    return _config(table, found)


def _config(table: Mapping[str, Any], file: Path) -> Config:
    known = {"paths", "entries", "select", "ignore", "none-default", "unsafe", "jobs"}
    for key in table:
        if key not in known:
            raise ConfigError(f"{file}: unknown key {key!r} in [tool.scriptify]; known are {', '.join(sorted(known))}")
    none_default = table.get("none-default", "auto")
    if none_default not in NONE_DEFAULTS:
        raise ConfigError(f"{file}: none-default is one of {', '.join(NONE_DEFAULTS)}, not {none_default!r}")
    settings = Settings(
        select=_strings(table, "select", file),
        ignore=_strings(table, "ignore", file),
        unsafe=_typed(table, "unsafe", bool, False, file),
        none_default=none_default,
    )
    jobs = _typed(table, "jobs", int, 1, file)
    if jobs < 1:
        raise ConfigError(f"{file}: jobs is at least 1, not {jobs}")
    return Config(file.parent, _strings(table, "paths", file), _strings(table, "entries", file), settings, jobs, file)


def _strings(table: Mapping[str, Any], key: str, file: Path) -> tuple[str, ...]:
    value = table.get(key, [])
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise ConfigError(f"{file}: {key} is a list of strings")
    return tuple(value)


def _typed(table: Mapping[str, Any], key: str, kind: type, default: Any, file: Path) -> Any:
    value = table.get(key, default)
    if type(value) is not kind:
        raise ConfigError(f"{file}: {key} is of type {kind.__name__}, not {type(value).__name__}")
    return value
