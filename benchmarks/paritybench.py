"""Migrate ParityBench's generated files with their test cases as entries, and score them with the yardstick.

    python benchmarks/paritybench.py CHECKOUT YARDSTICKS [--list FILE] [--files N] [--work DIR] [--jobs N] [--static]

CHECKOUT is a work tree of jansel/pytorch-jit-paritybench, YARDSTICKS the folder with ``score_parity.py``. Every file is
copied below WORK and migrated once with all its test cases as entries, in one process; a file that
changed is put into ``WORK/rewritten``, and the yardstick scores it before and after. Files that did not change score
as they are. The yardstick runs with memory that nobody wrote filled alike, since it compares two models built one after the other, and some
have weights that they never initialise; and with torch.jit's builtins kept alive (``scriptify.oracle.worker_builtins``), without which
torch refuses one test in some hundreds by chance. What comes out worse is scored a few times more, as rewritten and with unmodified
copies in their place: what the yardstick says of those (a model that does not fit into memory twice) is no rewrite's doing.
Resumable: rows in ``WORK/migrated.jsonl`` are not done again.
"""

from __future__ import annotations

import argparse
import collections
import concurrent.futures
import json
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from scriptify import api
from scriptify.oracle.protocol import Entry, Limits
from scriptify.oracle.runner import Oracle

PRELUDE = """
import sys
sys.path.insert(0, {yardsticks!r})
import score_parity
score_parity.prepare({checkout!r})
"""

FILLED = {"GLIBC_TUNABLES": "glibc.malloc.tcache_count=0:glibc.malloc.perturb=192"}
"""With glibc, memory that nobody wrote holds bytes 0x3f (0.747 as float32) in the processes that score."""

STEADY = """
import os, runpy, sys
from scriptify.oracle.worker_builtins import keep_builtins
keep_builtins()
sys.argv = sys.argv[1:]
sys.path[0] = os.path.dirname(sys.argv[0])
runpy.run_path(sys.argv[0], run_name="__main__")
"""

ENTRIES = """
import importlib, sys
sys.path.insert(0, {folder!r})
import score_parity

try:
    MODULE = importlib.import_module({name!r})
except ModuleNotFoundError:
    sys.modules.pop({name!r}, None)
    sys.meta_path.append(score_parity._StubFinder())
    MODULE = importlib.import_module({name!r})


def _entry(index):
    case = MODULE.TESTCASES[index]
    model = score_parity.build(case)
    score_parity.seed()
    args, kwargs = case[2]()
    return model, tuple(args), kwargs

"""

FILES_PER_ORACLE = 16
"""After that many files an oracle makes room for a new one: it keeps what it measured of every entry."""

_ORACLES: dict[int, tuple[int, Oracle]] = {}


def oracle_for(work: Path) -> Oracle:
    """This process's oracle: torch and what all files import are loaded once for several files."""
    used, oracle = _ORACLES.get(os.getpid(), (FILES_PER_ORACLE, None))
    if oracle is None or used >= FILES_PER_ORACLE:
        if oracle is not None:
            oracle.close()
        limits = Limits(seconds=40, memory=12 << 30, entry=60)
        used, oracle = 0, Oracle(root=work, limits=limits, preload=("scriptify_parity_prelude",))
    _ORACLES[os.getpid()] = (used + 1, oracle)
    return oracle


class Stages:
    """Where the time of a migration goes, by the stages that it tells of."""

    def __init__(self) -> None:
        self._spent: collections.Counter[str] = collections.Counter()
        self._stage, self._since = "start", time.monotonic()

    def watch(self, event: Any) -> None:
        """A stage begins."""
        now = time.monotonic()
        self._spent[self._stage] += now - self._since  # type: ignore[assignment]
        self._stage, self._since = event.stage, now

    def seconds(self) -> dict[str, float]:
        """What was spent, the running stage included."""
        self.watch(argparse.Namespace(stage="end"))
        return {stage: round(spent, 1) for stage, spent in self._spent.items()}


def migrate(name: str, checkout: Path, work: Path, counts: dict[str, list[int]], static: bool) -> dict[str, Any]:
    """Migrate one file with all its entries; the row tells what came of each."""
    place = work / "files" / name.removesuffix(".py")
    place.mkdir(parents=True, exist_ok=True)
    target = place / name
    shutil.copyfile(checkout / "generated" / name, target)
    before = target.read_bytes()
    entries: list[Entry] = []
    if not static:
        script = ENTRIES.format(folder=str(place), name=name.removesuffix(".py"))
        script += "".join(f"\ndef entry_{i}():\n    return _entry({i})\n" for i in counts[name])
        (place / "scriptify_entries.py").write_text(script)
        entries = [Entry(f"{place / 'scriptify_entries.py'}:entry_{i}", str(work)) for i in counts[name]]
    row: dict[str, Any] = {"file": name, "entries": len(entries)}
    began = time.monotonic()
    stages = Stages()
    try:
        result = api.migrate([target], entries, root=place, oracle=None if static else oracle_for(work), progress=stages.watch)
    except Exception as error:
        return {**row, "error": f"{type(error).__name__}: {error}", "seconds": round(time.monotonic() - began, 1)}
    row["seconds"] = round(time.monotonic() - began, 1)
    row["stages"] = stages.seconds()
    row["rules"] = dict(result.counts)
    row["refused"] = [f"{r.rewrite.code} {r.rewrite.scope}: {r.reason}" for r in result.refusals]
    row["failures"] = sorted(result.failures.values())
    row["results"] = [_entry_row(item, index) for item, index in zip(result.entries, counts.get(name, []), strict=False)]
    row["changed"] = target.read_bytes() != before
    (work / "rewritten" / name).unlink(missing_ok=True)
    if row["changed"]:
        shutil.copyfile(target, work / "rewritten" / name)
    return row


def _entry_row(item: Any, index: int) -> dict[str, Any]:
    body = {"index": index, "before": item.before.ok, "after": item.after.ok, "attempts": item.attempts, "seconds": round(item.seconds, 2)}
    if not item.after.ok:
        remaining = item.remaining
        place = remaining.place if remaining else None
        failure = item.after.first_failure
        body["level"] = failure[0] if failure else ""
        body["why"] = remaining.headline[:240] if remaining else (failure[1].detail[:240] if failure else "")
        body["text"] = place.text[:120] if place else ""
        body["line"] = place.line if place else 0
        body["outside"] = os.path.basename(item.outside)
        body["advice"] = item.advice[:200]
    return body


def cases(checkout: Path, name: str) -> list[int]:
    """The indices of a file's test cases."""
    text = (checkout / "generated" / name).read_text()
    body = text[text.find("TESTCASES = [") :]
    return list(range(len(re.findall(r"^    \(\w", body, re.MULTILINE))))


def table(rows: list[dict[str, Any]]) -> str:
    """What the migration itself says, before the yardstick: entries, cost, what is left and why."""
    results = [r for row in rows for r in row.get("results", [])]
    usable = [r for r in results if r.get("level") not in ("imports", "eager_same") or r["after"]]
    passing = sum(r["after"] for r in usable)
    lines = [
        f"entries {len(usable)}  passing before {sum(r['before'] for r in usable)}  after {passing} ({passing / max(1, len(usable)):.1%})"
    ]
    repaired = sorted(r["seconds"] for r in usable if not r["before"])
    attempts = sorted(r["attempts"] for r in usable if not r["before"])
    if repaired:
        lines.append(
            f"entries that needed repair: seconds median {repaired[len(repaired) // 2]}, most {repaired[-1]}; "
            f"attempts median {attempts[len(attempts) // 2]}, most {attempts[-1]}"
        )
    spent: collections.Counter[str] = collections.Counter()
    for row in rows:
        spent.update(row.get("stages", {}))
    if total := sum(spent.values()):
        lines.append("where the time goes: " + ", ".join(f"{stage} {seconds / total:.0%}" for stage, seconds in spent.most_common()))
    rules: collections.Counter[str] = collections.Counter()
    for row in rows:
        rules.update(row.get("rules", {}))
    lines.append("rewrites: " + ", ".join(f"{code} {number}" for code, number in rules.most_common()))
    reasons: collections.Counter[str] = collections.Counter()
    for r in usable:
        if not r["after"]:
            reasons[f"{r['level']}: {re.sub(r'[0-9]+', 'N', r['why'])[:90]}"] += 1
    lines += [f"{number:5}  {why}" for why, number in reasons.most_common(40)]
    lines += [f"ERROR {row['file']}: {row['error'][:200]}" for row in rows if "error" in row]
    return "\n".join(lines)


def _yardstick(command: list[str], quiet: bool = False) -> None:
    subprocess.run(command, check=True, env={**os.environ, **FILLED}, stdout=subprocess.DEVNULL if quiet else None)


def score(options: argparse.Namespace, names: list[str], work: Path) -> None:
    """Run the yardstick before and after over the files that were done, and compare."""
    listed = work / "scored.txt"
    listed.write_text("\n".join(names) + "\n")
    program = [sys.executable, "-c", STEADY, str(options.yardsticks / "score_parity.py")]
    shared = ["--list", str(listed), "--jobs", str(options.jobs)]
    before, after = work / "before.jsonl", work / "after.jsonl"
    if options.before:
        shutil.copyfile(options.before, before)
    elif not before.exists():
        _yardstick([*program, str(options.checkout), *shared, "--out", str(before)])
    changed = [n for n in names if (work / "rewritten" / n).exists()]
    listed.write_text("\n".join(changed) + "\n")
    _yardstick([*program, str(options.checkout), *shared, "--rewritten", str(work / "rewritten"), "--out", str(after)])
    rewritten = set(changed)
    with after.open("a") as out:
        # What was not changed scores as it did before.
        out.writelines(line + "\n" for line in before.read_text().splitlines() if json.loads(line)["file"] in set(names) - rewritten)
    _yardstick([*program, "--compare", str(before), str(after)])
    control(options, work, program)


ROUNDS = 3
WORSE = ("eager_changed", "keys_changed", "broken", "mismatch")


def states(path: Path) -> dict[tuple[str, int], str]:
    """The yardstick's state of every test, by file and index."""
    return {(row["file"], row["idx"]): row["st"] for row in map(json.loads, path.read_text().splitlines()) if row["idx"] >= 0}


def _worse(before: str, after: str) -> bool:
    return before not in (after, "init_fail", "eager_fail") and (after in WORSE or before == "pass")


def control(options: argparse.Namespace, work: Path, program: list[str]) -> None:
    """Of the tests that came out worse, tell which a rewrite is to blame for.

    Their files are scored a few times more, as they were rewritten and with unmodified copies in their place. What comes out worse
    again, and never does with the copy, is a rewrite's doing; a model that does not fit into memory twice is not.
    """
    before, after = states(work / "before.jsonl"), states(work / "after.jsonl")
    worse = {test: state for test, state in after.items() if _worse(before.get(test, "init_fail"), state)}
    if not worse:
        return
    copies = work / "unmodified"
    copies.mkdir(exist_ok=True)
    names = sorted({file for file, _ in worse})
    for name in names:
        shutil.copyfile(options.checkout / "generated" / name, copies / name)
    listed = work / "control.txt"
    listed.write_text("\n".join(names) + "\n")
    again, alone = (_rounds(options, work, program, listed, folder) for folder in (work / "rewritten", copies))
    blamed = [t for t in worse if any(_worse(before[t], s) for s in again[t]) and not any(_worse(before[t], s) for s in alone[t])]
    print(f"worse {len(worse)}, of these by a rewrite (worse again, and never with the unmodified file): {len(blamed)}")
    for test in sorted(worse):
        rounds = f"again: {', '.join(again[test])} | unmodified: {', '.join(alone[test])}"
        print("  ", *test, before[test], "->", worse[test], "|", rounds, "| A REWRITE" if test in blamed else "")


def _rounds(
    options: argparse.Namespace, work: Path, program: list[str], listed: Path, folder: Path
) -> collections.defaultdict[tuple[str, int], list[str]]:
    """What the yardstick says of each test in some further rounds."""
    found: collections.defaultdict[tuple[str, int], list[str]] = collections.defaultdict(list)
    for number in range(ROUNDS):
        out = work / f"control_{folder.name}_{number}.jsonl"
        told = ["--list", str(listed), "--jobs", "1", "--rewritten", str(folder), "--out", str(out)]
        _yardstick([*program, str(options.checkout), *told], quiet=True)
        for test, state in states(out).items():
            found[test].append(state)
    return found


def main() -> None:
    """Run what is not done yet, print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkout", type=Path)
    parser.add_argument("yardsticks", type=Path)
    parser.add_argument("--list", default="paritybench-dev.txt", help="in YARDSTICKS")
    parser.add_argument("--only", action="append", help="only this file")
    parser.add_argument("--files", type=int)
    parser.add_argument("--work", type=Path, default=Path("build/paritybench"))
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--static", action="store_true", help="without entries")
    parser.add_argument("--before", type=Path, help="the yardstick's rows of the unmodified files, if there are some already")
    parser.add_argument("--no-score", action="store_true")
    options = parser.parse_args()
    options.checkout, options.yardsticks, work = (p.resolve() for p in (options.checkout, options.yardsticks, options.work))
    (work / "rewritten").mkdir(parents=True, exist_ok=True)
    (work / "scriptify_parity_prelude.py").write_text(PRELUDE.format(yardsticks=str(options.yardsticks), checkout=str(options.checkout)))
    names = options.only or (options.yardsticks / options.list).read_text().split()[: options.files]
    log = work / "migrated.jsonl"
    done = {r["file"]: r for r in map(json.loads, log.read_text().splitlines())} if log.exists() and not options.only else {}
    counts = {name: cases(options.checkout, name) for name in names}
    todo = [name for name in names if name not in done]
    with concurrent.futures.ProcessPoolExecutor(options.jobs) as pool, log.open("a") as out:
        waiting = [pool.submit(migrate, name, options.checkout, work, counts, options.static) for name in todo]
        for number, future in enumerate(concurrent.futures.as_completed(waiting), 1):
            row = future.result()
            done[row["file"]] = row
            out.write(json.dumps(row) + "\n")
            out.flush()
            if sys.stderr.isatty():
                print(f"\r{number}/{len(todo)}", end="", file=sys.stderr, flush=True)
    print(table([done[name] for name in names if name in done]))
    if not options.no_score:
        score(options, names, work)


if __name__ == "__main__":
    main()
