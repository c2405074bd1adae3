"""Where results become words: human text on stderr, what was asked for and machine output on stdout."""

from __future__ import annotations

import json
import re
import shlex
import sys
from collections.abc import Iterable, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from scriptify.cli.options import Chosen

PADDING = re.compile(r" +$", re.MULTILINE)

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.text import Text

    from scriptify.advice import Advice
    from scriptify.delivering import Exported
    from scriptify.oracle.parting import Parting
    from scriptify.result import RunResult
    from scriptify.transform import Transform
    from scriptify.trials import Trial


class Output:
    """Prints one run's results the way the options ask."""

    def __init__(self, chosen: Chosen, page: Path | None = None) -> None:
        """``page`` is where a run's report goes as HTML as well. Raises click.UsageError where there is no folder for it."""
        self._chosen = chosen
        self._here = Path.cwd()
        self._page = page
        if page is not None and not page.absolute().parent.is_dir():
            raise click.UsageError(f"{page}: there is no folder {page.parent}")

    def _console(self, stderr: bool) -> Console:
        from rich.console import Console

        no_color = True if self._chosen.color is False else None
        return Console(stderr=stderr, no_color=no_color, highlight=False, markup=False, emoji=False)

    @cached_property
    def _err(self) -> Console:
        return self._console(True)

    @cached_property
    def _out(self) -> Console:
        return self._console(False)

    def findings(self, result: RunResult, style: str) -> None:
        """What ``check`` found."""
        from scriptify.report import text

        if not self._machine(result, style):
            # One line each, whatever the width: they are read by editors and grep as well.
            for line in text.findings(result, self._here):
                self._out.print(line, soft_wrap=True)
        self._troubles(result)
        self._summary(text.survey_summary(result))

    def patch(self, result: RunResult) -> None:
        """The changes as a patch on stdout, coloured for a terminal."""
        from scriptify.report import patch, text

        root = patch.root_of(result.changed, self._here) if result.changed else self._here
        if self._out.is_terminal:
            for line in patch.unified(result.changed, root):
                self._out.print(text.coloured_diff_line(line.rstrip("\r\n")), soft_wrap=True)
        else:
            sys.stdout.flush()
            sys.stdout.buffer.write(patch.as_bytes(result.changed, root))
            sys.stdout.buffer.flush()
        self._troubles(result)
        self._summary(text.survey_summary(result))
        if not self._here.is_relative_to(root):
            self._summary(f"Names in the patch start at {root}: apply it with `git -C {shlex.quote(str(root))} apply`.")

    def migration(self, result: RunResult, style: str, dry_run: bool, everything: bool = False) -> None:
        """What ``migrate`` did."""
        if not self._machine(result, style) and not self._chosen.quiet:
            from scriptify.report import migration

            self._all(self._err, migration.migration(result, self._here, dry_run, everything))
        self._troubles(result)
        self._write_page(result, "Migration")

    def verdicts(self, result: RunResult, style: str, partings: Sequence[Parting] | None = None) -> None:
        """What ``verify`` found, and with ``--trace`` where the forms part."""
        if style == "json" and partings is not None:
            from scriptify.report import jsonable, parting_json

            self._json({**jsonable.run(result, self._here), "partings": parting_json.run(partings)["comparisons"]})
        elif not self._machine(result, style) and not self._chosen.quiet:
            from scriptify.report import verdicts

            self._all(self._err, verdicts.verdicts(result, self._here, everything=True))
            self._partings(partings or ())
        self._write_page(result, "Verdict", partings or ())

    def partings(self, found: Sequence[Parting], style: str, every: bool, page: Path | None) -> None:
        """What ``compare`` found."""
        if page is not None:
            from scriptify.report import parting_html

            parting_html.write(found, self._here, page)
        if style == "json":
            from scriptify.report import parting_json

            self._json(parting_json.run(found))
        elif not self._chosen.quiet or any(item.exit_code for item in found):
            self._partings(found, every)
        if page is not None:
            self._summary(f"The page is in {page}.")

    def _partings(self, found: Sequence[Parting], every: bool = False) -> None:
        from rich.text import Text

        from scriptify.report import parting

        for item in found:
            self._all(self._err, [Text(""), *parting.parting(item, every)])

    def export(self, result: Exported, as_json: bool, project: Path | None) -> None:
        """What ``export`` gave."""
        from scriptify.report import delivery, migration

        if as_json:
            self._json(delivery.as_json(result, self._here))
            return
        if result.migration is not None and not self._chosen.quiet:
            self._all(self._err, migration.migration(result.migration, self._here))
        if not self._chosen.quiet or not result.ok:
            self._all(self._err, delivery.told(result, self._here, project))

    def asked(self, body: dict[str, Any], lines: Iterable[Text], style: str) -> None:
        """What was asked for: as lines on stdout, or as JSON."""
        if style == "json":
            self._json(body)
            return
        for line in lines:
            self._out.print(line, soft_wrap=True)

    def told(self, body: dict[str, Any], lines: Iterable[Text], style: str) -> None:
        """What was done: as lines on stderr, or as JSON on stdout."""
        if style == "json":
            self._json(body)
        elif not self._chosen.quiet:
            for line in lines:
                self._err.print(line, soft_wrap=True)

    def catalogue(self, transforms: Sequence[Transform], style: str) -> None:
        """The transforms."""
        from scriptify.report import catalogue

        if style == "json":
            self._json(catalogue.as_json(transforms))
            return
        self._out.print(catalogue.table(transforms))

    def trials(self, trials: Sequence[Trial], style: str) -> None:
        """What became of the examples of a module's transforms."""
        from scriptify.report import trials as report

        if style == "json":
            self._json(report.as_json(trials))
            return
        self._all(self._out, report.table(trials))

    def transform(self, transform: Transform) -> None:
        """One transform in full."""
        from scriptify.report import catalogue

        self._all(self._out, catalogue.full(transform))

    def advice(self, advice: Advice) -> None:
        """What a pasted error means."""
        from scriptify.report import catalogue

        self._all(self._out, catalogue.advice(advice))

    def demonstration(self, result: RunResult, folder: Path, kept: bool) -> None:
        """The demo: the refusal, the patch, the proof."""
        from scriptify.report import migration

        self._all(self._out, migration.demonstration(result, folder, kept))
        self._troubles(result)

    @staticmethod
    def _all(console: Console, parts: Iterable[RenderableType]) -> None:
        from rich.text import Text

        for part in parts:
            # Lines of code keep their length; the terminal may break them, words must not.
            if isinstance(part, Text) and part.no_wrap:
                console.print(part, soft_wrap=True)
                continue
            with console.capture() as captured:
                console.print(part)
            console.file.write(PADDING.sub("", captured.get()))

    def _troubles(self, result: RunResult) -> None:
        from scriptify.report import text

        sys.stdout.flush()
        for line in text.troubles(result, self._here):
            print(f"scriptify: {line}", file=sys.stderr)

    def _write_page(self, result: RunResult, title: str, partings: Sequence[Parting] = ()) -> None:
        if self._page is None:
            return
        from scriptify.report import html

        html.write(result, self._here, self._page, title=title, partings=partings)
        self._summary(f"The page is in {self._page}.")

    def _summary(self, words: str) -> None:
        if not self._chosen.quiet:
            sys.stdout.flush()
            self._err.print(words, style="bold", soft_wrap=True)

    def _machine(self, result: RunResult, style: str) -> bool:
        """Print the result in a form for machines; whether ``style`` is one."""
        if style == "json":
            from scriptify.report import jsonable

            self._json(jsonable.run(result, self._here))
        elif style == "sarif":
            from scriptify.report import sarif

            self._json(sarif.log(result, self._here))
        elif style == "github":
            from scriptify.report import github

            sys.stdout.writelines(f"{line}\n" for line in github.workflow_commands(result, self._here))
        return style != "text"

    @staticmethod
    def _json(body: Any) -> None:
        json.dump(body, sys.stdout, indent=2, sort_keys=False)
        sys.stdout.write("\n")
