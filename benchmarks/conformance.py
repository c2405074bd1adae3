"""Migrate every case of a conformance file the way a user would, and score the results with the yardstick.

    python benchmarks/conformance.py YARDSTICKS [--files N] [--only ID] [--measured refused] [--work DIR] [--jobs N]

YARDSTICKS is the folder with ``conformance-dev.json`` and ``score_conformance.py``. Each case becomes a file of
its own and is migrated with its entry; then the yardstick judges it in a fresh process. Resumable: what stands in
``WORK/result.jsonl`` is not done again. The table counts by state, and the reasons for what was not repaired.
"""

from __future__ import annotations

import argparse
import collections
import concurrent.futures
import importlib.util
import json
import os
import sys
import time
from pathlib import Path
from typing import Any

from scriptify import api
from scriptify.oracle.protocol import Entry, Limits
from scriptify.oracle.runner import Oracle

_ORACLES: dict[str, Oracle] = {}


def yardstick(folder: Path) -> Any:
    """The yardstick's own scoring module."""
    spec = importlib.util.spec_from_file_location("score_conformance", folder / "score_conformance.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def run(case: dict[str, Any], prelude: str, folder: str, work: str, entries: bool, quick: bool) -> dict[str, Any]:
    """Migrate and score one case."""
    oracle = _ORACLES.setdefault(work, Oracle(root=Path(work), limits=Limits(seconds=60)))
    place = Path(work) / "cases" / case["id"]
    place.mkdir(parents=True, exist_ok=True)
    future = "from __future__ import annotations\n" if case["future"] else ""
    text = f"{future}{prelude}\n\n{case['source']}\n\ndef entry():\n    return make(), inputs()[0]\n"
    before, after = place / "before.py", place / "case.py"
    before.write_text(text)
    after.write_text(text)
    row: dict[str, Any] = {"id": case["id"], "measured": case["measured"]}
    began = time.monotonic()
    try:
        wanted = [Entry(f"{after}:entry", str(place))] if entries else []
        result = api.migrate([after], wanted, root=place, oracle=oracle)
    except Exception as error:
        return {**row, "state": "FAILED", "why": f"{type(error).__name__}: {error}"}
    row["seconds"] = round(time.monotonic() - began, 2)
    row["rules"] = sorted(result.counts)
    row["refused"] = sorted({r.rewrite.code for r in result.refusals})
    row["failures"] = sorted(result.failures.values())
    if result.entries:
        row["attempts"] = result.entries[0].attempts
        remaining = result.entries[0].remaining
        row["remaining"] = remaining.headline[:200] if remaining else ""
        row["advice"] = result.entries[0].advice
    changed = after.read_text() != text
    if not changed:
        # Left as it was: what was measured of the case still holds, and the yardstick would say the same.
        return {**row, "state": "untouched" if case["measured"] == "fine" else "declined", "why": row.get("remaining", "")}
    if quick and result.entries and result.entries[0].ok:
        return {**row, "state": _state("good", case["measured"]), "why": "by the oracle, not by the yardstick"}
    state, why = yardstick(Path(folder)).judge(folder, str(before), str(after))
    return {**row, "state": _state(state, case["measured"]), "why": why}


def _state(state: str, measured: str) -> str:
    if state in ("broken", "eager"):
        return "HARMED"
    if state == "good":
        return "meddled" if measured == "fine" else "repaired"
    return "HARMED" if measured == "fine" or (state == "wrong" and measured == "refused") else "stuck"


def table(rows: list[dict[str, Any]]) -> str:
    """The counts by what was measured and by state, and the first remaining errors."""
    lines = []
    for measured in ("refused", "wrong", "fine"):
        mine = [r for r in rows if r["measured"] == measured]
        states = collections.Counter(r["state"] for r in mine)
        good = states["repaired"] + states["untouched"]
        lines.append(f"{measured:8} {len(mine):4}  good {good} ({good / max(1, len(mine)):.1%})  {dict(states)}")
    spent = sorted(r.get("seconds", 0.0) for r in rows)
    tries = sorted(r.get("attempts", 0) for r in rows)
    if spent:
        lines.append(f"seconds a case: median {spent[len(spent) // 2]}, most {spent[-1]}; attempts: median {tries[len(tries) // 2]}")
    left = collections.Counter(r["why"][:70] for r in rows if r["state"] in ("declined", "stuck") and r["measured"] != "fine")
    lines += [f"{number:4}  {why}" for why, number in left.most_common(25)]
    return "\n".join(lines)


def main() -> None:
    """Run what is not done yet and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("yardsticks", type=Path)
    parser.add_argument("--cases", default="conformance-dev.json")
    parser.add_argument("--work", type=Path, default=Path("build/conformance"))
    parser.add_argument("--files", type=int)
    parser.add_argument("--only", action="append")
    parser.add_argument("--measured")
    parser.add_argument("--static", action="store_true", help="without entries")
    parser.add_argument("--quick", action="store_true", help="believe the oracle where it proves everything: for work in progress only")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    options = parser.parse_args()
    data = json.loads((options.yardsticks / options.cases).read_text())
    work = options.work.resolve()
    work.mkdir(parents=True, exist_ok=True)
    log = work / "result.jsonl"
    done = {} if options.only else {r["id"]: r for r in map(json.loads, log.read_text().splitlines())} if log.exists() else {}
    cases = [c for c in data["cases"] if options.measured in (None, c["measured"])][: options.files]
    if options.only:
        cases = [c for c in cases if c["id"] in options.only]
    todo = [c for c in cases if c["id"] not in done]
    with concurrent.futures.ProcessPoolExecutor(options.jobs) as pool, log.open("a") as out:
        arguments = (data["prelude"], str(options.yardsticks.resolve()), str(work), not options.static, options.quick)
        waiting = [pool.submit(run, case, *arguments) for case in todo]
        for number, future in enumerate(concurrent.futures.as_completed(waiting), 1):
            row = future.result()
            done[row["id"]] = row
            out.write(json.dumps(row) + "\n")
            out.flush()
            if row["state"].isupper():
                print(f"\r{row['state']} {row['id']}: {row['why'][:160]!r}", file=sys.stderr)
            if sys.stderr.isatty():
                print(f"\r{number}/{len(todo)}", end="", file=sys.stderr, flush=True)
    print(table([done[c["id"]] for c in cases if c["id"] in done]))


if __name__ == "__main__":
    main()
