"""Options that several verbs share, and what they amount to together with the configuration file."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

import click

from scriptify import config
from scriptify.config import Config
from scriptify.transform import Settings

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Chosen:
    """What holds for this run: command line over configuration over defaults."""

    config: Config
    settings: Settings
    jobs: int
    quiet: bool
    color: bool | None

    def paths(self, given: Sequence[str]) -> list[Path]:
        """The paths given, else the configured ones. Raises click.UsageError without either."""
        if given:
            return [Path(item) for item in given]
        if not self.config.paths:
            raise click.UsageError("give a PATH, or set paths in [tool.scriptify] of pyproject.toml")
        return [self.config.root / item for item in self.config.paths]

    def entries(self, given: Sequence[str]) -> list[str]:
        """The entries given, else the configured ones."""
        return list(given) or list(self.config.entries)


def selection(command: F) -> F:
    """``--select``, ``--ignore``, ``--unsafe``, ``--none-default``, ``--jobs`` and the common options."""
    options = (
        click.option("--select", multiple=True, metavar="CODE", help="Only these transforms (code, prefix of codes, or name)."),
        click.option("--ignore", multiple=True, metavar="CODE", help="Not these transforms."),
        click.option("--unsafe", is_flag=True, default=None, help="Also rewrites that callers can see."),
        click.option("--none-default", type=click.Choice(config.NONE_DEFAULTS), help="What a None Tensor default becomes."),
        click.option("--jobs", "-j", type=click.IntRange(min=1), help="Processes for reading and rewriting."),
    )
    return _wrapped(common(command), options)


def common(command: F) -> F:
    """``--config``, ``--quiet`` and ``--no-color``."""
    options = (
        click.option("--config", "config_file", type=click.Path(path_type=Path), help="A pyproject.toml to read."),
        click.option("--quiet", "-q", is_flag=True, help="Only results, no progress and no summary."),
        click.option("--no-color", is_flag=True, help="No colours (as the NO_COLOR variable)."),
    )
    return _wrapped(command, options)


def _wrapped(command: F, options: Sequence[Callable[[F], F]]) -> F:
    for option in reversed(options):
        command = option(command)
    return command


def resolve(
    config_file: Path | None,
    quiet: bool,
    no_color: bool,
    select: Sequence[str] = (),
    ignore: Sequence[str] = (),
    unsafe: bool | None = None,
    none_default: str | None = None,
    jobs: int | None = None,
) -> Chosen:
    """Command line over configuration. Raises ConfigError and RegistryError for what can't be used."""
    if config_file is not None and not config_file.is_file():
        raise click.UsageError(f"{config_file}: no such file")
    loaded = config.load(config_file)
    settings = loaded.settings
    if select:
        settings = replace(settings, select=tuple(select))
    if ignore:
        settings = replace(settings, ignore=tuple(ignore))
    if unsafe:
        settings = replace(settings, unsafe=True)
    if none_default:
        settings = replace(settings, none_default=none_default)
    from scriptify import registry

    registry.chosen(settings)
    return Chosen(loaded, settings, jobs or loaded.jobs, quiet, False if no_color else None)
