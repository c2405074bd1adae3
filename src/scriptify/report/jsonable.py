"""A run as plain data for machines, as ``schema.json`` beside this file describes it.

Within a version keys may come; it changes when a key changes its meaning or goes away.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from scriptify.diagnostics import Diagnostic
from scriptify.oracle.protocol import Level, Verdict
from scriptify.report.paths import key, relative, shown
from scriptify.result import EntryResult, ModuleRow, RunResult
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
    """One rewrite; its key is the same wherever the project lies."""
    return {
        "key": key(item, root),
        "code": item.code,
        "title": item.title,
        "path": shown(item.path, root),
        "line": item.line,
        "scope": item.scope,
        "why": item.why,
        "safety": item.safety.value,
        "silent": item.silent,
        "raises": item.raises,
        "answers": relative(item.answers, root),
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
        "modules": [module(row, root) for row in item.modules],
    }


def module(row: ModuleRow, root: Path) -> dict[str, Any]:
    """One row of a module tree."""
    return {
        "path": row.path,
        "model": row.model,
        "class": row.name,
        "file": shown(row.file, root) if row.file else "",
        "line": row.line,
        "parameters": row.parameters,
        "before": {form: level(found, root) for form, found in row.before.items()},
        "after": {form: level(found, root) for form, found in row.after.items()},
    }


def level(item: Level, root: Path | None = None) -> dict[str, Any]:
    """One level of a verdict, or one form of a module."""
    detail = relative(item.detail, root) if root else item.detail
    return {"state": item.state.value, "detail": detail, "remarks": list(item.remarks)}


def verdict(item: Verdict) -> dict[str, Any]:
    """One verdict, level by level."""
    levels = {name: level(found) for name, found in item.levels()}
    return {**levels, "ok": item.ok, "unsteady": item.unsteady, "cases": item.cases, "error": item.error, "error_type": item.error_type}


def diagnostic(item: Diagnostic, root: Path) -> dict[str, Any]:
    """One compiler message."""
    places = [{"path": shown(p.path, root), "line": p.line, "text": p.text} for p in item.places]
    callers = [{"path": shown(p.path, root), "line": p.line, "text": p.text} for p in item.callers]
    return {"headline": item.headline, "message": item.message, "kind": item.kind, "places": places, "callers": callers}
