"""A run as plain data for machines, as ``schema.json`` beside this file describes it.

The version changes when a key changes its meaning or goes away.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from scriptify.diagnostics import Diagnostic
from scriptify.oracle.protocol import Verdict
from scriptify.report.paths import relative, shown
from scriptify.result import EntryResult, RunResult
from scriptify.transform import Changed, Failed, Rewrite, Skipped

VERSION = 1


def run(result: RunResult, root: Path) -> dict[str, Any]:
    """The whole run."""
    return {
        "version": VERSION,
        "written": result.written,
        "exit_code": result.exit_code,
        "seconds": round(result.seconds, 3),
        "files": [_file(outcome, root) for outcome in result.outcomes],
        "rewrites": [rewrite(r, root) for r in result.rewrites],
        "declines": [
            {"code": d.code, "path": shown(d.path, root), "line": d.line, "scope": d.scope, "because": d.because} for d in result.declines
        ],
        "entries": [entry(e, root) for e in result.entries],
        "refused": [{"rewrite": rewrite(r.rewrite, root), "reason": r.reason} for r in result.refusals],
        "dropped": [rewrite(r, root) for r in result.dropped],
        "failures": [relative(why, root) for _, why in sorted(result.failures.items())],
        "problems": [relative(why, root) for why in result.problems],
        "frontend": {shown(path, root): [relative(line, root) for line in lines] for path, lines in result.frontend.items()},
    }


def _file(outcome: object, root: Path) -> dict[str, Any]:
    assert hasattr(outcome, "path")
    body: dict[str, Any] = {"path": shown(outcome.path, root), "state": type(outcome).__name__.lower()}
    if isinstance(outcome, Failed):
        body["error"] = relative(outcome.error, root)
    elif isinstance(outcome, Skipped):
        body["reason"] = relative(outcome.reason, root)
    elif isinstance(outcome, Changed):
        body["rewrites"] = len(outcome.rewrites)
    return body


def rewrite(item: Rewrite, root: Path) -> dict[str, Any]:
    """One rewrite."""
    return {
        "key": item.key,
        "code": item.code,
        "title": item.title,
        "path": shown(item.path, root),
        "line": item.line,
        "scope": item.scope,
        "why": item.why,
        "safety": item.safety.value,
        "silent": item.silent,
        "raises": item.raises,
        "needs": [{"what": need.what, "origin": need.origin} for need in item.needs],
        "places": len(item.edits),
    }


def entry(item: EntryResult, root: Path) -> dict[str, Any]:
    """One entry's result."""
    return {
        "entry": item.entry.target,
        "ok": item.ok,
        "before": verdict(item.before),
        "after": verdict(item.after),
        "remaining": diagnostic(item.remaining, root) if item.remaining else None,
        "advice": item.advice,
        "outside": item.outside,
        "attempts": item.attempts,
        "seconds": round(item.seconds, 3),
    }


def verdict(item: Verdict) -> dict[str, Any]:
    """One verdict, level by level."""
    levels = {name: {"state": level.state.value, "detail": level.detail, "remarks": list(level.remarks)} for name, level in item.levels()}
    return {**levels, "ok": item.ok, "unsteady": item.unsteady, "cases": item.cases, "error": item.error, "error_type": item.error_type}


def diagnostic(item: Diagnostic, root: Path) -> dict[str, Any]:
    """One compiler message."""
    places = [{"path": shown(p.path, root), "line": p.line, "text": p.text} for p in item.places]
    callers = [{"path": shown(p.path, root), "line": p.line, "text": p.text} for p in item.callers]
    return {"headline": item.headline, "message": item.message, "kind": item.kind, "places": places, "callers": callers}
