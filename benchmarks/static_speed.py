"""What the static verbs cost, as ratios in one run: ``check`` against ``ast.parse`` and libcst's own parse.

    python benchmarks/static_speed.py PATH... [--rounds N]

User seconds of this process, the least of N rounds. ``check`` is reading the project, indexing it and asking every
transform; ``one by one`` is what each transform adds alone.
"""

from __future__ import annotations

import argparse
import ast
import os
from collections.abc import Callable
from pathlib import Path

import libcst as cst

from scriptify import pipeline, project, registry
from scriptify.facts import static
from scriptify.transform import Settings
from scriptify.tree import Tree
from scriptify.tree.flow import children


def least(work: Callable[[], object], rounds: int) -> float:
    """The least user time of several runs."""
    times = []
    for _ in range(rounds):
        children.cache_clear()
        before = os.times()
        work()
        after = os.times()
        times.append(after.user - before.user)
    return min(times)


def main() -> None:
    """Measure and print one table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("paths", nargs="+", type=Path)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--each", action="store_true", help="also every transform alone")
    options = parser.parse_args()
    found = project.read(options.paths)
    texts = found.texts
    settings = Settings()
    transforms = registry.chosen(settings)
    lines = sum(text.count("\n") for text in texts.values())
    base = least(lambda: [ast.parse(t) for t in texts.values()], options.rounds)
    rows = {
        "ast.parse": base,
        "libcst parse": least(lambda: [cst.parse_module(t) for t in texts.values()], options.rounds),
        "static.index": least(lambda: static.index(texts, settings), options.rounds),
    }
    know = lambda now: static.index(now, settings)  # noqa: E731
    rows["check"] = least(lambda: pipeline.run(texts, transforms, know, settings=settings), options.rounds)
    print(f"{len(texts)} files, {lines} lines")
    for name, seconds in rows.items():
        print(f"{name:16} {seconds:7.2f} s  {seconds / base:6.1f} x ast.parse")
    if options.each:
        facts = static.index(texts, settings)
        trees = {path: Tree(path, text) for path, text in texts.items()}
        for tree in trees.values():
            tree.lines(tree.module)
        for transform in transforms:
            mine = [tree for tree in trees.values() if transform.interested(tree.text)]
            seconds = least(lambda t=transform, m=mine: [list(t.propose(tree, facts)) for tree in m], 1)  # type: ignore[misc]
            print(f"  {transform.code} {transform.name:22} {len(mine):5} files {seconds:7.2f} s")


if __name__ == "__main__":
    main()
