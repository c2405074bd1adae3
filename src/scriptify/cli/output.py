"""Where results become words: human text on stderr, machine output and patches on stdout."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scriptify.cli.options import Chosen
from scriptify.report import catalogue, github, jsonable, patch, text
from scriptify.result import RunResult
from scriptify.transform import Transform

if TYPE_CHECKING:
    from rich.console import Console

    from scriptify.advice import Advice


class Output:
    """Prints one run's results the way the options ask."""

    def __init__(self, chosen: Chosen) -> None:
        self._chosen = chosen

    @cached_property
    def _err(self) -> Console:
        from rich.console import Console

        return Console(stderr=True, no_color=True if self._chosen.color is False else None, highlight=False, soft_wrap=True)

    @cached_property
    def _out(self) -> Console:
        from rich.console import Console

        return Console(no_color=True if self._chosen.color is False else None, highlight=False, soft_wrap=True)

    def findings(self, result: RunResult, style: str) -> None:
        """What ``check`` found."""
        if style == "json":
            self._json(jsonable.run(result, Path.cwd()))
            return
        if style == "github":
            sys.stdout.writelines(f"{line}\n" for line in github.workflow_commands(result, Path.cwd()))
            return
        for line in text.findings(result, Path.cwd()):
            self._out.print(line)
        self._summary(text.survey_summary(result))

    def patch(self, result: RunResult) -> None:
        """The changes as a patch on stdout, coloured for a terminal."""
        lines = patch.unified(result.changed, Path.cwd())
        if self._out.is_terminal:
            for line in lines:
                self._out.print(text.coloured_diff_line(line.rstrip("\n")))
        else:
            sys.stdout.buffer.write("".join(lines).encode("utf-8", "surrogateescape"))
            sys.stdout.flush()
        self._troubles(result)
        self._summary(text.survey_summary(result))

    def migration(self, result: RunResult, style: str) -> None:
        """What ``migrate`` did."""
        if style == "json":
            self._json(jsonable.run(result, Path.cwd()))
            return
        self._troubles(result)
        if not self._chosen.quiet:
            for part in text.migration(result, Path.cwd()):
                self._err.print(part)

    def verdicts(self, result: RunResult, style: str) -> None:
        """What ``verify`` found."""
        if style == "json":
            self._json(jsonable.run(result, Path.cwd()))
            return
        for part in text.verdicts(result, Path.cwd()):
            self._out.print(part)

    def catalogue(self, transforms: Sequence[Transform], style: str) -> None:
        """The transforms."""
        if style == "json":
            self._json(catalogue.as_json(transforms))
            return
        self._out.print(catalogue.table(transforms))

    def transform(self, transform: Transform) -> None:
        """One transform in full."""
        for part in catalogue.full(transform):
            self._out.print(part)

    def advice(self, advice: Advice) -> None:
        """What a pasted error means."""
        for part in text.advice(advice):
            self._out.print(part)

    def demonstration(self, result: RunResult) -> None:
        """The demo: the refusal, the patch, the proof."""
        for part in text.demonstration(result):
            self._out.print(part)

    def _troubles(self, result: RunResult) -> None:
        for line in text.troubles(result):
            print(f"scriptify: {line}", file=sys.stderr)

    def _summary(self, parts: Sequence[Any]) -> None:
        if not self._chosen.quiet:
            for part in parts:
                self._err.print(part)

    @staticmethod
    def _json(body: Any) -> None:
        json.dump(body, sys.stdout, indent=2, sort_keys=False)
        sys.stdout.write("\n")
