"""Expected errors become one sentence on stderr and an exit code; anything else is a bug and shows itself."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import click

USAGE = 2
FAILED = 4
INTERRUPTED = 130
_CODES = {
    "scriptify.registry.RegistryError": USAGE,
    "scriptify.oracle.runner.OracleError": FAILED,
    "scriptify.cpp.ProjectError": FAILED,
    "scriptify.checkpoint.model.ChoiceError": USAGE,
    "scriptify.checkpoint.model.CheckpointError": FAILED,
    "scriptify.checkpoint.model.UnsafeError": FAILED,
}


@contextmanager
def told() -> Iterator[None]:
    """Turn the package's own errors into a sentence; always ends with SystemExit."""
    for stream in (sys.stdout, sys.stderr):
        # A name that is no text in the terminal's encoding must not end in a traceback.
        with contextlib.suppress(AttributeError, ValueError):
            stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    try:
        yield
        sys.stdout.flush()
    except click.exceptions.Exit as error:
        sys.exit(error.exit_code)
    except click.ClickException as error:
        _say(_usage(error))
        sys.exit(USAGE)
    except (KeyboardInterrupt, click.Abort):
        _say("interrupted; no file is half-way written")
        sys.exit(INTERRUPTED)
    except BrokenPipeError:
        # The reader (a pager, head) went away: end quietly, and keep the interpreter's own flush quiet too.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except Exception as error:
        code = _expected(error)
        if code is None:
            raise
        _say(str(error))
        sys.exit(code)
    sys.exit(0)


@contextmanager
def left_out() -> Iterator[None]:
    """Say in the end which transforms of other packages could not be used; where none was looked for, nothing is loaded for it."""
    try:
        yield
    finally:
        registry = sys.modules.get("scriptify.registry")
        if registry is not None:
            sys.stdout.flush()
            for problem in registry.problems():
                _say(problem)


def _expected(error: Exception) -> int | None:
    """The exit code of an error we know of, or None for a bug. Imported late: most runs end without one."""
    from scriptify.config import ConfigError
    from scriptify.source import SourceError, WriteError

    if isinstance(error, ConfigError):
        return USAGE
    if isinstance(error, SourceError):
        return FAILED if isinstance(error, WriteError) else USAGE
    # By name: importing these modules would load libcst or start the oracle's.
    name = f"{type(error).__module__}.{type(error).__name__}"
    return _CODES.get(name)


def _usage(error: click.ClickException) -> str:
    message = error.format_message()
    context = getattr(error, "ctx", None)
    if context is None or not isinstance(error, click.UsageError) or message.endswith("?"):
        return message
    return f"{message.rstrip('.')} (`{context.command_path} --help` tells more)"


def _say(message: str) -> None:
    click.echo(f"scriptify: {message}", err=True)
