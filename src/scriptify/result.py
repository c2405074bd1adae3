"""What a run ends with: one model that every report renders. Plain frozen data."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from scriptify.diagnostics import Diagnostic, parse
from scriptify.oracle.protocol import Entry, Level, State, Verdict, not_tried
from scriptify.transform import Changed, Decline, Failed, Outcome, Rewrite, Skipped


@dataclass(frozen=True, slots=True)
class ModuleRow:
    """One module of an entry's model, before and after: a row of the module tree.

    ``path`` is its name as ``named_modules`` gives it (``""`` for the whole), ``model`` the number of its model among the
    entry's; ``name`` is its class, ``file`` and ``line`` where that stands if it is the user's own; ``parameters`` counts
    elements in it and below. ``before`` and ``after`` map a form (``scripts``, ``scripted_same``, ...) to what was proved
    of the module in that form; a form that was not asked for is absent.
    """

    path: str
    name: str
    file: str = ""
    line: int = 0
    parameters: int = 0
    before: Mapping[str, Level] = field(default_factory=dict)
    after: Mapping[str, Level] = field(default_factory=dict)
    model: int = 0

    @staticmethod
    def state(forms: Mapping[str, Level]) -> State:
        """One state for a side: refuted where any form is, proved where one is and none is refuted."""
        states = {level.state for level in forms.values()}
        return next((state for state in (State.REFUTED, State.PROVED) if state in states), State.NOT_TRIED)


@dataclass(frozen=True, slots=True)
class EntryResult:
    """One entry: its verdict before and after, and why the work on it stopped short, if it did.

    ``remaining`` is the diagnostic nothing answered; ``advice`` what a person could do; ``outside`` the
    file outside the project in which it lies. ``attempts`` counts forks of the oracle. ``modules`` is the
    tree of its models' modules, parents first, where that was asked for. ``forms`` are those asked for besides scripting.
    """

    entry: Entry
    before: Verdict
    after: Verdict
    remaining: Diagnostic | None = None
    advice: str = ""
    outside: str = ""
    attempts: int = 0
    seconds: float = 0.0
    modules: tuple[ModuleRow, ...] = ()
    forms: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether everything that was asked for is proved now."""
        return self.after.ok and all(level.ok for _, level in self.others.values())

    @property
    def others(self) -> dict[str, tuple[Level, Level]]:
        """For each form asked for besides scripting what is proved of the whole models in it, before and after."""
        wholes = [row for row in self.modules if not row.path]
        none = not_tried("the entry has no module that runs")

        def worst(form: str, sides: Sequence[Mapping[str, Level]]) -> Level:
            found = [side.get(form, none) for side in sides] or [none]
            return next((level for level in found if not level.ok), found[0])

        return {form: (worst(form, [row.before for row in wholes]), worst(form, [row.after for row in wholes])) for form in self.forms}

    @property
    def harmless(self) -> bool:
        """Whether the eager side is proved the same, and what scripted before still does."""
        return self.after.ok if self.before.ok else self.after.harmless

    @property
    def before_diagnostic(self) -> Diagnostic | None:
        """What the compiler said of the original, where it refused it."""
        return parse(self.before.error, self.before.error_type) if self.before.error and not self.before.ok else None

    @property
    def usable(self) -> bool:
        """Whether the entry gave a model that runs eagerly, so that something could be judged at all."""
        return self.before.imports.ok and self.before.eager_same.ok


@dataclass(frozen=True, slots=True)
class Refusal:
    """A rewrite that was not let pass, and why: by the oracle, or ``by_choice`` of whoever was asked."""

    rewrite: Rewrite
    reason: str
    by_choice: bool = False


@dataclass(frozen=True, slots=True)
class RunResult:
    """A whole run over a project. ``written`` tells whether the changes are on disk."""

    outcomes: tuple[Outcome, ...] = ()
    entries: tuple[EntryResult, ...] = ()
    refusals: tuple[Refusal, ...] = ()
    dropped: tuple[Rewrite, ...] = ()
    failures: Mapping[str, str] = field(default_factory=dict)
    problems: tuple[str, ...] = ()
    frontend: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    written: bool = False
    seconds: float = 0.0

    @property
    def changed(self) -> tuple[Changed, ...]:
        """The files that change."""
        return tuple(o for o in self.outcomes if isinstance(o, Changed))

    @property
    def rewrites(self) -> tuple[Rewrite, ...]:
        """Every rewrite once, by file and line."""
        unique = {id(r): r for o in self.changed for r in o.rewrites}
        return tuple(sorted(unique.values(), key=lambda r: (r.path, r.line, r.code)))

    @property
    def declines(self) -> tuple[Decline, ...]:
        """Every decline, by file and line, each once."""
        found = {d for o in self.outcomes if not isinstance(o, Failed | Skipped) for d in o.declines}
        return tuple(sorted(found, key=lambda d: (d.path, d.line, d.code, d.because)))

    @property
    def counts(self) -> Counter[str]:
        """Rewrites by code."""
        return Counter(r.code for r in self.rewrites)

    @property
    def failed(self) -> tuple[Failed, ...]:
        """The files that failed."""
        return tuple(o for o in self.outcomes if isinstance(o, Failed))

    @property
    def exit_code(self) -> int:
        """0 nothing left to do, 1 findings or entries remain, 3 the oracle refused something, 4 a file failed."""
        if self.failed or self.problems or self.failures:
            return 4
        if any(not refusal.by_choice for refusal in self.refusals):
            return 3
        if self.refusals:
            return 1
        if any(not entry.ok for entry in self.entries):
            return 1
        if not self.written and self.changed:
            return 1
        if any(self.frontend.values()):
            return 1
        return 0
