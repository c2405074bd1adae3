"""Propose, settle overlaps, apply, re-parse; in bounded passes, until no transform has anything to add.

Works on texts; reads and writes no disk and knows no oracle. One file's trouble is that file's outcome:
nothing here raises for a file.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field

from scriptify import registry
from scriptify.draft import Draft, parses, settle
from scriptify.facts.model import Facts
from scriptify.meaning import other_meaning
from scriptify.pieces import pieces
from scriptify.suppress import Suppression, suppressions
from scriptify.transform import Changed, Clean, Decline, Failed, Focus, Outcome, Rewrite, Safety, Settings, Transform
from scriptify.tree import ParseError, Tree, import_edits, parsed

Know = Callable[[Mapping[str, str]], Facts]
"""Facts for the texts as they stand now."""

DEFAULTS = Settings()

Start = Callable[[Mapping[str, str], Facts, Sequence[Transform]], Mapping[str, "Proposals"]]
"""Asks the transforms about several files, in this process or spread over others."""


@dataclass(frozen=True, slots=True)
class Proposals:
    """What the transforms said of one file: rewrites in order of precedence, declines, and failures by code."""

    rewrites: tuple[Rewrite, ...] = ()
    declines: tuple[Decline, ...] = ()
    failures: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Result:
    """Where the passes ended: the draft, every decline that still holds, what failed, and what did not settle."""

    draft: Draft
    declines: tuple[Decline, ...]
    failures: Mapping[str, str]
    unsettled: tuple[str, ...] = ()

    def outcomes(self, paths: Collection[str]) -> list[Outcome]:
        """One outcome per path."""
        return [self._outcome(path) for path in paths]

    def _outcome(self, path: str) -> Outcome:
        mine = tuple(d for d in self.declines if d.path == path)
        if path in self.failures:
            return Failed(path, self.failures[path])
        if path not in self.draft.changed:
            return Clean(path, mine)
        rewrites = tuple(r for r in self.draft.rewrites if any(e.path == path for e in r.edits))
        found = pieces(self.draft, path, rewrites)
        return Changed(path, self.draft.base[path], self.draft.changed[path], rewrites, mine, found)


def propose(path: str, text: str, facts: Facts, transforms: Sequence[Transform], focus: Focus | None = None) -> Proposals:
    """Ask the transforms about one file. A transform that breaks is a failure under its code, not an exception."""
    asked = [t for t in transforms if t.interested(text) and (focus is not None or not t.on_demand)]
    if not asked:
        return Proposals()
    # libcst's parser overflows the stack on nesting that Python's own refuses with an error.
    if path in facts.unparsed:
        return Proposals(failures={"": f"{path}: does not parse: {facts.unparsed[path]}"})
    try:
        tree = parsed(path, text)
    except ParseError as error:
        return Proposals(failures={"": f"{path}:{error.line}: does not parse: {error}"})
    rewrites: list[Rewrite] = []
    declines: list[Decline] = []
    failures: dict[str, str] = {}
    for transform in asked:
        try:
            for proposal in transform.propose(tree, facts, focus):
                if isinstance(proposal, Rewrite):
                    name = other_meaning(tree, proposal)
                    if name:
                        because = f"the name {name} means something else here: {proposal.title}"
                        declines.append(Decline(proposal.code, proposal.path, proposal.line, proposal.scope, because))
                    else:
                        rewrites.append(proposal)
                elif isinstance(proposal, Decline):
                    declines.append(proposal)
                else:
                    raise TypeError(f"propose gave a {type(proposal).__name__}, neither a Rewrite nor a Decline")
        except Exception as error:  # a broken transform must cost its own rewrites and no other's
            where = traceback.extract_tb(error.__traceback__)[-1]
            failures[transform.code] = f"{path}: {transform.code} failed: {type(error).__name__}: {error} ({where.name}:{where.lineno})"
    found = Proposals(tuple(r for r in rewrites if r.edits), tuple(declines), failures)
    return _heed(found, tree, facts, transforms if focus is None else ())


def propose_all(texts: Mapping[str, str], facts: Facts, transforms: Sequence[Transform]) -> dict[str, Proposals]:
    """Ask the transforms about several files, one after the other."""
    return {path: propose(path, text, facts, transforms) for path, text in texts.items()}


def declined(texts: Mapping[str, str], facts: Facts, transforms: Sequence[Transform]) -> tuple[Decline, ...]:
    """What the transforms leave alone in these texts, in path order; asked of a draft's last texts, in which later rewrites count."""
    found = propose_all({path: texts[path] for path in sorted(texts)}, facts, transforms)
    return tuple(decline for proposals in found.values() for decline in proposals.declines)


def _heed(found: Proposals, tree: Tree, facts: Facts, asked: Sequence[Transform]) -> Proposals:
    """Turn what the user suppressed, and what needs the user's word or a run, into declines."""
    marks = suppressions(tree.text)
    used: set[Suppression] = set()
    rewrites: list[Rewrite] = []
    declines: list[Decline] = []
    for decline in found.declines:
        mark = next((m for m in marks if m.covers(decline.code, decline.line)), None)
        declines += [decline] if mark is None else []
        used |= {mark} if mark is not None else set()
    for rewrite in found.rewrites:
        mark = _suppressed(rewrite, marks, tree)
        because = (
            _held_back(rewrite, facts, tree) if mark is None else f"suppressed on line {mark.line}{': ' * bool(mark.reason)}{mark.reason}"
        )
        if mark is not None:
            used.add(mark)
        if because:
            declines.append(Decline(rewrite.code, rewrite.path, rewrite.line, rewrite.scope, because))
        else:
            rewrites.append(rewrite)
    declines += [_unused(mark, tree) for mark in marks if mark not in used and _could_be_used(mark, asked)]
    return Proposals(tuple(rewrites), tuple(declines), found.failures)


def _held_back(rewrite: Rewrite, facts: Facts, tree: Tree) -> str:
    """Why a rewrite waits for the user's word or for a run, or an empty text."""
    if facts.settings.unsafe:
        return ""
    if rewrite.safety is Safety.API:
        return f"callers can see it: {rewrite.title}; --unsafe applies it"
    if rewrite.safety is Safety.OBSERVED and not facts.live:
        return f"only a run can show that nothing changes: {rewrite.title}; give an --entry"
    if _moves_overloads(rewrite, tree):
        return f"it would move classes that torch knows by their line (_overload_method): {rewrite.title}; --unsafe applies it"
    return ""


def _moves_overloads(rewrite: Rewrite, tree: Tree) -> bool:
    """Whether classes with overloaded methods get other lines.

    torch keeps a class's overloads by its name and line (torch._jit_internal._overload_method), and refuses
    the same class on another: a process that has the file loaded could not load the rewritten one.
    """
    last = tree.text.rfind("._overload_method")
    if last < 0:
        return False
    above = [edit for edit in rewrite.edits if edit.path == tree.path and edit.start < last]
    moved = any(edit.text.count("\n") != tree.text[edit.start : edit.end].count("\n") for edit in above)
    return moved or any(import_edits(tree.path, tree.text, [item]) for item in rewrite.imports if item.path == tree.path)


def _could_be_used(mark: Suppression, asked: Sequence[Transform]) -> bool:
    """Whether the transforms asked include all that a suppression may be meant for."""
    mine = [t for t in registry.all_transforms() if not mark.codes or any(t.code.lower().startswith(c.lower()) for c in mark.codes)]
    codes = {t.code for t in asked}
    return bool(asked) and all(t.code in codes and not t.on_demand for t in mine if mark.codes or not t.on_demand)


def _unused(mark: Suppression, tree: Tree) -> Decline:
    named = ", ".join(mark.codes) or "every transform"
    return Decline("unused-skip", tree.path, mark.line, "", f"this comment suppresses {named}, which found nothing here; take it out")


def _suppressed(rewrite: Rewrite, marks: Sequence[Suppression], tree: Tree) -> Suppression | None:
    lines = {rewrite.line} | {tree.line_of(e.start) for e in rewrite.edits if e.path == tree.path and e.start < e.end}
    return next((mark for mark in marks if any(mark.covers(rewrite.code, line) for line in lines)), None)


def run(
    texts: Mapping[str, str],
    transforms: Sequence[Transform],
    know: Know,
    *,
    settings: Settings = DEFAULTS,
    only: Collection[str] | None = None,
    refused: Collection[str] = (),
    draft: Draft | None = None,
    start: Start | None = None,
) -> Result:
    """Rewrite texts until nothing more is proposed, or the passes are used up.

    ``only`` limits proposals to these paths (edits may reach others); ``refused`` are keys of rewrites
    not wanted. Every accepted layer re-parses; a rewrite after which a file does not parse is a failure
    of its transform and is left out.
    """
    draft = draft or Draft(dict(texts))
    refused = set(refused)
    declines: tuple[Decline, ...] = ()
    failures: dict[str, str] = {}
    dirty = {path for path in draft.working if only is None or path in only}
    for _ in range(settings.max_passes):
        facts = know(draft.working)
        proposals = (start or propose_all)({path: draft.working[path] for path in sorted(dirty)}, facts, transforms)
        for path, found in proposals.items():
            failures.update({f"{path}" if not code else f"{path}#{code}": why for code, why in found.failures.items()})
        failures.update({path: f"{path}: does not parse: {why}" for path, why in facts.unparsed.items() if path in draft.base})
        declines = (*(d for d in declines if d.path not in proposals), *(d for p in proposals.values() for d in p.declines))
        wanted = [r for p in proposals.values() for r in p.rewrites if r.key not in refused]
        accepted, waiting = settle(wanted, draft.working)
        if not accepted:
            return Result(draft, declines, failures)
        draft, broken = _checked(draft, accepted)
        # What was settled can only make room for more in the files it touched, or where something had to wait.
        touched = {edit.path for rewrite in accepted for edit in rewrite.edits}
        dirty = {path for path in touched | {r.path for r in waiting} if only is None or path in only}
        refused |= {rewrite.key for rewrite in broken}
        for rewrite in broken:
            where = f"{rewrite.path}:{rewrite.line}"
            failures[f"{rewrite.path}#{rewrite.code}"] = f"{where}: the rewrite by {rewrite.code} did not parse and was left out"
    unsettled = sorted({r.code for r in wanted})
    failures["#unsettled"] = f"{', '.join(unsettled)} still had something to rewrite after {settings.max_passes} passes"
    return Result(draft, declines, failures, tuple(unsettled))


def _checked(draft: Draft, accepted: Sequence[Rewrite]) -> tuple[Draft, list[Rewrite]]:
    """The draft with the layer, less the rewrites after which a file no longer parses."""
    after = draft.adding(accepted)
    touched = {edit.path for rewrite in accepted for edit in rewrite.edits}
    if not any(parses(path, after.working[path]) for path in touched):
        return after, []
    good: list[Rewrite] = []
    broken: list[Rewrite] = []
    for rewrite in accepted:
        trial = draft.adding([*good, rewrite])
        bad = any(parses(edit.path, trial.working[edit.path]) for edit in rewrite.edits)
        (broken if bad else good).append(rewrite)
    return draft.adding(good), broken
