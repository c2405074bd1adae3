"""A run as a SARIF 2.1.0 log: what was found or changed, what was left alone, and the fixes.

Regions and fixes count in the files as they were read. Source: OASIS SARIF 2.1.0 (Errata 01), and GitHub's "SARIF support
for code scanning" for what a log must hold to be shown there: one invalid region or URI makes it refuse the whole file.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

from scriptify import __version__
from scriptify.report.fixes import Fix, fixes
from scriptify.report.paths import key, relative, shown, work_tree
from scriptify.report.regions import Positions, edits
from scriptify.report.sarif_rules import ENTRY, rules
from scriptify.result import EntryResult, RunResult
from scriptify.source import SourceError, SourceFile
from scriptify.transform import Changed, Decline, Rewrite

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
BASE = "%SRCROOT%"

Json = dict[str, Any]


def log(result: RunResult, here: Path) -> Json:
    """The whole log; paths are relative to the top of the git work tree around ``here``, else to ``here``."""
    writer = _Writer(result, here)
    results = list(writer.results())
    described = rules(sorted({item["ruleId"] for item in results}))
    numbers = {rule["id"]: number for number, rule in enumerate(described)}
    for item in results:
        item["ruleIndex"] = numbers[item["ruleId"]]
    driver = {"name": "scriptify", "semanticVersion": _semantic(__version__), "version": __version__, "rules": described}
    run: Json = {
        "tool": {"driver": driver},
        "automationDetails": {"id": "scriptify/"},
        "columnKind": "utf16CodeUnits",
        "newlineSequences": ["\r\n", "\n"],
        "originalUriBaseIds": {BASE: {"description": {"text": "The top of the project."}}},
        "invocations": [writer.invocation()],
        "artifacts": list(writer.artifacts()),
        "results": results,
    }
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def _semantic(version: str) -> str:
    parts = [*re.findall(r"\d+", version), "0", "0", "0"][:3]
    return ".".join(parts)


class _Writer:
    """Renders one result."""

    def __init__(self, result: RunResult, here: Path) -> None:
        self._result, self._here = result, here
        self._changed = {change.path: change for change in result.changed}
        self._positions = {path: Positions(change.before) for path, change in self._changed.items()}
        self._root = _root(result, here)
        self._seen: Counter[str] = Counter()

    def results(self) -> Iterator[Json]:
        """Rewrites with their fixes, declines, what was refused, and the entries that do not script."""
        for fix in fixes(self._result):
            yield from self._fixed(fix)
        for decline in self._result.declines:
            yield self._declined(decline)
        for refusal in self._result.refusals:
            words = f"{refusal.rewrite.title}. Not applied: {relative(refusal.reason, self._root)}"
            yield self._found(refusal.rewrite, "note", words)
        for entry in self._result.entries:
            if not entry.ok:
                yield self._entry(entry)

    def _fixed(self, fix: Fix) -> Iterator[Json]:
        first = fix.rewrites[0]
        for rewrite in fix.rewrites:
            item = self._found(rewrite, self._level(rewrite), " ".join(_sentences(rewrite.title, rewrite.why)))
            item["locations"] = [self._location(rewrite.path, self._region(rewrite))]
            if self._result.written:
                item["kind"], item["properties"] = "informational", {"applied": True}
            if rewrite is first:
                item["fixes"] = [self._fix(fix)]
            else:
                there = self._location(first.path, self._region(first))
                item["relatedLocations"] = [{"id": 1, "message": {"text": "The fix given here makes this change too."}, **there}]
            yield item

    def _level(self, rewrite: Rewrite) -> str:
        if self._result.written:
            return "none"
        return "error" if rewrite.silent else "warning"

    def _found(self, rewrite: Rewrite, level: str, words: str) -> Json:
        where = self._location(rewrite.path, {"startLine": max(rewrite.line, 1)})
        return self._result_of(rewrite.code, level, words, key(rewrite, self._root), where)

    def _declined(self, decline: Decline) -> Json:
        seed = "\0".join((decline.code, shown(decline.path, self._root), decline.scope, decline.because))
        words = f"Left alone: {relative(decline.because, self._root)}"
        return self._result_of(decline.code, "note", words, _key(seed), self._location(decline.path, {"startLine": max(decline.line, 1)}))

    def _entry(self, item: EntryResult) -> Json:
        name, level = item.after.first_failure or ("scripts", item.after.scripts)
        where = item.remaining.inside(set(self._paths())) if item.remaining else None
        path, line = (where.path, where.line) if where else (_file_of(item, self._here), 1)
        target = relative(item.entry.target, self._root)
        headline = item.remaining.headline if item.remaining else relative(level.detail, self._root)
        words = " ".join(_sentences(f"Entry {target}, {name.replace('_', ' ')}: {headline}", relative(item.advice, self._root)))
        return self._result_of(ENTRY, "error", words, _key(f"{target}\0{name}"), self._location(path, {"startLine": max(line, 1)}))

    def _paths(self) -> Iterator[str]:
        return (outcome.path for outcome in self._result.outcomes)

    def _result_of(self, rule: str, level: str, words: str, key: str, location: Json) -> Json:
        self._seen[key] += 1
        prints = {"scriptifyKey/v1": key, "primaryLocationLineHash": f"{key}:{self._seen[key]}"}
        return {"ruleId": rule, "level": level, "message": {"text": _plain(words)}, "locations": [location], "partialFingerprints": prints}

    def _region(self, rewrite: Rewrite) -> Json:
        """The first place the rewrite changes, in the file as read."""
        change = self._changed.get(rewrite.path)
        for piece in edits(change) if change else ():
            if change and any(change.rewrites[n] is rewrite for n in piece.owners) and (len(piece.owners) == 1 or piece.start < piece.end):
                return self._positions[rewrite.path].region(piece.start, piece.end)
        return {"startLine": max(rewrite.line, 1)}

    def _fix(self, fix: Fix) -> Json:
        changes = []
        for change, pieces in fix.changes:
            positions = self._positions[change.path]
            made: list[Json] = []
            for piece in pieces:
                made.append({"deletedRegion": positions.region(piece.start, piece.end)})
                if piece.text:
                    made[-1]["insertedContent"] = {"text": piece.text}
            changes.append({"artifactLocation": self._artifact(change.path), "replacements": made})
        titles = list(dict.fromkeys(rewrite.title for rewrite in fix.rewrites))
        more = f" and {len(titles) - 3} more that belong together" if len(titles) > 3 else ""
        return {"description": {"text": _plain("; ".join(titles[:3]) + more)}, "artifactChanges": changes}

    def _location(self, path: str, region: Json) -> Json:
        return {"physicalLocation": {"artifactLocation": self._artifact(path), "region": region}}

    def _artifact(self, path: str) -> Json:
        """A place in the project as a relative reference, escaped; anything else as a whole URI."""
        name = shown(path, self._root)
        return {"uri": Path(path).absolute().as_uri()} if name == path else {"uri": quote(name, safe="/"), "uriBaseId": BASE}

    def artifacts(self) -> Iterator[Json]:
        """The files that change, with the digest of the bytes that the regions count in."""
        for change in self._result.changed:
            body: Json = {"location": self._artifact(change.path), "roles": ["analysisTarget"], "sourceLanguage": "python"}
            yield {**body, **_bytes(change)}

    def invocation(self) -> Json:
        """Whether the run worked, and what failed in it."""
        from scriptify.report.text import troubles

        notes = [{"level": "error", "message": {"text": _plain(line)}} for line in troubles(self._result, self._root)]
        body: Json = {"executionSuccessful": self._result.exit_code != 4, "exitCode": self._result.exit_code}
        return {**body, "toolExecutionNotifications": notes} if notes else body


def _root(result: RunResult, here: Path) -> Path:
    """The top of the git work tree, or ``here``; a folder above all files where one of them lies outside."""
    paths = [Path(outcome.path) for outcome in result.outcomes] + [Path(_file_of(item, here)) for item in result.entries]
    for base in (work_tree(here), here):
        if base is not None and all(path.is_relative_to(base) for path in paths):
            return base
    return Path(os.path.commonpath([path.parent for path in paths]))


def _file_of(item: EntryResult, here: Path) -> str:
    """A file to show an entry's result at: a log for GitHub must name one."""
    where = item.entry.where if item.entry.is_file else f"{item.entry.where.replace('.', '/')}.py"
    return os.path.abspath(Path(item.entry.root or here, where))


def _bytes(change: Changed) -> Json:
    try:
        file = SourceFile.read(Path(change.path))
        data = file.bom + change.before.encode(file.encoding)
    except (SourceError, UnicodeEncodeError):
        return {}
    return {"encoding": file.encoding, "hashes": {"sha-256": hashlib.sha256(data).hexdigest()}, "length": len(data)}


def _key(seed: str) -> str:
    return hashlib.sha256(seed.encode("utf-8", "surrogatepass")).hexdigest()[:12]


def _sentences(*parts: str) -> Iterator[str]:
    for part in parts:
        if part:
            sentence = part[:1].upper() + part[1:]
            yield sentence if part.endswith((".", "?", "!")) else f"{sentence}."


def _plain(words: str) -> str:
    """Words as a SARIF message: what would be read as a link (``self.ms[i](x)``) or a placeholder (``{0}``) is escaped."""
    words = re.sub(r"\[([^\[\]]*)\](?=\()", r"\\[\1\\]", words)
    return re.sub(r"\{(\d+)\}", r"{{\1}}", words)
