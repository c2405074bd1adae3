"""Migrate every golden model and write ``after.py`` and ``report.json`` beside its ``before.py``.

    python golden/regenerate.py [NAME ...] [--check]

``--check`` writes nothing and exits 1 with the names of what would change.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

from scriptify import api
from scriptify.oracle.protocol import Entry
from scriptify.oracle.runner import Oracle
from scriptify.report import jsonable
from scriptify.result import RunResult

HERE = Path(__file__).resolve().parent


def models() -> list[Path]:
    """The folders that hold a ``before.py``."""
    return sorted(path.parent for path in HERE.glob("*/before.py"))


def migrated(folder: Path, oracle: Oracle) -> tuple[bytes, str]:
    """The migrated file's bytes and the report of one model."""
    with tempfile.TemporaryDirectory() as place:
        root = Path(place).resolve()
        target = root / f"{folder.name}.py"
        shutil.copyfile(folder / "before.py", target)
        result = api.migrate([target], [Entry(f"{target}:entry", str(root))], root=root, oracle=oracle)
        return target.read_bytes(), json.dumps(report(result, root), indent=2, ensure_ascii=False) + "\n"


def report(result: RunResult, root: Path) -> dict[str, Any]:
    """What of a run is the same on every machine."""
    (entry,) = result.entries
    levels = {name: level.state.value for name, level in entry.after.levels()}
    remarks = [remark for _, level in entry.after.levels() for remark in level.remarks]
    refused = jsonable.diagnostic(entry.before_diagnostic, root)["headline"] if entry.before_diagnostic else ""
    return {
        "refused before with": refused,
        "proved after": levels,
        "remarks": remarks,
        "remaining": entry.remaining.headline if entry.remaining else "",
        "rewrites": [{"code": r.code, "line": r.line, "scope": r.scope, "title": r.title} for r in result.rewrites],
        "left alone": [{"code": d.code, "line": d.line, "because": d.because} for d in result.declines],
        "refused": [{"code": r.rewrite.code, "line": r.rewrite.line, "reason": r.reason} for r in result.refusals],
    }


def main() -> None:
    """Write, or check."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*")
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args()
    stale = []
    with Oracle(root=HERE) as oracle:
        for folder in models():
            if options.names and folder.name not in options.names:
                continue
            after, text = migrated(folder, oracle)
            for path, data in ((folder / "after.py", after), (folder / "report.json", text.encode())):
                if not path.exists() or path.read_bytes() != data:
                    stale.append(str(path.relative_to(HERE)))
                    if not options.check:
                        path.write_bytes(data)
            state = json.loads(text)
            print(f"{folder.name}: {'scripts and equals eager' if not state['remaining'] else state['remaining']}")
    if options.check and stale:
        sys.exit(f"out of date: {', '.join(stale)}; run python golden/regenerate.py")


if __name__ == "__main__":
    main()
