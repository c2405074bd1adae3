"""Options that several verbs share, and what they amount to together with the configuration file."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

import click
from click.shell_completion import CompletionItem

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

    def entries(self, given: Sequence[str]) -> list[tuple[str, Path]]:
        """The entries given, else the configured ones, each with the folder it is seen from."""
        return [(item, Path.cwd()) for item in given] or [(item, self.config.root) for item in self.config.entries]


def selection(command: F) -> F:
    """``--select``, ``--ignore``, ``--unsafe``, ``--none-default``, ``--jobs`` and the common options."""
    options = (
        click.option("--select", multiple=True, metavar="CODE", help="Only these transforms: a code, the start of codes, or a name."),
        click.option("--ignore", multiple=True, metavar="CODE", help="Not these transforms."),
        click.option("--unsafe", is_flag=True, default=None, help="Also rewrites that callers can see."),
        click.option("--none-default", type=click.Choice(config.NONE_DEFAULTS), help="What a None default of a Tensor becomes."),
        click.option("-j", "--jobs", type=click.IntRange(min=1), metavar="N", help="Processes that read and rewrite files."),
    )
    return _wrapped(common(command), options)


def common(command: F) -> F:
    """``--config``, ``--quiet`` and ``--no-color``."""
    options = (
        click.option("--config", "config_file", metavar="FILE", type=click.Path(path_type=Path), help="The pyproject.toml to read."),
        click.option("-q", "--quiet", is_flag=True, help="Results and problems only."),
        click.option("--no-color", is_flag=True, help="No colours; the NO_COLOR variable does the same."),
    )
    return _wrapped(command, options)


def _files(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    return [CompletionItem(incomplete, type="file")]


def entry(command: F) -> F:
    """``--entry`` and ``--time-limit``."""
    what = "What returns a running model and its inputs; repeat for several."
    options = (
        click.option("--entry", "entries", multiple=True, metavar="FILE_OR_MODULE:FUNC", help=what, shell_complete=_files),
        click.option(
            "--time-limit",
            type=click.FloatRange(min=0, min_open=True),
            default=300.0,
            show_default=True,
            metavar="SECONDS",
            help="For one attempt of the oracle.",
        ),
    )
    return _wrapped(command, options)


def styles(*names: str) -> Callable[[F], F]:
    """``--format`` with these names, the first by default."""
    return click.option("--format", "style", type=click.Choice(names), default=names[0], show_default=True, help="How to tell the result.")


def page(command: F) -> F:
    """``--html`` and ``--modules``."""
    options = (
        click.option("--html", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE", help="Also write the report as one page."),
        click.option("--modules", is_flag=True, help="Judge each module of the models by itself; the page and JSON show it. --html does."),
    )
    return _wrapped(command, options)


def oracle(command: F) -> F:
    """``--oracle``."""
    options = (
        click.option("--oracle", "forms", callback=_forms, metavar="FORM,...", help="Forms to prove besides script: trace, export, onnx."),
    )
    return _wrapped(command, options)


def _forms(context: click.Context, parameter: click.Parameter, value: str | None) -> tuple[str, ...]:
    """The forms named in a list with commas, less scripting, which is always proved. Raises click.BadParameter."""
    from scriptify.oracle.forms import FORMS

    known = [name for name in FORMS if name != "eager"]
    given = [part.strip() for part in (value or "script").split(",")]
    for name in given:
        if name not in known:
            raise click.BadParameter(f"there is no form {name!r}; there are {', '.join(known)}")
    return tuple(name for name in dict.fromkeys(given) if name != "script")


def place_for(file: Path | None) -> None:
    """Refuse a file to write that has no folder, before any work. Raises click.UsageError."""
    if file is not None and not file.resolve().parent.is_dir():
        raise click.UsageError(f"{file}: there is no folder {file.parent}")


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
    """Command line over configuration. Raises ConfigError for what can't be used."""
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
    return Chosen(loaded, settings, jobs or loaded.jobs, quiet, False if no_color else None)
