"""Expected errors become one sentence on stderr and an exit code; anything else is a bug and shows itself."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import click

USAGE = 2
FAILED = 4


@contextmanager
def told() -> Iterator[None]:
    """Turn the package's own errors into messages."""
    from scriptify.config import ConfigError
    from scriptify.source import SourceError

    try:
        yield
    except (ConfigError, click.UsageError) as error:
        _say(getattr(error, "message", None) or str(error))
        sys.exit(USAGE)
    except SourceError as error:
        _say(str(error))
        sys.exit(FAILED if "nothing was" in str(error) else USAGE)
    except KeyboardInterrupt:
        _say("stopped; nothing was written")
        sys.exit(130)
    except Exception as error:
        if type(error).__name__ == "RegistryError" and type(error).__module__ == "scriptify.registry":
            _say(str(error))
            sys.exit(USAGE)
        raise


def _say(message: str) -> None:
    click.echo(f"scriptify: {message}", err=True)
